//! The rules of EN 16931 and of Peppol BIS Billing 3.0 that are about figures and about what must be there, checked on the
//! written document. Each check names its rule.

use proptest::prelude::*;
use valinta_domain::statement::{LineReason, Statement, VatId};
use valinta_domain::{Amount, Language};

use super::read::Node;
use super::{InvoiceError, document, document_in};
use crate::statements::documents::tests::{samples, statements};

/// A decimal as so many parts of a size, such as cents of a hundred.
fn scaled(text: &str, decimals: usize) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    assert!(fraction.len() <= decimals, "{text} has more than {decimals} decimals");
    format!("{whole}{fraction:0<decimals$}").parse().unwrap()
}

fn cents(node: &Node, path: &str) -> i128 {
    node.one(path).map_or(0, |text| scaled(text, 2))
}

/// `amount` × `rate` in hundredths of a percent, rounded to the cent, half away from nothing.
fn tax_of(amount: i128, rate: i128) -> i128 {
    let doubled = amount.abs() * rate * 2;
    (doubled + 10_000) / 20_000 * amount.signum()
}

fn read(statement: &Statement) -> Node {
    Node::read(&document(statement).unwrap())
}

fn check(statement: &Statement) {
    let invoice = read(statement);
    check_document(&invoice);
    check_totals(&invoice);
    check_categories(&invoice);
    for line in invoice.all("InvoiceLine") {
        check_line(line, &invoice);
    }
    let due = statement.sums().payable.minor();
    assert_eq!(cents(&invoice, "LegalMonetaryTotal/PayableAmount"), i128::from(due));
}

fn check_document(invoice: &Node) {
    for node in invoice.with_all_within() {
        assert!(!node.children.is_empty() || !node.text.trim().is_empty(), "R008: {} is empty", node.name);
        if let Some(currency) = node.attribute("currencyID") {
            assert_eq!(Some(currency), invoice.one("DocumentCurrencyCode"), "R051");
            assert!(
                node.text.split_once('.').is_some_and(|(_, decimals)| decimals.len() == 2),
                "BR-DEC: {}",
                node.name
            );
        }
    }
    for (name, rule) in [
        ("CustomizationID", "BR-01, R004"),
        ("ProfileID", "R001"),
        ("ID", "BR-02"),
        ("IssueDate", "BR-03"),
        ("InvoiceTypeCode", "BR-04"),
        ("DocumentCurrencyCode", "BR-05"),
        ("Note", "R002"),
        ("BuyerReference", "R003"),
        ("DueDate", "BR-CO-25"),
        ("InvoicePeriod/StartDate", "BR-29"),
        ("AccountingSupplierParty/Party/PartyLegalEntity/RegistrationName", "BR-06"),
        ("AccountingSupplierParty/Party/PartyLegalEntity/CompanyID", "BR-CO-26"),
        ("AccountingSupplierParty/Party/PostalAddress/Country/IdentificationCode", "BR-08, BR-09"),
        ("AccountingSupplierParty/Party/EndpointID", "R020"),
        ("AccountingCustomerParty/Party/PartyLegalEntity/RegistrationName", "BR-07"),
        ("AccountingCustomerParty/Party/PostalAddress/Country/IdentificationCode", "BR-10, BR-11"),
        ("AccountingCustomerParty/Party/EndpointID", "R010"),
    ] {
        assert!(invoice.one(name).is_some(), "{rule}: {name}");
    }
    for party in ["AccountingSupplierParty", "AccountingCustomerParty"] {
        let endpoint = invoice.all(&format!("{party}/Party/EndpointID"));
        assert!(endpoint.iter().all(|address| address.attribute("schemeID").is_some()), "BR-62, BR-63");
    }
    assert!(invoice.one("InvoicePeriod/StartDate") <= invoice.one("InvoicePeriod/EndDate"), "BR-29");
    assert!(!invoice.all("InvoiceLine").is_empty(), "BR-16");
    for means in invoice.all("PaymentMeans") {
        assert!(means.one("PaymentMeansCode").is_some(), "BR-49");
        assert!(means.one("PayeeFinancialAccount/ID").is_some(), "BR-50, BR-61");
    }
}

fn check_totals(invoice: &Node) {
    let sums = invoice.all("LegalMonetaryTotal")[0];
    let of = |name: &str| cents(sums, name);
    let lines: i128 = invoice.all("InvoiceLine").iter().map(|line| cents(line, "LineExtensionAmount")).sum();
    assert_eq!(of("LineExtensionAmount"), lines, "BR-CO-10");
    assert_eq!(of("TaxExclusiveAmount"), lines, "BR-CO-13");
    assert_eq!(invoice.all("TaxTotal").len(), 1, "R053");
    let tax = cents(invoice, "TaxTotal/TaxAmount");
    let taxes = invoice.all("TaxTotal/TaxSubtotal").iter().map(|subtotal| cents(subtotal, "TaxAmount")).sum::<i128>();
    assert_eq!(tax, taxes, "BR-CO-14");
    assert_eq!(of("TaxInclusiveAmount"), of("TaxExclusiveAmount") + tax, "BR-CO-15");
    let due = of("TaxInclusiveAmount") - of("PrepaidAmount") + of("PayableRoundingAmount");
    assert_eq!(of("PayableAmount"), due, "BR-CO-16");
    assert!(of("PayableRoundingAmount").abs() <= 10, "a cent for each rate at most");
    assert!(
        invoice.with_all_within().iter().all(|node| node.name != "cac:AllowanceCharge"),
        "R046, BR-CO-11, BR-CO-12"
    );
}

