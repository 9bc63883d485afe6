//! Rulebooks: from a draft to what is in force, what may be changed when, what differs, and what an adoption does to
//! prices.

use serde_json::{Value, json};
use valinta_persistence::outbox;

use crate::support::{
    Answer, County, Provider, User, VoucherType, World, cleaning_terms, home_care_terms, localized, price,
};

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

fn at(rulebook: &str, verb: &str) -> String {
    format!("/v1/rulebooks/{rulebook}{verb}")
}

/// Replaces the terms of a draft, as one who has read the version of this tag.
fn replace(user: &User, rulebook: &str, tag: Option<&str>, terms: &Value) -> Answer {
    let headers: Vec<(&str, &str)> = tag.map(|tag| ("If-Match", tag)).into_iter().collect();
    user.send("PUT", &at(rulebook, "/terms"), &headers, Some(&json!({"terms": terms}).to_string()))
}

fn with_ceiling(amount: &str) -> Value {
    let mut terms = home_care_terms();
    terms["price_ceiling"]["amount"] = json!(amount);
    terms
}

fn states(list: &Value) -> Vec<(i64, String)> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| (item["number"].as_i64().unwrap(), item["state"].as_str().unwrap().to_owned())).collect()
}

#[test]
fn a_version_goes_from_draft_to_proposed_and_back_and_is_adopted_and_superseded() {
    let world = World::start();
    let mut county = County::found(&world);
    let home_care = county.home_care();
    let drafted = county.draft_rulebook(&home_care.id, &with_ceiling("47.00"));
    let state = |county: &County, rulebook: &str| county.officer.get(&at(rulebook, "")).ok()["state"].clone();
    assert_eq!(state(&county, &drafted), "draft");
    let tomorrow = world.today().plus_days(1);
    county.adopt_rulebook(&drafted, tomorrow).refused(409, "wrong_state").saying("propose");
    let give_back = |reasons: &str| county.officer.post(&at(&drafted, "/return"), &json!({"reasons": reasons}));
    give_back("Not yet").refused(409, "wrong_state");

    let proposed = county.officer.post(&at(&drafted, "/propose"), &json!({})).ok();
    assert_eq!((&proposed["state"], proposed["proposed_at"].is_string()), (&json!("proposed"), true));
    county.officer.post(&at(&drafted, "/propose"), &json!({})).refused(409, "wrong_state");
    give_back(" ").refused(422, "invalid_input").at("/reasons", "invalid");
    let rows = world.audit_rows();
    let returned = give_back("The ceiling is last year's").ok();
    assert_eq!((&returned["state"], &returned["proposed_at"]), (&json!("draft"), &Value::Null));
    assert_eq!(world.audit_rows(), rows + 1);
    let row = county.auditor.get("/v1/audit?action=return_rulebook").ok();
    assert_eq!(row["items"][0]["details"]["reasons"], "The ceiling is last year's");

    county.propose_rulebook(&drafted);
    let adopted = county.adopt_rulebook(&drafted, tomorrow).ok();
    assert_eq!((&adopted["state"], &adopted["prices_not_allowed"]), (&json!("adopted"), &json!(0)));
    give_back("Too late").refused(409, "wrong_state");
    county.officer.post(&at(&drafted, "/propose"), &json!({})).refused(409, "wrong_state");
    assert_eq!(state(&county, &home_care.rulebook), "adopted");
    world.set_day(tomorrow);
    county.renew_tokens();
    assert_eq!(state(&county, &home_care.rulebook), "superseded");
    assert_eq!(state(&county, &drafted), "adopted");
}

