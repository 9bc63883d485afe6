//! What a price must pass before it is stored: the day, the approval, the rulebook of the day, the price ceiling, and
//! what the rulebook asks of changes.

use std::collections::BTreeSet;

use thiserror::Error;
use valinta_domain::id::kind;
use valinta_domain::offering::{OfferPrice, PriceChangeRefused, PriceCheck, PriceRefused};
use valinta_domain::provider::Sector;
use valinta_domain::{Day, Id};
use valinta_persistence::voucher_types::Rulebook;
use valinta_persistence::{Conn, approvals, providers, voucher_types};

use crate::http::{Problem, ProblemKind};

/// Why a price cannot be set, whatever its figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum PriceDayRefused {
    /// Prices do not reach back.
    #[error("a price holds from today, {today}, or later")]
    InThePast {
        /// Today.
        today: Day,
        /// Where the day stands in the request.
        pointer: &'static str,
    },
    /// Only approved units offer.
    #[error("the unit has no approval for the voucher type in force on {day}")]
    NotApproved {
        /// The price's first day.
        day: Day,
    },
    /// Nothing to check it against.
    #[error("the voucher type has no rulebook in force on {day}")]
    NoRulebook {
        /// The price's first day.
        day: Day,
    },
    /// A provider whose production is nobody's cannot be charged for.
    #[error("the provider has no sector on {day}")]
    NoSector {
        /// The price's first day.
        day: Day,
    },
}

/// What is to be priced.
pub(super) struct Priced {
    pub(super) provider: Id<kind::Provider>,
    pub(super) unit: Id<kind::ServiceUnit>,
    pub(super) voucher_type: Id<kind::VoucherType>,
}

/// A price's first day that is not in the past.
pub(super) fn first_day(asked: Option<Day>, today: Day, pointer: &'static str) -> Result<Day, PriceDayRefused> {
    let day = asked.unwrap_or(today);
    if day < today { Err(PriceDayRefused::InThePast { today, pointer }) } else { Ok(day) }
}

/// What a price is held against on its first day.
pub(super) struct Basis {
    /// The rulebook that is in force.
    pub(super) rulebook: Rulebook,
    sector: Sector,
}

/// What prices of something are held against that begin on a day.
pub(super) fn basis_on(c: &mut Conn, what: &Priced, day: Day) -> Result<Basis, Problem> {
    let approved = approvals::of_unit(c, what.unit, what.voucher_type)?
        .into_iter()
        .any(|approval| approval.period().is_some_and(|period| period.contains(day)));
    if !approved {
        return Err(PriceDayRefused::NotApproved { day }.into());
    }
    let rulebook =
        voucher_types::rulebook_in_force(c, what.voucher_type, day)?.ok_or(PriceDayRefused::NoRulebook { day })?;
    let sectors = providers::sectors(c, what.provider)?;
    let sector = sectors.as_of(day).copied().ok_or(PriceDayRefused::NoSector { day })?;
    Ok(Basis { rulebook, sector })
}

impl Basis {
    /// Lets a price hold, or tells all that stands against it: its figures, and the change that it would be.
    pub(super) fn allow(&self, price: &OfferPrice, change: &[PriceChangeRefused]) -> Result<(), Problem> {
        let figures = PriceCheck::under(self.rulebook.terms.as_ref()).all_refused(price, self.sector);
        let mut told = BTreeSet::new();
        let mut problem = None;
        for refused in &figures {
            let pointer = pointer_of(refused, price);
            // One price may be too high for several items.
            if told.insert(pointer.clone()) {
                let so_far = problem.unwrap_or_else(|| refusal(kind_of(refused), refused));
                problem = Some(so_far.at(&pointer, refused.code(), refused));
            }
        }
        for refused in change {
            let so_far = problem.unwrap_or_else(|| refusal(ProblemKind::RuleError, refused));
            problem = Some(so_far.at(pointer_of_change(refused), refused.code(), refused));
        }
        problem.map_or(Ok(()), Err)
    }
}

