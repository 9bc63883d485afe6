//! Who pays what of a price (569/2009 § 7).

use crate::money::Amount;
use crate::quantity::Quantity;

/// A price times a quantity, split between organiser and client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    /// Price × quantity.
    pub total: Amount,
    /// min(value, price) × quantity: the organiser never pays more than the price.
    pub organiser_pays: Amount,
    /// The rest, to the cent.
    pub co_payment: Amount,
}

/// Splits a price. The value comes rounded; each product is rounded half up to the cent, and the co-payment is what
/// is left of the total, so that the two shares always add up. `None` where a figure is beyond the range of money.
pub fn shares(value: Amount, price: Amount, quantity: Quantity) -> Option<Shares> {
    let total = price.times(quantity)?;
    let organiser_pays = value.min(price).times(quantity)?;
    Some(Shares { total, organiser_pays, co_payment: total.minus(organiser_pays)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::AMOUNT_MINOR_MAX;
    use crate::quantity::QUANTITY_E4_MAX;
    use proptest::prelude::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    #[test]
    fn published_examples_hold() {
        for (value, price, quantity, organiser, client) in [
            ("34.87", "42.00", "20", "697.40", "142.60"),
            ("40.80", "36.00", "20", "720.00", "0.00"),
            ("120.00", "138.00", "3", "360.00", "54.00"),
            ("550.00", "614.20", "1", "550.00", "64.20"),
        ] {
            let s = shares(amount(value), amount(price), quantity.parse().unwrap()).unwrap();
            assert_eq!((s.organiser_pays, s.co_payment), (amount(organiser), amount(client)));
        }
    }

    proptest! {
        #[test]
        fn the_shares_add_up_and_none_is_negative(
            value in 0..=AMOUNT_MINOR_MAX, price in 0..=AMOUNT_MINOR_MAX, e4 in 0..=QUANTITY_E4_MAX,
        ) {
            let price = Amount::from_minor(price);
            let quantity = Quantity::from_e4(e4);
            let s = shares(Amount::from_minor(value), price, quantity).unwrap();
            prop_assert_eq!(s.organiser_pays.plus(s.co_payment), price.times(quantity));
            prop_assert!(s.organiser_pays >= Amount::ZERO && s.co_payment >= Amount::ZERO);
        }
    }
}
