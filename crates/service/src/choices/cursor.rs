//! Cursors of the lists of choices: which list it was, and the place in it after which the next page begins.
//!
//! A cursor is a position and no permit: whoever forges one sees another part of a list that is theirs to see anyhow.

use serde::{Deserialize, Serialize};
use valinta_domain::choice::{Order, SortKey};
use valinta_domain::id::kind;
use valinta_domain::valuation::Worth;
use valinta_domain::{Amount, Day, Id};

use super::wish::Wish;
use crate::http::Problem;

/// Whose list it is, and what its neutral order is drawn by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Of {
    /// A voucher's: one order for all its life, and always the prices of the present.
    Voucher(Id<kind::Voucher>),
    /// A voucher type's on a day: it is read to its end as it was on that day.
    VoucherType(Id<kind::VoucherType>, Day),
}

/// A list that has an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    of: Of,
    order: Order,
    /// What is wished for, by a short name: the filters, the place that distances are counted from, the day.
    wish: String,
    /// What the co-payments are reckoned from, where the list is in their order: the value, and the co-payment if it is
    /// fixed.
    value: Option<Amount>,
    co_payment: Option<Amount>,
}

/// A place in a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    list: List,
    after: SortKey,
}

impl List {
    /// # Errors
    /// The order is everyone's by co-payment, and no co-payment is known.
    pub(super) fn new(of: Of, wish: &Wish, worth: Option<Worth>) -> Result<Self, Problem> {
        let (order, wish) = (wish.order, wish.name());
        match (order, worth, of) {
            (Order::CoPayment, None, Of::VoucherType(..)) => Err(Problem::invalid(Vec::new()).at(
                "/query/order",
                "no_value",
                "no co-payment is known: the value depends on income and household, and none follows from what was given",
            )),
            // A voucher that is worth nothing on the list's day may be worth something when a service begins.
            (Order::CoPayment, worth, Of::VoucherType(..) | Of::Voucher(_)) => {
                let (value, co_payment) = (worth.map(|worth| worth.value), worth.and_then(|worth| worth.co_payment));
                Ok(Self { of, order, wish, value, co_payment })
            }
            (Order::Neutral | Order::Price | Order::Name | Order::EarliestStart | Order::Distance, ..) => {
                Ok(Self { of, order, wish, value: None, co_payment: None })
            }
        }
    }

    /// The place after which the page begins; the list's beginning if no cursor came.
    ///
    /// # Errors
    /// The cursor is of another list.
    pub(super) fn resume(&self, cursor: Option<Cursor>) -> Result<Option<SortKey>, Problem> {
        match cursor {
            Some(cursor) if cursor.list != *self => Err(of_another_list()),
            cursor => Ok(cursor.map(|cursor| cursor.after)),
        }
    }

    /// The cursor of the next page, if there is one.
    pub(super) fn next(&self, after: Option<SortKey>) -> Option<Cursor> {
        after.map(|after| Cursor { list: self.clone(), after })
    }
}

impl Cursor {
    /// The day of a voucher type's list that goes on: for one that was begun before midnight, still the day before.
    ///
    /// # Errors
    /// The cursor is of another list, or of one that is too old to go on.
    pub(super) fn day(&self, today: Day) -> Result<Day, Problem> {
        match self.list.of {
            Of::VoucherType(_, day) if day == today || day == today.plus_days(-1) => Ok(day),
            Of::VoucherType(_, day) if day < today => Err(Problem::invalid(Vec::new()).at(
                "/query/cursor",
                "too_old",
                format!("is of the list of {day}, which is over: begin anew without a cursor"),
            )),
            Of::VoucherType(..) | Of::Voucher(_) => Err(of_another_list()),
        }
    }
}

fn of_another_list() -> Problem {
    let detail = "must be `next` of a page of the same list: with the same filters, place and day, in the same order and by \
                  the same value; begin anew without a cursor";
    Problem::invalid(Vec::new()).at("/query/cursor", "invalid", detail)
}
