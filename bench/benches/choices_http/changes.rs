//! The registry changes: how soon a list shows it, and what those who read meanwhile notice of it.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::registry;
use valinta_bench::Outcome;
use valinta_bench::load::{self, Requests, Round};
use valinta_bench::process::Process;

/// Changes of price whose way into the list is measured.
const PRICES: u32 = 40;
/// Offerings of the providers whose member the bench is.
const OWN: u32 = 30;
/// Changes a second while others read.
pub(crate) const CHANGES_PER_SECOND: u32 = 50;
/// Connections that read meanwhile.
const READERS: usize = 8;
/// For how long.
const READ_FOR: Duration = Duration::from_secs(6);

/// From a change of price that is sent until it is answered, and until a list shows it.
pub(crate) struct Listed {
    pub(crate) answered: Round,
    pub(crate) listed: Round,
}

fn revision_of(list: &Value) -> Option<i64> {
    list.get("revision")?.as_i64()
}

/// Changes prices one by one.
pub(crate) fn prices(service: &Process, token: &str) -> Outcome<Listed> {
    let list = format!("/v1/choices?voucher_type={}&limit=1", registry::voucher_type(0));
    let look = || -> Outcome<Value> { Ok(serde_json::from_slice(&service.get(&list, None)?.1)?) };
    let private = private_offerings(service)?;
    let (mut answered, mut listed) = (Vec::new(), Vec::new());
    let all = Instant::now();
    for (n, offering) in (0..PRICES).zip(private.iter().cycle()) {
        let before = look()?;
        let price = json!({"charging": "voucher", "price": format!("{}.{:02}", 29 - n / 20, 99 - n % 20)});
        let body = json!({"price": price, "from": before.get("day")});
        let sent = Instant::now();
        service.send("POST", &format!("/v1/offerings/{offering}/prices"), token, &format!("price-{n}"), &body)?;
        answered.push(sent.elapsed());
        while revision_of(&look()?) <= revision_of(&before) {
            thread::sleep(Duration::from_millis(1));
        }
        listed.push(sent.elapsed());
    }
    Ok(Listed { answered: Round::of(answered, all.elapsed())?, listed: Round::of(listed, all.elapsed())? })
}

/// Those of the member's offerings that have a price and no client fee.
fn private_offerings(service: &Process) -> Outcome<Vec<String>> {
    let mut private = Vec::new();
    for n in 0..OWN {
        let id = registry::offering(n).to_string();
        let (_, shown) = service.get(&format!("/v1/offerings/{id}"), None)?;
        if String::from_utf8_lossy(&shown).contains(r#""charging":"voucher""#) {
            private.push(id);
        }
    }
    if private.is_empty() { Err("all providers are public".into()) } else { Ok(private) }
}

/// What readers notice of changes.
pub(crate) struct Noticed {
    pub(crate) at_rest: Round,
    pub(crate) meanwhile: Round,
    pub(crate) changes_per_second: f64,
}

/// Reads a list over a few connections, first while nothing changes and then while much does.
pub(crate) fn readers(service: &Process, token: &str, requests: &Requests) -> Outcome<Noticed> {
    let at_rest = load::run(requests, READERS, READ_FOR)?;
    let (stop, changed) = (AtomicBool::new(false), AtomicU32::new(0));
    let (meanwhile, changing) = thread::scope(|scope| {
        let changing = scope.spawn(|| change(service, token, &stop, &changed).map_err(|e| e.to_string()));
        let meanwhile = load::run(requests, READERS, READ_FOR);
        stop.store(true, Ordering::Relaxed);
        (meanwhile, changing.join())
    });
    changing.map_err(|_| "the changes failed")??;
    let changes_per_second = f64::from(changed.load(Ordering::Relaxed)) / READ_FOR.as_secs_f64();
    Ok(Noticed { at_rest, meanwhile: meanwhile?, changes_per_second })
}

/// Changes offerings at the rate, or as fast as it is answered.
fn change(service: &Process, token: &str, stop: &AtomicBool, changed: &AtomicU32) -> Outcome<()> {
    let (began, apart) = (Instant::now(), Duration::from_secs(1) / CHANGES_PER_SECOND);
    for n in 0_u32.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        thread::sleep((apart * n).saturating_sub(began.elapsed()));
        let path = format!("/v1/offerings/{}", registry::offering(n % OWN));
        let body = json!({"accepts_new_clients": true, "queue": n});
        service.send("PUT", &path, token, &format!("change-{n}"), &body)?;
        changed.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
