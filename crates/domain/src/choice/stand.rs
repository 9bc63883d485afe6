//! How an offering stands to one who would choose it on a day: the one rule that the lists of what can be chosen and of what
//! cannot go by, and what is told of a single offering.

use std::borrow::Borrow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::candidate::{Candidate, NotChoosable};
use super::entitlement::{Entitled, Entitlement, Grant, NOTHING_KNOWN};
use super::query::{Listed, Near};
use crate::id::{Id, kind};
use crate::identifiers::MunicipalityCode;
use crate::money::Amount;
use crate::offering::{ItemPrice, OfferPrice, PriceCheck, PriceRefused};
use crate::provider::Sector;
use crate::quantity::Quantity;
use crate::rulebook::RulebookTerms;
use crate::rules::{Facts, Finding, Findings, Standing};
use crate::service_event::{Charges, charge};
use crate::time::{Day, Period};
use crate::valuation::Worth;

/// A reason why an offering cannot be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReasonCode)]
pub enum Reason {
    /// The unit is not approved for the voucher type on the first day of a choice.
    NotApproved,
    /// Its approval is interrupted, now or on that day.
    Interrupted,
    /// It is approved for residents of other municipalities.
    NotInArea,
    /// No price is in force on that day.
    NoPrice,
    /// No rulebook is in force on that day.
    NoRulebook,
    /// The rulebook, or the voucher, does not allow the price.
    PriceNotAllowed,
    /// The service is free of charge by law, and the client would have to pay.
    NotFree,
    /// No new clients are taken.
    NotTakingClients,
    /// All places are taken on that day.
    Full,
    /// The service could not begin while the voucher is valid.
    OutsideValidity,
    /// The rulebook of that day grants the client nothing.
    NothingGranted,
    /// A criterion of the rulebook is not met for the client.
    Criteria,
}

impl Reason {
    /// All reasons, in the order in which they are told.
    pub const ALL: [Self; 12] = [
        Self::NotApproved,
        Self::Interrupted,
        Self::NotInArea,
        Self::NoPrice,
        Self::NoRulebook,
        Self::PriceNotAllowed,
        Self::NotFree,
        Self::NotTakingClients,
        Self::Full,
        Self::OutsideValidity,
        Self::NothingGranted,
        Self::Criteria,
    ];

    /// The name on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotApproved => "not_approved",
            Self::Interrupted => "interrupted",
            Self::NotInArea => "not_in_area",
            Self::NoPrice => "no_price",
            Self::NoRulebook => "no_rulebook",
            Self::PriceNotAllowed => "price_not_allowed",
            Self::NotFree => "not_free",
            Self::NotTakingClients => "not_taking_clients",
            Self::Full => "full",
            Self::OutsideValidity => "outside_validity",
            Self::NothingGranted => "nothing_granted",
            Self::Criteria => "criteria",
        }
    }
}

impl From<NotChoosable> for Reason {
    fn from(reason: NotChoosable) -> Self {
        match reason {
            NotChoosable::NotApproved => Self::NotApproved,
            NotChoosable::Interrupted => Self::Interrupted,
            NotChoosable::NotInArea => Self::NotInArea,
            NotChoosable::NoPrice => Self::NoPrice,
            NotChoosable::NotTakingClients => Self::NotTakingClients,
            NotChoosable::Full => Self::Full,
        }
    }
}

impl From<&PriceRefused> for Reason {
    fn from(refused: &PriceRefused) -> Self {
        match refused {
            PriceRefused::OverFreeValue { .. } | PriceRefused::FeeForFreeService { .. } => Self::NotFree,
            PriceRefused::OverCeiling { .. }
            | PriceRefused::ClientFeeNotPublic
            | PriceRefused::VoucherPriceOfPublic
            | PriceRefused::UnknownItem { .. } => Self::PriceNotAllowed,
        }
    }
}

/// Who would choose, and when. What is not known stands in the way of nothing.
#[derive(Debug, Clone, Copy)]
pub struct Chooser<'a> {
    /// The day on which a choice would begin if the unit could start at once.
    pub day: Day,
    /// On which days a choice could begin at all, where that is bounded.
    pub validity: Option<Period>,
    /// Where the client lives.
    pub home: Option<&'a MunicipalityCode>,
    /// What criteria may ask of the client; `None` where they are not to be asked at all.
    pub client: Option<&'a Facts>,
    /// What the client is entitled to.
    pub entitlement: &'a Entitlement<'a>,
    /// Offerings that keep a place for the client already.
    pub own: &'a [Id<kind::Offering>],
}