#[test]
fn the_terms_of_a_draft_are_replaced_by_one_who_has_read_them_and_those_of_no_other() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (officer, terms) = (&county.officer, with_ceiling("46.00"));
    let drafted = county.draft_rulebook(&home_care.id, &home_care_terms());
    let tag = officer.get(&at(&drafted, "")).header("etag").unwrap().to_owned();
    replace(officer, &drafted, None, &terms).refused(428, "precondition_required");
    let replaced = replace(officer, &drafted, Some(&tag), &terms);
    let next = replaced.header("etag").unwrap().to_owned();
    assert_eq!((replaced.ok()["state"].as_str().unwrap(), next != tag), ("draft", true));
    replace(officer, &drafted, Some(&tag), &home_care_terms()).refused(412, "precondition_failed");
    let faulty = replace(officer, &drafted, Some(&next), &with_ceiling("0.00"));
    faulty.refused(422, "invalid_input").at("/terms/price_ceiling/amount", "out_of_range");
    let kept = officer.get(&at(&drafted, ""));
    assert_eq!(
        (kept.header("etag").unwrap(), &kept.body["terms"]["price_ceiling"]["amount"]),
        (&*next, &json!("46.00"))
    );

    // What is proposed is what is adopted, and what is adopted stands.
    county.propose_rulebook(&drafted);
    replace(officer, &drafted, Some(&next), &terms).refused(412, "precondition_failed");
    replace(officer, &drafted, Some("*"), &terms).refused(409, "wrong_state").saying("proposed");
    replace(officer, &home_care.rulebook, Some("*"), &terms).refused(409, "wrong_state").saying("adopted");
    county.adopt_rulebook(&drafted, world.today().plus_days(1)).ok();
    replace(officer, &drafted, Some("*"), &terms).refused(409, "wrong_state");
    county.adopt_rulebook(&drafted, world.today().plus_days(2)).refused(409, "wrong_state");
    let mut as_written = officer.get(&at(&drafted, "")).ok()["terms"].clone();
    as_written["price_ceiling"] = json!({"amount": as_written["price_ceiling"]["amount"]});
    assert_eq!(as_written["price_ceiling"], terms["price_ceiling"]);
}

#[test]
fn a_version_is_made_from_another_one_by_the_members_that_change() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let draft = |body: &Value| county.officer.post("/v1/rulebooks", body);
    let base = &home_care.rulebook;
    let made = draft(&json!({"based_on": base, "changes": {"price_ceiling": {"amount": "45.00"}}})).created();
    assert_eq!((&made["based_on"], &made["number"]), (&json!(base), &json!(2)));
    assert_eq!(made["voucher_type"], home_care.id);
    let (old, new) = (county.officer.get(&at(base, "")).ok(), county.officer.get(&at(id(&made), "")).ok());
    assert_eq!(new["terms"]["price_ceiling"]["amount"], "45.00");
    assert_eq!((&new["terms"]["value"], &new["terms"]["texts"]), (&old["terms"]["value"], &old["terms"]["texts"]));
    let without = draft(&json!({"based_on": id(&made), "changes": {"price_ceiling": null}})).created();
    assert_eq!(county.officer.get(&at(id(&without), "")).ok()["terms"]["price_ceiling"], Value::Null);

    for (changes, pointer, code) in [
        (json!({}), "/changes", "missing"),
        (json!({"prices": {}}), "/changes/prices", "unknown_field"),
        (json!({"value": null}), "/changes/value", "invalid_type"),
        (
            json!({"value": {"flat": {"value": "1.00"}}, "recording": {"days_after_month": 0}}),
            "/changes/recording/days_after_month",
            "out_of_range",
        ),
    ] {
        let refused = draft(&json!({"based_on": base, "changes": changes})).refused(422, "invalid_input");
        refused.at(pointer, code);
    }
    let changes = json!({"sources": ["Elsewhere"]});
    for both_ways in [
        json!({"voucher_type": home_care.id, "based_on": base, "changes": changes}),
        json!({"voucher_type": home_care.id, "changes": changes}),
        json!({"voucher_type": home_care.id, "terms": home_care_terms(), "based_on": base}),
        json!({"voucher_type": home_care.id}),
        json!({"based_on": base}),
        json!({}),
    ] {
        draft(&both_ways).refused(422, "invalid_input").at("", "one_way");
    }
    draft(&json!({"based_on": world.unknown_id(), "changes": changes}))
        .refused(404, "not_found")
        .at("/based_on", "unknown");
}

