//! Conditions in three values, what is missing, and which criteria a rulebook may have.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::provider::{Sector, ServiceMode};
use crate::rules::Fault;
use crate::rules::fact_terms::{FactTerm, FactTerms};

fn condition(value: serde_json::Value) -> Condition {
    serde_json::from_value(value).unwrap()
}

fn facts(value: serde_json::Value) -> Facts {
    serde_json::from_value(value).unwrap()
}

fn criterion(code: &str, met_if: serde_json::Value) -> Criterion {
    let text = Localized::new(format!("{code} fi"), format!("{code} sv"), format!("{code} en"));
    Criterion { code: code.to_owned(), met_if: condition(met_if), text, source: "569/2009 § 3".to_owned() }
}

fn standing(met_if: serde_json::Value, given: serde_json::Value) -> (Standing, Vec<String>) {
    let finding = criterion("it", met_if).examine(&facts(given));
    (finding.standing, finding.missing)
}

fn missing<const N: usize>(names: [&str; N]) -> (Standing, Vec<String>) {
    (Standing::Unknown, names.map(str::to_owned).to_vec())
}

const MET: (Standing, Vec<String>) = (Standing::Met, Vec::new());
const NOT_MET: (Standing, Vec<String>) = (Standing::NotMet, Vec::new());

#[test]
fn a_condition_holds_does_not_hold_or_lacks_its_fact() {
    let over_65 = || json!({"at_least": {"fact": "age", "number": "65"}});
    assert_eq!(standing(over_65(), json!({"age": 65})), MET);
    assert_eq!(standing(over_65(), json!({"age": "64.9999"})), NOT_MET);
    assert_eq!(standing(over_65(), json!({})), missing(["age"]));
    let low_income = || json!({"at_most": {"fact": "net_income_per_month", "number": "2107.00"}});
    assert_eq!(standing(low_income(), json!({"net_income_per_month": "2107.00"})), MET);
    assert_eq!(standing(low_income(), json!({"net_income_per_month": "2107.01"})), NOT_MET);
    let at_home = || json!({"one_of": {"fact": "care", "words": ["at_home", "true"]}});
    assert_eq!(standing(at_home(), json!({"care": "at_home"})), MET);
    assert_eq!(standing(at_home(), json!({"care": ["away", "at_home"]})), MET);
    assert_eq!(standing(at_home(), json!({"care": true})), MET);
    assert_eq!(standing(at_home(), json!({"care": "away"})), NOT_MET);
    assert_eq!(standing(at_home(), json!({"care": []})), NOT_MET);
}

#[test]
fn a_fact_of_another_kind_is_as_good_as_none() {
    assert_eq!(standing(json!({"at_least": {"fact": "age", "number": "65"}}), json!({"age": true})), missing(["age"]));
}

#[test]
fn languages_in_common_are_found_and_both_missing_facts_are_named() {
    let speaks = || json!({"in_common": {"fact": "languages", "with": "client_language"}});
    assert_eq!(standing(speaks(), json!({"languages": ["fi", "sv"], "client_language": "sv"})), MET);
    assert_eq!(standing(speaks(), json!({"languages": ["fi"], "client_language": "sv"})), NOT_MET);
    assert_eq!(standing(speaks(), json!({"languages": ["fi"]})), missing(["client_language"]));
    assert_eq!(standing(speaks(), json!({})), missing(["client_language", "languages"]));
}

#[test]
fn what_is_known_decides_whatever_is_missing() {
    let old = || json!({"at_least": {"fact": "age", "number": "65"}});
    let alone = || json!({"one_of": {"fact": "alone", "words": ["true"]}});
    let all = || json!({"all": {"of": [old(), alone()]}});
    let any = || json!({"any": {"of": [old(), alone()]}});
    assert_eq!(standing(all(), json!({"age": 50})), NOT_MET);
    assert_eq!(standing(all(), json!({"age": 70})), missing(["alone"]));
    assert_eq!(standing(any(), json!({"alone": true})), MET);
    assert_eq!(standing(any(), json!({"alone": false})), missing(["age"]));
    assert_eq!(standing(any(), json!({})), missing(["age", "alone"]));
    assert_eq!(standing(json!({"not": {"of": any()}}), json!({"alone": true})), NOT_MET);
    // The age decides the inner one, so that nobody is asked who lives alone.
    let either = json!({"any": {"of": [all(), {"one_of": {"fact": "care", "words": ["at_home"]}}]}});
    assert_eq!(standing(either, json!({"age": 50})), missing(["care"]));
    assert_eq!(standing(json!({"not": {"of": any()}}), json!({})), missing(["age", "alone"]));
}

