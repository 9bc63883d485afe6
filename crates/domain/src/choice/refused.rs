//! What is offered and cannot be chosen: pages of it with the reasons, and offerings that are asked for by name. What it
//! costs to find the reasons goes with the page.

use std::sync::Arc;

use super::candidate::Candidate;
use super::day::Rulebooks;
use super::list::List;
use super::query::{Query, Refused, RefusedPage, Shown, SortKey};
use super::stand::{Chooser, Stand};
use crate::id::{Id, kind};
use crate::identifiers::MunicipalityCode;

impl<'a> List<'a, '_> {
    /// The page of what cannot be chosen. `home` is where the client lives, or wants to be served.
    pub(super) fn refused(&self, home: Option<&MunicipalityCode>) -> RefusedPage<'a> {
        let choosable = self.choosable(home);
        let refused = || {
            let all = self.candidates.iter().enumerate();
            all.filter(|(place, candidate)| !choosable.contains(*place) && is_wanted(candidate, self.query))
        };
        let named = refused().map(|(place, candidate)| (candidate.offering, place));
        let limit = self.query.limit;
        let mut places = self.by_lot(named, self.query.after, limit.saturating_add(1));
        let more = places.len() > limit;
        places.truncate(limit);
        let of_place = |place: &usize| self.candidates.get(*place);
        let key_of = |candidate: &Arc<Candidate>| SortKey {
            figure: None,
            name: String::new(),
            drawn: self.query.lot.draw(candidate.offering),
            offering: candidate.offering,
        };
        let stands = places.iter().filter_map(of_place).map(|one| stand(one, self.rulebooks, self.query, home));
        RefusedPage {
            lines: stands.map(|stand| refused_of(&stand, self.query)).collect(),
            total: refused().count(),
            next: places.last().filter(|_| more).and_then(of_place).map(key_of),
        }
    }
}

/// Offerings that are asked for by name, in the neutral order.
pub(super) fn side_by_side<'a>(
    candidates: &'a [Arc<Candidate>],
    rulebooks: &Rulebooks,
    query: &Query<'_>,
    home: Option<&MunicipalityCode>,
    offerings: &[Id<kind::Offering>],
) -> Vec<Shown<'a>> {
    let is_public = |candidate: &&Candidate| candidate.is_public_by(candidate.begins_on(query.day));
    let named = candidates.iter().filter(|candidate| offerings.contains(&candidate.offering));
    let named = named.map(Arc::as_ref).filter(is_public);
    let mut named: Vec<&Candidate> = named.collect();
    named.sort_by_key(|candidate| (query.lot.draw(candidate.offering), candidate.offering));
    let shown = named.into_iter().map(|candidate| {
        let stand = stand(candidate, rulebooks, query, home);
        let listed = stand.listed(query.quantity, query.near).filter(|_| stand.is_choosable());
        listed.map_or_else(|| Shown::Refused(refused_of(&stand, query)), Shown::Listed)
    });
    shown.collect()
}

/// How an offering stands to the one who asks.
pub(super) fn stand<'a>(
    candidate: &'a Candidate,
    rulebooks: &Rulebooks,
    query: &Query<'_>,
    home: Option<&MunicipalityCode>,
) -> Stand<'a> {
    let chooser = Chooser {
        day: query.day,
        validity: query.validity,
        home,
        client: Some(query.client),
        entitlement: query.entitlement,
        own: query.own,
    };
    candidate.stand(rulebooks.as_of(candidate.begins_on(query.day)), &chooser)
}

/// Whether an offering is public and passes the filters.
fn is_wanted(candidate: &Candidate, query: &Query<'_>) -> bool {
    let first_day = candidate.begins_on(query.day);
    let within = query.near.and_then(|near| Some((near.place, near.within_m?)));
    query.municipality.is_none_or(|municipality| candidate.serves(municipality))
        && query.language.is_none_or(|language| candidate.languages.contains(&language))
        && query.mode.is_none_or(|mode| candidate.modes.contains(&mode))
        && (!query.step_free || candidate.step_free == Some(true))
        && query.starts_by.is_none_or(|by| first_day <= by)
        && query.sector.is_none_or(|sector| candidate.sectors.as_of(first_day) == Some(&sector))
        && within.is_none_or(|(place, most)| candidate.place().is_some_and(|unit| place.metres_to(unit) <= most))
        && candidate.is_public_by(first_day)
}

fn refused_of<'a>(stand: &Stand<'a>, query: &Query<'_>) -> Refused<'a> {
    Refused {
        candidate: stand.candidate,
        first_day: stand.first_day,
        sector: stand.sector,
        distance_m: stand.distance_m(query.near),
        why: stand.why(),
    }
}
