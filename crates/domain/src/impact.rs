//! What a rulebook draft would change: for the clients whose services were recorded, for the organiser's purse, for
//! offerings and for vouchers that are in use. Pure: it is fed one thing at a time and keeps sums.
//!
//! The question is "what if everything were under the draft": services and vouchers are valued by the draft's rule,
//! whether or not it would let vouchers keep theirs. A service is valued by the code that records services, on the
//! voucher's facts, its own facts, item, day and time. Where a price is above what the draft allows, the highest price that
//! it does allow is taken: what cannot be charged is nobody's cost.
//!
//! Purses are followed one service at a time, without their balance: where what was recorded shows that a purse ran out,
//! it is taken to run out at the same sum again. Such services are counted apart, since their figures are estimates.
//!
//! Counts of one to four people are kept back, and with them whatever they would follow from: `suppress` says which.

mod prices;
mod reach;
mod suppress;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub use reach::OfferingRefused;
pub use suppress::TOLD_FROM;
pub use table::{BeforeAfter, Bucket, SectorImpact};

use crate::choice::Candidate;
use crate::id::{Id, kind};
use crate::identifiers::MunicipalityCode;
use crate::money::Amount;
use crate::offering::{ItemPrice, OfferPrice};
use crate::provider::Sector;
use crate::quantity::Unit;
use crate::rulebook::{Measure, RulebookTerms};
use crate::rules::{Facts, Given, ITEM, facts_asked_for};
use crate::service_event::{Charges, Delivery, RecordRefused, charge, parts};
use crate::text::Language;
use crate::time::Day;
use crate::valuation::{NoWorth, Valuation, Versions, Worth, depends_on_service, value_version};
use prices::{Fitted, Prices};
use reach::Reach;
use suppress::{Line, kept_back, unless_small};
use table::Table;

/// Whose service it was, and under which voucher.
#[derive(Debug, Clone, Copy)]
pub struct Holder<'a> {
    /// Which client.
    pub client: Id<kind::Client>,
    /// The client's facts that the voucher was decided on.
    pub facts: &'a Facts,
    /// The voucher's value, as decided.
    pub value: Amount,
    /// What services are counted in.
    pub unit: Unit,
    /// What the voucher grants.
    pub measure: Measure,
    /// Whether the service is free of charge to the client by law.
    pub free_of_charge: bool,
}

/// A service that was delivered.
#[derive(Debug, Clone)]
pub struct Delivered<'a> {
    /// By a provider of which sector.
    pub sector: Sector,
    /// At which agreed price.
    pub price: &'a OfferPrice,
    /// What was delivered.
    pub delivery: Delivery,
    /// Who was charged what.
    pub charges: Charges,
}

/// A voucher that can still be used.
#[derive(Debug, Clone, Copy)]
pub struct LiveVoucher<'a> {
    /// Whose.
    pub client: Id<kind::Client>,
    /// Where the client lives.
    pub municipality: &'a MunicipalityCode,
    /// The client's language.
    pub language: Language,
    /// The version that it was granted under.
    pub rulebook: Id<kind::Rulebook>,
    /// Its value, as decided.
    pub value: Amount,
    /// The facts that it was decided on.
    pub facts: &'a Facts,
    /// Whether the service is free of charge to the client by law.
    pub free_of_charge: bool,
}

/// Why a service could not be valued under the draft. It is left out of all sums, before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeftOutReason)]
pub enum LeftOut {
    /// The draft grants the client no voucher.
    NotEligible,
    /// The draft goes by the time of the service, which was not recorded.
    TimeMissing,
    /// The facts of the client or of the service do not fit the draft.
    FactsDoNotFit,
    /// The figures are too large.
    TooLarge,
}

/// What becomes of vouchers that can still be used. What is `None` is kept back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoucherImpact {
    /// How many there are.
    pub live: Option<u64>,
    /// Those whose value per unit would be higher.
    pub rise: Option<u64>,
    /// Those whose value per unit would be lower.
    pub fall: Option<u64>,
    /// Those whose value per unit would be the same.
    pub unchanged: Option<u64>,
    /// Those that the draft would not have granted.
    pub not_eligible: Option<u64>,
    /// Those whose facts do not fit the draft.
    pub facts_do_not_fit: Option<u64>,
}

