//! The settling of a month (*tilitys*): what is due of an organiser's service events is put on one statement for each
//! provider. A settled month is frozen: whatever comes later is a line of a later one (FIELD §6).

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::money::Amount;
use crate::provider::{Iban, IbanError};
use crate::quantity::Quantity;
use crate::service_event::account::{EventAccount, Figures};
use crate::statement::{Bic, BicError, LineKind};
use crate::time::Day;

/// Longest term of payment, in days.
pub const PAYMENT_DAYS_MAX: u16 = 90;
/// The last day of a month on which its forerunner can be settled by itself: every month has it.
pub const SETTLEMENT_DAY_MAX: u8 = 28;

/// Where the settling of a month stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettlementState {
    /// What is due is being put on statements.
    Running,
    /// The month is settled and takes nothing more.
    Frozen,
}

/// Where a statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatementState {
    /// Lines are being put on it.
    Open,
    /// Its figures are final.
    Made,
    /// A second person has approved it.
    Approved,
    /// It has been sent to be paid.
    Sent,
    /// It has been paid.
    Paid,
}

macro_rules! codes {
    ($name:ident { $($variant:ident = $code:literal),+ $(,)? }) => {
        impl $name {
            /// All of them.
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$variant),+];

            /// The name on the wire and in the database.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The one of a name.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.code() == code)
            }
        }
    };
}

codes!(SettlementState { Running = "running", Frozen = "frozen" });
codes!(StatementState { Open = "open", Made = "made", Approved = "approved", Sent = "sent", Paid = "paid" });

/// Why what is due of an event is on the statement of a month: it was not settled before, or by how much it counts for more
/// or less than what was.
pub fn line_kind(account: &EventAccount, difference: &Figures, (of_service, month): (Day, Day)) -> LineKind {
    let takes_back = difference.quantity <= Quantity::ZERO && difference.charges.organiser_pays <= Amount::ZERO;
    match account.settlements {
        ..1 if of_service == month => LineKind::Service,
        ..1 => LineKind::Late,
        1.. if takes_back => LineKind::Credit,
        1.. => LineKind::Correction,
    }
}

/// How an organiser settles, from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettlementTerms {
    /// The day of the month on which the month before is settled by itself; never, where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 28)]
    pub settlement_day: Option<u8>,
    /// Days from a statement to its payment.
    #[schema(maximum = 90)]
    pub payment_days: u16,
    /// What a statement comes to at most without a second person's approval; where it is left out, all are approved by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_limit: Option<Amount>,
    /// The account that is paid from, as an IBAN.
    #[schema(min_length = 15, max_length = 64)]
    pub iban: String,
    /// Its bank, if that is to be named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 8, max_length = 11)]
    pub bic: Option<String>,
    /// What the organiser asks its invoices to be marked with, such as a cost centre.
    #[schema(min_length = 1, max_length = 100)]
    pub buyer_reference: String,
}

/// What is wrong with terms of settling, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SettlementTermsFault {
    /// A day that not every month has.
    #[error("a month is settled on one of the days 1 to {SETTLEMENT_DAY_MAX}")]
    SettlementDay,
    /// A long term.
    #[error("a statement is paid within {PAYMENT_DAYS_MAX} days")]
    PaymentDays,
    /// No account number.
    #[error(transparent)]
    Iban(#[from] IbanError),
    /// No BIC.
    #[error(transparent)]
    Bic(#[from] BicError),
    /// No reference, or a long one.
    #[error("a buyer's reference has 1 to 100 characters, and none before or after them is blank")]
    BuyerReference,
}

impl SettlementTermsFault {
    /// The place of what is wrong, as a JSON pointer.
    pub const fn pointer(self) -> &'static str {
        match self {
            Self::SettlementDay => "/settlement_day",
            Self::PaymentDays => "/payment_days",
            Self::Iban(_) => "/iban",
            Self::Bic(_) => "/bic",
            Self::BuyerReference => "/buyer_reference",
        }
    }
}

impl SettlementTerms {
    /// All that is wrong with them.
    pub fn faults(&self) -> Vec<SettlementTermsFault> {
        let mut faults = Vec::new();
        if self.settlement_day.is_some_and(|day| !(1..=SETTLEMENT_DAY_MAX).contains(&day)) {
            faults.push(SettlementTermsFault::SettlementDay);
        }
        if self.payment_days > PAYMENT_DAYS_MAX {
            faults.push(SettlementTermsFault::PaymentDays);
        }
        if let Err(error) = self.account() {
            faults.push(error.into());
        }
        if let Err(error) = self.bank() {
            faults.push(error.into());
        }
        let reference = &self.buyer_reference;
        if !(1..=100).contains(&reference.chars().count()) || reference.trim() != reference {
            faults.push(SettlementTermsFault::BuyerReference);
        }
        faults
    }

