//! The choice engine: everything that can be chosen, as an immutable snapshot, listed in an order that favours nobody.
//!
//! Pure: a snapshot is built from the registry elsewhere; listing only reads it.

use std::collections::BTreeMap;

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::approval::Approved;
use crate::id::{Id, kind};
use crate::identifiers::MunicipalityCode;
use crate::money::Amount;
use crate::offering::{ItemPrice, OfferPrice, PriceCheck};
use crate::provider::{Sector, ServiceMode};
use crate::quantity::Quantity;
use crate::rulebook::RulebookTerms;
use crate::rules::{FactValue, Facts, Findings, Standing, examine};
use crate::service_event::{Charges, charge};
use crate::text::Language;
use crate::time::{Day, Period, Timeline};
use crate::valuation::{Valuation, Worth};

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
    /// When the unit may be chosen for the voucher type, and by whom: its approvals without their interruptions.
    pub approvals: Vec<Approved>,
    /// When it is approved, but takes no new choices.
    pub interruptions: Vec<Period>,
    /// Whether new clients are taken.
    pub accepts_new_clients: bool,
    /// The earliest day a new client can start, if it is not at once.
    pub earliest_start: Option<Day>,
    /// How many are waiting, if that is known.
    pub queue: Option<u32>,
    /// Its prices by day.
    pub prices: Timeline<OfferPrice>,
}

/// Everything that can be chosen, at one revision of the registry.
#[derive(Debug, Default)]
pub struct Snapshot {
    revision: i64,
    rulebooks: BTreeMap<Id<kind::VoucherType>, Timeline<PriceCheck<RulebookTerms>>>,
    by_voucher_type: BTreeMap<Id<kind::VoucherType>, Vec<Candidate>>,
}

/// In what order options are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OrderKind)]
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
    /// As of which day: the first on which a choice could begin.
    pub day: Day,
    /// On which days a choice could begin at all, where that is bounded.
    pub validity: Option<Period>,
    /// What units are worth to the client, where that is known.
    pub valuation: Option<&'a Valuation<'a>>,
    /// Whether the client pays nothing, by law.
    pub free_of_charge: bool,
    /// The granted quantity, where known.
    pub quantity: Option<Quantity>,
    /// What the criteria for offerings may ask of the client, where a client is known: language and municipality.
    pub client: &'a Facts,
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
    /// Only what comes after this place, whether or not anything stands there still.
    pub after: Option<&'a SortKey>,
    /// At most so many.
    pub limit: usize,
}

/// One line of the list.
#[derive(Debug, Clone)]
pub struct Listed<'a> {
    /// The offering and its facts.
    pub candidate: &'a Candidate,
    /// The provider's sector on the first day.
    pub sector: Sector,
    /// The price on the first day: the day of the list, or the later one on which the offering can begin.
    pub price: &'a OfferPrice,
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
    /// The place to go on after, if there is more.
    pub next: Option<SortKey>,
}

impl Snapshot {
    /// A snapshot of a revision: the voucher types' adopted rulebooks by day, and what is offered for them.
    pub fn new(
        revision: i64,
        rulebooks: impl IntoIterator<Item = (Id<kind::VoucherType>, Timeline<PriceCheck<RulebookTerms>>)>,
        candidates: impl IntoIterator<Item = (Id<kind::VoucherType>, Candidate)>,
    ) -> Self {
        let mut by_voucher_type: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (voucher_type, candidate) in candidates {
            by_voucher_type.entry(voucher_type).or_default().push(candidate);
        }
        Self { revision, rulebooks: rulebooks.into_iter().collect(), by_voucher_type }
    }

    /// The registry's revision it was built from.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// What can be chosen, in order. Nothing can where no rulebook is in force.
    pub fn list<'a>(&'a self, query: &Query<'_>) -> Listing<'a> {
        let all = self.by_voucher_type.get(&query.voucher_type).map_or(&[][..], Vec::as_slice);
        let rulebooks = self.rulebooks.get(&query.voucher_type);
        let of_client = home_of(query.client);
        let home = of_client.as_ref().or(query.municipality);
        let mut lines: Vec<(SortKey, Listed<'a>)> = all
            .iter()
            .filter_map(|candidate| line(candidate, rulebooks?, query, home))
            .map(|listed| (sort_key(&listed, query), listed))
            .collect();
        lines.sort_by(|(a, _), (b, _)| a.cmp(b));
        let total = lines.len();
        let start = query.after.map_or(0, |after| lines.partition_point(|(key, _)| key <= after));
        let mut page: Vec<_> = lines.drain(start..).take(query.limit.saturating_add(1)).collect();
        let more = page.len() > query.limit;
        page.truncate(query.limit);
        let next = page.last().filter(|_| more).map(|(key, _)| key.clone());
        Listing { lines: page.into_iter().map(|(_, listed)| listed).collect(), total, next }
    }
}

/// Why an offering cannot be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotChoosable {
    /// The unit is not approved for the voucher type on the day.
    NotApproved,
    /// The unit is approved, but takes no new choices on the day.
    Interrupted,
    /// The unit is approved for residents of other municipalities.
    NotInArea,
    /// No price is in force on the day.
    NoPrice,
    /// No new clients are taken.
    NotTakingClients,
}

