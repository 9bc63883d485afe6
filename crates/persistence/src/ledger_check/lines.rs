//! The lines of service events against what they were charged by: the value that the rules come to, the agreed price and
//! the quantity; and against the event that they make up.

use std::collections::HashMap;

use diesel::prelude::*;
use valinta_domain::offering::{ItemPrice, OfferPrice};
use valinta_domain::rulebook::{Measure, RulebookTerms};
use valinta_domain::rules::{At, FactValue, Facts, ITEM, ValueRule};
use valinta_domain::service_event::missed::reduced;
use valinta_domain::service_event::{Charges, EventKind, charge};
use valinta_domain::valuation::{Valuation, Versions, Worth};
use valinta_domain::voucher::{RaisedValue, Voucher};
use valinta_domain::{Amount, Day, Quantity};

use super::versions::{version, was_in_force};
use super::{About, money};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::service_event_lines;
use crate::types::DbId;

#[derive(Queryable, Selectable)]
#[diesel(table_name = service_event_lines)]
pub(super) struct Line {
    service_event_id: DbId,
    line: i32,
    organiser_id: DbId,
    item: Option<String>,
    quantity_e4: i64,
    value_minor: i64,
    price_minor: Option<i64>,
    total_minor: i64,
    organiser_pays_minor: i64,
    co_payment_minor: i64,
    client_fee_minor: i64,
}

impl Line {
    fn charges(&self) -> Charges {
        Charges {
            total: money(self.total_minor),
            organiser_pays: money(self.organiser_pays_minor),
            co_payment: money(self.co_payment_minor),
            client_fee: money(self.client_fee_minor),
        }
    }
}

pub(super) type ByEvent = HashMap<DbId, Vec<Line>>;

/// The lines of a page of events.
pub(super) fn between(c: &mut Conn, first: DbId, last: DbId) -> Result<ByEvent, DbError> {
    let rows: Vec<Line> = service_event_lines::table
        .filter(service_event_lines::service_event_id.between(first, last))
        .order((service_event_lines::service_event_id, service_event_lines::line))
        .select(Line::as_select())
        .load(c)?;
    let mut by_event = ByEvent::new();
    for row in rows {
        by_event.entry(row.service_event_id).or_default().push(row);
    }
    Ok(by_event)
}

/// What an event says of itself.
pub(super) struct Whole {
    pub(super) organiser: DbId,
    pub(super) rulebook: DbId,
    pub(super) day: Day,
    pub(super) has_span: bool,
    pub(super) kind: EventKind,
    pub(super) facts: Facts,
    pub(super) quantity: Quantity,
    pub(super) value: Amount,
    pub(super) charges: Charges,
    /// The raised value that it was recorded under, if there was one.
    pub(super) raise: Option<RaisedValue>,
}

/// The lines make up the event.
pub(super) fn check_sums(about: &mut About<'_>, event: &Whole, lines: &[Line]) {
    let in_order =
        lines.iter().zip(0..).all(|(line, place)| line.line == place && line.organiser_id == event.organiser);
    about.expect(in_order && !lines.is_empty(), || {
        "its lines are not numbered from 0, or not its organiser's".to_owned()
    });
    let value = lines.first().map(|line| money(line.value_minor));
    about.expect(value == Some(event.value), || {
        format!("value is {}, its first line's is {}", event.value, told(value))
    });
    let quantity = lines.iter().try_fold(Quantity::ZERO, |sum, line| sum.plus(Quantity::from_e4(line.quantity_e4)));
    about.expect(quantity == Some(event.quantity), || {
        format!("quantity is {}, its lines' is {}", event.quantity, told(quantity))
    });
    let sum = lines.iter().try_fold(Charges::default(), |sum, line| sum.plus(line.charges()));
    for (what, kept, lines) in each(event.charges, sum) {
        about.expect(Some(kept) == lines, || format!("{what} is {kept}, its lines' is {}", told(lines)));
    }
}

