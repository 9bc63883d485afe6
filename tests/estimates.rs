//! What anyone is told without a token: what a service would cost, and whether criteria are met. Nothing is kept.

use serde_json::{Value, json};

use crate::support::{
    Answer, County, Provider, VoucherType, World, assistance_terms, cleaning_terms, home_care_terms, localized, price,
    public_price,
};

fn post(world: &World, path: &str, body: &Value) -> Answer {
    world.api.anyone().send("POST", path, &[], Some(&body.to_string()))
}

fn estimate(world: &World, of: &VoucherType, more: &Value) -> Answer {
    let mut body = json!({"voucher_type": of.id});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    post(world, "/v1/estimates", &body)
}

fn eligibility(world: &World, of: &VoucherType, body: &Value) -> Answer {
    post(world, &format!("/v1/voucher-types/{}/eligibility", of.id), body)
}

fn amount(money: &Value) -> &str {
    money["amount"].as_str().unwrap_or_else(|| panic!("{money}"))
}

/// Home care for those of 65 and more, whose public fee is a hundredth of the income.
fn terms_for_the_old() -> Value {
    let mut terms = home_care_terms();
    terms["facts"] = json!([{"name": "age", "kind": "whole", "text": localized("age"), "maximum": "120"}]);
    terms["eligibility"] = json!({"client": [{
        "code": "over_65",
        "met_if": {"at_least": {"fact": "age", "number": "65"}},
        "text": localized("The client has turned 65"),
        "source": "980/2012 § 3",
    }]});
    terms["public_service"]["client_fee_rule"] = json!({"product": {"of": [
        {"fact": {"name": "gross_income_per_month", "missing": {"flat": {"value": "1240.00"}}}},
        {"number": {"is": "0.01"}},
    ]}});
    terms
}

#[test]
fn anyone_learns_what_home_care_would_cost_at_each_provider() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.publish("home-care", "hour", &terms_for_the_old());
    let (_, company) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    let (_, public) = Provider::approved(&county, 2, "public", &home_care, &public_price("12.40", "58.00"));
    let before = world.audit_rows();
    let facts = json!({"gross_income_per_month": "1650.00", "household_size": 1, "age": 80});
    let told = estimate(&world, &home_care, &json!({"facts": facts, "quantity": "20"})).ok();
    // 34.00 − (1650.00 − 699.00) × 35 / 100 / 60 = 28.4525.
    assert_eq!((told["outcome"].as_str().unwrap(), amount(&told["value"])), ("value", "28.45"));
    assert_eq!(told["rulebook"], json!({"id": home_care.rulebook, "number": 1}));
    assert_eq!((told["unit"].as_str().unwrap(), told["total"].as_u64()), ("hour", Some(2)));
    assert_eq!(told["eligibility"]["standing"], "met");
    assert!(told["steps"].as_array().unwrap().iter().any(|step| step["figure"] == "28.45"), "{told}");
    assert_eq!(amount(&told["public_client_fee"]), "16.50");
    assert!(!told["public_client_fee_steps"].as_array().unwrap().is_empty());
    assert!(told.get("free_of_charge_by_law").is_none(), "{told}");
    let of = |offering: &str| {
        told["items"].as_array().unwrap().iter().find(|item| item["offering"] == offering).cloned().unwrap()
    };
    let (company, public) = (of(&company), of(&public));
    assert_eq!(amount(&company["per_unit"]["organiser_pays"]), "28.45");
    assert_eq!(amount(&company["per_unit"]["co_payment"]), "7.55");
    assert_eq!(amount(&company["for_quantity"]["total"]), "720.00");
    assert_eq!(amount(&company["for_quantity"]["co_payment"]), "151.00");
    assert_eq!(amount(&public["for_quantity"]["client_fee"]), "248.00");
    assert_eq!(amount(&public["for_quantity"]["co_payment"]), "0.00");
    assert_eq!(world.audit_rows(), before, "an estimate leaves nothing");
}

