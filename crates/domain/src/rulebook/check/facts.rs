//! Consistency of what a rulebook declares of its facts.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::rulebook::RulebookTerms;
use crate::rules::{
    FACTS_MAX, FactKind, FactTerm, Fault, ITEM, WordTerm, check_length, check_line, check_word, decimals, known_facts,
};
use crate::written::is_code;

/// Most words of one fact.
const WORDS_MAX: usize = 1_000;
/// The largest number a fact can be.
const NUMBER_MAX: u32 = 1_000_000_000;

impl RulebookTerms {
    /// The facts that are declared, and that of the price list with its items as words.
    pub(super) fn facts_and_items(&self) -> Vec<FactTerm> {
        let words: Vec<_> =
            self.items.iter().map(|item| WordTerm { code: item.code.clone(), text: item.text.clone() }).collect();
        let of_items = known_facts().iter().filter(|term| term.name == ITEM);
        of_items.map(|term| FactTerm { words: words.clone(), ..term.clone() }).chain(self.facts.clone()).collect()
    }
}

pub(super) fn check(facts: &[FactTerm], faults: &mut Vec<Fault>) {
    check_length(facts.len(), 0..=FACTS_MAX, "/facts", faults);
    let mut seen = BTreeSet::new();
    for (i, term) in facts.iter().enumerate() {
        let at = format!("/facts/{i}");
        let mut name_fault = |code, why: &str| faults.push(Fault::new(format!("{at}/name"), code, why));
        if !is_code(&term.name) {
            name_fault("bad_name", "a fact's name is small letters, digits and underscores, at most 64");
        } else if known_facts().iter().any(|known| known.name == term.name) {
            name_fault("built_in", "this fact is known without being declared: leave it out, or choose another name");
        } else if !seen.insert(&term.name) {
            name_fault("duplicate", "it is declared twice");
        }
        check_line(&term.text, &format!("{at}/text"), faults);
        check_range(term, &at, faults);
        check_words(term, &at, faults);
    }
}

fn check_range(term: &FactTerm, at: &str, faults: &mut Vec<Fault>) {
    let limits = [("minimum", term.minimum), ("maximum", term.maximum)];
    for (member, limit) in limits.into_iter().filter_map(|(member, limit)| Some((member, limit?))) {
        let mut fault = |code, why: String| faults.push(Fault::new(format!("{at}/{member}"), code, why));
        if !term.kind.is_number() {
            fault("contradiction", "only a number has a minimum and a maximum".to_owned());
        } else if decimals(limit) > decimals(term.grain()) {
            fault("too_precise", format!("a fact of this kind has at most {} decimals", decimals(term.grain())));
        } else if !(Decimal::ZERO..=Decimal::from(NUMBER_MAX)).contains(&limit) {
            fault("out_of_range", format!("a fact lies between 0 and {NUMBER_MAX}"));
        }
    }
    if term.kind.is_number() && term.lowest() > term.highest() {
        let why = format!("the minimum is above the maximum, {}", term.highest());
        faults.push(Fault::new(format!("{at}/minimum"), "minimum_above_maximum", why));
    }
}

fn check_words(term: &FactTerm, at: &str, faults: &mut Vec<Fault>) {
    let at = format!("{at}/words");
    if !matches!(term.kind, FactKind::Word | FactKind::Words) {
        if !term.words.is_empty() {
            faults.push(Fault::new(at, "contradiction", "only a fact that is a word or several has words"));
        }
        return;
    }
    check_length(term.words.len(), 1..=WORDS_MAX, &at, faults);
    let mut seen = BTreeSet::new();
    for (i, word) in term.words.iter().enumerate() {
        check_word(&word.code, &format!("{at}/{i}/code"), faults);
        if !seen.insert(&word.code) {
            faults.push(Fault::new(format!("{at}/{i}/code"), "duplicate", format!("{:?} is listed twice", word.code)));
        }
        check_line(&word.text, &format!("{at}/{i}/text"), faults);
    }
}
