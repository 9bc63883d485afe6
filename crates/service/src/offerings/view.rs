//! How an offering is shown: what is on offer, by whom, and the prices that hold now and later.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::offering::PriceCheck;
use valinta_domain::provider::ServiceMode;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::valuation::Versions;
use valinta_domain::{Day, Id, Language, Moment, Period};
use valinta_persistence::offerings::Offering;
use valinta_persistence::organisers::Organiser;
use valinta_persistence::providers::ServiceUnit;
use valinta_persistence::{Conn, offerings, organisers, providers, rulebooks};

use crate::cx::{day_at, found};
use crate::http::Problem;
use crate::rulebooks::{NotAllowed, not_allowed};
use crate::vouchers::PriceView;

/// What a unit offers for a voucher type.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OfferingView {
    /// Its id.
    pub(crate) id: Id<kind::Offering>,
    /// Whose vouchers it is for.
    pub(crate) organiser: Id<kind::Organiser>,
    /// For what.
    pub(crate) voucher_type: Id<kind::VoucherType>,
    /// Who offers.
    pub(crate) provider: Id<kind::Provider>,
    /// The provider's name.
    #[schema(max_length = 200)]
    pub(crate) provider_name: String,
    /// Which unit.
    pub(crate) unit: Id<kind::ServiceUnit>,
    /// The unit's name.
    #[schema(max_length = 200)]
    pub(crate) unit_name: String,
    /// Code of the municipality that the unit is in.
    pub(crate) municipality: MunicipalityCode,
    /// Whether new clients are taken.
    pub(crate) accepts_new_clients: bool,
    /// The earliest day a new client can start, if it is not at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) earliest_start: Option<Day>,
    /// How many are waiting, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 1_000_000)]
    pub(crate) queue: Option<u32>,
    /// How many clients it serves at once, where that is limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000)]
    pub(crate) places: Option<u32>,
    /// Languages of the service.
    #[schema(max_items = 3)]
    pub(crate) languages: Vec<Language>,
    /// How it is given.
    #[schema(max_items = 3)]
    pub(crate) modes: Vec<ServiceMode>,
    /// The price that holds today and those that follow, per unit of service.
    #[schema(max_items = 100)]
    pub(crate) prices: Vec<DatedPriceView>,
    /// When it was published.
    pub(crate) created_at: Moment,
}

/// A price and its days.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DatedPriceView {
    /// First day.
    pub(crate) from: Day,
    /// Last day, if another price follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Day>,
    /// The price per unit of service.
    pub(crate) price: PriceView,
    /// Why it was changed, in the provider's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    pub(crate) reason: Option<String>,
    /// Set where a rulebook that has been adopted does not allow it on some of its days: it cannot be chosen on those.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_allowed: Option<NotAllowedView>,
}

/// On which days a price is not allowed, and why.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct NotAllowedView {
    /// First day.
    pub(crate) from: Day,
    /// Last day, if the price or the rulebook ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Day>,
    /// What is wrong, as a stable word.
    #[schema(max_length = 64, example = "price_over_ceiling")]
    pub(crate) code: String,
    /// What is wrong, for a person.
    #[schema(max_length = 400)]
    pub(crate) detail: String,
}

impl From<NotAllowed> for NotAllowedView {
    fn from(not_allowed: NotAllowed) -> Self {
        let period = not_allowed.period;
        Self {
            from: period.from(),
            until: period.to().map(|_| period.last_day()),
            code: not_allowed.code.to_owned(),
            detail: not_allowed.detail,
        }
    }
}

/// What prices are held against, by the days on which it is in force.
type Checks<'v> = Vec<(Period, PriceCheck<&'v RulebookTerms>)>;

fn checks_of(versions: &Versions) -> Checks<'_> {
    versions.entries().iter().map(|(in_force, (_, terms))| (*in_force, PriceCheck::under(terms.as_ref()))).collect()
}

