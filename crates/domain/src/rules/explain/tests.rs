//! Tests of explanations: a snapshot that people read, in three languages, and what holds of all steps.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::rules::{At, FactTerm, Facts, Occasion, TimeOfDay, check, evaluate, facts_asked_for};
use crate::time::Day;

/// Writes the snapshot instead of comparing it.
const UPDATE: &str = "UPDATE_SNAPSHOTS";

#[derive(Deserialize)]
struct Example {
    fact_terms: Vec<FactTerm>,
    rule: ValueRule,
    occasions: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    facts: Facts,
    price: Option<Amount>,
    day: Option<Day>,
    time: Option<TimeOfDay>,
}

impl Case {
    fn occasion(&self) -> Occasion<'_> {
        Occasion { facts: &self.facts, price: self.price, at: self.day.map(|day| At { day, time: self.time }) }
    }
}

fn example() -> Example {
    let example: Example = serde_json::from_str(include_str!("every_block.json")).unwrap();
    assert_eq!(check(&example.rule, FactTerms::new(&example.fact_terms), "/value"), vec![]);
    example
}

fn evaluation<'e>(example: &'e Example, case: &Case) -> Evaluation<'e> {
    let terms = FactTerms::new(&example.fact_terms);
    assert_eq!(terms.check(&case.facts, &facts_asked_for(&example.rule), None), vec![], "{}", case.name);
    evaluate(&example.rule, terms, &case.occasion()).unwrap()
}

fn written(example: &Example) -> String {
    let mut text = String::from(
        "Every step of a rule that uses every block, as people read it. Below each: what those see who give the service.\n",
    );
    for case in &example.occasions {
        let evaluation = evaluation(example, case);
        let result = match &evaluation.outcome {
            Outcome::Value(value) => value.to_string(),
            Outcome::NotEligible(reason) => reason.clone(),
        };
        writeln!(text, "\n== {}: {result}", case.name).unwrap();
        for step in evaluation.steps("/value") {
            let source = step.source.map(|source| format!(" [{source}]")).unwrap_or_default();
            let personal = if step.personal { " (personal)" } else { "" };
            writeln!(text, "{} {}{source}{personal}", step.code, step.rule).unwrap();
            let inputs: Vec<String> = step.inputs.iter().map(|(name, value)| format!("{name} {value}")).collect();
            writeln!(text, "   {} -> {}", inputs.join(", "), step.figure.as_deref().unwrap_or("-")).unwrap();
            for (language, wording) in step.text.wordings() {
                writeln!(text, "   {} {wording}", language.code()).unwrap();
            }
        }
        for step in evaluation.steps_of_service("/value") {
            writeln!(text, "   service: {} {}", step.code, step.text.en).unwrap();
        }
    }
    text
}

#[test]
fn the_steps_read_as_agreed() {
    let text = written(&example());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules/explain/steps.txt");
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let agreed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(text == agreed, "not as in {}; if it is right, run with {UPDATE}=1:\n{text}", file.display());
}

#[test]
fn the_example_takes_every_turn() {
    let example = example();
    let codes: BTreeSet<String> = example
        .occasions
        .iter()
        .flat_map(|case| {
            let evaluation = evaluation(&example, case);
            [evaluation.steps("/value"), evaluation.steps_of_service("/value")].concat()
        })
        .map(|step| step.code)
        .collect();
    let all = "above_bands band case difference fact fact_missing flat_value greatest household_terms income_missing \
               individual_value least listed lowered_to_maximum minimum_value named not_eligible other_case other_times price \
               price_missing product reduced_by_income rounded rounded_to_cent sum time_band time_missing \
               value_of_voucher within_limits";
    let missing: Vec<&str> = all.split_whitespace().filter(|code| !codes.contains(*code)).collect();
    assert_eq!((missing, codes.len()), (vec![], all.split_whitespace().count()), "{codes:?}");
}

#[test]
fn every_step_points_at_its_block_and_the_last_has_the_amount() {
    let example = example();
    let document = json!({"value": serde_json::to_value(&example.rule).unwrap()});
    for case in &example.occasions {
        let evaluation = evaluation(&example, case);
        for steps in [evaluation.steps("/value"), evaluation.steps_of_service("/value")] {
            for step in &steps {
                assert!(document.pointer(&step.rule).is_some(), "{}: {}", case.name, step.rule);
                assert!(step.text.wordings().iter().all(|(_, wording)| wording.ends_with('.')), "{:?}", step.text);
            }
            let last = steps.last().unwrap();
            assert_eq!(last.figure, evaluation.value().map(|value| value.to_string()), "{}", case.name);
        }
    }
}

