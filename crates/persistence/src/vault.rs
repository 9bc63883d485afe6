//! Personal identifiers at rest: sealed with a key that has a version, looked up by keyed hash. Owns the formats; where
//! keys come from and what is an identifier is not its business.

use std::collections::BTreeMap;
use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use thiserror::Error;

const VERSION_LENGTH: usize = 2;
const NONCE_LENGTH: usize = 24;

/// Seals, opens and looks up. Never shows a key.
pub struct Vault {
    // INVARIANT: `ciphers` has the current version.
    current_version: u16,
    ciphers: BTreeMap<u16, XChaCha20Poly1305>,
    keyed_hash: Hmac<Sha256>,
}

/// Why something could not be sealed or opened. Says nothing of what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VaultError {
    /// There is no key of this version.
    #[error("there is no key of version {version}")]
    UnknownVersion {
        /// The version.
        version: u16,
    },
    /// Too short to have been sealed here.
    #[error("not a sealed value")]
    Malformed,
    /// Sealed with another key or for another place, or changed since.
    #[error("the sealed value does not belong here or was changed")]
    Refused,
    /// The system gives no random numbers, or the value is too long.
    #[error("the value could not be sealed")]
    NotSealed,
}

impl Vault {
    /// A vault that seals with the current key and opens with any.
    ///
    /// # Errors
    /// There is no key of the current version.
    pub fn new(current_version: u16, keys: BTreeMap<u16, [u8; 32]>, lookup_key: [u8; 32]) -> Result<Self, VaultError> {
        if !keys.contains_key(&current_version) {
            return Err(VaultError::UnknownVersion { version: current_version });
        }
        let ciphers = keys.into_iter().map(|(version, key)| (version, XChaCha20Poly1305::new(&key.into()))).collect();
        // A key of any length is taken; the error cannot occur.
        let keyed_hash = <Hmac<Sha256> as Mac>::new_from_slice(&lookup_key).map_err(|_| VaultError::Malformed)?;
        Ok(Self { current_version, ciphers, keyed_hash })
    }

    /// Seals a text for one place: `context` names the column and the row, such as `client.name:<uuid>`, and opening it
    /// anywhere else fails. The result is the key's version, a nonce and the ciphertext.
    ///
    /// # Errors
    /// There are no random numbers to be had.
    pub fn seal(&self, context: &str, plaintext: &str) -> Result<Vec<u8>, VaultError> {
        self.seal_bytes(context, plaintext.as_bytes())
    }

    /// As [`Vault::seal`], of bytes that are no text, such as a file.
    ///
    /// # Errors
    /// There are no random numbers to be had.
    pub fn seal_bytes(&self, context: &str, plaintext: &[u8]) -> Result<Vec<u8>, VaultError> {
        let version = self.current_version;
        let cipher = self.ciphers.get(&version).ok_or(VaultError::UnknownVersion { version })?;
        let mut nonce = [0; NONCE_LENGTH];
        getrandom::fill(&mut nonce).map_err(|_| VaultError::NotSealed)?;
        let payload = Payload { msg: plaintext, aad: context.as_bytes() };
        let ciphertext = cipher.encrypt(XNonce::from_slice(&nonce), payload).map_err(|_| VaultError::NotSealed)?;
        Ok([version.to_be_bytes().as_slice(), &nonce, &ciphertext].concat())
    }

    /// Opens what was sealed for the same place.
    ///
    /// # Errors
    /// It was not, or was changed, or its key is gone.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<String, VaultError> {
        String::from_utf8(self.open_bytes(context, sealed)?).map_err(|_| VaultError::Malformed)
    }

    /// As [`Vault::open`], of bytes that are no text.
    ///
    /// # Errors
    /// It was not, or was changed, or its key is gone.
    pub fn open_bytes(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (version, rest) = split_version(sealed)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or(VaultError::Malformed)?;
        let cipher = self.ciphers.get(&version).ok_or(VaultError::UnknownVersion { version })?;
        let payload = Payload { msg: ciphertext, aad: context.as_bytes() };
        cipher.decrypt(XNonce::from_slice(nonce), payload).map_err(|_| VaultError::Refused)
    }

    /// Whether it is sealed with the current key; what is not wants to be sealed anew when keys are rotated.
    ///
    /// # Errors
    /// It is not a sealed value.
    pub fn is_current(&self, sealed: &[u8]) -> Result<bool, VaultError> {
        Ok(split_version(sealed)?.0 == self.current_version)
    }

    /// The keyed hash by which a value of a kind is found, such as an identity code in its one normal form.
    pub fn lookup(&self, kind: &str, normalised: &str) -> [u8; 32] {
        self.hash("lookup", kind, normalised.as_bytes())
    }

    /// A keyed hash to compare things with that must not be guessed from it, such as bodies of requests.
    pub fn digest(&self, kind: &str, bytes: &[u8]) -> [u8; 32] {
        self.hash("digest", kind, bytes)
    }

    fn hash(&self, purpose: &str, kind: &str, bytes: &[u8]) -> [u8; 32] {
        let mut hash = self.keyed_hash.clone();
        for part in [purpose, kind] {
            hash.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.update(bytes);
        hash.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("current_version", &self.current_version).finish_non_exhaustive()
    }
}