/// Offerings as they are shown at a moment, in the order given.
pub(super) fn views_of(c: &mut Conn, found_here: Vec<Offering>, now: Moment) -> Result<Vec<OfferingView>, Problem> {
    let ids: Vec<Id<kind::Offering>> = found_here.iter().map(|offering| offering.id).collect();
    let provider_ids: Vec<Id<kind::Provider>> = found_here.iter().map(|offering| offering.provider).collect();
    let unit_ids: Vec<Id<kind::ServiceUnit>> = found_here.iter().map(|offering| offering.unit).collect();
    let mut prices = offerings::set_prices_of_each(c, &ids)?;
    let most = i64::try_from(provider_ids.len()).map_err(Problem::internal)?;
    let names: HashMap<Id<kind::Provider>, String> = providers::list_of(c, &provider_ids, None, most)?
        .into_iter()
        .map(|provider| (provider.id, provider.details.name))
        .collect();
    let units: HashMap<Id<kind::ServiceUnit>, ServiceUnit> =
        providers::find_units(c, &unit_ids)?.into_iter().map(|unit| (unit.id, unit)).collect();
    let sectors = providers::sectors_of_each(c, &provider_ids)?;
    let mut organisers_here: HashMap<Id<kind::Organiser>, Organiser> = HashMap::new();
    let mut versions_here: HashMap<Id<kind::VoucherType>, Versions> = HashMap::new();
    for offering in &found_here {
        if let Entry::Vacant(unknown) = versions_here.entry(offering.voucher_type) {
            unknown.insert(rulebooks::adopted_versions(c, offering.voucher_type)?);
        }
    }
    let checks_here: HashMap<Id<kind::VoucherType>, Checks<'_>> =
        versions_here.iter().map(|(voucher_type, versions)| (*voucher_type, checks_of(versions))).collect();
    let mut views = Vec::with_capacity(found_here.len());
    for offering in found_here {
        let organiser = match organisers_here.entry(offering.organiser) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(found(organisers::find(c, offering.organiser)?)?),
        };
        let checks = found(checks_here.get(&offering.voucher_type))?;
        let unit = found(units.get(&offering.unit))?;
        let today = day_at(now, organiser)?;
        let set = prices.remove(&offering.id).unwrap_or_default();
        let details = offering.details();
        views.push(OfferingView {
            id: offering.id,
            organiser: offering.organiser,
            voucher_type: offering.voucher_type,
            provider: offering.provider,
            provider_name: names.get(&offering.provider).cloned().unwrap_or_default(),
            unit: offering.unit,
            unit_name: unit.details.name.clone(),
            municipality: unit.details.municipality.clone(),
            accepts_new_clients: offering.accepts_new_clients,
            earliest_start: offering.earliest_start,
            queue: offering.queue,
            places: offering.places,
            languages: details.languages_of(&unit.details.languages),
            modes: details.modes_of(&unit.details.modes),
            prices: set
                .into_iter()
                .filter_map(|set| Some((set.period()?, set)))
                .filter(|(period, _)| period.to().is_none_or(|to| to > today))
                .map(|(period, set)| {
                    let versions = checks.iter().map(|(in_force, check)| (*in_force, check));
                    let not_allowed = sectors
                        .get(&offering.provider)
                        .and_then(|of| not_allowed(period, &set.price, of, versions, today));
                    DatedPriceView {
                        from: period.from(),
                        until: period.to().map(|_| period.last_day()),
                        price: PriceView::of(&set.price, organiser.currency),
                        reason: set.reason,
                        not_allowed: not_allowed.map(NotAllowedView::from),
                    }
                })
                .collect(),
            created_at: offering.created_at,
        });
    }
    Ok(views)
}

/// One offering as it is shown at a moment.
pub(super) fn view_of(c: &mut Conn, offering: Offering, now: Moment) -> Result<OfferingView, Problem> {
    found(views_of(c, vec![offering], now)?.pop())
}
