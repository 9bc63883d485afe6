//! What a unit's details say of its registration in Soteri, as evidence: changing the one gives the other.

use std::collections::BTreeSet;

use valinta_domain::Id;
use valinta_domain::evidence::{Evidence, EvidenceKind};
use valinta_domain::id::kind;
use valinta_domain::provider::{SoteriRegistration, SoteriState};
use valinta_persistence::providers::ServiceUnit;
use valinta_persistence::{Conn, approvals, evidence};

use super::give::{GiveEvidence, give};
use super::withdraw::take_back;
use crate::approvals::refresh_lapses_of_provider;
use crate::cx::Cx;
use crate::http::Problem;

/// Gives units' registrations in Soteri as evidence, where they are not what was given last. Earlier evidence that says more
/// than the register now does is taken back; what is only prolonged holds on until organisers have looked at the new. What
/// lapses by that is looked at once for each provider.
///
/// # Errors
/// A unit is not the caller's, or a registration is not acceptable.
pub(crate) fn give_soteri(c: &mut Conn, cx: &Cx, units: &[&ServiceUnit]) -> Result<(), Problem> {
    let providers: BTreeSet<Id<kind::Provider>> = units.iter().map(|unit| unit.provider).collect();
    let providers: Vec<Id<kind::Provider>> = providers.into_iter().collect();
    // Held before a piece is.
    approvals::hold_all_of_each(c, &providers)?;
    let mut have_lost: BTreeSet<Id<kind::Provider>> = BTreeSet::new();
    for unit in units {
        if give_of_unit(c, cx, unit)? {
            have_lost.insert(unit.provider);
        }
    }
    have_lost.into_iter().try_for_each(|provider| refresh_lapses_of_provider(c, cx, provider))
}

/// Gives one unit's registration. Whether something has been taken back.
fn give_of_unit(c: &mut Conn, cx: &Cx, unit: &ServiceUnit) -> Result<bool, Problem> {
    let given: Vec<Evidence> = evidence::registrations_of(c, unit.id)?;
    let now = unit.details.soteri.as_ref();
    let mut some_taken_back = false;
    for piece in &given {
        if piece.soteri.as_ref().is_some_and(|before| !still_says(now, before)) {
            take_back(c, cx, piece)?;
            some_taken_back = true;
        }
    }
    let last = given.last().and_then(|piece| piece.soteri.as_ref());
    if let Some(registration) = now.filter(|now| may_operate(now) && last != Some(*now)) {
        give(c, cx, &stated(unit, registration))?;
    }
    Ok(some_taken_back)
}

fn stated(unit: &ServiceUnit, registration: &SoteriRegistration) -> GiveEvidence {
    let reference = unit.details.oid.as_ref().map_or_else(|| "Soteri".to_owned(), |oid| format!("Soteri {oid}"));
    GiveEvidence {
        provider: unit.provider,
        unit: Some(unit.id),
        kind: EvidenceKind::Soteri,
        requirement: None,
        reference,
        issued_on: None,
        valid_from: None,
        valid_until: None,
        soteri: Some(registration.clone()),
        attachment: None,
    }
}

fn may_operate(registration: &SoteriRegistration) -> bool {
    match registration.state {
        SoteriState::Registered | SoteriState::PendingMayOperate => true,
        SoteriState::Refused => false,
    }
}

/// Whether what was registered before is still so.
fn still_says(now: Option<&SoteriRegistration>, before: &SoteriRegistration) -> bool {
    let Some(now) = now else { return false };
    let settled = match (before.state, now.state) {
        (_, SoteriState::Refused) | (SoteriState::Registered, SoteriState::PendingMayOperate) => false,
        (_, SoteriState::Registered) | (_, SoteriState::PendingMayOperate) => true,
    };
    let as_long = now.valid_until.is_none_or(|until| before.valid_until.is_some_and(|earlier| earlier <= until));
    settled
        && as_long
        && now.valid_from <= before.valid_from
        && before.services.iter().all(|service| now.services.contains(service))
}

#[cfg(test)]
mod tests {
    use super::*;
    use valinta_domain::Day;

    fn registration(services: &[&str], from: u32, until: Option<u32>) -> SoteriRegistration {
        SoteriRegistration {
            state: SoteriState::Registered,
            services: services.iter().map(|service| (*service).to_owned()).collect(),
            valid_from: Day::ymd(2026, 1, from).unwrap(),
            valid_until: until.map(|day| Day::ymd(2026, 12, day).unwrap()),
        }
    }

    #[test]
    fn what_is_prolonged_or_widened_still_says_what_it_said() {
        let before = registration(&["home_care"], 1, Some(10));
        for now in [
            registration(&["home_care"], 1, Some(10)),
            registration(&["home_care"], 1, Some(20)),
            registration(&["home_care"], 1, None),
            registration(&["physiotherapy", "home_care"], 1, Some(10)),
        ] {
            assert!(still_says(Some(&now), &before), "{now:?}");
        }
    }

    #[test]
    fn what_is_narrowed_shortened_refused_or_gone_does_not() {
        let before = registration(&["home_care", "physiotherapy"], 1, None);
        let refused = SoteriRegistration { state: SoteriState::Refused, ..before.clone() };
        let pending = SoteriRegistration { state: SoteriState::PendingMayOperate, ..before.clone() };
        for now in [
            registration(&["home_care"], 1, None),
            registration(&["home_care", "physiotherapy"], 1, Some(20)),
            registration(&["home_care", "physiotherapy"], 2, None),
            refused,
            pending,
        ] {
            assert!(!still_says(Some(&now), &before), "{now:?}");
        }
        assert!(!still_says(None, &before));
    }
}
