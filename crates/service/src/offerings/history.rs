//! `GET /v1/offerings/{id}/history`: every price that was set for an offering, and all that it has said of itself, by
//! whom and when. For the provider and for the organiser's supervision.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::offering::OfferingDetails;
use valinta_domain::policy::{Action, Target};
use valinta_domain::{Currency, Day, Id, Moment};
use valinta_persistence::offerings::SetPrice;
use valinta_persistence::registry_versions::Version;
use valinta_persistence::{Conn, offerings, organisers, providers};

use crate::app::App;
use crate::cx::{Cx, found};
use crate::http::permit::ProvidersRead;
use crate::http::{PathId, Permit, Problem};
use crate::providers::told_who;
use crate::vouchers::PriceView;

/// Most prices, and most versions, that are shown: the latest.
const SHOWN_MAX: i64 = 500;
/// Most members of a provider that are looked at.
const MEMBERS_MAX: i64 = 1_000;

/// How an offering came to be what it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OfferingHistory {
    /// Which offering.
    offering: Id<kind::Offering>,
    /// The prices that were set, latest first: those that were replaced before they held included.
    #[schema(max_items = 500)]
    prices: Vec<SetPriceView>,
    /// What it has said of itself, latest first.
    #[schema(max_items = 500)]
    versions: Vec<OfferingVersion>,
}

/// A price as it was set.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SetPriceView {
    /// Its id.
    id: Id<kind::OfferingPrice>,
    /// The price per unit of service.
    price: PriceView,
    /// First day.
    from: Day,
    /// Last day, if another price followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Day>,
    /// Whether it was replaced before it ever held.
    never_held: bool,
    /// The rulebook that it was held against.
    rulebook: Id<kind::Rulebook>,
    /// Why it was changed, in the provider's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    reason: Option<String>,
    /// Who set it. The provider is told its own members; an officer who brought the price in is told to the organiser.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    set_by: Option<String>,
    /// When.
    set_at: Moment,
}

/// What an offering said of itself from a moment on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OfferingVersion {
    /// Its version.
    version: i64,
    /// What it said.
    details: OfferingDetails,
    /// Who said so. An officer's name is told to the officer's own organiser alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    by: Option<String>,
    /// For which organiser; absent where it was the provider itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    organiser: Option<Id<kind::Organiser>>,
    /// When.
    at: Moment,
}

impl SetPriceView {
    /// A price for a caller who is told these names; where none are given, all.
    fn of(set: SetPrice, currency: Currency, told: Option<&[String]>) -> Self {
        Self {
            price: PriceView::of(&set.price, currency),
            until: set.period().and_then(|period| period.to().map(|_| period.last_day())),
            never_held: set.period().is_none(),
            id: set.id,
            from: set.from,
            rulebook: set.rulebook,
            reason: set.reason,
            set_by: told.is_none_or(|told| told.contains(&set.set_by)).then_some(set.set_by),
            set_at: set.set_at,
        }
    }
}

impl OfferingVersion {
    fn of(cx: &Cx, version: Version<OfferingDetails>) -> Self {
        let Version { version, document: details, by, organiser, at, .. } = version;
        Self { version, details, by: told_who(cx, by, organiser), organiser, at }
    }
}

/// Shows how an offering came to be what it is: prices with their reasons, and versions, each by whom and when.
#[utoipa::path(
    tag = "offerings",
    responses((status = 200, description = "Its history.", body = OfferingHistory)),
    security(("bearer" = ["providers:read"])),
)]
#[get("/v1/offerings/{id}/history")]
pub(crate) async fn show_offering_history(
    permit: Permit<ProvidersRead>,
    app: web::Data<App>,
    path: PathId<kind::Offering>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let history = app
        .read_as(permit.into_caller(), move |c, cx| {
            let offering = found(offerings::find(c, id)?)?;
            let target =
                Target { organiser: Some(offering.organiser), provider: Some(offering.provider), person: None };
            cx.require(Action::ReadProvider, &target)?;
            let currency = found(organisers::find(c, offering.organiser)?)?.currency;
            let told = own_members(c, cx, offering.provider)?;
            let prices = offerings::price_history(c, id, SHOWN_MAX)?;
            let versions = offerings::versions(c, id, SHOWN_MAX)?;
            Ok(OfferingHistory {
                offering: id,
                prices: prices.into_iter().map(|set| SetPriceView::of(set, currency, told.as_deref())).collect(),
                versions: versions.into_iter().map(|version| OfferingVersion::of(cx, version)).collect(),
            })
        })
        .await?;
    Ok(HttpResponse::Ok().json(history))
}

/// Whom a caller who acts for the provider is told of among those who set prices: its own members, since an organiser's
/// officers may have brought prices in.
fn own_members(c: &mut Conn, cx: &Cx, provider: Id<kind::Provider>) -> Result<Option<Vec<String>>, Problem> {
    if cx.actor().organiser.is_some() {
        return Ok(None);
    }
    let members = providers::members_of(c, provider, None, MEMBERS_MAX)?;
    Ok(Some(members.into_iter().map(|member| member.subject).collect()))
}
