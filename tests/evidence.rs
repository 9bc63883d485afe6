//! Evidence, files and reminders, over HTTP: given once, looked at by each county, and what its expiry brings.

mod files;

use serde_json::{Value, json};
use valinta_domain::evidence::Evidence;
use valinta_domain::id::kind;
use valinta_domain::{Day, Id};
use valinta_persistence::{evidence, outbox};
use valinta_service::deadlines::run_once;

use crate::support::{Answer, County, Provider, User, VoucherType, World, home_care_terms, price};

/// The evidence that the tests' rulebook asks for with an expiry.
fn insurance(until: Day) -> Value {
    json!({
        "kind": "other", "requirement": "liability_insurance", "reference": "Policy 2", "valid_until": until.to_string(),
    })
}

fn give(provider: &Provider, body: &Value) -> Answer {
    provider.user.post(&format!("/v1/providers/{}/evidence", provider.id), body)
}

fn given(provider: &Provider, body: &Value) -> String {
    give(provider, body).created()["id"].as_str().unwrap().to_owned()
}

fn check(officer: &User, evidence: &str, outcome: &str) -> Answer {
    let body = json!({"outcome": outcome, "note": "As the register has it."});
    officer.check_evidence(evidence, &body)
}

fn listed(user: &User, provider: &Provider) -> Vec<Value> {
    let list = user.get(&format!("/v1/providers/{}/evidence", provider.id)).ok();
    list["items"].as_array().unwrap().clone()
}

/// The messages of a kind that wait to be sent.
fn told(world: &World, kind: &str) -> Vec<Value> {
    let all = world.db.as_ref().unwrap().read_blocking(|c| outbox::written(c, 1_000)).unwrap();
    all.into_iter().filter(|message| message.kind.code() == kind).map(|message| message.payload).collect()
}

/// Two counties with home care, and a provider known to both.
struct TwoCounties {
    world: World,
    first: County,
    second: County,
    provider: Provider,
    unit: String,
}

impl TwoCounties {
    fn found() -> Self {
        let world = World::start();
        let first = County::found(&world);
        let second = County::found_as(&world, 1, &[("079", "Harjavalta", "Harjavalta")]);
        let provider = Provider::register(&world, 1, "Provider 1", "company");
        let unit = provider.unit();
        for county in [&first, &second] {
            let application = provider.apply(&unit, &county.home_care());
            assert!(!application.is_empty());
        }
        Self { world, first, second, provider, unit }
    }
}

#[test]
fn evidence_is_given_once_and_each_county_looks_at_it_for_itself() {
    let scene = TwoCounties::found();
    let (first, second, provider) = (&scene.first, &scene.second, &scene.provider);
    let until = scene.world.today().plus_days(100);
    let id = given(provider, &insurance(until));
    let path = format!("/v1/evidence/{id}");
    let accepted = check(&first.officer, &id, "accepted").created();
    assert_eq!(accepted["holds_for"], json!([first.id]));
    assert_eq!(accepted["checks"][0]["checked_by"], "officer-0");
    let rejected = check(&second.officer, &id, "rejected").created();
    assert_eq!(rejected["holds_for"], json!([]));
    let own = first.officer.get(&path).ok();
    assert_eq!((own["checks"].as_array().unwrap().len(), &own["holds_for"]), (1, &json!([first.id])));
    let members = provider.user.get(&path).ok();
    assert_eq!(members["checks"].as_array().unwrap().len(), 2, "members see what every county found: {members}");
    assert!(members["checks"][0].get("checked_by").is_none(), "who looked is for the county's own staff");
    assert_eq!(members["holds_for"], json!([first.id]));
    assert_eq!(told(&scene.world, "evidence.checked").len(), 2);
    // The latest look counts, and the one before stays on record.
    assert_eq!(check(&second.officer, &id, "accepted").created()["checks"].as_array().unwrap().len(), 2);
    let both = provider.user.get(&path).ok();
    assert_eq!(both["holds_for"].as_array().unwrap().len(), 2);
    scene.world.set_day(until.plus_days(1));
    let officer = scene.world.user(valinta_domain::policy::Role::Officer, "officer-0", Some(&first.id), None);
    assert_eq!(officer.get(&path).ok()["holds_for"], json!([]), "its last day is over");
}

