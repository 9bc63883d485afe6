//! The choice engine: everything that can be chosen, as an immutable snapshot, listed in an order that favours nobody.
//!
//! Pure: a snapshot is built from the registry elsewhere; listing only reads it.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::id::{Id, kind};
use crate::identifiers::MunicipalityCode;
use crate::money::Amount;
use crate::offering::OfferPrice;
use crate::provider::{Sector, ServiceMode};
use crate::quantity::Quantity;
use crate::service_event::{Charges, charge};
use crate::text::Language;
use crate::time::{Day, Period, Timeline};

/// An offering with the facts a client compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The offering.
    pub offering: Id<kind::Offering>,
    /// Who offers.
    pub provider: Id<kind::Provider>,
    /// The provider's name.
    pub provider_name: String,
    /// The provider's sector by day.
    pub sectors: Timeline<Sector>,
    /// Which unit serves.
    pub unit: Id<kind::ServiceUnit>,
    /// The unit's name.
    pub unit_name: String,
    /// Street address.
    pub street_address: String,
    /// Postal code and place.
    pub postal_address: String,
    /// The unit's municipality.
    pub municipality: MunicipalityCode,
    /// Other municipalities it serves.
    pub service_area: Vec<MunicipalityCode>,
    /// Latitude and longitude in millionths of a degree (WGS 84), if known.
    pub coordinates_e6: Option<(i32, i32)>,
    /// Languages of service.
    pub languages: Vec<Language>,
    /// How it serves.
    pub modes: Vec<ServiceMode>,
    /// Whether the unit can be entered by wheelchair.
    pub step_free: Option<bool>,
    /// When the unit is approved for the voucher type.
    pub approvals: Vec<Period>,
    /// Whether new clients are taken.
    pub accepts_new_clients: bool,
    /// The earliest day a new client can start, if it is not at once.
    pub earliest_start: Option<Day>,
    /// Its prices by day.
    pub prices: Timeline<OfferPrice>,
}

/// Everything that can be chosen, at one revision of the registry.
#[derive(Debug, Default)]
pub struct Snapshot {
    revision: i64,
    by_voucher_type: BTreeMap<Id<kind::VoucherType>, Vec<Candidate>>,
}

/// In what order options are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// A keyed shuffle, the same for one voucher all the time and different between vouchers.
    #[default]
    Neutral,
    /// By price or full unit cost, lowest first.
    Price,
    /// By what the client pays per unit, lowest first.
    CoPayment,
    /// By the unit's name.
    Name,
}

/// What is asked of the list.
#[derive(Debug, Clone)]
pub struct Query<'a> {
    /// For which voucher type.
    pub voucher_type: Id<kind::VoucherType>,
    /// As of which day.
    pub day: Day,
    /// The voucher's value per unit, where known.
    pub value: Option<Amount>,
    /// The granted quantity, where known.
    pub quantity: Option<Quantity>,
    /// Only units that are in or serve a municipality.
    pub municipality: Option<&'a MunicipalityCode>,
    /// Only a sector.
    pub sector: Option<Sector>,
    /// Only with a language of service.
    pub language: Option<Language>,
    /// Only with a mode of service.
    pub mode: Option<ServiceMode>,
    /// The order.
    pub order: Order,
    /// Secret of the neutral order.
    pub order_key: &'a [u8],
    /// What the neutral order is drawn by: a voucher's id, or a day.
    pub order_seed: &'a [u8],
    /// Only what comes after this offering.
    pub after: Option<Id<kind::Offering>>,
    /// At most so many.
    pub limit: usize,
}

/// One line of the list.
#[derive(Debug, Clone)]
pub struct Listed<'a> {
    /// The offering and its facts.
    pub candidate: &'a Candidate,
    /// The provider's sector on the day.
    pub sector: Sector,
    /// The price on the day.
    pub price: OfferPrice,
    /// The days on which that price holds.
    pub price_period: Period,
    /// Who pays what of one unit, where the value is known.
    pub per_unit: Option<Charges>,
    /// Who pays what of the granted quantity, where both are known.
    pub for_quantity: Option<Charges>,
}

/// A page of the list.
#[derive(Debug)]
pub struct Listing<'a> {
    /// The lines.
    pub lines: Vec<Listed<'a>>,
    /// How many there are in all pages.
    pub total: usize,
    /// The offering to go on after, if there is more.
    pub next: Option<Id<kind::Offering>>,
}

impl Snapshot {
    /// A snapshot of a revision.
    pub fn new(revision: i64, candidates: impl IntoIterator<Item = (Id<kind::VoucherType>, Candidate)>) -> Self {
        let mut by_voucher_type: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (voucher_type, candidate) in candidates {
            by_voucher_type.entry(voucher_type).or_default().push(candidate);
        }
        Self { revision, by_voucher_type }
    }

