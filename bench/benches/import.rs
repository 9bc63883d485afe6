//! How long it takes to bring 20,000 rows in: 4,000 providers, as many units, 6,000 offerings and 6,000 prices, asked for
//! over HTTP from the release binary on SQLite. `cargo xtask bench import` names the binary.
#![expect(clippy::print_stdout, reason = "what it prints is its result")]

use std::time::Instant;

use serde_json::Value;
use valinta_bench::process::{Process, token};
use valinta_bench::{Outcome, binary};

/// The longest that all files together may take.
const SECONDS_MAX: f64 = 20.0;

fn main() -> Outcome<()> {
    let (binary, folder) = (binary()?, tempfile::tempdir()?);
    let service = Process::service(&binary, folder.path())?;
    let token = token(&binary, folder.path(), &["officer"])?;
    let codes = codes(&service, &token)?;
    println!("{:<16} {:>8} {:>10} {:>10}", "file", "rows", "first, s", "again, s");
    let (mut total, mut rows) = (0.0_f64, 0);
    for (kind, file) in files(&codes) {
        let first = import(&service, &token, kind, &file, "created")?;
        let again = import(&service, &token, kind, &file, "unchanged")?;
        let many = file.lines().count().saturating_sub(1);
        println!("{kind:<16} {many:>8} {first:>10.2} {again:>10.2}");
        total = sum(total, first);
        rows += many;
    }
    println!("{rows} rows in {total:.2} s; the bound is {SECONDS_MAX} s");
    if total > SECONDS_MAX { Err("too slow".into()) } else { Ok(()) }
}

#[expect(clippy::float_arithmetic, reason = "seconds for people to look at")]
fn sum(total: f64, more: f64) -> f64 {
    total + more
}

/// The codes that rows name.
struct Codes {
    organiser: String,
    municipality: String,
    voucher_types: [String; 2],
}

/// The files, in the order in which they refer to each other.
fn files(codes: &Codes) -> [(&'static str, String); 4] {
    let mut providers = "source_id,business_id,name,sector,sector_since,oid,email,phone,website,languages\n".to_owned();
    for (n, business_id) in (1..=4_000).zip(business_ids()) {
        providers.push_str(&format!(
            "P{n},{business_id},Hoiva {n},company,2020-01-01,,office@provider.example,,https://provider.example,fi|sv\n"
        ));
    }
    let mut units =
        "source_id,provider,name,oid,street_address,postal_code,postal_place,municipality,latitude,longitude,\
        languages,modes,service_area,step_free,accessible_toilet,lift,accessible_parking,induction_loop,sign_language,\
        opening_hours,soteri_state,soteri_services,soteri_valid_from,soteri_valid_until,self_monitoring_address,\
        self_monitoring_published_on,self_monitoring_followed_up_on,closed_from\n"
            .to_owned();
    for n in 1..=4_000 {
        let place = &codes.municipality;
        units.push_str(&format!(
            "U{n},P{n},Yksikkö {n},,Rantatie {n},28100,Pori,{place},61.4851,21.7974,fi|sv,at_home,,true,,,,,,\
             monday 08:00-16:00|tuesday 08:00-16:00,,,,,https://provider.example/plan,2025-01-01,,\n"
        ));
    }
    let mut offerings =
        "source_id,unit,organiser,voucher_type,accepts_new_clients,earliest_start,queue,languages,modes\n".to_owned();
    let mut prices =
        "source_id,offering,charging,price,client_fee,unit_cost,items,only_items,valid_from,valid_until,reason\n"
            .to_owned();
    let [first, second] = &codes.voucher_types;
    let organiser = &codes.organiser;
    for n in 1..=6_000 {
        let (unit, voucher_type) = if n <= 4_000 { (n, first) } else { (n - 4_000, second) };
        offerings.push_str(&format!("O{n},U{unit},{organiser},{voucher_type},true,,,,\n"));
        prices.push_str(&format!("H{n},O{n},voucher,{}.50,,,,,2024-01-01,,\n", 30 + n % 20));
    }
    [("providers", providers), ("service-units", units), ("offerings", offerings), ("prices", prices)]
}

/// Business ids that check, of a range that is given to nobody.
fn business_ids() -> impl Iterator<Item = String> {
    (9_500_000_u32..).filter_map(|number| {
        let digits = number.to_string();
        let sum: u32 =
            digits.bytes().zip([7, 9, 10, 5, 8, 4, 2]).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        match sum % 11 {
            0 => Some(format!("{digits}-0")),
            1 => None,
            rest => Some(format!("{digits}-{}", 11 - rest)),
        }
    })
}

/// The codes of the demo county that rows can name.
fn codes(service: &Process, token: &str) -> Outcome<Codes> {
    let texts = |path: &str, field: &str| -> Outcome<Vec<String>> {
        let page: Value = ureq::get(format!("{}{path}", service.url))
            .header("authorization", format!("Bearer {token}"))
            .call()?
            .body_mut()
            .read_json()?;
        let items = page.pointer("/items").and_then(Value::as_array).ok_or("no list")?;
        Ok(items.iter().filter_map(|item| item.pointer(field)?.as_str().map(str::to_owned)).collect())
    };
    let mut types = texts("/v1/voucher-types?limit=100", "/code")?.into_iter().filter(|code| code != "home-care");
    let other = types.next().ok_or("one voucher type only")?;
    Ok(Codes {
        organiser: texts("/v1/organisers", "/code")?.into_iter().next().ok_or("no organiser")?,
        municipality: texts("/v1/service-units?limit=1", "/municipality")?.into_iter().next().ok_or("no unit")?,
        voucher_types: ["home-care".to_owned(), other],
    })
}

/// Brings a file in, all or nothing, and says how many seconds it took. Every row must have come to the same.
fn import(service: &Process, token: &str, kind: &str, file: &str, outcome: &str) -> Outcome<f64> {
    let started = Instant::now();
    let mut answer = ureq::post(format!("{}/v1/imports/{kind}", service.url))
        .config()
        .http_status_as_error(false)
        .build()
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "text/csv")
        .send(file)?;
    let told: Value = answer.body_mut().read_json()?;
    let seconds = started.elapsed().as_secs_f64();
    let rows = u64::try_from(file.lines().count().saturating_sub(1))?;
    if told.pointer(&format!("/{outcome}")).and_then(Value::as_u64) != Some(rows) {
        return Err(format!("{kind}: {rows} rows were sent, and this is told: {told:.2000}").into());
    }
    Ok(seconds)
}
