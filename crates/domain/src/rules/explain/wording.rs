//! How figures, subjects and texts are worded in the three languages.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::explain::Step;
use crate::explain::numbers::with_comma;
use crate::money::Amount;
use crate::text::{Language, Localized};

/// Most decimals of a figure that is shown on the way to an amount.
const DECIMALS_SHOWN: u32 = 6;

/// What a rule finds, by where it stands in the terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Value,
    CoPayment,
    ClientFee,
}

impl Subject {
    pub(super) fn of_pointer(pointer: &str) -> Self {
        if pointer.ends_with("co_payment") {
            Self::CoPayment
        } else if pointer.contains("client_fee") {
            Self::ClientFee
        } else {
            Self::Value
        }
    }

    /// A text about it: each wording gets the noun in its language.
    pub(super) fn text(
        self,
        fi: impl FnOnce(&str) -> String,
        sv: impl FnOnce(&str) -> String,
        en: impl FnOnce(&str) -> String,
    ) -> Localized {
        let (in_fi, in_sv, in_en) = match self {
            Self::Value => ("Arvo", "Värdet", "The value"),
            Self::CoPayment => ("Omavastuuosuus", "Självriskandelen", "The co-payment"),
            Self::ClientFee => ("Asiakasmaksu", "Klientavgiften", "The client fee"),
        };
        Localized::new(fi(in_fi), sv(in_sv), en(in_en))
    }

    /// The step that says what it came to, and not how.
    pub(super) fn came_to(self, pointer: &str, amount: Amount) -> Step {
        let local = with_comma(amount);
        let text = match self {
            Self::Value => Localized::new(
                format!("Palvelusetelin arvo on {local} yksiköltä."),
                format!("Servicesedelns värde är {local} per enhet."),
                format!("The voucher's value is {amount} per unit."),
            ),
            Self::CoPayment | Self::ClientFee => self.text(
                |noun| format!("{noun} on {local} yksiköltä."),
                |noun| format!("{noun} är {local} per enhet."),
                |noun| format!("{noun} is {amount} per unit."),
            ),
        };
        Step::new(pointer, "value_of_voucher", text).figure(amount)
    }
}

pub(super) fn no_voucher() -> Localized {
    Localized::new(
        "Palveluseteliä ei myönnetä tämän säännön mukaan.",
        "Servicesedel beviljas inte enligt denna regel.",
        "No voucher is granted under this rule.",
    )
}

/// A text whose wordings are made alike.
pub(super) fn each(wording: impl Fn(Language) -> String) -> Localized {
    Localized::new(wording(Language::Fi), wording(Language::Sv), wording(Language::En))
}

/// The wording of one language.
pub(super) fn in_language(text: &Localized, language: Language) -> &str {
    match language {
        Language::Fi => &text.fi,
        Language::Sv => &text.sv,
        Language::En => &text.en,
    }
}

/// One of three wordings.
pub(super) fn one_of<'t>(language: Language, fi: &'t str, sv: &'t str, en: &'t str) -> &'t str {
    match language {
        Language::Fi => fi,
        Language::Sv => sv,
        Language::En => en,
    }
}

/// A text that begins a sentence.
pub(super) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// A number in its machine form: money with two decimals, or more where it is not whole cents yet.
pub(super) fn shown(number: Decimal, is_money: bool) -> String {
    let mut number = number.round_dp_with_strategy(DECIMALS_SHOWN, RoundingStrategy::MidpointAwayFromZero).normalize();
    if is_money && number.scale() < 2 {
        number.rescale(2);
    }
    number.to_string()
}

/// The sign before a result: whether what is shown is all of it.
pub(super) fn equals(number: Decimal) -> &'static str {
    if number.normalize().scale() > DECIMALS_SHOWN { "≈" } else { "=" }
}

/// Several in a row: commas, and a word before the last.
pub(super) fn listing(parts: &[String], language: Language) -> String {
    let and = one_of(language, "ja", "och", "and");
    match parts.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} {and} {last}", others.join(", ")),
    }
}

/// What quotes a text within a sentence.
pub(super) fn quoted(text: &str, language: Language) -> String {
    match language {
        Language::Fi | Language::Sv => format!("”{text}”"),
        Language::En => format!("“{text}”"),
    }
}
