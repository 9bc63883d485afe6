//! The steps of time bands: days and times in words.

use super::wording::{each, listing, one_of, quoted};
use super::{Explainer, Localized, Step, ValueRule};
use crate::explain::days;
use crate::rules::evaluate::At;
use crate::rules::time_bands::{DayKind, TimeBand, TimeOfDay};
use crate::text::Language;

impl Explainer<'_, '_> {
    pub(super) fn time_missing(&self, rule: &ValueRule) -> Step {
        let text = Localized::new(
            "Palvelun ajankohta ei ole tiedossa. Siksi sovelletaan sääntöä, joka koskee tällaista tapausta.",
            "Tidpunkten för tjänsten är inte känd. Därför tillämpas regeln för sådana fall.",
            "The time of the service is not known. So the rule for such cases applies.",
        );
        self.step(rule, "time_bands/missing", "time_missing", text)
    }

    pub(super) fn time_band(&self, rule: &ValueRule, kind: DayKind, at: At, place: Option<usize>) -> Step {
        let band = match (rule, place) {
            (ValueRule::TimeBands(bands), Some(place)) => bands.bands.get(place),
            _ => None,
        };
        let text = each(|language| {
            let time = at.time.map(|time| match language {
                Language::Fi => format!(" klo {}", clock(time, language)),
                Language::Sv => format!(" kl. {}", clock(time, language)),
                Language::En => format!(" at {}", clock(time, language)),
            });
            let when = format!(
                "{}{} ({})",
                days::in_language(at.day, language),
                time.unwrap_or_default(),
                kind_text(kind, language)
            );
            let begins = one_of(language, "Palvelun ajankohta", "Tidpunkt för tjänsten", "Time of the service");
            let falls = match band {
                Some(band) => {
                    let band = quoted(&band_text(band, language), language);
                    match language {
                        Language::Fi => format!("Siihen sovelletaan aikaa {band} koskevaa sääntöä"),
                        Language::Sv => format!("Då gäller regeln för tiden {band}"),
                        Language::En => format!("It falls in the band {band}"),
                    }
                }
                None => one_of(
                    language,
                    "Siihen sovelletaan muita aikoja koskevaa sääntöä",
                    "Då tillämpas regeln för övriga tider",
                    "The rule for all other times applies",
                )
                .to_owned(),
            };
            format!("{begins}: {when}. {falls}.")
        });
        let (below, code) = match place {
            Some(place) => (format!("time_bands/bands/{place}"), "time_band"),
            None => ("time_bands/otherwise".to_owned(), "other_times"),
        };
        let step = self.step(rule, &below, code, text).input("day", at.day).input("day_kind", code_of(kind));
        let step = at.time.into_iter().fold(step, |step, time| step.input("time", time));
        band.and_then(|band| band.item.as_ref()).into_iter().fold(step, |step, item| step.input("item", item))
    }
}

fn clock(time: TimeOfDay, language: Language) -> String {
    match language {
        Language::Fi | Language::Sv => format!("{}.{:02}", time.minute() / 60, time.minute() % 60),
        Language::En => time.to_string(),
    }
}

/// The days and hours of a band, such as *Monday–Friday, 07:00–18:00*.
fn band_text(band: &TimeBand, language: Language) -> String {
    let days = days_text(&band.on, language);
    let end = TimeOfDay::END.minute();
    let (from, until) = band.minutes();
    if (from, until) == (0, end) {
        return days;
    }
    let of = |minute| TimeOfDay::from_minute(minute).map(|time| clock(time, language)).unwrap_or_default();
    format!("{days}{}{}–{}", one_of(language, " klo ", " kl. ", ", "), of(from), of(until))
}

/// Kinds of days in the week's order, three or more weekdays in a row as from – to.
fn days_text(kinds: &[DayKind], language: Language) -> String {
    let mut runs: Vec<Vec<DayKind>> = Vec::new();
    let mut follows = false;
    for kind in DayKind::ALL {
        let named = kinds.contains(&kind);
        let in_week = !matches!(kind, DayKind::PublicHoliday | DayKind::Eve);
        match runs.last_mut() {
            Some(run) if named && follows && in_week => run.push(kind),
            Some(_) | None if named => runs.push(vec![kind]),
            Some(_) | None => {}
        }
        follows = named;
    }
    let parts: Vec<String> = runs
        .iter()
        .flat_map(|run| match run.as_slice() {
            [first, _, .., last] => vec![format!("{}–{}", kind_text(*first, language), kind_text(*last, language))],
            few => few.iter().map(|kind| kind_text(*kind, language).to_owned()).collect(),
        })
        .collect();
    listing(&parts, language)
}

fn kind_text(kind: DayKind, language: Language) -> &'static str {
    let (fi, sv, en) = match kind {
        DayKind::Monday => ("maanantai", "måndag", "Monday"),
        DayKind::Tuesday => ("tiistai", "tisdag", "Tuesday"),
        DayKind::Wednesday => ("keskiviikko", "onsdag", "Wednesday"),
        DayKind::Thursday => ("torstai", "torsdag", "Thursday"),
        DayKind::Friday => ("perjantai", "fredag", "Friday"),
        DayKind::Saturday => ("lauantai", "lördag", "Saturday"),
        DayKind::Sunday => ("sunnuntai", "söndag", "Sunday"),
        DayKind::PublicHoliday => ("pyhäpäivä", "helgdag", "public holiday"),
        DayKind::Eve => ("aatto", "helgdagsafton", "eve of a holiday"),
    };
    one_of(language, fi, sv, en)
}

const fn code_of(kind: DayKind) -> &'static str {
    match kind {
        DayKind::Monday => "monday",
        DayKind::Tuesday => "tuesday",
        DayKind::Wednesday => "wednesday",
        DayKind::Thursday => "thursday",
        DayKind::Friday => "friday",
        DayKind::Saturday => "saturday",
        DayKind::Sunday => "sunday",
        DayKind::PublicHoliday => "public_holiday",
        DayKind::Eve => "eve",
    }
}
