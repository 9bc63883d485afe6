//! What a rulebook asks of changes of prices, and what an offering says besides its price.

use serde_json::{Value, json};

use crate::support::{Answer, County, Provider, World, home_care_terms, localized, price, public_price, terms_with};

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

/// Every failure of a refusal, as pointer and code.
fn failures(refused: &Answer) -> Vec<String> {
    let failures = refused.body["errors"].as_array().unwrap().iter();
    failures.map(|one| format!("{} {}", one["pointer"].as_str().unwrap(), one["code"].as_str().unwrap())).collect()
}

/// Home care whose prices are raised once a year, on the first of January or July, a month ahead, and with a reason.
fn strict_home_care() -> Value {
    let mut terms = home_care_terms();
    terms["price_changes"] =
        json!({"raises_per_year": 1, "days": ["01-01", "07-01"], "notice_days": 30, "reason_needed": true});
    terms
}

fn set_price(provider: &Provider, offering: &str, amount: &str, from: &str, reason: Option<&str>) -> Answer {
    let mut body = json!({"price": price(amount), "from": from});
    if let Some(reason) = reason {
        body["reason"] = json!(reason);
    }
    provider.user.post(&format!("/v1/offerings/{offering}/prices"), &body)
}

fn replace(provider: &Provider, offering: &str, tag: &str, body: &Value) -> Answer {
    let path = format!("/v1/offerings/{offering}");
    provider.user.send("PUT", &path, &[("If-Match", tag)], Some(&body.to_string()))
}

#[test]
fn a_raise_keeps_to_the_rulebook_and_a_lowering_need_not() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.publish("home-care", "hour", &strict_home_care());
    let (mut provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("40.00"));
    let set = |amount: &str, from: &str, reason| set_price(&provider, &offering, amount, from, reason);
    let option = || {
        let listed = world.api.anyone().get(&format!("/v1/choices?voucher_type={}", home_care.id)).ok();
        listed["items"][0].clone()
    };

    let early = set("42.00", "2026-12-01", None);
    assert_eq!(failures(&early), ["/from notice_too_short", "/from not_a_day_of_raises", "/reason reason_needed"]);
    early.refused(422, "rule_error").saying("2026-12-11");
    let over = set("48.01", "2027-01-01", Some(" "));
    assert_eq!(failures(&over), ["/price/price price_over_ceiling", "/reason reason_needed"]);
    over.refused(422, "price_over_ceiling").saying("48.00");
    assert_eq!(option().get("next_price"), None);

    let set_42 = set("42.00", "2027-01-01", Some("Wages rise")).created();
    assert_eq!(set_42["prices"][1]["from"], "2027-01-01");
    assert_eq!((&set_42["prices"][0].get("reason"), &set_42["prices"][1]["reason"]), (&None, &json!("Wages rise")));
    let both = option();
    assert_eq!((&both["price"]["price"]["amount"], &both["price_until"]), (&json!("40.00"), &json!("2026-12-31")));
    let next = &both["next_price"];
    assert_eq!((&next["price"]["price"]["amount"], &next["from"]), (&json!("42.00"), &json!("2027-01-01")));

    let second = set("43.00", "2027-07-01", Some("Wages rise again"));
    assert_eq!(failures(&second), ["/from too_many_raises"]);
    // Smaller than announced is no news; earlier or larger is.
    set("41.50", "2027-01-01", Some("Wages rise less")).created();
    world.set_day("2026-12-20".parse().unwrap());
    provider.renew_token();
    let set = |amount: &str, from: &str, reason| set_price(&provider, &offering, amount, from, reason);
    assert_eq!(failures(&set("41.51", "2027-01-01", Some("More"))), ["/from notice_too_short"]);
    set("41.00", "2027-01-01", Some("Less still")).created();

    // A lowering takes the announced raise with it.
    set("39.00", "2026-12-20", None).created();
    let lowered = option();
    assert_eq!((&lowered["price"]["price"]["amount"], lowered.get("next_price")), (&json!("39.00"), None));
    assert_eq!(failures(&set("41.00", "2027-01-01", Some("Anew"))), ["/from notice_too_short"]);
    set("41.00", "2027-07-01", Some("Anew")).created();
}

