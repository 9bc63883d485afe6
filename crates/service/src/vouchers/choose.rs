//! `PUT /v1/vouchers/{id}/choice`: the holder picks a provider or changes to another, or somebody does it for the holder;
//! where the rulebook lets the provider answer, asks for it.

use actix_web::{HttpResponse, put, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::behalf::Act;
use valinta_domain::choice_request::{RequestCause, RequestState, answer_by};
use valinta_domain::event::{EventKind, Hearers};
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_domain::{Day, Id};
use valinta_persistence::choice_requests::ChoiceRequest;
use valinta_persistence::vouchers::StoredVoucher;
use valinta_persistence::{Conn, choice_requests, organisers, voucher_types, vouchers};

use super::behalf::{Answering, OnBehalf};
use super::chosen::store_choice;
use super::first_day::first_day;
use super::pick::{Pick, Wanted, pick};
use super::seen_price::SeenPrice;
use super::view::{VoucherView, target_of, view_of};
use crate::app::{App, Reply};
use crate::choice_requests::end_of_voucher;
use crate::cx::{Cx, found};
use crate::http::permit::VouchersRespond;
use crate::http::{IdempotencyKey, Json, PathId, Permit, Problem};
use crate::parse_as_is;

/// A pick.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChooseProvider {
    /// The offering chosen, from the voucher's list of choices.
    pub(crate) offering: Id<kind::Offering>,
    /// The price that was shown, as the list shows it. If it is not the price any more, nothing is chosen.
    #[serde(default)]
    pub(crate) price: Option<SeenPrice>,
    /// The client's consent; of a case worker.
    #[serde(default)]
    #[validate(nested)]
    pub(crate) on_behalf: Option<OnBehalf>,
}
parse_as_is!(ChooseProvider);

/// Chooses a provider for a voucher, or changes provider.
///
/// The price of the day is agreed by the choice. A first choice holds at once, a change while services are being
/// delivered from the next day, or after the notice that the rulebook asks for; neither before the earliest day on which
/// the provider says it can start. Until then a previous choice goes on. A unit that takes no new choices on the day on
/// which the choice would begin otherwise is not chosen for a later start either. Where it is known that the unit closes or
/// its approval ends, the choice ends with it.
///
/// Where the rulebook lets the provider answer, this asks for it: the voucher stays as it is and shows the request, which
/// holds a place and what the voucher grants, until the provider answers, the client takes it back, or time is up. To
/// choose again takes an earlier request back.
///
/// Where the offering cannot be chosen, the errors name every reason by the codes of the list's `not_choosable`.
#[utoipa::path(
    tag = "choices",
    params(IdempotencyKey),
    responses((status = 200, description = "Chosen, or asked for: see `choice_request`.", body = VoucherView)),
    security(("bearer" = ["vouchers:respond"])),
)]
#[put("/v1/vouchers/{id}/choice")]
pub(crate) async fn choose_provider(
    permit: Permit<VouchersRespond>,
    app: web::Data<App>,
    path: PathId<kind::Voucher>,
    key: IdempotencyKey,
    body: Json<ChooseProvider>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let command = body.into_inner();
    app.command(permit.into_caller(), "choose_provider", &key, &bytes, move |c, cx| choose(c, cx, id, &command)).await
}

/// Chooses an offering for a voucher. Everything is read from the database here, not from the list that was shown.
pub(crate) fn choose(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Voucher>,
    command: &ChooseProvider,
) -> Result<Reply<VoucherView>, Problem> {
    let mut stored = found(vouchers::take(c, id)?)?;
    let target = target_of(c, cx, &stored)?;
    cx.require(Action::RespondToVoucher, &target)?;
    let organiser = found(organisers::find(c, stored.voucher.organiser)?)?;
    let today = cx.today(&organiser)?;
    let answering = Answering::of(cx, &target, today, command.on_behalf.as_ref())?;
    let (at_once, held) = first_day(c, &stored.voucher, today)?;
    let seen = command.price.as_ref().map(|price| price.in_currency(organiser.currency)).transpose()?;
    let picked = pick(c, cx, &stored, Wanted::Now(command.offering, seen.as_ref()), (at_once, today))?;
    end_of_voucher(c, cx, id, RequestCause::Replaced)?;
    // The rules of the day on which is asked; where there are none yet, those of the first day.
    let in_force = voucher_types::rulebook_in_force(c, stored.voucher.voucher_type, today)?;
    let choosing = in_force.map_or_else(|| picked.choosing.clone(), |rulebook| rulebook.terms.choosing.clone());
    let places = match choosing.answer_days {
        Some(days) => {
            ask(c, cx, &stored, &picked, (days, today), (&target, answering))?;
            picked.places
        }
        None => {
            stored.voucher = stored.voucher.choose(today)?;
            let (choice, places) = store_choice(c, cx, &stored, picked, &cx.actor().subject)?;
            let details = json!({
                "choice": choice.id,
                "offering": command.offering,
                "provider": choice.provider,
                "previous_provider": held.map(|choice| choice.provider),
            });
            let details = answering.keep(c, cx, (&stored.voucher, Act::Choose, choice.id.uuid()), details)?;
            cx.audit("choose_provider", ("voucher", id.uuid()), &target, details);
            places
        }
    };
    places.tell(c, cx)?;
    Ok(Reply::ok(view_of(c, cx, &stored)?))
}

/// Asks a provider to take the holder of a voucher.
fn ask(
    c: &mut Conn,
    cx: &Cx,
    stored: &StoredVoucher,
    picked: &Pick,
    (answer_days, today): (u16, Day),
    (target, answering): (&Target, Answering),
) -> Result<(), Problem> {
    let voucher = &stored.voucher;
    let request = ChoiceRequest {
        id: cx.id(),
        organiser: voucher.organiser,
        voucher: voucher.id,
        offering: picked.offered.id,
        provider: picked.offered.provider,
        unit: picked.offered.unit,
        sector: picked.sector,
        price: picked.price.clone(),
        first_day: picked.from,
        requested_by: cx.actor().subject.clone(),
        requested_at: cx.now(),
        answer_by: answer_by(today, answer_days, voucher.validity.last_day()),
        state: RequestState::Waiting,
        cause: None,
        reason: None,
        choice: None,
        ended_at: None,
    };
    choice_requests::insert(c, &request)?;
    let details = json!({
        "request": request.id,
        "voucher": request.voucher,
        "offering": request.offering,
        "provider": request.provider,
        "first_day": request.first_day,
        "answer_by": request.answer_by,
    });
    let told = details.clone();
    let details = answering.keep(c, cx, (voucher, Act::Choose, request.id.uuid()), details)?;
    cx.audit("choose_provider", ("voucher", voucher.id.uuid()), target, details.clone());
    let hearers = Hearers::both(request.organiser, request.provider);
    cx.tell(EventKind::ChoiceRequestMade, ("choice_request", request.id.uuid()), hearers, told);
    Ok(())
}
