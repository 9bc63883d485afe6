//! The ledger of a voucher: entries that move a quantity and an amount from one account to another, so that each
//! balances by what it is. Entries are only ever added.

use chrono::Datelike;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::money::Amount;
use crate::quantity::Quantity;
use crate::rulebook::GrantPeriod;
use crate::time::{Day, Period};

/// Where quantities and money lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// The organiser: where grants come from and its share is paid from.
    Organiser,
    /// What the voucher still grants.
    Available,
    /// What has been used.
    Used,
    /// The client.
    Client,
    /// The provider.
    Provider,
}

impl Account {
    /// All accounts.
    pub const ALL: [Self; 5] = [Self::Organiser, Self::Available, Self::Used, Self::Client, Self::Provider];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Organiser => "organiser",
            Self::Available => "available",
            Self::Used => "used",
            Self::Client => "client",
            Self::Provider => "provider",
        }
    }

    /// The account of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|account| account.code() == code)
    }
}

/// Why something moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A quantity was granted: organiser → available.
    Granted,
    /// A service used some of it: available → used.
    Used,
    /// The organiser's share of a service: organiser → provider.
    OrganiserShare,
    /// The client's share of a service: client → provider.
    CoPayment,
    /// A public unit's client fee: client → organiser.
    ClientFee,
    /// What is taken back of a grant by a decision, such as a cancelled voucher's rest: available → organiser.
    Returned,
    /// What was left when its time was over: available → organiser.
    Expired,
    /// A service that does not count gives back what it used: used → available.
    UseReversed,
    /// The organiser's share of such a service: provider → organiser.
    OrganiserShareReversed,
    /// The client's share of such a service: provider → client.
    CoPaymentReversed,
    /// The client fee of such a service: organiser → client.
    ClientFeeReversed,
}

impl EntryKind {
    /// All kinds.
    pub const ALL: [Self; 11] = [
        Self::Granted,
        Self::Used,
        Self::OrganiserShare,
        Self::CoPayment,
        Self::ClientFee,
        Self::Returned,
        Self::Expired,
        Self::UseReversed,
        Self::OrganiserShareReversed,
        Self::CoPaymentReversed,
        Self::ClientFeeReversed,
    ];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Used => "used",
            Self::OrganiserShare => "organiser_share",
            Self::CoPayment => "co_payment",
            Self::ClientFee => "client_fee",
            Self::Returned => "returned",
            Self::Expired => "expired",
            Self::UseReversed => "use_reversed",
            Self::OrganiserShareReversed => "organiser_share_reversed",
            Self::CoPaymentReversed => "co_payment_reversed",
            Self::ClientFeeReversed => "client_fee_reversed",
        }
    }

    /// The kind of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Whether entries of the kind move money; the others move quantities.
    pub const fn moves_money(self) -> bool {
        match self {
            Self::OrganiserShare
            | Self::CoPayment
            | Self::ClientFee
            | Self::OrganiserShareReversed
            | Self::CoPaymentReversed
            | Self::ClientFeeReversed => true,
            Self::Granted | Self::Used | Self::Returned | Self::Expired | Self::UseReversed => false,
        }
    }

    /// Whether entries of the kind are of a service event; the others are of decisions and days.
    pub const fn is_of_event(self) -> bool {
        match self {
            Self::Granted | Self::Returned | Self::Expired => false,
            Self::Used
            | Self::UseReversed
            | Self::OrganiserShare
            | Self::CoPayment
            | Self::ClientFee
            | Self::OrganiserShareReversed
            | Self::CoPaymentReversed
            | Self::ClientFeeReversed => true,
        }
    }

    /// From which account to which an entry of the kind moves.
    pub const fn accounts(self) -> (Account, Account) {
        match self {
            Self::Granted => (Account::Organiser, Account::Available),
            Self::Used => (Account::Available, Account::Used),
            Self::OrganiserShare => (Account::Organiser, Account::Provider),
            Self::CoPayment => (Account::Client, Account::Provider),
            Self::ClientFee => (Account::Client, Account::Organiser),
            Self::Returned | Self::Expired => (Account::Available, Account::Organiser),
            Self::UseReversed => (Account::Used, Account::Available),
            Self::OrganiserShareReversed => (Account::Provider, Account::Organiser),
            Self::CoPaymentReversed => (Account::Provider, Account::Client),
            Self::ClientFeeReversed => (Account::Organiser, Account::Client),
        }
    }
}

/// One movement: of a quantity, of an amount, or of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// Why; the accounts follow from it.
    pub kind: EntryKind,
    /// How much service.
    pub quantity: Quantity,
    /// How much money.
    pub amount: Amount,
}