#[test]
fn a_county_sees_what_it_asks_for_of_providers_that_it_knows() {
    let scene = TwoCounties::found();
    let (world, provider) = (&scene.world, &scene.provider);
    let before = listed(&scene.first.officer, provider).len();
    let asked = given(provider, &insurance(world.today().plus_days(10)));
    let not_asked = given(provider, &json!({"kind": "tax_certificate", "reference": "Certificate 1"}));
    let other_code = given(provider, &json!({"kind": "other", "requirement": "own", "reference": "x"}));
    for staff in [&scene.first.officer, &scene.first.auditor] {
        let list = listed(staff, provider);
        assert!(list.iter().any(|piece| piece["id"] == asked.as_str()));
        assert_eq!(list.len(), before + 1, "{list:?}");
        for hidden in [&not_asked, &other_code] {
            staff.get(&format!("/v1/evidence/{hidden}")).refused(404, "not_found");
        }
    }
    check(&scene.first.officer, &not_asked, "accepted").refused(404, "not_found");
    assert_eq!(listed(&provider.user, provider).len(), before + 3);
    // A county that the provider has not applied to knows nothing of it; nor does another provider.
    let third = County::found_as(world, 2, &[("102", "Huittinen", "Vittis")]);
    third.home_care();
    let stranger = Provider::register(world, 2, "Provider 2", "ngo");
    for user in [&third.officer, &third.auditor, &stranger.user] {
        user.get(&format!("/v1/providers/{}/evidence", provider.id)).refused(404, "not_found");
        user.get(&format!("/v1/evidence/{asked}")).refused(404, "not_found");
    }
    check(&third.officer, &asked, "accepted").refused(404, "not_found");
    scene.first.case_worker.get(&format!("/v1/evidence/{asked}")).refused(403, "forbidden");
    give(&Provider { user: stranger.user.clone(), ..provider.clone() }, &insurance(world.today()))
        .refused(404, "not_found");
}

#[test]
fn what_is_stated_wrongly_is_told_at_once_and_nothing_is_stored() {
    let scene = TwoCounties::found();
    let (provider, today) = (&scene.provider, scene.world.today());
    let stranger = Provider::register(&scene.world, 2, "Provider 2", "ngo");
    let foreign = stranger.unit();
    let before = listed(&provider.user, provider).len();
    let base = insurance(today);
    for (field, value, pointer, code) in [
        ("requirement", Value::Null, "/requirement", "missing_field"),
        ("kind", json!("trade_register"), "/requirement", "not_asked"),
        ("valid_from", json!(today.plus_days(1).to_string()), "/valid_until", "not_a_period"),
        ("issued_on", json!(today.plus_days(2).to_string()), "/issued_on", "in_the_future"),
        ("reference", json!(""), "/reference", "length"),
        ("unit", json!(foreign), "/unit", "unknown"),
        ("attachment", json!(scene.world.unknown_id()), "/attachment", "unknown"),
        ("surprise", json!(1), "/surprise", "unknown_field"),
    ] {
        let mut body = base.clone();
        body[field] = value;
        let answer = give(provider, &body);
        assert!(matches!(answer.status, 404 | 422), "{}", answer.text);
        let errors = answer.body["errors"].as_array().unwrap();
        let found = errors.iter().any(|error| error["pointer"] == pointer && error["code"] == code);
        assert!(found, "{field}: {}", answer.text);
    }
    assert_eq!(listed(&provider.user, provider).len(), before);
    let id = given(provider, &base);
    let silent = scene.first.officer.post(&format!("/v1/evidence/{id}/checks"), &json!({"outcome": "rejected"}));
    silent.refused(422, "invalid_input").at("/note", "missing_field");
}

#[test]
fn of_two_officers_who_look_at_once_the_second_is_told_what_the_first_has_found() {
    let scene = TwoCounties::found();
    let officer = &scene.first.officer;
    let id = given(&scene.provider, &insurance(scene.world.today().plus_days(100)));
    let path = format!("/v1/evidence/{id}/checks");
    let rejected = json!({"outcome": "rejected", "note": "It names another provider"});
    let first = officer.post(&path, &rejected).created()["checks"][0]["id"].clone();
    // Whoever has seen nothing of it does not override it.
    let late = officer.post(&path, &json!({"outcome": "accepted"})).refused(409, "conflict");
    late.at("/replaces", "changed").saying("rejected");
    let accepted = json!({"outcome": "accepted", "replaces": first});
    officer.post(&path, &accepted).created();
    officer.post(&path, &accepted).refused(409, "conflict").at("/replaces", "changed");
    // Another county's look is its own.
    scene.second.officer.post(&path, &accepted).refused(409, "conflict");
    scene.second.officer.post(&path, &rejected).created();
    assert_eq!(officer.get(&format!("/v1/evidence/{id}")).ok()["holds_for"], json!([scene.first.id]));
}