impl Candidate {
    /// The sector and price at which the offering can be chosen on a day by a resident of a municipality, where that is
    /// known, or why it cannot.
    ///
    /// # Errors
    /// See [`NotChoosable`].
    pub fn choosable_on(
        &self,
        day: Day,
        home: Option<&MunicipalityCode>,
    ) -> Result<(Sector, Period, &OfferPrice), NotChoosable> {
        self.approved_on(day, home)?;
        let sector = self.sectors.as_of(day).ok_or(NotChoosable::NotApproved)?;
        let (period, price) =
            self.prices.entries().iter().find(|(period, _)| period.contains(day)).ok_or(NotChoosable::NoPrice)?;
        if !self.accepts_new_clients {
            return Err(NotChoosable::NotTakingClients);
        }
        Ok((*sector, *period, price))
    }

    /// Lets the unit be chosen on a day by a resident of a municipality, where that is known, as far as its approval goes.
    ///
    /// # Errors
    /// It is not approved, interrupted, or approved for others.
    pub fn approved_on(&self, day: Day, home: Option<&MunicipalityCode>) -> Result<(), NotChoosable> {
        if self.approvals.iter().any(|approved| approved.covers(day, home)) {
            return Ok(());
        }
        let elsewhere = self.approvals.iter().any(|approved| approved.covers(day, None));
        let interrupted = self.interruptions.iter().any(|period| period.contains(day));
        Err(match (elsewhere, interrupted) {
            (true, _) => NotChoosable::NotInArea,
            (false, true) => NotChoosable::Interrupted,
            (false, false) => NotChoosable::NotApproved,
        })
    }

    /// Lets new clients be taken on a day on which a choice would begin if the unit could start at once. Where it starts
    /// later, an interruption that is over by then is one all the same: the unit is not chosen while it holds. An approval
    /// that is to begin later is no interruption.
    ///
    /// # Errors
    /// [`NotChoosable::Interrupted`].
    pub fn takes_on(&self, day: Day) -> Result<(), NotChoosable> {
        let interrupted = self.approved_on(day, None) == Err(NotChoosable::Interrupted);
        if interrupted { Err(NotChoosable::Interrupted) } else { Ok(()) }
    }

    /// The first day of a choice of it that could begin on a day: that day, or the earliest on which it can start.
    pub fn begins_on(&self, day: Day) -> Day {
        self.earliest_start.map_or(day, |start| start.max(day))
    }

    /// How the rulebook's criteria for offerings come out, for a client of whom the facts of [`client_facts`] are known.
    pub fn examine(&self, sector: Sector, terms: &RulebookTerms, client: &Facts) -> Findings {
        let criteria = &terms.eligibility.offering;
        if criteria.is_empty() {
            return Findings::of(Vec::new());
        }
        let unit = UnitFacts {
            sector: Some(sector),
            languages: &self.languages,
            modes: &self.modes,
            municipality: &self.municipality,
            service_area: &self.service_area,
            step_free: self.step_free,
        };
        let takes = ("accepts_new_clients".to_owned(), FactValue::Flag(self.accepts_new_clients));
        examine(criteria, &unit.facts().with(&Facts::new([takes])).with(client))
    }

    fn serves(&self, municipality: &MunicipalityCode) -> bool {
        self.municipality == *municipality || self.service_area.contains(municipality)
    }
}

/// What the registry knows of a unit, as the facts that criteria ask for.
#[derive(Debug, Clone, Copy)]
pub struct UnitFacts<'a> {
    /// Whose production it is.
    pub sector: Option<Sector>,
    /// Languages of service.
    pub languages: &'a [Language],
    /// How it serves.
    pub modes: &'a [ServiceMode],
    /// Its municipality.
    pub municipality: &'a MunicipalityCode,
    /// Other municipalities it serves.
    pub service_area: &'a [MunicipalityCode],
    /// Whether it can be entered without steps, if known.
    pub step_free: Option<bool>,
}