#[test]
fn what_was_in_force_is_read_as_of_its_day_and_the_history_shows_what_was_adopted_alone() {
    let world = World::start();
    let mut county = County::found(&world);
    let home_care = county.home_care();
    let (first, from) = (home_care.rulebook.clone(), world.today());
    let (second, _) = county.adopt(&home_care.id, &with_ceiling("47.00"), from.plus_days(10));
    let (third, _) = county.adopt(&home_care.id, &with_ceiling("46.00"), from.plus_days(20));
    county.propose_rulebook(&county.draft_rulebook(&home_care.id, &with_ceiling("45.00")));
    county.draft_rulebook(&home_care.id, &with_ceiling("44.00"));
    let anyone = world.api.anyone();
    let as_of = |days: i64| {
        let path = format!("/v1/voucher-types/{}/rulebook?as_of={}", home_care.id, from.plus_days(days));
        anyone.get(&path)
    };
    as_of(-1).refused(404, "not_found");
    for (days, expected, ceiling) in [
        (0, &first, "48.00"),
        (9, &first, "48.00"),
        (10, &second, "47.00"),
        (19, &second, "47.00"),
        (20, &third, "46.00"),
        (1_000, &third, "46.00"),
    ] {
        let shown = as_of(days).ok();
        assert_eq!((id(&shown), &shown["terms"]["price_ceiling"]["amount"]), (expected.as_str(), &json!(ceiling)));
    }
    let history = format!("/v1/voucher-types/{}/rulebooks", home_care.id);
    let shown = anyone.get(&history).ok();
    assert_eq!(states(&shown), [(3, "adopted".into()), (2, "adopted".into()), (1, "adopted".into())]);
    let days: Vec<(&Value, &Value)> = shown["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (&item["in_force_from"], &item["in_force_until"]))
        .collect();
    let day = |n: i64| json!(from.plus_days(n).to_string());
    assert_eq!(days, [(&day(20), &Value::Null), (&day(10), &day(19)), (&day(0), &day(9))]);
    // Page by page it is the same.
    let page = anyone.get(&format!("{history}?limit=2")).ok();
    let rest = anyone.get(&format!("{history}?limit=2&cursor={}", page["next"].as_str().unwrap())).ok();
    assert_eq!((states(&page).len(), states(&rest), &rest["next"]), (2, vec![(1, "adopted".into())], &Value::Null));
    anyone.get(&format!("/v1/voucher-types/{}/rulebooks", world.unknown_id())).refused(404, "not_found");

    world.set_day(from.plus_days(10));
    county.renew_tokens();
    let states_now = states(&anyone.get(&history).ok());
    assert_eq!(states_now, [(3, "adopted".into()), (2, "adopted".into()), (1, "superseded".into())]);
    let listed = |query: &str| states(&county.officer.get(&format!("/v1/rulebooks?{query}")).ok());
    let all = ["superseded", "adopted", "adopted", "proposed", "draft"];
    let numbered: Vec<(i64, String)> = (1..).zip(all.map(str::to_owned)).collect();
    assert_eq!(listed(&format!("voucher_type={}", home_care.id)), numbered);
    for (state, numbers) in
        [("superseded", vec![1]), ("adopted", vec![2, 3]), ("proposed", vec![4]), ("draft", vec![5])]
    {
        let found: Vec<i64> = listed(&format!("state={state}")).into_iter().map(|(number, _)| number).collect();
        assert_eq!(found, numbers, "{state}");
    }
    assert_eq!(listed(&format!("voucher_type={}", world.unknown_id())), []);
}

#[test]
fn the_difference_between_two_versions_is_told_place_by_place() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let mut terms = with_ceiling("45.00");
    terms["recording"]["days_after_month"] = json!(30);
    terms["requirements"].as_array_mut().unwrap().remove(0);
    terms["issued_vouchers"] = json!("move");
    let drafted = county.draft_rulebook(&home_care.id, &terms);
    let told = |rulebook: &str, query: &str| county.officer.get(&at(rulebook, &format!("/difference{query}")));
    let difference = told(&drafted, "").ok();
    assert_eq!((difference["from"].as_str(), difference["to"].as_str()), (Some(&*home_care.rulebook), Some(&*drafted)));
    assert_eq!(difference["more"], false);
    let changes: Vec<String> = difference["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| [&c["part"], &c["change"], &c["pointer"], &c["before"], &c["after"]].map(short).join(" "))
        .collect();
    assert_eq!(
        changes,
        [
            "general removed /requirements/0 {} -",
            "general changed /recording/days_after_month 60 30",
            "service changed /issued_vouchers keep move",
            "prices changed /price_ceiling/amount 48.00 45.00",
        ]
    );
    let back = told(&home_care.rulebook, &format!("?from={drafted}")).ok();
    assert_eq!(back["changes"].as_array().unwrap().len(), changes.len());
    // By default from the version that it is based on, else from the one adopted before.
    let based = json!({"based_on": drafted, "changes": {"sources": ["Elsewhere"]}});
    let based = county.officer.post("/v1/rulebooks", &based).created();
    let of_based = told(id(&based), "").ok();
    assert_eq!((&of_based["from"], &of_based["changes"][0]["pointer"]), (&json!(drafted), &json!("/sources/0")));
    county.propose_rulebook(&drafted);
    county.adopt_rulebook(&drafted, world.today().plus_days(5)).ok();
    assert_eq!(told(&drafted, "").ok()["from"], home_care.rulebook);
    told(&home_care.rulebook, "").refused(404, "not_found").at("/query/from", "unknown");
    told(&home_care.rulebook, &format!("?from={}", world.unknown_id())).refused(404, "not_found");
}

fn short(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Object(_) => "{}".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => value.to_string(),
    }
}

