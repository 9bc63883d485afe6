//! The county's worklists over HTTP: what waits, since when, and for whom.

mod tasks;
mod tiles;

use serde_json::{Value, json};
use valinta_domain::Day;

use crate::support::{County, Provider, User, VoucherType, World, home_care_terms, localized, price};

struct Scene {
    world: World,
    county: County,
    kind: VoucherType,
}

impl Scene {
    fn new() -> Self {
        let world = World::start();
        let county = County::found(&world);
        let kind = county.home_care();
        Self { world, county, kind }
    }

    /// Lets it be another day, with tokens of that day.
    fn on(&mut self, day: &str) {
        self.world.set_day(day.parse::<Day>().unwrap());
        self.county.renew_tokens();
    }

    fn desk(&self) -> Value {
        self.county.officer.get("/v1/desk").ok()
    }

    /// A tile's count, and the age of its oldest.
    fn tile(&self, name: &str) -> (i64, Option<i64>) {
        let desk = self.desk();
        (desk[name]["count"].as_i64().unwrap(), desk[name]["oldest_days"].as_i64())
    }
}

fn items(user: &User, path: &str) -> Vec<Value> {
    user.get(path).ok()["items"].as_array().unwrap().clone()
}

/// All items of a list, page by page.
fn paged(user: &User, path: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = user.get(&format!("{path}limit=1{cursor}")).ok();
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { return all };
        cursor = format!("&cursor={next}");
    }
}

fn members(items: &[Value], name: &str) -> Vec<String> {
    items.iter().map(|item| item[name].as_str().unwrap().to_owned()).collect()
}

#[test]
fn applications_wait_with_their_age_and_are_filtered_by_it() {
    let mut scene = Scene::new();
    let (first, own) = (
        Provider::register(&scene.world, 1, "Kaisla", "company"),
        Provider::register(&scene.world, 2, "The county's own", "public"),
    );
    let cleaning = scene.county.publish("cleaning", "hour", &crate::support::cleaning_terms());
    let oldest = first.apply(&first.unit(), &scene.kind);
    first.draft_application(&first.unit(), &scene.kind);
    scene.on("2026-11-14");
    let mut own = own;
    own.renew_token();
    let second = own.apply(&own.unit(), &cleaning);
    assert_eq!(scene.tile("applications_waiting"), (2, Some(3)));
    let officer = &scene.county.officer;
    let listed = items(officer, "/v1/desk/applications");
    assert_eq!(members(&listed, "application"), [oldest.as_str(), &second]);
    assert_eq!((&listed[0]["age_days"], &listed[0]["provider_name"]), (&json!(3), &json!("Kaisla")));
    assert_eq!(listed[1]["provider_name"], "The county's own");
    assert_eq!(paged(officer, "/v1/desk/applications?"), listed);
    let of = |filter: &str| members(&items(officer, &format!("/v1/desk/applications?{filter}")), "application");
    assert_eq!(of("older_than_days=2"), [oldest.as_str()]);
    assert_eq!(of("older_than_days=3"), [""; 0]);
    assert_eq!(of(&format!("voucher_type={}", cleaning.id)), [second.as_str()]);
    assert_eq!(of("state=more_information"), [""; 0]);
    officer.get("/v1/desk/applications?state=draft").refused(422, "invalid_input");

    let ask = json!({"text": "More", "due": "2026-11-15"});
    officer.post_seen(&format!("/v1/applications/{second}/information-request"), "*", &ask).ok();
    assert_eq!(
        members(&items(officer, "/v1/desk/applications?state=more_information"), "application"),
        [second.as_str()]
    );
    assert_eq!((scene.tile("applications_waiting").0, scene.tile("answers_overdue").0), (1, 0));
    scene.on("2026-11-17");
    assert_eq!(scene.tile("answers_overdue"), (1, Some(2)));
    let listed = items(&scene.county.officer, "/v1/desk/applications?overdue=true");
    assert_eq!(members(&listed, "application"), [second.as_str()]);
    assert_eq!((&listed[0]["overdue"], &listed[0]["age_days"]), (&json!(true), &json!(3)));
}