#[test]
fn who_reads_evidence_leaves_a_trace() {
    let scene = TwoCounties::found();
    let id = given(&scene.provider, &insurance(scene.world.today().plus_days(100)));
    let before = scene.world.audit_rows();
    scene.first.officer.get(&format!("/v1/evidence/{id}")).ok();
    assert_eq!(scene.world.audit_rows(), before + 1);
    listed(&scene.first.auditor, &scene.provider);
    assert_eq!(scene.world.audit_rows(), before + 2);
}

#[test]
fn what_is_taken_back_holds_no_more_and_is_not_looked_at_again() {
    let scene = TwoCounties::found();
    let id = given(&scene.provider, &insurance(scene.world.today().plus_days(100)));
    check(&scene.first.officer, &id, "accepted").created();
    let path = format!("/v1/evidence/{id}/withdraw");
    let withdrawn = scene.provider.user.post(&path, &json!({})).ok();
    assert_eq!(withdrawn["holds_for"], json!([]));
    assert!(withdrawn["withdrawn_at"].is_string());
    scene.provider.user.post(&path, &json!({})).refused(409, "wrong_state");
    check(&scene.first.officer, &id, "accepted").refused(409, "wrong_state");
    scene.first.officer.post(&path, &json!({})).refused(403, "forbidden");
    assert!(!scene.unit.is_empty());
}

#[test]
fn no_more_is_given_than_can_be_looked_at_and_what_is_taken_back_makes_room() {
    let scene = TwoCounties::found();
    let (provider, db) = (&scene.provider, scene.world.db.as_ref().unwrap());
    let one = given(provider, &insurance(scene.world.today()));
    let like: Id<kind::Evidence> = one.parse().unwrap();
    let have = listed(&provider.user, provider).iter().filter(|piece| piece["kind"] != "soteri").count();
    db.write_blocking(move |c| {
        let like = evidence::find(c, like)?.unwrap();
        (have..1_000).try_for_each(|n| {
            let id = format!("00000000-0000-7000-8000-{n:012}").parse().unwrap();
            evidence::insert(c, &Evidence { id, ..like.clone() })
        })
    })
    .unwrap();
    let full = give(provider, &insurance(scene.world.today()));
    full.refused(409, "conflict").at("", "too_many");
    let soteri = json!({"kind": "soteri", "unit": scene.unit, "reference": "Soteri"});
    given(provider, &soteri);
    provider.user.post(&format!("/v1/evidence/{one}/withdraw"), &json!({})).ok();
    given(provider, &insurance(scene.world.today()));
}

/// A county with one approved provider whose insurance runs for so many days.
fn approved(days: i64) -> (World, County, VoucherType, Provider, String, Day) {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    // What the application brought runs for long; another policy that is shorter takes its place.
    let until = world.today().plus_days(days);
    let shorter = given(&provider, &insurance(until));
    check(&county.officer, &shorter, "accepted").created();
    for piece in listed(&provider.user, &provider) {
        if piece["requirement"] == "liability_insurance" && piece["id"] != shorter.as_str() {
            let id = piece["id"].as_str().unwrap();
            provider.user.post(&format!("/v1/evidence/{id}/withdraw"), &json!({})).ok();
        }
    }
    (world, county, home_care, provider, offering, until)
}

fn is_listed(world: &World, home_care: &VoucherType, offering: &str) -> bool {
    let list = world.api.anyone().get(&format!("/v1/choices?voucher_type={}", home_care.id)).ok();
    list["items"].as_array().unwrap().iter().any(|item| item["offering"] == offering)
}

#[test]
fn expiry_blocks_new_choices_from_that_day_and_nobody_does_anything() {
    let (world, mut county, home_care, mut provider, offering, until) = approved(20);
    assert!(is_listed(&world, &home_care, &offering));
    world.set_day(until);
    assert!(is_listed(&world, &home_care, &offering), "the last day is a day");
    world.set_day(until.plus_days(1));
    assert!(!is_listed(&world, &home_care, &offering), "only the clock has moved");
    county.renew_tokens();
    provider.renew_token();
    let resident = county.client();
    let voucher = county.issue(&resident, &home_care, "10");
    let voucher = voucher["id"].as_str().unwrap();
    resident.accept(voucher);
    resident.choose(voucher, &offering).refused(422, "not_choosable").at("/offering", "interrupted");
    // Shown again and accepted, it can be chosen again from that day on.
    let renewed = given(&provider, &insurance(until.plus_days(365)));
    assert!(!is_listed(&world, &home_care, &offering), "what nobody has looked at does not hold");
    check(&county.officer, &renewed, "accepted").created();
    assert!(is_listed(&world, &home_care, &offering));
    resident.choose(voucher, &offering).ok();
    world.audit_rows();
}

