//! Words that documents share, in the languages they are written in: Finnish, Swedish, English.

use chrono::Datelike;
use valinta_domain::explain::numbers;
use valinta_domain::statement::LineKind;
use valinta_domain::{Day, Language, Quantity, Unit};

/// A word or phrase in Finnish, Swedish and English.
pub(super) type Phrase = [&'static str; 3];

/// A phrase in a language.
pub(super) const fn say(phrase: Phrase, language: Language) -> &'static str {
    let [fi, sv, en] = phrase;
    match language {
        Language::Fi => fi,
        Language::Sv => sv,
        Language::En => en,
    }
}

/// One of a unit, and any other quantity of it.
const fn forms(unit: Unit) -> [Phrase; 2] {
    match unit {
        Unit::Hour => [["tunti", "timme", "hour"], ["tuntia", "timmar", "hours"]],
        Unit::Visit => [["käynti", "besök", "visit"], ["käyntiä", "besök", "visits"]],
        Unit::Day => [["päivä", "dag", "day"], ["päivää", "dagar", "days"]],
        Unit::Month => [["kuukausi", "månad", "month"], ["kuukautta", "månader", "months"]],
        Unit::Procedure => [["toimenpide", "åtgärd", "procedure"], ["toimenpidettä", "åtgärder", "procedures"]],
        Unit::Package => [["paketti", "paket", "package"], ["pakettia", "paket", "packages"]],
    }
}

/// A quantity with its unit.
pub(super) fn counted(quantity: Quantity, unit: Unit, language: Language) -> String {
    let [one, many] = forms(unit);
    let form = if quantity == Quantity::ONE { one } else { many };
    format!("{} {}", figure(quantity, language), say(form, language))
}

/// What a line is.
pub(super) const fn kind(kind: LineKind) -> Phrase {
    match kind {
        LineKind::Service => ["Palvelu", "Tjänst", "Service"],
        LineKind::Late => ["Myöhemmin kirjattu palvelu", "Tjänst som antecknats senare", "Service recorded later"],
        LineKind::Correction => ["Oikaisu", "Rättelse", "Correction"],
        LineKind::Credit => ["Hyvitys", "Kreditering", "Credit"],
    }
}

/// A month by its number and year: `10/2026`.
pub(super) fn month(first: Day) -> String {
    format!("{}/{}", first.date().month(), first.date().year())
}

/// A figure as people read it, with a minus sign where it is below nothing.
pub(super) fn figure(figure: impl std::fmt::Display, language: Language) -> String {
    numbers::in_language(figure, language).replace('-', "\u{2212}")
}