impl UnitFacts<'_> {
    /// The facts by name.
    pub fn facts(self) -> Facts {
        let words = |words: Vec<&str>| FactValue::Words(words.into_iter().map(str::to_owned).collect());
        let area = self.service_area.iter().chain([self.municipality]).map(MunicipalityCode::as_str).collect();
        let known = [
            ("languages", words(self.languages.iter().map(|language| language.code()).collect())),
            ("modes", words(self.modes.iter().map(|mode| mode.code()).collect())),
            ("municipality", FactValue::Word(self.municipality.as_str().to_owned())),
            ("service_area", words(area)),
        ];
        let sector = self.sector.map(|sector| ("sector", FactValue::Word(sector.code().to_owned())));
        let step_free = self.step_free.map(|step_free| ("step_free", FactValue::Flag(step_free)));
        Facts::new(known.into_iter().chain(sector).chain(step_free).map(|(name, value)| (name.to_owned(), value)))
    }
}

/// What criteria for offerings may ask of a client.
pub fn client_facts(language: Language, municipality: &MunicipalityCode) -> Facts {
    Facts::new([
        ("client_language".to_owned(), FactValue::Word(language.code().to_owned())),
        ("client_municipality".to_owned(), FactValue::Word(municipality.as_str().to_owned())),
    ])
}

/// The municipality of a client of whom the facts of [`client_facts`] are known.
pub fn home_of(client: &Facts) -> Option<MunicipalityCode> {
    match client.get("client_municipality") {
        Some(FactValue::Word(code)) => code.parse().ok(),
        _ => None,
    }
}

/// The line of an offering: only what choosing it at this moment would let through.
fn line<'a>(
    candidate: &'a Candidate,
    rulebooks: &Timeline<PriceCheck<RulebookTerms>>,
    query: &Query<'_>,
    home: Option<&MunicipalityCode>,
) -> Option<Listed<'a>> {
    let first_day = candidate.begins_on(query.day);
    if query.validity.is_some_and(|validity| !validity.contains(first_day)) {
        return None;
    }
    candidate.takes_on(query.day).ok()?;
    let (sector, price_period, price) = candidate.choosable_on(first_day, home).ok()?;
    let prices = rulebooks.as_of(first_day)?;
    prices.check(price, sector).ok()?;
    let terms = prices.terms();
    if candidate.examine(sector, terms, query.client).standing == Standing::NotMet {
        return None;
    }
    // Which item is wanted is not known yet: the price of what has none of its own is compared.
    let per_unit_price = price.of_item(None).per_voucher_unit(terms.price_unit)?;
    let worth = match query.valuation {
        Some(valuation) => Some(valuation.at_price(per_unit_price.price()).ok()?),
        None => None,
    };
    let wanted = (!query.free_of_charge || costs_nothing(per_unit_price, worth))
        && query.municipality.is_none_or(|m| candidate.serves(m))
        && query.sector.is_none_or(|s| sector == s)
        && query.language.is_none_or(|l| candidate.languages.contains(&l))
        && query.mode.is_none_or(|m| candidate.modes.contains(&m));
    if !wanted {
        return None;
    }
    let per_unit = worth.and_then(|worth| charge(worth, per_unit_price, Quantity::ONE));
    let for_quantity = worth.zip(query.quantity).and_then(|(worth, quantity)| charge(worth, per_unit_price, quantity));
    Some(Listed { candidate, sector, price, price_period, per_unit, for_quantity })
}

/// Whether a price leaves nothing for the client to pay.
fn costs_nothing(price: ItemPrice, worth: Option<Worth>) -> bool {
    match price {
        ItemPrice::Voucher { price } => worth
            .is_none_or(|worth| worth.co_payment.map_or(price <= worth.value, |co_payment| co_payment == Amount::ZERO)),
        ItemPrice::ClientFee { client_fee, .. } => client_fee == Amount::ZERO,
    }
}

/// A place in a list, by what the list is sorted by. It stands between the same neighbours whether or not the offering
/// that it was taken from is still listed.
// The fields are compared from first to last. The offering is the last of them: should two hashes ever be the same,
// the order of rows decides nothing still.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SortKey {
    figure: Option<Amount>,
    name: String,
    shuffle: [u8; 32],
    offering: Id<kind::Offering>,
}

/// Equal figures and names fall back on the shuffle: nothing but the key decides between equals.
fn sort_key(listed: &Listed<'_>, query: &Query<'_>) -> SortKey {
    let offering = listed.candidate.offering;
    let shuffle = rank(query.order_key, query.order_seed, offering);
    let figure = match query.order {
        Order::Neutral | Order::Name => None,
        Order::Price => Some(match listed.price {
            OfferPrice::Voucher { price, .. } => *price,
            OfferPrice::ClientFee { unit_cost, .. } => *unit_cost,
        }),
        // Without a value nobody knows; then this is the neutral order.
        Order::CoPayment => listed.per_unit.and_then(|charges| charges.co_payment.plus(charges.client_fee)),
    };
    let name = if query.order == Order::Name { listed.candidate.unit_name.to_lowercase() } else { String::new() };
    SortKey { figure, name, shuffle, offering }
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
