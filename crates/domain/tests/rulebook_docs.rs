//! Every example of the rulebook author's guide, run as it stands there.
//!
//! ` ```json rule ` sets a rule, ` ```json facts ` what is declared until it is declared anew, ` ```json on ` the rest of a request,
//! and the line after it that begins with an arrow says what comes of it. ` ```json rulebook ` is a whole document, ` ```json terms ` members
//! that are put into it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helpers fail the test where it stands")]

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use valinta_domain::quantity::Unit;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::rules::{Fault, Trial, ValueRule, trial};

const GUIDE: &str = include_str!("../../../docs/rulebooks.md");

/// A fenced example, and the line with an arrow that follows it, if one does.
struct Block<'g> {
    line: usize,
    heading: &'g str,
    kind: &'g str,
    json: Value,
    arrow: Option<&'g str>,
}

fn blocks() -> Vec<Block<'static>> {
    let mut lines = GUIDE.lines().zip(1..).peekable();
    let (mut blocks, mut heading) = (Vec::new(), "");
    while let Some((text, line)) = lines.next() {
        if text.starts_with('#') {
            heading = text;
        }
        let Some(kind) = text.strip_prefix("```json ") else {
            assert!(!text.starts_with("```"), "line {line}: an example that nothing runs");
            continue;
        };
        let body: Vec<&str> = lines.by_ref().map(|(text, _)| text).take_while(|text| *text != "```").collect();
        let json = serde_json::from_str(&body.join("\n")).unwrap_or_else(|e| panic!("line {line}: {e}"));
        let arrow = lines.peek().and_then(|(text, _)| text.strip_prefix("→ "));
        blocks.push(Block { line, heading, kind, json, arrow });
    }
    blocks
}

/// `` `a` b, `c` d `` as pairs.
fn pairs(text: &str) -> Vec<(&str, &str)> {
    let pairs = text.split(", ").map(|pair| pair.strip_prefix('`').and_then(|pair| pair.split_once("` ")).unwrap());
    pairs.map(|(name, value)| (name, value.trim_matches('`'))).collect()
}

fn assert_refused(faults: &[Fault], wanted: &str, line: usize) {
    let told: BTreeSet<(&str, &str)> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
    let wanted: BTreeSet<(&str, &str)> = pairs(wanted).into_iter().collect();
    assert!(wanted.is_subset(&told), "line {line}: {faults:#?}");
}

fn run(block: &Block<'_>, rule: &Value, facts: &Value) {
    let line = block.line;
    let mut request = block.json.as_object().unwrap().clone();
    request.insert("rule".to_owned(), rule.clone());
    request.insert("fact_terms".to_owned(), facts.clone());
    let request: Trial = serde_json::from_value(Value::Object(request)).unwrap_or_else(|e| panic!("line {line}: {e}"));
    let arrow = block.arrow.unwrap_or_else(|| panic!("line {line}: nothing is said to come of it"));
    match (trial(&request), arrow.strip_prefix("refused ")) {
        (Err(faults), Some(wanted)) => assert_refused(&faults, wanted, line),
        (Ok(outcome), None) => {
            let answer = serde_json::to_value(outcome).unwrap();
            for (name, wanted) in pairs(arrow) {
                let found = answer.pointer(&format!("/{name}")).unwrap();
                let found = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
                assert_eq!(found, wanted, "line {line}: {name}");
            }
        }
        (Ok(outcome), Some(_)) => panic!("line {line}: it is not refused: {outcome:#?}"),
        (Err(faults), None) => panic!("line {line}: {faults:#?}"),
    }
}

fn check_terms(block: &Block<'_>, document: &Map<String, Value>) {
    let line = block.line;
    let mut document = document.clone();
    document.extend(block.json.as_object().unwrap().clone());
    let terms: RulebookTerms =
        serde_json::from_value(Value::Object(document)).unwrap_or_else(|e| panic!("line {line}: {e}"));
    let faults = terms.check_for(Unit::Hour);
    match block.arrow.and_then(|arrow| arrow.strip_prefix("refused ")) {
        Some(wanted) => assert_refused(&faults, wanted, line),
        None => assert_eq!(faults, [], "line {line}"),
    }
}

#[test]
fn every_example_of_the_guide_comes_to_what_it_says() {
    let (mut document, mut rule, mut facts, mut heading) = (Map::new(), None, Value::Array(Vec::new()), "");
    for block in blocks() {
        if block.heading != heading {
            // A rule is for its own heading alone.
            (heading, rule) = (block.heading, None);
        }
        match block.kind {
            "rulebook" => {
                check_terms(&block, &Map::new());
                document = block.json.as_object().unwrap().clone();
            }
            "terms" => check_terms(&block, &document),
            "facts" => facts = block.json,
            "rule" => rule = Some(block.json),
            "on" => run(&block, rule.as_ref().expect("a rule stands before what it is tried on"), &facts),
            other => panic!("line {}: {other} is no kind of example", block.line),
        }
    }
}

/// The names of all blocks, from what their examples are.
fn names_within(rule: &ValueRule) -> BTreeSet<String> {
    let rules = rule.walk("").into_iter().map(|(_, rule)| serde_json::to_value(rule).unwrap());
    rules.flat_map(|rule| rule.as_object().unwrap().keys().cloned().collect::<Vec<_>>()).collect()
}

#[test]
fn the_guide_has_an_example_of_every_block() {
    let mut shown = BTreeSet::new();
    for block in blocks().into_iter().filter(|block| block.kind == "rule") {
        shown.extend(names_within(&serde_json::from_value(block.json).unwrap()));
    }
    let schema = serde_json::to_value(<ValueRule as utoipa::PartialSchema>::schema()).unwrap();
    let variants =
        schema["oneOf"].as_array().unwrap().iter().flat_map(|variant| variant["required"].as_array().unwrap());
    let all: BTreeSet<String> = variants.map(|name| name.as_str().unwrap().to_owned()).collect();
    assert_eq!(shown, all);
}
