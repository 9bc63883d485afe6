//! What can go wrong at the database, in the terms in which a command reacts to it. Knows no HTTP and shows no one a
//! database's own words: those are for the log.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};
use thiserror::Error as ThisError;

use crate::dialect;

/// Why a read or a write did not happen. `Display` is for logs only.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
pub enum DbError {
    /// The database cannot be reached, or went away; after a commit was sent the outcome is not known.
    #[error("the database is not available: {reason}")]
    Unavailable {
        /// The database's own words.
        reason: String,
    },
    /// Too many wait already, or the wait took too long. Nothing was done.
    #[error("too many requests wait for the database")]
    Overloaded,
    /// Another transaction kept a row, or the database, for too long. Nothing was done.
    #[error("waited too long for another transaction")]
    LockTimeout,
    /// A concurrent transaction came first. Nothing was done; the same command may succeed at the next try.
    #[error("a concurrent transaction came first")]
    Serialization,
    /// A row that must be the only one of its kind is not.
    #[error("unique constraint {constraint} is violated")]
    Unique {
        /// The unique index's name, the same on both databases.
        constraint: String,
    },
    /// A row refers to one that does not exist, or is referred to.
    #[error("foreign key {constraint} is violated")]
    ForeignKey {
        /// The constraint's name; empty on SQLite, which does not tell.
        constraint: String,
    },
    /// A value or a combination of rows that the database refuses.
    #[error("check {constraint} is violated")]
    Check {
        /// The constraint's name. Only checks that are named in both migrations have the same on both databases.
        constraint: String,
    },
    /// A row that may never change was to be changed.
    #[error("a row of an append-only table was to be changed: {message}")]
    AppendOnly {
        /// The trigger's words, which name the table.
        message: String,
    },
    /// A row that no code of ours writes.
    #[error("corrupt data: {what}")]
    Corrupt {
        /// Which row, and what about it is impossible.
        what: String,
    },
    /// A fault of the program.
    #[error("internal: {0}")]
    Internal(String),
}

impl DbError {
    /// A row that no code of ours writes.
    pub fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }

    /// Whether it is the violation of this unique index.
    pub fn is_unique(&self, index: &str) -> bool {
        matches!(self, Self::Unique { constraint } if constraint == index)
    }

    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into() }
    }
}

/// Says whether running the same command again from its start may succeed.
pub trait Retryable {
    /// Whether a concurrent transaction alone was the reason.
    fn is_retryable(&self) -> bool;
}

impl Retryable for DbError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Serialization)
    }
}

impl From<Error> for DbError {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "diesel's errors are not a closed list; the rest are faults of ours"
    )]
    fn from(error: Error) -> Self {
        match error {
            Error::DatabaseError(kind, information) => from_database(kind, information.as_ref()),
            Error::DeserializationError(e) => Self::corrupt(e.to_string()),
            // A commit that could be neither made nor undone leaves the outcome open, whatever began it.
            Error::RollbackErrorOnCommit { commit_error, .. } => Self::unavailable(commit_error.to_string()),
            Error::BrokenTransactionManager => Self::unavailable("the connection was lost within a transaction"),
            other => Self::Internal(other.to_string()),
        }
    }
}

/// Begins the message of a trigger that refuses what a check constraint cannot see: `check: <name>`.
const CHECK_BY_TRIGGER: &str = "check: ";

fn from_database(kind: DatabaseErrorKind, information: &dyn DatabaseErrorInformation) -> DbError {
    let message = information.message();
    if message.starts_with("append-only") {
        return DbError::AppendOnly { message: message.to_owned() };
    }
    if let Some(name) = message.strip_prefix(CHECK_BY_TRIGGER) {
        return DbError::Check { constraint: name.to_owned() };
    }
    // PostgreSQL tells the constraint's name apart; SQLite ends its message with it, or with the columns.
    let constraint = || {
        let told = information.constraint_name().map(str::to_owned);
        told.unwrap_or_else(|| message.split_once("constraint failed: ").map_or("", |(_, name)| name).to_owned())
    };
    match kind {
        DatabaseErrorKind::UniqueViolation => DbError::Unique { constraint: dialect::unique_name(&constraint()) },
        DatabaseErrorKind::ForeignKeyViolation | DatabaseErrorKind::RestrictViolation => {
            DbError::ForeignKey { constraint: constraint() }
        }
        DatabaseErrorKind::CheckViolation | DatabaseErrorKind::ExclusionViolation => {
            DbError::Check { constraint: constraint() }
        }
        DatabaseErrorKind::SerializationFailure => DbError::Serialization,
        DatabaseErrorKind::ClosedConnection => DbError::unavailable(message),
        DatabaseErrorKind::UnableToSendCommand if message.contains("number of parameters") => {
            DbError::Internal(message.to_owned())
        }
        DatabaseErrorKind::UnableToSendCommand => DbError::unavailable(message),
        DatabaseErrorKind::NotNullViolation | DatabaseErrorKind::ReadOnlyTransaction => {
            DbError::Internal(message.to_owned())
        }
        // What diesel gives no kind is told by its words alone.
        _ => from_words(message),
    }
}

/// Errors that have a code of their own at the database, of which only the message reaches us.
fn from_words(message: &str) -> DbError {
    const LOCKED: [&str; 4] =
        ["lock timeout", "database is locked", "database table is locked", "could not obtain lock"];
    const SLOW: [&str; 1] = ["statement timeout"];
    const AWAY: [&str; 14] = [
        "terminating connection",
        "shutting down",
        "starting up",
        "in recovery mode",
        "server closed the connection",
        "too many clients",
        "connection slots are reserved",
        "could not receive data",
        "could not send data",
        "disk is full",
        "No space left",
        "disk I/O error",
        "unable to open database file",
        "database disk image is malformed",
    ];
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if message.contains("deadlock detected") || message.contains("could not serialize") {
        DbError::Serialization
    } else if says(&LOCKED) {
        DbError::LockTimeout
    } else if says(&SLOW) {
        DbError::Overloaded
    } else if says(&AWAY) {
        DbError::unavailable(message)
    } else {
        DbError::Internal(message.to_owned())
    }
}
