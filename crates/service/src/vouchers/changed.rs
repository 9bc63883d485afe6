//! What decisions that change a grant have in common: what they are made on, how they are kept, and what is answered.

use serde::Serialize;
use serde_json::Value;
use valinta_domain::decision::{Decision, DecisionKind, DecisionOutcome};
use valinta_domain::event::{EventKind, Hearers};
use valinta_domain::explain::Step;
use valinta_domain::grant::{ChangeRefused, Present};
use valinta_domain::id::kind;
use valinta_domain::ledger::{Allotment, EntryKind, Posting};
use valinta_domain::policy::{Action, Target};
use valinta_domain::{Day, Id, Localized, Quantity};
use valinta_persistence::organisers::Organiser;
use valinta_persistence::service_events::{NewEntry, Occasion};
use valinta_persistence::voucher_types::Rulebook;
use valinta_persistence::vouchers::{StoredAllotment, StoredVoucher};
use valinta_persistence::{
    Conn, choices, decisions, offerings, organisers, places, service_events, voucher_types, vouchers,
};

use super::view::{VoucherView, target_of};
use crate::cx::{Cx, found};
use crate::http::{Problem, ProblemKind};

/// A voucher that a decision has changed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChangedVoucher {
    /// The decision.
    pub(super) decision: Id<kind::Decision>,
    /// How it came about.
    #[schema(max_items = 400)]
    pub(super) steps: Vec<Step>,
    /// The voucher as it stands now.
    pub(super) voucher: VoucherView,
}

/// A voucher that is taken to be changed by a decision of its organiser's.
pub(super) struct Case {
    pub(super) stored: StoredVoucher,
    pub(super) target: Target,
    pub(super) organiser: Organiser,
    pub(super) rulebook: Rulebook,
    pub(super) today: Day,
    pub(super) parts: Vec<StoredAllotment>,
    allotments: Vec<Allotment>,
}

impl Case {
    /// Takes the voucher for a case worker: nobody spends or changes it until this transaction ends.
    pub(super) fn take(c: &mut Conn, cx: &Cx, id: Id<kind::Voucher>) -> Result<Self, Problem> {
        let stored = found(vouchers::take(c, id)?)?;
        let target = target_of(c, cx, &stored)?;
        cx.require(Action::ServeClient, &target)?;
        let organiser = found(organisers::find(c, stored.voucher.organiser)?)?;
        let rulebook = found(voucher_types::find_rulebook(c, stored.voucher.rulebook)?)?;
        let today = cx.today(&organiser)?;
        let parts = vouchers::allotments(c, id)?;
        let allotments = parts.iter().map(|part| part.allotment).collect();
        Ok(Self { stored, target, organiser, rulebook, today, parts, allotments })
    }

    /// The grant as it stands.
    pub(super) fn present(&self) -> Present<'_> {
        Present {
            voucher: &self.stored.voucher,
            parts: &self.allotments,
            quantities: &self.stored.quantities,
            per: self.stored.per,
            terms: &self.rulebook.terms,
            today: self.today,
        }
    }

    /// Keeps a decision about the voucher, or about one that is issued in its place.
    pub(super) fn decide(
        &self,
        c: &mut Conn,
        cx: &Cx,
        (kind, subject): (DecisionKind, Id<kind::Voucher>),
        inputs: Value,
        (steps, reasons): (&[Step], &Localized),
    ) -> Result<Id<kind::Decision>, Problem> {
        let decision = Decision {
            id: cx.id(),
            organiser: self.organiser.id,
            kind,
            outcome: DecisionOutcome::Granted,
            subject: subject.uuid(),
            provider: None,
            person: Some(self.stored.voucher.person),
            rulebook: Some(self.rulebook.id),
            inputs,
            steps: steps.to_vec(),
            reasons: reasons.clone(),
            appeal: self.rulebook.terms.texts.appeal.clone(),
            decided_by: cx.actor().subject.clone(),
            decided_at: cx.now(),
        };
        decisions::insert(c, &decision)?;
        Ok(decision.id)
    }

    /// The part at a place among the voucher's.
    pub(super) fn part(&self, place: usize) -> Result<Id<kind::Allotment>, Problem> {
        let part = self.parts.get(place).ok_or_else(|| Problem::internal("a part that is not there was changed"))?;
        Ok(part.id)
    }

    /// Posts what a decision moves of parts.
    pub(super) fn post(
        &self,
        c: &mut Conn,
        cx: &Cx,
        decision: Id<kind::Decision>,
        moved: &[(EntryKind, Id<kind::Allotment>, Quantity)],
    ) -> Result<(), Problem> {
        post(c, cx, &self.stored, (decision, self.today), moved)
    }

    /// Ends the choices that would reach past a day, where others have all places from then on: they were promised them
    /// before the voucher was to reach so far. The offerings are held; who is left chooses again.
    pub(super) fn make_room(&self, c: &mut Conn, cx: &Cx, day: Day) -> Result<(), Problem> {
        let voucher = self.stored.voucher.id;
        for choice in choices::of_voucher(c, voucher)? {
            let reaches = choice.period().is_some_and(|period| period.to().is_none_or(|to| to > day));
            let offering = found(offerings::find(c, choice.offering)?)?;
            if !reaches || offering.places.is_none() {
                continue;
            }
            let taken_until = places::taken_until(c, &offering, Some(voucher), Some(self.today))?;
            if taken_until.is_none_or(|until| until <= day) {
                continue;
            }
            choices::end_on(c, &choice, day)?;
            let last_day = (choice.valid_from < day).then(|| day.plus_days(-1));
            let payload = serde_json::json!({
                "voucher": voucher,
                "choice": choice.id,
                "provider": choice.provider,
                "last_day": last_day,
            });
            let hearers = Hearers::both(self.organiser.id, choice.provider);
            cx.tell(EventKind::ChoiceEnding, ("choice", choice.id.uuid()), hearers, payload);
        }
        Ok(())
    }
}