#[test]
fn a_rejection_blocks_new_choices_at_once_and_an_acceptance_opens_them_again() {
    let (world, county, home_care, provider, offering, _) = approved(200);
    let all = listed(&provider.user, &provider);
    let held = all.iter().find(|piece| piece["holds_for"] == json!([county.id]) && piece["valid_until"].is_string());
    let id = held.unwrap()["id"].as_str().unwrap();
    check(&county.officer, id, "rejected").created();
    assert!(!is_listed(&world, &home_care, &offering));
    check(&county.officer, id, "accepted").created();
    assert!(is_listed(&world, &home_care, &offering));
}

#[test]
fn reminders_come_30_and_7_days_ahead_once_each_from_whichever_process_is_first() {
    let (mut world, county, _, provider, _, until) = approved(40);
    world.start_another();
    let look = |world: &World| {
        std::thread::scope(|scope| {
            let looks: Vec<_> = world.apps.iter().map(|app| scope.spawn(move || run_once(app).unwrap())).collect();
            looks.into_iter().map(|look| look.join().unwrap().reminders).sum::<usize>()
        })
    };
    assert_eq!(look(&world), 0, "it is 40 days away");
    for (days, expected) in [(31, 0), (30, 1), (29, 0), (8, 0), (7, 1), (6, 0), (0, 0)] {
        world.set_day(until.plus_days(-days));
        assert_eq!(look(&world), expected, "{days} days ahead");
        assert_eq!(look(&world), 0, "it has been told");
    }
    let told = told(&world, "evidence.expiring");
    let left: Vec<_> = told.iter().map(|payload| payload["days_left"].as_i64().unwrap()).collect();
    assert_eq!(left, [30, 7]);
    for payload in &told {
        assert_eq!(payload["provider"], provider.id.as_str());
        assert_eq!(payload["organiser"], county.id.as_str());
        assert_eq!(payload["valid_until"], until.to_string());
        assert!(payload["evidence"].is_string());
    }
    world.audit_rows();
}

#[test]
fn what_has_been_renewed_is_not_reminded_of_and_what_came_late_is_told_once() {
    let (world, county, _, provider, _, until) = approved(40);
    let renewed = given(&provider, &insurance(until.plus_days(300)));
    check(&county.officer, &renewed, "accepted").created();
    world.set_day(until.plus_days(-20));
    assert_eq!(run_once(&world.apps[0]).unwrap().reminders, 0, "the later policy carries on");
    let late = given_today(&world, &provider, 3);
    let officer = world.user(valinta_domain::policy::Role::Officer, "officer-0", Some(&county.id), None);
    check(&officer, &late, "accepted").created();
    assert_eq!(run_once(&world.apps[0]).unwrap().reminders, 0, "nothing rests on the short one");
    let mut provider = provider;
    provider.renew_token();
    provider.user.post(&format!("/v1/evidence/{renewed}/withdraw"), &json!({})).ok();
    assert_eq!(run_once(&world.apps[0]).unwrap().reminders, 1, "now the old one carries it, for 20 days more");
    assert_eq!(told(&world, "evidence.expiring")[0]["days_left"], 20);
}

fn given_today(world: &World, provider: &Provider, days: i64) -> String {
    let mut provider = provider.clone();
    provider.renew_token();
    given(&provider, &insurance(world.today().plus_days(days)))
}

#[test]
fn a_rulebook_says_how_many_days_ahead_it_reminds() {
    let world = World::start();
    let county = County::found(&world);
    let mut terms = home_care_terms();
    terms["supervision"] = json!({"remind_days": [3]});
    let home_care = county.publish("home-care", "hour", &terms);
    let (provider, _) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    let pieces = listed(&provider.user, &provider);
    let insured = pieces.iter().find(|piece| piece["valid_until"].is_string()).unwrap();
    let until: Day = insured["valid_until"].as_str().unwrap().parse().unwrap();
    for (days, expected) in [(30, 0), (4, 0), (2, 1), (1, 0)] {
        world.set_day(until.plus_days(-days));
        assert_eq!(run_once(&world.apps[0]).unwrap().reminders, expected, "{days} days ahead");
    }
    assert_eq!(told(&world, "evidence.expiring")[0]["days_left"], 2);
}
