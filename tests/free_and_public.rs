//! Services that cost the client nothing by law, public units that cost a client fee, and rules that grant nothing.

use serde_json::{Value, json};

use crate::support::{County, Provider, World, assistance_terms, cleaning_terms, home_care_terms, price, public_price};

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

#[test]
fn a_public_unit_costs_the_client_fee_and_nothing_is_owed_to_a_payee() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (public, offering) = Provider::approved(&county, 1, "public", &home_care, &public_price("12.40", "44.70"));
    let resident = county.client();
    let voucher = county.chosen_voucher(&resident, &home_care, "20", &offering);
    let recorded = public.record(id(&voucher), "1.5").created();
    let event = &recorded["event"];
    let figures = ["total", "organiser_pays", "co_payment", "client_fee"].map(|name| event[name]["amount"].clone());
    assert_eq!(figures, ["67.05", "0.00", "0.00", "18.60"]);
    let ledger = resident.ledger(id(&voucher));
    let kinds: Vec<&Value> = ledger["entries"].as_array().unwrap().iter().map(|entry| &entry["kind"]).collect();
    assert_eq!(kinds, ["granted", "granted", "used", "client_fee"]);
    let fee = ledger["entries"].as_array().unwrap().last().unwrap();
    assert_eq!((&fee["from"], &fee["to"]), (&json!("client"), &json!("organiser")));
    assert_eq!(ledger["available"], "38.5");
}

#[test]
fn charging_follows_the_sector() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    for (n, sector, wrong) in [
        (1, "public", price("30.00")),
        (2, "company", public_price("12.40", "44.70")),
        (3, "ngo", public_price("12.40", "44.70")),
    ] {
        let provider = Provider::register(&world, n, sector, sector);
        let unit = provider.unit();
        let application = provider.apply(&unit, &home_care);
        assert!(county.decide(&application, "approved").status < 300);
        let refused = provider.offer(&unit, &home_care, &wrong);
        assert_eq!(refused.status, 422, "{sector}: {}", refused.text);
        assert!(!refused.body["errors"].as_array().unwrap().is_empty(), "{sector}: {}", refused.text);
    }
}

#[test]
fn of_a_service_that_is_free_by_law_no_price_is_above_the_value() {
    let world = World::start();
    let county = County::found(&world);
    let assistance = county.publish("assistance", "hour", &assistance_terms());
    let provider = Provider::register(&world, 1, "Assistants", "ngo");
    let unit = provider.unit();
    let application = provider.apply(&unit, &assistance);
    assert!(county.decide(&application, "approved").status < 300);
    let refused = provider.offer(&unit, &assistance, &price("21.01"));
    assert_eq!(refused.status, 422, "{}", refused.text);
    for told in ["21.00", "21.01", "734/1992"] {
        assert!(refused.text.contains(told), "{}", refused.text);
    }
    let offering = provider.offer(&unit, &assistance, &price("21.00")).created();

    let resident = county.client();
    let voucher = county.chosen_voucher(&resident, &assistance, "20", id(&offering));
    assert_eq!(voucher["free_of_charge_by_law"], true);
    let told = resident.user.post(&format!("/v1/vouchers/{}/information", id(&voucher)), &json!({"language": "fi"}));
    assert_eq!(told.created()["information"]["free_of_charge_source"], "734/1992 § 4");
    let recorded = provider.record(id(&voucher), "1").created();
    assert_eq!(recorded["event"]["co_payment"]["amount"], "0.00");
}

#[test]
fn a_co_payment_of_nothing_is_not_free_by_law() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (provider, offering) = Provider::approved(&county, 1, "ngo", &home_care, &price("20.00"));
    let resident = county.client();
    let voucher = county.chosen_voucher(&resident, &home_care, "20", &offering);
    assert_eq!(voucher["free_of_charge_by_law"], false);
    let recorded = provider.record(id(&voucher), "1").created();
    let event = &recorded["event"];
    assert_eq!((&event["organiser_pays"]["amount"], &event["co_payment"]["amount"]), (&json!("20.00"), &json!("0.00")));
}

#[test]
fn where_the_rulebook_grants_nothing_the_refusal_is_a_decision_with_reasons() {
    let world = World::start();
    let county = County::found(&world);
    let cleaning = county.publish("cleaning", "hour", &cleaning_terms());
    let resident = county.client();
    let refused = county.ask(&resident, &cleaning, "10", "3000.01").created();
    assert_eq!(refused["outcome"], "refused");
    assert!(refused.get("voucher").is_none(), "{refused}");
    assert!(refused["steps"].to_string().contains("income_above_limit"), "{refused}");
    let decision = resident.user.get(&format!("/v1/decisions/{}", refused["decision"].as_str().unwrap())).ok();
    assert_eq!((&decision["outcome"], &decision["steps"]), (&json!("refused"), &refused["steps"]));
    assert!(!decision["appeal"]["fi"].as_str().unwrap().is_empty());
    let vouchers = county.case_worker.get(&format!("/v1/vouchers?client={}", resident.client)).ok();
    assert_eq!(vouchers["items"], json!([]));
    // The edge of a band is inside it.
    assert_eq!(county.ask(&resident, &cleaning, "10", "3000.00").created()["outcome"], "granted");
}

#[test]
fn income_that_is_not_given_yields_the_smallest_value() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.publish("home-care", "hour", &home_care_terms());
    let resident = county.client();
    let value = |facts: Value| {
        let mut request = county.voucher_request(&resident, &home_care, "1", "0");
        request["facts"] = facts;
        let issued = county.case_worker.post("/v1/vouchers", &request).created();
        issued["voucher"]["value"]["amount"].as_str().unwrap().to_owned()
    };
    assert_eq!(value(json!({})), "7.00");
    assert_eq!(value(json!({"gross_income_per_month": "100.00", "household_size": 1})), "34.00");
    assert_eq!(value(json!({"gross_income_per_month": "699.00", "household_size": 1})), "34.00");
    assert_eq!(value(json!({"gross_income_per_month": "90000.00", "household_size": 1})), "7.00");
    // 34 − (2000 − 1290) × 22 % / 60 = 31.3967.
    assert_eq!(value(json!({"gross_income_per_month": "2000.00", "household_size": 2})), "31.40");
}

#[test]
fn everyone_can_compare_with_an_estimate_and_without_a_token() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (_, dear) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    Provider::approved(&county, 2, "public", &home_care, &public_price("12.40", "44.70"));
    let anyone = world.api.anyone();
    let plain = anyone.get(&format!("/v1/choices?voucher_type={}", home_care.id)).ok();
    assert_eq!(plain["total"], 2);
    assert!(plain.get("estimated_value").is_none(), "{plain}");
    let path = format!("/v1/choices?voucher_type={}&gross_income=1650.00&household=1", home_care.id);
    let estimated = anyone.get(&path).ok();
    assert_eq!(estimated["estimated_value"]["amount"], "28.45");
    let items = estimated["items"].as_array().unwrap();
    let option = items.iter().find(|item| item["offering"] == dear.as_str()).unwrap();
    assert_eq!(option["per_unit"]["co_payment"]["amount"], "7.55");
}
