//! What must hold of whatever people write as rules and terms, stated so that a fuzzer can look for the input for which
//! it does not. Owns the shapes of the inputs and how they are varied; a promise that is broken is a panic.

pub mod mutate;
pub mod rule;
pub mod terms;

use std::sync::LazyLock;

use valinta_domain::rules::Fault;
use valinta_domain::{Amount, Localized};

/// Set where the committed corpus is gone through: every input of it is sound, and must be judged to the end.
pub const SOUND_VARIABLE: &str = "VALINTA_FUZZ_SOUND";

static MUST_BE_SOUND: LazyLock<bool> = LazyLock::new(|| std::env::var_os(SOUND_VARIABLE).is_some());

/// An input that is judged no further. That is nobody's fault, unless it was to be sound.
fn unsound(why: impl std::fmt::Debug) {
    assert!(!*MUST_BE_SOUND, "the committed input is not sound: {why:?}");
}

/// The largest amount that a rule may come to.
pub const LARGEST: Amount = Amount::from_minor(valinta_domain::money::AMOUNT_MINOR_MAX);

/// A fault names a place, a code and a reason.
fn judge_faults(faults: &[Fault], document: &serde_json::Value) {
    for fault in faults {
        assert!(!fault.code.is_empty() && !fault.detail.is_empty(), "a fault without a reason: {fault:?}");
        // What is missing has no place of its own; what it is missing from has.
        let (around, _) = fault.pointer.rsplit_once('/').unwrap_or_default();
        assert!(document.pointer(around).is_some(), "a fault at a place that is not there: {fault:?}");
    }
}

/// A text says something in each language.
fn judge_text(text: &Localized) {
    for (language, words) in text.wordings() {
        assert!(!words.trim().is_empty(), "no words in {language:?}: {text:?}");
    }
}
