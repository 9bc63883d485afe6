//! The lines of the page.

use valinta_domain::Language;
use valinta_domain::explain::days;
use valinta_domain::statement::{LineKind, StatementLine, VatTreatment};

use super::{Page, phrases as p};
use crate::statements::documents::markup::Markup;
use crate::statements::documents::words::{Phrase, counted, figure, kind, say};

const FIGURE: (&str, &str) = ("class", "figure");
const OF_COLUMN: (&str, &str) = ("scope", "col");
const OF_ROW: (&str, &str) = ("scope", "row");

/// Names of columns, and whether figures stand below.
const COLUMNS: [(Phrase, bool); 8] = [
    (p::LINE, true),
    (p::DAY, false),
    (p::SERVICE, false),
    (p::QUANTITY, true),
    (p::UNIT_PRICE, true),
    (p::ACCOUNTING_CODE, false),
    (p::VAT, false),
    (p::AMOUNT, true),
];

pub(super) fn write(page: &Page<'_>, main: &mut Markup) {
    if page.statement.lines().is_empty() {
        main.text("p", page.say(p::NO_LINES));
        return;
    }
    write_wide(main, page.say(p::LINES), |table| {
        table.text("caption", page.say(p::LINES_CAPTION));
        table.within("thead", |head| head.within("tr", |row| write_names(page, row, &COLUMNS)));
        table.within("tbody", |body| {
            for line in page.statement.lines() {
                body.within("tr", |row| write_line(page, row, line));
            }
        });
        table.within("tfoot", |foot| {
            foot.within("tr", |row| {
                row.text_as("th", &[OF_ROW, ("colspan", "7")], page.say(p::TOTAL));
                row.text_as("td", &[FIGURE], &page.amount(page.statement.sums().total));
            });
        });
    });
}

/// A table that may be wider than a small screen: it is moved sideways, by keys too.
pub(super) fn write_wide(main: &mut Markup, name: &str, content: impl FnOnce(&mut Markup)) {
    let wide = [("class", "wide"), ("role", "region"), ("aria-label", name), ("tabindex", "0")];
    main.within_as("div", &wide, |wide| wide.within("table", content));
}

/// The names of columns.
pub(super) fn write_names(page: &Page<'_>, row: &mut Markup, columns: &[(Phrase, bool)]) {
    for (name, is_figure) in columns {
        let attributes: &[_] = if *is_figure { &[OF_COLUMN, FIGURE] } else { &[OF_COLUMN] };
        row.text_as("th", attributes, page.say(*name));
    }
}

/// A row that is named by its first cell and holds figures.
pub(super) fn write_figures(row: &mut Markup, name: &str, figures: &[String]) {
    row.text_as("th", &[OF_ROW], name);
    for figure in figures {
        row.text_as("td", &[FIGURE], figure);
    }
}

fn write_line(page: &Page<'_>, row: &mut Markup, line: &StatementLine) {
    let language = page.language;
    row.text_as("th", &[OF_ROW, FIGURE], &line.number.to_string());
    row.text_as("td", &[("class", "day")], &days::in_language(line.service_day, language));
    row.within_as("td", &[("class", "service")], |cell| write_service(page, cell, line));
    row.text_as("td", &[FIGURE], &counted(line.quantity, line.unit, language));
    row.text_as("td", &[FIGURE], &line.unit_price.map(|price| page.amount(price)).unwrap_or_default());
    row.text("td", line.accounting_code.as_deref().unwrap_or_default());
    row.text_as("td", &[("class", "day")], &treatment(line.vat, language));
    row.text_as("td", &[FIGURE], &page.amount(line.organiser_pays));
}

/// What was delivered, and below it what else must be told of the line.
fn write_service(page: &Page<'_>, cell: &mut Markup, line: &StatementLine) {
    let language = page.language;
    let name = line.voucher_type.in_language(language);
    match &line.item {
        Some(item) => cell.text("span", &format!("{name}: {item}")),
        None => cell.text("span", name),
    }
    let mut note = |text: &str| cell.text_as("span", &[("class", "note")], text);
    if line.kind != LineKind::Service {
        note(say(kind(line.kind), language));
    }
    if let Some(reason) = &line.reason {
        note(&format!("{}: {}", reason.code, reason.text));
    }
    cell.text_as("span", &[("class", "note event")], &line.service_event.to_string());
}

/// The treatment as short as it can be told; the table by treatment has it in full.
fn treatment(treatment: VatTreatment, language: Language) -> String {
    match treatment {
        VatTreatment::Exempt { code } => format!("{} ({})", say(p::EXEMPT, language), code.point()),
        VatTreatment::Taxed { rate } => format!("{} %", figure(rate, language)),
        VatTreatment::Outside => say(p::OUTSIDE, language).to_owned(),
    }
}
