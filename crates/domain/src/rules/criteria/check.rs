//! Consistency of criteria, checked when a rulebook is saved: they ask for facts that there are, and can be met.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{Condition, Criterion};
use crate::rules::check::{Fault, check_length, check_source, check_texted_codes, decimals};
use crate::rules::fact_terms::{FactKind, FactTerms, Given};

/// How deep conditions may nest.
const DEPTH_MAX: usize = 8;
/// Most conditions of one criterion.
const CONDITIONS_MAX: usize = 500;
/// Most criteria of one list.
const CRITERIA_MAX: usize = 50;
/// Most conditions directly within one.
const PARTS_MAX: usize = 50;
/// Most words that a condition names.
const WORDS_MAX: usize = 400;

/// A fact that the registry has of a unit or an offering: it is not asked for and not declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistryFact {
    /// Its name in conditions.
    pub name: &'static str,
    /// What kind of fact it is.
    pub kind: FactKind,
    /// The words it can be; none where they are codes kept elsewhere, such as those of municipalities.
    pub words: &'static [&'static str],
}

const fn registry_fact(name: &'static str, kind: FactKind, words: &'static [&'static str]) -> RegistryFact {
    RegistryFact { name, kind, words }
}

/// What the registry knows of a provider's unit.
pub const UNIT_FACTS: [RegistryFact; 6] = [
    registry_fact("sector", FactKind::Word, &["public", "company", "ngo"]),
    registry_fact("modes", FactKind::Words, &["on_site", "at_home", "remote"]),
    registry_fact("languages", FactKind::Words, &["fi", "sv", "en"]),
    registry_fact("municipality", FactKind::Word, &[]),
    registry_fact("service_area", FactKind::Words, &[]),
    registry_fact("step_free", FactKind::Flag, &["true", "false"]),
];

/// What the registry knows of an offering for a client's voucher: the unit's facts, and these.
pub const OFFERING_FACTS: [RegistryFact; 9] = {
    let [sector, modes, languages, municipality, service_area, step_free] = UNIT_FACTS;
    [
        sector,
        modes,
        languages,
        municipality,
        service_area,
        step_free,
        registry_fact("accepts_new_clients", FactKind::Flag, &["true", "false"]),
        registry_fact("client_language", FactKind::Word, &["fi", "sv", "en"]),
        registry_fact("client_municipality", FactKind::Word, &[]),
    ]
};

/// Whose facts criteria are about.
#[derive(Debug, Clone, Copy)]
pub enum About<'r> {
    /// A client's, given with the request for a voucher.
    Client(FactTerms<'r>),
    /// Those that the registry has.
    Registry(&'static [RegistryFact]),
}

/// What a condition has to know of a fact.
struct Known<'r> {
    kind: FactKind,
    /// Empty where any word is as good as another.
    words: Vec<&'r str>,
    numbers: Option<(Decimal, Decimal, Decimal)>,
}

impl<'r> About<'r> {
    fn find(self, name: &str) -> Result<Known<'r>, (&'static str, String)> {
        match self {
            Self::Client(terms) => {
                let unknown = || format!("nothing is known of the fact {name}: declare it under facts");
                let term = terms.find(name).ok_or_else(|| ("unknown_fact", unknown()))?;
                if term.given == Given::WithService {
                    let why = format!("{name} is given with each service, and not known when a voucher is asked for");
                    return Err(("given_with_service", why));
                }
                let words = match term.kind {
                    FactKind::Flag => vec!["true", "false"],
                    FactKind::Money | FactKind::Number | FactKind::Whole | FactKind::Word | FactKind::Words => {
                        term.words.iter().map(|word| word.code.as_str()).collect()
                    }
                };
                let numbers = Some((term.lowest(), term.highest(), term.grain()));
                Ok(Known { kind: term.kind, words, numbers })
            }
            Self::Registry(facts) => {
                let fact = facts.iter().find(|fact| fact.name == name).ok_or_else(|| {
                    let names: Vec<_> = facts.iter().map(|fact| fact.name).collect();
                    ("unknown_fact", format!("the registry has no fact {name}; it has {}", names.join(", ")))
                })?;
                Ok(Known { kind: fact.kind, words: fact.words.to_vec(), numbers: None })
            }
        }
    }
}

/// All that is inconsistent in a list of criteria that stands at `pointer`. That a code is used in one list only is for
/// whoever has all the lists.
pub(crate) fn check_criteria(criteria: &[Criterion], about: About<'_>, pointer: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    check_length(criteria.len(), 0..=CRITERIA_MAX, pointer, &mut faults);
    check_texted_codes(criteria.iter().map(|it| (it.code.as_str(), &it.text)), pointer, &mut faults);
    for (i, criterion) in criteria.iter().enumerate() {
        check_source(&criterion.source, &format!("{pointer}/{i}/source"), &mut faults);
        let at = format!("{pointer}/{i}/met_if");
        if is_too_large(&criterion.met_if) {
            let why = format!("a criterion has at most {CONDITIONS_MAX} conditions");
            faults.push(Fault::new(at, "too_many_conditions", why));
        } else {
            check_condition(&criterion.met_if, about, &at, 1, &mut faults);
        }
    }
    faults
}

