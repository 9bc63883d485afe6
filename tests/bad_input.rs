//! Bad input: every refusal says what, where and why, and nothing is written.

mod rules;

use serde_json::{Value, json};

use crate::support::{
    Answer, County, Problem, Provider, Resident, User, VoucherType, World, home_care_terms, identity_code, localized,
    price,
};

/// A county with one provider and one client, and what must not change while input is refused.
struct Scene {
    world: World,
    county: County,
    home_care: VoucherType,
    provider: Provider,
    offering: String,
    resident: Resident,
}

impl Scene {
    fn set() -> Self {
        let world = World::start();
        let county = County::found(&world);
        let home_care = county.home_care();
        let (provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
        let resident = county.client();
        Self { world, county, home_care, provider, offering, resident }
    }

    fn request(&self) -> Value {
        self.county.voucher_request(&self.resident, &self.home_care, "20", "1650.00")
    }

    /// Has something refused, and sees that nothing was written: a change without an audit row there is none.
    #[track_caller]
    fn refused(&self, call: impl FnOnce(&Self) -> Answer, status: u16, slug: &str) -> Problem {
        let before = self.world.audit_rows();
        let problem = call(self).refused(status, slug);
        assert_eq!(self.world.audit_rows(), before, "a refused request was audited");
        problem
    }

    fn nothing_was_issued(&self) {
        let vouchers = self.county.case_worker.get("/v1/vouchers").ok();
        assert_eq!(vouchers["items"], json!([]));
    }
}

fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    let (object, field) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(object).unwrap()[field] = value;
    body
}

fn raw(user: &User, path: &str, body: &str) -> Answer {
    user.send("POST", path, &[("Idempotency-Key", "raw")], Some(body))
}

#[test]
fn a_body_that_is_not_json_is_told_by_line_and_column() {
    let scene = Scene::set();
    let user = &scene.county.case_worker;
    for (body, place) in [
        ("", "line 1"),
        ("{\n  \"client\": \"x\",\n  oops\n}", "line 3, column 3"),
        ("{\"client\": 1e999999}", "line 1"),
        ("{} {}", "line 1, column 4"),
        ("\u{feff}{}", "line 1"),
    ] {
        let problem = scene.refused(|_| raw(user, "/v1/vouchers", body), 400, "malformed_json");
        assert!(problem.detail().contains(place), "{}", problem.detail());
    }
    scene.nothing_was_issued();
}

