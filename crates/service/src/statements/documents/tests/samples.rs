//! Example statements. Firms, accounts and figures are made up.

use uuid::Uuid;
use valinta_domain::statement::{
    ElectronicAddress, ExemptionCode, LineKind, LineReason, Party, PostalAddress, Statement, StatementHead,
    StatementLine, VatId, VatRate, VatTreatment, price_of_unit,
};
use valinta_domain::{Amount, Currency, Day, Id, Localized, Quantity, Unit};

pub(crate) const WELFARE: VatTreatment = VatTreatment::Exempt { code: ExemptionCode::Welfare };
pub(crate) const MEDICAL: VatTreatment = VatTreatment::Exempt { code: ExemptionCode::MedicalProfession };

pub(crate) fn taxed(hundredths: u16) -> VatTreatment {
    VatTreatment::Taxed { rate: VatRate::new(hundredths).unwrap() }
}

pub(crate) fn day(month: u32, day: u32) -> Day {
    Day::ymd(2026, month, day).unwrap()
}

pub(crate) fn head(number: &str) -> StatementHead {
    let mut organiser = Party::named("Satavuon hyvinvointialue", "9876543-0".parse().unwrap());
    organiser.electronic_address = ElectronicAddress::of_unit(&organiser.business_id, "PSELI").unwrap();
    organiser.vat_id = Some(VatId::of(&organiser.business_id));
    organiser.iban = Some("FI3699999900001234".parse().unwrap());
    organiser.bic = Some("TESTFIHH".parse().unwrap());
    organiser.address = PostalAddress {
        street: Some("Valintakatu 1".to_owned()),
        postal_code: Some("99999".to_owned()),
        place: Some("Satavuo".to_owned()),
        ..PostalAddress::default()
    };
    let mut provider = Party::named("Hoiva Käpy & Kaarna Oy", "1234567-1".parse().unwrap());
    provider.iban = Some("FI2112345600000785".parse().unwrap());
    StatementHead {
        number: number.parse().unwrap(),
        organiser,
        provider,
        month: day(10, 1),
        issued_on: day(11, 5),
        due_on: day(11, 19),
        currency: Currency::Eur,
        buyer_reference: "PSELI-4711".to_owned(),
    }
}

/// A line of the month, exempt as welfare, with the price that follows.
pub(crate) fn line(number: u32, e4: i64, minor: i64) -> StatementLine {
    let (quantity, organiser_pays) = (Quantity::from_e4(e4), Amount::from_minor(minor));
    StatementLine {
        number,
        service_event: Id::new(Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 + u128::from(number))),
        voucher_type: Localized::new("Kotihoito", "Hemvård", "Home care"),
        item: None,
        service_day: day(10, 12),
        month_of_service: day(10, 1),
        quantity,
        unit: Unit::Hour,
        unit_price: price_of_unit(organiser_pays, quantity),
        organiser_pays,
        kind: LineKind::Service,
        reason: None,
        accounting_code: Some("KP-3110".to_owned()),
        vat: WELFARE,
    }
}

/// The same line of another kind and day.
pub(crate) fn of(line: StatementLine, kind: LineKind, month: u32, at: u32) -> StatementLine {
    let reason = (kind == LineKind::Credit)
        .then(|| LineReason { code: "not_delivered".to_owned(), text: "Käynti ei toteutunut".to_owned() });
    StatementLine { kind, reason, service_day: day(month, at), month_of_service: day(month, 1), ..line }
}

pub(crate) fn treated(line: StatementLine, vat: VatTreatment) -> StatementLine {
    StatementLine { vat, ..line }
}

pub(crate) fn plain() -> Statement {
    let mut lines = vec![line(1, 25_000, 9_000), line(2, 10_000, 3_600), line(3, 30_000, 10_000)];
    lines[1].accounting_code = None;
    lines[2].unit = Unit::Visit;
    lines[2].item = Some("filling".to_owned());
    Statement::new(head("T-2026-10-000001"), lines, Amount::ZERO).unwrap()
}

/// Credits, corrections of every shape, and what was recorded late.
fn credits() -> Statement {
    let lines = vec![
        line(1, 100_000, 36_000),
        of(line(2, -25_000, -9_000), LineKind::Credit, 9, 14),
        of(line(3, 0, 540), LineKind::Correction, 8, 3),
        of(line(4, 10_000, -200), LineKind::Correction, 8, 4),
        of(line(5, -10_000, 200), LineKind::Correction, 8, 5),
        of(line(6, 0, -777), LineKind::Correction, 8, 6),
        of(line(7, 7_500, 2_700), LineKind::Late, 9, 30),
        line(8, 10_000, 0),
    ];
    Statement::new(head("T-2026-10-000002"), lines, Amount::ZERO).unwrap()
}