#[test]
fn a_desk_shows_its_own_county_alone_to_officers_and_auditors() {
    let scene = Scene::new();
    let provider = Provider::register(&scene.world, 1, "Kaisla", "company");
    provider.apply(&provider.unit(), &scene.kind);
    let other = County::found_as(&scene.world, 1, &[("853", "Turku", "Åbo")]);
    let lists = ["applications", "evidence", "prices", "deadlines", "changes"];
    for path in lists.map(|list| format!("/v1/desk/{list}")) {
        let path = path.as_str();
        assert!(items(&other.officer, path).is_empty(), "{path}");
        scene.county.auditor.get(path).ok();
        scene.county.case_worker.get(path).refused(403, "forbidden");
        provider.user.get(path).refused(403, "forbidden");
    }
    assert_eq!(other.officer.get("/v1/desk").ok()["applications_waiting"]["count"], 0);
    assert_eq!(scene.county.auditor.get("/v1/desk").ok()["applications_waiting"]["count"], 1);
}

#[test]
fn evidence_waits_for_a_look_until_somebody_has() {
    let scene = Scene::new();
    let provider = Provider::register(&scene.world, 1, "Kaisla", "company");
    let unit = provider.unit();
    let application = provider.draft_application(&unit, &scene.kind);
    let officer = &scene.county.officer;
    assert!(items(officer, "/v1/desk/evidence").is_empty(), "a draft is the provider's own");
    provider.user.post(&format!("/v1/applications/{application}/submit"), &json!({})).ok();
    let listed = items(officer, "/v1/desk/evidence?list=to_check");
    assert_eq!(members(&listed, "requirement"), ["prepayment_register", "liability_insurance"]);
    assert_eq!((&listed[0]["list"], &listed[0]["unit"]), (&json!("to_check"), &json!(unit)));
    assert_eq!(members(&listed, "reference"), ["Register entry", "Policy 1"]);
    assert_eq!(members(&listed, "unit_name"), ["Kaisla, Pori", "Kaisla, Pori"]);
    assert!(listed[0].get("attachment").is_none());
    assert_eq!(paged(officer, "/v1/desk/evidence?"), listed);
    assert_eq!(scene.tile("evidence_to_check"), (2, Some(0)));
    // What no rulebook of the county asks for is not its business.
    let path = format!("/v1/providers/{}/evidence", provider.id);
    provider.user.post(&path, &json!({"kind": "tax_certificate", "reference": "Certificate"})).created();
    assert_eq!(items(officer, "/v1/desk/evidence").len(), 2);
    let first = listed[0]["evidence"].as_str().unwrap();
    officer.post(&format!("/v1/evidence/{first}/checks"), &json!({"outcome": "accepted"})).created();
    assert_eq!(members(&items(officer, "/v1/desk/evidence"), "requirement"), ["liability_insurance"]);
    // A piece of the whole provider has no unit, and its file can be opened at once.
    let headers = [("content-type", "application/pdf"), ("idempotency-key", "an-extract-of-the-register")];
    let upload = format!("/v1/providers/{}/attachments?name=extract.pdf", provider.id);
    let file = provider.user.send("POST", &upload, &headers, Some("%PDF-1.4\n%%EOF\n")).created()["id"].clone();
    let whole =
        json!({"kind": "other", "requirement": "prepayment_register", "reference": "Extract", "attachment": &file});
    let whole = provider.user.post(&path, &whole).created();
    let shown = items(officer, "/v1/desk/evidence").pop().unwrap();
    assert_eq!((&shown["evidence"], &shown["attachment"]), (&whole["id"], &file));
    assert!(shown.get("unit_name").is_none());
    officer
        .post(&format!("/v1/evidence/{}/checks", whole["id"].as_str().unwrap()), &json!({"outcome": "accepted"}))
        .created();
    scene.county.decide(&application, "approved").ok();
    assert!(items(officer, "/v1/desk/evidence").is_empty());
    officer
        .get("/v1/desk/evidence?within_days=10")
        .refused(422, "invalid_input")
        .at("/query/within_days", "not_applicable");
    officer.get("/v1/desk/evidence?list=lapsing&within_days=367").refused(422, "invalid_input");
}

