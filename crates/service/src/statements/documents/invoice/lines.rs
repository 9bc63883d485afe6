//! The lines of an invoice. A price is never below zero: what is taken back is a quantity below zero.

use valinta_domain::explain::days;
use valinta_domain::statement::{LineKind, Statement, StatementLine, VatTreatment};
use valinta_domain::{Amount, Currency, Language, Quantity, Unit};

use super::{tax, write_amount, write_period};
use crate::statements::documents::markup::Markup;
use crate::statements::documents::words::{Phrase, counted, kind, say};

/// One of something (UN/ECE Recommendation 20).
const ONE: &str = "C62";
/// The document that a line refers to is what is invoiced (UNCL 1001).
const INVOICED_OBJECT: &str = "130";

const DAY_OF_SERVICE: Phrase = ["Palvelupäivä", "Dag för tjänsten", "Day of service"];
const QUANTITY: Phrase = ["määrä", "mängd", "quantity"];
const REASON: Phrase = ["syy", "orsak", "reason"];

const fn unit_code(unit: Unit) -> &'static str {
    match unit {
        Unit::Hour => "HUR",
        Unit::Day => "DAY",
        Unit::Month => "MON",
        // The recommendation has no visits and procedures: they are counted.
        Unit::Visit | Unit::Procedure | Unit::Package => ONE,
    }
}

/// A quantity at a price that come to a line's amount without tax: quantity × price / `per`.
struct Priced {
    quantity: Quantity,
    unit: &'static str,
    price: Amount,
    /// How many units the price is for, where that is not one.
    per: Option<Quantity>,
}

impl Priced {
    /// Where the organiser pays the same for each unit, that is the price. Otherwise the price is the line's, for the whole
    /// of its quantity: it then needs no rounding. Where amount and quantity have no common sign, as where an event
    /// turned out longer and cheaper, the line is one piece.
    fn of(line: &StatementLine, net: Amount) -> Self {
        let (quantity, unit) = (line.quantity, unit_code(line.unit));
        let is_below = net < Amount::ZERO;
        let price = if is_below { Amount::ZERO.minus(net).unwrap_or(net) } else { net };
        let is_of_unit = !matches!(line.vat, VatTreatment::Taxed { .. });
        match line.unit_price {
            Some(price) if is_of_unit && quantity != Quantity::ZERO => Self { quantity, unit, price, per: None },
            Some(_) | None => {
                let is_of_one_sign = net == Amount::ZERO || is_below == (quantity < Quantity::ZERO);
                if quantity == Quantity::ZERO || !is_of_one_sign {
                    let one = Quantity::from_e4(if is_below { -Quantity::ONE.e4() } else { Quantity::ONE.e4() });
                    Self { quantity: one, unit: ONE, price, per: None }
                } else {
                    let size = Quantity::from_e4(quantity.e4().checked_abs().unwrap_or(i64::MAX));
                    Self { quantity, unit, price, per: (size != Quantity::ONE).then_some(size) }
                }
            }
        }
    }
}

pub(super) fn write(invoice: &mut Markup, statement: &Statement, language: Language) {
    let currency = statement.head().currency;
    for (line, net) in statement.lines_with_net() {
        invoice.within("cac:InvoiceLine", |markup| write_line(markup, line, net, currency, language));
    }
}

fn write_line(markup: &mut Markup, line: &StatementLine, net: Amount, currency: Currency, language: Language) {
    let priced = Priced::of(line, net);
    let in_unit = [("unitCode", priced.unit)];
    markup.text("cbc:ID", &line.number.to_string());
    if let Some(note) = note(line, language) {
        markup.text("cbc:Note", &note);
    }
    markup.text_as("cbc:InvoicedQuantity", &in_unit, &priced.quantity.to_string());
    write_amount(markup, "cbc:LineExtensionAmount", net, currency);
    if let Some(code) = &line.accounting_code {
        markup.text("cbc:AccountingCost", code);
    }
    write_period(markup, line.service_day, line.service_day);
    markup.within("cac:DocumentReference", |event| {
        event.text("cbc:ID", &line.service_event.to_string());
        event.text("cbc:DocumentTypeCode", INVOICED_OBJECT);
    });
    markup.within("cac:Item", |item| {
        item.text("cbc:Description", &description(line, language));
        item.text("cbc:Name", line.voucher_type.in_language(language));
        if let Some(code) = &line.item {
            item.within("cac:SellersItemIdentification", |id| id.text("cbc:ID", code));
        }
        tax::write_of_line(item, line.vat);
    });
    markup.within("cac:Price", |price| {
        write_amount(price, "cbc:PriceAmount", priced.price, currency);
        if let Some(per) = priced.per {
            price.text_as("cbc:BaseQuantity", &in_unit, &per.to_string());
        }
    });
}

/// What the line is, where it is not simply a service of the month. Of a reason only the code: its text may say whom it is
/// about.
fn note(line: &StatementLine, language: Language) -> Option<String> {
    let what = say(kind(line.kind), language);
    match (&line.reason, line.kind) {
        (Some(reason), _) => Some(format!("{what} ({}: {})", say(REASON, language), reason.code)),
        (None, LineKind::Service) => None,
        (None, LineKind::Late | LineKind::Correction | LineKind::Credit) => Some(what.to_owned()),
    }
}

fn description(line: &StatementLine, language: Language) -> String {
    let day = days::in_language(line.service_day, language);
    let quantity = counted(line.quantity, line.unit, language);
    let (of, many) = (say(DAY_OF_SERVICE, language), say(QUANTITY, language));
    format!("{of} {day}, {many} {quantity}")
}