    /// The registry's revision it was built from.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// What can be chosen, in order.
    pub fn list<'a>(&'a self, query: &Query<'_>) -> Listing<'a> {
        let all = self.by_voucher_type.get(&query.voucher_type).map_or(&[][..], Vec::as_slice);
        let mut lines: Vec<(SortKey, Listed<'a>)> = all
            .iter()
            .filter_map(|candidate| line(candidate, query))
            .map(|listed| (sort_key(&listed, query), listed))
            .collect();
        lines.sort_by(|(a, _), (b, _)| a.cmp(b));
        let total = lines.len();
        let start = query.after.map_or(0, |after| {
            lines.iter().position(|(_, l)| l.candidate.offering == after).map_or(total, |place| place + 1)
        });
        let rest = lines.into_iter().skip(start);
        let mut lines: Vec<Listed<'a>> = rest.take(query.limit.saturating_add(1)).map(|(_, listed)| listed).collect();
        let more = lines.len() > query.limit;
        lines.truncate(query.limit);
        let next = lines.last().filter(|_| more).map(|last| last.candidate.offering);
        Listing { lines, total, next }
    }
}

/// Why an offering cannot be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotChoosable {
    /// The unit is not approved for the voucher type on the day.
    NotApproved,
    /// No price is in force on the day.
    NoPrice,
    /// No new clients are taken.
    NotTakingClients,
}

impl Candidate {
    /// The sector and price at which the offering can be chosen on a day, or why it cannot.
    ///
    /// # Errors
    /// See [`NotChoosable`].
    pub fn choosable_on(&self, day: Day) -> Result<(Sector, Period, OfferPrice), NotChoosable> {
        if !self.approvals.iter().any(|period| period.contains(day)) {
            return Err(NotChoosable::NotApproved);
        }
        let sector = self.sectors.as_of(day).ok_or(NotChoosable::NotApproved)?;
        let (period, price) =
            self.prices.entries().iter().find(|(period, _)| period.contains(day)).ok_or(NotChoosable::NoPrice)?;
        if !self.accepts_new_clients {
            return Err(NotChoosable::NotTakingClients);
        }
        Ok((*sector, *period, *price))
    }

    fn serves(&self, municipality: &MunicipalityCode) -> bool {
        self.municipality == *municipality || self.service_area.contains(municipality)
    }
}

fn line<'a>(candidate: &'a Candidate, query: &Query<'_>) -> Option<Listed<'a>> {
    let (sector, price_period, price) = candidate.choosable_on(query.day).ok()?;
    let wanted = query.municipality.is_none_or(|m| candidate.serves(m))
        && query.sector.is_none_or(|s| sector == s)
        && query.language.is_none_or(|l| candidate.languages.contains(&l))
        && query.mode.is_none_or(|m| candidate.modes.contains(&m));
    if !wanted {
        return None;
    }
    let per_unit = query.value.and_then(|value| charge(value, price, Quantity::ONE));
    let for_quantity = query.value.zip(query.quantity).and_then(|(value, quantity)| charge(value, price, quantity));
    Some(Listed { candidate, sector, price, price_period, per_unit, for_quantity })
}

#[derive(Debug, PartialEq, Eq)]
struct SortKey {
    figure: Option<Amount>,
    name: String,
    shuffle: [u8; 32],
}

impl SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.figure
            .cmp(&other.figure)
            .then_with(|| self.name.cmp(&other.name))
            .then_with(|| self.shuffle.cmp(&other.shuffle))
    }
}

/// Equal figures and names fall back on the shuffle: nothing but the key decides between equals.
fn sort_key(listed: &Listed<'_>, query: &Query<'_>) -> SortKey {
    let shuffle = rank(query.order_key, query.order_seed, listed.candidate.offering);
    let figure = match query.order {
        Order::Neutral | Order::Name => None,
        Order::Price => Some(match listed.price {
            OfferPrice::Voucher { price } => price,
            OfferPrice::ClientFee { unit_cost, .. } => unit_cost,
        }),
        Order::CoPayment => {
            let charges = listed.per_unit.unwrap_or(Charges {
                total: Amount::ZERO,
                organiser_pays: Amount::ZERO,
                co_payment: Amount::ZERO,
                client_fee: Amount::ZERO,
            });
            charges.co_payment.plus(charges.client_fee)
        }
    };
    let name = if query.order == Order::Name { listed.candidate.unit_name.to_lowercase() } else { String::new() };
    SortKey { figure, name, shuffle }
}

/// An offering's place in the neutral order: a keyed hash of the seed and the offering's id, and of nothing else. It is
/// blind to sector, size, age, name and the order of rows.
pub fn rank(key: &[u8], seed: &[u8], offering: Id<kind::Offering>) -> [u8; 32] {
    // HMAC takes keys of any length, so that there is no error to make.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(seed);
    mac.update(offering.uuid().as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests;
