//! `POST /v1/offerings/{id}/prices`: a provider sets the price that holds from a day on.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::offering::{OfferPrice, PriceBoundsRefused, check_price_change, check_price_to_come};
use valinta_domain::policy::{Action, Target};
use valinta_domain::registry_change::RegistryChange;
use valinta_domain::{Day, Id};
use valinta_persistence::offerings::NewPrice;
use valinta_persistence::{Conn, offerings, organisers};

use super::price::{Priced, basis_on, first_day};
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
    /// Why it is changed, for everyone to read. A rulebook may ask for it where a price is raised.
    #[validate(length(min = 1, max = 4000))]
    #[schema(min_length = 1, max_length = 4000)]
    pub(crate) reason: Option<String>,
}
parse_as_is!(SetOfferingPrice);

/// Which price is to be set: the request as it is.
type SetPriceCommand = SetOfferingPrice;

/// Sets an offering's price from a day on, at most 800 days ahead; at most a hundred of its prices are to come. Prices that
/// were to begin on that day or later are replaced; what was agreed by a choice before stays agreed. A price can be lowered at any time. A raise keeps to what the rulebook in force on its
/// first day says of changes: how early it is told, on which days it takes effect, how often in a year, and with a reason.
/// Whoever replaces an announced raise by a lower price tells it anew, if it is still wanted.
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
    let today = cx.today(&organiser)?;
    let from = first_day(Some(command.from), today, "/from")?;
    let what = Priced { provider: offering.provider, unit: offering.unit, voucher_type: offering.voucher_type };
    let history = offerings::prices(c, id)?;
    // Those from its first day on are replaced by it.
    let days = history.entries().iter().map(|(period, _)| period.from());
    check_price_to_come(from, today, days.filter(|day| *day > today && *day < from).count())?;
    let basis = basis_on(c, &what, from)?;
    let (terms, reason) = (&basis.rulebook.terms, command.reason.as_deref().filter(|reason| !reason.trim().is_empty()));
    let change = check_price_change(terms, &history, &command.price, (from, today), reason);
    basis.allow(&command.price, change.as_ref().err().map_or(&[], Vec::as_slice))?;
    let rulebook = basis.rulebook.id;
    let price = NewPrice {
        id: cx.id(),
        offering: id,
        price: command.price.clone(),
        from,
        rulebook,
        reason: reason.map(str::to_owned),
        created_by: cx.actor().subject.clone(),
        created_at: cx.now(),
    };
    offerings::set_price(c, &price)?;
    let setting = change.ok();
    let details = json!({
        "offering": id,
        "price": command.price,
        "from": from,
        "rulebook": rulebook,
        "is_raise": setting.as_ref().is_some_and(|setting| setting.is_raise),
        "replaces": setting.map(|setting| setting.replaces).unwrap_or_default(),
    });
    cx.audit("set_offering_price", ("offering", id.uuid()), &target, details.clone());
    cx.tell(EventKind::OfferingPriceSet, ("offering", id.uuid()), &target, details);
    cx.registry_changed(RegistryChange::offering(id, Some(organiser.id)));
    Ok(Reply::created(format!("/v1/offerings/{id}"), view_of(c, offering, cx.now())?))
}

impl From<PriceBoundsRefused> for Problem {
    fn from(refused: PriceBoundsRefused) -> Self {
        Self::invalid(Vec::new()).at("/from", refused.code(), refused)
    }
}
