//! The algebra of statements: sums, what is carried, and how tax is spread.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn month() -> Day {
    Day::ymd(2026, 10, 1).unwrap()
}

fn head() -> StatementHead {
    StatementHead {
        number: "T-2026-10-000042".parse().unwrap(),
        organiser: Party::named("Satavuon hyvinvointialue", "9876543-0".parse().unwrap()),
        provider: Party::named("Hoiva Koivu Oy", "1234567-1".parse().unwrap()),
        month: month(),
        issued_on: Day::ymd(2026, 11, 5).unwrap(),
        due_on: Day::ymd(2026, 11, 19).unwrap(),
        currency: Currency::Eur,
        buyer_reference: "PALSE-4711".to_owned(),
    }
}

fn line(number: u32, minor: i64, vat: VatTreatment) -> StatementLine {
    StatementLine {
        number,
        service_event: Id::new(Uuid::from_u128(u128::from(number))),
        voucher_type: Localized::new("Kotihoito", "Hemvård", "Home care"),
        item: None,
        service_day: Day::ymd(2026, 10, 12).unwrap(),
        month_of_service: month(),
        quantity: Quantity::from_e4(if minor < 0 { -20_000 } else { 20_000 }),
        unit: Unit::Hour,
        unit_price: None,
        organiser_pays: Amount::from_minor(minor),
        kind: LineKind::Correction,
        reason: None,
        accounting_code: (!number.is_multiple_of(3)).then(|| format!("KP-{}", number % 3)),
        vat,
    }
}

fn treatments() -> impl Strategy<Value = VatTreatment> {
    prop_oneof![
        proptest::sample::select(ExemptionCode::ALL).prop_map(|code| VatTreatment::Exempt { code }),
        proptest::sample::select(vec![2_550u16, 1_350, 1_000, 50, 9_999, 10_000])
            .prop_map(|rate| VatTreatment::Taxed { rate: VatRate::new(rate).unwrap() }),
        Just(VatTreatment::Outside),
    ]
}

fn many_lines() -> impl Strategy<Value = Vec<StatementLine>> {
    let amounts =
        prop_oneof![-500i64..500, -1_000_000i64..1_000_000, Just(0), Just(1_000_000_000), Just(-1_000_000_000)];
    proptest::collection::vec((amounts, treatments()), 0..60)
        .prop_map(|lines| (1u32..).zip(lines).map(|(number, (minor, vat))| line(number, minor, vat)).collect())
}

fn sum(amounts: impl IntoIterator<Item = Amount>) -> i64 {
    amounts.into_iter().map(Amount::minor).sum()
}

proptest! {
    #[test]
    fn what_is_due_is_paid_or_carried_and_never_both(lines in many_lines(), carried in -2_000_000i64..=0) {
        let carried_in = Amount::from_minor(carried);
        let statement = Statement::new(head(), lines.clone(), carried_in).unwrap();
        let Sums { total, payable, carried_out } = statement.sums();
        prop_assert_eq!(total.minor(), sum(lines.iter().map(|line| line.organiser_pays)));
        prop_assert_eq!(payable.minor() + carried_out.minor(), total.minor() + carried);
        prop_assert!(payable >= Amount::ZERO && carried_out <= Amount::ZERO);
        prop_assert!(payable == Amount::ZERO || carried_out == Amount::ZERO);
        prop_assert!(Statement::stated(head(), lines.clone(), carried_in, statement.sums()).is_ok());
        let wrong = Sums { total: Amount::from_minor(total.minor() + 1), ..statement.sums() };
        prop_assert!(Statement::stated(head(), lines, carried_in, wrong).is_err());
    }

    #[test]
    fn nothing_is_lost_over_months(months in proptest::collection::vec(many_lines(), 1..6)) {
        let (mut carried, mut paid, mut settled) = (Amount::ZERO, 0, 0);
        for lines in months {
            let statement = Statement::new(head(), lines, carried).unwrap();
            paid += statement.sums().payable.minor();
            settled += statement.sums().total.minor();
            carried = statement.sums().carried_out;
        }
        prop_assert_eq!(paid + carried.minor(), settled);
    }

    #[test]
    fn every_view_of_a_statement_comes_to_its_total(lines in many_lines()) {
        let statement = Statement::new(head(), lines, Amount::ZERO).unwrap();
        let (breakdown, total) = (statement.breakdown(), statement.sums().total.minor());
        prop_assert_eq!(sum(breakdown.vat.values().map(|sums| sums.gross)), total);
        prop_assert_eq!(sum(breakdown.accounting_codes.values().copied()), total);
        prop_assert_eq!(sum(breakdown.months.values().copied()), total);
    }

    #[test]
    fn amounts_without_tax_add_up_to_what_tax_is_reckoned_on(lines in many_lines()) {
        let statement = Statement::new(head(), lines, Amount::ZERO).unwrap();
        for (treatment, sums) in &statement.breakdown().vat {
            let of = || statement.lines_with_net().filter(|(line, _)| line.vat == *treatment);
            prop_assert_eq!(sum(of().map(|(_, net)| net)), sums.taxable.minor());
            prop_assert_eq!(treatment.tax_on(sums.taxable), Some(sums.tax));
            prop_assert!(sums.left().unwrap().minor().abs() <= 1);
            for (line, net) in of() {
                let (gross, net) = (line.organiser_pays.minor(), net.minor());
                prop_assert!(net == 0 || net.signum() == gross.signum());
                prop_assert!(net.abs() <= gross.abs());
                if !matches!(treatment, VatTreatment::Taxed { .. }) {
                    prop_assert_eq!(net, gross);
                }
            }
        }
        let (taxable, tax) = statement.breakdown().taxable_and_tax().unwrap();
        let kinds = i64::try_from(statement.breakdown().vat.len()).unwrap();
        prop_assert!((statement.sums().total.minor() - taxable.minor() - tax.minor()).abs() <= kinds);
    }

    #[test]
    fn a_price_of_a_unit_comes_to_the_amount(price in 0i64..100_000, e4 in -100_000i64..100_000) {
        let (price, quantity) = (Amount::from_minor(price), Quantity::from_e4(e4));
        let amount = price.times(quantity).unwrap();
        match price_of_unit(amount, quantity) {
            Some(found) => prop_assert_eq!(found.times(quantity), Some(amount)),
            None => prop_assert!(e4.abs() < 10_000, "{} of {}", quantity, price),
        }
    }
}

