//! On which days a condition of approval is not shown to hold: found from the rulebooks of those days and from the
//! evidence that the organiser has accepted. Decides nothing of what becomes of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::evidence::Evidence;
use crate::id::{Id, kind};
use crate::rulebook::Requirement;
use crate::time::{Day, Period};

/// What a rulebook asks on the days on which it is in force.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The days.
    pub period: Period,
    /// Its requirements.
    pub requirements: &'a [Requirement],
}

/// A piece of evidence as one organiser knows it.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// What was given, taken back or not.
    pub evidence: &'a Evidence,
    /// Whether the organiser has ever accepted it.
    pub accepted: bool,
    /// The days on which it holds for the organiser.
    pub held: &'a [Period],
}

/// Days on which a requirement is not shown to hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lapse {
    /// The requirement's code.
    pub requirement: String,
    /// First day.
    pub from: Day,
    /// First day on which it is shown again, if that is known.
    pub to: Option<Day>,
}

/// The days of an approval, from `today` on, on which a requirement stands against new choices: one that expires wherever
/// no accepted evidence that shows it holds; another one where evidence was accepted for it and shows it no more. Each
/// requirement's days are whole: no two lapses of one requirement touch each other.
pub fn lapses(
    approval: Period,
    unit: Id<kind::ServiceUnit>,
    asked: &[Asked<'_>],
    pieces: &[Piece<'_>],
    today: Day,
) -> Vec<Lapse> {
    let Ok(open) = Period::new(approval.from().max(today), approval.to()) else { return Vec::new() };
    let edges = edges(open, asked, pieces);
    let mut open_lapses: BTreeMap<&str, Day> = BTreeMap::new();
    let mut found = Vec::new();
    for day in edges {
        let missing: BTreeSet<&str> =
            if open.contains(day) { missing_on(day, unit, asked, pieces) } else { BTreeSet::new() };
        let over: Vec<&str> = open_lapses.keys().filter(|code| !missing.contains(*code)).copied().collect();
        for code in over {
            if let Some(from) = open_lapses.remove(code) {
                found.push(Lapse { requirement: code.to_owned(), from, to: Some(day) });
            }
        }
        for code in missing {
            open_lapses.entry(code).or_insert(day);
        }
    }
    let endless = open_lapses.into_iter().map(|(code, from)| Lapse { requirement: code.to_owned(), from, to: None });
    found.extend(endless);
    found.sort();
    found
}

/// The days on which anything can become otherwise, in order; the first is that of the open days.
fn edges(open: Period, asked: &[Asked<'_>], pieces: &[Piece<'_>]) -> BTreeSet<Day> {
    let held = pieces.iter().flat_map(|piece| piece.held.iter().copied());
    let all = asked.iter().map(|asked| asked.period).chain(held).chain([open]);
    let days = all.flat_map(|period| [Some(period.from()), period.to()]).flatten();
    days.filter(|day| *day >= open.from() && open.to().is_none_or(|to| *day <= to)).collect()
}

/// The codes of the requirements of a day that are not shown to hold on it.
fn missing_on<'a>(
    day: Day,
    unit: Id<kind::ServiceUnit>,
    asked: &[Asked<'a>],
    pieces: &[Piece<'_>],
) -> BTreeSet<&'a str> {
    let Some(of_day) = asked.iter().find(|asked| asked.period.contains(day)) else { return BTreeSet::new() };
    let missing = of_day.requirements.iter().filter(|requirement| {
        let fitting = || pieces.iter().filter(|piece| piece.accepted && piece.evidence.is_for(requirement, unit));
        let holds = |piece: &Piece<'_>| piece.held.iter().any(|period| period.contains(day));
        let shown = fitting().any(|piece| holds(piece) && piece.evidence.shows(requirement).is_ok());
        // What was accepted for days to come has not been lost: it has not begun. What says too little for this rulebook
        // was never lost by it either; what says that the requirement is not fulfilled stands against it.
        let has_begun = |piece: &Piece<'_>| piece.held.is_empty() || piece.held.iter().any(|held| held.from() <= day);
        let lost = |piece: &Piece<'_>| {
            has_begun(piece) && piece.evidence.shows(requirement).err().is_none_or(|lacking| lacking.speaks_against())
        };
        !shown && (requirement.expires || fitting().any(lost))
    });
    missing.map(|requirement| requirement.code.as_str()).collect()
}

#[cfg(test)]
mod tests;