fn check_categories(invoice: &Node) {
    let subtotals = invoice.all("TaxTotal/TaxSubtotal");
    assert!(!subtotals.is_empty(), "BR-CO-18");
    let lines = invoice.all("InvoiceLine");
    let mut seen = Vec::new();
    for subtotal in subtotals {
        let category = subtotal.all("TaxCategory")[0];
        let (id, percent) = (category.one("ID").unwrap(), category.one("Percent"));
        assert!(!seen.contains(&(id, percent)), "BR-E-01, BR-O-01: {id} stands twice");
        seen.push((id, percent));
        let of_category = |line: &&&Node| {
            let of = line.all("Item/ClassifiedTaxCategory")[0];
            (of.one("ID"), of.one("Percent")) == (Some(id), percent)
        };
        let of_lines: i128 = lines.iter().filter(of_category).map(|line| cents(line, "LineExtensionAmount")).sum();
        let (taxable, tax) = (cents(subtotal, "TaxableAmount"), cents(subtotal, "TaxAmount"));
        assert_eq!(taxable, of_lines, "BR-S-08, BR-E-08, BR-O-08");
        let rate = percent.map_or(0, |percent| scaled(percent, 2));
        assert_eq!(tax, tax_of(taxable, rate), "BR-CO-17, BR-S-09, BR-E-09, BR-O-09");
        let (code, text) = (category.one("TaxExemptionReasonCode"), category.one("TaxExemptionReason"));
        assert_eq!(code.is_some() && text.is_some(), id != "S", "BR-E-10, BR-O-10, BR-S-10");
        assert_eq!(percent.is_none(), id == "O", "BR-48, BR-O-05");
        assert_eq!(rate > 0, id == "S", "BR-S-05, BR-E-05");
    }
    let categories: Vec<_> = seen.iter().map(|(id, _)| *id).collect();
    let has = |id| categories.contains(&id);
    assert!(!has("O") || categories.len() == 1, "BR-O-11, BR-O-12");
    let seller = invoice.all("AccountingSupplierParty/Party/PartyTaxScheme");
    let buyer = invoice.all("AccountingCustomerParty/Party/PartyTaxScheme");
    let is_vat = |scheme: &&Node| scheme.one("TaxScheme/ID") == Some("VAT");
    assert!(!has("S") || seller.iter().any(is_vat), "BR-S-02");
    assert!(!has("E") || !seller.is_empty(), "BR-E-02");
    assert!(!has("O") || (seller.is_empty() && buyer.is_empty()), "BR-O-02");
}

fn check_line(line: &Node, invoice: &Node) {
    let net = cents(line, "LineExtensionAmount");
    let quantity = line.all("InvoicedQuantity")[0];
    let price = cents(line, "Price/PriceAmount");
    assert!(price >= 0, "BR-27");
    assert!(line.one("ID").is_some() && line.one("Item/Name").is_some(), "BR-21, BR-25");
    assert!(quantity.attribute("unitCode").is_some(), "BR-23");
    let base = line.all("Price/BaseQuantity");
    assert!(base.iter().all(|base| base.attribute("unitCode") == quantity.attribute("unitCode")), "R130");
    let base = base.first().map_or(10_000, |base| scaled(&base.text, 4));
    assert!(base > 0, "R121");
    // In ten-thousandths of cents, to half a cent where two are allowed.
    let difference = net * base - scaled(&quantity.text, 4) * price;
    assert!(difference.abs() * 2 <= base, "R120: {net} of {} at {price} per {base}", quantity.text);
    assert_eq!(line.all("Item/ClassifiedTaxCategory").len(), 1, "BR-CO-04, UBL-SR-48");
    let (start, end) = (line.one("InvoicePeriod/StartDate"), line.one("InvoicePeriod/EndDate"));
    assert!(start <= end, "BR-30");
    assert!(start >= invoice.one("InvoicePeriod/StartDate"), "R110");
    assert!(end <= invoice.one("InvoicePeriod/EndDate"), "R111");
    assert_eq!(line.one("DocumentReference/DocumentTypeCode"), Some("130"), "R101");
}

proptest! {
    #[test]
    fn every_invoice_keeps_the_rules(statement in statements()) {
        check(&statement);
    }
}

#[test]
fn the_examples_keep_the_rules() {
    for (_, statement) in samples::all() {
        check(&statement);
    }
}

