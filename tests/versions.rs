//! What a next version of a rulebook may be made from, and what it does not take over.

use serde_json::{Value, json};

use crate::support::{County, World, home_care_terms, localized, terms_with};

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

fn at(rulebook: &str, verb: &str) -> String {
    format!("/v1/rulebooks/{rulebook}{verb}")
}

fn with_ceiling(amount: &str) -> Value {
    let mut terms = home_care_terms();
    terms["price_ceiling"]["amount"] = json!(amount);
    terms
}

#[test]
fn a_version_follows_the_one_it_was_made_from_and_no_other() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let change = |from: &str, ceiling: &str| {
        let changes = json!({"based_on": from, "changes": {"price_ceiling": {"amount": ceiling}}});
        id(&county.officer.post("/v1/rulebooks", &changes).created()).to_owned()
    };
    let propose = |rulebook: &str| county.officer.post(&at(rulebook, "/propose"), &json!({}));
    let adopt = |rulebook: &str, days: i64| county.adopt_rulebook(rulebook, world.today().plus_days(days));
    let [first, second] = ["47.00", "46.00"].map(|ceiling| change(&home_care.rulebook, ceiling));
    let (of_first, of_second) = (change(&first, "44.00"), change(&second, "43.00"));
    let whole = county.draft_rulebook(&home_care.id, &with_ceiling("45.00"));
    propose(&first).ok();
    propose(&second).ok();
    adopt(&first, 1).ok();
    // What the first one changed would be undone.
    adopt(&second, 2).refused(409, "wrong_state").saying(&first);
    for stale in [&of_second, &whole] {
        propose(stale).refused(409, "wrong_state").saying(&first);
    }
    propose(&of_first).ok();
    adopt(&of_first, 2).ok();
    let anew = change(&of_first, "43.00");
    propose(&anew).ok();
    adopt(&anew, 3).ok();
}

#[test]
fn vouchers_move_to_a_version_that_says_so_itself() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let mut terms = home_care_terms();
    terms["issued_vouchers"] = json!("move");
    let (moved, _) = county.adopt(&home_care.id, &terms, world.today().plus_days(1));
    let drafted = |path: &str, body: Value| county.officer.post(path, &body).created();
    let says = |rulebook: &Value| county.officer.get(&at(id(rulebook), "")).ok()["terms"]["issued_vouchers"].clone();
    let changes = |changes: Value| drafted("/v1/rulebooks", json!({"based_on": moved, "changes": changes}));
    assert_eq!(says(&changes(json!({"sources": ["Elsewhere"]}))), "keep");
    assert_eq!(says(&changes(json!({"sources": ["Elsewhere"], "issued_vouchers": "move"}))), "move");
    let general = drafted("/v1/rulebooks/general", json!({"members": {"sources": ["Elsewhere"]}}));
    assert_eq!(says(&general["items"][0]), "keep");
}

#[test]
fn prices_are_given_for_the_same_unit_in_every_version() {
    let world = World::start();
    let county = County::found(&world);
    let officer = &county.officer;
    let made = json!({"code": "housing", "name": localized("h"), "description": localized("h"), "unit": "month"});
    let housing = id(&officer.post("/v1/voucher-types", &made).created()).to_owned();
    let by_day = terms_with(&json!({"value": {"flat": {"value": "3000.00"}}, "price_unit": "day"}));
    let by_month =
        terms_with(&json!({"value": {"flat": {"value": "3000.00"}}, "price_ceiling": {"amount": "3000.00"}}));
    let first = county.draft_rulebook(&housing, &by_day);
    let [drafted, proposed] = [(); 2].map(|()| county.draft_rulebook(&housing, &by_month));
    county.propose_rulebook(&first);
    county.propose_rulebook(&proposed);
    county.adopt_rulebook(&first, world.today()).ok();
    let whole = |terms: &Value| officer.post("/v1/rulebooks", &json!({"voucher_type": housing, "terms": terms}));
    let changed = json!({"based_on": first, "changes": {"price_unit": null}});
    let next = id(&whole(&by_day).created()).to_owned();
    let whole_terms = json!({"terms": by_month}).to_string();
    for (answer, pointer) in [
        (county.adopt_rulebook(&proposed, world.today().plus_days(1)), "/terms/price_unit"),
        (officer.post(&at(&drafted, "/propose"), &json!({})), "/terms/price_unit"),
        (officer.send("PUT", &at(&next, "/terms"), &[("If-Match", "*")], Some(&whole_terms)), "/terms/price_unit"),
        (whole(&by_month), "/terms/price_unit"),
        (officer.post("/v1/rulebooks", &changed), "/changes/price_unit"),
    ] {
        answer.refused(422, "invalid_input").at(pointer, "contradiction");
    }
}
