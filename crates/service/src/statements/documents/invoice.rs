//! An invoice of a statement: UBL 2.1 by Peppol BIS Billing 3.0, which keeps to EN 16931. The provider sells, the organiser
//! buys; as the organiser writes it, it says that it is self-billing. It holds nothing by which a client could be known.
//!
//! What months carry to each other is no supply and has no place among the lines: a month below zero is an invoice below zero
//! with its own tax, of which nothing is to be paid. What it leaves counts as paid in advance in the month that makes up for
//! it, so that nothing is taxed twice.

mod lines;
mod parties;
#[cfg(test)]
pub(super) mod read;
#[cfg(test)]
mod rules;
mod tax;

use thiserror::Error;
use valinta_domain::statement::{Party, Statement, VatTreatment};
use valinta_domain::{Amount, Currency, Day, Language};

use super::markup::Markup;
use super::words::{Phrase, figure, month, say};

const NAMESPACES: [(&str, &str); 3] = [
    ("xmlns", "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"),
    ("xmlns:cac", "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"),
    ("xmlns:cbc", "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"),
];
const CUSTOMIZATION: &str = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0";
const PROFILE: &str = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0";
/// A commercial invoice (UNCL 1001).
const INVOICE_TYPE: &str = "380";
/// Payment by credit transfer, and by one of SEPA (UNCL 4461).
const CREDIT_TRANSFER: &str = "30";
const SEPA_CREDIT_TRANSFER: &str = "58";

const SELF_BILLING: Phrase = ["Itselaskutus.", "Självfakturering.", "Self-billing."];
const STATEMENT: Phrase = ["Tilitys", "Redovisning", "Statement"];
const CARRIED_IN: Phrase = [
    "Aiemmilta kuukausilta siirtynyt, maksettavaa vähentävä:",
    "Överfört från tidigare månader, minskar beloppet att betala:",
    "Carried from earlier months, lessens what is payable:",
];
const CARRIED_OUT: Phrase =
    ["Siirtyy seuraaville kuukausille:", "Överförs till kommande månader:", "Carried to later months:"];

/// Why there is no invoice of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvoiceError {
    /// Nothing was settled.
    #[error("an invoice has at least one line; what is only carried on is on no invoice")]
    NoLines,
    /// What is outside of the scope of the tax beside what is not.
    #[error("what is outside of the scope of value added tax cannot be on an invoice with anything else")]
    OutsideWithOthers,
    /// Taxed lines of somebody who is not known to be registered.
    #[error("an invoice with value added tax states the provider's VAT number, and there is none")]
    NoVatId,
    /// A provider of a country whose own rules for invoices are not kept here.
    #[error("invoices are made for providers in Finland: neither the VAT number on it nor the address is Finnish")]
    SellerAbroad,
    /// The figures are beyond the range of money.
    #[error("the figures are too large")]
    Overflow,
}

/// The sums of an invoice.
struct Totals {
    taxable: Amount,
    tax: Amount,
    with_tax: Amount,
    /// What is not paid now because it was paid before; below nothing where it is carried on.
    prepaid: Amount,
    /// The cents by which what was agreed with tax differs from taxable amounts and their taxes.
    rounding: Amount,
    payable: Amount,
}

impl Totals {
    fn of(statement: &Statement) -> Option<Self> {
        let sums = statement.sums();
        let (taxable, tax) = statement.breakdown().taxable_and_tax()?;
        let with_tax = taxable.plus(tax)?;
        Some(Self {
            taxable,
            tax,
            with_tax,
            prepaid: sums.carried_out.minus(statement.carried_in())?,
            rounding: sums.total.minus(with_tax)?,
            payable: sums.payable,
        })
    }
}

/// The invoice, with its texts in Finnish.
///
/// # Errors
/// The statement has no lines, or lines that cannot stand on one invoice.
pub fn document(statement: &Statement) -> Result<Vec<u8>, InvoiceError> {
    document_in(statement, Language::Fi)
}

/// The invoice, with its texts in a language.
///
/// # Errors
/// As of [`document`].
pub fn document_in(statement: &Statement, language: Language) -> Result<Vec<u8>, InvoiceError> {
    check(statement)?;
    let totals = Totals::of(statement).ok_or(InvoiceError::Overflow)?;
    let categories = tax::categories(statement).ok_or(InvoiceError::Overflow)?;
    let currency = statement.head().currency;
    let mut markup = Markup::xml();
    markup.within_as("Invoice", &NAMESPACES, |invoice| {
        write_head(invoice, statement, language);
        parties::write(invoice, statement);
        if totals.payable > Amount::ZERO {
            write_payment_means(invoice, statement);
        }
        tax::write(invoice, &categories, totals.tax, currency, language);
        write_totals(invoice, &totals, currency);
        lines::write(invoice, statement, language);
    });
    Ok(markup.into_bytes())
}

