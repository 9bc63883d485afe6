//! How an option is shown, and the rule of an order.

use std::sync::Arc;

use serde::Serialize;
use valinta_domain::choice::{Listed, Order};
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::offering::next_price;
use valinta_domain::provider::{Sector, ServiceMode};
use valinta_domain::service_event::Charges;
use valinta_domain::{Currency, Day, Id, Language, Localized, Money};

use super::quality::QualityView;
use crate::http::Spoken;
use crate::organisers::GeoPoint;
use crate::vouchers::PriceView;

/// One option.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OptionView {
    /// What is chosen: the offering's id.
    offering: Id<kind::Offering>,
    /// Who offers.
    provider: Id<kind::Provider>,
    /// The provider's name.
    #[schema(value_type = String, max_length = 200)]
    provider_name: Arc<str>,
    /// Whose production it is: a fact, not a rank.
    sector: Sector,
    /// The unit that serves.
    unit: Id<kind::ServiceUnit>,
    /// The unit's name.
    #[schema(value_type = String, max_length = 200)]
    unit_name: Arc<str>,
    /// Street address.
    #[schema(value_type = String, max_length = 300)]
    street_address: Arc<str>,
    /// Postal code and place.
    #[schema(value_type = String, max_length = 300)]
    postal_address: Arc<str>,
    /// Code of the unit's municipality.
    municipality: MunicipalityCode,
    /// Where it is (WGS 84), if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    coordinates: Option<GeoPoint>,
    /// Languages of service.
    #[schema(value_type = Vec<Language>, max_items = 3)]
    languages: Arc<[Language]>,
    /// How it serves.
    #[schema(value_type = Vec<ServiceMode>, max_items = 3)]
    modes: Arc<[ServiceMode]>,
    /// Whether it can be entered without steps, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    step_free: Option<bool>,
    /// The earliest day to start, if it is not at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    earliest_start: Option<Day>,
    /// How many are waiting, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 1_000_000)]
    queue: Option<u32>,
    /// The first day of a choice of it that would be made now.
    first_day: Day,
    /// How many metres it is, as the crow flies, from the place that was asked for; where its place is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 20_100_000)]
    distance_m: Option<u32>,
    /// The price of that day.
    price: PriceView,
    /// Since when that price holds.
    price_from: Day,
    /// The last day on which it is known to hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_until: Option<Day>,
    /// The price that follows, where a change has been announced.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_price: Option<NextPriceView>,
    /// How it has served, as far as that is of enough clients to be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    quality: Option<QualityView>,
    /// Who pays what of one unit, where the voucher's value is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    per_unit: Option<SharesView>,
    /// Who pays what of the quantity granted per period, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    for_quantity: Option<SharesView>,
}

/// A price that has been announced.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct NextPriceView {
    /// The price per unit of service. A choice that is made before keeps the price that it was made at.
    price: PriceView,
    /// Its first day.
    from: Day,
}

/// Who pays what.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SharesView {
    /// Price, or full unit cost, times quantity.
    total: Money,
    /// What the organiser pays to the provider.
    organiser_pays: Money,
    /// What the client pays to the provider.
    co_payment: Money,
    /// What the client is charged by the organiser for a public unit's service.
    client_fee: Money,
    /// What the client pays in all.
    client_pays: Money,
}

impl SharesView {
    pub(crate) fn of(charges: Charges, currency: Currency) -> Self {
        let client_pays = charges.co_payment.plus(charges.client_fee).unwrap_or(charges.co_payment);
        Self {
            total: charges.total.of(currency),
            organiser_pays: charges.organiser_pays.of(currency),
            co_payment: charges.co_payment.of(currency),
            client_fee: charges.client_fee.of(currency),
            client_pays: client_pays.of(currency),
        }
    }
}

impl OptionView {
    /// Which offering it is.
    pub(super) fn offering(&self) -> Id<kind::Offering> {
        self.offering
    }

