//! Which of a provider's pieces of evidence speaks best for a requirement, where the provider does not say it: what meets
//! it, or else what comes nearest, so that it is told why that does not suffice.

use super::examination::{RequirementOutcome, requirement_outcome};
use super::stated::{Evidence as Stated, Refuted, Shown};
use crate::evidence::Evidence;
use crate::id::{Id, kind};
use crate::rulebook::Requirement;
use crate::time::Day;

/// How near a piece comes to meeting a requirement: the later, the nearer. The order is by how little is left to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// A person has looked at it and refused it.
    Refused,
    /// It held once: it wants to be renewed.
    Past,
    /// It holds, and says something else than what is asked.
    SaysOtherwise,
    /// It does not say a day that is asked: it wants to be given again with that day.
    LacksDay,
    /// It will hold.
    Coming,
    /// It holds.
    Meets,
}

impl RequirementOutcome {
    /// How near it comes; nothing where it is as if nothing had been shown.
    const fn nearness(&self) -> Option<Nearness> {
        match self {
            Self::Met => Some(Nearness::Meets),
            Self::NotYetValid => Some(Nearness::Coming),
            Self::NoExpiryDay | Self::NoIssueDay => Some(Nearness::LacksDay),
            Self::NotRegistered | Self::OutsideRegisteredService { .. } => Some(Nearness::SaysOtherwise),
            Self::Expired | Self::TooOld => Some(Nearness::Past),
            Self::Rejected => Some(Nearness::Refused),
            Self::Withdrawn | Self::OtherKind | Self::Missing => None,
        }
    }
}

/// The pieces that are for a requirement of a unit, the best first: what meets it; what is to hold later; what lacks a day;
/// what says otherwise; what held once; what the organiser has refused. Of equal ones what holds longest, and of those the
/// newest. Each with how the requirement comes out by it on a day; `shown_on` is the day by which its age is counted.
pub fn nearest<'a>(
    (requirement, unit): (&Requirement, Id<kind::ServiceUnit>),
    pieces: impl IntoIterator<Item = (&'a Evidence, Option<Refuted>)>,
    (day, shown_on): (Day, Day),
) -> Vec<(&'a Evidence, RequirementOutcome)> {
    let come_out =
        pieces.into_iter().filter(|(piece, _)| piece.is_for(requirement, unit)).filter_map(|(piece, refuted)| {
            let stated = Stated::of(&requirement.code, piece, None);
            let outcome = requirement_outcome(requirement, Some(&Shown { stated: &stated, refuted }), day, shown_on);
            outcome.nearness().map(|nearness| (nearness, piece, outcome))
        });
    let mut found: Vec<(Nearness, &Evidence, RequirementOutcome)> = come_out.collect();
    found.sort_by_key(|(nearness, piece, _)| {
        let until = last_day(piece);
        (*nearness, until.is_none(), until, piece.id)
    });
    found.into_iter().rev().map(|(_, piece, outcome)| (piece, outcome)).collect()
}

/// The last day of a piece, by itself or by the register.
fn last_day(piece: &Evidence) -> Option<Day> {
    [piece.valid_until, piece.soteri.as_ref().and_then(|soteri| soteri.valid_until)].into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::EvidenceKind;
    use crate::provider::{SoteriRegistration, SoteriState};
    use crate::text::Localized;
    use crate::time::Moment;

    fn day(d: u32) -> Day {
        Day::ymd(2026, 6, d).unwrap()
    }

    fn unit() -> Id<kind::ServiceUnit> {
        Id::new(uuid::Uuid::from_u128(1_000))
    }

    fn asked(kind: EvidenceKind) -> Requirement {
        Requirement {
            code: "asked".into(),
            text: Localized::new("f", "s", "e"),
            source: String::new(),
            expires: false,
            kind,
            services: Vec::new(),
            issued_within_months: None,
        }
    }

    fn piece(n: u128, valid_until: Option<Day>) -> Evidence {
        Evidence {
            id: Id::new(uuid::Uuid::from_u128(n)),
            provider: Id::new(uuid::Uuid::from_u128(2_000)),
            unit: None,
            kind: EvidenceKind::LiabilityInsurance,
            requirement: None,
            reference: "r".into(),
            issued_on: None,
            valid_from: None,
            valid_until,
            soteri: None,
            attachment: None,
            given_by: "p".into(),
            given_at: Moment::from_micros(0).unwrap(),
            withdrawn: None,
        }
    }

    fn order(requirement: &Requirement, pieces: &[(Evidence, Option<Refuted>)]) -> Vec<(u128, &'static str)> {
        let pieces = pieces.iter().map(|(piece, refuted)| (piece, *refuted));
        let found = nearest((requirement, unit()), pieces, (day(15), day(15)));
        found.into_iter().map(|(piece, outcome)| (piece.id.uuid().as_u128(), outcome.code())).collect()
    }

    #[test]
    fn what_meets_comes_first_and_then_what_has_least_left_to_be_done() {
        let asked = Requirement { expires: true, ..asked(EvidenceKind::LiabilityInsurance) };
        let coming = Evidence { valid_from: Some(day(20)), ..piece(3, Some(day(30))) };
        let other_units = Evidence { unit: Some(Id::new(uuid::Uuid::from_u128(7))), ..piece(9, Some(day(30))) };
        let pieces = [
            (piece(1, Some(day(30))), Some(Refuted::Rejected)),
            (piece(2, Some(day(14))), None),
            (coming, None),
            (piece(4, None), None),
            (piece(5, Some(day(20))), None),
            (piece(6, Some(day(20))), None),
            (piece(7, Some(day(19))), None),
            (piece(8, Some(day(30))), Some(Refuted::Withdrawn)),
            (other_units, None),
        ];
        let expected = [
            (6, "met"),
            (5, "met"),
            (7, "met"),
            (3, "not_yet_valid"),
            (4, "no_expiry_day"),
            (2, "expired"),
            (1, "rejected"),
        ];
        assert_eq!(order(&asked, &pieces), expected);
    }

    #[test]
    fn a_registration_for_something_else_comes_before_one_that_has_ended() {
        let asked = Requirement { services: vec!["home_support".into()], ..asked(EvidenceKind::Soteri) };
        let registered = |n: u128, service: &str, until: Option<Day>| Evidence {
            kind: EvidenceKind::Soteri,
            soteri: Some(SoteriRegistration {
                state: SoteriState::Registered,
                services: vec![service.to_owned()],
                valid_from: day(1),
                valid_until: until,
            }),
            ..piece(n, None)
        };
        let pieces = [
            (registered(1, "home_support", Some(day(10))), None),
            (registered(2, "meals", None), None),
            (registered(3, "meals", Some(day(20))), None),
        ];
        let expected = [(2, "outside_registered_service"), (3, "outside_registered_service"), (1, "expired")];
        assert_eq!(order(&asked, &pieces), expected);
    }
}
