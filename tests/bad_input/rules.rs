//! Bad rules: a block or a condition that says more than one thing, or something else than what is wanted.

use serde_json::{Value, json};

use super::{Scene, raw};
use crate::support::{World, home_care_terms, localized};

#[test]
fn a_block_of_a_rule_has_one_name_and_nothing_stands_beside_it() {
    let world = World::start();
    let anyone = world.api.anyone();
    let flat = r#""flat":{"value":"1.00"}"#;
    let clamp = r#""clamp":{"of":{"flat":{"value":"1.00"}},"maximum":"2.00"}"#;
    let of_sum = |rule: &str| format!(r#"{{"sum":{{"of":[{{{flat}}},{rule}]}}}}"#);
    let beside = |name: &str| format!("a block has one name; `{name}` stands beside `flat`");
    let a_block = "an object with the name of a block is wanted here";
    let twice = "this is given twice";
    for (rule, pointer, code, detail) in [
        (format!(r#"{{{flat},"note":"x"}}"#), "/rule/note", "unknown_field", beside("note").as_str()),
        (format!(r#"{{"note":"x",{flat}}}"#), "/rule/note", "unknown_field", &beside("note")),
        (format!("{{{flat},{clamp}}}"), "/rule/clamp", "unknown_field", &beside("clamp")),
        (format!("{{{flat},{flat}}}"), "/rule/flat", "duplicate_field", twice),
        (r#"{"flat":{"value":"1.00","value":"2.00"}}"#.into(), "/rule/flat/value", "duplicate_field", twice),
        (of_sum(&format!(r#"{{{flat},"no/te":1}}"#)), "/rule/sum/of/1/no~1te", "unknown_field", &beside("no/te")),
        (of_sum(&format!("{{{flat},{flat}}}")), "/rule/sum/of/1/flat", "duplicate_field", twice),
        (of_sum("{}"), "/rule/sum/of/1", "invalid_type", a_block),
        ("{}".into(), "/rule", "invalid_type", a_block),
        ("null".into(), "/rule", "invalid_type", a_block),
        ("5".into(), "/rule", "invalid_type", a_block),
        (r#"{"flat":["1.00"]}"#.into(), "/rule/flat", "invalid_type", "an object is wanted here"),
        (r#"{"income_reduction":null}"#.into(), "/rule/income_reduction", "invalid_type", "an object is wanted here"),
    ] {
        let body = format!(r#"{{"rule":{rule}}}"#);
        let problem = raw(&anyone, "/v1/value-rules/evaluate", &body).refused(422, "invalid_input");
        let problem = problem.at(pointer, code);
        assert_eq!(problem.body["errors"][0]["detail"], detail, "{body}");
    }
    let fact_twice = format!(r#"{{"rule":{{{flat}}},"facts":{{"age":1,"age":2}}}}"#);
    let problem = raw(&anyone, "/v1/value-rules/evaluate", &fact_twice).refused(422, "invalid_input");
    problem.at("/facts/age", "duplicate_field");
    // A word is a word, not an object with its name.
    let listed = json!({"rule": {"listed": {
        "fact": "procedures", "entries_are": {"amounts": null}, "entries": [], "missing": {"flat": {"value": "1"}},
    }}});
    let problem = raw(&anyone, "/v1/value-rules/evaluate", &listed.to_string()).refused(422, "invalid_input");
    problem.at("/rule/listed/entries_are/amounts", "invalid_type");
}

#[test]
fn a_condition_has_one_name_and_nothing_stands_beside_it() {
    let scene = Scene::set();
    let officer = &scene.county.officer;
    let at_least = json!({"fact": "age", "number": "65"});
    for (met_if, pointer, code, detail) in [
        (json!({"at_least": at_least, "note": "x"}), "/note", "unknown_field", "`note` stands beside `at_least`"),
        (
            json!({"not": {"of": {"at_least": at_least, "all": {"of": []}}}}),
            "/not/of/at_least",
            "unknown_field",
            "`at_least`",
        ),
        (json!({}), "", "invalid_type", "an object with the name of a condition is wanted here"),
        (Value::Null, "", "invalid_type", "an object with the name of a condition is wanted here"),
    ] {
        let mut terms = home_care_terms();
        let criterion = json!({"code": "old", "met_if": met_if, "text": localized("Old"), "source": "§ 3"});
        terms["eligibility"] = json!({"client": [criterion], "unit": [], "offering": []});
        let draft = json!({"voucher_type": scene.home_care.id, "terms": terms});
        let problem = scene.refused(|_| officer.post("/v1/rulebooks", &draft), 422, "invalid_input");
        let problem = problem.at(&format!("/terms/eligibility/client/0/met_if{pointer}"), code);
        let said = problem.body["errors"][0]["detail"].as_str().unwrap();
        assert!(said.contains(detail), "{said}");
    }
}

#[test]
fn what_is_wanted_instead_is_said_in_words_of_the_documentation() {
    let world = World::start();
    let anyone = world.api.anyone();
    let flat = json!({"flat": {"value": "36.00"}});
    let banded = |edge: Value| json!({"bands": {"fact": "age", "bands": [{"up_to": edge, "then": flat}], "above": flat, "missing": flat}});
    let reduced = |divisor: Value| {
        json!({"income_reduction": {
            "minimum": "7.00", "maximum": "35.00", "divisor": divisor, "households": [
                {"income_limit": "600.00", "percent": "35"},
            ],
        }})
    };
    let quoted = |example: &str| format!("a number in quotes is wanted here, for example \"{example}\"");
    let (from_zero, divisor) = ("a whole number from 0 to 65535 is wanted here", "/rule/income_reduction/divisor");
    for (body, pointer, code, detail) in [
        (json!({"rule": banded(json!(3))}), "/rule/bands/bands/0/up_to", "invalid_type", quoted("1.20").as_str()),
        (json!({"rule": flat, "quantity": 2}), "/quantity", "invalid_type", &quoted("1.25")),
        (json!({"rule": {"flat": {"value": 36}}}), "/rule/flat/value", "invalid_type", &quoted("12.50")),
        (json!({"rule": {"number": {"is": true}}}), "/rule/number/is", "invalid_type", &quoted("1.20")),
        (json!({"rule": reduced(json!(-1))}), divisor, "out_of_range", from_zero),
        (json!({"rule": reduced(json!(70_000))}), divisor, "out_of_range", from_zero),
        (json!({"rule": reduced(json!("40"))}), divisor, "invalid_type", from_zero),
        (json!({"rule": reduced(json!(1.5))}), divisor, "invalid_type", from_zero),
    ] {
        let problem = raw(&anyone, "/v1/value-rules/evaluate", &body.to_string()).refused(422, "invalid_input");
        let problem = problem.at(pointer, code);
        assert_eq!(problem.body["errors"][0]["detail"], detail, "{body}");
    }
    let deep = (0..70).fold(flat, |rule, _| json!({"sum": {"of": [rule]}}));
    let body = json!({"rule": deep}).to_string();
    let problem = raw(&anyone, "/v1/value-rules/evaluate", &body).refused(422, "invalid_input");
    let problem = problem.at("", "too_deep");
    assert_eq!(problem.body["errors"][0]["detail"], "the document nests too deep");
}