#[test]
fn a_price_follows_only_where_it_is_one() {
    let price = |minor, e4| price_of_unit(Amount::from_minor(minor), Quantity::from_e4(e4)).map(Amount::minor);
    assert_eq!(price(9_000, 25_000), Some(3_600));
    assert_eq!(price(-9_000, -25_000), Some(3_600));
    assert_eq!(price(1_000, 30_000), None);
    assert_eq!(price(-9_000, 25_000), None);
    assert_eq!(price(9_000, 0), None);
    assert_eq!(price(0, 10_000), Some(0));
}

fn refused(change: impl FnOnce(&mut StatementHead, &mut StatementLine)) -> (String, Fault) {
    let (mut head, mut line) = (head(), line(1, 7_200, VatTreatment::Outside));
    line.kind = LineKind::Service;
    assert!(Statement::new(head.clone(), vec![line.clone()], Amount::ZERO).is_ok());
    change(&mut head, &mut line);
    let StatementRefused { at, why } = Statement::new(head, vec![line], Amount::ZERO).unwrap_err();
    (at, why)
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let day = |month, day| Day::ymd(2026, month, day).unwrap();
    let name = Fault::Text { chars_max: 200 };
    for (found, at, why) in [
        (refused(|head, _| head.provider.name = " \u{a0}\n".to_owned()), "/provider/name", name),
        (refused(|head, _| head.organiser.name = "a".repeat(201)), "/organiser/name", name),
        (
            refused(|head, _| head.provider.address.street = Some(String::new())),
            "/provider/address/street",
            Fault::Text { chars_max: 300 },
        ),
        (refused(|head, _| head.month = day(10, 2)), "/month", Fault::NotFirstOfMonth { day: day(10, 2) }),
        (refused(|head, _| head.due_on = day(11, 4)), "/due_on", Fault::DueBeforeIssue),
        (refused(|head, _| head.buyer_reference.clear()), "/buyer_reference", Fault::Text { chars_max: 300 }),
        (refused(|_, line| line.number = 2), "/lines/0/number", Fault::LineNumber { expected: 1 }),
        (refused(|_, line| line.voucher_type.sv.clear()), "/lines/0/voucher_type/sv", name),
        (refused(|_, line| line.kind = LineKind::Credit), "/lines/0/reason", Fault::NoReason),
        (refused(|_, line| line.kind = LineKind::Late), "/lines/0/month_of_service", Fault::MonthOfKind),
        (refused(|_, line| line.service_day = day(11, 1)), "/lines/0/service_day", Fault::OtherMonth),
        (refused(|_, line| line.organiser_pays = Amount::from_minor(-1)), "/lines/0/organiser_pays", Fault::SignOfKind),
        (
            refused(|_, line| line.organiser_pays = Amount::from_minor(i64::MIN)),
            "/lines/0/organiser_pays",
            Fault::OutOfRange,
        ),
        (refused(|_, line| line.quantity = Quantity::from_e4(i64::MAX)), "/lines/0/quantity", Fault::OutOfRange),
        (refused(|_, line| line.unit_price = Some(Amount::from_minor(3_599))), "/lines/0/unit_price", Fault::UnitPrice),
    ] {
        assert_eq!(found, (at.to_owned(), why));
    }
    let above = Statement::new(head(), Vec::new(), Amount::from_minor(1)).unwrap_err();
    assert_eq!(above.why, Fault::CarriedInAboveZero);
    let too_many = vec![line(1, 1, VatTreatment::Outside); LINES_MAX + 1];
    assert_eq!(Statement::new(head(), too_many, Amount::ZERO).unwrap_err().why, Fault::TooManyLines);
}

#[test]
fn a_number_is_one_that_every_system_takes() {
    for good in ["1", "T-2026-10-000042", "A", &"9".repeat(35)] {
        assert!(good.parse::<StatementNumber>().is_ok(), "{good}");
    }
    for bad in ["", "-", "A-", "-A", "A--B", "a", "A/B", "Ä", "A B", &"9".repeat(36)] {
        assert!(bad.parse::<StatementNumber>().is_err(), "{bad}");
    }
}
