//! A statement (*tilitys*): what one organiser owes one provider for one month, line by line. Owns what must hold of it.
//! What it looks like on paper or in a bank's file is not its concern, and which events are on it is decided elsewhere.

mod breakdown;
mod check;
mod party;
#[cfg(test)]
mod tests;
mod vat;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

pub use breakdown::{Breakdown, VatSums};
pub use check::{Fault, StatementRefused};
pub use party::{
    AddressScheme, Bic, BicError, Country, CountryError, ElectronicAddress, ElectronicAddressError, Party,
    PostalAddress, VatId, VatIdError,
};
pub use vat::{ExemptionCode, ExemptionCodeError, VatRate, VatRateError, VatTreatment};

use crate::id::{Id, kind};
use crate::money::{Amount, Currency};
use crate::quantity::{Quantity, Unit};
use crate::text::{LINE_CHARS_MAX, Localized};
use crate::time::Day;

/// Most lines of a statement.
pub const LINES_MAX: usize = 100_000;
/// Longest number of a statement: what a payment can refer to from end to end.
pub const NUMBER_CHARS_MAX: usize = 35;
/// Longest accounting code.
pub const ACCOUNTING_CODE_CHARS_MAX: usize = 100;
/// Longest reference by which the buyer finds where an invoice belongs.
pub const BUYER_REFERENCE_CHARS_MAX: usize = LINE_CHARS_MAX;

/// A statement's number. Of characters that every bank and every system of invoices takes: capitals, digits, and hyphens
/// between them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementNumber(String);

/// A text is no number of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a statement's number has at most 35 capital letters (A to Z) and digits, with single hyphens between them")]
pub struct StatementNumberError;

impl StatementNumber {
    /// The number as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StatementNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for StatementNumber {
    type Err = StatementNumberError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let is_part = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        };
        let is_number = s.len() <= NUMBER_CHARS_MAX && s.split('-').all(is_part);
        if is_number { Ok(Self(s.to_owned())) } else { Err(StatementNumberError) }
    }
}

impl Serialize for StatementNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for StatementNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for StatementNumber {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^[A-Z0-9]+(-[A-Z0-9]+)*$"))
            .max_length(Some(NUMBER_CHARS_MAX))
            .examples([serde_json::json!("T-2026-11-000042")])
            .into()
    }
}
impl utoipa::ToSchema for StatementNumber {}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// A service of the month, settled for the first time.
    Service,
    /// A service of an earlier month, settled for the first time.
    Late,
    /// By how much something that was settled is worth more or less now.
    Correction,
    /// Something that was settled and is taken back.
    Credit,
}

impl LineKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Service, Self::Late, Self::Correction, Self::Credit];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Late => "late",
            Self::Correction => "correction",
            Self::Credit => "credit",
        }
    }

    /// The kind of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Why something was taken back. The text is between organiser and provider, and goes into no invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LineReason {
    /// The reason's code.
    #[schema(max_length = 64)]
    pub code: String,
    /// The reason in words.
    #[schema(max_length = 4000)]
    pub text: String,
}

/// What is settled of one service event. Holds nothing by which the client could be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// Its place, from 1.
    pub number: u32,
    /// The event.
    pub service_event: Id<kind::ServiceEvent>,
    /// The name of the voucher's type.
    pub voucher_type: Localized,
    /// What of a price list was delivered.
    pub item: Option<String>,
    /// The day of service.
    pub service_day: Day,
    /// The month of service, by its first day.
    pub month_of_service: Day,
    /// How much. Below zero what is taken back, and nothing where only the money changes: quantities are told with a sign
    /// like amounts, and only those that are given from outside are never below zero.
    pub quantity: Quantity,
    /// What is counted.
    pub unit: Unit,
    /// What the organiser pays for a unit, with tax, where that is the same for all of the quantity.
    pub unit_price: Option<Amount>,
    /// What the organiser pays, with tax. Below zero what it gets back.
    pub organiser_pays: Amount,
    /// What the line is.
    pub kind: LineKind,
    /// Why something was taken back.
    pub reason: Option<LineReason>,
    /// The organiser's accounting code.
    pub accounting_code: Option<String>,
    /// How value added tax treats it.
    pub vat: VatTreatment,
}

