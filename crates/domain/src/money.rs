//! Money: whole minor units and a currency. No floating point, no silent overflow.

use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::quantity::Quantity;
use crate::written::{self, Backwards};

/// The largest amount the service takes: ten million euros.
pub const AMOUNT_MINOR_MAX: i64 = 1_000_000_000;

/// An amount in minor units (cents) of a currency known from where it stands, such as an organiser's rulebook.
///
/// On the wire a decimal string with at most two decimals: `"12.50"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i64);

/// Why a figure is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AmountError {
    /// Not a decimal number.
    #[error("an amount is written as digits with at most two decimals, for example \"12.50\"")]
    Malformed,
    /// More than two decimals.
    #[error("an amount has at most two decimals")]
    TooPrecise,
    /// Beyond what the service takes.
    #[error("an amount lies between 0 and 10000000.00")]
    OutOfRange,
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of so many cents. Not bounded: sums and differences may leave the range that inputs must keep to.
    pub const fn from_minor(minor: i64) -> Self {
        Self(minor)
    }

    /// Cents.
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// Rounds half up to the cent; `None` beyond the range.
    pub fn rounded(value: Decimal) -> Option<Self> {
        let minor = value
            .checked_mul(Decimal::ONE_HUNDRED)?
            .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
            .to_i64()?;
        Some(Self(minor))
    }

    /// The amount in whole units, exact.
    pub fn decimal(self) -> Decimal {
        Decimal::new(self.0, 2)
    }

    /// The sum; `None` where it overflows.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference; `None` where it overflows.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The amount for a quantity of units, rounded half up to the cent; `None` where it overflows.
    pub fn times(self, quantity: Quantity) -> Option<Self> {
        Self::rounded(self.decimal().checked_mul(quantity.decimal())?)
    }

    /// What a day's amount comes to in a month, × 365 / 12, rounded half up to the cent; `None` where it overflows.
    pub fn of_days_per_month(self) -> Option<Self> {
        Self::rounded(self.decimal().checked_mul(Decimal::from(365))?.checked_div(Decimal::from(12))?)
    }

    /// The amount as money.
    pub const fn of(self, currency: Currency) -> Money {
        Money { amount: self, currency }
    }

    /// With two decimals.
    fn written(self) -> Backwards {
        let minor = self.0.unsigned_abs();
        let mut written = Backwards::new();
        written.put_number(minor % 100, 2);
        written.put(b'.');
        written.put_number(minor / 100, 1);
        if self.0 < 0 {
            written.put(b'-');
        }
        written
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.written().text())
    }
}

impl FromStr for Amount {
    type Err = AmountError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let decimal = written::decimal(s).ok_or(AmountError::Malformed)?;
        if decimal.scale() > 2 {
            return Err(AmountError::TooPrecise);
        }
        let minor = (decimal * Decimal::ONE_HUNDRED).to_i64().ok_or(AmountError::OutOfRange)?;
        if minor > AMOUNT_MINOR_MAX {
            return Err(AmountError::OutOfRange);
        }
        Ok(Self(minor))
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.written().text())
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        written::in_quotes(deserializer, "12.50", str::parse)
    }
}

impl utoipa::PartialSchema for Amount {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some(r"^[0-9]{1,17}(\.[0-9]{1,2})?$"))
            .max_length(Some(20))
            .description(Some(
                "A decimal amount in the organiser's currency, at most two decimals. One that is given is at most \
                 10000000.00; sums may be larger.",
            ))
            .examples([serde_json::json!("12.50")])
            .into()
    }
}
impl utoipa::ToSchema for Amount {}

/// A currency with two decimals, by its ISO 4217 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Euro.
    #[default]
    Eur,
    /// Swedish krona.
    Sek,
    /// Norwegian krone.
    Nok,
    /// Danish krone.
    Dkk,
    /// Pound sterling.
    Gbp,
}

impl Currency {
    /// The ISO 4217 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Eur => "EUR",
            Self::Sek => "SEK",
            Self::Nok => "NOK",
            Self::Dkk => "DKK",
            Self::Gbp => "GBP",
        }
    }

    /// The currency of an ISO 4217 code, if it is one the service keeps money in.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Eur, Self::Sek, Self::Nok, Self::Dkk, Self::Gbp].into_iter().find(|c| c.code() == code)
    }
}

/// An amount with its currency: `{"amount": "12.50", "currency": "EUR"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// The amount, with two decimals. Below zero only where something is told of how amounts change.
    #[schema(value_type = String, pattern = r"^-?[0-9]{1,17}(\.[0-9]{1,2})?$", max_length = 20, example = "12.50")]
    pub amount: Amount,
    /// ISO 4217 code.
    pub currency: Currency,
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_exactly_or_refused() {
        assert_eq!("12.5".parse::<Amount>().unwrap().minor(), 1250);
        assert_eq!("12".parse::<Amount>().unwrap().to_string(), "12.00");
        assert_eq!("12.505".parse::<Amount>(), Err(AmountError::TooPrecise));
        for bad in ["", "-1", "1e3", "1,50", " 1", "1.", ".5", ".", "1.2.3", "٣"] {
            assert_eq!(bad.parse::<Amount>(), Err(AmountError::Malformed), "{bad}");
        }
        assert_eq!("10000000.01".parse::<Amount>(), Err(AmountError::OutOfRange));
    }

    proptest! {
        #[test]
        fn an_amount_survives_the_wire(minor in 0..=AMOUNT_MINOR_MAX) {
            let amount = Amount::from_minor(minor);
            prop_assert_eq!(amount.to_string().parse::<Amount>(), Ok(amount));
        }

        #[test]
        fn an_amount_is_written_as_the_decimal_it_is(minor in any::<i64>()) {
            let decimal = Decimal::new(minor, 2).to_string();
            prop_assert_eq!(Amount::from_minor(minor).to_string(), decimal.clone());
            prop_assert_eq!(format!("{:>30}", Amount::from_minor(minor)), format!("{decimal:>30}"));
        }

        #[test]
        fn times_one_changes_nothing(minor in 0..=AMOUNT_MINOR_MAX) {
            let one = "1".parse::<Quantity>().unwrap();
            prop_assert_eq!(Amount::from_minor(minor).times(one), Some(Amount::from_minor(minor)));
        }
    }
}
