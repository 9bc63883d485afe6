//! `GET /v1/offerings`: what is offered at what prices, for everyone, now and as of a day (569/2009 § 4). A plain list,
//! oldest first; to compare and choose there are the choices, in neutral order.

use std::collections::HashMap;

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::offering::OfferPrice;
use valinta_domain::provider::{Sector, ServiceMode};
use valinta_domain::time::Timeline;
use valinta_domain::{Currency, Day, Id, Language, Moment};
use valinta_persistence::offerings::Offering;
use valinta_persistence::open_data::{self, Part, Place, PublicApproval, Wish};
use valinta_persistence::organisers::Organiser;
use valinta_persistence::providers::{Provider, ServiceUnit};
use valinta_persistence::{Conn, offerings, organisers, providers};

use super::public_prices::{Check, PublicPriceView, price_cells};
use crate::app::App;
use crate::cx::{day_at, found};
use crate::http::conditional::IfNoneMatch;
use crate::http::{Page, PageQuery, Paged, Problem};
use crate::parse_as_is;
use crate::service_units::serves;
use crate::tabular::{Ask, Listing, Look, Row, answer, joined};

/// Which offerings are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfferingFilter {
    /// As of this day: only of units that were approved on it, as they were then.
    as_of: Option<Day>,
    /// Only for vouchers of this organiser.
    organiser: Option<Id<kind::Organiser>>,
    /// Only for this voucher type.
    voucher_type: Option<Id<kind::VoucherType>>,
    /// Only of this provider.
    provider: Option<Id<kind::Provider>>,
    /// Only of units that are in this municipality or serve it.
    municipality: Option<MunicipalityCode>,
    /// Only of providers of this sector.
    sector: Option<Sector>,
}
parse_as_is!(OfferingFilter);

/// What a unit offers for a voucher type, as everyone sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PublicOfferingView {
    /// Its id.
    id: Id<kind::Offering>,
    /// Whose vouchers it is for.
    organiser: Id<kind::Organiser>,
    /// For what.
    voucher_type: Id<kind::VoucherType>,
    /// Who offers.
    provider: Id<kind::Provider>,
    /// The provider's name.
    #[schema(max_length = 200)]
    provider_name: String,
    /// Whose production it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    sector: Option<Sector>,
    /// Which unit.
    unit: Id<kind::ServiceUnit>,
    /// The unit's name.
    #[schema(max_length = 200)]
    unit_name: String,
    /// Code of the municipality that the unit is in.
    municipality: MunicipalityCode,
    /// Whether the unit is approved for the voucher type.
    approved: bool,
    /// Whether it can be chosen: the unit is approved and open, its approval is not interrupted, and new clients are taken.
    takes_new_choices: bool,
    /// Whether new clients are taken, by the provider's word.
    accepts_new_clients: bool,
    /// The earliest day a new client can start, if it is not at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    earliest_start: Option<Day>,
    /// How many are waiting, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 1_000_000)]
    queue: Option<u32>,
    /// How many clients it serves at once, where that is limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000)]
    places: Option<u32>,
    /// Languages of the service.
    #[schema(max_items = 3)]
    languages: Vec<Language>,
    /// How it is given.
    #[schema(max_items = 3)]
    modes: Vec<ServiceMode>,
    /// The price that holds on the day and those that follow, per unit of service.
    #[schema(max_items = 100)]
    prices: Vec<PublicPriceView>,
    /// When it was published.
    created_at: Moment,
    /// In what the prices are.
    #[serde(skip)]
    currency: Currency,
}

