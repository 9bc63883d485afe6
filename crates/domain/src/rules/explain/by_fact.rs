//! The steps of blocks that a fact decides. Facts and words are called what the rulebook calls them.

use rust_decimal::Decimal;

use super::wording::{capitalised, each, in_language, one_of, quoted, shown};
use super::{Band, Explainer, FactKind, INDIVIDUAL_VALUE, Localized, Step, ValueRule, fact_of};
use crate::explain::numbers::{self, with_comma};
use crate::rules::evaluate::Found;
use crate::rules::value_rule::ListedKind;
use crate::text::Language;

impl Explainer<'_, '_> {
    /// What people call a fact, within a sentence.
    pub(super) fn fact_text<'t>(&'t self, name: &'t str, language: Language) -> &'t str {
        self.terms.find(name).map_or(name, |term| in_language(&term.text, language))
    }

    /// What people call a fact, at the beginning of a sentence.
    fn called(&self, name: &str, language: Language) -> String {
        capitalised(self.fact_text(name, language))
    }

    fn fact_shown(&self, name: &str, number: Decimal) -> String {
        shown(number, self.terms.find(name).is_some_and(|term| term.kind == FactKind::Money))
    }

    /// What people call a word of a fact.
    fn word_text<'t>(&'t self, name: &str, word: &'t str, language: Language) -> &'t str {
        let Some(term) = self.terms.find(name) else { return word };
        match (term.kind, word) {
            (FactKind::Flag, "true") => one_of(language, "kyllä", "ja", "yes"),
            (FactKind::Flag, "false") => one_of(language, "ei", "nej", "no"),
            _ => term
                .words
                .iter()
                .find(|known| known.code == word)
                .map_or(word, |known| in_language(&known.text, language)),
        }
    }

    pub(super) fn fact_read(&self, rule: &ValueRule, number: Decimal) -> Step {
        let name = fact_of(rule);
        let figure = self.fact_shown(name, number);
        let text =
            each(|language| format!("{}: {}.", self.called(name, language), numbers::in_language(&figure, language)));
        self.yields(rule, "fact", number, text).input(name, figure)
    }

    pub(super) fn fact_missing(&self, rule: &ValueRule) -> Step {
        let name = fact_of(rule);
        let text = if name == INDIVIDUAL_VALUE {
            Localized::new(
                "Päätöksessä ei ole vahvistettu määrää erikseen. Siksi sovelletaan sääntöä, joka koskee tällaista tapausta.",
                "Inget belopp har fastställts särskilt i beslutet. Därför tillämpas regeln för sådana fall.",
                "No amount was set in the decision itself. So the rule for such cases applies.",
            )
        } else {
            let called = |language| self.fact_text(name, language);
            Localized::new(
                format!(
                    "Tieto puuttuu: {}. Siksi sovelletaan sääntöä, joka koskee tällaista tapausta.",
                    called(Language::Fi)
                ),
                format!("Uppgift saknas: {}. Därför tillämpas regeln för sådana fall.", called(Language::Sv)),
                format!("Not given: {}. So the rule for such cases applies.", called(Language::En)),
            )
        };
        self.step(rule, &format!("{}/missing", super::block(rule)), "fact_missing", text).input("missing", name)
    }

    pub(super) fn band(&self, rule: &ValueRule, number: Decimal, place: Option<usize>) -> Step {
        let (name, bands): (&str, &[Band]) =
            if let ValueRule::Bands { fact, bands, .. } = rule { (fact, bands) } else { ("", &[]) };
        let figure = self.fact_shown(name, number);
        let text = each(|language| {
            let range = quoted(&self.range(name, bands, place, language), language);
            let falls = match place {
                Some(_) => one_of(language, "Se kuuluu luokkaan", "Det hör till klassen", "That falls in the band"),
                None => one_of(
                    language,
                    "Se kuuluu viimeiseen luokkaan",
                    "Det hör till den sista klassen",
                    "That falls in the last band,",
                ),
            };
            let figure = numbers::in_language(&figure, language);
            format!("{}: {figure}. {falls} {range}.", self.called(name, language))
        });
        let Some(at) = place else {
            return self.step(rule, "bands/above", "above_bands", text).input(name, figure);
        };
        let step = self.step(rule, &format!("bands/bands/{at}"), "band", text).input(name, figure);
        match bands.get(at).map(|band| (band.up_to, band.below)) {
            Some((Some(edge), _)) => step.input("up_to", self.fact_shown(name, edge)),
            Some((None, Some(edge))) => step.input("below", self.fact_shown(name, edge)),
            Some((None, None)) | None => step,
        }
    }

