//! What the page says: Finnish, Swedish, English.

use crate::statements::documents::words::Phrase;

pub(super) const STATEMENT: Phrase = ["Tilitys", "Redovisning", "Statement"];
pub(super) const MONTH: Phrase = ["Tilityskuukausi", "Redovisningsmånad", "Month"];
pub(super) const ORGANISER: Phrase = ["Järjestäjä", "Anordnare", "Organiser"];
pub(super) const PROVIDER: Phrase = ["Palveluntuottaja", "Serviceproducent", "Provider"];
pub(super) const BUSINESS_ID: Phrase = ["Y-tunnus", "FO-nummer", "Business ID"];
pub(super) const VAT_ID: Phrase = ["ALV-numero", "Momsnummer", "VAT number"];
pub(super) const ELECTRONIC_ADDRESS: Phrase = ["Verkkolaskuosoite", "E-fakturaadress", "Electronic address"];
pub(super) const ACCOUNT: Phrase = ["Tilinumeron loppu", "Kontonumret slutar på", "Account ends in"];
pub(super) const FACTS: Phrase = ["Tiedot", "Uppgifter", "Details"];
pub(super) const NUMBER: Phrase = ["Tilityksen numero", "Redovisningens nummer", "Number of the statement"];
pub(super) const ISSUED_ON: Phrase = ["Laadittu", "Upprättad", "Issued"];
pub(super) const DUE_ON: Phrase = ["Maksupäivä", "Betalningsdag", "Due"];
pub(super) const BUYER_REFERENCE: Phrase = ["Järjestäjän viite", "Anordnarens referens", "Organiser's reference"];
pub(super) const CURRENCY: Phrase = ["Valuutta", "Valuta", "Currency"];
pub(super) const SUMMARY: Phrase = ["Yhteenveto", "Sammandrag", "Summary"];
pub(super) const SUMMARY_CAPTION: Phrase =
    ["Mitä maksetaan ja mitä siirtyy", "Vad som betalas och vad som överförs", "What is paid and what is carried on"];
pub(super) const CARRIED_IN: Phrase =
    ["Siirtynyt aiemmilta kuukausilta", "Överfört från tidigare månader", "Carried from earlier months"];
pub(super) const TOTAL: Phrase = ["Rivit yhteensä", "Raderna sammanlagt", "Lines together"];
pub(super) const PAYABLE: Phrase = ["Maksetaan", "Betalas", "Payable"];
pub(super) const CARRIED_OUT: Phrase =
    ["Siirtyy seuraaville kuukausille", "Överförs till kommande månader", "Carried to later months"];
pub(super) const LINES: Phrase = ["Rivit", "Rader", "Lines"];
pub(super) const LINES_CAPTION: Phrase = [
    "Tilitetyt palvelut ja mitä järjestäjä niistä maksaa. Hinnat sisältävät mahdollisen arvonlisäveron.",
    "Redovisade tjänster och vad anordnaren betalar för dem. Priserna innehåller eventuell mervärdesskatt.",
    "Services settled, and what the organiser pays for them. Prices include value added tax, if any.",
];
pub(super) const NO_LINES: Phrase =
    ["Tilityksellä ei ole rivejä.", "Redovisningen har inga rader.", "The statement has no lines."];
pub(super) const LINE: Phrase = ["Rivi", "Rad", "Line"];
pub(super) const DAY: Phrase = ["Palvelupäivä", "Dag för tjänsten", "Day of service"];
pub(super) const SERVICE: Phrase =
    ["Palvelu ja tapahtuman tunnus", "Tjänst och händelsens id", "Service and id of its event"];
pub(super) const QUANTITY: Phrase = ["Määrä", "Mängd", "Quantity"];
pub(super) const UNIT_PRICE: Phrase = ["Yksikköhinta", "Enhetspris", "Price per unit"];
pub(super) const ACCOUNTING_CODE: Phrase = ["Laskentatunniste", "Kalkylobjekt", "Accounting code"];
pub(super) const VAT: Phrase = ["ALV", "Moms", "VAT"];
pub(super) const AMOUNT: Phrase = ["Summa", "Belopp", "Amount"];
pub(super) const EXEMPT: Phrase = ["veroton", "skattefri", "exempt"];
pub(super) const OUTSIDE: Phrase = ["ei veroa", "ingen skatt", "outside"];
pub(super) const BREAKDOWN: Phrase = ["Erittely", "Specifikation", "Breakdown"];
pub(super) const BY_MONTH: Phrase = ["Palvelukuukausittain", "Per tjänstemånad", "By month of service"];
pub(super) const MONTH_OF_SERVICE: Phrase = ["Palvelukuukausi", "Tjänstemånad", "Month of service"];
pub(super) const BY_VAT: Phrase =
    ["Arvonlisäverokäsittelyittäin", "Enligt mervärdesskattebehandling", "By treatment for value added tax"];
pub(super) const TREATMENT: Phrase = ["Käsittely", "Behandling", "Treatment"];
pub(super) const TAXABLE: Phrase = ["Ilman veroa", "Utan skatt", "Without tax"];
pub(super) const TAX: Phrase = ["Vero", "Skatt", "Tax"];
pub(super) const ROUNDING: Phrase = ["Pyöristys", "Avrundning", "Rounding"];
pub(super) const WITH_TAX: Phrase = ["Yhteensä", "Sammanlagt", "Together"];
pub(super) const BY_CODE: Phrase = ["Laskentatunnisteittain", "Per kalkylobjekt", "By accounting code"];
pub(super) const NO_CODE: Phrase = ["Ei tunnistetta", "Inget kalkylobjekt", "No code"];
