//! The tax of an invoice: one sum for each category, as EN 16931 has them.

use valinta_domain::statement::{ExemptionCode, Statement, VatRate, VatSums, VatTreatment};
use valinta_domain::text::Localized;
use valinta_domain::{Amount, Currency, Language};

use super::write_amount;
use crate::statements::documents::markup::Markup;

/// Exempt by article 132 as such: where there are several points, for an invoice has one sum of what is exempt (BR-E-01).
const EXEMPT_IN_GENERAL: &str = "VATEX-EU-132";
/// Not subject to the tax.
const OUTSIDE: &str = "VATEX-EU-O";

/// A category of an invoice, and why there is no tax.
pub(super) enum Category {
    Exempt(Vec<ExemptionCode>),
    Taxed(VatRate),
    Outside,
}

/// What an invoice is taxed as, with what each category comes to; `None` where it overflows. All that is exempt is one.
pub(super) fn categories(statement: &Statement) -> Option<Vec<(Category, VatSums)>> {
    let mut categories: Vec<(Category, VatSums)> = Vec::new();
    // What is exempt comes first in the order of treatments, all together.
    for (treatment, sums) in &statement.breakdown().vat {
        match (treatment, categories.last_mut()) {
            (VatTreatment::Exempt { code }, Some((Category::Exempt(reasons), together))) => {
                reasons.push(*code);
                together.taxable = together.taxable.plus(sums.taxable)?;
            }
            (VatTreatment::Exempt { code }, _) => categories.push((Category::Exempt(vec![*code]), *sums)),
            (VatTreatment::Taxed { rate }, _) => categories.push((Category::Taxed(*rate), *sums)),
            (VatTreatment::Outside, _) => categories.push((Category::Outside, *sums)),
        }
    }
    Some(categories)
}

pub(super) fn write(
    invoice: &mut Markup,
    categories: &[(Category, VatSums)],
    tax: Amount,
    currency: Currency,
    language: Language,
) {
    invoice.within("cac:TaxTotal", |total| {
        write_amount(total, "cbc:TaxAmount", tax, currency);
        for (category, sums) in categories {
            write_subtotal(total, category, *sums, currency, language);
        }
    });
}

fn write_subtotal(total: &mut Markup, category: &Category, sums: VatSums, currency: Currency, language: Language) {
    total.within("cac:TaxSubtotal", |subtotal| {
        write_amount(subtotal, "cbc:TaxableAmount", sums.taxable, currency);
        write_amount(subtotal, "cbc:TaxAmount", sums.tax, currency);
        subtotal.within("cac:TaxCategory", |of| {
            match category {
                Category::Exempt(reasons) => {
                    write_rate(of, "E", Some("0"));
                    let code = if let [one] = reasons.as_slice() { one.code() } else { EXEMPT_IN_GENERAL };
                    let texts = reasons.iter().map(|reason| reason.text().in_language(language).to_owned());
                    write_reason(of, code, &texts.collect::<Vec<_>>().join("; "));
                }
                Category::Taxed(rate) => write_rate(of, "S", Some(&rate.to_string())),
                Category::Outside => {
                    write_rate(of, "O", None);
                    let text: Localized = VatTreatment::Outside.text();
                    write_reason(of, OUTSIDE, text.in_language(language));
                }
            }
            write_scheme(of);
        });
    });
}

/// How a line is taxed.
pub(super) fn write_of_line(item: &mut Markup, treatment: VatTreatment) {
    item.within("cac:ClassifiedTaxCategory", |of| {
        match treatment {
            VatTreatment::Exempt { .. } => write_rate(of, "E", Some("0")),
            VatTreatment::Taxed { rate } => write_rate(of, "S", Some(&rate.to_string())),
            VatTreatment::Outside => write_rate(of, "O", None),
        }
        write_scheme(of);
    });
}

fn write_rate(category: &mut Markup, id: &str, percent: Option<&str>) {
    category.text("cbc:ID", id);
    if let Some(percent) = percent {
        category.text("cbc:Percent", percent);
    }
}

fn write_reason(category: &mut Markup, code: &str, text: &str) {
    category.text("cbc:TaxExemptionReasonCode", code);
    category.text("cbc:TaxExemptionReason", text);
}

fn write_scheme(category: &mut Markup) {
    category.within("cac:TaxScheme", |scheme| scheme.text("cbc:ID", "VAT"));
}