#[test]
fn findings_stand_as_their_worst_and_explain_each() {
    let criteria = [
        criterion("old", json!({"at_least": {"fact": "age", "number": "65"}})),
        criterion("alone", json!({"one_of": {"fact": "alone", "words": ["true"]}})),
    ];
    let examined = |given| examine(&criteria, &facts(given));
    assert_eq!(examined(json!({"age": 70, "alone": true})).standing, Standing::Met);
    assert_eq!(examined(json!({"age": 70})).standing, Standing::Unknown);
    assert_eq!(examined(json!({"age": 50})).standing, Standing::NotMet);
    assert_eq!(examine(&[], &facts(json!({}))).standing, Standing::Met);
    let steps = examined(json!({"age": 50})).steps("/eligibility/client");
    let said: Vec<_> =
        steps.iter().map(|step| (step.rule.as_str(), step.code.as_str(), step.text.en.as_str())).collect();
    assert_eq!(
        said,
        [
            ("/eligibility/client/0", "not_met", "Condition not met: “old en”"),
            ("/eligibility/client/1", "unknown", "Condition that cannot be examined: “alone en”"),
        ]
    );
    assert_eq!(steps[1].inputs.get("missing").map(String::as_str), Some("alone"));
    assert_eq!(steps[0].source.as_deref(), Some("569/2009 § 3"));
}

#[test]
fn unknown_members_of_a_condition_are_refused() {
    for bad in [
        json!({"at_least": {"fact": "age", "number": 65}}),
        json!({"at_least": {"fact": "age", "number": "65", "or": "so"}}),
        json!({"over": {"fact": "age", "number": "65"}}),
        json!({"all": {"of": [], "any": []}}),
    ] {
        assert!(serde_json::from_value::<Condition>(bad.clone()).is_err(), "{bad}");
    }
}

fn declared() -> Vec<FactTerm> {
    let text = json!({"fi": "a", "sv": "b", "en": "c"});
    let word = |code: &str| json!({"code": code, "text": text});
    serde_json::from_value(json!([
        {"name": "age", "kind": "whole", "maximum": "120", "text": text},
        {"name": "alone", "kind": "flag", "text": text},
        {"name": "care", "kind": "word", "words": [word("at_home"), word("away")], "text": text},
        {"name": "visits", "kind": "number", "given": "with_service", "text": text},
    ]))
    .unwrap()
}

fn faults_of(about: About<'_>, met_if: serde_json::Value) -> Vec<(String, &'static str)> {
    let faults = check_criteria(&[criterion("it", met_if)], about, "/c");
    faults.into_iter().map(|Fault { pointer, code, .. }| (pointer, code)).collect()
}

#[test]
fn criteria_that_ask_for_what_there_is_pass() {
    let terms = declared();
    let of_client = About::Client(FactTerms::new(&terms));
    let client = json!({"all": {"of": [
        {"at_least": {"fact": "age", "number": "65"}},
        {"any": {"of": [
            {"one_of": {"fact": "alone", "words": ["true"]}},
            {"not": {"of": {"one_of": {"fact": "care", "words": ["away"]}}}},
            {"at_most": {"fact": "gross_income_per_month", "number": "2107.55"}},
        ]}},
    ]}});
    assert_eq!(faults_of(of_client, client), []);
    let unit = json!({"all": {"of": [
        {"one_of": {"fact": "sector", "words": ["ngo", "company"]}},
        {"one_of": {"fact": "step_free", "words": ["true"]}},
        {"one_of": {"fact": "municipality", "words": ["609", "684"]}},
        {"one_of": {"fact": "modes", "words": ["remote"]}},
    ]}});
    assert_eq!(faults_of(About::Registry(&UNIT_FACTS), unit), []);
    let offering = json!({"all": {"of": [
        {"in_common": {"fact": "languages", "with": "client_language"}},
        {"in_common": {"fact": "service_area", "with": "client_municipality"}},
        {"one_of": {"fact": "accepts_new_clients", "words": ["true"]}},
    ]}});
    assert_eq!(faults_of(About::Registry(&OFFERING_FACTS), offering), []);
}