#[test]
fn another_general_part_is_drafted_for_every_voucher_type_or_for_none() {
    let world = World::start();
    let county = County::found(&world);
    let draft = |members: &Value| county.officer.post("/v1/rulebooks/general", &json!({"members": members}));
    let members = json!({"recording": {"days_after_month": 30}, "sources": ["The council's decision"]});
    draft(&members).refused(409, "wrong_state");
    let home_care = county.home_care();
    let cleaning = county.publish("cleaning", "hour", &cleaning_terms());
    let unruled = json!({
        "code": "new", "name": localized("New"), "description": localized("Without rules"), "unit": "visit",
    });
    county.officer.post("/v1/voucher-types", &unruled).created();

    draft(&json!({})).refused(422, "invalid_input").at("/members", "missing");
    let of_prices = draft(&json!({"price_ceiling": {"amount": "40.00"}}));
    of_prices.refused(422, "invalid_input").at("/members/price_ceiling", "unknown_field");
    let faulty = draft(&json!({"recording": {"days_after_month": 0}})).refused(422, "invalid_input");
    assert_eq!(faulty.errors(), [("/members/recording/days_after_month".to_owned(), "out_of_range".to_owned())]);
    assert_eq!(county.officer.get("/v1/rulebooks?state=draft").ok()["items"], json!([]));

    let rows = world.audit_rows();
    let drafted = draft(&members).created();
    assert_eq!(world.audit_rows(), rows + 2);
    let of: Vec<(&Value, &Value)> =
        drafted["items"].as_array().unwrap().iter().map(|item| (&item["voucher_type"], &item["based_on"])).collect();
    let (a, b) = ((json!(home_care.id), json!(home_care.rulebook)), (json!(cleaning.id), json!(cleaning.rulebook)));
    assert_eq!(of, [(&a.0, &a.1), (&b.0, &b.1)]);
    for item in drafted["items"].as_array().unwrap() {
        let difference = county.officer.get(&at(id(item), "/difference")).ok();
        let places: Vec<&Value> = difference["changes"].as_array().unwrap().iter().map(|c| &c["pointer"]).collect();
        assert_eq!(places, [&json!("/recording/days_after_month"), &json!("/sources/0")]);
    }
    assert_eq!(states(&county.officer.get("/v1/rulebooks?state=draft").ok()).len(), 2);
}

