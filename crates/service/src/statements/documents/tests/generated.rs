//! Statements made at random, each of which an invoice can be made of.

use proptest::prelude::*;
use valinta_domain::statement::{
    ExemptionCode, LineKind, Statement, StatementLine, VatId, VatTreatment, price_of_unit,
};
use valinta_domain::{Amount, Quantity, Unit};

use super::samples::{day, head, line, of, taxed, treated};

/// How a line of a statement is treated: of one that is outside of the scope of the tax, every line.
fn treatments() -> impl Strategy<Value = VatTreatment> {
    prop_oneof![
        proptest::sample::select(ExemptionCode::ALL).prop_map(|code| VatTreatment::Exempt { code }),
        proptest::sample::select(vec![2_550u16, 1_350, 1_000, 50, 10_000]).prop_map(taxed),
    ]
}

/// A line before it has its number.
fn lines() -> impl Strategy<Value = StatementLine> {
    let quantities = prop_oneof![Just(0), Just(10_000), -50_000i64..50_000, -10_000_000_000i64..=10_000_000_000];
    let amounts = prop_oneof![Just(0), -10i64..10, -100_000i64..100_000, -1_000_000_000i64..=1_000_000_000];
    let priced = (0i64..20_000, -400i64..400).prop_map(|(price, quarters)| {
        let quantity = Quantity::from_e4(quarters * 2_500);
        (quantity.e4(), Amount::from_minor(price).times(quantity).unwrap().minor())
    });
    let figures = prop_oneof![priced, (quantities, amounts)];
    let units = proptest::sample::select(Unit::ALL.to_vec());
    (figures, units, treatments(), 7u32..=10, 1u32..=30, any::<bool>()).prop_map(
        |((e4, minor), unit, vat, month, at, has_code)| {
            let mut line = treated(of(line(1, e4, minor), LineKind::Correction, month, at), vat);
            line.unit = unit;
            line.unit_price = price_of_unit(line.organiser_pays, line.quantity);
            if !has_code {
                line.accounting_code = None;
            }
            line
        },
    )
}

pub(crate) fn statements() -> impl Strategy<Value = Statement> {
    let all = proptest::collection::vec(lines(), 1..25);
    (all, -200_000i64..=0, any::<bool>(), any::<bool>(), 0u32..30).prop_map(
        |(mut lines, carried, outside, has_vat_id, days)| {
            for (line, number) in lines.iter_mut().zip(1u32..) {
                line.number = number;
                if outside {
                    line.vat = VatTreatment::Outside;
                }
            }
            let mut head = head("T-2026-10-000042");
            head.due_on = day(11, 5).plus_days(i64::from(days));
            let is_taxed = lines.iter().any(|line| matches!(line.vat, VatTreatment::Taxed { .. }));
            head.provider.vat_id = (is_taxed || has_vat_id).then(|| VatId::of(&head.provider.business_id));
            Statement::new(head, lines, Amount::from_minor(carried)).unwrap()
        },
    )
}
