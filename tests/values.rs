//! Values by rules as data: time bands and items, fixed co-payments, criteria, individual values, rulebooks that move
//! vouchers or let them be.

use serde_json::{Value, json};
use valinta_domain::policy::Role;

use crate::support::{Answer, County, Provider, Resident, VoucherType, World, localized, price, terms_with};

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

fn flat(value: &str) -> Value {
    json!({"flat": {"value": value}})
}

/// Amounts of an event or a line, by name.
fn amounts<const N: usize>(of: &Value, names: [&str; N]) -> [String; N] {
    names.map(|name| of[name]["amount"].as_str().unwrap_or_else(|| panic!("{name}: {of}")).to_owned())
}

const WHO_PAYS: [&str; 3] = ["total", "organiser_pays", "co_payment"];

/// Weekday evenings are worth and cost more, as an item of their own.
fn evening_terms() -> Value {
    let weekdays = json!(["monday", "tuesday", "wednesday", "thursday", "friday"]);
    terms_with(&json!({
        "items": [{"code": "evening", "text": localized("Evening")}],
        "value": {"time_bands": {
            "bands": [{"on": weekdays, "from": "18:00", "item": "evening", "then": flat("45.00")}],
            "otherwise": flat("36.00"),
            "missing": flat("36.00"),
        }},
        "price_ceiling": {"amount": "48.00", "items": [{"item": "evening", "amount": "60.00"}]},
    }))
}

fn evening_price() -> Value {
    json!({"charging": "voucher", "price": "40.00", "items": {"evening": "50.00"}})
}

/// A county with a voucher that has been accepted and used to choose a company.
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
    fn set(unit: &str, terms: &Value, price: &Value) -> Self {
        let world = World::start();
        let county = County::found(&world);
        let kind = county.publish("service", unit, terms);
        let (provider, offering) = Provider::approved(&county, 1, "company", &kind, price);
        let resident = county.client();
        let voucher = id(&county.chosen_voucher(&resident, &kind, "20", &offering)).to_owned();
        Self { world, county, kind, provider, offering, resident, voucher }
    }

    /// Everyone comes back at another moment, with new tokens.
    fn on(&mut self, moment: &str) {
        self.world.set_moment(moment);
        self.provider.renew_token();
        self.county.renew_tokens();
        self.resident.user = self.world.user(Role::Resident, "resident-0", None, Some(&self.resident.person));
    }

    fn record(&self, members: &Value) -> Answer {
        let mut body = self.provider.delivery(&self.voucher, "1");
        for (name, member) in members.as_object().unwrap() {
            body[name] = member.clone();
        }
        self.provider.user.post("/v1/service-events", &body)
    }

    fn shown(&self) -> Value {
        self.resident.user.get(&format!("/v1/vouchers/{}", self.voucher)).ok()
    }
}

