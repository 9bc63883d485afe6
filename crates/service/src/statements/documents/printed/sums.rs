//! The sums of the page: what is paid and carried on, and what the lines come to by month, treatment and code.

use valinta_domain::Amount;
use valinta_domain::statement::VatSums;

use super::table::{write_figures, write_names, write_wide};
use super::{Page, phrases as p};
use crate::statements::documents::markup::Markup;
use crate::statements::documents::words::{Phrase, month};

const SUMS: (&str, &str) = ("class", "sums");

pub(super) fn write_summary(page: &Page<'_>, main: &mut Markup) {
    let sums = page.statement.sums();
    main.within_as("table", &[SUMS], |table| {
        table.text("caption", page.say(p::SUMMARY_CAPTION));
        table.within("tbody", |body| {
            for (name, amount, class) in [
                (p::CARRIED_IN, page.statement.carried_in(), ""),
                (p::TOTAL, sums.total, ""),
                (p::PAYABLE, sums.payable, "strong"),
                (p::CARRIED_OUT, sums.carried_out, ""),
            ] {
                let attributes = [("class", class)];
                let attributes: &[_] = if class.is_empty() { &[] } else { &attributes };
                body.within_as("tr", attributes, |row| write_figures(row, page.say(name), &[page.amount(amount)]));
            }
        });
    });
}

pub(super) fn write_breakdown(page: &Page<'_>, main: &mut Markup) {
    let breakdown = page.statement.breakdown();
    if breakdown.vat.is_empty() {
        return;
    }
    main.text("h2", page.say(p::BREAKDOWN));
    let months = breakdown.months.iter().map(|(first, sum)| (month(*first), vec![page.amount(*sum)]));
    write_table(page, main, p::BY_MONTH, &[(p::MONTH_OF_SERVICE, false), (p::AMOUNT, true)], months);
    let columns = [(p::TREATMENT, false), (p::TAXABLE, true), (p::TAX, true), (p::ROUNDING, true), (p::WITH_TAX, true)];
    let treatments = breakdown.vat.iter().map(|(treatment, sums)| {
        let VatSums { gross, taxable, tax } = *sums;
        let left = sums.left().unwrap_or(Amount::ZERO);
        let figures = [taxable, tax, left, gross].map(|sum| page.amount(sum));
        (treatment.text().in_language(page.language).to_owned(), figures.to_vec())
    });
    write_table(page, main, p::BY_VAT, &columns, treatments);
    let codes = breakdown.accounting_codes.iter().map(|(code, sum)| {
        let name = code.clone().unwrap_or_else(|| page.say(p::NO_CODE).to_owned());
        (name, vec![page.amount(*sum)])
    });
    write_table(page, main, p::BY_CODE, &[(p::ACCOUNTING_CODE, false), (p::AMOUNT, true)], codes);
}

fn write_table(
    page: &Page<'_>,
    main: &mut Markup,
    name: Phrase,
    columns: &[(Phrase, bool)],
    rows: impl Iterator<Item = (String, Vec<String>)>,
) {
    write_wide(main, page.say(name), |table| {
        table.text_as("caption", &[("class", "name")], page.say(name));
        table.within("thead", |head| head.within("tr", |row| write_names(page, row, columns)));
        table.within("tbody", |body| {
            for (name, figures) in rows {
                body.within("tr", |row| write_figures(row, &name, &figures));
            }
        });
    });
}