/// What a draft would change. What is `None` is kept back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impact {
    /// Each sector's row.
    pub sectors: Vec<SectorImpact>,
    /// All sectors together.
    pub total: SectorImpact,
    /// Services that could not be valued, by reason.
    pub left_out: Vec<(LeftOut, Option<u64>)>,
    /// Services among the valued ones whose purse had run out: their figures are estimates.
    pub purse_ran_out: Option<u64>,
    /// Vouchers that can still be used.
    pub vouchers: VoucherImpact,
    /// Clients with such a voucher who have a provider to choose now and would have none.
    pub clients_without_provider: Option<u64>,
    /// Offerings whose price is allowed now and would not be.
    pub offerings: Vec<OfferingRefused>,
}

/// A draft that is being tried out.
#[derive(Debug)]
pub struct Simulation<'d> {
    draft: &'d RulebookTerms,
    versions: &'d Versions,
    day: Day,
    by_service: bool,
    asked_for: BTreeSet<&'d str>,
    prices: Prices<'d>,
    reach: Reach<'d>,
    table: Table,
    left_out: BTreeMap<LeftOut, u64>,
    purse_ran_out: u64,
    vouchers: [u64; STANDINGS],
    without_provider: BTreeSet<Id<kind::Client>>,
}

/// How a live voucher's value would change.
#[derive(Debug, Clone, Copy)]
enum Standing {
    Rises,
    Falls,
    Stays,
    NotEligible,
    DoesNotFit,
}

const STANDINGS: usize = 5;

impl<'d> Simulation<'d> {
    /// Tries out a draft for a voucher type, beside its adopted versions and all that is offered for it, as of a day.
    pub fn new(draft: &'d RulebookTerms, versions: &'d Versions, offered: &'d [Candidate], day: Day) -> Self {
        let mut asked_for = facts_asked_for(&draft.value);
        asked_for.extend(draft.co_payment.iter().flat_map(facts_asked_for));
        if !draft.items.is_empty() {
            asked_for.insert(ITEM);
        }
        Self {
            draft,
            versions,
            day,
            by_service: depends_on_service(draft),
            asked_for,
            prices: Prices::under(draft),
            reach: Reach::of(offered, versions.as_of(day).map(|(_, terms)| terms.as_ref()), draft, day),
            table: Table::default(),
            left_out: BTreeMap::new(),
            purse_ran_out: 0,
            vouchers: [0; STANDINGS],
            without_provider: BTreeSet::new(),
        }
    }

    /// Whether services are valued by their start and end, so that these are to be given.
    pub fn goes_by_time(&self) -> bool {
        self.by_service
    }

