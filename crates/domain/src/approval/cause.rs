//! Why a requirement is not shown to hold: which piece of evidence stopped showing it and how, or since when it is asked
//! for. It is found from what is stored, for people to read; what follows from a lapse does not depend on it. What became
//! of evidence after the first day of a lapse is not its cause: the answer stays the same.

use serde::{Deserialize, Serialize};

use crate::evidence::{CheckOutcome, Evidence, EvidenceCheck};
use crate::id::{Id, kind};
use crate::rulebook::Requirement;
use crate::time::{Day, Period};

/// Why a requirement is not shown to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LapseCause {
    /// The last day of what showed it is past.
    Expired,
    /// The organiser no longer accepts what showed it, or did not accept what was to.
    Rejected,
    /// The provider has taken back what showed it.
    Withdrawn,
    /// What was accepted for it says too little or otherwise: a registration for other services, or no last day.
    DoesNotShow,
    /// A rulebook asks for it that came into force after the approval began.
    NewlyAsked,
    /// Nothing that shows it has been accepted since the approval began.
    NeverShown,
}

/// A piece of evidence as one organiser knows it, with its looks at it.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// What was given, taken back or not.
    pub evidence: &'a Evidence,
    /// The organiser's looks at it, oldest first.
    pub checks: &'a [EvidenceCheck],
    /// The day on which it was taken back.
    pub withdrawn_on: Option<Day>,
    /// The days on which it holds for the organiser.
    pub held: &'a [Period],
}

impl<'a> Known<'a> {
    /// The last look by a day, where it is a refusal.
    fn refusal_by(&self, day: Day) -> Option<&'a EvidenceCheck> {
        let last = self.checks.iter().rfind(|check| check.day <= day);
        last.filter(|check| check.outcome == CheckOutcome::Rejected)
    }

    fn is_accepted_by(&self, day: Day) -> bool {
        self.checks.iter().any(|check| check.day <= day && check.outcome == CheckOutcome::Accepted)
    }

    fn holds_on(&self, day: Day) -> bool {
        self.held.iter().any(|period| period.contains(day))
    }

    /// The first day on which it held no more, by a day.
    fn ended_by(&self, day: Day) -> Option<Day> {
        self.held.iter().filter_map(|period| period.to()).filter(|to| *to <= day).max()
    }

    /// How it came that it does not hold on a day, after it has held or was to.
    fn reason_on(&self, day: Day) -> LapseReason {
        let refusal = self.refusal_by(day);
        if self.evidence.valid_until.is_some_and(|until| until < day) {
            self.reason(LapseCause::Expired)
        } else if self.withdrawn_on.is_some_and(|from| from <= day) && refusal.is_none() {
            self.reason(LapseCause::Withdrawn)
        } else {
            self.refused(refusal)
        }
    }

    fn refused(&self, check: Option<&EvidenceCheck>) -> LapseReason {
        LapseReason { note: check.and_then(|check| check.note.clone()), ..self.reason(LapseCause::Rejected) }
    }

    fn reason(&self, cause: LapseCause) -> LapseReason {
        LapseReason { cause, evidence: Some(self.evidence.id), valid_until: self.evidence.valid_until, note: None }
    }
}

/// Why a requirement lapsed, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LapseReason {
    /// Why.
    pub cause: LapseCause,
    /// The piece of evidence that showed it last, that was refused, or that does not show it.
    pub evidence: Option<Id<kind::Evidence>>,
    /// The last day that the piece itself names.
    pub valid_until: Option<Day>,
    /// What the organiser wrote when it refused the piece.
    pub note: Option<String>,
}

