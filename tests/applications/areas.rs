//! An approval for another area takes the place of the one that there is: on its first day, by one decision. Who lives where
//! the new one holds keeps its choice, who does not chooses again.

use valinta_persistence::approvals;
use valinta_persistence::approvals::Approval;

use super::*;
use crate::support::{Resident, identity_code, price};

impl Scene {
    /// Applies for an area and submits. Its path.
    fn applied_for(&self, area: &[&str]) -> String {
        let begun = self.begin(&json!({"evidence": all_evidence(), "area": area})).created();
        let path = format!("/v1/applications/{}", id(&begun));
        self.provider.user.post(&format!("{path}/submit"), &json!({})).ok();
        path
    }

    fn approve(&self, path: &str, valid_from: &str) -> Answer {
        let mut decision = County::decision("approved");
        decision["valid_from"] = json!(valid_from);
        self.county.officer.post_seen(&format!("{path}/decision"), "*", &decision)
    }

    /// Approved for an area from today on, and offering. The approval and the offering.
    fn approved_for(&self, area: &[&str]) -> (String, String) {
        let decided = self.approve(&self.applied_for(area), &self.day(0)).ok();
        let offering = self.provider.offer(&self.unit, &self.kind, &price("36.00")).created();
        (id(&decided["approval"]).to_owned(), id(&offering).to_owned())
    }

    fn day(&self, days: i64) -> String {
        self.world.today().plus_days(days).to_string()
    }

    /// A client who lives in a municipality, with a voucher.
    fn client_of(&self, municipality: &str, n: u32) -> (Resident, String) {
        let identity_code = identity_code(500 + n);
        let name = format!("Testi Henkilönen {n}");
        let mut registration = Resident::registration(&identity_code, &name);
        registration["municipality"] = json!(municipality);
        let made = self.county.case_worker.post("/v1/clients", &registration).created();
        let person = made["person"].as_str().unwrap().to_owned();
        let user = self.world.user(Role::Resident, &format!("of-{municipality}-{n}"), None, Some(&person));
        let resident = Resident { user, client: id(&made).to_owned(), person, identity_code, name };
        let voucher = id(&self.county.issue(&resident, &self.kind, "20")).to_owned();
        resident.accept(&voucher);
        (resident, voucher)
    }

    /// Lets days pass. Everyone gets a token of the new day.
    fn pass(&mut self, days: i64, residents: &mut [&mut Resident]) {
        self.world.set_day(self.world.today().plus_days(days));
        self.county.renew_tokens();
        self.provider.renew_token();
        for resident in residents {
            resident.user = self.world.user(Role::Resident, &resident.client, None, Some(&resident.person));
        }
    }

    fn stored(&self) -> Vec<Approval> {
        let (unit, kind) = (self.unit.parse().unwrap(), self.kind.id.parse().unwrap());
        self.world.db.as_ref().unwrap().read_blocking(move |c| approvals::of_unit(c, unit, kind)).unwrap()
    }

    /// That the unit has one approval on each of so many days from today on.
    fn is_approved_once_a_day(&self, days: i64) {
        let stored = self.stored();
        for day in (0..days).map(|n| self.world.today().plus_days(n)) {
            let holding = stored.iter().filter(|one| one.period().is_some_and(|period| period.contains(day))).count();
            assert_eq!(holding, 1, "{day}: {stored:?}");
        }
    }

    /// Records an hour of today from a moment on.
    fn record_from(&self, voucher: &str, start: &str, end: &str) -> Answer {
        let mut body = self.provider.delivery(voucher, "1");
        (body["started_at"], body["ended_at"]) = (json!(start), json!(end));
        self.provider.user.post("/v1/service-events", &body)
    }
}

/// Whether a resident is offered the unit.
fn is_listed(resident: &Resident, voucher: &str, offering: &str) -> bool {
    let list = resident.user.get(&format!("/v1/vouchers/{voucher}/choices")).ok();
    list["items"].as_array().unwrap().iter().any(|item| item["offering"] == offering)
}