impl Row for PublicOfferingView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "organiser",
        "voucher_type",
        "provider",
        "provider_name",
        "sector",
        "unit",
        "unit_name",
        "municipality",
        "approved",
        "takes_new_choices",
        "accepts_new_clients",
        "earliest_start",
        "queue",
        "places",
        "languages",
        "modes",
        "charging",
        "price",
        "items",
        "only_items",
        "client_fee",
        "unit_cost",
        "currency",
        "price_from",
        "price_until",
        "next_price",
        "next_items",
        "next_client_fee",
        "next_unit_cost",
        "next_price_from",
        "created_at",
    ];

    fn cells(&self) -> Vec<String> {
        let mut prices = self.prices.iter();
        let (present, next) = (price_cells(prices.next()), price_cells(prices.next()));
        let mut cells = vec![
            self.id.to_string(),
            self.organiser.to_string(),
            self.voucher_type.to_string(),
            self.provider.to_string(),
            self.provider_name.clone(),
            self.sector.map(Sector::code).unwrap_or_default().to_owned(),
            self.unit.to_string(),
            self.unit_name.clone(),
            self.municipality.to_string(),
            self.approved.to_string(),
            self.takes_new_choices.to_string(),
            self.accepts_new_clients.to_string(),
            self.earliest_start.map(|day| day.to_string()).unwrap_or_default(),
            self.queue.map(|queue| queue.to_string()).unwrap_or_default(),
            self.places.map(|places| places.to_string()).unwrap_or_default(),
            joined(self.languages.iter().map(|language| language.code())),
            joined(self.modes.iter().map(|mode| mode.code())),
            present.charging,
            present.price,
            present.items,
            present.only_items,
            present.client_fee,
            present.unit_cost,
            self.currency.code().to_owned(),
            present.from,
            present.until,
        ];
        cells.extend([next.price, next.items, next.client_fee, next.unit_cost, next.from]);
        cells.push(self.created_at.to_string());
        cells
    }
}

/// Lists offerings with their prices, now and coming. As of a day: those of units that were approved on it, with the
/// names, the capacity and the price of that day, and the prices that follow as they are known now. For a day to come,
/// what is known of it.
///
/// Asked for `text/csv` or `application/x-ndjson`, the whole list comes as a file. The columns of the former: `id`,
/// `organiser`, `voucher_type`, `provider`, `provider_name`, `sector`, `unit`, `unit_name`, `municipality`, `approved`,
/// `takes_new_choices`, `accepts_new_clients` (`true` or `false`), `earliest_start`, `queue`, `places`, `languages` and
/// `modes` (separated by `|`), `charging` (`voucher` or `client_fee`), `price`, `items` (`code=price`, separated by `|`),
/// `only_items`, `client_fee`, `unit_cost` (plain decimals), `currency`, `price_from`, `price_until` (days on which the
/// first price that has not ended holds), `next_price`, `next_items`, `next_client_fee`, `next_unit_cost` and
/// `next_price_from` (the price that follows), `created_at`. A cell that a spreadsheet would take for a formula has an
/// apostrophe before it.
#[utoipa::path(
    tag = "offerings",
    params(PageQuery, OfferingFilter, IfNoneMatch),
    responses(
        (
            status = 200,
            description = "A page of offerings, or all of them as a file.",
            content(
                (Page<PublicOfferingView> = "application/json"),
                (String = "text/csv"),
                (PublicOfferingView = "application/x-ndjson"),
            ),
        ),
        (status = 304, description = "Unchanged since the tag that the caller has."),
    ),
    security(()),
)]
#[get("/v1/offerings")]
pub(crate) async fn list_offerings(
    app: web::Data<App>,
    ask: Ask,
    query: Paged<OfferingFilter>,
) -> Result<HttpResponse, Problem> {
    let (page, filter) = query.into_parts();
    let wish = Wish {
        organiser: filter.organiser,
        voucher_type: filter.voucher_type,
        provider: filter.provider,
        sector: filter.sector,
        ..Wish::default()
    };
    let listing = PublicOfferings { wish, municipality: filter.municipality };
    answer(&app, ask, page, filter.as_of, listing).await
}

/// The list.
pub(crate) struct PublicOfferings {
    wish: Wish,
    municipality: Option<MunicipalityCode>,
}

impl PublicOfferings {
    /// These alone.
    pub(crate) fn these(ids: Vec<Uuid>) -> Self {
        Self { wish: Wish { ids: Some(ids), ..Wish::default() }, municipality: None }
    }
}

/// What offerings refer to.
struct Around {
    organisers: HashMap<Id<kind::Organiser>, Organiser>,
    providers: HashMap<Id<kind::Provider>, Provider>,
    units: HashMap<Id<kind::ServiceUnit>, ServiceUnit>,
    sectors: HashMap<Id<kind::Provider>, Timeline<Sector>>,
    standings: HashMap<Place, Vec<PublicApproval>>,
    prices: HashMap<Id<kind::Offering>, Timeline<OfferPrice>>,
    checks: Check,
}

