//! Acting for a client: by a mandate that a county has recorded, or as a case worker with the client's consent.

mod carried;

use serde_json::{Value, json};
use valinta_domain::policy::Role;

use crate::support::{Answer, County, Provider, Resident, User, VoucherType, World, price};

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

fn items(list: &Value) -> &Vec<Value> {
    list["items"].as_array().unwrap()
}

/// A county with a client who holds a voucher, one who is to act for the client, and a provider to be chosen.
struct Scene {
    world: World,
    county: County,
    home_care: VoucherType,
    provider: Provider,
    offering: String,
    client: Resident,
    voucher: String,
    representative: Resident,
}

impl Scene {
    fn set() -> Self {
        let world = World::start();
        let county = County::found(&world);
        let home_care = county.home_care();
        let (provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
        let client = county.client();
        let voucher = id(&county.issue(&client, &home_care, "20")).to_owned();
        let representative = county.client();
        Self { world, county, home_care, provider, offering, client, voucher, representative }
    }

    fn at(&self, verb: &str) -> String {
        format!("/v1/vouchers/{}{verb}", self.voucher)
    }

    fn mandates(&self) -> String {
        format!("/v1/clients/{}/mandates", self.client.client)
    }

    /// The body of a mandate, with these members besides.
    fn mandate(&self, scope: &str, members: &Value) -> Value {
        let mut body = json!({
            "representative": {
                "personal_identity_code": self.representative.identity_code,
                "name": self.representative.name,
            },
            "scope": scope,
            "basis": "authorisation",
        });
        for (name, value) in members.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    }

    fn record(&self, scope: &str, members: &Value) -> Answer {
        self.county.case_worker.post(&self.mandates(), &self.mandate(scope, members))
    }

    /// The representative with a token of the present moment.
    fn representative_now(&self) -> User {
        self.world.user(Role::Resident, "representative", None, Some(&self.representative.person))
    }

    fn information(&self, user: &User) -> Value {
        let told = user.post(&self.at("/information"), &json!({"language": "fi"})).created();
        json!({"information": told["id"]})
    }

    fn accepted(self) -> Self {
        self.client.accept(&self.voucher);
        self
    }
}

#[test]
fn a_representative_is_told_accepts_and_chooses_and_all_are_told_who_did() {
    let scene = Scene::set();
    let user = &scene.representative.user;
    user.get(&scene.at("")).refused(404, "not_found");
    assert!(items(&user.get("/v1/me/vouchers").ok()).is_empty());
    let recorded = scene.record("vouchers", &json!({"note": "Päätös 12/2026"})).created();
    assert_eq!((&recorded["in_force"], &recorded["valid_until"]), (&json!(true), &Value::Null));

    let listed = user.get("/v1/me/vouchers").ok();
    let expected = json!({"mandate": recorded["id"], "scope": "vouchers", "name": scene.client.name});
    assert_eq!((items(&listed).len(), &listed["items"][0]["acting_for"]), (1, &expected));
    assert!(items(&user.get("/v1/me/vouchers?whose=own").ok()).is_empty());
    assert_eq!(items(&user.get("/v1/me/vouchers?whose=represented").ok()).len(), 1);
    user.get("/v1/me/vouchers?whose=all").refused(422, "invalid_input");
    assert!(listed["items"][0]["number"].is_string(), "one who chooses tells the provider the number");

    let information = scene.information(user);
    user.post(&scene.at("/accept"), &information).ok();
    user.get(&scene.at("/choices")).ok();
    let chosen = user.put(&scene.at("/choice"), &json!({"offering": scene.offering})).ok();
    assert_eq!(chosen["choice"]["chosen_by"], "representative");

    let seen = scene.client.user.get(&scene.at("")).ok();
    for act in [&seen["choice"]["on_behalf"], &seen["answered_on_behalf"]] {
        assert_eq!((&act["made_by"], &act["mandate"]), (&json!("representative"), &recorded["id"]));
    }
    assert!(seen["acting_for"].is_null(), "it is the holder's own");
    let seen = scene.provider.user.get(&scene.at("")).ok();
    assert_eq!(seen["choice"]["chosen_by"], "representative");
    assert!(seen["choice"]["on_behalf"].is_null() && seen["answered_on_behalf"].is_null(), "{seen}");

    // The mandate is for vouchers alone.
    let decision = chosen["decision"].as_str().unwrap();
    user.get(&format!("/v1/decisions/{decision}")).refused(404, "not_found");
    user.get(&format!("/v1/clients/{}", scene.client.client)).refused(403, "forbidden");
    scene.world.audit_rows();
}

#[test]
fn the_client_and_the_auditor_see_by_which_mandate_something_was_done() {
    let scene = Scene::set().accepted();
    let mandate = scene.record("vouchers", &json!({})).created();
    scene.representative.user.get(&scene.at("/choices")).ok();
    scene.representative.choose(&scene.voucher, &scene.offering).ok();
    let log = scene.client.user.get("/v1/me/access-log?limit=100").ok();
    let by_mandate: Vec<&Value> = items(&log).iter().filter(|row| row["mandate"] == mandate["id"]).collect();
    let actions: Vec<&str> = by_mandate.iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["choose_provider", "list_choices"]);
    for row in by_mandate {
        assert_eq!(
            (&row["role"], &row["representative_name"]),
            (&json!("resident"), &json!(scene.representative.name))
        );
    }
    assert!(items(&log).iter().any(|row| row["action"] == "record_mandate"));
    // What was recorded of the representative is in the representative's own log, and what they did is not.
    let own = scene.representative.user.get("/v1/me/access-log?limit=100").ok();
    assert!(items(&own).iter().any(|row| row["action"] == "record_mandate"));
    assert!(items(&own).iter().all(|row| row["action"] != "choose_provider"));