    /// Takes in services that were delivered under one voucher.
    pub fn services<'s>(&mut self, holder: &Holder<'_>, services: impl Iterator<Item = Delivered<'s>>) {
        let valuation = Valuation::new(self.draft, holder.facts).map_err(|none| why(&none));
        for service in services {
            let outcome = match &valuation {
                Ok(valuation) => self.service(holder, valuation, service),
                Err(left_out) => Err(*left_out),
            };
            if let Err(left_out) = outcome {
                *self.left_out.entry(left_out).or_default() += 1;
            }
        }
    }

    fn service(
        &mut self,
        holder: &Holder<'_>,
        valuation: &Valuation<'_>,
        service: Delivered<'_>,
    ) -> Result<(), LeftOut> {
        let Delivered { sector, price, mut delivery, charges: before } = service;
        self.keep_what_is_asked_for(&mut delivery)?;
        let fitted = self.prices.fitted(price, sector);
        let (mut after, over_ceiling) = charges_anew(self.draft, holder, valuation, (price, fitted), &delivery)?;
        if ran_out(holder, &delivery, &before) {
            let covered = after.organiser_pays.min(before.organiser_pays);
            after.co_payment = after.total.minus(covered).ok_or(LeftOut::TooLarge)?;
            after.organiser_pays = covered;
            self.purse_ran_out += 1;
        }
        self.table.add(holder.client, sector, &before, &after, over_ceiling).ok_or(LeftOut::TooLarge)
    }

    /// Facts of a service that the draft does not ask for have no bearing any more.
    fn keep_what_is_asked_for(&self, delivery: &mut Delivery) -> Result<(), LeftOut> {
        if delivery.facts.is_empty() {
            return Ok(());
        }
        delivery.facts = delivery.facts.only(&self.asked_for);
        let unfit = self.draft.fact_terms().check(&delivery.facts, &self.asked_for, Some(Given::WithService));
        let item = delivery.facts.get(ITEM).and_then(|item| item.word());
        let is_listed = |item: &str| self.draft.items.iter().any(|listed| listed.code == item);
        let fits = unfit.is_empty() && (self.draft.items.is_empty() || item.is_none_or(|item| is_listed(&item)));
        if fits { Ok(()) } else { Err(LeftOut::FactsDoNotFit) }
    }

    /// Takes in a voucher that can still be used.
    pub fn live_voucher(&mut self, voucher: &LiveVoucher<'_>) {
        let now = self.value_now(voucher);
        let standing = match Valuation::new(self.draft, voucher.facts).map(|valuation| valuation.quoted().value) {
            Ok(after) => {
                let place = self.reach.place(voucher.municipality, voucher.language);
                let free_up_to = |value: Amount| voucher.free_of_charge.then_some(value);
                if place.now.serves(free_up_to(now)) && !place.draft.serves(free_up_to(after)) {
                    self.without_provider.insert(voucher.client);
                }
                match after.cmp(&now) {
                    std::cmp::Ordering::Greater => Standing::Rises,
                    std::cmp::Ordering::Less => Standing::Falls,
                    std::cmp::Ordering::Equal => Standing::Stays,
                }
            }
            Err(NoWorth::NotEligible(_)) => Standing::NotEligible,
            Err(NoWorth::Evaluate(_)) => Standing::DoesNotFit,
        };
        if let Some(count) = self.vouchers.get_mut(place_of(standing)) {
            *count += 1;
        }
    }

    /// What a voucher is worth on the day: as decided, or by a version that it was moved to.
    fn value_now(&self, voucher: &LiveVoucher<'_>) -> Amount {
        value_version(self.versions, voucher.rulebook, self.day)
            .filter(|(id, _)| *id != voucher.rulebook)
            .and_then(|(_, terms)| Valuation::moved(terms, voucher.facts).ok())
            .map_or(voucher.value, |valuation| valuation.quoted().value)
    }

    /// What it all came to.
    pub fn finish(self) -> Impact {
        let mut sectors = self.table.rows();
        let total = sectors.pop();
        Impact {
            total: total.unwrap_or_else(SectorImpact::nothing),
            sectors,
            left_out: self.left_out.into_iter().map(|(why, count)| (why, unless_small(count))).collect(),
            purse_ran_out: unless_small(self.purse_ran_out),
            vouchers: vouchers_of(self.vouchers),
            clients_without_provider: unless_small(count_of(self.without_provider.len())),
            offerings: self.reach.into_refused(),
        }
    }
}