#[test]
fn a_service_across_the_edge_of_a_time_band_is_split_and_each_part_charged_by_itself() {
    let mut scene = Scene::set("hour", &evening_terms(), &evening_price());
    scene.on("2026-11-11T18:30:00Z");
    scene.record(&json!({"quantity": "3"})).refused(422, "invalid_input").at("/started_at", "span_needed");
    // From half past four to half past seven in Finland.
    let span = json!({"quantity": "3", "started_at": "2026-11-11T14:30:00Z", "ended_at": "2026-11-11T17:30:00Z"});
    let recorded = scene.record(&span).created();
    let event = &recorded["event"];
    assert_eq!(amounts(event, WHO_PAYS), ["135.00", "121.50", "13.50"]);
    assert!(event.get("value").is_none(), "{event}");
    let lines = event["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 2, "{event}");
    assert_eq!((lines[0].get("item"), &lines[0]["quantity"]), (None, &json!("1.5")));
    assert_eq!((&lines[1]["item"], &lines[1]["quantity"]), (&json!("evening"), &json!("1.5")));
    assert_eq!(
        amounts(&lines[0], ["value", "price", "organiser_pays", "co_payment"]),
        ["36.00", "40.00", "54.00", "6.00"]
    );
    assert_eq!(
        amounts(&lines[1], ["value", "price", "organiser_pays", "co_payment"]),
        ["45.00", "50.00", "67.50", "7.50"]
    );
    let again = scene.provider.user.get(&format!("/v1/service-events/{}", id(event))).ok();
    assert_eq!(again["lines"], event["lines"]);
    let ledger = scene.resident.ledger(&scene.voucher);
    let posted = |kind: &str, what: &str| {
        let entries = ledger["entries"].as_array().unwrap().iter();
        entries.filter(|entry| entry["kind"] == kind).map(|entry| entry[what].clone()).collect::<Vec<_>>()
    };
    assert_eq!(posted("used", "quantity"), ["3"]);
    assert_eq!(posted("organiser_share", "amount")[0]["amount"], "121.50");
    assert_eq!(posted("co_payment", "amount")[0]["amount"], "13.50");
    scene.world.ledger_balances();
}

#[test]
fn prices_of_items_are_those_of_the_price_list_and_keep_to_their_ceilings() {
    let world = World::start();
    let county = County::found(&world);
    let kind = county.publish("service", "hour", &evening_terms());
    let provider = Provider::register(&world, 1, "Provider 1", "company");
    let unit = provider.unit();
    let application = provider.apply(&unit, &kind);
    county.decide(&application, "approved").ok();
    let with = |items: Value| json!({"charging": "voucher", "price": "40.00", "items": items});
    let offer = |items: Value| provider.offer(&unit, &kind, &with(items));
    offer(json!({"sunday": "50.00"})).refused(422, "invalid_input").at("/price/items/sunday", "unknown_item");
    offer(json!({"evening": "60.01"}))
        .refused(422, "price_over_ceiling")
        .at("/price/items/evening", "price_over_ceiling");
    let offered = offer(json!({"evening": "60.00"})).created();
    assert_eq!(offered["prices"][0]["price"]["items"]["evening"]["amount"], "60.00");

    // The whole of the price is agreed by the choice.
    let resident = county.client();
    let voucher = county.issue(&resident, &kind, "20");
    resident.accept(id(&voucher));
    let list = resident.user.get(&format!("/v1/vouchers/{}/choices", id(&voucher))).ok();
    assert_eq!(list["items"][0]["price"], offered["prices"][0]["price"]);
    let path = format!("/v1/vouchers/{}/choice", id(&voucher));
    let choose = |items: Value| resident.user.put(&path, &json!({"offering": offered["id"], "price": with(items)}));
    choose(json!({"evening": "50.00"})).refused(409, "conflict").at("/price", "changed");
    let chosen = choose(json!({"evening": "60.00"})).ok();
    assert_eq!(chosen["choice"]["price"]["items"]["evening"]["amount"], "60.00");
}

#[test]
fn facts_of_a_service_are_those_that_the_rulebook_asks_for() {
    let list = |code: &str, value: &str| json!({"is": [code], "then": flat(value)});
    let terms = terms_with(&json!({
        "items": [
            {"code": "filling", "text": localized("Filling")}, {"code": "check", "text": localized("Check")},
        ],
        "value": {"cases": {
            "fact": "item",
            "cases": [list("filling", "80.00"), list("check", "35.00")],
            "missing": flat("35.00"),
        }},
    }));
    let charged = json!({"charging": "voucher", "price": "40.00", "items": {"filling": "95.00"}});
    let scene = Scene::set("procedure", &terms, &charged);
    let recorded = scene.record(&json!({"facts": {"item": "filling"}})).created();
    let event = &recorded["event"];
    assert_eq!((&event["facts"]["item"], &event["lines"][0]["item"]), (&json!("filling"), &json!("filling")));
    assert_eq!(amounts(event, WHO_PAYS), ["95.00", "80.00", "15.00"]);
    assert_eq!(event["value"]["amount"], "80.00");
    scene.record(&json!({"facts": {"item": "gold"}})).refused(422, "rule_error").at("/facts/item", "unfit");
    scene.record(&json!({"facts": {"age": 80}})).refused(422, "rule_error").at("/facts/age", "unfit");
    let plain = scene.record(&json!({})).created();
    assert_eq!(amounts(&plain["event"], WHO_PAYS), ["40.00", "35.00", "5.00"]);
    scene.world.ledger_balances();
}

#[test]
fn where_the_co_payment_is_fixed_the_price_has_no_part_in_it() {
    let terms = terms_with(&json!({"co_payment": flat("12.00")}));
    let scene = Scene::set("hour", &terms, &price("39.00"));
    let list = scene.resident.user.get(&format!("/v1/vouchers/{}/choices", scene.voucher)).ok();
    assert_eq!(amounts(&list["items"][0]["per_unit"], WHO_PAYS), ["42.00", "30.00", "12.00"]);
    let recorded = scene.record(&json!({"quantity": "2"})).created();
    assert_eq!(amounts(&recorded["event"], WHO_PAYS), ["84.00", "60.00", "24.00"]);
    scene.world.ledger_balances();
}

#[test]
fn a_month_that_is_priced_by_the_day_costs_days_times_365_by_12() {
    let terms = terms_with(&json!({"value": flat("3000.00"), "price_unit": "day"}));
    let scene = Scene::set("month", &terms, &price("125.00"));
    let list = scene.resident.user.get(&format!("/v1/vouchers/{}/choices", scene.voucher)).ok();
    assert_eq!((&list["unit"], &list["price_unit"]), (&json!("month"), &json!("day")));
    let option = &list["items"][0];
    assert_eq!(option["price"]["price"]["amount"], "125.00");
    assert_eq!(amounts(&option["per_unit"], WHO_PAYS), ["3802.08", "3000.00", "802.08"]);
    let recorded = scene.record(&json!({})).created();
    assert_eq!(amounts(&recorded["event"], WHO_PAYS), ["3802.08", "3000.00", "802.08"]);
    assert_eq!(recorded["event"]["lines"][0]["price"]["amount"], "3802.08");
    scene.world.ledger_balances();
}

/// A voucher for those of 65 and above.
fn age_terms() -> Value {
    terms_with(&json!({
        "facts": [{"name": "age", "kind": "whole", "text": localized("age"), "maximum": "120"}],
        "eligibility": {"client": [{
            "code": "over_65",
            "met_if": {"at_least": {"fact": "age", "number": "65"}},
            "text": localized("The client is 65 or older"),
            "source": "The county's own condition",
        }]},
    }))
}

#[test]
fn criteria_are_examined_at_the_grant_and_what_is_missing_is_asked_for() {
    let world = World::start();
    let county = County::found(&world);
    let kind = county.publish("service", "hour", &age_terms());
    let resident = county.client();
    let ask = |facts: Value| {
        let mut request = county.voucher_request(&resident, &kind, "10", "0");
        request["facts"] = facts;
        county.case_worker.post("/v1/vouchers", &request)
    };
    ask(json!({})).refused(422, "rule_error").at("/facts/age", "fact_missing");
    ask(json!({"age": 121})).refused(422, "rule_error").at("/facts/age", "unfit");
    let refused = ask(json!({"age": 64})).created();
    assert_eq!((&refused["outcome"], &refused["reason"]), (&json!("refused"), &json!("over_65")));
    assert!(refused.get("voucher").is_none(), "{refused}");
    let decision = resident.user.get(&format!("/v1/decisions/{}", refused["decision"].as_str().unwrap())).ok();
    assert_eq!(decision["outcome"], "refused");
    assert_eq!(decision["steps"][0]["inputs"]["criterion"], "over_65");
    assert_eq!(decision["reasons"]["en"], "Condition not met: “The client is 65 or older”");
    let granted = ask(json!({"age": 65})).created();
    assert_eq!(granted["outcome"], "granted");
    assert_eq!(granted["voucher"]["facts"], json!({"age": "65"}));
    world.ledger_balances();
}

#[test]
fn facts_of_the_client_are_for_the_client_and_the_organiser() {
    let world = World::start();
    let county = County::found(&world);
    let kind = county.home_care();
    let (provider, offering) = Provider::approved(&county, 1, "company", &kind, &price("36.00"));
    let resident = county.client();
    let voucher = county.chosen_voucher(&resident, &kind, "20", &offering);
    let path = format!("/v1/vouchers/{}", id(&voucher));
    for user in [&county.case_worker, &county.finance, &county.auditor, &resident.user] {
        assert_eq!(user.get(&path).ok()["facts"]["household_size"], "1");
    }
    let shown = provider.user.get(&path).ok();
    assert!(shown.get("facts").is_none(), "{shown}");
    let recorded = provider.record(id(&voucher), "1").created();
    assert!(!recorded.to_string().contains("1650"), "{recorded}");
}

#[test]
fn an_individual_value_is_decided_with_reasons_and_within_its_limits() {
    let world = World::start();
    let county = County::found(&world);
    let rule = json!({"individual": {"minimum": "10.00", "maximum": "50.00", "missing": flat("20.00")}});
    let kind = county.publish("service", "hour", &terms_with(&json!({"value": rule})));
    let resident = county.client();
    let ask = |value: &str, reasons: Option<Value>| {
        let mut request = county.voucher_request(&resident, &kind, "10", "0");
        request["facts"] = json!({"individual_value": value});
        if let Some(reasons) = reasons {
            request["reasons"] = reasons;
        }
        county.case_worker.post("/v1/vouchers", &request)
    };
    let reasons = localized("The client needs two carers at once");
    ask("44.00", None).refused(422, "invalid_input").at("/reasons", "missing_field");
    ask("50.01", Some(reasons.clone())).refused(422, "rule_error").at("/facts/individual_value", "unfit");
    let granted = ask("44.00", Some(reasons.clone())).created();
    assert_eq!(granted["voucher"]["value"]["amount"], "44.00");
    let decision = resident.user.get(&format!("/v1/decisions/{}", granted["decision"].as_str().unwrap())).ok();
    assert_eq!(decision["reasons"], reasons);
    world.ledger_balances();
}

#[test]
fn a_rulebook_moves_issued_vouchers_or_lets_them_be_from_its_first_day_on() {
    for (issued, later) in [("move", "25.00"), ("keep", "30.00")] {
        let mut scene = Scene::set("hour", &terms_with(&json!({})), &price("36.00"));
        let from = scene.world.today().plus_days(1);
        scene.county.adopt(
            &scene.kind.id,
            &terms_with(&json!({"value": flat("25.00"), "issued_vouchers": issued})),
            from,
        );
        assert_eq!(scene.shown()["value"]["amount"], "30.00");
        scene.on("2026-11-12T08:00:00Z");
        let shown = scene.shown();
        assert_eq!(amounts(&shown, ["value", "granted_value"]), [later, "30.00"], "{issued}");
        let listed = scene.county.case_worker.get("/v1/vouchers").ok();
        assert_eq!(amounts(&listed["items"][0], ["value", "granted_value"]), [later, "30.00"], "{issued}");
        let choices = scene.resident.user.get(&format!("/v1/vouchers/{}/choices", scene.voucher)).ok();
        assert_eq!(choices["value"]["amount"], later);
        assert_eq!(choices["items"][0]["per_unit"]["organiser_pays"]["amount"], later);
        for (day, value) in [("2026-11-11", "30.00"), ("2026-11-12", later)] {
            let recorded = scene.record(&json!({"day": day})).created();
            assert_eq!(amounts(&recorded["event"], ["value", "organiser_pays"]), [value, value], "{issued} {day}");
        }
        scene.world.ledger_balances();
    }
}

#[test]
fn a_voucher_that_was_moved_to_rules_that_grant_nothing_is_worth_nothing_and_says_so() {
    let by_age = |young: Value, issued: &str| {
        terms_with(&json!({
            "facts": [{"name": "age", "kind": "whole", "text": localized("age"), "maximum": "120"}],
            "value": {"bands": {
                "fact": "age",
                "bands": [{"up_to": "69", "then": young}],
                "above": flat("30.00"),
                "missing": flat("20.00"),
            }},
            "issued_vouchers": issued,
        }))
    };
    let world = World::start();
    let county = County::found(&world);
    let kind = county.publish("service", "hour", &by_age(flat("25.00"), "keep"));
    let (provider, offering) = Provider::approved(&county, 1, "company", &kind, &price("36.00"));
    let resident = county.client();
    let mut request = county.voucher_request(&resident, &kind, "10", "0");
    request["facts"] = json!({"age": 66});
    let issued = county.case_worker.post("/v1/vouchers", &request).created();
    let voucher = id(&issued["voucher"]).to_owned();
    resident.accept(&voucher);
    resident.choose(&voucher, &offering).ok();
    let tomorrow = world.today().plus_days(1);
    county.adopt(&kind.id, &by_age(json!({"not_eligible": {"reason": "too_young"}}), "move"), tomorrow);
    let mut scene = Scene { world, county, kind, provider, offering, resident, voucher };
    scene.on("2026-11-12T08:00:00Z");
    let shown = scene.shown();
    assert!(shown.get("value").is_none(), "{shown}");
    assert_eq!(shown["granted_value"]["amount"], "25.00");
    nothing_can_be_chosen(&scene);
    let path = format!("/v1/vouchers/{}/choices/{}", scene.voucher, scene.offering);
    assert_eq!(scene.resident.user.get(&path).ok()["choosable"], false);
    let refused = scene.resident.choose(&scene.voucher, &scene.offering).refused(422, "not_choosable");
    refused.at("/offering", "nothing_granted").saying("too_young");
    scene.record(&json!({})).refused(422, "rule_error").at("/voucher", "not_eligible");
    scene.record(&json!({"day": "2026-11-11"})).created();
    scene.world.ledger_balances();
}

/// Lists and comparing answer where the rules of the day grant nothing: nothing can be chosen, and that is why.
fn nothing_can_be_chosen(scene: &Scene) {
    let (user, path) = (&scene.resident.user, format!("/v1/vouchers/{}/choices", scene.voucher));
    let later = scene.world.today().plus_days(2);
    for query in [String::new(), format!("?day={later}"), "?order=co_payment".to_owned()] {
        let list = user.get(&format!("{path}{query}")).ok();
        assert_eq!((&list["total"], &list["items"], list.get("value")), (&json!(0), &json!([]), None), "{list}");
    }
    let list = user.get(&format!("{path}?not_choosable=true")).ok();
    assert_eq!((&list["total"], list.get("value")), (&json!(1), None), "{list}");
    let compared = user.post(&format!("{path}/compare"), &json!({"offerings": [scene.offering]})).ok();
    assert!(compared.get("value").is_none(), "{compared}");
    let shown = user.get(&format!("{path}/{}", scene.offering)).ok();
    let granted = shown["findings"].as_array().unwrap().iter().find(|one| one["code"] == "granted").unwrap();
    assert_eq!(granted["standing"], "not_met");
    for reasons in [&list["not_choosable"][0], &compared["items"][0]["not_choosable"], &shown] {
        assert_eq!(reasons["reasons"][0]["code"], "nothing_granted", "{reasons}");
    }
    user.get(&format!("/v1/choices?voucher_type={}&order=co_payment", scene.kind.id)).refused(422, "invalid_input");
}

#[test]
fn an_offering_that_does_not_meet_the_criteria_cannot_be_chosen_and_says_why() {
    let world = World::start();
    let county = County::found(&world);
    let criterion = json!({
        "code": "own_language",
        "met_if": {"in_common": {"fact": "languages", "with": "client_language"}},
        "text": localized("The unit serves in the client's language"),
        "source": "The county's own condition",
    });
    let kind = county.publish("service", "hour", &terms_with(&json!({"eligibility": {"offering": [criterion]}})));
    let (_, offering) = Provider::approved(&county, 1, "company", &kind, &price("36.00"));
    let (finnish, english) = (county.client(), county.client_who_speaks("en"));
    let standing = |shown: &Value, code: &str| {
        let findings = shown["findings"].as_array().unwrap();
        findings.iter().find(|finding| finding["code"] == code).map(|finding| finding["standing"].clone())
    };
    for (resident, choosable) in [(&finnish, true), (&english, false)] {
        let voucher = county.issue(resident, &kind, "10");
        let voucher = id(&voucher);
        resident.accept(voucher);
        let listed = resident.user.get(&format!("/v1/vouchers/{voucher}/choices")).ok();
        assert_eq!(listed["total"], i32::from(choosable));
        let shown = resident.user.get(&format!("/v1/vouchers/{voucher}/choices/{offering}")).ok();
        assert_eq!(shown["choosable"], choosable, "{shown}");
        assert_eq!(standing(&shown, "own_language").unwrap(), if choosable { "met" } else { "not_met" });
        for code in ["approved", "priced", "price_allowed", "takes_clients", "within_validity"] {
            assert_eq!(standing(&shown, code).unwrap(), "met", "{code}");
        }
        assert_eq!(standing(&shown, "free_by_law"), None);
        let chosen = resident.choose(voucher, &offering);
        if choosable {
            assert_eq!(shown["option"], listed["items"][0]);
            chosen.ok();
        } else {
            assert!(shown.get("option").is_none(), "{shown}");
            let refused = chosen.refused(422, "not_choosable").at("/offering", "criteria");
            refused.saying("own_language: The unit serves in the client's language");
        }
    }
}

#[test]
fn an_offering_of_another_voucher_type_or_of_none_is_not_held_against_a_voucher() {
    let scene = Scene::set("hour", &terms_with(&json!({})), &price("36.00"));
    let other = scene.county.publish("other", "hour", &terms_with(&json!({})));
    let (_, strange) = Provider::approved(&scene.county, 2, "company", &other, &price("36.00"));
    let shown = |offering: &str| scene.resident.user.get(&format!("/v1/vouchers/{}/choices/{offering}", scene.voucher));
    shown(&strange).refused(404, "not_found");
    shown(&scene.world.unknown_id()).refused(404, "not_found");
    assert_eq!(shown(&scene.offering).ok()["choosable"], true);
}

#[test]
fn criteria_of_a_unit_are_examined_with_the_requirements_of_its_application() {
    let world = World::start();
    let county = County::found(&world);
    let criterion = json!({
        "code": "association",
        "met_if": {"one_of": {"fact": "sector", "words": ["ngo"]}},
        "text": localized("The provider is an association"),
        "source": "The county's own condition",
    });
    let kind = county.publish("service", "hour", &terms_with(&json!({"eligibility": {"unit": [criterion]}})));
    for (n, sector, met) in [(1, "company", false), (2, "ngo", true)] {
        let provider = Provider::register(&world, n, sector, sector);
        let unit = provider.unit();
        let application = provider.draft_application(&unit, &kind);
        let path = format!("/v1/applications/{application}");
        county.officer.get(&format!("{path}/eligibility")).refused(404, "not_found");
        provider.user.post(&format!("{path}/submit"), &json!({})).ok();
        for user in [&provider.user, &county.officer] {
            let shown = user.get(&format!("{path}/eligibility")).ok();
            assert_eq!(shown["standing"], if met { "met" } else { "not_met" }, "{shown}");
            let codes: Vec<&Value> = shown["findings"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
            assert_eq!(codes, ["association", "prepayment_register", "liability_insurance"]);
        }
        let insured_until = world.today().plus_days(301);
        let later = provider.user.get(&format!("{path}/eligibility?valid_from={insured_until}")).ok();
        assert_eq!(later["standing"], "not_met");
        let decided = county.decide(&application, "approved");
        if met {
            decided.ok();
        } else {
            decided.refused(422, "rule_error").at("/outcome", "not_met").saying("association");
        }
    }
}

#[test]
fn an_estimate_needs_no_facts_where_the_rules_ask_for_none_of_the_client() {
    let world = World::start();
    let county = County::found(&world);
    let kind = county.publish("service", "hour", &evening_terms());
    Provider::approved(&county, 1, "company", &kind, &evening_price());
    let listed = world.api.anyone().get(&format!("/v1/choices?voucher_type={}", kind.id)).ok();
    assert_eq!(listed["estimated_value"]["amount"], "36.00");
    assert_eq!(listed["items"][0]["per_unit"]["co_payment"]["amount"], "4.00");
}