#[test]
fn what_is_not_told_is_treated_as_the_rulebook_says() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.publish("home-care", "hour", &terms_for_the_old());
    Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    let told = estimate(&world, &home_care, &json!({})).ok();
    // Income not given: the minimum, and a fee on the income that its rule assumes. The age cannot be said.
    assert_eq!((amount(&told["value"]), amount(&told["public_client_fee"])), ("7.00", "12.40"));
    assert_eq!(amount(&told["items"][0]["per_unit"]["co_payment"]), "29.00");
    assert!(told["items"][0].get("for_quantity").is_none(), "{told}");
    assert_eq!(told["eligibility"]["standing"], "unknown");
    assert_eq!(told["eligibility"]["findings"][0]["missing"], json!(["age"]));
}

#[test]
fn a_criterion_is_met_not_met_or_unknown_and_an_estimate_says_so() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.publish("home-care", "hour", &terms_for_the_old());
    Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    for (facts, standing) in [(json!({"age": 65}), "met"), (json!({"age": 64}), "not_met"), (json!({}), "unknown")] {
        let told = eligibility(&world, &home_care, &json!({"facts": facts})).ok();
        assert_eq!(told["standing"], standing, "{told}");
        let finding = &told["findings"][0];
        assert_eq!((&finding["code"], &finding["standing"]), (&json!("over_65"), &json!(standing)));
        assert_eq!(
            (&finding["source"], &finding["text"]["en"]),
            (&json!("980/2012 § 3"), &json!("The client has turned 65"))
        );
        assert_eq!(told["rulebook"]["id"], home_care.rulebook.as_str());
    }
    let young = estimate(&world, &home_care, &json!({"facts": {"age": 30}})).ok();
    assert_eq!((&young["outcome"], &young["reason"]), (&json!("not_eligible"), &json!("over_65")));
    assert!(young.get("value").is_none() && young["items"][0].get("per_unit").is_none(), "{young}");
    let cleaning = county.publish("cleaning", "hour", &cleaning_terms());
    let rich = estimate(&world, &cleaning, &json!({"facts": {"gross_income_per_month": "3000.01"}})).ok();
    assert_eq!((&rich["outcome"], &rich["reason"]), (&json!("not_eligible"), &json!("income_above_limit")));
}

#[test]
fn free_by_law_and_a_co_payment_of_zero_are_told_apart() {
    let world = World::start();
    let county = County::found(&world);
    let assistance = county.publish("personal-assistance", "hour", &assistance_terms());
    Provider::approved(&county, 1, "company", &assistance, &price("21.00"));
    let cleaning = county.publish("cleaning", "hour", &cleaning_terms());
    Provider::approved(&county, 2, "ngo", &cleaning, &price("20.00"));
    let by_law = estimate(&world, &assistance, &json!({})).ok();
    let by_price = estimate(&world, &cleaning, &json!({"facts": {"gross_income_per_month": "900"}})).ok();
    for told in [&by_law, &by_price] {
        assert_eq!(amount(&told["items"][0]["per_unit"]["co_payment"]), "0.00", "{told}");
    }
    assert_eq!(by_law["free_of_charge_by_law"], json!({"source": "734/1992 § 4"}));
    assert!(by_price.get("free_of_charge_by_law").is_none());
}

#[test]
fn an_estimate_is_by_the_rulebook_of_its_day() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    let today = world.today();
    let mut next = home_care_terms();
    next["value"] = json!({"flat": {"value": "30.00"}});
    let (rulebook, _) = county.adopt(&home_care.id, &next, today.plus_days(30));
    let facts = json!({"gross_income_per_month": "1650.00", "household_size": 1});
    let on = |day: valinta_domain::Day, facts: &Value| {
        estimate(&world, &home_care, &json!({"facts": facts, "as_of": day.to_string()}))
    };
    assert_eq!(amount(&on(today.plus_days(29), &facts).ok()["value"]), "28.45");
    let later = on(today.plus_days(30), &json!({})).ok();
    assert_eq!((amount(&later["value"]), &later["rulebook"]["id"]), ("30.00", &json!(rulebook)));
    // What is not asked for any more is not taken.
    on(today.plus_days(30), &facts).refused(422, "rule_error").at("/facts/household_size", "unfit");
    on(today.plus_days(-1), &facts).refused(422, "invalid_input").at("/as_of", "out_of_range");
    on(today.plus_days(401), &facts).refused(422, "invalid_input").at("/as_of", "out_of_range");
}

