//! Requests that come to nothing without an answer: taken back, too late, or without the voucher or the unit that they rest
//! on. Each is told once, by whoever ends it.

use serde_json::json;
use valinta_domain::choice_request::{RequestCause, RequestState, state_on};
use valinta_domain::event::{EventKind, Hearers};
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::{Day, Id};
use valinta_persistence::approvals::Approval;
use valinta_persistence::choice_requests::{ChoiceRequest, Ending};
use valinta_persistence::{Conn, choice_requests, organisers};

use crate::cx::{Cx, found};
use crate::http::Problem;
use crate::vouchers::Places;

/// Ends a request that waits, and tells it; `false` where another one has ended it. One whose last day is over was not
/// answered, whatever ends it now: dates decide.
pub(super) fn end_without(
    c: &mut Conn,
    cx: &Cx,
    request: &ChoiceRequest,
    cause: RequestCause,
) -> Result<bool, Problem> {
    let organiser = found(organisers::find(c, request.organiser)?)?;
    let state = state_on(request.state, request.answer_by, cx.today(&organiser)?);
    let cause = if state == RequestState::Lapsed { RequestCause::NotAnswered } else { cause };
    let by = (cx.actor().subject.as_str(), cx.now());
    if !choice_requests::end(c, request.id, &Ending::Without(cause), by)? {
        return Ok(false);
    }
    let kind = match cause.state() {
        RequestState::Withdrawn => EventKind::ChoiceRequestWithdrawn,
        RequestState::Waiting | RequestState::Confirmed | RequestState::Refused | RequestState::Lapsed => {
            EventKind::ChoiceRequestLapsed
        }
    };
    let payload = json!({
        "request": request.id,
        "voucher": request.voucher,
        "offering": request.offering,
        "provider": request.provider,
        "cause": cause,
    });
    let hearers = Hearers::both(request.organiser, request.provider);
    cx.tell(kind, ("choice_request", request.id.uuid()), hearers, payload);
    Ok(true)
}

/// Ends the request of a taken voucher that waits, if one does. Places are told of by who holds them.
pub(crate) fn end_of_voucher(
    c: &mut Conn,
    cx: &Cx,
    voucher: Id<kind::Voucher>,
    cause: RequestCause,
) -> Result<(), Problem> {
    if let Some(request) = choice_requests::waiting_of_voucher(c, voucher)? {
        end_without(c, cx, &request, cause)?;
    }
    Ok(())
}

/// Ends the requests to the unit of a held approval for a first day from `from` on, and before `until` where that is said:
/// of all, or of clients who live in none of the municipalities `outside`.
pub(crate) fn end_of_unit(
    c: &mut Conn,
    cx: &Cx,
    approval: &Approval,
    days: (Day, Option<Day>),
    outside: &[MunicipalityCode],
) -> Result<(), Problem> {
    let of = (approval.unit, approval.voucher_type);
    for request in choice_requests::waiting_of_unit(c, of, days, outside)? {
        end_without(c, cx, &request, RequestCause::UnitEnded)?;
    }
    Ok(())
}

/// Ends the requests to a held offering whose last day is over.
pub(crate) fn end_late(c: &mut Conn, cx: &Cx, offering: Id<kind::Offering>, today: Day) -> Result<(), Problem> {
    for request in choice_requests::waiting_of_offering(c, offering)? {
        if request.answer_by < today {
            end_without(c, cx, &request, RequestCause::NotAnswered)?;
        }
    }
    Ok(())
}

/// Ends requests whose last day is over, at most so many, and tells the clients. How many: nothing is left where it is
/// none.
pub(crate) fn tell_lapsed(c: &mut Conn, cx: &Cx, limit: i64) -> Result<usize, Problem> {
    let mut told = 0_usize;
    for organiser in organisers::list(c)? {
        let today = cx.today(&organiser)?;
        let left = limit.saturating_sub(i64::try_from(told).unwrap_or(limit)).max(0);
        for request in choice_requests::late(c, organiser.id, today, left)? {
            // A request that is late takes no place by its dates; whoever has loaded a list before does not know.
            let places = Places::of(c, [request.offering])?;
            // Of several processes one comes first.
            if end_without(c, cx, &request, RequestCause::NotAnswered)? {
                told = told.saturating_add(1);
            }
            places.tell(c, cx)?;
        }
    }
    Ok(told)
}