#[test]
fn a_wider_area_begins_on_the_day_on_which_the_narrower_ends_and_clients_stay() {
    let mut scene = Scene::new();
    let (former, offering) = scene.approved_for(&["609"]);
    let (mut pori, of_pori) = scene.client_of("609", 1);
    let (mut rauma, of_rauma) = scene.client_of("684", 2);
    pori.choose(&of_pori, &offering).ok();
    rauma.choose(&of_rauma, &offering).refused(422, "not_choosable").at("/offering", "not_in_area");

    scene.begin(&json!({"area": ["609"]})).refused(409, "duplicate").at("/unit", "approved");
    let path = scene.applied_for(&["609", "684"]);
    let (first_day, day_before) = (scene.day(10), scene.day(9));
    let decided = scene.approve(&path, &first_day).ok();
    let replaced = json!({"approval": former, "valid_until": day_before, "vouchers_in_use": 0});
    assert_eq!(decided["replaced"], replaced);
    assert_eq!(decided["approval"]["area"], json!(["609", "684"]));
    let ended = scene.provider.user.get(&format!("/v1/approvals/{former}")).ok();
    assert_eq!(
        (&ended["valid_until"], &ended["end_decision"]),
        (&json!(day_before), &decided["approval"]["decision"]),
        "one decision ends the one and begins the other"
    );
    let decision = scene.provider.user.get(&format!("/v1/decisions/{}", decided["decision"].as_str().unwrap())).ok();
    assert_eq!(decision["inputs"]["replaces"], json!(former));
    scene.is_approved_once_a_day(60);
    assert_eq!(scene.told("approval.replaced").len(), 1);
    assert_eq!(scene.told("voucher.must_choose_again"), Vec::<Value>::new());

    // The last day of the one, and the first of the other.
    scene.pass(9, &mut [&mut pori, &mut rauma]);
    assert!(is_listed(&pori, &of_pori, &offering) && !is_listed(&rauma, &of_rauma, &offering));
    scene.provider.record(&of_pori, "1").created();
    scene.pass(1, &mut [&mut pori, &mut rauma]);
    assert!(is_listed(&pori, &of_pori, &offering) && is_listed(&rauma, &of_rauma, &offering));
    rauma.choose(&of_rauma, &offering).ok();
    for voucher in [&of_pori, &of_rauma] {
        scene.provider.record(voucher, "1").created();
    }
    assert_eq!(pori.user.get(&format!("/v1/vouchers/{of_pori}")).ok()["choice"]["offering"], offering.as_str());
    scene.world.ledger_balances();
}

#[test]
fn a_choice_that_was_made_between_the_decision_and_its_day_goes_on_past_it() {
    let mut scene = Scene::new();
    let (_, offering) = scene.approved_for(&["609"]);
    scene.approve(&scene.applied_for(&[]), &scene.day(10)).ok();
    let (mut pori, of_pori) = scene.client_of("609", 1);
    pori.choose(&of_pori, &offering).ok();
    scene.pass(10, &mut [&mut pori]);
    scene.provider.record(&of_pori, "1").created();
    assert_eq!(pori.user.get(&format!("/v1/vouchers/{of_pori}")).ok()["choice"]["offering"], offering.as_str());
}