impl Chooser<'_> {
    /// Somebody of whom nothing is known: what stands in the way then does so whoever chooses.
    pub fn somebody(day: Day) -> Self {
        Self { day, validity: None, home: None, client: None, entitlement: &NOTHING_KNOWN, own: &[] }
    }
}

/// How an offering stands to a chooser.
#[derive(Debug, Clone)]
pub struct Stand<'a> {
    /// The offering and its facts.
    pub candidate: &'a Candidate,
    /// The first day of a choice of it.
    pub first_day: Day,
    /// The provider's sector on that day.
    pub sector: Option<Sector>,
    /// The price on that day, and the days on which it holds.
    pub price: Option<&'a (Period, OfferPrice)>,
    /// What a unit of the voucher costs by it, under the rulebook of that day.
    pub per_unit: Option<ItemPrice>,
    /// What a unit is worth at that price, where that is known.
    pub worth: Option<Worth>,
    /// Why it cannot be chosen; empty where it can.
    pub reasons: BTreeSet<Reason>,
    /// How the rulebook's criteria came out.
    pub criteria: Findings,
}

impl Candidate {
    /// How it stands to a chooser under the prices' terms that are in force on the first day of a choice of it:
    /// [`Candidate::begins_on`] the chooser's day.
    pub fn stand<T: Borrow<RulebookTerms>>(&self, prices: Option<&PriceCheck<T>>, chooser: &Chooser<'_>) -> Stand<'_> {
        let first_day = self.begins_on(chooser.day);
        let mut stand = Stand {
            candidate: self,
            first_day,
            sector: self.sectors.as_of(first_day).copied(),
            price: self.prices.entries().iter().find(|(period, _)| period.contains(first_day)),
            per_unit: None,
            worth: None,
            reasons: BTreeSet::new(),
            criteria: Findings::of(Vec::new()),
        };
        stand.ask_the_registry(chooser);
        match prices {
            None => stand.refuse(Reason::NoRulebook),
            Some(prices) => stand.ask_the_rulebook(prices, chooser),
        }
        stand
    }

    /// Whether it is public that it is offered: whether it is or was approved by a day.
    pub fn is_public_by(&self, day: Day) -> bool {
        let approved = self.approvals.iter().map(|approved| approved.period);
        approved.chain(self.interruptions.iter().copied()).any(|period| period.from() <= day)
    }
}

impl<'a> Stand<'a> {
    fn refuse(&mut self, reason: Reason) {
        self.reasons.insert(reason);
    }

    fn refuse_if(&mut self, is_so: bool, reason: Reason) {
        if is_so {
            self.refuse(reason);
        }
    }

    /// What the registry says of the unit and its offering, and the chooser's own rules of the first day.
    fn ask_the_registry(&mut self, chooser: &Chooser<'_>) {
        let candidate = self.candidate;
        self.reasons.extend(candidate.approved_on(self.first_day, chooser.home).err().map(Reason::from));
        self.reasons.extend(candidate.takes_on(chooser.day).err().map(Reason::from));
        self.refuse_if(self.sector.is_none(), Reason::NotApproved);
        self.refuse_if(self.price.is_none(), Reason::NoPrice);
        self.refuse_if(!candidate.accepts_new_clients, Reason::NotTakingClients);
        let has_place = chooser.own.contains(&candidate.offering);
        self.refuse_if(candidate.is_full_on(self.first_day) && !has_place, Reason::Full);
        let is_outside = chooser.validity.is_some_and(|validity| !validity.contains(self.first_day));
        self.refuse_if(is_outside, Reason::OutsideValidity);
        let grants_nothing = matches!(chooser.entitlement.on(self.first_day).grant, Grant::Nothing);
        self.refuse_if(grants_nothing, Reason::NothingGranted);
    }

    /// What the rulebook says of the price and the criteria.
    fn ask_the_rulebook<T: Borrow<RulebookTerms>>(&mut self, prices: &PriceCheck<T>, chooser: &Chooser<'_>) {
        let Some(sector) = self.sector else { return };
        let terms = prices.terms();
        if let Some((_, price)) = self.price {
            self.reasons.extend(prices.all_refused(price, sector).iter().map(Reason::from));
            // Which item is wanted is not known yet: the price of what has none of its own is compared.
            self.per_unit = price.of_item(None).per_voucher_unit(terms.price_unit);
            match self.per_unit {
                None => self.refuse(Reason::PriceNotAllowed),
                Some(per_unit) => match worth_at(per_unit, terms, chooser.entitlement.on(self.first_day)) {
                    Ok(worth) => self.worth = worth,
                    Err(reason) => self.refuse(reason),
                },
            }
        }
        if let Some(client) = chooser.client {
            self.criteria = self.candidate.examine(sector, terms, client);
            self.refuse_if(self.criteria.standing == Standing::NotMet, Reason::Criteria);
        }
    }