impl Around {
    fn of(c: &mut Conn, look: &Look, of: &[Offering]) -> Result<Self, Problem> {
        let ids: Vec<_> = of.iter().map(|offering| offering.id).collect();
        let provider_ids: Vec<_> = of.iter().map(|offering| offering.provider).collect();
        let unit_ids: Vec<_> = of.iter().map(|offering| offering.unit).collect();
        let (providers_here, units) = open_data::named(c, look.when, &provider_ids, &unit_ids)?;
        Ok(Self {
            organisers: organisers::list(c)?.into_iter().map(|organiser| (organiser.id, organiser)).collect(),
            providers: providers_here,
            units,
            sectors: providers::sectors_of_each(c, &provider_ids)?,
            standings: open_data::standings(c, &unit_ids)?,
            prices: offerings::prices_of_each(c, &ids)?,
            checks: Check::of(c, of.iter().map(|offering| offering.voucher_type))?,
        })
    }

    /// The offering as it is shown, or `None` where it was not there on the day.
    fn view(&self, look: &Look, offering: &Offering) -> Result<Option<PublicOfferingView>, Problem> {
        let organiser = found(self.organisers.get(&offering.organiser))?;
        // A list as of no day shows each organiser's own today.
        let day = if look.when.as_of { look.when.day } else { day_at(look.now, organiser)? };
        let approvals =
            self.standings.get(&(offering.unit, offering.voucher_type)).map(Vec::as_slice).unwrap_or_default();
        // An organiser's own today may be ahead of the world's clock.
        let begun_by = if look.when.as_of { look.told_until(day) } else { day };
        let approved = approvals.iter().any(|approval| approval.on(day, begun_by).0);
        let (Some(provider), Some(unit)) = (self.providers.get(&offering.provider), self.units.get(&offering.unit))
        else {
            return Ok(None);
        };
        if approvals.is_empty() || (look.when.as_of && !approved) {
            return Ok(None);
        }
        let choosable = approvals.iter().any(|approval| approval.on(day, begun_by).1);
        let open = unit.details.closed_from.is_none_or(|closed| day < closed);
        let (details, sectors) = (offering.details(), self.sectors.get(&offering.provider));
        let prices = self.prices.get(&offering.id).map(Timeline::entries).unwrap_or_default();
        Ok(Some(PublicOfferingView {
            id: offering.id,
            organiser: offering.organiser,
            voucher_type: offering.voucher_type,
            provider: offering.provider,
            provider_name: provider.details.name.clone(),
            sector: sectors.and_then(|sectors| sectors.as_of(day)).copied(),
            unit: offering.unit,
            unit_name: unit.details.name.clone(),
            municipality: unit.details.municipality.clone(),
            approved,
            takes_new_choices: choosable && open && offering.accepts_new_clients,
            accepts_new_clients: offering.accepts_new_clients,
            earliest_start: offering.earliest_start,
            queue: offering.queue,
            places: offering.places,
            languages: details.languages_of(&unit.details.languages),
            modes: details.modes_of(&unit.details.modes),
            prices: prices
                .iter()
                .filter(|(period, _)| period.to().is_none_or(|to| to > day))
                .map(|(period, price)| {
                    PublicPriceView::new(*period, price, organiser.currency, || {
                        self.checks.not_allowed(offering.voucher_type, (*period, price), sectors, day)
                    })
                })
                .collect(),
            created_at: offering.created_at,
            currency: organiser.currency,
        }))
    }
}

impl Listing for PublicOfferings {
    type Item = PublicOfferingView;
    const FILE: &'static str = "offerings";

    fn id_of(item: &Self::Item) -> Uuid {
        item.id.uuid()
    }

    fn read(&self, c: &mut Conn, look: &Look, after: Option<Uuid>, limit: i64) -> Result<Part<Self::Item>, Problem> {
        let Part { entries, last } = open_data::list_offerings(c, look.when, &self.wish, after, limit)?;
        let around = Around::of(c, look, &entries)?;
        let mut views = Vec::with_capacity(entries.len());
        for offering in &entries {
            let serves = |unit: &ServiceUnit| self.municipality.as_ref().is_none_or(|code| serves(&unit.details, code));
            if around.units.get(&offering.unit).is_some_and(serves) {
                views.extend(around.view(look, offering)?);
            }
        }
        Ok(Part { entries: views, last })
    }
}
