//! The steps of blocks that add up, multiply, compare, limit and round.

use rust_decimal::Decimal;

use super::wording::{each, equals, in_language, listing, one_of, shown};
use super::{Amount, Explainer, Localized, Step, Turn, ValueRule, block};
use crate::explain::numbers::{self, with_comma};
use crate::rules::value_rule::Rounding;
use crate::text::Language;

/// How several numbers are written as one formula.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plus,
    Minus,
    Times,
    Least,
    Greatest,
}

impl Explainer<'_, '_> {
    pub(super) fn combined(&self, rule: &ValueRule, numbers: &[Decimal], result: Decimal) -> Step {
        let sign = if let ValueRule::Difference { .. } = rule {
            Sign::Minus
        } else if let ValueRule::Product { .. } = rule {
            Sign::Times
        } else if let ValueRule::Least { .. } = rule {
            Sign::Least
        } else if let ValueRule::Greatest { .. } = rule {
            Sign::Greatest
        } else {
            Sign::Plus
        };
        // A block that combines others has no children but those.
        let parts: Vec<_> = rule.children().into_iter().map(|(_, part)| part).zip(numbers.iter().copied()).collect();
        let below_zero = sign == Sign::Minus && is_below_zero(numbers);
        let shown_result = shown(result, self.is_money(rule));
        let text = each(|language| {
            let parts: Vec<String> = parts.iter().map(|(part, number)| self.part(part, *number, language)).collect();
            let calculation = one_of(language, "Laskelma", "Uträkning", "Calculation");
            let equals = equals(result);
            let shown_result = numbers::in_language(&shown_result, language);
            match sign {
                Sign::Plus => format!("{calculation}: {} {equals} {shown_result}.", parts.join(" + ")),
                Sign::Times => format!("{calculation}: {} {equals} {shown_result}.", parts.join(" × ")),
                Sign::Minus if below_zero => {
                    let so = one_of(
                        language,
                        "jäisi alle nollan, joten tulos on",
                        "skulle bli under noll, och därför är resultatet",
                        "would be below zero, so the result is",
                    );
                    format!("{calculation}: {} {so} {shown_result}.", parts.join(" − "))
                }
                Sign::Minus => format!("{calculation}: {} {equals} {shown_result}.", parts.join(" − ")),
                Sign::Least | Sign::Greatest => {
                    let of = if sign == Sign::Least {
                        one_of(language, "Pienin luvuista", "Det minsta av", "The least of")
                    } else {
                        one_of(language, "Suurin luvuista", "Det största av", "The greatest of")
                    };
                    let is = one_of(language, "on", "är", "is");
                    format!("{of} {} {is} {shown_result}.", listing(&parts, language))
                }
            }
        });
        let step = self.yields(rule, block(rule), result, text);
        parts.iter().zip(1_usize..).fold(step, |step, ((part, number), place)| {
            step.input(&format!("part_{place}"), shown(*number, self.is_money(part)))
        })
    }

    /// Whether a fact was given, so that the number is the fact's.
    fn was_read(&self, rule: &ValueRule) -> bool {
        self.trail.iter().any(|taken| std::ptr::eq(taken.rule, rule) && matches!(taken.turn, Turn::FactRead(_)))
    }

    /// One number of a formula, with what it is called where it has a name.
    fn part(&self, rule: &ValueRule, number: Decimal, language: Language) -> String {
        let local = |figure: String| numbers::in_language(figure, language);
        let figure = local(shown(number, self.is_money(rule)));
        if let ValueRule::Number { is, over: Some(over) } = rule {
            format!("{} / {}", local(is.normalize().to_string()), local(over.normalize().to_string()))
        } else if let ValueRule::Named { text, .. } = rule {
            format!("{figure} ({})", in_language(text, language))
        } else if let ValueRule::Fact { name, .. } = rule
            && self.was_read(rule)
        {
            format!("{figure} ({})", self.fact_text(name, language))
        } else {
            figure
        }
    }

