//! A statement's lines as CSV (RFC 4180), for spreadsheets and for systems of accounting. Texts are guarded as in all lists;
//! figures are the service's own, so that what is below zero stays a figure.

use std::borrow::Cow;

use valinta_domain::Amount;
use valinta_domain::statement::{Statement, StatementLine, VatTreatment};

use crate::tabular::csv_cell::guard;

/// The names of the columns, which are the first line.
pub const COLUMNS: [&str; 23] = [
    "statement",
    "month",
    "line",
    "kind",
    "service_event",
    "month_of_service",
    "service_day",
    "voucher_type_fi",
    "voucher_type_sv",
    "voucher_type_en",
    "item",
    "quantity",
    "unit",
    "unit_price",
    "organiser_pays",
    "net",
    "currency",
    "vat_category",
    "vat_rate",
    "vat_exemption",
    "accounting_code",
    "reason_code",
    "reason_text",
];

/// The lines of a statement, each beside its statement's number.
///
/// # Errors
/// None that a statement can cause: lines are written to memory, all of the same length.
pub fn document(statement: &Statement) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for (line, net) in statement.lines_with_net() {
        writer.write_record(cells(statement, line, net).iter().map(AsRef::as_ref))?;
    }
    writer.into_inner().map_err(|failure| failure.into_error().into())
}

fn cells<'a>(statement: &'a Statement, line: &'a StatementLine, net: Amount) -> [Cow<'a, str>; COLUMNS.len()] {
    let own = |figure: &dyn ToString| Cow::Owned(figure.to_string());
    let text = |text: Option<&str>| Cow::Owned(text.map(guard).unwrap_or_default());
    let (category, rate, exemption) = match line.vat {
        VatTreatment::Exempt { code } => ("exempt", String::new(), code.code()),
        VatTreatment::Taxed { rate } => ("taxed", rate.to_string(), ""),
        VatTreatment::Outside => ("outside", String::new(), ""),
    };
    let head = statement.head();
    let name = &line.voucher_type;
    [
        Cow::Borrowed(head.number.as_str()),
        own(&head.month),
        own(&line.number),
        Cow::Borrowed(line.kind.code()),
        own(&line.service_event),
        own(&line.month_of_service),
        own(&line.service_day),
        text(Some(&name.fi)),
        text(Some(&name.sv)),
        text(Some(&name.en)),
        text(line.item.as_deref()),
        own(&line.quantity),
        Cow::Borrowed(line.unit.code()),
        line.unit_price.map_or(Cow::Borrowed(""), |price| own(&price)),
        own(&line.organiser_pays),
        own(&net),
        Cow::Borrowed(head.currency.code()),
        Cow::Borrowed(category),
        Cow::Owned(rate),
        Cow::Borrowed(exemption),
        text(line.accounting_code.as_deref()),
        text(line.reason.as_ref().map(|reason| reason.code.as_str())),
        text(line.reason.as_ref().map(|reason| reason.text.as_str())),
    ]
}
