//! The service's secrets: one JSON file, made once. The key that signs tokens can be followed by another one; processes that
//! run read it within a minute. Nothing here prints or logs a key.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use valinta_domain::Moment;
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
    /// Oldest first; never empty.
    token: Vec<TokenKey>,
    data_current: u16,
    data: BTreeMap<u16, Key>,
    lookup: Key,
    order: Key,
}

/// A key that signs tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenKey {
    /// Its name.
    pub kid: String,
    /// Its Ed25519 seed.
    pub seed: Key,
    /// From when it signs, in seconds since 1970: until then, it is known already, and the one before it signs.
    pub signs_from_s: i64,
}

/// So long before a new key signs, it is in the file, and processes that run have read it.
pub const KNOWN_BEFORE: TimeDelta = TimeDelta::minutes(10);
/// So long after a key has signed for the last time, what it has signed is good for nobody any more.
pub const OUTLIVES: TimeDelta = TimeDelta::hours(25);

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
    /// A key is on its way already.
    #[error("{path}: its newest key signs from {from} on; until then there is no other to follow it")]
    OnItsWay {
        /// The file.
        path: PathBuf,
        /// When it signs.
        from: Moment,
    },
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
    /// Those before it, which still verify what they have signed; oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    token_signing_before: Vec<TokenSigning>,
    data_keys: DataKeys,
    lookup_key: String,
    order_key: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenSigning {
    kid: String,
    ed25519_seed: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    signs_from_s: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(n: &i64) -> bool {
    *n == 0
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
            token: vec![TokenKey::generate(0)],
            data_current: 1,
            data: BTreeMap::from([(1, random_key())]),
            lookup: random_key(),
            order: random_key(),
        }
    }

    /// The keys that sign tokens, oldest first: the last one whose time has come does.
    pub fn token_keys(&self) -> &[TokenKey] {
        &self.token
    }

    /// The same, with another key that signs tokens from [`KNOWN_BEFORE`] from now on. Keys that nothing needs any more are
    /// left out.
    ///
    /// # Errors
    /// When the newest key signs, which it does not yet.
    pub fn rotated(&self, now: Moment) -> Result<Self, Moment> {
        let now_s = now.utc().timestamp();
        let mut next = self.clone();
        if let Some(newest) = next.token.last()
            && newest.signs_from_s > now_s
        {
            return Err(Moment::from_micros(newest.signs_from_s.saturating_mul(1_000_000)).unwrap_or(now));
        }
        next.token.push(TokenKey::generate(now_s.saturating_add(KNOWN_BEFORE.num_seconds())));
        let needed_from = now_s.saturating_sub(OUTLIVES.num_seconds());
        let followed: Vec<i64> = next.token.iter().skip(1).map(|key| key.signs_from_s).collect();
        let mut ends = followed.into_iter().map(Some).chain([None]);
        next.token.retain(|_| ends.next().flatten().is_none_or(|ended| ended > needed_from));
        Ok(next)
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

    /// Lets another key sign tokens, in the file: whoever reads it meanwhile has it as it was or as it is then.
    ///
    /// # Errors
    /// The file cannot be read or written, or a key is on its way already.
    pub fn rotate(path: &Path, now: Moment) -> Result<Self, KeysError> {
        let failed = |source| KeysError::Io { path: path.to_owned(), source };
        let rotated = Self::read(path)?.rotated(now);
        let rotated = rotated.map_err(|from| KeysError::OnItsWay { path: path.to_owned(), from })?;
        let metadata = path.metadata().map_err(failed)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        let text = serde_json::to_string_pretty(&rotated.to_file()).map_err(|e| failed(e.into()))?;
        file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).map_err(failed)?;
        // Whose it is, and who may read it, stays.
        file.as_file().set_permissions(metadata.permissions()).map_err(failed)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt, chown};
            chown(file.path(), Some(metadata.uid()), Some(metadata.gid())).map_err(failed)?;
        }
        file.as_file().sync_all().map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        Ok(rotated)
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
        let signing = |key: &TokenKey| TokenSigning {
            kid: key.kid.clone(),
            ed25519_seed: text(&key.seed),
            signs_from_s: key.signs_from_s,
        };
        let mut token_signing_before: Vec<TokenSigning> = self.token.iter().map(signing).collect();
        // INVARIANT: there is always a key.
        let newest = token_signing_before.pop();
        KeysFile {
            version: VERSION,
            token_signing: newest.unwrap_or(TokenSigning {
                kid: String::new(),
                ed25519_seed: String::new(),
                signs_from_s: 0,
            }),
            token_signing_before,
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
        let mut token = Vec::new();
        for signing in file.token_signing_before.iter().chain([&file.token_signing]) {
            if signing.kid.is_empty() || signing.kid.len() > 200 {
                return Err("token_signing.kid must have 1 to 200 characters");
            }
            let kid = signing.kid.clone();
            token.push(TokenKey { kid, seed: key(&signing.ed25519_seed)?, signs_from_s: signing.signs_from_s });
        }
        if !token.iter().zip(token.iter().skip(1)).all(|(one, next)| one.signs_from_s < next.signs_from_s) {
            return Err("token_signing_before has keys that do not sign one after the other");
        }
        if !file.data_keys.keys.contains_key(&file.data_keys.current) {
            return Err("data_keys.current names none of data_keys.keys");
        }
        let data = file.data_keys.keys.iter().map(|(version, text)| Ok((*version, key(text)?)));
        Ok(Self {
            token,
            data_current: file.data_keys.current,
            data: data.collect::<Result<_, &'static str>>()?,
            lookup: key(&file.lookup_key)?,
            order: key(&file.order_key)?,
        })
    }
}