    let rows = scene.county.auditor.get(&format!("/v1/audit?target={}&action=choose_provider", scene.voucher)).ok();
    let details = &rows["items"][0]["details"];
    assert_eq!((&details["mandate"], &details["made_by"]), (&mandate["id"], &json!("representative")));
    assert!(details["on_behalf"].is_string());
}

#[test]
fn one_who_may_only_look_is_refused_everything_else() {
    let scene = Scene::set();
    scene.record("vouchers_read", &json!({})).created();
    let user = &scene.representative.user;
    let seen = user.get(&scene.at("")).ok();
    assert!(seen["number"].is_null(), "the number opens the voucher: {seen}");
    user.get(&scene.at("/choices")).ok();
    for refused in [
        user.post(&scene.at("/information"), &json!({"language": "fi"})),
        user.post(&scene.at("/refuse"), &json!({})),
        user.put(&scene.at("/choice"), &json!({"offering": scene.offering})),
    ] {
        refused.refused(403, "forbidden").saying("mandate is to look only");
    }
    // Both mandates may hold at once; then the wider one counts.
    scene.record("vouchers", &json!({})).created();
    scene.information(user);
    assert_eq!(items(&user.get("/v1/me/vouchers").ok()).len(), 1, "once, however many mandates there are");
}

#[test]
fn a_mandate_holds_on_its_days_where_the_county_is() {
    let mut scene = Scene::set();
    let today = scene.world.today();
    let days = json!({"valid_from": today.plus_days(3), "valid_until": today.plus_days(4)});
    let recorded = scene.record("vouchers", &days).created();
    assert_eq!(recorded["in_force"], false);
    scene.representative.user.get(&scene.at("")).refused(404, "not_found");
    // A day begins in Finland two hours before it does at Greenwich.
    for (moment, holds) in [
        ("2026-11-13T21:59:00Z", false),
        ("2026-11-13T22:00:00Z", true),
        ("2026-11-15T21:59:00Z", true),
        ("2026-11-15T22:00:00Z", false),
    ] {
        scene.world.set_moment(moment);
        let user = scene.representative_now();
        assert_eq!(user.get(&scene.at("")).status, if holds { 200 } else { 404 }, "{moment}");
        assert_eq!(items(&user.get("/v1/me/vouchers").ok()).len(), usize::from(holds), "{moment}");
    }
    scene.county.renew_tokens();
    let listed = scene.county.case_worker.get(&scene.mandates()).ok();
    assert_eq!((items(&listed).len(), &listed["items"][0]["in_force"]), (1, &json!(false)));
    let over = format!("{}/{}/end", scene.mandates(), id(&recorded));
    scene.county.case_worker.post(&over, &json!({"reason": "withdrawn"})).refused(409, "wrong_state");
}