impl Posting {
    /// A movement of service.
    pub fn of_quantity(kind: EntryKind, quantity: Quantity) -> Self {
        Self { kind, quantity, amount: Amount::ZERO }
    }

    /// A movement of money.
    pub fn of_amount(kind: EntryKind, amount: Amount) -> Self {
        Self { kind, quantity: Quantity::ZERO, amount }
    }
}

/// What an account holds: all that moved to it without all that moved from it. Who gives more than it gets is below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// Which account.
    pub account: Account,
    /// How much service.
    pub quantity: Quantity,
    /// How much money.
    pub amount: Amount,
}

/// What each account holds after some movements; `None` where a sum overflows. Together they hold nothing, of either.
pub fn balances(postings: impl IntoIterator<Item = Posting>) -> Option<[Balance; 5]> {
    let mut all = Account::ALL.map(|account| Balance { account, quantity: Quantity::ZERO, amount: Amount::ZERO });
    for posting in postings {
        let (from, to) = posting.kind.accounts();
        for balance in &mut all {
            if balance.account == from {
                balance.quantity = balance.quantity.minus(posting.quantity)?;
                balance.amount = balance.amount.minus(posting.amount)?;
            }
            if balance.account == to {
                balance.quantity = balance.quantity.plus(posting.quantity)?;
                balance.amount = balance.amount.plus(posting.amount)?;
            }
        }
    }
    Some(all)
}

/// A part of a voucher's grant, usable within its period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allotment {
    /// Days on which it can be used.
    pub period: Period,
    /// What it grants.
    pub granted: Quantity,
    /// What of it has been used or returned.
    pub used: Quantity,
}

/// More was asked than there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{asked} was asked for and {available} is left for {from}–{last}")]
pub struct Overdrawn {
    /// What was asked for.
    pub asked: Quantity,
    /// What is left.
    pub available: Quantity,
    /// First day of the period in question.
    pub from: Day,
    /// Its last day.
    pub last: Day,
}

impl Allotment {
    /// What is left.
    pub fn available(&self) -> Quantity {
        self.granted.minus(self.used).unwrap_or(Quantity::ZERO)
    }

    /// What of it is held on a day: all that is left of it, where somebody has been chosen, or asked, for a day of the
    /// rest of its time. `promised` are the days of choices and of what is asked for; `usable_to` is the first day on
    /// which it cannot be used any more, where that is later than its own period's end.
    pub fn held(&self, promised: &[Period], usable_to: Option<Day>, today: Day) -> Quantity {
        let from = self.period.from().max(today);
        let to = usable_to.or(self.period.to());
        let within = |days: &Period| to.is_none_or(|to| days.from() < to) && days.to().is_none_or(|end| end > from);
        let is_over = to.is_some_and(|to| to <= from);
        if !is_over && promised.iter().any(within) { self.available() } else { Quantity::ZERO }
    }

    /// Takes a quantity out.
    ///
    /// # Errors
    /// It is more than is left.
    pub fn take(&self, quantity: Quantity) -> Result<Self, Overdrawn> {
        let available = self.available();
        match self.used.plus(quantity) {
            Some(used) if used <= self.granted => Ok(Self { used, ..*self }),
            _ => Err(Overdrawn { asked: quantity, available, from: self.period.from(), last: self.period.last_day() }),
        }
    }
}

/// The first day of the calendar month, quarter or year after a day's.
fn next_period(day: Day, per: GrantPeriod) -> Day {
    let mut next = day.first_of_next_month();
    let starts = |day: Day| match per {
        GrantPeriod::Month | GrantPeriod::Voucher => true,
        GrantPeriod::Quarter => day.date().month0().is_multiple_of(3),
        GrantPeriod::Year => day.date().month0() == 0,
    };
    while !starts(next) {
        next = next.first_of_next_month();
    }
    next
}

/// Whether two periods of grants lie in the same calendar month, quarter or year; those of whole vouchers always do.
pub fn same_period(one: Period, other: Period, per: GrantPeriod) -> bool {
    match per {
        GrantPeriod::Voucher => true,
        GrantPeriod::Month | GrantPeriod::Quarter | GrantPeriod::Year => {
            next_period(one.from(), per) == next_period(other.from(), per)
        }
    }
}