fn refusal(kind: ProblemKind, why: impl std::fmt::Display) -> Problem {
    Problem::new(kind, format!("The price cannot be set: {why}."))
}

const fn pointer_of_change(refused: &PriceChangeRefused) -> &'static str {
    match refused {
        PriceChangeRefused::TooSoon { .. }
        | PriceChangeRefused::NotOnThatDay { .. }
        | PriceChangeRefused::TooManyRaises { .. } => "/from",
        PriceChangeRefused::ReasonNeeded => "/reason",
    }
}

impl From<PriceDayRefused> for Problem {
    fn from(refused: PriceDayRefused) -> Self {
        match refused {
            PriceDayRefused::InThePast { pointer, .. } => Self::invalid(Vec::new()).at(pointer, "in_the_past", refused),
            PriceDayRefused::NotApproved { .. }
            | PriceDayRefused::NoRulebook { .. }
            | PriceDayRefused::NoSector { .. } => {
                Self::new(ProblemKind::WrongState, format!("The price cannot be set: {refused}."))
            }
        }
    }
}

fn pointer_of(refused: &PriceRefused, price: &OfferPrice) -> String {
    format!("/price/{}", member_of(refused, price))
}

/// The member of the price that is to blame, as a pointer's tokens. An item that nobody knows may be named by anything.
fn member_of(refused: &PriceRefused, price: &OfferPrice) -> String {
    match refused {
        PriceRefused::UnknownItem { item } => format!("items/{}", item.replace('~', "~0").replace('/', "~1")),
        PriceRefused::OverCeiling { .. }
        | PriceRefused::OverFreeValue { .. }
        | PriceRefused::FeeForFreeService { .. }
        | PriceRefused::ClientFeeNotPublic
        | PriceRefused::VoucherPriceOfPublic => refused.member(price),
    }
}

/// What kind of problem a price is that cannot be offered.
const fn kind_of(refused: &PriceRefused) -> ProblemKind {
    match refused {
        PriceRefused::OverCeiling { .. } => ProblemKind::PriceOverCeiling,
        PriceRefused::OverFreeValue { .. } | PriceRefused::FeeForFreeService { .. } => ProblemKind::RuleError,
        PriceRefused::ClientFeeNotPublic | PriceRefused::VoucherPriceOfPublic | PriceRefused::UnknownItem { .. } => {
            ProblemKind::InvalidInput
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use valinta_domain::Amount;

    #[test]
    fn a_price_over_the_ceiling_is_told_with_both_figures_at_its_place() {
        let (price, ceiling) = (Amount::from_minor(3650), Amount::from_minor(3600));
        let items = [("sunday".to_owned(), price)].into();
        let offered = OfferPrice::Voucher { price, items, only_items: false };
        let places = [
            (None, "/price/price"),
            (Some("sunday"), "/price/items/sunday"),
            // It costs the same as all else.
            (Some("evening"), "/price/price"),
        ];
        for (item, place) in places {
            let refused = PriceRefused::OverCeiling { item: item.map(str::to_owned), price, ceiling };
            let problem = refusal(kind_of(&refused), &refused);
            assert_eq!(problem.kind(), ProblemKind::PriceOverCeiling);
            assert!(problem.detail().contains("36.50") && problem.detail().contains("36.00"), "{}", problem.detail());
            assert_eq!(pointer_of(&refused, &offered), place);
        }
    }

    #[test]
    fn a_price_holds_from_today_at_the_earliest() {
        let today = Day::ymd(2026, 8, 1).unwrap();
        assert_eq!(first_day(None, today, "/from"), Ok(today));
        assert_eq!(first_day(Some(today), today, "/from"), Ok(today));
        let refused = Problem::from(first_day(Some(today.plus_days(-1)), today, "/from").unwrap_err());
        assert_eq!(refused.kind(), ProblemKind::InvalidInput);
        assert_eq!(refused.failures()[0].pointer, "/from");
    }
}