/// Why a requirement is not shown to hold from a day on. `asked_since` is the first day on which rulebooks have asked for it
/// without a pause, `approved_from` that of the approval.
pub fn lapse_reason(
    requirement: &Requirement,
    unit: Id<kind::ServiceUnit>,
    (from, asked_since, approved_from): (Day, Day, Day),
    pieces: &[Known<'_>],
) -> LapseReason {
    let fitting = || pieces.iter().filter(|piece| piece.evidence.is_for(requirement, unit));
    let showing = || fitting().filter(|piece| piece.evidence.shows(requirement).is_ok());
    let others = || fitting().filter(|piece| piece.evidence.shows(requirement).is_err());
    let newest = |piece: &&Known<'_>| piece.evidence.id;
    // What ended before anybody asked for it is not what its absence is put down to.
    let newly_asked = asked_since > approved_from;
    let ended = showing().filter_map(|piece| piece.ended_by(from).map(|day| (day, piece)));
    let ended = ended.filter(|(day, _)| !newly_asked || *day >= asked_since);
    let last = ended.max_by_key(|(day, piece)| (*day, piece.evidence.id));
    let held_too_little = others().filter(|piece| piece.holds_on(from)).max_by_key(newest);
    match (last, held_too_little) {
        // What ended on the very day is the cause, whatever else is held.
        (Some((day, piece)), other) if day == from || other.is_none() => return piece.reason_on(day),
        (_, Some(piece)) => return piece.reason(LapseCause::DoesNotShow),
        (_, None) => {}
    }
    // What was accepted and taken back or refused on the same day has held on none.
    let lost = |piece: &&Known<'_>| piece.held.is_empty() && piece.is_accepted_by(from);
    if let Some(piece) = showing().filter(lost).max_by_key(newest) {
        return piece.reason_on(from);
    }
    let refused = fitting().filter_map(|piece| piece.refusal_by(from).map(|check| (piece, check)));
    if let Some((piece, check)) = refused.max_by_key(|(piece, _)| piece.evidence.id) {
        return piece.refused(Some(check));
    }
    // What speaks against it does so even after it was taken back.
    let against = |piece: &&Known<'_>| {
        let lacking = piece.evidence.shows(requirement).err();
        piece.is_accepted_by(from) && lacking.is_some_and(|lacking| lacking.speaks_against())
    };
    if let Some(piece) = others().filter(against).max_by_key(newest) {
        return piece.reason(LapseCause::DoesNotShow);
    }
    let cause = if newly_asked { LapseCause::NewlyAsked } else { LapseCause::NeverShown };
    LapseReason { cause, evidence: None, valid_until: None, note: None }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::evidence::{EvidenceKind, held};
    use crate::provider::{SoteriRegistration, SoteriState};
    use crate::text::Localized;
    use crate::time::Moment;

    fn day(n: i64) -> Day {
        Day::ymd(2026, 1, 1).unwrap().plus_days(n)
    }

    fn requirement() -> Requirement {
        Requirement {
            code: "insurance".to_owned(),
            text: Localized::new("v", "f", "i"),
            source: "569/2009 § 5".to_owned(),
            expires: true,
            kind: EvidenceKind::LiabilityInsurance,
            services: Vec::new(),
            issued_within_months: None,
        }
    }

    fn piece(n: u128, until: i64) -> Evidence {
        Evidence {
            id: Id::new(Uuid::from_u128(n)),
            provider: Id::new(Uuid::from_u128(900)),
            unit: None,
            kind: EvidenceKind::LiabilityInsurance,
            requirement: None,
            reference: "Policy".to_owned(),
            issued_on: None,
            valid_from: None,
            valid_until: Some(day(until)),
            soteri: None,
            attachment: None,
            given_by: "someone".to_owned(),
            given_at: Moment::from_micros(0).unwrap(),
            withdrawn: None,
        }
    }

    fn check(n: i64, outcome: CheckOutcome) -> EvidenceCheck {
        EvidenceCheck {
            id: Id::new(Uuid::from_u128(1_000)),
            organiser: Id::new(Uuid::from_u128(901)),
            evidence: Id::new(Uuid::from_u128(1)),
            outcome,
            day: day(n),
            note: (outcome == CheckOutcome::Rejected).then(|| "It names another firm".to_owned()),
            checked_by: "officer".to_owned(),
            checked_at: Moment::from_micros(n * 1_000).unwrap(),
        }
    }

    type Given = (Evidence, Vec<EvidenceCheck>, Option<i64>);

    /// What a lapse from a day on is put down to, of pieces with their checks and the days they were taken back on.
    fn reason(from: i64, asked_since: i64, given: &[Given]) -> LapseReason {
        reason_of(&requirement(), from, asked_since, given)
    }

    fn reason_of(requirement: &Requirement, from: i64, asked_since: i64, given: &[Given]) -> LapseReason {
        let periods: Vec<Vec<Period>> =
            given.iter().map(|(piece, checks, gone)| held(piece, checks, gone.map(day))).collect();
        let known: Vec<Known<'_>> = given
            .iter()
            .zip(&periods)
            .map(|((evidence, checks, gone), held)| Known { evidence, checks, withdrawn_on: gone.map(day), held })
            .collect();
        let unit = Id::new(Uuid::from_u128(7));
        lapse_reason(requirement, unit, (day(from), day(asked_since), day(0)), &known)
    }

    #[test]
    fn a_lapse_tells_what_became_of_the_piece_that_held_last() {
        use CheckOutcome::{Accepted, Rejected};
        let older = (piece(1, 5), vec![check(0, Accepted)], None);
        let expired = reason(11, -9, &[older.clone(), (piece(2, 10), vec![check(0, Accepted)], None)]);
        assert_eq!((expired.cause, expired.valid_until), (LapseCause::Expired, Some(day(10))));
        assert_eq!(expired.evidence, Some(Id::new(Uuid::from_u128(2))));
        let rejected =
            reason(8, -9, &[older.clone(), (piece(2, 30), vec![check(0, Accepted), check(8, Rejected)], None)]);
        assert_eq!((rejected.cause, rejected.valid_until), (LapseCause::Rejected, Some(day(30))));
        assert_eq!(rejected.note.as_deref(), Some("It names another firm"));
        let withdrawn = reason(9, -9, &[older, (piece(2, 30), vec![check(0, Accepted)], Some(9))]);
        assert_eq!((withdrawn.cause, withdrawn.note), (LapseCause::Withdrawn, None));
        // Accepted and taken back on one day.
        assert_eq!(reason(3, -9, &[(piece(2, 30), vec![check(3, Accepted)], Some(3))]).cause, LapseCause::Withdrawn);
    }

    #[test]
    fn what_nobody_has_shown_was_asked_for_later_or_never_shown() {
        assert_eq!(reason(9, 9, &[]).cause, LapseCause::NewlyAsked);
        assert_eq!(reason(9, -9, &[]).cause, LapseCause::NeverShown);
        // What has not been looked at is not the cause; what was refused is.
        assert_eq!(reason(9, 9, &[(piece(1, 30), Vec::new(), None)]).evidence, None);
        let refused = reason(9, 9, &[(piece(1, 30), vec![check(9, CheckOutcome::Rejected)], None)]);
        assert_eq!((refused.cause, refused.evidence), (LapseCause::Rejected, Some(Id::new(Uuid::from_u128(1)))));
    }
    #[test]
    fn what_becomes_of_evidence_later_is_not_the_cause() {
        use CheckOutcome::{Accepted, Rejected};
        assert_eq!(reason(9, 9, &[(piece(1, 30), vec![check(10, Rejected)], None)]).cause, LapseCause::NewlyAsked);
        let mut first = check(8, Rejected);
        first.note = Some("The first time".to_owned());
        let again = vec![check(0, Accepted), first, check(12, Accepted), check(20, Rejected)];
        let rejected = reason(8, -9, &[(piece(1, 30), again, Some(25))]);
        assert_eq!((rejected.cause, rejected.note.as_deref()), (LapseCause::Rejected, Some("The first time")));
        // What had ended before anybody asked for it is not what is missed.
        let former = (piece(1, 3), vec![check(-20, Accepted)], None);
        assert_eq!(reason(9, 9, std::slice::from_ref(&former)).cause, LapseCause::NewlyAsked);
        assert_eq!(reason(9, -9, &[former]).cause, LapseCause::Expired);
    }

    #[test]
    fn what_is_held_and_does_not_show_it_is_told_as_such() {
        use CheckOutcome::{Accepted, Rejected};
        let endless = Evidence { valid_until: None, ..piece(2, 0) };
        let held = (endless.clone(), vec![check(1, Accepted)], None);
        let lacking = reason(3, -9, std::slice::from_ref(&held));
        assert_eq!((lacking.cause, lacking.evidence), (LapseCause::DoesNotShow, Some(endless.id)));
        assert_eq!((lacking.valid_until, lacking.note), (None, None));
        // What showed it until that day is the cause; the other one never did.
        let expired = (piece(1, 2), vec![check(0, Accepted)], None);
        assert_eq!(reason(3, -9, &[expired.clone(), held.clone()]).evidence, Some(expired.0.id));
        // Nor is it what held last, once it holds no more.
        let gone = (endless.clone(), vec![check(0, Accepted)], Some(3));
        assert_eq!(reason(3, -9, &[expired, gone.clone()]).cause, LapseCause::Expired);
        assert_eq!(reason(3, -9, &[gone]).cause, LapseCause::NeverShown);
        let refused = (endless, vec![check(0, Accepted), check(3, Rejected)], None);
        assert_eq!(reason(3, -9, &[refused]).cause, LapseCause::Rejected);
    }

    #[test]
    fn a_registration_for_other_services_does_not_show_what_a_rulebook_asks() {
        let asked = Requirement {
            expires: false,
            kind: EvidenceKind::Soteri,
            services: vec!["home_support".to_owned()],
            ..requirement()
        };
        let soteri = SoteriRegistration {
            state: SoteriState::Registered,
            services: vec!["meals".to_owned()],
            valid_from: day(-100),
            valid_until: None,
        };
        let registered =
            Evidence { kind: EvidenceKind::Soteri, soteri: Some(soteri), valid_until: None, ..piece(1, 0) };
        let accepted = || vec![check(0, CheckOutcome::Accepted)];
        for taken_back in [None, Some(0)] {
            let lacking = reason_of(&asked, 9, 9, &[(registered.clone(), accepted(), taken_back)]);
            assert_eq!((lacking.cause, lacking.evidence), (LapseCause::DoesNotShow, Some(registered.id)));
        }
    }
}