/// The periods into which a grant is divided: calendar months, quarters or years within the validity, or all of it at
/// once.
pub fn allotment_periods(validity: Period, per: GrantPeriod) -> Vec<Period> {
    let Some(end) = validity.to() else { return Vec::new() };
    match per {
        GrantPeriod::Voucher => vec![validity],
        GrantPeriod::Month | GrantPeriod::Quarter | GrantPeriod::Year => {
            let mut periods = Vec::new();
            let mut from = validity.from();
            while from < end {
                let to = next_period(from, per).min(end);
                match Period::new(from, Some(to)) {
                    Ok(period) => periods.push(period),
                    Err(_) => break,
                }
                from = to;
            }
            periods
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_moved_is_where_it_went_and_all_accounts_together_hold_nothing() {
        let quantity = |kind, text: &str| Posting::of_quantity(kind, text.parse().unwrap());
        let amount = |kind, text: &str| Posting::of_amount(kind, text.parse().unwrap());
        let moved = [
            quantity(EntryKind::Granted, "20"),
            quantity(EntryKind::Used, "3"),
            amount(EntryKind::OrganiserShare, "108.00"),
            amount(EntryKind::CoPayment, "12.00"),
            quantity(EntryKind::UseReversed, "1"),
            amount(EntryKind::OrganiserShareReversed, "36.00"),
            quantity(EntryKind::Expired, "18"),
        ];
        let held = balances(moved).unwrap().map(|of| (of.account, of.quantity.to_string(), of.amount.to_string()));
        let wanted = [
            (Account::Organiser, "-2", "-72.00"),
            (Account::Available, "0", "0.00"),
            (Account::Used, "2", "0.00"),
            (Account::Client, "0", "-12.00"),
            (Account::Provider, "0", "84.00"),
        ];
        assert_eq!(held, wanted.map(|(account, quantity, amount)| (account, quantity.to_owned(), amount.to_owned())));
    }

    proptest! {
        #[test]
        fn periods_cover_the_validity_without_gap_or_overlap(start in 0i64..10_000, days in 1i64..1830) {
            let from = Day::ymd(2015, 1, 1).unwrap().plus_days(start);
            let to = from.plus_days(days);
            let validity = Period::new(from, Some(to)).unwrap();
            for (per, months) in [(GrantPeriod::Month, 1), (GrantPeriod::Quarter, 3), (GrantPeriod::Year, 12)] {
                let periods = allotment_periods(validity, per);
                prop_assert_eq!(periods.first().unwrap().from(), from);
                prop_assert_eq!(periods.last().unwrap().to(), Some(to));
                for pair in periods.windows(2) {
                    let next = pair[1].from();
                    prop_assert_eq!(pair[0].to(), Some(next));
                    prop_assert_eq!((next.date().day(), next.date().month0() % months), (1, 0));
                }
            }
            prop_assert_eq!(allotment_periods(validity, GrantPeriod::Voucher), vec![validity]);
        }

        #[test]
        fn held_is_all_that_is_left_or_nothing(granted in 0i64..100, used in 0i64..100, from in 0i64..90, lasts in 1i64..90, on in 0i64..90) {
            let day = |n: i64| Day::ymd(2026, 1, 1).unwrap().plus_days(n);
            let part = Allotment {
                period: Period::new(day(31), Some(day(59))).unwrap(),
                granted: Quantity::from_e4(granted.max(used)),
                used: Quantity::from_e4(used),
            };
            let promised = [Period::new(day(from), Some(day(from + lasts))).unwrap()];
            let held = part.held(&promised, None, day(on));
            let is_promised = (on.max(31)..59).any(|n| promised[0].contains(day(n)));
            prop_assert_eq!(held, if is_promised { part.available() } else { Quantity::ZERO });
            prop_assert_eq!(part.held(&[], None, day(on)), Quantity::ZERO);
            let carried = (on.max(31)..365).any(|n| promised[0].contains(day(n)));
            prop_assert_eq!(part.held(&promised, Some(day(365)), day(on)) > Quantity::ZERO, carried && part.available() > Quantity::ZERO);
        }

        #[test]
        fn no_sequence_of_takings_exceeds_the_grant(granted in 0i64..1_000, asks in prop::collection::vec(0i64..500, 0..20)) {
            let period = Period::starting(Day::ymd(2026, 1, 1).unwrap());
            let mut allotment = Allotment { period, granted: Quantity::from_e4(granted), used: Quantity::ZERO };
            let mut taken = 0;
            for ask in asks {
                match allotment.take(Quantity::from_e4(ask)) {
                    Ok(after) => { allotment = after; taken += ask; }
                    Err(refused) => prop_assert!(ask > refused.available.e4()),
                }
                prop_assert!(taken <= granted);
                prop_assert_eq!(allotment.available().e4(), granted - taken);
            }
        }
    }
}