    pub(crate) fn of(listed: &Listed<'_>, currency: Currency) -> Self {
        let candidate = listed.candidate;
        Self {
            offering: candidate.offering,
            provider: candidate.provider,
            provider_name: Arc::clone(&candidate.provider_name),
            sector: listed.sector,
            unit: candidate.unit,
            unit_name: Arc::clone(&candidate.unit_name),
            street_address: Arc::clone(&candidate.street_address),
            postal_address: Arc::clone(&candidate.postal_address),
            municipality: candidate.municipality.clone(),
            coordinates: candidate.coordinates_e6.map(GeoPoint::of),
            languages: Arc::clone(&candidate.languages),
            modes: Arc::clone(&candidate.modes),
            step_free: candidate.step_free,
            earliest_start: candidate.earliest_start,
            queue: candidate.queue,
            first_day: listed.first_day,
            distance_m: listed.distance_m,
            price: PriceView::of(listed.price, currency),
            price_from: listed.price_period.from(),
            price_until: listed.price_period.to().map(|_| listed.price_period.last_day()),
            next_price: next_price(&candidate.prices, listed.price_period.from())
                .map(|(from, price)| NextPriceView { price: PriceView::of(price, currency), from }),
            quality: QualityView::of(&candidate.quality),
            per_unit: listed.per_unit.map(|charges| SharesView::of(charges, currency)),
            for_quantity: listed.for_quantity.map(|charges| SharesView::of(charges, currency)),
        }
    }
}

/// The rule by which a list was ordered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OrderView {
    /// Its name.
    order: Order,
    /// The rule in words.
    rule: Localized,
}

/// The rule by which a list was ordered, in one language.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OrderedView {
    /// Its name.
    order: Order,
    /// The rule in words.
    #[schema(max_length = 1000)]
    rule: String,
}

impl OrderedView {
    pub(super) fn of(order: Order, drawn_by: DrawnBy, spoken: &Spoken) -> Self {
        Self { order, rule: spoken.say(&OrderView::of(order, drawn_by).rule) }
    }
}

/// What the neutral order is drawn by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DrawnBy {
    /// By the voucher.
    Voucher,
    /// By the day.
    Day,
}

impl OrderView {
    pub(crate) fn of(order: Order, drawn_by: DrawnBy) -> Self {
        let rule = match (order, drawn_by) {
            (Order::Neutral, DrawnBy::Voucher) => Localized::new(
                "Järjestys on arvottu. Siihen ei vaikuta tuottajan sektori, koko, ikä, nimi eikä hinta; samalla palvelusetelillä se pysyy samana.",
                "Ordningen är lottad. Den påverkas inte av serviceproducentens sektor, storlek, ålder, namn eller pris; för samma servicesedel är den densamma.",
                "The order is drawn by lot. The provider's sector, size, age, name and price have no part in it; for one voucher it stays the same.",
            ),
            (Order::Neutral, DrawnBy::Day) => Localized::new(
                "Järjestys on arvottu. Siihen ei vaikuta tuottajan sektori, koko, ikä, nimi eikä hinta; se arvotaan joka päivä uudelleen ja on kaikille sama.",
                "Ordningen är lottad. Den påverkas inte av serviceproducentens sektor, storlek, ålder, namn eller pris; den lottas om varje dag och är densamma för alla.",
                "The order is drawn by lot. The provider's sector, size, age, name and price have no part in it; it is drawn anew every day and is the same for everyone.",
            ),
            (Order::Price, _) => Localized::new(
                "Hinnan mukaan halvimmasta alkaen; julkisen yksikön kohdalla yksikkökustannuksen mukaan.",
                "Efter pris, lägst först; för en offentlig enhet efter enhetskostnaden.",
                "By price, lowest first; for a public unit, by its unit cost.",
            ),
            (Order::CoPayment, _) => Localized::new(
                "Asiakkaan maksaman osuuden mukaan pienimmästä alkaen.",
                "Efter vad klienten betalar, lägst först.",
                "By what the client pays, lowest first.",
            ),
            (Order::Name, _) => Localized::new("Yksikön nimen mukaan.", "Efter enhetens namn.", "By the unit's name."),
            (Order::Distance, _) => Localized::new(
                "Etäisyyden mukaan lähimmästä alkaen; ne, joiden sijaintia ei tiedetä, ovat viimeisinä.",
                "Efter avstånd, närmast först; de vars läge inte är känt kommer sist.",
                "By distance, nearest first; those whose place is not known come last.",
            ),
            (Order::EarliestStart, _) => Localized::new(
                "Ensimmäisen mahdollisen alkamispäivän mukaan.",
                "Efter den första möjliga startdagen.",
                "By the earliest day on which it can start.",
            ),
        };
        Self { order, rule }
    }
}
