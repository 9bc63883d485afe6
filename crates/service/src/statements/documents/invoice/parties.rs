//! Seller and buyer of an invoice.

use valinta_domain::statement::{Party, PostalAddress, Statement, VatTreatment};

use crate::statements::documents::markup::Markup;

/// Finnish business ids, in the list of schemes of identifiers (ISO 6523).
const BUSINESS_ID_SCHEME: &str = "0212";

/// Whether the statement is outside of the scope of the tax. Then nobody's number of it is on the invoice (BR-O-02).
pub(super) fn is_outside(statement: &Statement) -> bool {
    statement.breakdown().vat.contains_key(&VatTreatment::Outside)
}

/// Whether a seller is Finnish by what Peppol goes by: the number for the tax, if it is on the invoice, or else the address.
/// Åland's has letters of its own. Networks hold sellers of other countries to further rules of those countries.
pub(super) fn is_finnish(seller: &Party, is_outside: bool) -> bool {
    let number = seller.vat_id.as_ref().filter(|_| !is_outside).and_then(|vat_id| vat_id.as_str().get(..2));
    matches!(number.unwrap_or(seller.address.country.code()), "FI" | "AX")
}

pub(super) fn write(invoice: &mut Markup, statement: &Statement) {
    let head = statement.head();
    let is_outside = is_outside(statement);
    invoice.within("cac:AccountingSupplierParty", |seller| {
        write_party(seller, &head.provider, |party| {
            if !is_outside {
                write_tax_registration(party, &head.provider);
            }
        });
    });
    invoice.within("cac:AccountingCustomerParty", |buyer| {
        write_party(buyer, &head.organiser, |party| {
            if let (Some(vat_id), false) = (&head.organiser.vat_id, is_outside) {
                write_tax_scheme(party, vat_id.as_str(), "VAT");
            }
        });
    });
}

/// By what the seller is known to the tax authority. Who sells only what is exempt need not be registered for value added
/// tax, but a number is wanted of everyone (BR-E-02): then it is the business id.
fn write_tax_registration(party: &mut Markup, seller: &Party) {
    match &seller.vat_id {
        Some(vat_id) => write_tax_scheme(party, vat_id.as_str(), "VAT"),
        None => write_tax_scheme(party, seller.business_id.as_str(), "TAX"),
    }
}

fn write_tax_scheme(party: &mut Markup, id: &str, scheme: &str) {
    party.within("cac:PartyTaxScheme", |tax| {
        tax.text("cbc:CompanyID", id);
        tax.within("cac:TaxScheme", |of| of.text("cbc:ID", scheme));
    });
}

fn write_party(markup: &mut Markup, of: &Party, tax: impl FnOnce(&mut Markup)) {
    markup.within("cac:Party", |party| {
        let address = &of.electronic_address;
        party.text_as("cbc:EndpointID", &[("schemeID", address.scheme().code())], address.id());
        write_address(party, &of.address);
        tax(party);
        party.within("cac:PartyLegalEntity", |entity| {
            entity.text("cbc:RegistrationName", &of.name);
            entity.text_as("cbc:CompanyID", &[("schemeID", BUSINESS_ID_SCHEME)], of.business_id.as_str());
        });
    });
}

fn write_address(party: &mut Markup, of: &PostalAddress) {
    party.within("cac:PostalAddress", |address| {
        let parts = [("cbc:StreetName", &of.street), ("cbc:CityName", &of.place), ("cbc:PostalZone", &of.postal_code)];
        for (name, part) in parts {
            if let Some(part) = part {
                address.text(name, part);
            }
        }
        address.within("cac:Country", |country| country.text("cbc:IdentificationCode", of.country.code()));
    });
}