fn below_zero() -> Statement {
    let lines = vec![line(1, 10_000, 3_600), of(line(2, -30_000, -10_000), LineKind::Credit, 9, 14)];
    Statement::new(head("T-2026-10-000003"), lines, Amount::from_minor(-1_000)).unwrap()
}

fn carried_in() -> Statement {
    Statement::new(head("T-2026-10-000004"), vec![line(1, 50_000, 18_000)], Amount::from_minor(-7_400)).unwrap()
}

/// Taxed at three rates beside what is exempt, with cents that no amount and its tax come to.
pub(crate) fn taxed_and_exempt() -> Statement {
    let mut head = head("T-2026-10-000005");
    head.provider.vat_id = Some(VatId::of(&head.provider.business_id));
    let lines = vec![
        line(1, 25_000, 9_000),
        treated(line(2, 33_300, 9_999), taxed(2_550)),
        treated(line(3, 10_000, 3), taxed(2_550)),
        treated(line(4, 10_000, 5_000), taxed(1_350)),
        treated(line(5, 10_000, 17), taxed(1_000)),
        treated(of(line(6, -5_000, -1_234), LineKind::Credit, 9, 1), taxed(2_550)),
    ];
    Statement::new(head, lines, Amount::from_minor(-123)).unwrap()
}

fn several_exemptions() -> Statement {
    let lines = vec![line(1, 10_000, 3_600), treated(line(2, 10_000, 8_000), MEDICAL)];
    Statement::new(head("T-2026-10-000006"), lines, Amount::ZERO).unwrap()
}

/// Outside of the scope of the tax, of a provider and an organiser that have VAT numbers nonetheless.
pub(crate) fn outside() -> Statement {
    let mut head = head("T-2026-10-000007");
    head.provider.vat_id = Some(VatId::of(&head.provider.business_id));
    let lines = vec![treated(line(1, 10_000, 3_600), VatTreatment::Outside)];
    Statement::new(head, lines, Amount::ZERO).unwrap()
}

/// Names and texts that are long, that look like markup, or that cannot stand in XML.
pub(crate) fn odd() -> Statement {
    let mut head = head("T-2026-10-000008");
    head.provider.name = format!("<b>\"Šķērsļi\" & 'Œuvre'</b> \u{1}\u{ffff}\u{202e}]]>{}", "ä".repeat(160));
    head.organiser.name = "\u{1f3e5} Älvstrands välfärdsområde --> &amp;".to_owned();
    head.organiser.address = PostalAddress::default();
    head.buyer_reference = "=cmd|' /C calc'!A0 & <x>".to_owned();
    let mut lines = vec![of(line(1, -10_000, -3_600), LineKind::Credit, 9, 30), line(2, 123_456_700, 987_654_321)];
    lines[0].reason =
        Some(LineReason { code: "<code>&".to_owned(), text: "</td><script>alert(1)</script>".to_owned() });
    lines[0].accounting_code = Some("+1-2;=3".to_owned());
    lines[1].item = Some("\u{7}'; DROP".to_owned());
    for line in &mut lines {
        let long = format!("@{} <i>", "Pitkä".repeat(38));
        line.voucher_type = Localized::new(&long, format!("-{long}"), format!("={long}"));
    }
    Statement::new(head, lines, Amount::ZERO).unwrap()
}

fn long() -> Statement {
    let lines = (1u32..=1_000).map(|number| {
        let minor = i64::from(number) * 37 % 9_000 + 100;
        let mut line = line(number, 2_500 * (1 + i64::from(number % 16)), minor);
        line.service_day = day(10, 1 + number % 31);
        line.accounting_code = Some(format!("KP-{}", 3_100 + number % 7));
        line
    });
    Statement::new(head("T-2026-10-000009"), lines.collect(), Amount::ZERO).unwrap()
}

/// A provider of Åland, paid in another currency, without an account.
fn aland() -> Statement {
    let mut head = head("T-2026-10-000010");
    head.currency = Currency::Sek;
    head.provider.address.country = "AX".parse().unwrap();
    head.provider.iban = None;
    Statement::new(head, vec![line(1, 10_000, 3_600)], Amount::ZERO).unwrap()
}

/// All examples by a name.
pub(crate) fn all() -> Vec<(&'static str, Statement)> {
    vec![
        ("plain", plain()),
        ("credits", credits()),
        ("below-zero", below_zero()),
        ("carried-in", carried_in()),
        ("taxed-and-exempt", taxed_and_exempt()),
        ("several-exemptions", several_exemptions()),
        ("outside", outside()),
        ("odd", odd()),
        ("long", long()),
        ("aland", aland()),
    ]
}
