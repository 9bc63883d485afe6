//! What must hold of a statement's texts, days and lines before it is one. Owns the reasons for which it is none.

use chrono::Datelike;
use thiserror::Error;

use super::{
    ACCOUNTING_CODE_CHARS_MAX, BUYER_REFERENCE_CHARS_MAX, LINES_MAX, LineKind, Party, StatementHead, StatementLine,
    Sums,
};
use crate::money::{AMOUNT_MINOR_MAX, Amount};
use crate::quantity::{QUANTITY_E4_MAX, Quantity};
use crate::text::{CODE_CHARS_MAX, LINE_CHARS_MAX, NAME_CHARS_MAX, TEXT_CHARS_MAX};
use crate::time::Day;

/// Why figures are no statement, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{at}: {why}")]
pub struct StatementRefused {
    /// A JSON pointer to the place.
    pub at: String,
    /// What is wrong there.
    pub why: Fault,
}

/// What is wrong at a place of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Fault {
    /// A text that says nothing, or too much.
    #[error("a text here has at least one visible character and at most {chars_max} characters")]
    Text {
        /// Most characters.
        chars_max: usize,
    },
    /// A month is told by its first day.
    #[error("a month is told by its first day, not by {day}")]
    NotFirstOfMonth {
        /// The day given.
        day: Day,
    },
    /// Due before it is issued.
    #[error("a statement is due on the day it is issued or later")]
    DueBeforeIssue,
    /// Too many lines.
    #[error("a statement has at most {LINES_MAX} lines")]
    TooManyLines,
    /// Lines are numbered from one.
    #[error("lines are numbered from 1 without gaps: here {expected} comes next")]
    LineNumber {
        /// What the number should be.
        expected: u32,
    },
    /// Beyond the range of a line.
    #[error("a line's amount is at most 10000000.00 and its quantity at most 1000000, either way")]
    OutOfRange,
    /// The day of service is of another month.
    #[error("the day of service lies in the month of service")]
    OtherMonth,
    /// A line's month does not fit what the line is.
    #[error(
        "a service is of the statement's own month, a late one of an earlier month, and no line is of a later month"
    )]
    MonthOfKind,
    /// A line's amount does not fit what the line is.
    #[error("a service that is settled for the first time is not below zero, and a credit not above zero")]
    SignOfKind,
    /// A credit without reason.
    #[error("a credit has a reason")]
    NoReason,
    /// A price that does not come to the amount.
    #[error("a price of a unit is not below zero, and the quantity at this price comes to the amount")]
    UnitPrice,
    /// Carried in above zero.
    #[error("what earlier months left is zero or below")]
    CarriedInAboveZero,
    /// The stated sums are others.
    #[error("the lines and what was carried in come to other sums: total {}, payable {}, carried out {}",
        sums.total, sums.payable, sums.carried_out)]
    Sums {
        /// What they come to.
        sums: Sums,
    },
    /// Figures beyond the range of money.
    #[error("the figures are too large")]
    Overflow,
}

impl Fault {
    pub(super) fn at(self, pointer: impl Into<String>) -> StatementRefused {
        StatementRefused { at: pointer.into(), why: self }
    }
}

type Checked = Result<(), StatementRefused>;

/// Whether a text says something, and not too much.
fn text(text: &str, chars_max: usize, pointer: &dyn Fn() -> String) -> Checked {
    let says_something = text.chars().any(|c| !c.is_whitespace() && !c.is_control());
    if says_something && text.chars().count() <= chars_max {
        Ok(())
    } else {
        Err(Fault::Text { chars_max }.at(pointer()))
    }
}

fn optional(given: Option<&String>, chars_max: usize, pointer: &dyn Fn() -> String) -> Checked {
    given.map_or(Ok(()), |given| text(given, chars_max, pointer))
}

fn is_first(day: Day) -> bool {
    day.date().day() == 1
}