#[test]
fn options_are_narrowed_and_ordered_as_in_the_comparison() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    for (n, sector, asked) in [(1, "company", "40.00"), (2, "ngo", "36.00"), (3, "company", "44.00")] {
        Provider::approved(&county, n, sector, &home_care, &price(asked));
    }
    let offerings = |told: &Value| -> Vec<Value> {
        told["items"].as_array().unwrap().iter().map(|item| item["offering"].clone()).collect()
    };
    let compared = world.api.anyone().get(&format!("/v1/choices?voucher_type={}", home_care.id)).ok();
    assert_eq!(offerings(&estimate(&world, &home_care, &json!({})).ok()), offerings(&compared));
    let prices = |more: Value| -> Vec<String> {
        let told = estimate(&world, &home_care, &more).ok();
        told["items"].as_array().unwrap().iter().map(|item| amount(&item["price"]["price"]).to_owned()).collect()
    };
    assert_eq!(prices(json!({"order": "price"})), ["36.00", "40.00", "44.00"]);
    assert_eq!(prices(json!({"order": "co_payment", "sector": "company"})), ["40.00", "44.00"]);
    assert_eq!(prices(json!({"order": "price", "limit": 1})), ["36.00"]);
    assert!(prices(json!({"municipality": "091"})).is_empty());
    assert_eq!(prices(json!({"municipality": "684", "language": "sv", "mode": "at_home", "order": "price"})).len(), 3);
    let first = estimate(&world, &home_care, &json!({"limit": 1})).ok();
    assert_eq!(first["total"], 3);
}

#[test]
fn what_cannot_be_is_refused_at_its_place() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    for (more, slug, pointer, code) in [
        (json!({"facts": {"shoe_size": 44}}), "rule_error", "/facts/shoe_size", "unfit"),
        (json!({"facts": {"gross_income_per_month": "-5"}}), "rule_error", "/facts/gross_income_per_month", "unfit"),
        (json!({"facts": {"household_size": "many"}}), "rule_error", "/facts/household_size", "unfit"),
        (json!({"quantity": "0"}), "invalid_input", "/quantity", "zero"),
        (json!({"quantity": "1000001"}), "invalid_input", "/quantity", "invalid"),
        (json!({"limit": 101}), "invalid_input", "/limit", "range"),
        (json!({"municipality": "xyz"}), "invalid_input", "/municipality", "invalid"),
        (json!({"income": "5"}), "invalid_input", "/income", "unknown_field"),
    ] {
        estimate(&world, &home_care, &more).refused(422, slug).at(pointer, code);
    }
    let unknown = json!({"voucher_type": world.unknown_id()});
    post(&world, "/v1/estimates", &unknown).refused(404, "not_found").at("/voucher_type", "unknown");
    let path = format!("/v1/voucher-types/{}/eligibility", world.unknown_id());
    post(&world, &path, &json!({})).refused(404, "not_found");
    eligibility(&world, &home_care, &json!({"facts": {"age": 70}}))
        .refused(422, "rule_error")
        .at("/facts/age", "unfit");
    // A voucher type without a rulebook has nothing to tell.
    let bare = json!({"code": "bare", "name": localized("Bare"), "description": localized("No rules"), "unit": "hour"});
    let bare = county.officer.post("/v1/voucher-types", &bare).created();
    let none = post(&world, "/v1/estimates", &json!({"voucher_type": bare["id"]}));
    none.refused(422, "not_valid_on_day").at("/as_of", "no_rulebook");
    let cleaning = county.publish("cleaning", "hour", &cleaning_terms());
    let ordered = json!({"order": "co_payment"});
    estimate(&world, &cleaning, &ordered).refused(422, "invalid_input").at("/order", "no_value");
}
