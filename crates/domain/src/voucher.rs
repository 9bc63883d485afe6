//! A service voucher's life: offered, accepted or refused, chosen with, used, ended (FIELD §6).

mod changes;
mod raises;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use raises::{RaisedValue, raised_on};

use crate::id::{Id, kind};
use crate::identifiers::VoucherNumber;
use crate::money::Amount;
use crate::offering::{ItemPrice, OfferPrice, PriceRefused, check_price};
use crate::provider::Sector;
use crate::quantity::Unit;
use crate::rulebook::{Measure, RulebookTerms, Unused};
use crate::rules::Facts;
use crate::text::Localized;
use crate::time::{Day, Period};
use crate::valuation::{Valuation, Worth};

/// Where a voucher stands, as stored. That its time is over follows from its validity: see [`VoucherStatus`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VoucherState {
    /// Granted; the client has not answered.
    Offered,
    /// Accepted; no provider chosen.
    Accepted,
    /// Refused by the client, who was directed elsewhere (569/2009 § 6).
    Refused {
        /// Where the client was directed.
        directed_to: Localized,
    },
    /// A provider has been chosen; nothing has been delivered.
    Chosen,
    /// Services have been delivered.
    InUse,
    /// All that was granted has been used.
    UsedUp,
    /// Cancelled by the organiser.
    Cancelled {
        /// Why.
        reason: String,
    },
}

/// Where a voucher stands on a day, as shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VoucherStatus {
    /// Granted; the client has not answered.
    Offered,
    /// Accepted; no provider chosen.
    Accepted,
    /// Refused by the client, who was directed elsewhere.
    Refused,
    /// A provider has been chosen; nothing has been delivered.
    Chosen,
    /// Services have been delivered.
    InUse,
    /// All that was granted has been used.
    UsedUp,
    /// Its time is over.
    Expired,
    /// Cancelled by the organiser.
    Cancelled,
}

impl VoucherStatus {
    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Chosen => "chosen",
            Self::InUse => "in_use",
            Self::UsedUp => "used_up",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

impl VoucherState {
    /// The status of the state, as long as the voucher's time is not over.
    pub const fn status(&self) -> VoucherStatus {
        match self {
            Self::Offered => VoucherStatus::Offered,
            Self::Accepted => VoucherStatus::Accepted,
            Self::Refused { .. } => VoucherStatus::Refused,
            Self::Chosen => VoucherStatus::Chosen,
            Self::InUse => VoucherStatus::InUse,
            Self::UsedUp => VoucherStatus::UsedUp,
            Self::Cancelled { .. } => VoucherStatus::Cancelled,
        }
    }
}

/// A voucher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voucher {
    /// Its id.
    pub id: Id<kind::Voucher>,
    /// Who pays.
    pub organiser: Id<kind::Organiser>,
    /// Whose it is, as the organiser's client.
    pub client: Id<kind::Client>,
    /// Whose it is.
    pub person: Id<kind::Person>,
    /// For what.
    pub voucher_type: Id<kind::VoucherType>,
    /// The rulebook version it was granted under.
    pub rulebook: Id<kind::Rulebook>,
    /// The number by which a provider opens it.
    pub number: VoucherNumber,
    /// Where it stands.
    pub state: VoucherState,
    /// Value per unit, as decided: what the client's facts alone come to.
    pub value: Amount,
    /// The client's facts that it was decided on.
    pub facts: Facts,
    /// What services are counted in.
    pub unit: Unit,
    /// What it grants: a quantity of units, or money.
    pub measure: Measure,
    /// What becomes of what is left of a period.
    pub unused: Unused,
    /// Whether the service is free of charge to the client by law.
    pub free_of_charge: bool,
    /// Days on which services under it can be delivered.
    pub validity: Period,
    /// Values that were raised above what the rules give, in the order of their decisions.
    pub raises: Vec<RaisedValue>,
}