#[test]
fn what_lapses_is_seen_before_and_when_it_has() {
    let mut scene = Scene::new();
    let mut provider = Provider::register(&scene.world, 1, "Kaisla", "company");
    let unit = provider.unit();
    let begin = json!({"unit": unit, "voucher_type": scene.kind.id, "evidence": [
        {"requirement": "prepayment_register", "reference": "Entry"},
        {"requirement": "liability_insurance", "reference": "Policy", "valid_until": "2026-12-11"},
    ]});
    let begun = provider.user.post("/v1/applications", &begin).created();
    let application = begun["id"].as_str().unwrap();
    provider.user.post(&format!("/v1/applications/{application}/submit"), &json!({})).ok();
    scene.county.decide(application, "approved").ok();
    let lapsing = |scene: &Scene, days: u16| {
        items(&scene.county.officer, &format!("/v1/desk/evidence?list=lapsing&within_days={days}"))
    };
    assert!(lapsing(&scene, 30).is_empty());
    let listed = lapsing(&scene, 31);
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!((&listed[0]["requirement"], &listed[0]["unit"]), (&json!("liability_insurance"), &json!(unit)));
    assert_eq!((&listed[0]["lapses_on"], &listed[0]["days_left"]), (&json!("2026-12-12"), &json!(31)));
    assert_eq!((&listed[0]["valid_until"], &listed[0]["cause"]), (&json!("2026-12-11"), &json!("expired")));
    assert_eq!(scene.tile("evidence_lapsing"), (0, None));
    scene.on("2026-11-12");
    let listed = lapsing(&scene, 30);
    assert_eq!((scene.tile("evidence_lapsing"), scene.tile("evidence_lapsed")), ((1, None), (0, None)));
    assert_eq!(paged(&scene.county.officer, "/v1/desk/evidence?list=lapsing&"), listed);

    scene.on("2026-12-14");
    assert_eq!((scene.tile("evidence_lapsing"), scene.tile("evidence_lapsed")), ((0, None), (1, Some(2))));
    let lapsed = items(&scene.county.officer, "/v1/desk/evidence?list=lapsed");
    assert_eq!((&lapsed[0]["list"], &lapsed[0]["days_left"]), (&json!("lapsed"), &json!(-2)));
    // Renewed and accepted, it is on no list any more.
    provider.renew_token();
    let renewed = json!({"kind": "other", "requirement": "liability_insurance", "unit": unit, "reference": "Next", "valid_until": "2027-12-31"});
    let renewed = provider.user.post(&format!("/v1/providers/{}/evidence", provider.id), &renewed).created();
    let renewed = renewed["id"].as_str().unwrap();
    assert_eq!(members(&items(&scene.county.officer, "/v1/desk/evidence"), "evidence"), [renewed]);
    let accept = json!({"outcome": "accepted"});
    scene.county.officer.post(&format!("/v1/evidence/{renewed}/checks"), &accept).created();
    assert_eq!(scene.tile("evidence_lapsed").0, 0);
    assert!(items(&scene.county.officer, "/v1/desk/evidence?list=lapsed").is_empty());
}