#[test]
fn who_lives_outside_a_narrower_area_chooses_again_and_what_was_served_that_morning_is_owed() {
    let mut scene = Scene::new();
    let (former, offering) = scene.approved_for(&["609", "684"]);
    let (mut pori, of_pori) = scene.client_of("609", 1);
    let (mut rauma, of_rauma) = scene.client_of("684", 2);
    pori.choose(&of_pori, &offering).ok();
    rauma.choose(&of_rauma, &offering).ok();
    scene.pass(3, &mut [&mut pori, &mut rauma]);
    let path = scene.applied_for(&["609"]);
    let decided = scene.approve(&path, &scene.day(0)).ok();
    let replaced = json!({"approval": former, "valid_until": scene.day(-1), "vouchers_in_use": 1});
    assert_eq!(decided["replaced"], replaced);
    let told = scene.told("voucher.must_choose_again");
    assert_eq!((told.len(), &told[0]["voucher"]), (1, &json!(of_rauma)));
    assert_eq!(told[0]["from"], json!(scene.day(0)));
    scene.is_approved_once_a_day(30);
    assert!(is_listed(&pori, &of_pori, &offering) && !is_listed(&rauma, &of_rauma, &offering));
    rauma.choose(&of_rauma, &offering).refused(422, "not_choosable").at("/offering", "not_in_area");

    // It was decided at ten in the morning.
    let day = scene.day(0);
    scene.world.set_moment(&format!("{day}T10:00:00Z"));
    let at = |hour: &str| format!("{day}T{hour}:00Z");
    scene.record_from(&of_rauma, &at("06:00"), &at("07:00")).created();
    assert_ne!(scene.record_from(&of_rauma, &at("08:30"), &at("09:30")).status, 201);
    assert_ne!(scene.provider.record(&of_rauma, "1").status, 201);
    scene.provider.record(&of_pori, "1").created();
    scene.world.ledger_balances();
}

#[test]
fn a_later_narrower_area_ends_choices_on_its_day_and_those_that_would_begin_after_it() {
    let mut scene = Scene::new();
    let (_, offering) = scene.approved_for(&[]);
    let (mut rauma, of_rauma) = scene.client_of("684", 1);
    rauma.choose(&of_rauma, &offering).ok();
    let decided = scene.approve(&scene.applied_for(&["609"]), &scene.day(5)).ok();
    assert_eq!(decided["replaced"]["vouchers_in_use"], 1);
    scene.pass(4, &mut [&mut rauma]);
    scene.provider.record(&of_rauma, "1").created();
    scene.pass(1, &mut [&mut rauma]);
    assert_ne!(scene.provider.record(&of_rauma, "1").status, 201);
    assert!(rauma.user.get(&format!("/v1/vouchers/{of_rauma}")).ok()["choice"].is_null());
    scene.is_approved_once_a_day(30);
}

#[test]
fn the_same_area_and_one_that_is_supervised_are_not_replaced() {
    let scene = Scene::new();
    let (approval, _) = scene.approved_for(&["609", "684"]);
    // Whatever the order in which it is written; and a draft that has become the same since.
    for same in [["609", "684"], ["684", "609"]] {
        scene.begin(&json!({"area": same})).refused(409, "duplicate").at("/unit", "approved").saying("another area");
    }
    let begun = scene.begin(&json!({"area": ["609"]})).created();
    let path = format!("/v1/applications/{}", id(&begun));
    let user = &scene.provider.user;
    user.put_seen(&path, "*", &json!({"area": ["684", "609"]})).ok();
    let dry_run = user.get(&format!("{path}/eligibility")).ok();
    assert_eq!(dry_run["can_be_submitted"], false);
    user.post(&format!("{path}/submit"), &json!({})).refused(422, "invalid_input").at("/unit", "approved");
    user.put_seen(&path, "*", &json!({"area": ["609"]})).ok();
    user.post(&format!("{path}/submit"), &json!({})).ok();

    let officer = &scene.county.officer;
    let mut suspension = json!({"step": "suspension", "grounds": "danger", "reasons": localized("As it was found")});
    suspension["vouchers_in_use"] = json!("may_finish");
    officer.post_seen(&format!("/v1/approvals/{approval}/measures"), "*", &suspension).created();
    for day in [0, 20] {
        scene.approve(&path, &scene.day(day)).refused(409, "wrong_state").saying("decide that first");
    }
    assert_eq!(scene.stored().len(), 1);
    officer
        .post_seen(&format!("/v1/approvals/{approval}/resume"), "*", &json!({"reasons": localized("All is well")}))
        .ok();
    let decided = scene.approve(&path, &scene.day(1)).ok();
    assert_eq!(decided["replaced"]["approval"], approval.as_str());
    scene.is_approved_once_a_day(30);
}
