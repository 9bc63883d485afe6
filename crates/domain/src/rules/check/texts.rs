//! What texts, sources, codes and lengths are to be like, the same in rules, criteria and rulebooks.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use rust_decimal::Decimal;

use super::Fault;
use crate::text::{LINE_CHARS_MAX, Localized, TEXT_CHARS_MAX};
use crate::written::is_code;

/// Longest word.
const WORD_CHARS_MAX: usize = 64;

/// How many decimals a number has that are not idle zeroes.
pub(crate) fn decimals(number: Decimal) -> u32 {
    number.normalize().scale()
}

/// A text says something in every language.
pub(crate) fn check_text(text: &Localized, pointer: &str, faults: &mut Vec<Fault>) {
    check_wordings(text, TEXT_CHARS_MAX, pointer, faults);
}

/// A text that stands within the steps of an explanation is a line in every language: a decision keeps many of them.
pub(crate) fn check_line(text: &Localized, pointer: &str, faults: &mut Vec<Fault>) {
    check_wordings(text, LINE_CHARS_MAX, pointer, faults);
}

fn check_wordings(text: &Localized, chars_max: usize, pointer: &str, faults: &mut Vec<Fault>) {
    for (language, wording) in text.wordings() {
        if wording.trim().is_empty() || wording.chars().count() > chars_max {
            faults.push(Fault::new(
                format!("{pointer}/{}", language.code()),
                "bad_length",
                format!("a text has 1 to {chars_max} characters in each language here"),
            ));
        }
    }
}

/// A source is a line.
pub(crate) fn check_source(source: &str, pointer: &str, faults: &mut Vec<Fault>) {
    if source.trim().is_empty() || source.chars().count() > LINE_CHARS_MAX {
        let why = format!("a source is named in 1 to {LINE_CHARS_MAX} characters");
        faults.push(Fault::new(pointer, "bad_length", why));
    }
}

/// A list is neither too short nor too long.
pub(crate) fn check_length(length: usize, wanted: RangeInclusive<usize>, pointer: &str, faults: &mut Vec<Fault>) {
    if !wanted.contains(&length) {
        let why = format!("{} to {} are listed here", wanted.start(), wanted.end());
        faults.push(Fault::new(pointer, "bad_length", why));
    }
}

/// A word that a fact can be is plain, and cannot be taken for a number.
pub(crate) fn check_word(word: &str, pointer: &str, faults: &mut Vec<Fault>) {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let fits = (1..=WORD_CHARS_MAX).contains(&word.len())
        && word.bytes().all(is_plain)
        && word.bytes().any(|byte| byte.is_ascii_alphabetic());
    if !fits {
        let why = "a word is letters from a to z, digits, underscores, hyphens and points, at most 64, with at least \
                   one letter: without one it could be taken for a number";
        faults.push(Fault::new(pointer, "bad_name", why));
    }
}

/// What stands in a list under a code has a proper code of its own, and a text. `pointer` is the list's.
pub(crate) fn check_texted_codes<'t>(
    listed: impl IntoIterator<Item = (&'t str, &'t Localized)>,
    pointer: &str,
    faults: &mut Vec<Fault>,
) {
    check_codes(listed, check_text, pointer, faults);
}

/// The same, where each text is a line.
pub(crate) fn check_lined_codes<'t>(
    listed: impl IntoIterator<Item = (&'t str, &'t Localized)>,
    pointer: &str,
    faults: &mut Vec<Fault>,
) {
    check_codes(listed, check_line, pointer, faults);
}

fn check_codes<'t>(
    listed: impl IntoIterator<Item = (&'t str, &'t Localized)>,
    check_text: fn(&Localized, &str, &mut Vec<Fault>),
    pointer: &str,
    faults: &mut Vec<Fault>,
) {
    let mut seen = BTreeSet::new();
    for (i, (code, text)) in listed.into_iter().enumerate() {
        let at = format!("{pointer}/{i}/code");
        if !is_code(code) {
            let why = "a code is small letters, digits and underscores, at most 64";
            faults.push(Fault::new(&at, "bad_name", why));
        }
        if !seen.insert(code) {
            faults.push(Fault::new(&at, "duplicate", format!("{code:?} is listed twice")));
        }
        check_text(text, &format!("{pointer}/{i}/text"), faults);
    }
}