pub(super) fn head(head: &StatementHead) -> Checked {
    party(&head.organiser, "/organiser")?;
    party(&head.provider, "/provider")?;
    if !is_first(head.month) {
        return Err(Fault::NotFirstOfMonth { day: head.month }.at("/month"));
    }
    if head.due_on < head.issued_on {
        return Err(Fault::DueBeforeIssue.at("/due_on"));
    }
    text(&head.buyer_reference, BUYER_REFERENCE_CHARS_MAX, &|| "/buyer_reference".to_owned())
}

fn party(party: &Party, place: &str) -> Checked {
    let address = &party.address;
    text(&party.name, NAME_CHARS_MAX, &|| format!("{place}/name"))?;
    for (given, name) in [(&address.street, "street"), (&address.postal_code, "postal_code"), (&address.place, "place")]
    {
        optional(given.as_ref(), LINE_CHARS_MAX, &|| format!("{place}/address/{name}"))?;
    }
    Ok(())
}

pub(super) fn lines(lines: &[StatementLine], month: Day) -> Checked {
    if lines.len() > LINES_MAX {
        return Err(Fault::TooManyLines.at("/lines"));
    }
    for ((index, line), expected) in lines.iter().enumerate().zip(1u32..) {
        let place = |field: &str| format!("/lines/{index}/{field}");
        if line.number != expected {
            return Err(Fault::LineNumber { expected }.at(place("number")));
        }
        texts(line, &place)?;
        figures(line, &place)?;
        days(line, month, &place)?;
    }
    Ok(())
}

fn texts(line: &StatementLine, place: &dyn Fn(&str) -> String) -> Checked {
    for (language, wording) in line.voucher_type.wordings() {
        text(wording, NAME_CHARS_MAX, &|| place(&format!("voucher_type/{}", language.code())))?;
    }
    optional(line.item.as_ref(), CODE_CHARS_MAX, &|| place("item"))?;
    optional(line.accounting_code.as_ref(), ACCOUNTING_CODE_CHARS_MAX, &|| place("accounting_code"))?;
    match (&line.reason, line.kind) {
        (Some(reason), _) => {
            text(&reason.code, CODE_CHARS_MAX, &|| place("reason/code"))?;
            text(&reason.text, TEXT_CHARS_MAX, &|| place("reason/text"))
        }
        (None, LineKind::Credit) => Err(Fault::NoReason.at(place("reason"))),
        (None, LineKind::Service | LineKind::Late | LineKind::Correction) => Ok(()),
    }
}

fn figures(line: &StatementLine, place: &dyn Fn(&str) -> String) -> Checked {
    let (amount, quantity) = (line.organiser_pays, line.quantity);
    if amount.minor().unsigned_abs() > AMOUNT_MINOR_MAX.unsigned_abs() {
        return Err(Fault::OutOfRange.at(place("organiser_pays")));
    }
    if quantity.e4().unsigned_abs() > QUANTITY_E4_MAX.unsigned_abs() {
        return Err(Fault::OutOfRange.at(place("quantity")));
    }
    let fits = match line.kind {
        LineKind::Service | LineKind::Late => amount >= Amount::ZERO && quantity >= Quantity::ZERO,
        LineKind::Credit => amount <= Amount::ZERO && quantity <= Quantity::ZERO,
        LineKind::Correction => true,
    };
    if !fits {
        return Err(Fault::SignOfKind.at(place("organiser_pays")));
    }
    let price_fits = line.unit_price.is_none_or(|price| price >= Amount::ZERO && price.times(quantity) == Some(amount));
    if price_fits { Ok(()) } else { Err(Fault::UnitPrice.at(place("unit_price"))) }
}

fn days(line: &StatementLine, month: Day, place: &dyn Fn(&str) -> String) -> Checked {
    let of = line.month_of_service;
    if !is_first(of) {
        return Err(Fault::NotFirstOfMonth { day: of }.at(place("month_of_service")));
    }
    if line.service_day < of || line.service_day >= of.first_of_next_month() {
        return Err(Fault::OtherMonth.at(place("service_day")));
    }
    let fits = match line.kind {
        LineKind::Service => of == month,
        LineKind::Late => of < month,
        LineKind::Correction | LineKind::Credit => of <= month,
    };
    if fits { Ok(()) } else { Err(Fault::MonthOfKind.at(place("month_of_service"))) }
}
