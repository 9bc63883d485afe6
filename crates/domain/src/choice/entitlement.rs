//! What a client is entitled to, by the day on which a choice begins: a version of the rulebook that comes into force by then
//! may value units otherwise, or grant nothing.

use std::collections::BTreeSet;

use crate::offering::ItemPrice;
use crate::rulebook::RulebookTerms;
use crate::time::Day;
use crate::valuation::{NoWorth, Valuation, Versions, Worth};
use crate::voucher::Voucher;

/// What a client is entitled to under one version of the rulebook.
#[derive(Debug, Clone, Default)]
pub struct Entitled<'a> {
    /// What the version grants.
    pub grant: Grant<'a>,
    /// Whether the client pays nothing, by law.
    pub free_of_charge: bool,
}

/// What a version of the rulebook grants to a client.
#[derive(Debug, Clone, Default)]
pub enum Grant<'a> {
    /// That is not known.
    #[default]
    NotKnown,
    /// Nothing.
    Nothing,
    /// Units, each worth what the valuation says.
    Units(Box<Valuation<'a>>),
}

impl<'a> Entitled<'a> {
    /// By a voucher, on a day. `None` where the versions lack the one that it was granted under.
    pub fn by_voucher(voucher: &'a Voucher, versions: &'a Versions, day: Day) -> Option<Self> {
        let valuation = Valuation::of_voucher(voucher, versions, day).transpose()?;
        Some(Self { grant: Grant::of(valuation), free_of_charge: voucher.free_of_charge })
    }

    /// Under the rules of everyone, as far as it is known what units are worth.
    pub fn under(terms: &RulebookTerms, valuation: Option<Valuation<'a>>) -> Self {
        let grant = valuation.map_or(Grant::NotKnown, |valuation| Grant::of(Ok(valuation)));
        Self { grant, free_of_charge: terms.free_of_charge.is_some() }
    }

    /// What units are worth, where that is known.
    pub fn valuation(&self) -> Option<&Valuation<'a>> {
        match &self.grant {
            Grant::Units(valuation) => Some(valuation),
            Grant::NotKnown | Grant::Nothing => None,
        }
    }

    /// What a unit is worth at its price, where that is known and there is something.
    pub(super) fn worth_at(&self, per_unit: ItemPrice) -> Option<Worth> {
        self.valuation()?.at_price(per_unit.price()).ok()
    }

    /// Whether it may keep an offering from being chosen, by its price or whatever its price.
    pub(super) fn may_refuse(&self) -> bool {
        let by_grant = match &self.grant {
            Grant::NotKnown => false,
            Grant::Nothing => true,
            Grant::Units(valuation) => valuation.depends_on_price(),
        };
        by_grant || self.free_of_charge
    }
}

impl<'a> Grant<'a> {
    /// Units of which the worth was found, or nothing where it was not.
    pub fn of(valuation: Result<Valuation<'a>, NoWorth>) -> Self {
        valuation.map_or(Self::Nothing, |valuation| Self::Units(Box::new(valuation)))
    }
}

/// What a client is entitled to on each day on which a choice could begin.
#[derive(Debug, Clone, Default)]
pub struct Entitlement<'a> {
    first: Entitled<'a>,
    /// From a day on, in order.
    later: Vec<(Day, Entitled<'a>)>,
}

/// Of whom nothing is known.
pub(super) static NOTHING_KNOWN: Entitlement<'static> =
    Entitlement { first: Entitled { grant: Grant::NotKnown, free_of_charge: false }, later: Vec::new() };

impl<'a> Entitlement<'a> {
    /// The same on every day.
    pub const fn always(entitled: Entitled<'a>) -> Self {
        Self { first: entitled, later: Vec::new() }
    }

    /// As of a day, and what is found for the first day of each version that comes into force after it.
    pub fn from_day(
        first: Entitled<'a>,
        versions: &Versions,
        day: Day,
        mut on: impl FnMut(Day) -> Entitled<'a>,
    ) -> Self {
        let coming = versions.entries().iter().map(|(period, _)| period.from()).filter(|from| *from > day);
        Self { first, later: coming.map(|from| (from, on(from))).collect() }
    }

    /// As [`Entitlement::from_day`], of a voucher's holder: a raised value that holds from a later day on counts as well.
    /// `None` of `first` is found as the later ones are.
    pub fn of_voucher(first: Option<Entitled<'a>>, voucher: &'a Voucher, versions: &'a Versions, day: Day) -> Self {
        let on = |day| Entitled::by_voucher(voucher, versions, day).unwrap_or_default();
        let by_version = versions.entries().iter().map(|(period, _)| period.from());
        let coming = by_version.chain(voucher.raises.iter().map(|raise| raise.from)).filter(|from| *from > day);
        let coming: BTreeSet<Day> = coming.collect();
        let later = coming.into_iter().map(|from| (from, on(from))).collect();
        Self { first: first.unwrap_or_else(|| on(day)), later }
    }

    /// What the client is entitled to where a choice begins on a day.
    pub fn on(&self, day: Day) -> &Entitled<'a> {
        let begun = self.later.iter().rev().find(|(from, _)| *from <= day);
        begun.map_or(&self.first, |(_, entitled)| entitled)
    }

    /// Whether a unit is worth the same whatever its price and on whatever day: of two prices, the lower one never costs the
    /// client more.
    pub(super) fn is_the_same_for_all(&self) -> bool {
        self.later.is_empty() && !self.first.valuation().is_some_and(Valuation::depends_on_price)
    }

    /// All of it.
    pub(super) fn all(&self) -> impl Iterator<Item = &Entitled<'a>> {
        [&self.first].into_iter().chain(self.later.iter().map(|(_, entitled)| entitled))
    }
}