#[test]
fn a_mandate_that_was_ended_gives_nothing_not_even_an_old_answer() {
    let scene = Scene::set().accepted();
    let mandate = scene.record("vouchers", &json!({"valid_until": "2027-11-11"})).created();
    let user = &scene.representative.user;
    let body = json!({"offering": scene.offering}).to_string();
    let choose = || user.send("PUT", &scene.at("/choice"), &[("Idempotency-Key", "the-choice")], Some(&body));
    choose().ok();
    assert_eq!(choose().header("Idempotent-Replayed"), Some("true"));
    let place = format!("{}/{}/end", scene.mandates(), id(&mandate));
    let end = |body: &Value| scene.county.case_worker.post(&place, body);
    end(&json!({"reason": "other"})).refused(422, "invalid_input").at("/note", "required");
    let ended = end(&json!({"reason": "withdrawn", "note": "Peruttu puhelimitse"})).ok();
    assert_eq!((&ended["in_force"], &ended["ended"]["reason"]), (&json!(false), &json!("withdrawn")));
    user.get(&scene.at("")).refused(404, "not_found");
    choose().refused(404, "not_found");
    assert!(items(&user.get("/v1/me/vouchers").ok()).is_empty());
    end(&json!({"reason": "withdrawn"})).refused(409, "wrong_state");
    // What was done stands, and the same mandate can be given anew.
    assert_eq!(scene.client.user.get(&scene.at("")).ok()["choice"]["chosen_by"], "representative");
    scene.record("vouchers", &json!({})).created();
    user.get(&scene.at("")).ok();
    let audited = scene.county.auditor.get("/v1/audit?action=end_mandate").ok();
    assert_eq!(audited["items"][0]["details"]["would_have_held_until"], "2027-11-11");
}

#[test]
fn a_mandate_is_one_countys_and_one_clients() {
    let scene = Scene::set();
    scene.record("vouchers", &json!({})).created();
    // The same person is another county's client too, with a voucher of that county.
    let other = County::found_as(&scene.world, 1, &[("743", "Seinäjoki", "Seinäjoki")]);
    let registration = Resident::registration(&scene.client.identity_code, &scene.client.name);
    let made = other.case_worker.post("/v1/clients", &registration).created();
    let there = Resident { client: id(&made).to_owned(), ..scene.client.clone() };
    let voucher = other.issue(&there, &other.home_care(), "20");
    let user = &scene.representative.user;
    user.get(&format!("/v1/vouchers/{}", id(&voucher))).refused(404, "not_found");
    let another = scene.county.client();
    let anothers = scene.county.issue(&another, &scene.home_care, "20");
    user.get(&format!("/v1/vouchers/{}", id(&anothers))).refused(404, "not_found");
    assert_eq!(items(&user.get("/v1/me/vouchers").ok()).len(), 1);
    // Another county neither reads nor records nor ends it.
    other.case_worker.get(&scene.mandates()).refused(404, "not_found");
    other.case_worker.post(&scene.mandates(), &scene.mandate("vouchers", &json!({}))).refused(404, "not_found");
    let own = scene.county.case_worker.get(&scene.mandates()).ok();
    let of_another = format!("/v1/clients/{}/mandates/{}/end", another.client, id(&own["items"][0]));
    scene.county.case_worker.post(&of_another, &json!({"reason": "mistake"})).refused(404, "not_found");
}

