//! Quantities of service: exact, with four decimals, in a unit.

use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::written;

/// The largest quantity the service takes: a million units, in ten-thousandths.
pub const QUANTITY_E4_MAX: i64 = 10_000_000_000;

/// What a service is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// An hour, in fractions too.
    Hour,
    /// A visit.
    Visit,
    /// A day.
    Day,
    /// A calendar month.
    Month,
    /// A procedure.
    Procedure,
    /// A package of services at one price.
    Package,
}

impl Unit {
    /// All units.
    pub const ALL: [Self; 6] = [Self::Hour, Self::Visit, Self::Day, Self::Month, Self::Procedure, Self::Package];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Visit => "visit",
            Self::Day => "day",
            Self::Month => "month",
            Self::Procedure => "procedure",
            Self::Package => "package",
        }
    }

    /// The unit of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.code() == code)
    }

    /// The smallest part of it that is granted or recorded. Smaller parts would let the rounding of each to the cent add
    /// up to more than the service is worth.
    pub const fn smallest_step(self) -> Quantity {
        match self {
            Self::Hour | Self::Day | Self::Month => Quantity(100),
            Self::Visit | Self::Procedure | Self::Package => Quantity(10_000),
        }
    }
}

/// A quantity of some unit, in ten-thousandths. On the wire a decimal string: `"1.25"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(i64);

/// Why a figure is no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum QuantityError {
    /// Not a decimal number.
    #[error("a quantity is written as digits with at most four decimals, for example \"1.25\"")]
    Malformed,
    /// More than four decimals.
    #[error("a quantity has at most four decimals")]
    TooPrecise,
    /// Beyond what the service takes.
    #[error("a quantity lies between 0 and 1000000")]
    OutOfRange,
}

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One unit.
    pub const ONE: Self = Self(10_000);

    /// A quantity of so many ten-thousandths.
    pub const fn from_e4(e4: i64) -> Self {
        Self(e4)
    }

    /// Ten-thousandths.
    pub const fn e4(self) -> i64 {
        self.0
    }

    /// The quantity as an exact decimal.
    pub fn decimal(self) -> Decimal {
        Decimal::new(self.0, 4)
    }

    /// Whether it is made of whole steps.
    pub const fn is_made_of(self, step: Self) -> bool {
        step.0 != 0 && self.0 % step.0 == 0
    }

    /// The sum; `None` where it overflows.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference; `None` where it overflows.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.decimal().normalize().to_string())
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let decimal = written::decimal(s).ok_or(QuantityError::Malformed)?;
        if decimal.scale() > 4 {
            return Err(QuantityError::TooPrecise);
        }
        let e4 = (decimal * Decimal::from(10_000)).to_i64().ok_or(QuantityError::OutOfRange)?;
        if e4 > QUANTITY_E4_MAX {
            return Err(QuantityError::OutOfRange);
        }
        Ok(Self(e4))
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        written::in_quotes(deserializer, "1.25", str::parse)
    }
}

impl utoipa::PartialSchema for Quantity {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some(r"^[0-9]{1,7}(\.[0-9]{1,4})?$"))
            .max_length(Some(20))
            .description(Some("A quantity of the voucher type's unit, at most four decimals."))
            .examples([serde_json::json!("1.25")])
            .into()
    }
}
impl utoipa::ToSchema for Quantity {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_quantity_survives_the_wire(e4 in 0..=QUANTITY_E4_MAX) {
            let quantity = Quantity::from_e4(e4);
            prop_assert_eq!(quantity.to_string().parse::<Quantity>(), Ok(quantity));
        }
    }
}
