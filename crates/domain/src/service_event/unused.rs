//! What of a voucher's allotments a service that is taken back gives back: the latest of what it used first.

use super::account::Figures;
use crate::quantity::Quantity;
use crate::rulebook::Measure;

/// Ten-thousandths in a cent.
const MONEY_STEP_E4: i64 = 100;

/// How much of a voucher's grant figures that are taken back give back: units, or of a purse what was paid out of it.
pub fn given_back(measure: Measure, by_client_fee: bool, back: &Figures) -> Quantity {
    let money = if by_client_fee { back.charges.total } else { back.charges.organiser_pays };
    match measure {
        Measure::Quantity => back.quantity,
        Measure::Money => Quantity::from_e4(money.minor().saturating_mul(MONEY_STEP_E4)),
    }
}

/// What of what was used is given back, by its place: of the last one first, and never more than was used. A purse has paid
/// less than a public unit's cost where it had no more.
pub fn undraw(used: &[Quantity], wanted: Quantity) -> Vec<(usize, Quantity)> {
    let mut left = wanted;
    let mut back = Vec::new();
    for (place, used) in used.iter().enumerate().rev() {
        let some = left.min(*used);
        if some > Quantity::ZERO {
            back.push((place, some));
            left = left.minus(some).unwrap_or(Quantity::ZERO);
        }
    }
    back
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service_event::Charges;

    fn quantity(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    #[test]
    fn what_was_used_last_is_given_back_first() {
        let used = [quantity("2"), quantity("0"), quantity("1.5")];
        assert_eq!(undraw(&used, quantity("1")), [(2, quantity("1"))]);
        assert_eq!(undraw(&used, quantity("2")), [(2, quantity("1.5")), (0, quantity("0.5"))]);
        assert_eq!(undraw(&used, quantity("9")), [(2, quantity("1.5")), (0, quantity("2"))]);
        assert_eq!(undraw(&used, Quantity::ZERO), []);
    }

    #[test]
    fn a_purse_gets_back_what_it_paid() {
        let charges =
            Charges { total: "50.00".parse().unwrap(), organiser_pays: "30.00".parse().unwrap(), ..Charges::default() };
        let back = Figures { quantity: quantity("2"), charges };
        assert_eq!(given_back(Measure::Quantity, false, &back), quantity("2"));
        assert_eq!(given_back(Measure::Money, false, &back), quantity("30"));
        assert_eq!(given_back(Measure::Money, true, &back), quantity("50"));
    }
}