fn count_of(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

const fn place_of(standing: Standing) -> usize {
    match standing {
        Standing::Rises => 0,
        Standing::Falls => 1,
        Standing::Stays => 2,
        Standing::NotEligible => 3,
        Standing::DoesNotFit => 4,
    }
}

fn vouchers_of(counts: [u64; STANDINGS]) -> VoucherImpact {
    let cells: Vec<u64> = counts.into_iter().chain([counts.iter().sum()]).collect();
    let hidden = kept_back(&cells, &[Line { parts: (0..STANDINGS).collect(), whole: STANDINGS }], |_| false);
    let at = |place: usize| {
        let told = !hidden.get(place).copied().unwrap_or(true);
        cells.get(place).copied().filter(|_| told)
    };
    let of = |standing: Standing| at(place_of(standing));
    VoucherImpact {
        live: at(STANDINGS),
        rise: of(Standing::Rises),
        fall: of(Standing::Falls),
        unchanged: of(Standing::Stays),
        not_eligible: of(Standing::NotEligible),
        facts_do_not_fit: of(Standing::DoesNotFit),
    }
}

/// What a service comes to under the draft, and whether its price had to come down for that.
fn charges_anew(
    draft: &RulebookTerms,
    holder: &Holder<'_>,
    valuation: &Valuation<'_>,
    (asked, fitted): (&OfferPrice, &Fitted),
    delivery: &Delivery,
) -> Result<(Charges, bool), LeftOut> {
    let mut sum = Charges::default();
    let mut came_down = false;
    for part in parts(holder.unit, &fitted.price, valuation, delivery).map_err(|refused| refusal(&refused))? {
        let item = part.item.as_deref();
        let mut price = fitted.price.of_item(item);
        came_down |= price != asked.of_item(item);
        price = price.per_voucher_unit(draft.price_unit).ok_or(LeftOut::TooLarge)?;
        if holder.free_of_charge || draft.free_of_charge.is_some() {
            // Whoever was granted a service free by law pays nothing for it, whatever the draft says.
            let free = free_of_charge(price, part.worth);
            came_down |= free != price;
            price = free;
        }
        let charges = charge(part.worth, price, part.quantity).ok_or(LeftOut::TooLarge)?;
        sum = sum.plus(charges).ok_or(LeftOut::TooLarge)?;
    }
    Ok((sum, came_down))
}

/// A price that leaves nothing to the client.
fn free_of_charge(price: ItemPrice, worth: Worth) -> ItemPrice {
    match price {
        ItemPrice::Voucher { price } => ItemPrice::Voucher { price: price.min(worth.value) },
        ItemPrice::ClientFee { unit_cost, .. } => ItemPrice::ClientFee { client_fee: Amount::ZERO, unit_cost },
    }
}

/// Whether what was recorded shows that the purse did not cover the organiser's share: there was a co-payment although the
/// organiser paid less than the value.
fn ran_out(holder: &Holder<'_>, delivery: &Delivery, recorded: &Charges) -> bool {
    let share = holder.value.times(delivery.quantity);
    holder.measure == Measure::Money
        && recorded.co_payment > Amount::ZERO
        && share.is_some_and(|share| recorded.organiser_pays < share)
}

fn why(none: &NoWorth) -> LeftOut {
    match none {
        NoWorth::NotEligible(_) => LeftOut::NotEligible,
        NoWorth::Evaluate(_) => LeftOut::FactsDoNotFit,
    }
}

fn refusal(refused: &RecordRefused) -> LeftOut {
    match refused {
        RecordRefused::NotEligible => LeftOut::NotEligible,
        RecordRefused::SpanNeeded => LeftOut::TimeMissing,
        RecordRefused::Overflow => LeftOut::TooLarge,
        // The others are told where a service is recorded, and this one was.
        RecordRefused::Facts(_)
        | RecordRefused::OtherItem { .. }
        | RecordRefused::ItemNotOffered { .. }
        | RecordRefused::Voucher(_)
        | RecordRefused::NotChosenOn { .. }
        | RecordRefused::InFuture { .. }
        | RecordRefused::TooLate { .. }
        | RecordRefused::NoQuantity
        | RecordRefused::NotAStep { .. }
        | RecordRefused::SpanOnOtherDay { .. }
        | RecordRefused::SpanInFuture
        | RecordRefused::SpanTooLong
        | RecordRefused::SpanReversed
        | RecordRefused::SpanNotQuantity { .. }
        | RecordRefused::Overdrawn(_)
        | RecordRefused::Missed(_)
        | RecordRefused::Price(_) => LeftOut::FactsDoNotFit,
    }
}

#[cfg(test)]
mod tests;