#[test]
fn what_is_not_adopted_is_seen_by_the_officers_of_its_county_alone() {
    let world = World::start();
    let county = County::found(&world);
    let other = County::found_as(&world, 1, &[("743", "Seinäjoki", "Seinäjoki")]);
    let (home_care, others) = (county.home_care(), other.home_care());
    let drafted = county.draft_rulebook(&home_care.id, &with_ceiling("47.00"));
    let proposed = county.draft_rulebook(&home_care.id, &with_ceiling("46.00"));
    county.propose_rulebook(&proposed);
    let reasons = json!({"reasons": "Mine"});
    for rulebook in [&drafted, &proposed] {
        for path in [at(rulebook, ""), at(rulebook, "/difference")] {
            other.officer.get(&path).refused(404, "not_found");
            county.case_worker.get(&path).refused(403, "forbidden");
            world.api.anyone().get(&path).refused(401, "unauthenticated");
        }
        let from = format!("/difference?from={rulebook}");
        other.officer.get(&at(&others.rulebook, &from)).refused(404, "not_found").at("/query/from", "unknown");
        other.officer.post(&at(rulebook, "/propose"), &json!({})).refused(404, "not_found");
        other.officer.post(&at(rulebook, "/return"), &reasons).refused(404, "not_found");
        other.adopt_rulebook(rulebook, world.today().plus_days(1)).refused(404, "not_found");
        replace(&other.officer, rulebook, Some("*"), &home_care_terms()).refused(404, "not_found");
        let based = json!({"based_on": rulebook, "changes": {"sources": ["Theirs"]}});
        other.officer.post("/v1/rulebooks", &based).refused(404, "not_found").at("/based_on", "unknown");
    }
    let listed = other.officer.get("/v1/rulebooks").ok();
    assert_eq!(listed["items"].as_array().unwrap().iter().map(id).collect::<Vec<_>>(), [others.rulebook.as_str()]);
    let history = world.api.anyone().get(&format!("/v1/voucher-types/{}/rulebooks", home_care.id)).ok();
    assert_eq!(states(&history), [(1, "adopted".into())]);
    // How an adopted version came about is not told to everyone.
    county.adopt_rulebook(&proposed, world.today().plus_days(1)).ok();
    let history = world.api.anyone().get(&format!("/v1/voucher-types/{}/rulebooks", home_care.id)).ok();
    assert_eq!((id(&history["items"][0]), &history["items"][0]["proposed_at"]), (proposed.as_str(), &Value::Null));
}

/// Two companies, one above the ceiling that is to come, and a voucher chosen with that one.
struct Scene {
    world: World,
    county: County,
    home_care: VoucherType,
    dear: (Provider, String),
    cheap: (Provider, String),
}

impl Scene {
    fn set() -> Self {
        let world = World::start();
        let county = County::found(&world);
        let home_care = county.home_care();
        let dear = Provider::approved(&county, 1, "company", &home_care, &price("46.00"));
        let cheap = Provider::approved(&county, 2, "ngo", &home_care, &price("34.00"));
        Self { world, county, home_care, dear, cheap }
    }

    fn offering(&self, of: &(Provider, String)) -> Value {
        self.world.api.anyone().get(&format!("/v1/offerings/{}", of.1)).ok()
    }

    /// The messages of this kind, by offering.
    fn told(&self) -> Vec<(String, Value)> {
        let messages = self.world.db.as_ref().unwrap().read_blocking(|c| outbox::written(c, 1_000)).unwrap();
        let told = messages.into_iter().filter(|message| message.kind.code() == "offering.price_not_allowed");
        told.map(|message| (message.subject.to_string(), message.payload)).collect()
    }
}