#[test]
fn the_history_of_an_offering_is_for_its_provider_and_for_the_countys_supervision() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.publish("home-care", "hour", &strict_home_care());
    let (provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("40.00"));
    set_price(&provider, &offering, "42.00", "2027-01-01", Some("Wages rise")).created();
    set_price(&provider, &offering, "38.00", "2026-12-01", None).created();
    let path = format!("/v1/offerings/{offering}/history");
    for reader in [&provider.user, &county.officer, &county.auditor] {
        let history = reader.get(&path).ok();
        let shown: Vec<_> = history["prices"]
            .as_array()
            .unwrap()
            .iter()
            .map(|set| {
                let amount = set["price"]["price"]["amount"].as_str().unwrap();
                (amount, set["from"].as_str().unwrap(), set.get("until").and_then(Value::as_str), &set["never_held"])
            })
            .collect();
        let all = [
            ("38.00", "2026-12-01", None, &json!(false)),
            ("42.00", "2027-01-01", None, &json!(true)),
            ("40.00", "2026-11-11", Some("2026-11-30"), &json!(false)),
        ];
        assert_eq!(shown, all);
        assert_eq!(
            (&history["prices"][1]["reason"], &history["prices"][1]["set_by"]),
            (&json!("Wages rise"), &json!(provider.subject))
        );
        assert_eq!(history["prices"][1]["rulebook"], home_care.rulebook);
        assert_eq!(history["versions"][0]["details"], json!({"accepts_new_clients": true}));
    }
    let stranger = Provider::register(&world, 2, "Stranger", "company");
    let elsewhere = County::found_as(&world, 1, &[("837", "Tampere", "Tammerfors")]);
    for reader in [&stranger.user, &elsewhere.officer] {
        reader.get(&path).refused(404, "not_found");
    }
    county.case_worker.get(&path).refused(403, "forbidden");
    world.api.anyone().get(&path).refused(401, "unauthenticated");
}

#[test]
fn an_offering_says_whom_it_takes_and_keeps_its_versions() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("40.00"));
    let path = format!("/v1/offerings/{offering}");
    let shown = world.api.anyone().get(&path);
    let tag = shown.header("etag").unwrap().to_owned();
    assert_eq!(shown.ok()["languages"], json!(["fi", "sv"]));
    let details = json!({
        "accepts_new_clients": true, "earliest_start": "2026-12-01", "queue": 12, "languages": ["sv"], "modes": ["at_home"],
    });
    provider.user.send("PUT", &path, &[], Some(&details.to_string())).refused(428, "precondition_required");
    let wrong = json!({
        "accepts_new_clients": true, "earliest_start": "2026-11-10", "languages": ["fi", "en", "fi"], "modes": ["remote"],
    });
    let refused = replace(&provider, &offering, &tag, &wrong);
    let all =
        ["/earliest_start in_the_past", "/languages/1 not_of_unit", "/languages/2 duplicate", "/modes/0 not_of_unit"];
    assert_eq!(failures(&refused), all);
    refused.refused(422, "invalid_input");
    let empty = json!({"accepts_new_clients": true, "languages": []});
    assert_eq!(failures(&replace(&provider, &offering, &tag, &empty)), ["/languages empty"]);

    let replaced = replace(&provider, &offering, &tag, &details);
    let next = replaced.header("etag").unwrap().to_owned();
    let replaced = replaced.ok();
    assert_eq!((&replaced["queue"], &replaced["languages"]), (&json!(12), &json!(["sv"])));
    replace(&provider, &offering, &tag, &details).refused(412, "precondition_failed");
    assert_eq!(world.api.anyone().get(&path).header("etag"), Some(next.as_str()));
    let stranger = Provider::register(&world, 2, "Stranger", "company");
    replace(&stranger, &offering, &next, &details).refused(404, "not_found");

    let listed = |more: &str| {
        world.api.anyone().get(&format!("/v1/choices?voucher_type={}{more}", home_care.id)).ok()["items"].clone()
    };
    assert_eq!(listed("&language=fi"), json!([]));
    let option = &listed("&language=sv")[0];
    assert_eq!((&option["queue"], &option["earliest_start"]), (&json!(12), &json!("2026-12-01")));
    let full = json!({"accepts_new_clients": false, "queue": 40});
    replace(&provider, &offering, &next, &full).ok();
    assert_eq!(listed(""), json!([]));
    let versions = provider.user.get(&format!("{path}/history")).ok()["versions"].clone();
    let said: Vec<&Value> = versions.as_array().unwrap().iter().map(|version| &version["details"]).collect();
    assert_eq!(said, [&full, &details, &json!({"accepts_new_clients": true})]);
}

