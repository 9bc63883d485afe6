//! What is done about a service event after it was recorded: the one door by which it is accepted, asked about, taken back
//! and credited. What is taken back is posted to the voucher's ledger in the same transaction.

use serde_json::json;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::ledger::{EntryKind, Posting};
use valinta_domain::policy::{Action, Target};
use valinta_domain::service_event::account::{ActKind, ActRefused, EventAccount, Figures};
use valinta_domain::service_event::unused::{given_back, undraw};
use valinta_domain::voucher::VoucherState;
use valinta_domain::{Amount, Id, Quantity};
use valinta_persistence::event_accounts::{self, EventAct, StoredAccount};
use valinta_persistence::service_events::{self, NewEntry, ServiceEvent};
use valinta_persistence::vouchers::StoredVoucher;
use valinta_persistence::{Conn, organisers, vouchers};

use super::view::{ServiceEventView, Standing};
use crate::app::Reply;
use crate::cx::{Cx, found};
use crate::http::{Problem, ProblemKind};
use crate::vouchers::Places;

/// What is noted of an act.
pub(super) struct Note {
    /// Who may do it.
    pub(super) action: Action,
    /// What is done.
    pub(super) kind: ActKind,
    /// Why, as a code.
    pub(super) reason_code: Option<String>,
    /// Why, in words; or what is asked or answered.
    pub(super) reason: Option<String>,
}

/// What an act leads to: how the event stands then, and what is taken back.
pub(super) type Outcome = Result<(EventAccount, Figures), ActRefused>;

/// Whose a service event is.
pub(super) fn target_of(event: &ServiceEvent) -> Target {
    Target { organiser: Some(event.organiser), provider: Some(event.provider), person: Some(event.person) }
}

/// Does something about a service event. The voucher is taken first, as by all who spend it, and then the event.
pub(super) fn act(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::ServiceEvent>,
    note: Note,
    decide: impl FnOnce(EventAccount, &ServiceEvent) -> Result<Outcome, Problem>,
) -> Result<Reply<ServiceEventView>, Problem> {
    let voucher = found(service_events::find(c, id)?)?.voucher;
    let stored = found(vouchers::take(c, voucher)?)?;
    let event = found(service_events::find(c, id)?)?;
    let target = target_of(&event);
    cx.require(note.action, &target)?;
    let before = found(event_accounts::take(c, id)?)?;
    let (account, taken_back) = decide(before.account, &event)??;
    let step = stored.voucher.unit.smallest_step();
    if !taken_back.quantity.is_made_of(step) {
        let why = format!("a quantity is taken back in steps of {step}");
        return Err(Problem::invalid(Vec::new()).at("/quantity", "not_a_step", why));
    }
    let act = EventAct {
        id: cx.id(),
        event: id,
        number: before.acts.saturating_add(1),
        organiser: event.organiser,
        kind: note.kind,
        reason_code: note.reason_code,
        reason: note.reason,
        taken_back,
        by: cx.actor().subject.clone(),
        role: cx.actor().role,
        at: cx.now(),
    };
    event_accounts::store(c, id, &account, &act)?;
    if taken_back != Figures::ZERO {
        take_back(c, cx, stored, &event, &taken_back)?;
    }
    let details = json!({"service_event": id, "provider": event.provider, "act": act.kind, "number": act.number});
    cx.audit("act_on_service_event", ("service_event", id.uuid()), &target, details);
    let message = json!({"service_event": id, "voucher": event.voucher, "act": act.kind});
    cx.tell(message_of(act.kind), ("service_event", id.uuid()), &target, message);
    let organiser = found(organisers::find(c, event.organiser)?)?;
    let now = StoredAccount { account, acts: act.number, ..before };
    let standing = Standing::of(c, &now)?;
    Ok(Reply::ok(ServiceEventView::of(event, standing, organiser.currency, cx.actor().role)))
}