#[test]
fn criteria_that_cannot_be_are_refused_at_their_place() {
    let terms = declared();
    let of_client = About::Client(FactTerms::new(&terms));
    let deep = (0..8).fold(json!({"at_least": {"fact": "age", "number": "1"}}), |of, _| json!({"not": {"of": of}}));
    let wide = json!({"any": {"of": vec![json!({"at_least": {"fact": "age", "number": "1"}}); 51]}});
    for (met_if, pointer, code) in [
        (json!({"at_least": {"fact": "shoe_size", "number": "1"}}), "/at_least/fact", "unknown_fact"),
        (json!({"at_least": {"fact": "care", "number": "1"}}), "/at_least/fact", "wrong_kind"),
        (json!({"at_least": {"fact": "visits", "number": "1"}}), "/at_least/fact", "given_with_service"),
        (json!({"at_most": {"fact": "age", "number": "121"}}), "/at_most/number", "out_of_range"),
        (json!({"at_most": {"fact": "age", "number": "65.5"}}), "/at_most/number", "too_precise"),
        (json!({"one_of": {"fact": "age", "words": ["old"]}}), "/one_of/fact", "wrong_kind"),
        (json!({"one_of": {"fact": "care", "words": ["at_sea"]}}), "/one_of/words/0", "unknown_word"),
        (json!({"one_of": {"fact": "alone", "words": ["yes"]}}), "/one_of/words/0", "unknown_word"),
        (json!({"one_of": {"fact": "care", "words": ["away", "away"]}}), "/one_of/words/1", "duplicate"),
        (json!({"one_of": {"fact": "care", "words": []}}), "/one_of/words", "bad_length"),
        (json!({"in_common": {"fact": "care", "with": "alone"}}), "/in_common/with", "wrong_kind"),
        (json!({"in_common": {"fact": "care", "with": "care"}}), "/in_common/with", "contradiction"),
        (json!({"all": {"of": []}}), "/all/of", "bad_length"),
        (wide, "/any/of", "bad_length"),
        (deep, "/not/of/not/of/not/of/not/of/not/of/not/of/not/of/not/of", "too_deep"),
    ] {
        assert_eq!(faults_of(of_client, met_if), [(format!("/c/0/met_if{pointer}"), code)]);
    }
    let of_unit = About::Registry(&UNIT_FACTS);
    for (met_if, pointer, code) in [
        (json!({"at_least": {"fact": "age", "number": "1"}}), "/at_least/fact", "unknown_fact"),
        (json!({"one_of": {"fact": "client_language", "words": ["fi"]}}), "/one_of/fact", "unknown_fact"),
        (json!({"one_of": {"fact": "sector", "words": ["church"]}}), "/one_of/words/0", "unknown_word"),
    ] {
        assert_eq!(faults_of(of_unit, met_if), [(format!("/c/0/met_if{pointer}"), code)]);
    }
}

#[test]
fn codes_texts_and_sources_of_criteria_are_checked_all_at_once() {
    let mut first = criterion("old", json!({"at_least": {"fact": "age", "number": "65"}}));
    let second = first.clone();
    first.source = String::new();
    first.text.sv = " ".to_owned();
    let mut third = criterion("Bad code", json!({"at_least": {"fact": "agee", "number": "65"}}));
    third.source = "x".repeat(301);
    let terms = declared();
    let faults = check_criteria(&[first, second, third], About::Client(FactTerms::new(&terms)), "/c");
    let found: BTreeSet<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
    let wanted = BTreeSet::from([
        ("/c/0/source", "bad_length"),
        ("/c/0/text/sv", "bad_length"),
        ("/c/1/code", "duplicate"),
        ("/c/2/code", "bad_name"),
        ("/c/2/source", "bad_length"),
        ("/c/2/met_if/at_least/fact", "unknown_fact"),
    ]);
    assert_eq!(found, wanted);
}

