//! Where files are kept: a folder, or a store that speaks S3. Keeps bytes under keys, and knows neither whose they are
//! nor what is in them; they are sealed before they come here.

mod folder;
mod s3;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

pub use folder::Folder;
pub use s3::{S3, S3Settings};

/// Longest key.
const KEY_CHARS_MAX: usize = 100;

/// Keeps bytes. What has been put is there after a loss of power.
pub trait Storage: Send + Sync + fmt::Debug {
    /// Keeps bytes under a key, instead of what may have been there. Others see all of it or nothing.
    ///
    /// # Errors
    /// They could not be kept.
    fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StorageError>;

    /// What is kept under a key.
    ///
    /// # Errors
    /// It could not be read; that there is nothing is no error.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StorageError>;

    /// Forgets what is kept under a key, if anything is.
    ///
    /// # Errors
    /// It could not be.
    fn delete(&self, key: &str) -> Result<(), StorageError>;
}

/// Why bytes could not be kept or read. Says what happened, and no secret.
#[derive(Debug, Error)]
pub enum StorageError {
    /// The key could lead elsewhere.
    #[error("a key has 1 to {KEY_CHARS_MAX} small letters, digits and hyphens")]
    Key,
    /// There is more of it than is read.
    #[error("what is kept has more than {max} bytes")]
    TooLarge {
        /// The limit.
        max: u64,
    },
    /// The settings do not make a store.
    #[error("{0}")]
    Settings(String),
    /// The file system, or the connection.
    #[error("{what}: {source}")]
    Io {
        /// What was attempted.
        what: &'static str,
        /// What came of it.
        source: std::io::Error,
    },
    /// The store's answer.
    #[error("{what}: the store answered {status} {code}")]
    Refused {
        /// What was attempted.
        what: &'static str,
        /// The answer's status.
        status: u16,
        /// The store's own word for it.
        code: String,
    },
    /// No answer came.
    #[error("{what}: {reason}")]
    Unreachable {
        /// What was attempted.
        what: &'static str,
        /// Why not.
        reason: String,
    },
}

/// Where files are to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilesAt {
    /// In a folder, made when the first file comes.
    Folder(PathBuf),
    /// In a store that speaks S3.
    S3(S3Settings),
}

impl FilesAt {
    /// The place, ready for use. Nothing is made or asked yet.
    ///
    /// # Errors
    /// The settings do not make a store.
    pub fn open(&self) -> Result<Arc<dyn Storage>, StorageError> {
        Ok(match self {
            Self::Folder(path) => Arc::new(Folder::new(path.clone())),
            Self::S3(settings) => Arc::new(S3::new(settings)?),
        })
    }
}

/// A key is a plain name: no key leads out of the folder, or to another place in a store.
fn checked(key: &str) -> Result<&str, StorageError> {
    let plain = key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if plain && (1..=KEY_CHARS_MAX).contains(&key.len()) { Ok(key) } else { Err(StorageError::Key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_nowhere_else() {
        assert!(checked("01990000-0000-7000-8000-000000000000").is_ok());
        for bad in ["", ".", "..", "../x", "a/b", "/etc/passwd", "a\\b", "A", "ä", "a\0", "a.b", &"x".repeat(101)] {
            assert!(matches!(checked(bad), Err(StorageError::Key)), "{bad:?}");
        }
    }
}