    /// The account that is paid from.
    ///
    /// # Errors
    /// It is no IBAN.
    pub fn account(&self) -> Result<Iban, IbanError> {
        self.iban.parse()
    }

    /// Its bank.
    ///
    /// # Errors
    /// It is no BIC.
    pub fn bank(&self) -> Result<Option<Bic>, BicError> {
        self.bic.as_deref().map(str::parse).transpose()
    }

    /// Whether a statement of so much is approved by a second person before it is sent.
    pub fn needs_approval(&self, payable: Amount) -> bool {
        self.approval_limit.is_none_or(|limit| payable > limit)
    }
}

/// Why a month is not settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SettleRefused {
    /// A day that is not a month's first.
    #[error("a month is named by its first day, and {given} is none")]
    NotAMonth {
        /// The day that was given.
        given: Day,
    },
    /// The month is not over.
    #[error("the month from {month} is not over on {today}")]
    NotOver {
        /// Its first day.
        month: Day,
        /// Today, where the organiser is.
        today: Day,
    },
    /// It, or a later one, is frozen.
    #[error("the month from {latest} is settled; what is due of it or earlier is settled with the next one")]
    Frozen {
        /// The first day of the latest month that is settled.
        latest: Day,
    },
}

/// Lets a month be settled. `latest` is the latest that was.
///
/// # Errors
/// See [`SettleRefused`].
pub fn may_settle(month: Day, today: Day, latest: Option<Day>) -> Result<(), SettleRefused> {
    if month.first_of_month() != month {
        return Err(SettleRefused::NotAMonth { given: month });
    }
    if today < month.first_of_next_month() {
        return Err(SettleRefused::NotOver { month, today });
    }
    match latest {
        Some(latest) if month <= latest => Err(SettleRefused::Frozen { latest }),
        Some(_) | None => Ok(()),
    }
}

/// What a statement comes to: what is paid, and what is carried on where it is below zero. `None` where a sum is beyond the
/// range of money.
pub fn carry(carried_in: Amount, total: Amount) -> Option<(Amount, Amount)> {
    let sum = carried_in.plus(total)?;
    Some((sum.max(Amount::ZERO), sum.min(Amount::ZERO)))
}

/// Why a statement cannot be moved on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StatementRefused {
    /// A statement that stands so cannot be moved on so.
    #[error("a statement that is {} cannot become {}", .state.code(), .to.code())]
    WrongState {
        /// Where it stands.
        state: StatementState,
        /// Where it was to go.
        to: StatementState,
    },
    /// Who made it approves it.
    #[error("a statement is approved by another person than the one who made it")]
    OwnWork,
    /// It is to be approved first.
    #[error("the statement is to be approved by a second person first")]
    NotApproved,
    /// There is nothing to pay.
    #[error("there is nothing to pay: what is below zero is carried on to the next month")]
    NothingPayable,
}

/// What decides whether a statement can be moved on.
#[derive(Debug, Clone, Copy)]
pub struct StatementStanding<'a> {
    /// Where it stands.
    pub state: StatementState,
    /// What is to be paid.
    pub payable: Amount,
    /// Whether a second person approves it.
    pub needs_approval: bool,
    /// Who made it.
    pub made_by: &'a str,
}

impl StatementStanding<'_> {
    /// A second person approves it.
    ///
    /// # Errors
    /// It is not one that waits for it, or the person made it.
    pub fn approve(&self, by: &str) -> Result<(), StatementRefused> {
        self.expect(StatementState::Made, StatementState::Approved)?;
        if by == self.made_by { Err(StatementRefused::OwnWork) } else { Ok(()) }
    }

    /// It is sent to be paid.
    ///
    /// # Errors
    /// It is not approved, was sent already, or there is nothing to pay.
    pub fn send(&self) -> Result<(), StatementRefused> {
        match self.state {
            StatementState::Made if self.needs_approval => Err(StatementRefused::NotApproved),
            StatementState::Made | StatementState::Approved if self.payable == Amount::ZERO => {
                Err(StatementRefused::NothingPayable)
            }
            StatementState::Made | StatementState::Approved => Ok(()),
            StatementState::Open | StatementState::Sent | StatementState::Paid => {
                Err(StatementRefused::WrongState { state: self.state, to: StatementState::Sent })
            }
        }
    }

    /// It was paid.
    ///
    /// # Errors
    /// It was not sent, or is noted as paid already.
    pub fn pay(&self) -> Result<(), StatementRefused> {
        self.expect(StatementState::Sent, StatementState::Paid)
    }

    fn expect(&self, from: StatementState, to: StatementState) -> Result<(), StatementRefused> {
        if self.state == from { Ok(()) } else { Err(StatementRefused::WrongState { state: self.state, to }) }
    }
}

