//! The service's secrets: one JSON file, made once, read at start. Nothing here prints or logs a key.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use valinta_persistence::vault::{Vault, VaultError};

use crate::clock::{Clock, new_uuid};

/// The one version of the file that there is.
const VERSION: u16 = 1;
/// Larger than any keys file.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// A key of 256 bits.
pub type Key = [u8; 32];

/// Everything secret that the service needs.
#[derive(Clone)]
pub struct Keys {
    token_kid: String,
    token_seed: Key,
    data_current: u16,
    data: BTreeMap<u16, Key>,
    lookup: Key,
    order: Key,
}

/// Why there are no keys.
#[derive(Debug, Error)]
pub enum KeysError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// There is a file already; keys are never written over.
    #[error("{0} exists already; keys are never written over")]
    Exists(PathBuf),
    /// More than its owner and group may read the file, or more than its owner may write it.
    #[error("{0} may be read by everyone or written by others than its owner; restrict it with chmod 600")]
    TooOpen(PathBuf),
    /// The content is no keys file.
    #[error("{path} is no keys file: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong. Never a part of a key.
        reason: &'static str,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeysFile {
    version: u16,
    token_signing: TokenSigning,
    data_keys: DataKeys,
    lookup_key: String,
    order_key: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenSigning {
    kid: String,
    ed25519_seed: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DataKeys {
    current: u16,
    keys: BTreeMap<u16, String>,
}

impl Keys {
    /// New random keys.
    pub fn generate() -> Self {
        Self {
            token_kid: new_uuid(Clock::system().now()).to_string(),
            token_seed: random_key(),
            data_current: 1,
            data: BTreeMap::from([(1, random_key())]),
            lookup: random_key(),
            order: random_key(),
        }
    }

    /// The name of the key that signs tokens.
    pub fn token_kid(&self) -> &str {
        &self.token_kid
    }

    /// The Ed25519 seed that signs tokens.
    pub fn token_seed(&self) -> &Key {
        &self.token_seed
    }

    /// What seals personal data, and looks people up, with these keys.
    ///
    /// # Errors
    /// There is no key of the current version: a keys file without one is refused when it is read.
    pub fn vault(&self) -> Result<Vault, VaultError> {
        Vault::new(self.data_current, self.data.clone(), self.lookup)
    }

    /// The key of the neutral order.
    pub fn order_key(&self) -> &Key {
        &self.order
    }

    /// Writes the keys to a new file that only its owner may read.
    ///
    /// # Errors
    /// The file exists, or cannot be written.
    pub fn write_new(&self, path: &Path) -> Result<(), KeysError> {
        let failed = |source| KeysError::Io { path: path.to_owned(), source };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|source| {
            let exists = source.kind() == io::ErrorKind::AlreadyExists;
            if exists { KeysError::Exists(path.to_owned()) } else { failed(source) }
        })?;
        let text = serde_json::to_string_pretty(&self.to_file()).map_err(|e| failed(e.into()))?;
        file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).map_err(failed)?;
        // Data encrypted with a key that a power cut took away could never be read again.
        file.sync_all().map_err(failed)
    }

    /// Reads the keys.
    ///
    /// # Errors
    /// The file cannot be read, may be read by others, or is no keys file.
    pub fn read(path: &Path) -> Result<Self, KeysError> {
        let failed = |source| KeysError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        check_mode(path, &file.metadata().map_err(failed)?)?;
        let mut text = String::new();
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
        Self::parse(&text).map_err(|reason| KeysError::Malformed { path: path.to_owned(), reason })
    }

    fn to_file(&self) -> KeysFile {
        let text = |key: &Key| URL_SAFE_NO_PAD.encode(key);
        KeysFile {
            version: VERSION,
            token_signing: TokenSigning { kid: self.token_kid.clone(), ed25519_seed: text(&self.token_seed) },
            data_keys: DataKeys {
                current: self.data_current,
                keys: self.data.iter().map(|(version, key)| (*version, text(key))).collect(),
            },
            lookup_key: text(&self.lookup),
            order_key: text(&self.order),
        }
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        // The reason says nothing of the parser's own: it might quote a part of a key.
        let file: KeysFile = serde_json::from_str(text)
            .map_err(|_| "it must be JSON with version, token_signing, data_keys, lookup_key and order_key")?;
        if file.version != VERSION {
            return Err("its version is not 1");
        }
        if file.token_signing.kid.is_empty() || file.token_signing.kid.len() > 200 {
            return Err("token_signing.kid must have 1 to 200 characters");
        }
        if !file.data_keys.keys.contains_key(&file.data_keys.current) {
            return Err("data_keys.current names none of data_keys.keys");
        }
        let data = file.data_keys.keys.iter().map(|(version, text)| Ok((*version, key(text)?)));
        Ok(Self {
            token_seed: key(&file.token_signing.ed25519_seed)?,
            token_kid: file.token_signing.kid,
            data_current: file.data_keys.current,
            data: data.collect::<Result<_, &'static str>>()?,
            lookup: key(&file.lookup_key)?,
            order: key(&file.order_key)?,
        })
    }
}

fn key(text: &str) -> Result<Key, &'static str> {
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| "a key is not base64url")?;
    bytes.try_into().map_err(|_| "a key does not have 32 bytes")
}

#[expect(clippy::expect_used, reason = "a system without randomness cannot run the service at all")]
fn random_key() -> Key {
    let mut key = Key::default();
    getrandom::fill(&mut key).expect("the system gives random numbers");
    key
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &std::fs::Metadata) -> Result<(), KeysError> {
    use std::os::unix::fs::PermissionsExt;
    // A group that may read is allowed: so a service manager hands a credential over.
    if metadata.permissions().mode() & 0o037 == 0 { Ok(()) } else { Err(KeysError::TooOpen(path.to_owned())) }
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &std::fs::Metadata) -> Result<(), KeysError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_the_file_and_are_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let keys = Keys::generate();
        keys.write_new(&path).unwrap();
        let read = Keys::read(&path).unwrap();
        assert_eq!(read.token_kid(), keys.token_kid());
        assert!(read.token_seed() == keys.token_seed() && read.data == keys.data);
        assert!(read.lookup == keys.lookup && read.order_key() == keys.order_key());
        assert!(read.lookup != read.order);
        let sealed = keys.vault().unwrap().seal("test", "secret").unwrap();
        assert_eq!(read.vault().unwrap().open("test", &sealed).unwrap(), "secret");
        assert!(matches!(Keys::generate().write_new(&path), Err(KeysError::Exists(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        Keys::generate().write_new(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Keys::read(&path), Err(KeysError::TooOpen(_))));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_without_its_secrets() {
        let good = serde_json::to_value(Keys::generate().to_file()).unwrap();
        let with = |pointer: &str, value: serde_json::Value| {
            let mut bad = good.clone();
            *bad.pointer_mut(pointer).unwrap() = value;
            Keys::parse(&bad.to_string()).err()
        };
        assert_eq!(Keys::parse(&good.to_string()).err(), None);
        assert_eq!(with("/version", 2.into()), Some("its version is not 1"));
        assert_eq!(with("/data_keys/current", 9.into()), Some("data_keys.current names none of data_keys.keys"));
        assert_eq!(with("/lookup_key", "c2hvcnQ".into()), Some("a key does not have 32 bytes"));
        assert_eq!(with("/order_key", "!!".into()), Some("a key is not base64url"));
        assert!(Keys::parse("{}").is_err());
    }
}