/// Why a voucher cannot go where it was to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VoucherRefusal {
    /// The state has no such transition.
    #[error("a voucher that is {} cannot be {attempted}", status.code())]
    WrongState {
        /// Where it stands.
        status: VoucherStatus,
        /// What was attempted.
        attempted: &'static str,
    },
    /// The day is outside of the voucher's validity.
    #[error("the voucher is valid from {from} to {last}, not on {day}")]
    NotValidOn {
        /// The day in question.
        day: Day,
        /// First day of validity.
        from: Day,
        /// Last day of validity.
        last: Day,
    },
}

impl Voucher {
    /// Where the voucher stands on a day.
    pub fn status_on(&self, day: Day) -> VoucherStatus {
        let over = self.validity.to().is_some_and(|to| day >= to);
        match self.state.status() {
            VoucherStatus::Offered | VoucherStatus::Accepted | VoucherStatus::Chosen | VoucherStatus::InUse if over => {
                VoucherStatus::Expired
            }
            status @ (VoucherStatus::Offered
            | VoucherStatus::Accepted
            | VoucherStatus::Refused
            | VoucherStatus::Chosen
            | VoucherStatus::InUse
            | VoucherStatus::UsedUp
            | VoucherStatus::Expired
            | VoucherStatus::Cancelled) => status,
        }
    }

    fn moved(self, to: VoucherState) -> Self {
        Self { state: to, ..self }
    }

    fn wrong(&self, day: Day, attempted: &'static str) -> VoucherRefusal {
        VoucherRefusal::WrongState { status: self.status_on(day), attempted }
    }

    /// The client accepts.
    ///
    /// # Errors
    /// The voucher is not on offer on that day.
    pub fn accept(self, day: Day) -> Result<Self, VoucherRefusal> {
        match self.status_on(day) {
            VoucherStatus::Offered => Ok(self.moved(VoucherState::Accepted)),
            VoucherStatus::Accepted
            | VoucherStatus::Refused
            | VoucherStatus::Chosen
            | VoucherStatus::InUse
            | VoucherStatus::UsedUp
            | VoucherStatus::Expired
            | VoucherStatus::Cancelled => Err(self.wrong(day, "accepted")),
        }
    }

    /// The client refuses and is directed elsewhere.
    ///
    /// # Errors
    /// The voucher is not on offer on that day.
    pub fn refuse(self, day: Day, directed_to: Localized) -> Result<Self, VoucherRefusal> {
        match self.status_on(day) {
            VoucherStatus::Offered => Ok(self.moved(VoucherState::Refused { directed_to })),
            VoucherStatus::Accepted
            | VoucherStatus::Refused
            | VoucherStatus::Chosen
            | VoucherStatus::InUse
            | VoucherStatus::UsedUp
            | VoucherStatus::Expired
            | VoucherStatus::Cancelled => Err(self.wrong(day, "refused")),
        }
    }

    /// The client chooses a provider, or changes provider.
    ///
    /// # Errors
    /// The voucher has not been accepted, or its life is over.
    pub fn choose(self, day: Day) -> Result<Self, VoucherRefusal> {
        match self.status_on(day) {
            VoucherStatus::Accepted | VoucherStatus::Chosen => Ok(self.moved(VoucherState::Chosen)),
            VoucherStatus::InUse => Ok(self),
            VoucherStatus::Offered
            | VoucherStatus::Refused
            | VoucherStatus::UsedUp
            | VoucherStatus::Expired
            | VoucherStatus::Cancelled => Err(self.wrong(day, "chosen with")),
        }
    }

    /// The first day of a choice made today. `held` are the days of the choice that holds today, if one does: on a day on
    /// which another provider may have delivered already, the new one does not begin. One that has begun to deliver is
    /// left so many days ahead as the rulebook says, unless its choice ends sooner by itself: nobody waits without one.
    pub fn choice_from(&self, today: Day, held: Option<Period>, notice_days: u16) -> Day {
        let delivered = matches!(self.state, VoucherState::InUse);
        let taken = held.filter(|held| held.from() < today || (delivered && held.from() == today));
        let earliest = taken.map_or(today, |held| {
            let notice = if delivered { i64::from(notice_days).max(1) } else { 1 };
            let after_notice = today.plus_days(notice);
            held.to().map_or(after_notice, |to| after_notice.min(to.max(today.plus_days(1))))
        });
        earliest.max(self.validity.from())
    }