#[test]
fn what_no_invoice_can_hold_is_refused() {
    let head = || samples::head("T-2026-10-000099");
    let made = |lines| document(&Statement::new(head(), lines, Amount::from_minor(-1)).unwrap()).unwrap_err();
    assert_eq!(made(Vec::new()), InvoiceError::NoLines);
    let outside = samples::outside().lines()[0].clone();
    assert_eq!(made(vec![outside, samples::line(2, 10_000, 1)]), InvoiceError::OutsideWithOthers);
    let taxed = samples::treated(samples::line(1, 10_000, 1), samples::taxed(2_550));
    assert_eq!(made(vec![taxed]), InvoiceError::NoVatId);
    // Where the seller is follows from the number that is written, and from the address where none is.
    for (vat_id, statement, is_refused) in [
        (None, samples::plain(), true),
        (Some("SE556000000001"), samples::plain(), true),
        (Some("FI12345671"), samples::plain(), false),
        (Some("FI12345671"), samples::outside(), true),
    ] {
        let mut head = statement.head().clone();
        head.provider.address.country = "SE".parse().unwrap();
        head.provider.vat_id = vat_id.map(|vat_id: &str| vat_id.parse().unwrap());
        let made = document(&Statement::new(head, statement.lines().to_vec(), Amount::ZERO).unwrap());
        assert_eq!(made.err(), is_refused.then_some(InvoiceError::SellerAbroad), "{vat_id:?}");
    }
}

#[test]
fn what_months_carry_is_paid_before_and_taxed_once() {
    let credit = samples::of(samples::line(1, -10_000, -12_550), valinta_domain::statement::LineKind::Credit, 9, 1);
    let mut head = samples::head("T-2026-10-000099");
    head.provider.vat_id = Some(VatId::of(&head.provider.business_id));
    let taxed = |line| samples::treated(line, samples::taxed(2_550));
    let below = Statement::new(head.clone(), vec![taxed(credit)], Amount::ZERO).unwrap();
    let left = below.sums().carried_out;
    let after = Statement::new(head, vec![taxed(samples::line(1, 10_000, 25_100))], left).unwrap();
    let of = |statement: &Statement, name: &str| cents(&read(statement), name);
    let names = ["LegalMonetaryTotal/PrepaidAmount", "LegalMonetaryTotal/PayableAmount", "TaxTotal/TaxAmount"];
    assert_eq!(names.map(|name| of(&below, name)), [-12_550, 0, -2_550]);
    assert_eq!(names.map(|name| of(&after, name)), [12_550, 12_550, 5_100]);
    let note = read(&after).one("Note").unwrap().to_owned();
    assert!(note.ends_with("maksettavaa vähentävä: \u{2212}125,50 EUR."), "{note}");
}

#[test]
fn several_reasons_for_exemption_stand_in_one_sum() {
    let (_, statement) = samples::all().into_iter().find(|(name, _)| *name == "several-exemptions").unwrap();
    let invoice = read(&statement);
    assert_eq!(invoice.one("TaxTotal/TaxSubtotal/TaxCategory/TaxExemptionReasonCode"), Some("VATEX-EU-132"));
    let why = invoice.one("TaxTotal/TaxSubtotal/TaxCategory/TaxExemptionReason").unwrap();
    assert!(why.contains("1 kohdan c alakohta") && why.contains("1 kohdan g alakohta"), "{why}");
    let plain = read(&samples::plain());
    assert_eq!(plain.one("TaxTotal/TaxSubtotal/TaxCategory/TaxExemptionReasonCode"), Some("VATEX-EU-132-1G"));
}

#[test]
fn an_invoice_says_nothing_of_reasons_but_their_code_and_speaks_three_languages() {
    let mut statement = samples::line(1, -10_000, -3_600);
    statement = samples::of(statement, valinta_domain::statement::LineKind::Credit, 9, 1);
    let reason = LineReason { code: "wrong_day".to_owned(), text: "Secret words about somebody".to_owned() };
    statement.reason = Some(reason);
    let statement = Statement::new(samples::head("T-1"), vec![statement], Amount::ZERO).unwrap();
    for (language, note) in [
        (Language::Fi, "Hyvitys (syy: wrong_day)"),
        (Language::Sv, "Kreditering (orsak: wrong_day)"),
        (Language::En, "Credit (reason: wrong_day)"),
    ] {
        let bytes = document_in(&statement, language).unwrap();
        assert_eq!(bytes, document_in(&statement, language).unwrap());
        assert_eq!(Node::read(&bytes).one("InvoiceLine/Note"), Some(note));
        assert!(!String::from_utf8(bytes).unwrap().contains("Secret"));
    }
}

#[test]
fn odd_texts_arrive_as_they_are() {
    let invoice = read(&samples::odd());
    let name = invoice.one("AccountingSupplierParty/Party/PartyLegalEntity/RegistrationName").unwrap();
    let given = samples::odd().head().provider.name.clone();
    assert_eq!(name, given.replace(['\u{1}', '\u{ffff}'], "\u{fffd}"));
}