fn is_too_large(condition: &Condition) -> bool {
    let mut conditions = 0;
    let mut left = vec![condition];
    while let Some(condition) = left.pop() {
        conditions += 1;
        if conditions + left.len() > CONDITIONS_MAX {
            return true;
        }
        left.extend(condition.children().into_iter().map(|(_, child)| child));
    }
    false
}

fn check_condition(condition: &Condition, about: About<'_>, at: &str, depth: usize, faults: &mut Vec<Fault>) {
    if depth > DEPTH_MAX {
        faults.push(Fault::new(at, "too_deep", format!("conditions nest at most {DEPTH_MAX} deep")));
        return;
    }
    match condition {
        Condition::AtLeast { fact, number } => check_number(about, fact, *number, &format!("{at}/at_least"), faults),
        Condition::AtMost { fact, number } => check_number(about, fact, *number, &format!("{at}/at_most"), faults),
        Condition::OneOf { fact, words } => check_one_of(about, fact, words, &format!("{at}/one_of"), faults),
        Condition::InCommon { fact, with } => {
            let fits = |kind| matches!(kind, FactKind::Word | FactKind::Words);
            for (member, name) in [("fact", fact), ("with", with)] {
                find(about, name, fits, "a word or several", &format!("{at}/in_common/{member}"), faults);
            }
            if fact == with {
                let why = "a fact always has its words in common with itself";
                faults.push(Fault::new(format!("{at}/in_common/with"), "contradiction", why));
            }
        }
        Condition::All { of } => check_length(of.len(), 1..=PARTS_MAX, &format!("{at}/all/of"), faults),
        Condition::Any { of } => check_length(of.len(), 1..=PARTS_MAX, &format!("{at}/any/of"), faults),
        Condition::Not { .. } => {}
    }
    for (below, child) in condition.children() {
        check_condition(child, about, &format!("{at}{below}"), depth + 1, faults);
    }
}

/// What is known of a fact, if it is of a kind that the condition can use.
fn find<'r>(
    about: About<'r>,
    name: &str,
    fits: impl Fn(FactKind) -> bool,
    wanted: &str,
    pointer: &str,
    faults: &mut Vec<Fault>,
) -> Option<Known<'r>> {
    match about.find(name) {
        Ok(known) if fits(known.kind) => Some(known),
        Ok(_) => {
            let why = format!("the fact is to be {wanted}, and {name} is none");
            faults.push(Fault::new(pointer, "wrong_kind", why));
            None
        }
        Err((code, why)) => {
            faults.push(Fault::new(pointer, code, why));
            None
        }
    }
}

fn check_number(about: About<'_>, fact: &str, number: Decimal, at: &str, faults: &mut Vec<Fault>) {
    let known = find(about, fact, FactKind::is_number, "a number", &format!("{at}/fact"), faults);
    let Some((lowest, highest, grain)) = known.and_then(|known| known.numbers) else { return };
    let at = format!("{at}/number");
    if decimals(number) > decimals(grain) {
        faults.push(Fault::new(at, "too_precise", format!("{fact} has at most {} decimals", decimals(grain))));
    } else if number < lowest || number > highest {
        faults.push(Fault::new(at, "out_of_range", format!("{fact} lies between {lowest} and {highest}")));
    }
}

fn check_one_of(about: About<'_>, fact: &str, words: &[String], at: &str, faults: &mut Vec<Fault>) {
    check_length(words.len(), 1..=WORDS_MAX, &format!("{at}/words"), faults);
    let fits = |kind| matches!(kind, FactKind::Word | FactKind::Words | FactKind::Flag);
    let known = find(about, fact, fits, "a word, several words or a truth", &format!("{at}/fact"), faults);
    let mut seen = BTreeSet::new();
    for (i, word) in words.iter().enumerate() {
        let at = format!("{at}/words/{i}");
        if !seen.insert(word) {
            faults.push(Fault::new(at, "duplicate", format!("{word:?} is listed twice")));
        } else if word.is_empty() || word.len() > 64 {
            faults.push(Fault::new(at, "bad_length", "a word has 1 to 64 characters"));
        } else if let Some(known) = &known
            && !known.words.is_empty()
            && !known.words.contains(&word.as_str())
        {
            faults.push(Fault::new(at, "unknown_word", format!("{fact} cannot be {word:?}")));
        }
    }
}