#[test]
fn a_lowered_ceiling_tells_providers_marks_their_prices_and_stops_new_choices_from_its_day() {
    let mut scene = Scene::set();
    let (today, from) = (scene.world.today(), scene.world.today().plus_days(3));
    let resident = scene.county.client();
    let before = id(&scene.county.chosen_voucher(&resident, &scene.home_care, "20", &scene.dear.1)).to_owned();
    scene.dear.0.record(&before, "1").created();
    // A price that is to come is looked at too.
    let later = json!({"price": price("45.50"), "from": today.plus_days(30).to_string()});
    scene.cheap.0.user.post(&format!("/v1/offerings/{}/prices", scene.cheap.1), &later).created();

    let lowered = scene.county.draft_rulebook(&scene.home_care.id, &with_ceiling("45.00"));
    scene.county.propose_rulebook(&lowered);
    let adopted = scene.county.adopt_rulebook(&lowered, from).ok();
    assert_eq!(adopted["prices_not_allowed"], 2);
    let decision = scene.county.officer.get(&format!("/v1/decisions/{}", adopted["decision"].as_str().unwrap())).ok();
    assert_eq!(decision["inputs"]["prices_not_allowed"], 2);
    let message = |of: &(Provider, String), from: String| {
        let payload = json!({
            "offering": of.1, "provider": of.0.id, "rulebook": lowered, "from": from, "code": "price_over_ceiling",
        });
        (of.1.clone(), payload)
    };
    let mut expected = [message(&scene.dear, from.to_string()), message(&scene.cheap, today.plus_days(30).to_string())];
    let mut told = scene.told();
    told.sort_by(|a, b| a.0.cmp(&b.0));
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(told, expected);

    let marked = scene.offering(&scene.dear)["prices"][0]["not_allowed"].clone();
    assert_eq!((&marked["from"], &marked["code"]), (&json!(from.to_string()), &json!("price_over_ceiling")));
    assert!(marked["detail"].as_str().unwrap().contains("45.00"), "{marked}");
    let prices = scene.offering(&scene.cheap)["prices"].clone();
    assert_eq!((&prices[0]["not_allowed"], &prices[1]["not_allowed"]["from"]), (&Value::Null, &prices[1]["from"]));

    // Until that day it is chosen as before.
    let early = scene.county.client();
    let chosen = scene.county.chosen_voucher(&early, &scene.home_care, "10", &scene.dear.1);
    let total = |scene: &Scene| {
        let path = format!("/v1/choices?voucher_type={}", scene.home_care.id);
        scene.world.api.anyone().get(&path).ok()["total"].clone()
    };
    assert_eq!(total(&scene), 2);
    let yet_to_choose = scene.county.client();
    let voucher = id(&scene.county.issue(&yet_to_choose, &scene.home_care, "10")).to_owned();
    yet_to_choose.accept(&voucher);

    scene.world.set_day(from);
    scene.county.renew_tokens();
    scene.dear.0.renew_token();
    assert_eq!(total(&scene), 1);
    let resident = scene.world.user(valinta_domain::policy::Role::Resident, "late", None, Some(&yet_to_choose.person));
    let path = format!("/v1/vouchers/{voucher}/choice");
    resident
        .put(&path, &json!({"offering": scene.dear.1}))
        .refused(422, "not_choosable")
        .at("/offering", "price_not_allowed")
        .saying("45.00");
    // What was delivered before is recorded as it was agreed; what is delivered from that day on keeps to the ceiling.
    let record = |voucher: &str, day: String| {
        scene.dear.0.user.post("/v1/service-events", &json!({"voucher": voucher, "day": day, "quantity": "1"}))
    };
    for voucher in [before.as_str(), id(&chosen)] {
        record(voucher, from.plus_days(-1).to_string()).created();
        record(voucher, from.to_string()).refused(422, "price_over_ceiling").saying("45.00");
    }
    // The mark goes when the price does.
    let lower = json!({"price": price("45.00"), "from": from.to_string()});
    scene.dear.0.user.post(&format!("/v1/offerings/{}/prices", scene.dear.1), &lower).created();
    assert_eq!(scene.offering(&scene.dear)["prices"][0]["not_allowed"], Value::Null);
    assert_eq!(total(&scene), 2);
    scene.world.ledger_balances();
}

#[test]
fn an_adoption_that_every_price_fits_tells_nobody() {
    let scene = Scene::set();
    let from = scene.world.today().plus_days(1);
    let raised = scene.county.draft_rulebook(&scene.home_care.id, &with_ceiling("50.00"));
    scene.county.propose_rulebook(&raised);
    assert_eq!(scene.county.adopt_rulebook(&raised, from).ok()["prices_not_allowed"], 0);
    assert_eq!((scene.told(), scene.offering(&scene.dear)["prices"][0].get("not_allowed")), (vec![], None));
}