/// Whatever facts of the client the same figure comes from, those who give the service are told the same.
#[test]
fn steps_of_a_service_are_the_same_for_all_clients_with_one_value() {
    let rule: ValueRule = serde_json::from_value(json!({"product": {"of": [
        {"bands": {"fact": "net_income_per_month", "bands": [
            {"up_to": "900.00", "then": {"named": {"text": {"fi": "a", "sv": "b", "en": "c"}, "source": "§ 1", "of": {"flat": {"value": "30.00"}}}}},
            {"up_to": "1800.00", "then": {"cases": {"fact": "item",
                "cases": [{"is": ["night"], "then": {"flat": {"value": "30.00"}}}],
                "otherwise": {"flat": {"value": "20.00"}}, "missing": {"flat": {"value": "30.00"}}}}}],
            "above": {"price": {"at_most": "30.00"}}, "missing": {"flat": {"value": "30.00"}}}},
        {"time_bands": {"bands": [{"on": ["sunday"], "then": {"number": {"is": "2"}}}],
            "otherwise": {"number": {"is": "1"}}, "missing": {"number": {"is": "1"}}}}]}}))
    .unwrap();
    let told = |facts: serde_json::Value| {
        let facts: Facts = serde_json::from_value(facts).unwrap();
        let at = Some(At { day: "2026-06-07".parse().unwrap(), time: None });
        let occasion = Occasion { facts: &facts, price: None, at };
        evaluate(&rule, FactTerms::default(), &occasion).unwrap().steps_of_service("/value")
    };
    let steps = told(json!({}));
    for facts in [
        json!({"net_income_per_month": "850.00"}),
        json!({"net_income_per_month": "1200.00"}),
        json!({"net_income_per_month": "1200.00", "item": "night"}),
        json!({"net_income_per_month": "4000.00"}),
    ] {
        assert_eq!(told(facts), steps);
    }
    let codes: Vec<&str> = steps.iter().map(|step| step.code.as_str()).collect();
    assert_eq!(codes, ["time_band", "value_of_voucher"]);
    assert_eq!(steps.last().unwrap().figure.as_deref(), Some("60.00"));
}

#[test]
fn a_reason_that_the_clients_facts_led_to_is_not_told_with_the_service() {
    let rule: ValueRule = serde_json::from_value(json!({"bands": {"fact": "net_income_per_month",
        "bands": [{"up_to": "900.00", "then": {"flat": {"value": "30.00"}}}],
        "above": {"not_eligible": {"reason": "income_above_limit"}}, "missing": {"flat": {"value": "30.00"}}}}))
    .unwrap();
    let facts: Facts = serde_json::from_value(json!({"net_income_per_month": "1000.00"})).unwrap();
    let evaluation = evaluate(&rule, FactTerms::default(), &Occasion::of(&facts)).unwrap();
    let steps = evaluation.steps_of_service("/value");
    assert_eq!(steps.len(), 1);
    assert_eq!((steps[0].rule.as_str(), steps[0].code.as_str(), steps[0].inputs.len()), ("/value", "not_eligible", 0));
}

#[test]
fn steps_of_an_event_end_with_the_value_where_facts_of_the_client_had_a_part() {
    let example = example();
    for case in &example.occasions {
        let evaluation = evaluation(&example, case);
        let (steps, of_event) = (evaluation.steps("/value"), evaluation.steps_of_event("/value"));
        assert!(steps.iter().any(|step| step.personal), "{}", case.name);
        assert_eq!(of_event.split_last().unwrap().1, steps, "{}", case.name);
        assert!(!of_event.last().unwrap().personal, "{}", case.name);
    }
}

#[test]
fn what_is_the_same_for_all_clients_is_told_in_full_with_the_service() {
    let rule: ValueRule = serde_json::from_value(json!({"individual": {"minimum": "10.00", "maximum": "50.00",
        "missing": {"product": {"of": [{"flat": {"value": "20.00"}}, {"number": {"is": "1.3333"}}]}}}}))
    .unwrap();
    let told = |facts: serde_json::Value| {
        let facts: Facts = serde_json::from_value(facts).unwrap();
        let evaluation = evaluate(&rule, FactTerms::default(), &Occasion::of(&facts)).unwrap();
        (evaluation.steps("/value"), evaluation.steps_of_event("/value"), evaluation.steps_of_service("/value"))
    };
    let (steps, of_event, of_service) = told(json!({}));
    assert_eq!((&steps, &steps), (&of_event, &of_service));
    let codes: Vec<&str> = steps.iter().map(|step| step.code.as_str()).collect();
    assert_eq!(codes, ["fact_missing", "flat_value", "product", "rounded_to_cent"]);
    let (_, _, of_service) = told(json!({"individual_value": "30.00"}));
    let codes: Vec<&str> = of_service.iter().map(|step| step.code.as_str()).collect();
    assert_eq!(codes, ["value_of_voucher"]);
}

#[test]
fn a_step_that_is_not_personal_is_written_as_before_the_flag() {
    let step = Step::new("/value", "flat_value", wording::no_voucher());
    let written = serde_json::to_value(&step).unwrap();
    assert!(written.get("personal").is_none());
    assert_eq!(serde_json::from_value::<Step>(written).unwrap(), step);
    assert_eq!(serde_json::to_value(step.of_client(true)).unwrap()["personal"], true);
}

#[test]
fn the_subject_of_a_text_is_what_the_rule_finds() {
    let rule: ValueRule = serde_json::from_value(json!({"flat": {"value": "8.00"}})).unwrap();
    let facts = Facts::default();
    let evaluation = evaluate(&rule, FactTerms::default(), &Occasion::of(&facts)).unwrap();
    let said = |pointer| evaluation.steps(pointer)[0].text.clone();
    assert_eq!(said("/value").en, "The value is the same for everyone: 8.00 per unit.");
    assert_eq!(said("/co_payment").fi, "Omavastuuosuus on sama kaikille: 8,00 yksiköltä.");
    assert_eq!(said("/public_service/client_fee_rule").sv, "Klientavgiften är lika för alla: 8,00 per enhet.");
}
