//! The neutral order: a lot that is drawn for each offering from a key, of a voucher or a day and of the offering's id, and
//! of nothing else. It is blind to sector, size, age, name, price and the order of rows, and stays while others come and go.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use siphasher::sip128::SipHasher13;

use crate::id::{Id, kind};

/// The rule by which lots are drawn, by name: it is noted with each list that is shown, so that the list can be made again.
pub const RULE: &str = "lot-1";

/// What lots are drawn from.
#[derive(Debug, Clone)]
pub struct Lot {
    key: [u8; 16],
    shared: bool,
}

impl Lot {
    /// One voucher's: the same all its life, and another for each.
    pub fn of_voucher(secret: &[u8], voucher: Id<kind::Voucher>) -> Self {
        Self { key: key_of(secret, voucher.uuid().as_bytes()), shared: false }
    }

    /// Everyone's, by what it is drawn anew for, such as a day.
    pub fn of_everyone(secret: &[u8], seed: &[u8]) -> Self {
        Self { key: key_of(secret, seed), shared: true }
    }

    /// Everyone's, by its key.
    pub(super) const fn of_key(key: [u8; 16]) -> Self {
        Self { key, shared: true }
    }

    /// Whether many ask by it, so that it pays to keep what follows from it.
    pub(super) const fn is_shared(&self) -> bool {
        self.shared
    }

    /// What tells it from others.
    pub(super) const fn key(&self) -> [u8; 16] {
        self.key
    }

    /// An offering's lot. Lower ones come first.
    pub fn draw(&self, offering: Id<kind::Offering>) -> [u8; 16] {
        SipHasher13::new_with_key(&self.key).hash(offering.uuid().as_bytes()).as_bytes()
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