/// Posts what is taken back: the voucher gets back what was used, and the shares go back to those who paid them.
fn take_back(
    c: &mut Conn,
    cx: &Cx,
    stored: StoredVoucher,
    event: &ServiceEvent,
    back: &Figures,
) -> Result<(), Problem> {
    let measure = stored.voucher.measure;
    let mut entries = Vec::new();
    let mut post = |allotment, posting: Posting| entries.push(NewEntry { id: cx.id(), allotment, posting });
    let used = service_events::used_by(c, event.id)?;
    let quantities: Vec<Quantity> = used.iter().map(|(_, quantity)| *quantity).collect();
    // What a voucher gets back whose life is over goes on to the organiser at once: nobody can use it.
    let is_over = matches!(stored.voucher.state, VoucherState::Cancelled { .. } | VoucherState::Refused { .. });
    for (place, quantity) in undraw(&quantities, given_back(measure, event.by_client_fee, back)) {
        let Some((part, _)) = used.get(place) else { continue };
        post(Some(*part), Posting::of_quantity(EntryKind::UseReversed, quantity));
        if is_over {
            post(Some(*part), Posting::of_quantity(EntryKind::Returned, quantity));
        } else {
            vouchers::give_back(c, *part, quantity)?;
        }
    }
    let charges = back.charges;
    for (kind, amount) in [
        (EntryKind::OrganiserShareReversed, charges.organiser_pays),
        (EntryKind::CoPaymentReversed, charges.co_payment),
        (EntryKind::ClientFeeReversed, charges.client_fee),
    ] {
        if amount > Amount::ZERO {
            post(None, Posting::of_amount(kind, amount));
        }
    }
    let occasion = event.occasion(stored.version, cx.now());
    service_events::post(c, &occasion, &entries)?;
    if stored.voucher.state == VoucherState::UsedUp && entries.iter().any(|entry| entry.allotment.is_some()) {
        // What can be used again holds its place again.
        let places = Places::of_voucher(c, event.voucher, None)?;
        vouchers::update_state(c, &stored.voucher.give_back())?;
        places.tell(c, cx)?;
    }
    Ok(())
}

/// What others are told.
const fn message_of(act: ActKind) -> EventKind {
    match act {
        ActKind::Flagged => EventKind::ServiceEventFlagged,
        ActKind::Accepted => EventKind::ServiceEventAccepted,
        ActKind::Contested => EventKind::ServiceEventContested,
        ActKind::Queried => EventKind::ServiceEventQueried,
        ActKind::Answered => EventKind::ServiceEventAnswered,
        ActKind::Dismissed => EventKind::ServiceEventDismissed,
        ActKind::Upheld => EventKind::ServiceEventUpheld,
        ActKind::Withdrawn => EventKind::ServiceEventWithdrawn,
        ActKind::Credited => EventKind::ServiceEventCredited,
        ActKind::Revalued => EventKind::ServiceEventRevalued,
    }
}

impl From<ActRefused> for Problem {
    fn from(refused: ActRefused) -> Self {
        let (kind, place) = match &refused {
            ActRefused::WrongState { .. } | ActRefused::Settled | ActRefused::NotSettled => {
                return Self::new(ProblemKind::WrongState, format!("{refused}."));
            }
            ActRefused::TooMuch { figure, .. } => (ProblemKind::InvalidInput, format!("/{figure}")),
            ActRefused::Nothing => (ProblemKind::InvalidInput, "/quantity".to_owned()),
            ActRefused::Overflow => (ProblemKind::InvalidInput, "/organiser_pays".to_owned()),
        };
        let code = match &refused {
            ActRefused::TooMuch { .. } => "too_much",
            ActRefused::Nothing => "nothing",
            ActRefused::Overflow | ActRefused::WrongState { .. } | ActRefused::Settled | ActRefused::NotSettled => {
                "too_large"
            }
        };
        Self::new(kind, format!("It cannot be taken back: {refused}.")).at(&place, code, &refused)
    }
}