#[test]
fn a_mandate_that_cannot_be_is_refused_with_its_place_and_reason() {
    let scene = Scene::set();
    let today = scene.world.today();
    let refused = |body: &Value, pointer: &str, code: &str| {
        scene.county.case_worker.post(&scene.mandates(), body).refused(422, "invalid_input").at(pointer, code);
    };
    let code = "/representative/personal_identity_code";
    let mut own = scene.mandate("vouchers", &json!({}));
    own["representative"]["personal_identity_code"] = json!(scene.client.identity_code);
    refused(&own, code, "same_person");
    own["representative"]["personal_identity_code"] = json!("010594-9033");
    refused(&own, code, "invalid");
    own["representative"]["name"] = json!("  ");
    refused(&own, "/representative/name", "invalid");
    let other = scene.mandate("vouchers", &json!({"basis": "other"}));
    refused(&other, "/note", "required");
    refused(&scene.mandate("vouchers", &json!({"note": "x".repeat(2_001)})), "/note", "length");
    for (days, at) in [
        (json!({"valid_until": "2031-11-11"}), "/valid_until"),
        (json!({"valid_from": "2026-11-20", "valid_until": "2026-11-19"}), "/valid_until"),
        (json!({"valid_from": "2026-11-01", "valid_until": "2026-11-10"}), "/valid_until"),
        (json!({"valid_from": today.plus_days(366)}), "/valid_from"),
        (json!({"valid_from": today.plus_days(-366)}), "/valid_from"),
    ] {
        refused(&scene.mandate("vouchers", &days), at, "out_of_range");
    }
    scene.record("vouchers", &json!({"valid_until": "2031-11-10"})).created();
    for days in [json!({}), json!({"valid_from": "2027-01-01", "valid_until": "2027-01-01"})] {
        scene.record("vouchers", &days).refused(409, "duplicate").at(code, "duplicate");
    }
    scene.record("vouchers_read", &json!({})).created();
}

#[test]
fn a_case_worker_answers_only_with_the_clients_consent() {
    let scene = Scene::set();
    let worker = &scene.county.case_worker;
    let today = scene.world.today();
    worker.get("/v1/me/vouchers").refused(403, "forbidden");
    let mut accept = scene.information(worker);
    let at = scene.at("/accept");
    worker.post(&at, &accept).refused(422, "invalid_input").at("/on_behalf", "required");
    worker.post(&scene.at("/refuse"), &json!({})).refused(422, "invalid_input").at("/on_behalf", "required");
    for (days, code) in [(1, "in_future"), (-91, "too_old")] {
        accept["on_behalf"] = json!({"how": "phone", "given_on": today.plus_days(days)});
        worker.post(&at, &accept).refused(422, "invalid_input").at("/on_behalf/given_on", code);
    }
    accept["on_behalf"] = json!({"how": "carrier_pigeon", "given_on": today});
    worker.post(&at, &accept).refused(422, "invalid_input");
    accept["on_behalf"] = json!({"how": "phone", "given_on": today.plus_days(-90), "note": "Soitto klo 9"});
    scene.client.user.post(&at, &accept).refused(422, "invalid_input").at("/on_behalf", "not_wanted");
    scene.record("vouchers", &json!({})).created();
    let refused = scene.representative.user.post(&at, &accept).refused(422, "invalid_input");
    refused.at("/on_behalf", "not_wanted");
    let accepted = worker.post(&at, &accept).ok();
    assert_eq!(accepted["answered_on_behalf"]["note"], "Soitto klo 9");

    let choose = json!({
        "offering": scene.offering,
        "on_behalf": {"how": "in_person", "given_on": today},
    });
    let chosen = worker.put(&scene.at("/choice"), &choose).ok();
    assert_eq!(chosen["choice"]["chosen_by"], "case_worker");
    let seen = scene.client.user.get(&scene.at("")).ok();
    let (answer, choice) = (&seen["answered_on_behalf"], &seen["choice"]["on_behalf"]);
    assert_eq!((&answer["made_by"], &answer["how"]), (&json!("case_worker"), &json!("phone")));
    assert_eq!(answer["given_on"], today.plus_days(-90).to_string());
    assert!(answer["note"].is_null(), "the note is the case workers'");
    assert_eq!((&choice["how"], &choice["given_on"]), (&json!("in_person"), &json!(today.to_string())));
    let seen = scene.provider.user.get(&scene.at("")).ok();
    assert_eq!((&seen["choice"]["chosen_by"], &seen["choice"]["on_behalf"]), (&json!("case_worker"), &Value::Null));
    let rows = scene.county.auditor.get(&format!("/v1/audit?target={}&action=choose_provider", scene.voucher)).ok();
    assert_eq!(rows["items"][0]["details"]["made_by"], "case_worker");

    // The holder may change it themselves.
    let (_, other) = Provider::approved(&scene.county, 2, "ngo", &scene.home_care, &price("35.00"));
    let changed = scene.client.choose(&scene.voucher, &other).ok();
    assert_eq!((&changed["choice"]["chosen_by"], &changed["choice"]["on_behalf"]), (&json!("holder"), &Value::Null));
}

