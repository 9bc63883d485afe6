//! What becomes of a grant after it was issued: longer, more, less, worth more, in place of another, and over.

mod ends;
mod extended;
mod issued;
mod raised;
mod reduced;
mod replaced;

use serde_json::{Value, json};
use valinta_domain::policy::Role;
use valinta_persistence::outbox::{self, Message};
use valinta_service::deadlines::{self, Told};

use crate::support::{Answer, County, Provider, Resident, VoucherType, World, localized, price, terms_with};

/// The string member of that name.
fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_else(|| panic!("no {name} in {of}"))
}

/// A service of 30 € an hour, for which a provider asks 36 €, and a resident with a voucher of 20 hours a month from 11
/// November to 20 December 2026, with which that provider has been chosen.
struct Scene {
    world: World,
    county: County,
    kind: VoucherType,
    provider: Provider,
    offering: String,
    resident: Resident,
    voucher: String,
}

impl Scene {
    fn set() -> Self {
        Self::under(&json!({}))
    }

    /// Under terms with these members.
    fn under(members: &Value) -> Self {
        let world = World::start();
        let county = County::found(&world);
        let kind = county.publish("service", "hour", &terms_with(members));
        let (provider, offering) = Provider::approved(&county, 1, "company", &kind, &price("36.00"));
        let resident = county.client();
        let mut scene = Self { world, county, kind, provider, offering, resident, voucher: String::new() };
        scene.voucher = scene.issued(&scene.resident, "20");
        scene.choose(&scene.resident, &scene.voucher);
        scene
    }

    /// Issues a voucher until 20 December.
    fn issued(&self, resident: &Resident, quantity: &str) -> String {
        let mut request = self.county.voucher_request(resident, &self.kind, quantity, "1650.00");
        request["valid_until"] = json!("2026-12-20");
        let issued = self.county.case_worker.post("/v1/vouchers", &request).created();
        text(&issued["voucher"], "id").to_owned()
    }

    fn choose(&self, resident: &Resident, voucher: &str) {
        resident.accept(voucher);
        resident.choose(voucher, &self.offering).ok();
    }

    fn path(&self, verb: &str) -> String {
        format!("/v1/vouchers/{}{verb}", self.voucher)
    }

    /// Asks for a change, with reasons.
    fn change(&self, verb: &str, members: &Value) -> Answer {
        self.county.case_worker.post(&self.path(verb), &with_reasons(members))
    }

    fn shown(&self) -> Value {
        self.county.case_worker.get(&self.path("")).ok()
    }

    /// Records hours of today.
    fn record(&self, hours: &str) -> Answer {
        self.provider.record(&self.voucher, hours)
    }

    /// Quantities of the ledger's entries of a kind, in order.
    fn moved(&self, kind: &str) -> Vec<String> {
        let ledger = self.county.case_worker.get(&self.path("/ledger")).ok();
        let entries = ledger["entries"].as_array().unwrap().iter().filter(|entry| entry["kind"] == kind);
        entries.map(|entry| text(entry, "quantity").to_owned()).collect()
    }

    /// Lets it be another day. Everyone gets a token of it.
    fn on(&mut self, day: &str) {
        self.world.set_day(day.parse().unwrap());
        self.county.renew_tokens();
        self.provider.renew_token();
        self.resident.user = self.world.user(Role::Resident, "resident-0", None, Some(&self.resident.person));
    }

    /// Looks what the day has brought.
    fn look(&self) -> Told {
        deadlines::run_once(&self.world.apps[0]).unwrap()
    }

    /// What was told under a name.
    fn told(&self, kind: &str) -> Vec<Message> {
        let all = self.world.db.as_ref().unwrap().read_blocking(|c| outbox::written(c, 1_000)).unwrap();
        all.into_iter().filter(|message| message.kind.code() == kind).collect()
    }

    /// That everything agrees, whatever a test has done.
    fn is_sound(&self) {
        self.world.ledger_balances();
        self.world.audit_rows();
    }
}

/// The body of a change, with reasons.
fn with_reasons(members: &Value) -> Value {
    let mut body = members.clone();
    body["reasons"] = localized("As the client's service plan says");
    body
}

/// What is left of each part.
fn left(voucher: &Value) -> Vec<&str> {
    voucher["allotments"].as_array().unwrap().iter().map(|part| text(part, "available")).collect()
}

/// The last day of each part.
fn ends(voucher: &Value) -> Vec<&str> {
    voucher["allotments"].as_array().unwrap().iter().map(|part| text(part, "until")).collect()
}

#[test]
fn every_change_asks_for_reasons_and_is_kept_from_other_counties_and_from_everyone_but_case_workers() {
    let scene = Scene::set();
    let other = County::found_as(&scene.world, 1, &[("743", "Seinäjoki", "Seinäjoki")]);
    let today = scene.world.today().to_string();
    for (verb, members) in [
        ("/extend", json!({"to": "2027-01-31"})),
        ("/raise", json!({"quantity": "25", "from": today})),
        ("/reduce", json!({"quantity": "5", "from": today})),
        ("/reissue", json!({})),
    ] {
        let mut body = with_reasons(&members);
        other.case_worker.post(&scene.path(verb), &body).refused(404, "not_found");
        scene.county.finance.post(&scene.path(verb), &body).refused(403, "forbidden");
        scene.resident.user.post(&scene.path(verb), &body).refused(403, "forbidden");
        body["reasons"]["sv"] = json!("  ");
        let refused = scene.county.case_worker.post(&scene.path(verb), &body).refused(422, "invalid_input");
        assert_eq!(refused.errors(), [("/reasons/sv".to_owned(), "length".to_owned())]);
        let without = scene.county.case_worker.post(&scene.path(verb), &members);
        assert_eq!((without.status, verb), (422, verb), "{}", without.text);
        let unkeyed = scene.county.case_worker.send("POST", &scene.path(verb), &[], Some(&body.to_string()));
        assert_eq!(unkeyed.status, 400, "{}", unkeyed.text);
    }
    other.case_worker.put(&scene.path("/accounting-code"), &json!({"accounting_code": "1"})).refused(404, "not_found");
    assert_eq!(left(&scene.shown()), ["20", "20"]);
    scene.is_sound();
}

#[test]
fn the_same_key_changes_once_and_is_answered_alike() {
    let scene = Scene::set();
    let body = with_reasons(&json!({"quantity": "25", "from": scene.world.today().to_string()}));
    let ask = |body: &Value| scene.county.case_worker.post_keyed(&scene.path("/raise"), "raise-once", body);
    let first = ask(&body);
    assert_eq!(first.status, 200, "{}", first.text);
    let again = ask(&body);
    assert_eq!((again.status, &again.text), (200, &first.text));
    let other = with_reasons(&json!({"quantity": "30", "from": scene.world.today().to_string()}));
    assert_eq!(ask(&other).status, 422);
    assert_eq!(left(&scene.shown()), ["25", "25"]);
    assert_eq!(scene.told("voucher.raised").len(), 1);
    scene.is_sound();
}