    /// Lets a price be paid with this voucher on a day on which `terms` are in force. What was granted free of charge by
    /// law stays so: the client pays nothing, whatever a later rulebook says.
    ///
    /// # Errors
    /// The terms refuse the price, or the client would have to pay for a service that is free by law.
    pub fn check_price(
        &self,
        price: &OfferPrice,
        sector: Sector,
        terms: &RulebookTerms,
        valuation: &Valuation<'_>,
    ) -> Result<(), PriceRefused> {
        check_price(price, sector, terms)?;
        // A figure that cannot be said has its own refusal, where it is asked for.
        let Some(per_unit) = price.of_item(None).per_voucher_unit(terms.price_unit) else { return Ok(()) };
        match valuation.at_price(per_unit.price()) {
            Ok(worth) => self.check_free(per_unit, None, worth, terms),
            Err(_) => Ok(()),
        }
    }

    /// Lets an item's price be paid for what a unit is worth: what was granted free of charge stays so.
    ///
    /// # Errors
    /// The client would have to pay for a service that is free by law.
    pub fn check_free(
        &self,
        price: ItemPrice,
        item: Option<&str>,
        worth: Worth,
        terms: &RulebookTerms,
    ) -> Result<(), PriceRefused> {
        if !self.free_of_charge && terms.free_of_charge.is_none() {
            return Ok(());
        }
        let source_of_law = terms.free_of_charge.as_ref().map_or_else(String::new, |free| free.source.clone());
        match price {
            // Where the organiser fixes the co-payment, the provider's own price has no part in it.
            ItemPrice::Voucher { price } if worth.co_payment.is_none() && price > worth.value => {
                let value = worth.value;
                Err(PriceRefused::OverFreeValue { item: item.map(str::to_owned), price, value, source_of_law })
            }
            ItemPrice::ClientFee { client_fee, .. } if client_fee > Amount::ZERO => {
                Err(PriceRefused::FeeForFreeService { source_of_law })
            }
            ItemPrice::Voucher { .. } | ItemPrice::ClientFee { .. } => Ok(()),
        }
    }

    /// A service is delivered under it on a day. Recording may come after the validity has ended.
    ///
    /// # Errors
    /// No provider has been chosen, or the day is outside of the validity.
    pub fn deliver(self, day: Day, all_used: bool) -> Result<Self, VoucherRefusal> {
        match self.state {
            VoucherState::Chosen | VoucherState::InUse => {}
            VoucherState::Offered
            | VoucherState::Accepted
            | VoucherState::Refused { .. }
            | VoucherState::UsedUp
            | VoucherState::Cancelled { .. } => return Err(self.wrong(day, "used")),
        }
        if !self.validity.contains(day) {
            let (from, last) = (self.validity.from(), self.validity.last_day());
            return Err(VoucherRefusal::NotValidOn { day, from, last });
        }
        Ok(self.moved(if all_used { VoucherState::UsedUp } else { VoucherState::InUse }))
    }

    /// Some of what was used is given back: what was used up can be used again.
    #[must_use]
    pub fn give_back(self) -> Self {
        match self.state {
            VoucherState::UsedUp => self.moved(VoucherState::InUse),
            VoucherState::Offered
            | VoucherState::Accepted
            | VoucherState::Refused { .. }
            | VoucherState::Chosen
            | VoucherState::InUse
            | VoucherState::Cancelled { .. } => self,
        }
    }

    /// The organiser cancels.
    ///
    /// # Errors
    /// The voucher's life is over.
    pub fn cancel(self, day: Day, reason: String) -> Result<Self, VoucherRefusal> {
        match self.status_on(day) {
            VoucherStatus::Offered | VoucherStatus::Accepted | VoucherStatus::Chosen | VoucherStatus::InUse => {
                Ok(self.moved(VoucherState::Cancelled { reason }))
            }
            VoucherStatus::Refused | VoucherStatus::UsedUp | VoucherStatus::Expired | VoucherStatus::Cancelled => {
                Err(self.wrong(day, "cancelled"))
            }
        }
    }
}

#[cfg(test)]
mod tests;
