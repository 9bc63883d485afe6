//! `PUT /v1/vouchers/{id}/choice`: the holder picks a provider, or changes to another.

use actix_web::{HttpResponse, put, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::choice::NotChoosable;
use valinta_domain::id::kind;
use valinta_domain::offering::check_price;
use valinta_domain::policy::Action;
use valinta_domain::voucher::{VoucherRefusal, VoucherStatus};
use valinta_persistence::choices::Choice;
use valinta_persistence::{Conn, choices, organisers, registry, voucher_types, vouchers};

use super::view::{VoucherView, target_of, view_of};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::permit::VouchersRespond;
use crate::http::{IdempotencyKey, Json, PathId, Permit, Problem, ProblemKind};
use crate::parse_as_is;

/// A pick.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChooseProvider {
    /// The offering chosen, from the voucher's list of choices.
    offering: Id<kind::Offering>,
}
parse_as_is!(ChooseProvider);

/// Chooses a provider for a voucher, or changes provider.
///
/// The price of the day is agreed by the choice. A first choice holds at once, a change while services are being
/// delivered from the next day; neither before the earliest day on which the provider says it can start. Until then a
/// previous choice goes on.
#[utoipa::path(
    tag = "choices",
    params(IdempotencyKey),
    responses((status = 200, description = "Chosen.", body = VoucherView)),
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
    let offering = body.into_inner().offering;
    app.command(permit.into_caller(), "choose_provider", &key, &bytes, move |c, cx| choose(c, cx, id, offering)).await
}

/// Chooses an offering for a voucher. Everything is read from the database here, not from the list that was shown.
pub(crate) fn choose(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Voucher>,
    offering: Id<kind::Offering>,
) -> Result<Reply<VoucherView>, Problem> {
    let mut stored = found(vouchers::take(c, id)?)?;
    let target = target_of(c, cx, &stored)?;
    cx.require(Action::RespondToVoucher, &target)?;
    let organiser = found(organisers::find(c, stored.voucher.organiser)?)?;
    let today = cx.today(&organiser)?;
    let (offered, candidate) = registry::candidate(c, offering)?
        .filter(|(offered, _)| offered.voucher_type == stored.voucher.voucher_type)
        .ok_or_else(|| Problem::unknown("/offering", "there is no such offering for this voucher"))?;
    let in_use = stored.voucher.status_on(today) == VoucherStatus::InUse;
    stored.voucher = stored.voucher.choose(today)?;
    // While services are being delivered, the day belongs to the provider who may have delivered on it.
    let earliest = if in_use { today.plus_days(1) } else { today.max(stored.voucher.validity.from()) };
    let from = candidate.earliest_start.map_or(earliest, |start| start.max(earliest));
    if !stored.voucher.validity.contains(from) {
        let validity = stored.voucher.validity;
        return Err(VoucherRefusal::NotValidOn { day: from, from: validity.from(), last: validity.last_day() }.into());
    }
    let (sector, _, price) = candidate.choosable_on(from)?;
    let rulebook = voucher_types::rulebook_in_force(c, stored.voucher.voucher_type, from)?.ok_or_else(|| {
        Problem::new(ProblemKind::WrongState, "The voucher type has no rulebook in force on the first day.")
    })?;
    check_price(price, sector, &rulebook.terms).map_err(|refused| {
        Problem::new(ProblemKind::NotChoosable, format!("The offering cannot be chosen: {refused}.")).at(
            "/offering",
            "price_not_allowed",
            refused,
        )
    })?;
    let choice = Choice {
        id: cx.id(),
        organiser: organiser.id,
        voucher: id,
        offering,
        provider: offered.provider,
        unit: offered.unit,
        sector,
        price,
        valid_from: from,
        valid_to: None,
        chosen_by: cx.actor().subject.clone(),
        chosen_at: cx.now(),
    };
    let previous = choices::of_voucher(c, id)?.into_iter().find(|choice| choice.valid_to.is_none());
    choices::replace(c, &choice)?;
    vouchers::update_state(c, &stored.voucher)?;
    let details = json!({
        "choice": choice.id,
        "offering": offering,
        "provider": choice.provider,
        "previous_provider": previous.map(|choice| choice.provider),
    });
    cx.audit("choose_provider", ("voucher", id.uuid()), &target, details.clone());
    cx.tell("voucher.chosen", ("voucher", id.uuid()), target.organiser, details);
    Ok(Reply::ok(view_of(c, cx, &stored)?))
}

impl From<NotChoosable> for Problem {
    fn from(reason: NotChoosable) -> Self {
        let (code, detail) = match reason {
            NotChoosable::NotApproved => ("not_approved", "the unit is not approved for this voucher type on that day"),
            NotChoosable::NoPrice => ("no_price", "the offering has no price on that day"),
            NotChoosable::NotTakingClients => ("not_taking_clients", "the unit does not take new clients"),
        };
        Self::new(ProblemKind::NotChoosable, format!("The offering cannot be chosen: {detail}.")).at(
            "/offering",
            code,
            detail,
        )
    }
}