fn split_version(sealed: &[u8]) -> Result<(u16, &[u8]), VaultError> {
    let (version, rest) = sealed.split_first_chunk::<VERSION_LENGTH>().ok_or(VaultError::Malformed)?;
    Ok((u16::from_be_bytes(*version), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(current: u16, versions: &[u16]) -> Vault {
        let keys = versions.iter().map(|version| (*version, [u8::try_from(*version).unwrap(); 32])).collect();
        Vault::new(current, keys, [9; 32]).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_again_and_looks_different_every_time() {
        let vault = vault(1, &[1]);
        let sealed = vault.seal("client.name:1", "Testi Äyräs").unwrap();
        assert_eq!(vault.open("client.name:1", &sealed).as_deref(), Ok("Testi Äyräs"));
        assert_ne!(vault.seal("client.name:1", "Testi Äyräs").unwrap(), sealed);
        assert_eq!(vault.open("c", &vault.seal("c", "").unwrap()).as_deref(), Ok(""));
    }

    #[test]
    fn another_place_and_any_changed_byte_are_refused() {
        let vault = vault(1, &[1]);
        let sealed = vault.seal("client.name:1", "Testi").unwrap();
        assert_eq!(vault.open("client.name:2", &sealed), Err(VaultError::Refused));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(vault.open("client.name:1", &changed).is_err(), "byte {at}");
        }
        for length in 0..26 {
            assert_eq!(vault.open("client.name:1", &sealed[..length]), Err(VaultError::Malformed));
        }
    }

    #[test]
    fn bytes_that_are_no_text_open_again_and_only_as_bytes() {
        let vault = vault(1, &[1]);
        let bytes = [0xff, 0xd8, 0xff, 0x00, 0x80];
        let sealed = vault.seal_bytes("attachment:1", &bytes).unwrap();
        assert_eq!(vault.open_bytes("attachment:1", &sealed), Ok(bytes.to_vec()));
        assert_eq!(vault.open("attachment:1", &sealed), Err(VaultError::Malformed));
        assert_eq!(vault.open_bytes("attachment:2", &sealed), Err(VaultError::Refused));
    }

    #[test]
    fn old_keys_open_and_the_current_one_seals() {
        let old = vault(1, &[1]).seal("c", "text").unwrap();
        let both = vault(2, &[1, 2]);
        assert_eq!(both.open("c", &old).as_deref(), Ok("text"));
        assert_eq!(both.is_current(&old), Ok(false));
        let new = both.seal("c", "text").unwrap();
        assert_eq!(both.is_current(&new), Ok(true));
        assert_eq!(vault(2, &[2]).open("c", &old), Err(VaultError::UnknownVersion { version: 1 }));
        assert_eq!(vault(2, &[2]).open("c", &new).as_deref(), Ok("text"));
    }

    #[test]
    fn a_vault_without_its_current_key_is_refused() {
        let refused = Vault::new(2, BTreeMap::from([(1, [1; 32])]), [9; 32]);
        assert_eq!(refused.err(), Some(VaultError::UnknownVersion { version: 2 }));
    }

    #[test]
    fn keyed_hashes_depend_on_purpose_kind_value_and_key() {
        let vault = vault(1, &[1]);
        let hash = vault.lookup("person", "a");
        assert_eq!(hash, vault.lookup("person", "a"));
        assert_ne!(hash, vault.lookup("person", "b"));
        assert_ne!(hash, vault.lookup("perso", "na"));
        assert_ne!(hash, vault.digest("person", b"a"));
        let other = Vault::new(1, BTreeMap::from([(1, [1; 32])]), [8; 32]).unwrap();
        assert_ne!(hash, other.lookup("person", "a"));
    }

    #[test]
    fn keys_are_not_shown() {
        assert_eq!(format!("{:?}", vault(1, &[1])), "Vault { current_version: 1, .. }");
    }
}