/// Posts what a decision moves of parts of a voucher; of what is nothing, no entry is made.
pub(super) fn post(
    c: &mut Conn,
    cx: &Cx,
    stored: &StoredVoucher,
    (decision, day): (Id<kind::Decision>, Day),
    moved: &[(EntryKind, Id<kind::Allotment>, Quantity)],
) -> Result<(), Problem> {
    let occasion = Occasion {
        organiser: stored.voucher.organiser,
        voucher: stored.voucher.id,
        voucher_version: stored.version,
        service_event: None,
        decision: Some(decision),
        day,
        at: cx.now(),
    };
    let entries: Vec<NewEntry> = moved
        .iter()
        .filter(|(_, _, quantity)| *quantity > Quantity::ZERO)
        .map(|(kind, part, quantity)| NewEntry {
            id: cx.id(),
            allotment: Some(*part),
            posting: Posting::of_quantity(*kind, *quantity),
        })
        .collect();
    service_events::post(c, &occasion, &entries)?;
    Ok(())
}

/// Why a grant is not changed: each error at its member of the request, `last` being that of the last day.
pub(super) fn refused(errors: Vec<ChangeRefused>, last: &str) -> Problem {
    // Whose life is over has no better reason to give than that.
    if let Some(ChangeRefused::Voucher(refusal)) =
        errors.iter().find(|error| matches!(error, ChangeRefused::Voucher(_)))
    {
        return (*refusal).into();
    }
    if errors.contains(&ChangeRefused::NothingLeft) {
        let detail = format!("Not possible: {}.", ChangeRefused::NothingLeft);
        return Problem::new(ProblemKind::WrongState, detail);
    }
    let problem = Problem::new(ProblemKind::InvalidInput, "The voucher cannot be changed so; see errors.");
    errors.iter().fold(problem, |problem, error| {
        let (pointer, code) = match error {
            ChangeRefused::Voucher(_) | ChangeRefused::NothingLeft => ("/path/id", "wrong_state"),
            ChangeRefused::NotLater { .. } => (last, "not_later"),
            ChangeRefused::ValidTooLong { .. } => (last, "too_long"),
            ChangeRefused::LastDayNeeded { .. } => (last, "missing_field"),
            ChangeRefused::EndsInPast { .. } => (last, "in_the_past"),
            ChangeRefused::NothingAsked => ("/quantity", "missing_field"),
            ChangeRefused::OutsideValidity { .. } => ("/from", "outside_validity"),
            ChangeRefused::TooFarBack { .. } => ("/from", "in_the_past"),
            ChangeRefused::NoQuantity => ("/quantity", "zero"),
            ChangeRefused::NotAStep { .. } => ("/quantity", "not_a_step"),
            ChangeRefused::OverMaximum { .. } => ("/quantity", "over_maximum"),
            ChangeRefused::NotMore { .. } => ("/quantity", "not_more"),
            ChangeRefused::NotLess { .. } => ("/quantity", "not_less"),
            ChangeRefused::BelowUsed { .. } => ("/quantity", "below_used"),
            ChangeRefused::ValueNotMore { .. } => ("/value", "not_more"),
            ChangeRefused::Overflow => ("/quantity", "too_large"),
        };
        problem.at(pointer, code, error)
    })
}
