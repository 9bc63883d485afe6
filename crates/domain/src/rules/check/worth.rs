//! What a block comes to, known before there is a client: money or a plain number, and at most how much.

use rust_decimal::Decimal;

use super::super::value_rule::ValueRule;

/// What a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An amount of money.
    Money,
    /// A plain number.
    Number,
}

impl Kind {
    /// As it stands in a sentence.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Money => "an amount of money",
            Self::Number => "a plain number",
        }
    }
}

/// What a block comes to. No figure is ever below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Worth {
    /// `None` where no branch comes to a figure, or where a fault hides which.
    pub(super) kind: Option<Kind>,
    /// The largest figure there can be; zero where there is none.
    pub(super) most: Decimal,
}

impl Worth {
    /// No figure at all.
    pub(super) const NOTHING: Self = Self { kind: None, most: Decimal::ZERO };

    /// Money.
    pub(super) const fn money(most: Decimal) -> Self {
        Self { kind: Some(Kind::Money), most }
    }

    /// A plain number.
    pub(super) const fn number(most: Decimal) -> Self {
        Self { kind: Some(Kind::Number), most }
    }
}

/// A block within another: its JSON pointer below that one's, the block, and what it comes to.
pub(super) struct Part<'r> {
    pub(super) below: String,
    pub(super) rule: &'r ValueRule,
    pub(super) worth: Worth,
}

/// The largest of several.
pub(super) fn largest(parts: &[Part<'_>]) -> Decimal {
    parts.iter().map(|part| part.worth.most).max().unwrap_or(Decimal::ZERO)
}

/// The largest that the least of several can be.
pub(super) fn least(parts: &[Part<'_>]) -> Option<Decimal> {
    parts.iter().map(|part| part.worth.most).min()
}

/// The largest that the first of several can be.
pub(super) fn first(parts: &[Part<'_>]) -> Option<Decimal> {
    parts.first().map(|part| part.worth.most)
}

/// The largest sum; `None` where it overflows.
pub(super) fn sum(parts: &[Part<'_>]) -> Option<Decimal> {
    parts.iter().try_fold(Decimal::ZERO, |sum, part| sum.checked_add(part.worth.most))
}

/// The largest product, reckoned as `evaluate` does: all divisors last. `None` where it overflows on the way.
pub(super) fn product(parts: &[Part<'_>]) -> Option<Decimal> {
    let (mut product, mut over) = (Decimal::ONE, Decimal::ONE);
    for part in parts {
        let factor = if let ValueRule::Number { is, over: divisor } = part.rule {
            over = over.checked_mul(divisor.unwrap_or(Decimal::ONE))?;
            *is
        } else {
            part.worth.most
        };
        product = product.checked_mul(factor)?;
    }
    product.checked_div(over)
}
