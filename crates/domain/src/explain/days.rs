//! How days are written in a text for people. Machine forms are not its concern.

use chrono::Datelike;

use crate::text::Language;
use crate::time::Day;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A day as a letter in a language would write it.
pub fn in_language(day: Day, language: Language) -> String {
    let (year, month, of_month) = (day.date().year(), day.date().month0(), day.date().day());
    match language {
        Language::Fi | Language::Sv => format!("{of_month}.{}.{year}", month.saturating_add(1)),
        Language::En => {
            let month = usize::try_from(month).ok().and_then(|month| MONTHS.get(month)).copied().unwrap_or_default();
            format!("{of_month} {month} {year}")
        }
    }
}

/// A day as letters in Finnish, Swedish and English would write it.
pub fn in_languages(day: Day) -> [String; 3] {
    [Language::Fi, Language::Sv, Language::En].map(|language| in_language(day, language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finnish_and_swedish_write_figures_and_english_the_month() {
        let day = Day::ymd(2026, 12, 1).unwrap();
        assert_eq!(in_languages(day), ["1.12.2026", "1.12.2026", "1 December 2026"]);
    }
}
