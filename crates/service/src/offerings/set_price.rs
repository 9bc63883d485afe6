//! `POST /v1/offerings/{id}/prices`: a provider sets the price that holds from a day on.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::offering::OfferPrice;
use valinta_domain::policy::{Action, Target};
use valinta_domain::registry_change::RegistryChange;
use valinta_domain::{Day, Id};
use valinta_persistence::offerings::NewPrice;
use valinta_persistence::{Conn, offerings, organisers};

use super::price::{Priced, check_on, first_day};
use super::view::{OfferingView, view_of};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::permit::OfferingsWrite;
use crate::http::{IdempotencyKey, Json, PathId, Permit, Problem};
use crate::parse_as_is;

/// A price to be set.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetOfferingPrice {
    /// The price per unit of service, all-inclusive, and those of items of the price list that differ from it.
    pub(crate) price: OfferPrice,
    /// First day: today or later.
    pub(crate) from: Day,
}
parse_as_is!(SetOfferingPrice);

/// Which price is to be set: the request as it is.
type SetPriceCommand = SetOfferingPrice;

/// Sets an offering's price from a day on. Prices that were to begin on that day or later are replaced; what was agreed
/// by a choice before stays agreed.
#[utoipa::path(
    tag = "offerings",
    params(IdempotencyKey),
    responses((status = 201, description = "Set.", body = OfferingView)),
    security(("bearer" = ["offerings:write"])),
)]
#[post("/v1/offerings/{id}/prices")]
pub(crate) async fn set_offering_price(
    permit: Permit<OfferingsWrite>,
    app: web::Data<App>,
    path: PathId<kind::Offering>,
    key: IdempotencyKey,
    body: Json<SetOfferingPrice>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let command = body.into_inner();
    app.command(permit.into_caller(), "set_offering_price", &key, &bytes, move |c, cx| set_price(c, cx, id, &command))
        .await
}

/// Sets a price.
pub(crate) fn set_price(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Offering>,
    command: &SetPriceCommand,
) -> Result<Reply<OfferingView>, Problem> {
    let offering = found(offerings::take(c, id)?)?;
    let target = Target { organiser: Some(offering.organiser), provider: Some(offering.provider), person: None };
    cx.require(Action::ManageProvider, &target)?;
    let organiser = found(organisers::find(c, offering.organiser)?)?;
    let from = first_day(Some(command.from), cx.today(&organiser)?, "/from")?;
    let what = Priced { provider: offering.provider, unit: offering.unit, voucher_type: offering.voucher_type };
    let rulebook = check_on(c, &what, &command.price, from)?;
    let price = NewPrice {
        id: cx.id(),
        offering: id,
        price: command.price.clone(),
        from,
        rulebook: rulebook.id,
        created_by: cx.actor().subject.clone(),
        created_at: cx.now(),
    };
    offerings::set_price(c, &price)?;
    let details = json!({"offering": id, "price": command.price, "from": from, "rulebook": rulebook.id});
    cx.audit("set_offering_price", ("offering", id.uuid()), &target, details.clone());
    cx.tell("offering.price_set", ("offering", id.uuid()), target.organiser, details);
    cx.registry_changed(RegistryChange::offering(id, Some(organiser.id)));
    Ok(Reply::created(format!("/v1/offerings/{id}"), view_of(c, offering, cx.now())?))
}