#[test]
fn prices_that_a_coming_version_does_not_allow_are_listed_until_they_are_lowered() {
    let scene = Scene::new();
    let (dear, offering) = Provider::approved(&scene.county, 1, "company", &scene.kind, &price("48.00"));
    Provider::approved(&scene.county, 2, "ngo", &scene.kind, &price("40.00"));
    let (_, also) = Provider::approved(&scene.county, 3, "ngo", &scene.kind, &price("47.00"));
    let officer = &scene.county.officer;
    assert!(items(officer, "/v1/desk/prices").is_empty());
    let mut lower = home_care_terms();
    lower["price_ceiling"] = json!({"amount": "45.00"});
    scene.county.adopt(&scene.kind.id, &lower, "2026-12-01".parse().unwrap());
    let listed = items(officer, "/v1/desk/prices");
    assert_eq!(members(&listed, "offering"), [offering.as_str(), &also]);
    assert_eq!((&listed[0]["from"], &listed[0]["code"]), (&json!("2026-12-01"), &json!("price_over_ceiling")));
    assert_eq!(paged(officer, "/v1/desk/prices?"), listed);
    assert_eq!(scene.tile("prices_not_allowed"), (2, None));
    let lowered = json!({"price": price("45.00"), "from": "2026-12-01"});
    dear.user.post(&format!("/v1/offerings/{offering}/prices"), &lowered).created();
    assert_eq!(members(&items(officer, "/v1/desk/prices"), "offering"), [also.as_str()]);
}

#[test]
fn providers_under_a_deadline_are_listed_the_overdue_first() {
    let mut scene = Scene::new();
    let (provider, _) = Provider::approved(&scene.county, 1, "company", &scene.kind, &price("40.00"));
    let (own, _) =
        Provider::approved(&scene.county, 2, "public", &scene.kind, &crate::support::public_price("12.40", "50.00"));
    let officer = &scene.county.officer;
    let finding = |provider: &Provider, deadline: &str| {
        let body = json!({"provider": provider.id, "subject": "staff", "description": "Too few", "deadline": deadline});
        officer.post("/v1/findings", &body).created()["id"].as_str().unwrap().to_owned()
    };
    let (late, soon) = (finding(&provider, "2026-12-20"), finding(&own, "2026-11-15"));
    let approval = provider.user.get("/v1/approvals").ok()["items"][0]["id"].as_str().unwrap().to_owned();
    let notice = json!({"step": "notice", "grounds": "breach", "reasons": localized("Too few")});
    let measure = officer.post_seen(&format!("/v1/approvals/{approval}/measures"), "*", &notice).created();
    let listed = items(officer, "/v1/desk/deadlines");
    assert_eq!(members(&listed, "kind"), ["finding", "hearing", "finding"]);
    assert_eq!((&listed[0]["finding"], &listed[2]["finding"]), (&json!(soon), &json!(late)));
    assert_eq!(listed[1]["measure"], measure["id"]);
    assert_eq!(paged(officer, "/v1/desk/deadlines?"), listed);
    assert!(items(officer, "/v1/desk/deadlines?overdue=true").is_empty());
    assert_eq!(scene.tile("hearings_open"), (1, Some(0)));
    assert_eq!((scene.tile("findings_open"), scene.tile("findings_overdue")), ((2, Some(0)), (0, None)));
    scene.on("2026-11-17");
    assert_eq!((scene.tile("findings_open"), scene.tile("findings_overdue")), ((2, Some(6)), (1, Some(2))));
    let overdue = items(&scene.county.officer, "/v1/desk/deadlines?overdue=true");
    assert_eq!((overdue.len(), &overdue[0]["days_left"], &overdue[0]["overdue"]), (1, &json!(-2), &json!(true)));
    assert_eq!(scene.tile("warnings_overdue"), (0, None));
}

#[test]
fn changes_that_wait_for_a_second_person_are_counted() {
    let scene = Scene::new();
    let provider = Provider::register(&scene.world, 1, "Kaisla", "company");
    let application = provider.draft_application(&provider.unit(), &scene.kind);
    assert_eq!(scene.tile("provider_changes").0, 0);
    provider.user.post(&format!("/v1/applications/{application}/submit"), &json!({})).ok();
    let changes = format!("/v1/providers/{}/changes", provider.id);
    provider.user.post(&changes, &json!({"field": "name", "value": "Kaisla and daughters"})).created();
    assert_eq!(scene.tile("provider_changes"), (1, Some(0)));
}