/// Each line is charged by value, price and quantity: the value by the rules, where they can be gone through again, the
/// price by the choice.
pub(super) fn check_charges(
    about: &mut About<'_>,
    event: &Whole,
    lines: &[Line],
    (voucher, agreed): (&Voucher, &OfferPrice),
    versions: &Versions,
) {
    let Some((period, terms)) = version(versions, event.rulebook) else {
        return about.fault("its rulebook was never adopted");
    };
    about.expect(was_in_force(period, event.day), || "its rulebook was not in force on its day".to_owned());
    // As it was when the event was recorded: versions that were adopted later had no part in it.
    let valuation = match Valuation::of_voucher(voucher, versions, period.from()) {
        Ok(Some(valuation)) => valuation.raised(event.raise.as_ref()),
        Ok(None) => return about.fault("its voucher's rulebook was never adopted"),
        Err(no_worth) => return about.fault(format!("its voucher has no value: {no_worth}")),
    };
    let by = By { terms, valuation: &valuation };
    let charged: Option<Vec<Charges>> = lines.iter().map(|line| check_line(about, event, line, agreed, &by)).collect();
    // What is missing has been told of the line.
    let Some(charged) = charged else { return };
    let Some(charged) = missed(event.kind, terms, charged) else {
        return about.fault(format!("its rulebook charges nothing for a {}", event.kind.code()));
    };
    let mut short = false;
    for (line, charged) in lines.iter().zip(charged) {
        let kept = line.charges();
        let charged = covered(voucher, kept.organiser_pays, charged, &mut short);
        for (what, kept, computed) in each(kept, Some(charged)) {
            about.expect(Some(kept) == computed, || {
                format!("{what} is {kept}, by value, agreed price and quantity {}", told(computed))
            });
        }
    }
}

/// What is charged by lines that would have been charged so for a visit; `None` where the rulebook charges nothing for one
/// that was missed.
fn missed(kind: EventKind, terms: &RulebookTerms, charged: Vec<Charges>) -> Option<Vec<Charges>> {
    match kind {
        EventKind::Visit => Some(charged),
        EventKind::LateCancellation | EventKind::NoShow => {
            let charge = kind.charge(terms.recording.missed.as_ref()?)?;
            reduced(charge, &charged)
        }
    }
}

/// By what an event was charged.
struct By<'a> {
    terms: &'a RulebookTerms,
    valuation: &'a Valuation<'a>,
}

/// Checks value, price and item of a line, and says what is charged for it, as for a visit.
fn check_line(about: &mut About<'_>, event: &Whole, line: &Line, agreed: &OfferPrice, by: &By<'_>) -> Option<Charges> {
    let number = line.line;
    let item = line.item.as_deref();
    let price = agreed.of_item(item).per_voucher_unit(by.terms.price_unit);
    let by_rules = worth_of(by.valuation, event, item, agreed);
    let fixed = match &by_rules {
        Some((worth, _)) => worth.co_payment.map(|co_payment| worth.value.plus(co_payment)),
        // Nobody can say what the fixed co-payment was: the line's own figures are to agree, below.
        None => by.valuation.terms().co_payment.as_ref().map(|_| line.price_minor.map(money)),
    };
    let expected = price.map(|price| match (price, fixed) {
        (ItemPrice::Voucher { .. }, Some(fixed)) => fixed,
        (ItemPrice::Voucher { .. } | ItemPrice::ClientFee { .. }, _) => price.price(),
    });
    about.expect(expected == Some(line.price_minor.map(money)), || {
        format!("line {number} has the price {}, not the agreed one", told(line.price_minor.map(money)))
    });
    if let Some((worth, of_item)) = &by_rules {
        let (value, by_rules) = (money(line.value_minor), worth.value);
        about.expect(value == by_rules, || format!("line {number} has the value {value}, by its rules {by_rules}"));
        about.expect(item == of_item.as_deref(), || {
            format!("line {number} is of the item {}, by its rules of {}", told(item), told(of_item.as_deref()))
        });
    }
    let charged = price.and_then(|price| match by_rules {
        Some((worth, _)) => charged(line, price, worth.co_payment),
        None if by.valuation.terms().co_payment.is_none() => charged(line, price, None),
        // Of a missed visit the own figures are not those of a visit: there the fixed co-payment is the price's rest.
        None if event.kind != EventKind::Visit => charged_with_rest_of_price(line, price),
        None => charged_with_own_co_payment(line, price),
    });
    if charged.is_none() {
        about.fault(format!("line {number} has no price to charge by"));
    }
    charged
}

