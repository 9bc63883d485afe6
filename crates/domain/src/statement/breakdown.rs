//! What a statement comes to by treatment, accounting code and month, and how tax that is found in a sum is spread over
//! its lines. Owns sums only.

use std::collections::BTreeMap;

use super::{StatementLine, VatTreatment};
use crate::money::Amount;
use crate::time::Day;

/// What lines of one treatment come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VatSums {
    /// With tax: what is paid.
    pub gross: Amount,
    /// What tax is reckoned on. The lines' amounts without tax come to exactly this.
    pub taxable: Amount,
    /// The tax on it.
    pub tax: Amount,
}

impl VatSums {
    /// What is paid above taxable amount and tax, or below: at most a cent, where no amount and its tax come to the sum.
    pub fn left(self) -> Option<Amount> {
        self.gross.minus(self.taxable)?.minus(self.tax)
    }
}

/// What a statement comes to, by what it can be looked at. In the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Breakdown {
    /// By how value added tax treats it.
    pub vat: BTreeMap<VatTreatment, VatSums>,
    /// With tax, by accounting code; without one, what has none.
    pub accounting_codes: BTreeMap<Option<String>, Amount>,
    /// With tax, by the month of service, told by its first day.
    pub months: BTreeMap<Day, Amount>,
    /// Each line's amount without tax, in the order of lines.
    pub net: Vec<Amount>,
}

impl Breakdown {
    /// What lines come to; `None` where it overflows.
    ///
    /// A line's amount without tax is by how much it moves the taxable part of what its treatment has come to so far. So
    /// they add up to the whole without a cent left over, have the sign of their line or are nothing, and depend on
    /// nothing but the lines before.
    pub(super) fn of(lines: &[StatementLine]) -> Option<Self> {
        let mut breakdown = Self { net: Vec::with_capacity(lines.len()), ..Self::default() };
        for line in lines {
            let sums = breakdown.vat.entry(line.vat).or_default();
            let gross = sums.gross.plus(line.organiser_pays)?;
            let taxable = line.vat.taxable_in(gross)?;
            breakdown.net.push(taxable.minus(sums.taxable)?);
            (sums.gross, sums.taxable) = (gross, taxable);
            add(&mut breakdown.accounting_codes, line.accounting_code.clone(), line.organiser_pays)?;
            add(&mut breakdown.months, line.month_of_service, line.organiser_pays)?;
        }
        for (treatment, sums) in &mut breakdown.vat {
            sums.tax = treatment.tax_on(sums.taxable)?;
        }
        Some(breakdown)
    }

    /// Taxable amounts and taxes of all treatments; `None` where they overflow.
    pub fn taxable_and_tax(&self) -> Option<(Amount, Amount)> {
        self.vat.values().try_fold((Amount::ZERO, Amount::ZERO), |(taxable, tax), sums| {
            Some((taxable.plus(sums.taxable)?, tax.plus(sums.tax)?))
        })
    }
}

fn add<K: Ord>(sums: &mut BTreeMap<K, Amount>, key: K, amount: Amount) -> Option<()> {
    let sum = sums.entry(key).or_default();
    *sum = sum.plus(amount)?;
    Some(())
}
