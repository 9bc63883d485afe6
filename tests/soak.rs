//! Many list, page and choose at two processes while the registry changes many times a second at a third: every page is of one
//! revision and whole, no walk through the pages meets an offering twice or misses one, and no choice is accepted that the
//! registry did not allow.
//!
//! One caller makes all changes, one after the other, so that what stands at each revision is known exactly. It takes a few
//! seconds; `VALINTA_SOAK_SECONDS` makes it as long as one likes.

mod history;
mod scene;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::history::{History, State};
use self::scene::{Caller, OFFERINGS, Scene, price_of};

/// Says for how many seconds to go on.
const SECONDS_VARIABLE: &str = "VALINTA_SOAK_SECONDS";
/// For how many, if nothing is said.
const SECONDS: u64 = 5;
/// Those who list.
const CLIENTS: u32 = 200;
/// Of these, those who hold a voucher. Every second of them chooses.
const HOLDERS: u32 = 40;
/// Changes of the registry a second, if it keeps up.
const CHANGES_PER_SECOND: u32 = 50;
/// Options on a page.
const LIMIT: usize = 7;
/// Between two pages of one client.
const THINK: Duration = Duration::from_millis(500);

/// What was done in all.
#[derive(Default)]
struct Done {
    pages: AtomicU32,
    walks: AtomicU32,
    chosen: AtomicU32,
    refused: AtomicU32,
}

impl Done {
    fn count(&self, of: fn(&Self) -> &AtomicU32) {
        of(self).fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn lists_and_choices_hold_while_the_registry_changes() {
    let said = std::env::var(SECONDS_VARIABLE).ok();
    let seconds = said.as_ref().map_or(SECONDS, |said| said.parse().expect("a number of seconds"));
    let scene = Scene::set(HOLDERS);
    let history = History::begin(scene.revision(), scene.states());
    let done = Done::default();
    let until = Instant::now() + Duration::from_secs(seconds);
    thread::scope(|scope| {
        let changing = scope.spawn(|| change(&scene, &history, until));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|n| {
                let (scene, history, done) = (&scene, &history, &done);
                scope.spawn(move || Client { scene, history, done, caller: scene.caller(n), dice: n }.soak(until))
            })
            .collect();
        for client in clients {
            client.join().unwrap();
        }
        changing.join().unwrap();
    });
    let changes = history.latest() - scene.revision_at_first();
    let of = |count: &AtomicU32| count.load(Ordering::Relaxed);
    let told = format!(
        "soaked for {seconds} s: {changes} changes ({} a second), {} pages in {} walks, {} choices accepted and {} refused",
        changes / i64::try_from(seconds.max(1)).unwrap(),
        of(&done.pages),
        of(&done.walks),
        of(&done.chosen),
        of(&done.refused)
    );
    println!("{told}");
    if said.is_some() {
        // Past the test harness, which keeps what is printed to itself.
        let _ = writeln!(std::io::stderr(), "{told}");
    }
    assert!(changes > 0 && of(&done.walks) > 0 && of(&done.chosen) > 0, "{told}");
    scene.world.ledger_balances();
    scene.world.audit_rows();
}

/// Changes the registry at the rate, or as fast as it is answered; one change after the other.
fn change(scene: &Scene, history: &History, until: Instant) {
    let _ended = history.ends_with_this();
    let (began, apart) = (Instant::now(), Duration::from_secs(1) / CHANGES_PER_SECOND);
    let mut states = scene.states();
    for n in 0_u32.. {
        if Instant::now() >= until {
            break;
        }
        thread::sleep((apart * n).saturating_sub(began.elapsed()));
        scene.change(n, &mut states);
        history.add(states.clone());
        // One's own change is listed at once, and each is one revision.
        assert_eq!(scene.revision(), history.latest(), "after change {n}");
    }
}

/// One who lists, and chooses if they can.
struct Client<'a> {
    scene: &'a Scene,
    history: &'a History,
    done: &'a Done,
    caller: Caller,
    dice: u32,
}

/// A walk through all pages of a list.
struct Walk {
    /// The offerings in the order in which they came.
    order: Vec<usize>,
    /// The price that each was shown at.
    prices: BTreeMap<usize, u32>,
}