#[test]
fn a_body_of_another_shape_is_told_by_pointer() {
    let scene = Scene::set();
    let user = &scene.county.case_worker;
    for (pointer, value, code) in [
        ("/client", json!(5), "invalid_type"),
        ("/client", json!("no id"), "invalid"),
        ("/client", Value::Null, "invalid_type"),
        ("/surprise", json!(1), "unknown_field"),
        ("/quantity", json!("-1"), "invalid"),
        ("/quantity", json!("1e3"), "invalid"),
        ("/quantity", json!("1.00001"), "invalid"),
        ("/quantity", json!("99999999999999999999"), "invalid"),
        ("/valid_from", json!("2026-02-30"), "invalid"),
        ("/valid_from", json!("11.11.2026"), "invalid"),
        ("/facts", json!([]), "invalid_type"),
        ("/facts/gross_income_per_month", json!({}), "invalid_type"),
        ("/facts/gross_income_per_month", json!(1.5), "invalid_type"),
        ("/facts/gross_income_per_month", json!("x".repeat(65)), "invalid"),
    ] {
        let body = with(scene.request(), pointer, value);
        scene.refused(|_| user.post("/v1/vouchers", &body), 422, "invalid_input").at(pointer, code);
    }
    for (body, pointer, code) in [
        ("[]", "", "invalid_type"),
        ("null", "", "invalid_type"),
        ("{}", "/client", "missing_field"),
        (r#"{"client":"a","client":"b"}"#, "/client", "duplicate_field"),
        (r#"{"facts":{"a":1,"a":2}}"#, "/facts/a", "duplicate_field"),
        (&"[".repeat(20_000), "", "too_deep"),
    ] {
        scene.refused(|_| raw(user, "/v1/vouchers", body), 422, "invalid_input").at(pointer, code);
    }
    let twice = r#"{"number":"a","number":"b"}"#;
    let lookup = &scene.provider.user;
    scene.refused(|_| raw(lookup, "/v1/vouchers/lookup", twice), 422, "invalid_input").at("/number", "duplicate_field");
    scene.nothing_was_issued();
}

#[test]
fn a_body_must_be_bounded_json_that_says_so() {
    let scene = Scene::set();
    let user = &scene.county.case_worker;
    let huge = format!("\"{}\"", "x".repeat(300_000));
    scene.refused(|_| raw(user, "/v1/vouchers", &huge), 413, "payload_too_large");
    let body = scene.request().to_string();
    for media_type in ["text/plain", "application/xml", "application/x-www-form-urlencoded", "application/jsonx"] {
        let headers = [("Idempotency-Key", "k"), ("Content-Type", media_type)];
        let call = |_: &Scene| user.send("POST", "/v1/vouchers", &headers, Some(&body));
        scene.refused(call, 415, "unsupported_media_type");
    }
    let headers = [("Idempotency-Key", "k"), ("Content-Encoding", "gzip")];
    scene.refused(|_| user.send("POST", "/v1/vouchers", &headers, Some(&body)), 415, "unsupported_media_type");
    scene.nothing_was_issued();
}

#[test]
fn a_head_that_is_too_large_is_refused_and_the_service_goes_on() {
    let scene = Scene::set();
    let long = "x".repeat(300_000);
    // The service may close the connection before it has heard all of it.
    if let Ok(answer) = scene.world.api.send("GET", "/v1/organisers", &[("X-Long", &long)], None) {
        assert!((400..500).contains(&answer.status), "{}", answer.status);
    }
    let path = format!("/v1/organisers?{}", "x=1&".repeat(3_000));
    let answer = scene.world.api.anyone().get(&path);
    assert!(answer.status == 200 || (400..500).contains(&answer.status), "{}", answer.status);
    scene.world.api.anyone().get("/v1/organisers").ok();
}

#[test]
fn invalid_identifiers_are_refused_and_not_repeated() {
    let scene = Scene::set();
    let valid = identity_code(40);
    let other_check = if valid.ends_with('A') { "B" } else { "A" };
    let wrong_check = format!("{}{other_check}", &valid[..10]);
    for wrong in [wrong_check.as_str(), "310250-9106", "010150-0019", "010150_901X", "0101509", "Ä10150-901X"] {
        let body = Resident::registration(wrong, "Testi");
        let call = |scene: &Scene| scene.county.case_worker.post("/v1/clients", &body);
        let problem = scene.refused(call, 422, "invalid_input");
        assert!(problem.errors().iter().any(|(pointer, _)| pointer == "/personal_identity_code"), "{wrong}");
        assert!(!problem.body.to_string().contains(wrong), "{}", problem.body);
    }
    let provider = scene.world.user(valinta_domain::policy::Role::Provider, "new", None, None);
    for wrong in ["0737546-1", "1234567-8", "12345678", "1234567-", "ABCDEFG-1"] {
        let body = with(Provider::registration(50, "New", "ngo"), "/business_id", json!(wrong));
        let call = |_: &Scene| provider.post("/v1/providers", &body);
        scene.refused(call, 422, "invalid_input").at("/business_id", "invalid");
    }
    let unit = with(Provider::unit_request("New"), "/municipality", json!("999"));
    let path = format!("/v1/providers/{}/units", scene.provider.id);
    let unknown = scene.refused(|scene| scene.provider.user.post(&path, &unit), 422, "invalid_input");
    assert_eq!(unknown.errors()[0].0, "/municipality");
    let typo = json!({"number": "0000-0000-0000-0001"});
    let call = |scene: &Scene| scene.provider.user.post("/v1/vouchers/lookup", &typo);
    scene.refused(call, 422, "invalid_input").at("/number", "invalid");
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let scene = Scene::set();
    let served = json!({"code": "61", "name_fi": "", "name_sv": "R", "latitude": "91", "longitude": "east"});
    let body = json!({
        "code": "not a code",
        "name": {"fi": "", "sv": "n".repeat(201), "en": "fine"},
        "business_id": "0737546-1",
        "currency": "EUR",
        "time_zone": "Europe/Pori",
        "municipalities": [served],
    });
    let call = |scene: &Scene| scene.world.operator().post("/v1/organisers", &body);
    let mut pointers: Vec<String> =
        scene.refused(call, 422, "invalid_input").errors().into_iter().map(|e| e.0).collect();
    pointers.sort_unstable();
    let m = "/municipalities/0";
    assert_eq!(
        pointers,
        [
            "/business_id".to_owned(),
            "/code".to_owned(),
            format!("{m}/code"),
            format!("{m}/latitude"),
            format!("{m}/longitude"),
            format!("{m}/name_fi"),
            "/name/fi".to_owned(),
            "/name/sv".to_owned(),
            "/time_zone".to_owned(),
        ]
    );
    let mut terms = home_care_terms();
    terms["grant"]["quantity_max"] = json!("0");
    terms["recording"]["days_after_month"] = json!(0);
    terms["texts"]["appeal"]["sv"] = json!(" ");
    let draft = json!({"voucher_type": scene.home_care.id, "terms": terms});
    let call = |scene: &Scene| scene.county.officer.post("/v1/rulebooks", &draft);
    let problem = scene.refused(call, 422, "invalid_input");
    for pointer in ["/terms/grant/quantity_max", "/terms/recording/days_after_month", "/terms/texts/appeal/sv"] {
        assert!(problem.errors().iter().any(|(at, _)| at == pointer), "{}", problem.body);
    }
}

#[test]
fn a_voucher_outside_of_the_rules_is_not_decided_on() {
    let scene = Scene::set();
    let user = &scene.county.case_worker;
    let today = scene.world.today();
    for (pointer, value, slug, at, code) in [
        ("/valid_until", json!(today.plus_days(-1).to_string()), "invalid_input", "/valid_until", "invalid"),
        ("/valid_from", json!(today.plus_days(-1).to_string()), "invalid_input", "/valid_from", "in_the_past"),
        ("/valid_until", json!(today.plus_days(365).to_string()), "invalid_input", "/valid_until", "too_long"),
        ("/quantity", json!("0"), "invalid_input", "/quantity", "zero"),
        ("/quantity", json!("90.0001"), "invalid_input", "/quantity", "over_maximum"),
        ("/facts/household_size", json!(0), "rule_error", "/facts/household_size", "unfit"),
        ("/facts/gross_income_per_month", json!("a lot"), "rule_error", "/facts/gross_income_per_month", "unfit"),
        ("/facts/gross_income_per_month", json!("-1"), "rule_error", "/facts/gross_income_per_month", "unfit"),
    ] {
        let body = with(scene.request(), pointer, value);
        scene.refused(|_| user.post("/v1/vouchers", &body), 422, slug).at(at, code);
    }
    let mut all_wrong = scene.request();
    all_wrong["quantity"] = json!("2000");
    all_wrong["valid_from"] = json!(today.plus_days(-1).to_string());
    all_wrong["valid_until"] = json!(today.plus_days(1_000).to_string());
    all_wrong["facts"]["gross_income_per_month"] = json!("a lot");
    let answer = user.post("/v1/vouchers", &all_wrong);
    assert_eq!(answer.status, 422, "{}", answer.text);
    for pointer in ["/quantity", "/valid_from", "/valid_until", "/facts/gross_income_per_month"] {
        let told = answer.body["errors"].as_array().unwrap().iter().any(|error| error["pointer"] == pointer);
        assert!(told, "{pointer} is wrong too: {}", answer.text);
    }
    scene.nothing_was_issued();
}

#[test]
fn a_service_outside_of_the_voucher_is_not_recorded() {
    let scene = Scene::set();
    let voucher = scene.county.chosen_voucher(&scene.resident, &scene.home_care, "20", &scene.offering);
    let voucher = voucher["id"].as_str().unwrap();
    let today = scene.world.today();
    let from_tomorrow = with(scene.request(), "/valid_from", json!(today.plus_days(1).to_string()));
    let later = scene.county.case_worker.post("/v1/vouchers", &from_tomorrow).created()["voucher"]["id"].clone();
    let later = later.as_str().unwrap();
    scene.resident.accept(later);
    scene.resident.choose(later, &scene.offering).ok();
    let delivery = |day: i64, quantity: &str| json!({"voucher": voucher, "day": today.plus_days(day).to_string(), "quantity": quantity});
    let span = |start: &str, end: &str| {
        let mut body = delivery(0, "1");
        (body["started_at"], body["ended_at"]) = (json!(start), json!(end));
        body
    };
    let mut half = delivery(0, "1");
    half["started_at"] = json!("2026-11-11T06:00:00Z");
    for (body, slug, pointer, code) in [
        (delivery(-1, "1"), "not_valid_on_day", "/day", "no_rulebook"),
        (with(delivery(0, "1"), "/voucher", json!(later)), "not_valid_on_day", "/voucher", "refused"),
        (delivery(1, "1"), "invalid_input", "/day", "in_the_future"),
        (delivery(0, "0"), "invalid_input", "/quantity", "zero"),
        (delivery(0, "20.01"), "insufficient_balance", "/quantity", "over_balance"),
        (delivery(0, "0.0003"), "invalid_input", "/quantity", "not_a_step"),
        (span("2026-11-10T06:00:00Z", "2026-11-10T07:00:00Z"), "invalid_input", "/started_at", "other_day"),
        (half, "invalid_input", "/ended_at", "missing_field"),
        (span("2026-11-11T07:00:00Z", "2026-11-11T06:00:00Z"), "invalid_input", "/ended_at", "before_start"),
        (span("2026-11-11T06:00:00Z", "2026-11-11T06:45:00Z"), "invalid_input", "/quantity", "not_the_span"),
    ] {
        let call = |scene: &Scene| scene.provider.user.post("/v1/service-events", &body);
        scene.refused(call, 422, slug).at(pointer, code);
    }
    assert_eq!(scene.resident.ledger(voucher)["entries"].as_array().unwrap().len(), 2);
}

#[test]
fn what_a_body_names_and_the_caller_does_not_have_is_not_found() {
    let scene = Scene::set();
    let other = County::found_as(&scene.world, 1, &[("743", "Seinäjoki", "Seinäjoki")]);
    let other_type = other.publish("home-care", "hour", &home_care_terms());
    let other_client = other.client();
    let unknown = scene.world.unknown_id();
    let worker = &scene.county.case_worker;
    for (pointer, not_ours) in [
        ("/client", unknown.as_str()),
        ("/client", &other_client.client),
        ("/voucher_type", &unknown),
        ("/voucher_type", &other_type.id),
    ] {
        let body = with(scene.request(), pointer, json!(not_ours));
        scene.refused(|_| worker.post("/v1/vouchers", &body), 404, "not_found").at(pointer, "unknown");
    }
    let voucher = scene.county.chosen_voucher(&scene.resident, &scene.home_care, "20", &scene.offering);
    let voucher = voucher["id"].as_str().unwrap();
    let other_offering = Provider::approved(&other, 2, "ngo", &other_type, &price("30.00")).1;
    for offering in [&unknown, &other_offering] {
        let call = |scene: &Scene| scene.resident.choose(voucher, offering);
        scene.refused(call, 404, "not_found").at("/offering", "unknown");
    }
    let call = |scene: &Scene| scene.provider.record(&unknown, "1");
    scene.refused(call, 404, "not_found").at("/voucher", "unknown");
    let draft = json!({"voucher_type": other_type.id, "terms": home_care_terms()});
    let call = |scene: &Scene| scene.county.officer.post("/v1/rulebooks", &draft);
    scene.refused(call, 404, "not_found").at("/voucher_type", "unknown");
}

#[test]
fn a_wrong_state_is_a_conflict() {
    let scene = Scene::set();
    let officer = &scene.county.officer;
    let adopt = json!({"in_force_from": scene.world.today().plus_days(1).to_string(), "reasons": localized("Again")});
    let path = format!("/v1/rulebooks/{}/adopt", scene.home_care.rulebook);
    scene.refused(|_| officer.post(&path, &adopt), 409, "wrong_state");

    let unit = scene.provider.unit();
    let application = scene.provider.draft_application(&unit, &scene.home_care);
    let at = |verb: &str| format!("/v1/applications/{application}/{verb}");
    // A draft is the provider's alone.
    scene.refused(|scene| scene.county.decide(&application, "approved"), 404, "not_found");
    scene.provider.user.post(&at("submit"), &json!({})).ok();
    scene.refused(|scene| scene.provider.user.post(&at("submit"), &json!({})), 409, "wrong_state");
    scene.provider.user.post(&at("withdraw"), &json!({})).ok();
    scene.refused(|scene| scene.provider.user.post(&at("withdraw"), &json!({})), 409, "wrong_state");
    scene.refused(|scene| scene.county.decide(&application, "approved"), 409, "wrong_state");

    let voucher = scene.county.issue(&scene.resident, &scene.home_care, "20");
    let voucher = voucher["id"].as_str().unwrap();
    scene.refused(|scene| scene.resident.choose(voucher, &scene.offering), 409, "wrong_state");
    scene.resident.accept(voucher);
    let refuse = format!("/v1/vouchers/{voucher}/refuse");
    scene.refused(|scene| scene.resident.user.post(&refuse, &json!({})), 409, "wrong_state");

    let again = Resident::registration(&scene.resident.identity_code, "Testi");
    let call = |scene: &Scene| scene.county.case_worker.post("/v1/clients", &again);
    scene.refused(call, 409, "duplicate").at("/personal_identity_code", "duplicate");
}

#[test]
fn a_command_needs_an_idempotency_key_that_is_its_own() {
    let scene = Scene::set();
    let user = &scene.county.case_worker;
    let body = scene.request();
    let none = |_: &Scene| user.send("POST", "/v1/vouchers", &[], Some(&body.to_string()));
    scene.refused(none, 400, "idempotency_key_missing").at("/header/idempotency-key", "idempotency_key");
    let long = "k".repeat(256);
    for key in ["", "two words", &long] {
        scene.refused(|_| user.post_keyed("/v1/vouchers", key, &body), 400, "idempotency_key_missing");
    }
    let first = user.post_keyed("/v1/vouchers", "own", &body);
    let again = user.post_keyed("/v1/vouchers", "own", &body);
    assert_eq!((first.status, &first.text), (201, &again.text));
    assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed")), (None, Some("true")));
    assert_eq!(first.header("location"), again.header("location"));

    let other = with(body.clone(), "/quantity", json!("21"));
    scene.refused(|_| user.post_keyed("/v1/vouchers", "own", &other), 422, "idempotency_key_reused");
    let client = Resident::registration(&identity_code(41), "Testi");
    scene.refused(|_| user.post_keyed("/v1/clients", "own", &client), 422, "idempotency_key_reused");
    // What was refused is not remembered, and another caller's key is another key.
    let wrong = with(body.clone(), "/quantity", json!("0"));
    scene.refused(|_| user.post_keyed("/v1/vouchers", "retried", &wrong), 422, "invalid_input");
    user.post_keyed("/v1/vouchers", "retried", &body).created();
    let voucher = first.body["voucher"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/vouchers/{voucher}/information");
    scene.resident.user.post_keyed(&path, "own", &json!({"language": "fi"})).created();
    assert_eq!(user.get("/v1/vouchers").ok()["items"].as_array().unwrap().len(), 2);
}

#[test]
fn one_person_who_works_for_two_counties_has_two_sets_of_keys() {
    use valinta_domain::policy::Role;
    let world = World::start();
    let counties = [County::found(&world), County::found_as(&world, 1, &[("743", "Seinäjoki", "Seinäjoki")])];
    let code = json!({"code": "care", "name": localized("Care"), "description": localized("Care"), "unit": "hour"});
    let made: Vec<Value> = counties
        .iter()
        .map(|county| world.user(Role::Officer, "works-for-two", Some(&county.id), None))
        .map(|officer| officer.post_keyed("/v1/voucher-types", "same-key", &code).created())
        .collect();
    assert_ne!(made[0]["id"], made[1]["id"], "the second county was answered with what the first one made");
}

#[test]
fn a_query_is_checked_like_a_body() {
    let scene = Scene::set();
    let user = &scene.county.case_worker;
    for (query, pointer) in [
        ("limit=0", "/query/limit"),
        ("limit=101", "/query/limit"),
        ("limit=x", "/query/limit"),
        ("cursor=!", "/query/cursor"),
        ("cursor=e30", "/query/cursor"),
        ("state=lost", "/query/state"),
        ("client=5", "/query/client"),
        ("surprise=1", "/query/surprise"),
    ] {
        let problem = scene.refused(|_| user.get(&format!("/v1/vouchers?{query}")), 422, "invalid_input");
        assert_eq!(problem.errors()[0].0, pointer, "{query}");
    }
    for path in ["/v1/vouchers/5", "/v1/vouchers/00000000-0000-0000-0000-00000000000g", "/v1/vouchers/%00"] {
        scene.refused(|_| user.get(path), 404, "not_found");
    }
}

#[test]
fn a_parameter_with_a_control_character_is_refused_whatever_the_database_makes_of_it() {
    let world = World::start();
    let county = County::found(&world);
    for query in ["actor=%00", "action=a%00b", "%00=1"] {
        let refused = county.auditor.get(&format!("/v1/audit?{query}"));
        refused.refused(422, "invalid_input").at("/query", "control_character");
    }
    let named = Resident::registration(&county.client().identity_code, "a\u{0}b");
    county.case_worker.post("/v1/clients", &named).refused(422, "invalid_input").at("/name", "control_character");
}