    pub(super) fn clamped(&self, rule: &ValueRule, before: Decimal, after: Decimal) -> Step {
        let is_money = self.is_money(rule);
        let (minimum, maximum) =
            if let ValueRule::Clamp { minimum, maximum, .. } = rule { (*minimum, *maximum) } else { (None, None) };
        let (was, limit) = (shown(before, is_money), shown(after, is_money));
        let (local, edge) = (with_comma(&was), with_comma(&limit));
        let (code, text) = if after > before {
            let text = Localized::new(
                format!("{local} alittaa alarajan {edge}, joten summa on {edge}."),
                format!("{local} understiger den nedre gränsen {edge}, och därför används den nedre gränsen."),
                format!("{was} is below the lower limit of {limit}, so the lower limit is used."),
            );
            ("raised_to_minimum", text)
        } else if after < before {
            let text = Localized::new(
                format!("{local} ylittää ylärajan {edge}, joten summa on {edge}."),
                format!("{local} överskrider den övre gränsen {edge}, och därför används den övre gränsen."),
                format!("{was} is above the upper limit of {limit}, so the upper limit is used."),
            );
            ("lowered_to_maximum", text)
        } else {
            let limits = |language| {
                let limit = |words: &str, limit: Amount| format!("{words} {}", numbers::in_language(limit, language));
                let least = minimum.map(|least| limit(one_of(language, "vähintään", "minst", "at least"), least));
                let most = maximum.map(|most| limit(one_of(language, "enintään", "högst", "at most"), most));
                least.into_iter().chain(most).collect::<Vec<_>>().join(", ")
            };
            let text = Localized::new(
                format!("{local} on rajojen sisällä ({}).", limits(Language::Fi)),
                format!("{local} ligger inom gränserna ({}).", limits(Language::Sv)),
                format!("{was} is within the limits ({}).", limits(Language::En)),
            );
            ("within_limits", text)
        };
        let step = self.yields(rule, code, after, text);
        let step = minimum.into_iter().fold(step, |step, minimum| step.input("minimum", minimum));
        maximum.into_iter().fold(step, |step, maximum| step.input("maximum", maximum))
    }

    pub(super) fn rounded(&self, rule: &ValueRule, before: Decimal, after: Decimal) -> Step {
        let is_money = self.is_money(rule);
        let after_shown = shown(after, is_money);
        let (to, how) = if let ValueRule::Round { to, how, .. } = rule {
            (shown(to.decimal(), is_money), *how)
        } else {
            (String::new(), Rounding::HalfUp)
        };
        let (local, step) = (with_comma(&after_shown), with_comma(&to));
        let text = match how {
            Rounding::HalfUp => Localized::new(
                format!("Pyöristettynä lähimpään luvun {step} kerrannaiseen (puolikkaat ylöspäin): {local}."),
                format!("Avrundat till närmaste multipel av {step} (halva steg uppåt): {local}."),
                format!("Rounded to the nearest multiple of {to} (a half goes up): {after_shown}."),
            ),
            Rounding::Up => Localized::new(
                format!("Pyöristettynä ylöspäin luvun {step} kerrannaiseen: {local}."),
                format!("Avrundat uppåt till en multipel av {step}: {local}."),
                format!("Rounded up to a multiple of {to}: {after_shown}."),
            ),
            Rounding::Down => Localized::new(
                format!("Pyöristettynä alaspäin luvun {step} kerrannaiseen: {local}."),
                format!("Avrundat nedåt till en multipel av {step}: {local}."),
                format!("Rounded down to a multiple of {to}: {after_shown}."),
            ),
        };
        self.yields(rule, "rounded", after, text).input("before", shown(before, is_money)).input("to", to)
    }
}

fn is_below_zero(numbers: &[Decimal]) -> bool {
    let Some((first, less)) = numbers.split_first() else { return false };
    less.iter().try_fold(Decimal::ZERO, |sum, part| sum.checked_add(*part)).is_some_and(|less| less > *first)
}