/// The price of a unit, where a quantity at a price in whole cents comes to the amount.
pub fn price_of_unit(amount: Amount, quantity: Quantity) -> Option<Amount> {
    let price = amount.decimal().checked_div(quantity.decimal()).and_then(Amount::rounded)?;
    (price >= Amount::ZERO && price.times(quantity) == Some(amount)).then_some(price)
}

/// What stands above the lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementHead {
    /// Its number.
    pub number: StatementNumber,
    /// Who pays.
    pub organiser: Party,
    /// Who is paid.
    pub provider: Party,
    /// The month, by its first day.
    pub month: Day,
    /// The day it was made on.
    pub issued_on: Day,
    /// The day it is paid on.
    pub due_on: Day,
    /// The currency of all amounts.
    pub currency: Currency,
    /// By which the organiser's accounting finds where it belongs.
    pub buyer_reference: String,
}

/// What a statement comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// The sum of the lines.
    pub total: Amount,
    /// What is paid: total and what was carried in, if they come to more than nothing.
    pub payable: Amount,
    /// What is left for later months: total and what was carried in, if they come to less than nothing.
    pub carried_out: Amount,
}

/// What one organiser owes one provider for one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    // INVARIANT: `check` has passed head and lines, `carried_in` is not above zero, `sums` and `breakdown` are theirs.
    head: StatementHead,
    lines: Vec<StatementLine>,
    carried_in: Amount,
    sums: Sums,
    breakdown: Breakdown,
}

impl Statement {
    /// A statement of lines and of what earlier months left, which is zero or below.
    ///
    /// # Errors
    /// Something in it cannot be; the error says where.
    pub fn new(head: StatementHead, lines: Vec<StatementLine>, carried_in: Amount) -> Result<Self, StatementRefused> {
        check::head(&head)?;
        check::lines(&lines, head.month)?;
        if carried_in > Amount::ZERO {
            return Err(Fault::CarriedInAboveZero.at("/carried_in"));
        }
        let overflow = || Fault::Overflow.at("/lines");
        let breakdown = Breakdown::of(&lines).ok_or_else(overflow)?;
        let sums = sums_of(&lines, carried_in).ok_or_else(overflow)?;
        Ok(Self { head, lines, carried_in, sums, breakdown })
    }

    /// A statement whose sums were stated before, such as one that is stored.
    ///
    /// # Errors
    /// As of [`Statement::new`], or the lines come to other sums.
    pub fn stated(
        head: StatementHead,
        lines: Vec<StatementLine>,
        carried_in: Amount,
        sums: Sums,
    ) -> Result<Self, StatementRefused> {
        let statement = Self::new(head, lines, carried_in)?;
        if statement.sums == sums { Ok(statement) } else { Err(Fault::Sums { sums: statement.sums }.at("/total")) }
    }

    /// What stands above the lines.
    pub fn head(&self) -> &StatementHead {
        &self.head
    }

    /// The lines, in their order.
    pub fn lines(&self) -> &[StatementLine] {
        &self.lines
    }

    /// Each line with its amount without tax.
    pub fn lines_with_net(&self) -> impl Iterator<Item = (&StatementLine, Amount)> {
        self.lines.iter().zip(self.breakdown.net.iter().copied())
    }

    /// What earlier months left: zero or below.
    pub fn carried_in(&self) -> Amount {
        self.carried_in
    }

    /// What it comes to.
    pub fn sums(&self) -> Sums {
        self.sums
    }

    /// What it comes to by treatment, accounting code and month.
    pub fn breakdown(&self) -> &Breakdown {
        &self.breakdown
    }
}

fn sums_of(lines: &[StatementLine], carried_in: Amount) -> Option<Sums> {
    let total = lines.iter().try_fold(Amount::ZERO, |sum, line| sum.plus(line.organiser_pays))?;
    let balance = total.plus(carried_in)?;
    Some(Sums { total, payable: balance.max(Amount::ZERO), carried_out: balance.min(Amount::ZERO) })
}