fn check(statement: &Statement) -> Result<(), InvoiceError> {
    let treatments = &statement.breakdown().vat;
    if treatments.is_empty() {
        return Err(InvoiceError::NoLines);
    }
    if treatments.len() > 1 && treatments.contains_key(&VatTreatment::Outside) {
        return Err(InvoiceError::OutsideWithOthers);
    }
    let is_taxed = treatments.keys().any(|treatment| matches!(treatment, VatTreatment::Taxed { .. }));
    if is_taxed && statement.head().provider.vat_id.is_none() {
        return Err(InvoiceError::NoVatId);
    }
    if !parties::is_finnish(&statement.head().provider, parties::is_outside(statement)) {
        return Err(InvoiceError::SellerAbroad);
    }
    Ok(())
}

fn write_head(invoice: &mut Markup, statement: &Statement, language: Language) {
    let head = statement.head();
    invoice.text("cbc:CustomizationID", CUSTOMIZATION);
    invoice.text("cbc:ProfileID", PROFILE);
    invoice.text("cbc:ID", head.number.as_str());
    invoice.text("cbc:IssueDate", &head.issued_on.to_string());
    invoice.text("cbc:DueDate", &head.due_on.to_string());
    invoice.text("cbc:InvoiceTypeCode", INVOICE_TYPE);
    invoice.text("cbc:Note", &note(statement, language));
    invoice.text("cbc:DocumentCurrencyCode", head.currency.code());
    invoice.text("cbc:BuyerReference", &head.buyer_reference);
    // Days of lines must lie within: what is settled late or corrected lets it begin earlier.
    let first = statement.lines().iter().map(|line| line.service_day).fold(head.month, Day::min);
    write_period(invoice, first, head.month.first_of_next_month().plus_days(-1));
}

/// What is said of the whole: an invoice may hold one note.
fn note(statement: &Statement, language: Language) -> String {
    let (head, carried_out) = (statement.head(), statement.sums().carried_out);
    let (billing, name) = (say(SELF_BILLING, language), say(STATEMENT, language));
    let mut note = format!("{billing} {name} {}, {}.", head.number, month(head.month));
    for (phrase, amount) in [(CARRIED_IN, statement.carried_in()), (CARRIED_OUT, carried_out)] {
        if amount != Amount::ZERO {
            let (phrase, amount) = (say(phrase, language), figure(amount, language));
            note.push_str(&format!(" {phrase} {amount} {}.", head.currency.code()));
        }
    }
    note
}

fn write_period(markup: &mut Markup, first: Day, last: Day) {
    markup.within("cac:InvoicePeriod", |period| {
        period.text("cbc:StartDate", &first.to_string());
        period.text("cbc:EndDate", &last.to_string());
    });
}

fn write_payment_means(invoice: &mut Markup, statement: &Statement) {
    let head = statement.head();
    let Party { iban: Some(iban), bic, .. } = &head.provider else { return };
    let by = if head.currency == Currency::Eur { SEPA_CREDIT_TRANSFER } else { CREDIT_TRANSFER };
    invoice.within("cac:PaymentMeans", |means| {
        means.text("cbc:PaymentMeansCode", by);
        means.text("cbc:PaymentID", head.number.as_str());
        means.within("cac:PayeeFinancialAccount", |account| {
            account.text("cbc:ID", iban.as_str());
            if let Some(bic) = bic {
                account.within("cac:FinancialInstitutionBranch", |bank| bank.text("cbc:ID", bic.as_str()));
            }
        });
    });
}

fn write_totals(invoice: &mut Markup, totals: &Totals, currency: Currency) {
    invoice.within("cac:LegalMonetaryTotal", |sums| {
        write_amount(sums, "cbc:LineExtensionAmount", totals.taxable, currency);
        write_amount(sums, "cbc:TaxExclusiveAmount", totals.taxable, currency);
        write_amount(sums, "cbc:TaxInclusiveAmount", totals.with_tax, currency);
        for (name, amount) in [("cbc:PrepaidAmount", totals.prepaid), ("cbc:PayableRoundingAmount", totals.rounding)] {
            if amount != Amount::ZERO {
                write_amount(sums, name, amount, currency);
            }
        }
        write_amount(sums, "cbc:PayableAmount", totals.payable, currency);
    });
}

fn write_amount(markup: &mut Markup, name: &str, amount: Amount, currency: Currency) {
    markup.text_as(name, &[("currencyID", currency.code())], &amount.to_string());
}