#[test]
fn a_case_worker_refuses_for_a_client_who_wants_no_voucher() {
    let scene = Scene::set();
    let body = json!({"on_behalf": {"how": "letter", "given_on": scene.world.today()}});
    let refused = scene.county.case_worker.post(&scene.at("/refuse"), &body).ok();
    assert_eq!((&refused["status"], &refused["answered_on_behalf"]["how"]), (&json!("refused"), &json!("letter")));
    let other = County::found_as(&scene.world, 1, &[("743", "Seinäjoki", "Seinäjoki")]);
    other.case_worker.post(&scene.at("/refuse"), &body).refused(404, "not_found");
}

/// All options of a voucher in their order, read by pages.
fn order(user: &User, voucher: &str) -> Vec<String> {
    let (mut all, mut query) = (Vec::new(), "?limit=3".to_owned());
    loop {
        let page = user.get(&format!("/v1/vouchers/{voucher}/choices{query}")).ok();
        all.extend(items(&page).iter().map(|item| item["offering"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => query = format!("?limit=3&cursor={next}"),
            None => return all,
        }
    }
}

#[test]
fn whoever_calls_for_a_holder_sees_the_holders_order_page_by_page() {
    let scene = Scene::set();
    for n in 2..=8 {
        Provider::approved(
            &scene.county,
            n,
            if n % 2 == 0 { "ngo" } else { "company" },
            &scene.home_care,
            &price("35.00"),
        );
    }
    scene.record("vouchers", &json!({})).created();
    for _ in 0..4 {
        let voucher = scene.county.issue(&scene.client, &scene.home_care, "1");
        let whole = order(&scene.client.user, id(&voucher));
        assert_eq!(whole.len(), 8);
        assert_eq!(order(&scene.county.case_worker, id(&voucher)), whole);
        assert_eq!(order(&scene.representative.user, id(&voucher)), whole);
        // A page that one has begun, another goes on with.
        let path = format!("/v1/vouchers/{}/choices?limit=3", id(&voucher));
        let begun = scene.client.user.get(&path).ok();
        let next = format!("{path}&cursor={}", begun["next"].as_str().unwrap());
        assert_eq!(scene.county.case_worker.get(&next).ok()["items"], scene.client.user.get(&next).ok()["items"]);
    }
}

#[test]
fn no_answer_has_a_representatives_code_and_notes_are_the_case_workers() {
    let scene = Scene::set().accepted();
    let recorded = scene.record("vouchers", &json!({"note": "Salainen muistiinpano"}));
    let code = &scene.representative.identity_code;
    assert!(!recorded.text.contains(code.as_str()), "{}", recorded.text);
    recorded.created();
    scene.representative.choose(&scene.voucher, &scene.offering).ok();
    for (user, path) in [
        (&scene.county.case_worker, scene.mandates()),
        (&scene.county.auditor, scene.mandates()),
        (&scene.county.auditor, "/v1/audit?limit=100".to_owned()),
        (&scene.client.user, "/v1/me/access-log?limit=100".to_owned()),
        (&scene.representative.user, "/v1/me/vouchers".to_owned()),
    ] {
        let answer = user.get(&path);
        assert!(answer.status == 200 && !answer.text.contains(code.as_str()), "{path}: {}", answer.text);
    }
    let seen = scene.county.auditor.get(&scene.mandates()).ok();
    assert!(seen["items"][0]["note"].is_null(), "auditors have no use for the note");
    assert_eq!(scene.county.case_worker.get(&scene.mandates()).ok()["items"][0]["note"], "Salainen muistiinpano");
}