impl TokenKey {
    fn generate(signs_from_s: i64) -> Self {
        Self { kid: new_uuid(Clock::system().now()).to_string(), seed: random_key(), signs_from_s }
    }
}

fn key(text: &str) -> Result<Key, &'static str> {
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| "a key is not base64url")?;
    bytes.try_into().map_err(|_| "a key does not have 32 bytes")
}

/// A key of random bits.
#[expect(clippy::expect_used, reason = "a system without randomness cannot run the service at all")]
pub(crate) fn random_key() -> Key {
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
        assert!(read.token == keys.token && read.data == keys.data);
        assert!(read.lookup == keys.lookup && read.order_key() == keys.order_key());
        assert!(read.lookup != read.order);
        let sealed = keys.vault().unwrap().seal("test", "secret").unwrap();
        assert_eq!(read.vault().unwrap().open("test", &sealed).unwrap(), "secret");
        assert!(matches!(Keys::generate().write_new(&path), Err(KeysError::Exists(_))));
    }

    fn at(seconds: i64) -> Moment {
        Moment::from_micros(seconds * 1_000_000).unwrap()
    }

    #[test]
    fn a_key_is_followed_by_another_which_is_known_before_it_signs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let first = Keys::generate();
        first.write_new(&path).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions();
        let before = mode(&path);
        let second = Keys::rotate(&path, at(1_000_000)).unwrap();
        assert_eq!(mode(&path), before);
        let read = Keys::read(&path).unwrap();
        assert!(read.token == second.token && read.data == first.data && read.lookup == first.lookup);
        assert!(read.token[0] == first.token[0]);
        assert_eq!(read.token[1].signs_from_s, 1_000_600);
        // One at a time: what is on its way is to be in use first.
        assert!(matches!(Keys::rotate(&path, at(1_000_599)), Err(KeysError::OnItsWay { .. })));
        assert_eq!(Keys::rotate(&path, at(1_000_600)).unwrap().token.len(), 3);
        // What the first two signed is good for nobody by now.
        let much_later = Keys::rotate(&path, at(1_000_600 + 26 * 3_600)).unwrap();
        assert_eq!(much_later.token.len(), 2);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
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