fn charged(line: &Line, price: ItemPrice, co_payment: Option<Amount>) -> Option<Charges> {
    charge(Worth { value: money(line.value_minor), co_payment }, price, Quantity::from_e4(line.quantity_e4))
}

/// Where nobody can say what the fixed co-payment was, the rest is still to agree with it.
fn charged_with_own_co_payment(line: &Line, price: ItemPrice) -> Option<Charges> {
    let fixed = charged(line, price, Some(Amount::ZERO))?;
    match price {
        ItemPrice::ClientFee { .. } => Some(fixed),
        ItemPrice::Voucher { .. } => {
            let co_payment = money(line.co_payment_minor);
            Some(Charges { total: fixed.organiser_pays.plus(co_payment)?, co_payment, ..fixed })
        }
    }
}

/// Where nobody can say what the fixed co-payment was, it is what the line's price leaves over its value.
fn charged_with_rest_of_price(line: &Line, price: ItemPrice) -> Option<Charges> {
    match price {
        ItemPrice::ClientFee { .. } => charged(line, price, None),
        ItemPrice::Voucher { .. } => charged(line, price, money(line.price_minor?).minus(money(line.value_minor))),
    }
}

/// What becomes of charges where a purse had not enough: it pays lines in full, then one in part, then none. The rest is
/// the client's.
fn covered(voucher: &Voucher, paid: Amount, charges: Charges, short: &mut bool) -> Charges {
    let purse = voucher.measure == Measure::Money && !voucher.free_of_charge;
    if !purse || paid >= charges.organiser_pays || (*short && paid > Amount::ZERO) {
        return charges;
    }
    *short = true;
    match charges.total.minus(paid) {
        Some(co_payment) => Charges { organiser_pays: paid, co_payment, ..charges },
        None => charges,
    }
}

/// What a unit of a line is worth by the rules, and which item they say it is; `None` where that hangs on a time of day
/// that only the organiser's time zone tells.
fn worth_of(
    valuation: &Valuation<'_>,
    event: &Whole,
    item: Option<&str>,
    agreed: &OfferPrice,
) -> Option<(Worth, Option<String>)> {
    let terms = valuation.terms();
    if event.has_span && goes_by_time(terms) {
        return None;
    }
    let price = agreed.of_item(item).per_voucher_unit(terms.price_unit).and_then(ItemPrice::price);
    let at = At { day: event.day, time: None };
    let (worth, evaluation) = valuation.of_service(&event.facts, price, at).ok()?;
    let given = match event.facts.get(ITEM) {
        Some(FactValue::Word(item)) => Some(item.clone()),
        Some(FactValue::Number(_) | FactValue::Flag(_) | FactValue::Words(_)) | None => None,
    };
    let of_band = || evaluation.as_ref().and_then(|evaluation| evaluation.item()).map(str::to_owned);
    Some((worth, given.or_else(of_band)))
}

fn goes_by_time(terms: &RulebookTerms) -> bool {
    let rules = [Some(&terms.value), terms.co_payment.as_ref()].into_iter().flatten();
    rules.flat_map(ValueRule::all).any(|rule| matches!(rule, ValueRule::TimeBands(_)))
}

fn each(kept: Charges, other: Option<Charges>) -> [(&'static str, Amount, Option<Amount>); 4] {
    [
        ("total", kept.total, other.map(|other| other.total)),
        ("organiser_pays", kept.organiser_pays, other.map(|other| other.organiser_pays)),
        ("co_payment", kept.co_payment, other.map(|other| other.co_payment)),
        ("client_fee", kept.client_fee, other.map(|other| other.client_fee)),
    ]
}

fn told(figure: Option<impl ToString>) -> String {
    figure.map_or_else(|| "nothing".to_owned(), |figure| figure.to_string())
}
