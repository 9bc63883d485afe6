//! A page of a list, as both lists show it: options, or what cannot be chosen, with counts and the place to go on from.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use valinta_domain::choice::{Counts, Query, Refused, Snapshot, SortKey};
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::provider::{Sector, ServiceMode};
use valinta_domain::{Currency, Day, Id, Language};

use super::reasons::ReasonView;
use super::view::OptionView;
use super::wish::Wish;
use crate::http::Spoken;
use crate::organisers::GeoPoint;

/// An offering that cannot be chosen, and why.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = NotChoosableOption)]
pub(crate) struct RefusedView {
    /// The offering's id.
    pub(super) offering: Id<kind::Offering>,
    /// Who offers.
    provider: Id<kind::Provider>,
    /// The provider's name.
    #[schema(value_type = String, max_length = 200)]
    provider_name: Arc<str>,
    /// Whose production it is, if it is known for the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    sector: Option<Sector>,
    /// The unit that would serve.
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
    /// The first day of a choice of it, if it could be made now.
    first_day: Day,
    /// How many metres it is, as the crow flies, from the place that was asked for; where its place is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 20_100_000)]
    distance_m: Option<u32>,
    /// Why it cannot be chosen: everything that stands in the way.
    #[schema(min_items = 1, max_items = 60)]
    reasons: Vec<ReasonView>,
}

impl RefusedView {
    pub(super) fn of(refused: &Refused<'_>, spoken: &Spoken) -> Self {
        let candidate = refused.candidate;
        Self {
            offering: candidate.offering,
            provider: candidate.provider,
            provider_name: Arc::clone(&candidate.provider_name),
            sector: refused.sector,
            unit: candidate.unit,
            unit_name: Arc::clone(&candidate.unit_name),
            street_address: Arc::clone(&candidate.street_address),
            postal_address: Arc::clone(&candidate.postal_address),
            municipality: candidate.municipality.clone(),
            coordinates: candidate.coordinates_e6.map(GeoPoint::of),
            languages: Arc::clone(&candidate.languages),
            modes: Arc::clone(&candidate.modes),
            step_free: candidate.step_free,
            first_day: refused.first_day,
            distance_m: refused.distance_m,
            reasons: refused.why.iter().map(|why| ReasonView::of(why, spoken)).collect(),
        }
    }
}

/// How many options there are with each value of a filter, all other filters being as they are. Values of which there are
/// none are not named. An option may count for several municipalities, languages and modes, and for one sector.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ChoiceCounts)]
pub(crate) struct CountsView {
    /// By sector.
    sectors: BTreeMap<String, usize>,
    /// By the municipality that units are in or serve.
    municipalities: BTreeMap<String, usize>,
    /// By language of service.
    languages: BTreeMap<String, usize>,
    /// By mode of service.
    modes: BTreeMap<String, usize>,
}

impl CountsView {
    fn of(counts: Counts) -> Self {
        Self {
            sectors: counts.sectors.into_iter().map(|(sector, count)| (sector.code().to_owned(), count)).collect(),
            municipalities: counts.municipalities.into_iter().map(|(code, count)| (code.to_string(), count)).collect(),
            languages: counts.languages.into_iter().map(|(one, count)| (one.code().to_owned(), count)).collect(),
            modes: counts.modes.into_iter().map(|(mode, count)| (mode.code().to_owned(), count)).collect(),
        }
    }
}

/// A page of a list.
pub(super) struct PageOfList {
    pub(super) items: Vec<OptionView>,
    pub(super) not_choosable: Option<Vec<RefusedView>>,
    pub(super) counts: Option<CountsView>,
    pub(super) total: usize,
    pub(super) next: Option<SortKey>,
}

impl PageOfList {
    /// The offerings that are shown, in order.
    pub(super) fn offerings(&self) -> Vec<Id<kind::Offering>> {
        let refused = self.not_choosable.iter().flatten().map(|refused| refused.offering);
        self.items.iter().map(OptionView::offering).chain(refused).collect()
    }

    /// The page that a query and a wish ask for.
    pub(super) fn of(snapshot: &Snapshot, query: Query<'_>, wish: &Wish, currency: Currency, spoken: &Spoken) -> Self {
        let query = wish.applied_to(query);
        if wish.not_choosable {
            let page = snapshot.not_choosable(&query);
            let refused = page.lines.iter().map(|line| RefusedView::of(line, spoken)).collect();
            let (total, next) = (page.total, page.next);
            return Self { items: Vec::new(), not_choosable: Some(refused), counts: None, total, next };
        }
        let listing = snapshot.list(&query);
        Self {
            items: listing.lines.iter().map(|line| OptionView::of(line, currency)).collect(),
            not_choosable: None,
            counts: listing.counts.map(CountsView::of),
            total: listing.total,
            next: listing.next,
        }
    }
}