#[test]
fn an_item_that_is_not_offered_is_neither_held_against_a_ceiling_nor_recorded() {
    let world = World::start();
    let county = County::found(&world);
    let item = |code: &str| json!({"code": code, "text": localized(code)});
    let terms = terms_with(&json!({
        "items": [item("evening"), item("sunday")],
        "price_ceiling": {"amount": "45.00", "items": [{"item": "sunday", "amount": "41.00"}]},
    }));
    let care = county.publish("care", "hour", &terms);
    let provider = Provider::register(&world, 1, "Kaisla", "company");
    let unit = provider.unit();
    county.decide(&provider.apply(&unit, &care), "approved");
    let priced = |only_items: bool| json!({"charging": "voucher", "price": "42.00", "items": {"evening": "44.00"}, "only_items": only_items});
    provider
        .offer(&unit, &care, &priced(false))
        .refused(422, "price_over_ceiling")
        .at("/price/price", "price_over_ceiling");
    let offering = provider.offer(&unit, &care, &priced(true)).created();
    assert_eq!(offering["prices"][0]["price"]["only_items"], true);

    let resident = county.client();
    let voucher = county.chosen_voucher(&resident, &care, "20", id(&offering));
    let record = |item: Option<&str>| {
        let mut delivery = provider.delivery(id(&voucher), "1");
        if let Some(item) = item {
            delivery["facts"] = json!({"item": item});
        }
        provider.user.post("/v1/service-events", &delivery)
    };
    record(Some("sunday")).refused(422, "rule_error").at("/facts/item", "item_not_offered");
    record(Some("evening")).created();
    record(None).created();
    world.ledger_balances();
}

#[test]
fn a_price_is_held_against_the_rulebook_of_its_first_day() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("40.00"));
    let mut later = strict_home_care();
    later["price_ceiling"]["amount"] = json!("41.00");
    county.adopt(&home_care.id, &later, "2027-01-01".parse().unwrap());
    let set = |amount: &str, from: &str| set_price(&provider, &offering, amount, from, None);
    assert_eq!(failures(&set("41.01", "2027-01-01")), ["/price/price price_over_ceiling", "/reason reason_needed"]);
    // Until then nothing is asked of a raise.
    let raised = set("41.01", "2026-12-31").created();
    assert_eq!(raised["prices"][1]["not_allowed"]["from"], "2027-01-01");
    assert_eq!(raised["prices"][1]["not_allowed"]["code"], "price_over_ceiling");
    set("41.00", "2027-01-01").created();
}

#[test]
fn a_public_unit_raises_its_client_fee_by_the_same_rules() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.publish("home-care", "hour", &strict_home_care());
    let (provider, offering) = Provider::approved(&county, 1, "public", &home_care, &public_price("12.40", "44.00"));
    let set = |fee: &str, cost: &str| {
        let body = json!({"price": public_price(fee, cost), "from": "2026-12-01"});
        provider.user.post(&format!("/v1/offerings/{offering}/prices"), &body)
    };
    let all = ["/from notice_too_short", "/from not_a_day_of_raises", "/reason reason_needed"];
    assert_eq!(failures(&set("12.41", "44.00")), all);
    // What it costs the public purse is no price that anyone is asked.
    set("12.40", "60.00").created();
}

#[test]
fn a_unit_whose_approval_has_ended_says_nothing_more() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (mut provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("40.00"));
    let approval = county.officer.get("/v1/approvals").ok()["items"][0]["id"].as_str().unwrap().to_owned();
    let end = json!({"from": "2026-11-21"});
    assert!(provider.user.post(&format!("/v1/approvals/{approval}/end"), &end).status < 300);
    let full = json!({"accepts_new_clients": false});
    replace(&provider, &offering, "*", &full).ok();
    world.set_day("2026-11-21".parse().unwrap());
    provider.renew_token();
    replace(&provider, &offering, "*", &full).refused(409, "wrong_state");
    set_price(&provider, &offering, "39.00", "2026-11-21", None).refused(409, "wrong_state");
}