impl Client<'_> {
    fn soak(mut self, until: Instant) {
        let mut before: Option<Walk> = None;
        let mut last_choice = None;
        while Instant::now() < until {
            let walk = self.walk();
            if let Some(before) = &before {
                same_order(&before.order, &walk.order);
            }
            if self.caller.chooses {
                // What was shown a walk ago may not hold any more: that is the point.
                let shown = before.as_ref().unwrap_or(&walk);
                if let Some(chosen) = self.choose(shown) {
                    last_choice = Some(chosen);
                }
            }
            before = Some(walk);
        }
        if let (Some((offering, cents)), Some(voucher)) = (last_choice, &self.caller.voucher) {
            let shown = self.caller.user.get(&format!("/v1/vouchers/{voucher}")).ok();
            assert_eq!(shown["choice"]["offering"], self.scene.offers[offering].id.as_str());
            assert_eq!(price_of(&shown["choice"]["price"]), cents);
        }
    }

    /// Goes through the pages of a list from the first to the last.
    fn walk(&mut self) -> Walk {
        let mut walk = Walk { order: Vec::new(), prices: BTreeMap::new() };
        let (mut cursor, mut revisions) = (String::new(), Vec::new());
        loop {
            let page = self.caller.user.get(&format!("{}limit={LIMIT}{cursor}", self.caller.list)).ok();
            self.done.count(|done| &done.pages);
            revisions.push(self.check_page(&page, &mut walk));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
            thread::sleep(THINK);
        }
        assert!(revisions.is_sorted(), "the registry goes back: {revisions:?}");
        let all_the_while = self.history.between(revisions[0], revisions[revisions.len() - 1]);
        for offering in 0..OFFERINGS {
            let always = all_the_while.iter().all(|states| states[offering].is_choosable());
            assert!(!always || walk.prices.contains_key(&offering), "{offering} is missed in {revisions:?}");
        }
        self.done.count(|done| &done.walks);
        walk
    }

    /// That a page is what the registry was at its revision, and nothing of another one. The revision.
    fn check_page(&self, page: &Value, walk: &mut Walk) -> i64 {
        let (revision, items) = (page["revision"].as_i64().unwrap(), page["items"].as_array().unwrap());
        let states = self.history.at(revision);
        let choosable = states.iter().filter(|state| state.is_choosable()).count();
        assert_eq!(page["total"], choosable, "at {revision}");
        assert!(items.len() <= choosable.min(LIMIT), "at {revision}");
        assert!(page["next"].is_null() || items.len() == LIMIT, "at {revision}: {page}");
        for item in items {
            let offering = self.scene.index(&item["offering"]);
            let (state, price) = (states[offering], price_of(&item["price"]));
            assert!(state.is_choosable(), "{offering} at {revision} is {state:?}");
            assert_eq!(price, state.cents, "{offering} at {revision}");
            assert!(walk.prices.insert(offering, price).is_none(), "{offering} is shown twice");
            walk.order.push(offering);
        }
        revision
    }

    /// Chooses something that was shown, or at times anything there is. What was chosen, if it was.
    fn choose(&mut self, shown: &Walk) -> Option<(usize, u32)> {
        let voucher = self.caller.voucher.as_deref().unwrap();
        self.dice = self.dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let drawn = usize::try_from(self.dice >> 16).unwrap();
        let (offering, price) = if drawn.is_multiple_of(3) || shown.order.is_empty() {
            (drawn % OFFERINGS, None)
        } else {
            let offering = shown.order[drawn % shown.order.len()];
            (offering, Some(shown.prices[&offering]))
        };
        let mut body = json!({"offering": self.scene.offers[offering].id});
        if let Some(cents) = price {
            body["price"] = scene::price_body(cents);
        }
        let before = self.history.latest();
        let answer = self.caller.user.put(&format!("/v1/vouchers/{voucher}/choice"), &body);
        let meanwhile = self.history.between(before, self.history.once_it_is_known());
        let allows = |states: &Vec<State>| {
            let state = states[offering];
            state.is_choosable() && price.is_none_or(|price| price == state.cents)
        };
        if answer.status == 200 {
            let choice = &answer.body["choice"];
            let agreed = price_of(&choice["price"]);
            assert_eq!(choice["offering"], self.scene.offers[offering].id.as_str());
            assert!(price.is_none_or(|price| price == agreed), "{price:?} was shown, {agreed} is agreed");
            let held = meanwhile.iter().any(|states| allows(states) && states[offering].cents == agreed);
            assert!(held, "{offering} is accepted at {agreed}, but was {:?}", of(&meanwhile, offering));
            self.done.count(|done| &done.chosen);
            return Some((offering, agreed));
        }
        assert!(["not_choosable", "conflict"].contains(&answer.slug()), "{}: {}", answer.call, answer.text);
        assert!(!meanwhile.iter().all(allows), "refused, but was {:?}: {}", of(&meanwhile, offering), answer.text);
        self.done.count(|done| &done.refused);
        None
    }
}

/// What an offering was, revision by revision.
fn of(meanwhile: &[Vec<State>], offering: usize) -> Vec<State> {
    meanwhile.iter().map(|states| states[offering]).collect()
}

/// That those who are in both walks come in the same order.
fn same_order(one: &[usize], other: &[usize]) {
    let common = |of: &[usize], and: &[usize]| of.iter().copied().filter(|n| and.contains(n)).collect::<Vec<_>>();
    assert_eq!(common(one, other), common(other, one));
}