#[test]
fn what_the_registry_knows_is_written_as_the_registry_writes_it() {
    let words = |name: &str| UNIT_FACTS.iter().find(|fact| fact.name == name).unwrap().words;
    assert_eq!(words("sector"), Sector::ALL.map(Sector::code));
    assert_eq!(words("modes"), ServiceMode::ALL.map(ServiceMode::code));
    assert!(UNIT_FACTS.iter().all(|fact| OFFERING_FACTS.contains(fact)));
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let fact = || proptest::sample::select(vec!["a", "b", "c"]).prop_map(str::to_owned);
    let leaf = prop_oneof![
        (fact(), 0_i64..4).prop_map(|(fact, n)| Condition::AtLeast { fact, number: Decimal::from(n) }),
        (fact(), 0_i64..4).prop_map(|(fact, n)| Condition::AtMost { fact, number: Decimal::from(n) }),
        (fact(), proptest::sample::subsequence(vec!["0", "1", "2", "3"], 1..4))
            .prop_map(|(fact, w)| Condition::OneOf { fact, words: w.into_iter().map(str::to_owned).collect() }),
        (fact(), fact()).prop_map(|(fact, with)| Condition::InCommon { fact, with }),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..4).prop_map(|of| Condition::All { of }),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(|of| Condition::Any { of }),
            inner.prop_map(|of| Condition::Not { of: Box::new(of) }),
        ]
    })
}

fn some_facts() -> impl Strategy<Value = [Option<i64>; 3]> {
    let one = || proptest::option::of(0_i64..4);
    [one(), one(), one()]
}

fn of_numbers(numbers: [Option<i64>; 3]) -> Facts {
    let names = ["a", "b", "c"].into_iter().zip(numbers);
    Facts::new(names.filter_map(|(name, n)| Some((name.to_owned(), FactValue::Number(Decimal::from(n?))))))
}

fn holds(condition: &Condition, facts: &Facts) -> (Option<bool>, Vec<String>) {
    let mut missing = BTreeSet::new();
    let holds = condition.holds(facts, &mut missing);
    (holds, missing.into_iter().map(str::to_owned).collect())
}

proptest! {
    /// What was said before a fact came in stays said after it.
    #[test]
    fn a_further_fact_never_changes_what_was_certain(it in any_condition(), known in some_facts(), all in [0_i64..4, 0_i64..4, 0_i64..4]) {
        let filled: [Option<i64>; 3] = std::array::from_fn(|i| known[i].or(Some(all[i])));
        let (before, missing) = holds(&it, &of_numbers(known));
        let (after, none_missing) = holds(&it, &of_numbers(filled));
        prop_assert!(after.is_some() && none_missing.is_empty());
        match before {
            Some(before) => prop_assert_eq!(Some(before), after),
            None => prop_assert!(!missing.is_empty()),
        }
    }

    /// Only facts that are asked for and not there are named; with those that are named it can be said.
    #[test]
    fn the_facts_that_are_named_are_missing_and_enough(it in any_condition(), known in some_facts(), all in [0_i64..4, 0_i64..4, 0_i64..4]) {
        let (_, missing) = holds(&it, &of_numbers(known));
        let names = ["a", "b", "c"];
        for name in &missing {
            let place = names.iter().position(|it| it == name).unwrap();
            prop_assert!(known[place].is_none() && it.facts().contains(name.as_str()));
        }
        let given = |i: usize| known[i].or_else(|| missing.iter().any(|name| name == names[i]).then_some(all[i]));
        let filled: [Option<i64>; 3] = std::array::from_fn(given);
        prop_assert!(holds(&it, &of_numbers(filled)).0.is_some());
    }

    #[test]
    fn all_and_any_mirror_each_other(of in proptest::collection::vec(any_condition(), 1..4), known in some_facts()) {
        let facts = of_numbers(known);
        let not = |of: Condition| Condition::Not { of: Box::new(of) };
        let one = not(Condition::All { of: of.clone() });
        let other = Condition::Any { of: of.into_iter().map(not).collect() };
        prop_assert_eq!(holds(&one, &facts), holds(&other, &facts));
        prop_assert_eq!(holds(&not(not(one.clone())), &facts), holds(&one, &facts));
    }
}