/// The sums of a statement's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineSums {
    /// How many there are.
    pub lines: i64,
    /// What the organiser pays, in all.
    pub organiser_pays: Amount,
    /// What clients pay to the provider, in all.
    pub co_payment: Amount,
    /// What clients are charged by the organiser, in all.
    pub client_fee: Amount,
}

impl LineSums {
    /// With another line; `None` where a sum is beyond the range of money.
    pub fn with(self, line: &Figures) -> Option<Self> {
        let charges = line.charges;
        Some(Self {
            lines: self.lines.checked_add(1)?,
            organiser_pays: self.organiser_pays.plus(charges.organiser_pays)?,
            co_payment: self.co_payment.plus(charges.co_payment)?,
            client_fee: self.client_fee.plus(charges.client_fee)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_is_settled_when_it_is_over_and_no_later_one_is() {
        let october = day("2026-10-01");
        assert_eq!(may_settle(october, day("2026-11-01"), None), Ok(()));
        assert_eq!(may_settle(october, day("2026-11-20"), Some(day("2026-09-01"))), Ok(()));
        let refused = |month, today, latest| may_settle(month, today, latest).unwrap_err().to_string();
        assert_eq!(refused(october, day("2026-10-31"), None), "the month from 2026-10-01 is not over on 2026-10-31");
        assert!(refused(october, day("2026-11-20"), Some(october)).starts_with("the month from 2026-10-01 is settled"));
        assert!(refused(day("2026-10-02"), day("2026-11-20"), None).contains("2026-10-02 is none"));
    }

    #[test]
    fn a_statement_is_approved_by_another_than_its_maker_and_sent_once() {
        let payable: Amount = "10.00".parse().unwrap();
        let standing = |state| StatementStanding { state, payable, needs_approval: true, made_by: "maija" };
        let made = standing(StatementState::Made);
        assert_eq!(made.approve("maija"), Err(StatementRefused::OwnWork));
        assert_eq!(made.approve("niilo"), Ok(()));
        assert_eq!(made.send(), Err(StatementRefused::NotApproved));
        assert_eq!(StatementStanding { needs_approval: false, ..made }.send(), Ok(()));
        assert_eq!(StatementStanding { payable: Amount::ZERO, ..standing(StatementState::Approved) }.send(), {
            Err(StatementRefused::NothingPayable)
        });
        assert_eq!(standing(StatementState::Approved).send(), Ok(()));
        assert_eq!(standing(StatementState::Sent).pay(), Ok(()));
        for state in StatementState::ALL {
            assert_eq!(standing(state).pay().is_ok(), state == StatementState::Sent);
            assert_eq!(standing(state).approve("niilo").is_ok(), state == StatementState::Made);
            assert_eq!(standing(state).send().is_ok(), state == StatementState::Approved);
        }
    }

    #[test]
    fn terms_say_all_that_is_wrong_with_them() {
        let terms = |more: &str| {
            let text = r#"{"payment_days": 14, "iban": "FI2112345600000785", "buyer_reference": "4711"MORE}"#;
            serde_json::from_str::<SettlementTerms>(&text.replace("MORE", more)).unwrap()
        };
        assert_eq!(terms(r#", "bic": "NDEAFIHH", "settlement_day": 5"#).faults(), []);
        let wrong = SettlementTerms { payment_days: 91, buyer_reference: " x".into(), ..terms("") };
        let wrong = SettlementTerms { settlement_day: Some(29), bic: Some("NDEAF1HH?".into()), ..wrong };
        let wrong = SettlementTerms { iban: "FI2112345600000786".into(), ..wrong };
        let pointers: Vec<&str> = wrong.faults().into_iter().map(SettlementTermsFault::pointer).collect();
        assert_eq!(pointers, ["/settlement_day", "/payment_days", "/iban", "/bic", "/buyer_reference"]);
        assert!(terms("").needs_approval(Amount::ZERO));
        let limited = terms(r#", "approval_limit": "100.00""#);
        assert!(!limited.needs_approval("100.00".parse().unwrap()));
        assert!(limited.needs_approval("100.01".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn what_is_carried_from_month_to_month_is_paid_in_the_end(totals in prop::collection::vec(-90_000_i64..90_000, 1..24)) {
            let (mut carried, mut paid) = (Amount::ZERO, Amount::ZERO);
            for total in &totals {
                let (payable, carried_out) = carry(carried, Amount::from_minor(*total)).unwrap();
                prop_assert!(payable == Amount::ZERO || carried_out == Amount::ZERO);
                (carried, paid) = (carried_out, paid.plus(payable).unwrap());
            }
            prop_assert_eq!(paid.plus(carried).unwrap(), Amount::from_minor(totals.iter().sum()));
        }
    }
}
