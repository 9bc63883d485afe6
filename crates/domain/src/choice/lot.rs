//! The neutral order: a lot that is drawn for each offering from a key, of a voucher or a day and of the offering's id, and
//! of nothing else. It is blind to sector, size, age, name, price and the order of rows, and stays while others come and go.

use aes::Aes128Enc;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::id::{Id, kind};

/// The rule by which lots are drawn, by name: it is noted with each list that is shown, so that the list can be made again.
pub const RULE: &str = "lot-2";

/// Lots that are drawn together.
const AT_ONCE: usize = 64;

/// What lots are drawn from.
#[derive(Debug, Clone)]
pub struct Lot {
    key: [u8; 16],
    cipher: Aes128Enc,
    shared: bool,
}

impl Lot {
    /// One voucher's: the same all its life, and another for each.
    pub fn of_voucher(secret: &[u8], voucher: Id<kind::Voucher>) -> Self {
        Self::by(key_of(secret, voucher.uuid().as_bytes()), false)
    }

    /// Everyone's, by what it is drawn anew for, such as a day.
    pub fn of_everyone(secret: &[u8], seed: &[u8]) -> Self {
        Self::by(key_of(secret, seed), true)
    }

    /// Everyone's, by its key.
    pub(super) fn of_key(key: [u8; 16]) -> Self {
        Self::by(key, true)
    }

    fn by(key: [u8; 16], shared: bool) -> Self {
        Self { key, cipher: Aes128Enc::new(&key.into()), shared }
    }

    /// Whether many ask by it, so that it pays to keep what follows from it.
    pub(super) const fn is_shared(&self) -> bool {
        self.shared
    }

    /// What tells it from others.
    pub(super) const fn key(&self) -> [u8; 16] {
        self.key
    }

    /// An offering's lot. Lower ones come first, and no two are alike: with one key, each id is enciphered to another.
    pub fn draw(&self, offering: Id<kind::Offering>) -> [u8; 16] {
        let mut block = offering.uuid().into_bytes().into();
        self.cipher.encrypt_block(&mut block);
        block.into()
    }

    /// The lots of many offerings, each given with a place that tells it. They are drawn some at a time, which is many times
    /// as fast as one by one.
    pub(super) fn draw_each(
        &self,
        mut offerings: impl Iterator<Item = (Id<kind::Offering>, usize)>,
        mut drawn: impl FnMut([u8; 16], usize),
    ) {
        let mut blocks = [Array::from([0; 16]); AT_ONCE];
        let mut places = [0; AT_ONCE];
        loop {
            let slots = blocks.iter_mut().zip(&mut places);
            let filled = slots.zip(&mut offerings).map(|((block, place), (offering, of))| {
                *block = offering.uuid().into_bytes().into();
                *place = of;
            });
            let count = filled.count();
            let some = blocks.get_mut(..count).unwrap_or_default();
            self.cipher.encrypt_blocks(some);
            for (block, place) in some.iter().zip(places) {
                drawn((*block).into(), place);
            }
            if count < AT_ONCE {
                return;
            }
        }
    }
}

/// What tells a secret from others, and tells nothing of it: lists are made again by the one that they were drawn by.
pub fn mark_of(secret: &[u8]) -> String {
    key_of(secret, b"the mark of this key").iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The key of a seed, from which the secret cannot be found.
fn key_of(secret: &[u8], seed: &[u8]) -> [u8; 16] {
    // HMAC takes keys of any length, so that there is no error to make.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return [0; 16] };
    mac.update(seed);
    let whole: [u8; 32] = mac.finalize().into_bytes().into();
    let mut key = [0; 16];
    for (byte, from) in key.iter_mut().zip(whole) {
        *byte = from;
    }
    key
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_lot_is_the_id_enciphered_as_the_standard_says() {
        // FIPS 197, appendix C.1.
        let lot = Lot::of_key(0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f_u128.to_be_bytes());
        let id = Id::new(Uuid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff));
        assert_eq!(u128::from_be_bytes(lot.draw(id)), 0x69c4_e0d8_6a7b_0430_d8cd_b780_70b4_c55a);
    }

    #[test]
    fn lots_that_are_drawn_together_are_those_that_are_drawn_alone() {
        let lot = Lot::of_everyone(b"key", b"day");
        for count in [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE] {
            let ids = || (0_u128..).map(|n| Id::new(Uuid::from_u128(n * n))).zip(10..).take(count);
            let mut together = Vec::new();
            lot.draw_each(ids(), |drawn, place| together.push((drawn, place)));
            let alone: Vec<_> = ids().map(|(id, place)| (lot.draw(id), place)).collect();
            assert_eq!(together, alone);
        }
    }
}