    /// The range of a band, or of what is above the last.
    fn range(&self, name: &str, bands: &[Band], place: Option<usize>, language: Language) -> String {
        let edge = |number| numbers::in_language(self.fact_shown(name, number), language);
        let before = place.unwrap_or(bands.len()).checked_sub(1).and_then(|before| bands.get(before));
        let lower = before.and_then(|band| match (band.up_to, band.below) {
            (Some(last), _) => Some(format!("{} {}", one_of(language, "yli", "över", "over"), edge(last))),
            (None, Some(first)) => {
                Some(format!("{} {}", one_of(language, "vähintään", "minst", "at least"), edge(first)))
            }
            (None, None) => None,
        });
        let upper = place.and_then(|place| bands.get(place)).and_then(|band| match (band.up_to, band.below) {
            (Some(last), _) => Some(format!("{} {}", one_of(language, "enintään", "högst", "at most"), edge(last))),
            (None, Some(end)) => Some(format!("{} {}", one_of(language, "alle", "under", "under"), edge(end))),
            (None, None) => None,
        });
        lower.into_iter().chain(upper).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn case(&self, rule: &ValueRule, found: &Found) -> Step {
        let name = fact_of(rule);
        let (below, code, word) = match (found, rule) {
            (Found::Case { case, word }, ValueRule::Cases { cases, .. }) => {
                let word = cases.get(*case).and_then(|case| case.is.get(*word)).map_or("", String::as_str);
                (format!("cases/cases/{case}"), "case", word)
            }
            (Found::Otherwise(word), _) => ("cases/otherwise".to_owned(), "other_case", word.as_ref()),
            (Found::Case { .. }, _) => ("cases".to_owned(), "case", ""),
        };
        let text = each(|language| {
            let others = one_of(
                language,
                " Siihen sovelletaan muita tapauksia koskevaa sääntöä.",
                " Då tillämpas regeln för övriga fall.",
                " The rule for all other cases applies.",
            );
            let others = if code == "case" { "" } else { others };
            format!("{}: {}.{others}", self.called(name, language), self.word_text(name, word, language))
        });
        self.step(rule, &below, code, text).input(name, word)
    }

    pub(super) fn listed(&self, rule: &ValueRule, places: &[usize], total: Decimal) -> Step {
        let ValueRule::Listed { fact, entries_are, entries, .. } = rule else {
            return self.yields(rule, "listed", total, each(|_| String::new()));
        };
        let is_money = *entries_are == ListedKind::Amounts;
        let found: Vec<_> = places.iter().filter_map(|place| entries.get(*place)).collect();
        let text = each(|language| {
            let figure = |number| numbers::in_language(shown(number, is_money), language);
            let each_one = found
                .iter()
                .map(|entry| format!("{} ({})", self.word_text(fact, &entry.code, language), figure(entry.is)));
            let mut list: Vec<String> = each_one.collect();
            if list.is_empty() {
                list.push(one_of(language, "ei yhtään", "inga", "none").to_owned());
            }
            let in_total = one_of(language, "yhteensä", "sammanlagt", "in total");
            let in_total = if found.len() == 1 { String::new() } else { format!("; {in_total} {}", figure(total)) };
            format!("{}: {}{in_total}.", self.called(fact, language), list.join(", "))
        });
        let codes: Vec<&str> = found.iter().map(|entry| entry.code.as_str()).collect();
        self.yields(rule, "listed", total, text).input(fact, codes.join(", "))
    }

    pub(super) fn individual(&self, rule: &ValueRule, number: Decimal) -> Step {
        let figure = shown(number, true);
        let (minimum, maximum) = if let ValueRule::Individual { minimum, maximum, .. } = rule {
            (minimum.decimal(), maximum.decimal())
        } else {
            (number, number)
        };
        let (minimum, maximum) = (shown(minimum, true), shown(maximum, true));
        let (local, least, most) = (with_comma(&figure), with_comma(&minimum), with_comma(&maximum));
        let text = self.subject.text(
            |noun| format!("{noun} on vahvistettu päätöksessä: {local} (vähintään {least}, enintään {most})."),
            |noun| format!("{noun} har fastställts i beslutet: {local} (minst {least}, högst {most})."),
            |noun| format!("{noun} was set in the decision: {figure} (at least {minimum}, at most {maximum})."),
        );
        let step = self.yields(rule, "individual_value", number, text);
        step.input(INDIVIDUAL_VALUE, figure).input("minimum", minimum).input("maximum", maximum)
    }
}
