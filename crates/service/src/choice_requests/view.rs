//! How a request is shown: to the voucher's holder whole, to the provider without anything by which it would know the
//! client before it has said yes.

use serde::Serialize;
use valinta_domain::choice::home_of;
use valinta_domain::choice_request::{RequestCause, RequestState, state_on};
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::policy::Target;
use valinta_domain::provider::Sector;
use valinta_domain::rulebook::{GrantPeriod, Measure};
use valinta_domain::rules::{FactValue, Facts};
use valinta_domain::{Currency, Day, Id, Language, Moment, Quantity, Unit};
use valinta_persistence::choice_requests::ChoiceRequest;
use valinta_persistence::vouchers::StoredVoucher;
use valinta_persistence::{Conn, organisers, vouchers};

use crate::cx::{Cx, found};
use crate::http::Problem;
use crate::vouchers::{PriceView, service_facts_of, target_of as vouchers_target_of};

/// A request as the voucher shows it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct HolderRequestView {
    /// Its id.
    id: Id<kind::ChoiceRequest>,
    /// Where it stands today.
    state: RequestState,
    /// Why it lapsed or was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    cause: Option<RequestCause>,
    /// Why it was refused, in the provider's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    reason: Option<String>,
    /// The offering that is asked for.
    offering: Id<kind::Offering>,
    /// Who is asked.
    provider: Id<kind::Provider>,
    /// The unit that is to serve.
    unit: Id<kind::ServiceUnit>,
    /// The provider's sector.
    sector: Sector,
    /// The price that is agreed if it is confirmed.
    price: PriceView,
    /// The first day asked for. With an answer that comes so late that the notice to a former provider reaches beyond it, the
    /// choice begins when that is over.
    first_day: Day,
    /// The last day on which the provider can answer.
    answer_by: Day,
    /// When it was made.
    requested_at: Moment,
}

impl HolderRequestView {
    pub(crate) fn of(request: &ChoiceRequest, currency: Currency, today: Day) -> Self {
        let state = state_on(request.state, request.answer_by, today);
        let is_late = state != request.state;
        Self {
            id: request.id,
            state,
            cause: if is_late { Some(RequestCause::NotAnswered) } else { request.cause },
            reason: request.reason.clone(),
            offering: request.offering,
            provider: request.provider,
            unit: request.unit,
            sector: request.sector,
            price: PriceView::of(&request.price, currency),
            first_day: request.first_day,
            answer_by: request.answer_by,
            requested_at: request.requested_at,
        }
    }
}

/// A client's request to be taken, as the provider sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChoiceRequestView {
    /// Its id.
    id: Id<kind::ChoiceRequest>,
    /// Where it stands today.
    state: RequestState,
    /// Why it lapsed or was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    cause: Option<RequestCause>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    reason: Option<String>,
    /// Who pays.
    organiser: Id<kind::Organiser>,
    /// For what.
    voucher_type: Id<kind::VoucherType>,
    /// The offering that is asked for.
    offering: Id<kind::Offering>,
    /// The provider that is asked.
    provider: Id<kind::Provider>,
    /// The unit that is to serve.
    unit: Id<kind::ServiceUnit>,
    /// The price that is agreed if it is confirmed.
    price: PriceView,
    /// The first day asked for.
    first_day: Day,
    /// The last day on which it can be answered.
    answer_by: Day,
    /// When it was made.
    requested_at: Moment,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Moment>,
    /// What the voucher grants: a quantity of units, or money.
    measure: Measure,
    /// What services are counted in.
    unit_of_service: Unit,
    /// Granted per period: units, or money.
    quantity: Quantity,
    /// The period of the quantity.
    per: GrantPeriod,
    /// The language in which the client wants to be served; while it waits, and once it is confirmed as long as the provider
    /// has a part in the voucher.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    client_language: Option<Language>,
    /// Code of the client's municipality; as long as the language is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_municipality: Option<MunicipalityCode>,
    /// The voucher, once it is confirmed. Its number is given by the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    voucher: Option<Id<kind::Voucher>>,
}

/// To whom a request belongs: the organiser, the provider that is asked, and the person who asks.
pub(super) fn target_of(request: &ChoiceRequest, stored: &StoredVoucher) -> Target {
    Target { organiser: Some(request.organiser), provider: Some(request.provider), person: Some(stored.voucher.person) }
}

fn language_of(client: &Facts) -> Option<Language> {
    match client.get("client_language") {
        Some(FactValue::Word(code)) => Language::from_code(code),
        _ => None,
    }
}

/// A request as the provider sees it.
pub(super) fn view_of(c: &mut Conn, cx: &Cx, request: ChoiceRequest) -> Result<ChoiceRequestView, Problem> {
    let stored = found(vouchers::find(c, request.voucher)?)?;
    let organiser = found(organisers::find(c, request.organiser)?)?;
    let today = cx.today(&organiser)?;
    let state = state_on(request.state, request.answer_by, today);
    let is_late = state != request.state;
    // Of a client who is not taken, or whom it serves no longer, nothing is told any more.
    let is_told = match state {
        RequestState::Waiting => true,
        RequestState::Confirmed => vouchers_target_of(c, cx, &stored)?.provider == Some(request.provider),
        RequestState::Refused | RequestState::Lapsed | RequestState::Withdrawn => false,
    };
    let client = if is_told { service_facts_of(c, &stored.voucher)? } else { Facts::default() };
    let voucher = &stored.voucher;
    Ok(ChoiceRequestView {
        id: request.id,
        state,
        cause: if is_late { Some(RequestCause::NotAnswered) } else { request.cause },
        reason: request.reason,
        organiser: request.organiser,
        voucher_type: voucher.voucher_type,
        offering: request.offering,
        provider: request.provider,
        unit: request.unit,
        price: PriceView::of(&request.price, organiser.currency),
        first_day: request.first_day,
        answer_by: request.answer_by,
        requested_at: request.requested_at,
        ended_at: request.ended_at,
        measure: voucher.measure,
        unit_of_service: voucher.unit,
        quantity: stored.quantity_on(request.first_day),
        per: stored.per,
        client_language: language_of(&client),
        client_municipality: home_of(&client),
        voucher: (state == RequestState::Confirmed).then_some(voucher.id),
    })
}
