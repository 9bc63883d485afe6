//! How plain figures and codes are written, the same wherever they are read.

use std::fmt;
use std::marker::PhantomData;

use rust_decimal::Decimal;
use serde::{Deserializer, de};

/// Longest figure.
const DECIMAL_CHARS_MAX: usize = 20;
/// Longest code.
const CODE_CHARS_MAX: usize = 64;

/// A figure of digits, with a point between digits or none: no sign, no exponent, no blanks. `None` for anything else.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let plain = match text.split_once('.') {
        Some((whole, decimals)) => are_digits(whole) && are_digits(decimals),
        None => are_digits(text),
    };
    if plain && text.len() <= DECIMAL_CHARS_MAX { Decimal::from_str_exact(text).ok() } else { None }
}

/// Reads a figure in quotes; a JSON number would pass through floating point. What is no text is told what is wanted.
pub(crate) fn in_quotes<'de, T, F, E, D>(deserializer: D, example: &'static str, parse: F) -> Result<T, D::Error>
where
    F: FnOnce(&str) -> Result<T, E>,
    E: fmt::Display,
    D: Deserializer<'de>,
{
    deserializer.deserialize_str(InQuotes { example, parse, of: PhantomData })
}

struct InQuotes<F, T> {
    example: &'static str,
    parse: F,
    of: PhantomData<T>,
}

impl<T, F: FnOnce(&str) -> Result<T, E>, E: fmt::Display> de::Visitor<'_> for InQuotes<F, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a number in quotes, for example \"{}\"", self.example)
    }

    fn visit_str<W: de::Error>(self, text: &str) -> Result<T, W> {
        (self.parse)(text).map_err(W::custom)
    }
}

/// Whether a text is a code within a rulebook, such as a fact's name: small letters, digits and underscores.
pub(crate) fn is_code(text: &str) -> bool {
    (1..=CODE_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// A short text of digits and signs, written from its end and without formatting: lists hold hundreds of them.
pub(crate) struct Backwards {
    text: [u8; BACKWARDS_MAX],
    /// How much of it is free yet.
    free: usize,
}

/// As many as a sum of money takes, with sign and point.
const BACKWARDS_MAX: usize = 24;

impl Backwards {
    /// With nothing written.
    pub(crate) const fn new() -> Self {
        Self { text: [b'0'; BACKWARDS_MAX], free: BACKWARDS_MAX }
    }

    /// Puts a sign before what is written. What does not fit is left out.
    pub(crate) fn put(&mut self, sign: u8) {
        let before = self.free.saturating_sub(1);
        if let Some(slot) = self.text.get_mut(before) {
            *slot = sign;
        }
        self.free = before;
    }

    /// Puts a number before what is written, of so many digits at least.
    pub(crate) fn put_number(&mut self, number: u64, digits_min: usize) {
        let (mut rest, mut digits) = (number, 0);
        while digits < digits_min || rest > 0 {
            self.put(b'0' + u8::try_from(rest % 10).unwrap_or_default());
            (rest, digits) = (rest / 10, digits + 1);
        }
    }

    /// What is written.
    pub(crate) fn text(&self) -> &str {
        self.text.get(self.free..).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }
}