    /// Whether it can be chosen.
    pub fn is_choosable(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Every reason why it cannot be chosen: of criteria, each that is not met.
    pub fn why(&self) -> Vec<Why> {
        let unmet = || self.criteria.findings.iter().filter(|finding| finding.standing == Standing::NotMet);
        let of = |reason: Reason| match reason {
            Reason::Criteria => {
                unmet().cloned().map(|unmet| Why { reason, criterion: Some(unmet), free_from: None }).collect()
            }
            Reason::Full => {
                vec![Why { reason, criterion: None, free_from: self.candidate.places_taken_until }]
            }
            Reason::NotApproved
            | Reason::Interrupted
            | Reason::NotInArea
            | Reason::NoPrice
            | Reason::NoRulebook
            | Reason::PriceNotAllowed
            | Reason::NotFree
            | Reason::NotTakingClients
            | Reason::OutsideValidity
            | Reason::NothingGranted => vec![Why { reason, criterion: None, free_from: None }],
        };
        self.reasons.iter().copied().flat_map(of).collect()
    }

    /// How far it is, where it is known from where and to where.
    pub fn distance_m(&self, near: Option<Near>) -> Option<u32> {
        near.zip(self.candidate.place()).map(|(near, place)| near.place.metres_to(place))
    }

    /// The line that it has in a list, with what it would cost; where it has a sector, a price and a rulebook.
    pub fn listed(&self, quantity: Option<Quantity>, near: Option<Near>) -> Option<Listed<'a>> {
        let (price_period, price) = self.price?;
        let per_unit = self.per_unit?;
        let charges = |quantity: Quantity| -> Option<Charges> { charge(self.worth?, per_unit, quantity) };
        Some(Listed {
            candidate: self.candidate,
            sector: self.sector?,
            price,
            price_period: *price_period,
            first_day: self.first_day,
            distance_m: self.distance_m(near),
            per_unit: charges(Quantity::ONE),
            for_quantity: quantity.and_then(charges),
        })
    }
}

/// One reason why an offering cannot be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The reason.
    pub reason: Reason,
    /// The criterion that is not met, where it is one.
    pub criterion: Option<Finding>,
    /// The first day on which a place is free again, where all are taken.
    pub free_from: Option<Day>,
}

/// What a unit is worth at a price, where that is known; why the price cannot be paid, where it cannot.
pub(super) fn worth_at(
    per_unit: ItemPrice,
    terms: &RulebookTerms,
    entitled: &Entitled<'_>,
) -> Result<Option<Worth>, Reason> {
    let worth = match &entitled.grant {
        Grant::NotKnown => None,
        Grant::Nothing => return Err(Reason::NothingGranted),
        Grant::Units(valuation) => Some(valuation.at_price(per_unit.price()).map_err(|_| Reason::PriceNotAllowed)?),
    };
    let is_free = !entitled.free_of_charge || costs_nothing(per_unit, worth);
    // What a later rulebook makes free by law is not to cost anything under a voucher that was granted before it either.
    let by_law = terms.free_of_charge.is_none() || is_within_value(per_unit, worth);
    if is_free && by_law { Ok(worth) } else { Err(Reason::NotFree) }
}

/// Whether a price leaves nothing for the client to pay.
pub(super) fn costs_nothing(price: ItemPrice, worth: Option<Worth>) -> bool {
    match price {
        ItemPrice::Voucher { price } => worth
            .is_none_or(|worth| worth.co_payment.map_or(price <= worth.value, |co_payment| co_payment == Amount::ZERO)),
        ItemPrice::ClientFee { client_fee, .. } => client_fee == Amount::ZERO,
    }
}

/// Whether a price is not above the value; where the organiser fixes the co-payment, the price has no part in it.
fn is_within_value(price: ItemPrice, worth: Option<Worth>) -> bool {
    match price {
        ItemPrice::Voucher { price } => worth.is_none_or(|worth| worth.co_payment.is_some() || price <= worth.value),
        ItemPrice::ClientFee { client_fee, .. } => client_fee == Amount::ZERO,
    }
}
