//! A rule with a dimension nobody thought of needs only data: its terms, itself and the facts stand in a file.

use serde_json::{Value, json};
use valinta_domain::rules::{Trial, trial};

#[test]
fn a_dimension_nobody_thought_of_needs_only_data() {
    let file: Value = serde_json::from_str(include_str!("../../../tests/vectors/unforeseen.json")).unwrap();
    for example in file["examples"].as_array().unwrap() {
        let request = json!({"rule": file["rule"], "fact_terms": file["fact_terms"], "facts": example["facts"]});
        let request: Trial = serde_json::from_value(request).unwrap();
        let outcome = trial(&request).unwrap_or_else(|faults| panic!("{faults:?}"));
        assert_eq!(outcome.value.map(|value| value.to_string()).as_deref(), example["value"].as_str(), "{example}");
        if let Some(words) = example["says"].as_str() {
            let said: Vec<&str> = outcome.steps.iter().map(|step| step.text.en.as_str()).collect();
            assert!(said.contains(&words), "{words} is not among {said:#?}");
        }
    }
}
