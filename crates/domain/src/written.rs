//! How plain figures and codes are written, the same wherever they are read.

use rust_decimal::Decimal;

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

/// Whether a text is a code within a rulebook, such as a fact's name: small letters, digits and underscores.
pub(crate) fn is_code(text: &str) -> bool {
    (1..=CODE_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
