//! `POST /v1/offerings`: a provider publishes what an approved unit offers, at a price the rulebook lets it ask.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::offering::{OfferPrice, OfferingDetails};
use valinta_domain::policy::{Action, Target};
use valinta_domain::provider::ServiceMode;
use valinta_domain::registry_change::RegistryChange;
use valinta_domain::{Day, Id, Language};
use valinta_persistence::offerings::{NewPrice, Offering};
use valinta_persistence::{Conn, offerings, organisers, providers, voucher_types};

use super::details::check_details;
use super::price::{Priced, basis_on, first_day};
use super::view::{OfferingView, view_of};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::permit::OfferingsWrite;
use crate::http::{IdempotencyKey, Json, Permit, Problem, ProblemKind};
use crate::parse_as_is;

/// An offering to be published.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishOffering {
    /// Which unit of the caller's offers.
    pub(crate) unit: Id<kind::ServiceUnit>,
    /// For what.
    pub(crate) voucher_type: Id<kind::VoucherType>,
    /// The price per unit of service, all-inclusive, and those of items of the price list that differ from it.
    pub(crate) price: OfferPrice,
    /// First day of the price: today or later; today if nothing is said.
    pub(crate) price_from: Option<Day>,
    /// Whether new clients are taken.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub(crate) accepts_new_clients: bool,
    /// The earliest day a new client can start, if it is not at once.
    pub(crate) earliest_start: Option<Day>,
    /// How many are waiting, if that is known.
    #[validate(range(max = 1_000_000))]
    #[schema(maximum = 1_000_000)]
    pub(crate) queue: Option<u32>,
    /// How many clients it serves at once, where that is limited. Fewer than have chosen it send nobody away.
    #[serde(default)]
    #[validate(range(min = 1, max = 100_000))]
    #[schema(minimum = 1, maximum = 100_000)]
    pub(crate) places: Option<u32>,
    /// Languages of this service, where they are not all of the unit's.
    #[schema(min_items = 1, max_items = 3)]
    pub(crate) languages: Option<Vec<Language>>,
    /// How this service is given, where it is not in all of the unit's ways.
    #[schema(min_items = 1, max_items = 3)]
    pub(crate) modes: Option<Vec<ServiceMode>>,
}
parse_as_is!(PublishOffering);

/// What is to be published: the request as it is.
pub(crate) type PublishCommand = PublishOffering;

const fn yes() -> bool {
    true
}

/// Publishes what a unit offers for a voucher type. The unit must be approved for it on the price's first day, and the
/// price must keep to the rulebook of that day.
#[utoipa::path(
    tag = "offerings",
    params(IdempotencyKey),
    responses((status = 201, description = "Published.", body = OfferingView)),
    security(("bearer" = ["offerings:write"])),
)]
#[post("/v1/offerings")]
pub(crate) async fn publish_offering(
    permit: Permit<OfferingsWrite>,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Json<PublishOffering>,
) -> Result<HttpResponse, Problem> {
    let bytes = body.bytes().to_vec();
    let command = body.into_inner();
    app.command(permit.into_caller(), "publish_offering", &key, &bytes, move |c, cx| publish(c, cx, &command)).await
}

/// Publishes an offering with its first price.
pub(crate) fn publish(c: &mut Conn, cx: &Cx, command: &PublishCommand) -> Result<Reply<OfferingView>, Problem> {
    let unit = providers::find_unit(c, command.unit)?.filter(|unit| cx.actor().is_member_of(unit.provider));
    let voucher_type = voucher_types::find(c, command.voucher_type)?;
    let unit = unit.ok_or_else(|| Problem::unknown("/unit", "the caller has no such unit"))?;
    let voucher_type =
        voucher_type.ok_or_else(|| Problem::unknown("/voucher_type", "there is no such voucher type"))?;
    let target = Target { organiser: Some(voucher_type.organiser), provider: Some(unit.provider), person: None };
    cx.require(Action::ManageProvider, &target)?;
    let organiser = found(organisers::find(c, voucher_type.organiser)?)?;
    let today = cx.today(&organiser)?;
    let from = first_day(command.price_from, today, "/price_from")?;
    let details = OfferingDetails {
        accepts_new_clients: command.accepts_new_clients,
        earliest_start: command.earliest_start,
        queue: command.queue,
        places: command.places,
        languages: command.languages.clone(),
        modes: command.modes.clone(),
    };
    check_details(&details, &unit, today)?;
    if offerings::find_of_unit(c, unit.id, voucher_type.id)?.is_some() {
        let problem = Problem::new(ProblemKind::Duplicate, "The unit has an offering for the voucher type.");
        return Err(problem.at("/unit", "duplicate", "the unit has an offering: set its price instead"));
    }
    let what = Priced { provider: unit.provider, unit: unit.id, voucher_type: voucher_type.id };
    let basis = basis_on(c, &what, from)?;
    basis.allow(&command.price, &[])?;
    let rulebook = basis.rulebook;
    let offering = Offering {
        id: cx.id(),
        organiser: organiser.id,
        provider: unit.provider,
        unit: unit.id,
        voucher_type: voucher_type.id,
        accepts_new_clients: command.accepts_new_clients,
        earliest_start: None,
        queue: None,
        places: None,
        languages: None,
        modes: None,
        version: 1,
        created_at: cx.now(),
    }
    .with(details);
    offerings::insert(c, &offering)?;
    offerings::keep_version(c, &offering, (&cx.actor().subject, cx.now()))?;
    let price = NewPrice {
        id: cx.id(),
        offering: offering.id,
        price: command.price.clone(),
        from,
        rulebook: rulebook.id,
        reason: None,
        created_by: cx.actor().subject.clone(),
        created_at: cx.now(),
    };
    offerings::set_price(c, &price)?;
    let id = offering.id;
    let details = json!({
        "offering": id,
        "unit": unit.id,
        "voucher_type": voucher_type.id,
        "price": command.price,
        "from": from,
        "rulebook": rulebook.id,
    });
    cx.audit("publish_offering", ("offering", id.uuid()), &target, details.clone());
    cx.tell(EventKind::OfferingPublished, ("offering", id.uuid()), &target, details);
    cx.registry_changed(RegistryChange::offering(id, Some(organiser.id)));
    Ok(Reply::created(format!("/v1/offerings/{id}"), view_of(c, offering, cx.now())?))
}
