//! How figures are written in a text for people. Machine forms, such as inputs and figures of steps, are not its concern.

use std::fmt::Display;

use crate::text::Language;

/// Stands between groups of three digits, and does not break a line.
const NO_BREAK_SPACE: char = '\u{a0}';

/// A figure as it stands in a text of a language.
pub fn in_language(figure: impl Display, language: Language) -> String {
    match language {
        Language::Fi | Language::Sv => with_comma(figure),
        Language::En => figure.to_string(),
    }
}

/// A figure as Finnish and Swedish write it: a decimal comma, and the digits before it in groups of three.
pub(crate) fn with_comma(figure: impl Display) -> String {
    let figure = figure.to_string();
    let (whole, fraction) = figure.split_once('.').map_or((figure.as_str(), None), |(whole, f)| (whole, Some(f)));
    let mut written = String::with_capacity(figure.len() + 4);
    let digits = whole.chars().filter(char::is_ascii_digit).count();
    let mut left = digits;
    for character in whole.chars() {
        if character.is_ascii_digit() {
            if left < digits && left.is_multiple_of(3) {
                written.push(NO_BREAK_SPACE);
            }
            left = left.saturating_sub(1);
        }
        written.push(character);
    }
    if let Some(fraction) = fraction {
        written.push(',');
        written.push_str(fraction);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finnish_and_swedish_have_a_comma_and_groups_and_english_has_the_machine_form() {
        for (figure, written) in [
            ("0", "0"),
            ("1.5", "1,5"),
            ("999.00", "999,00"),
            ("1650.00", "1\u{a0}650,00"),
            ("123456.123456", "123\u{a0}456,123456"),
            ("1000000", "1\u{a0}000\u{a0}000"),
            ("-1650.00", "-1\u{a0}650,00"),
            ("-650.00", "-650,00"),
        ] {
            assert_eq!(in_language(figure, Language::Fi), written);
            assert_eq!(in_language(figure, Language::Sv), written);
            assert_eq!(in_language(figure, Language::En), figure);
        }
    }
}
