//! Which database: the one setting of persistence. Never shows a password.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

/// Where the data is kept.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file of an embedded SQLite.
    Sqlite(PathBuf),
    /// A PostgreSQL, by the connection URI that libpq takes.
    Postgres(String),
}

/// Why a text names no database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DatabaseUrlError {
    /// Neither of the forms.
    #[error(
        "a database is named as sqlite://path/to/file.db (three slashes before an absolute path) \
         or as postgres://user:password@host:5432/name"
    )]
    UnknownForm,
    /// SQLite without a file.
    #[error(
        "sqlite:// must be followed by the path of a file, such as sqlite://valinta.db; a database in memory is not kept"
    )]
    NoFile,
    /// SQLite with options behind the path.
    #[error("sqlite:// takes a path alone, without options; the service sets them")]
    Options,
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains('\0') {
            return Err(DatabaseUrlError::UnknownForm);
        }
        if let Some(path) = text.strip_prefix("sqlite://") {
            if path.is_empty() || path.contains(":memory:") || path.ends_with('/') {
                return Err(DatabaseUrlError::NoFile);
            }
            if path.contains(['?', '#']) {
                return Err(DatabaseUrlError::Options);
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err(DatabaseUrlError::UnknownForm)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => write!(f, "postgres://{}", without_credentials(url)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Host, port and name. Rather shows too little: a mistyped URL may hold its password anywhere before the last `@`.
fn without_credentials(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or("", |(_, rest)| rest);
    if after_scheme.contains("password=") {
        return "(not shown)";
    }
    let after_credentials = after_scheme.rsplit_once('@').map_or(after_scheme, |(_, rest)| rest);
    after_credentials.split('?').next().unwrap_or_default()
}

/// The path in a form that SQLite does not take for a URI.
pub(crate) fn plain_path(path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_path_buf() } else { Path::new(".").join(path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<DatabaseUrl, DatabaseUrlError> {
        text.parse()
    }

    #[test]
    fn the_accepted_forms_are_a_sqlite_file_and_a_postgres_uri() {
        assert_eq!(parsed("sqlite://valinta.db"), Ok(DatabaseUrl::Sqlite("valinta.db".into())));
        assert_eq!(parsed("sqlite:///var/lib/valinta.db"), Ok(DatabaseUrl::Sqlite("/var/lib/valinta.db".into())));
        for uri in ["postgres://h/d", "postgresql://u:p@h:1/d?sslmode=require"] {
            assert_eq!(parsed(uri), Ok(DatabaseUrl::Postgres(uri.into())));
        }
    }

    #[test]
    fn anything_else_is_refused_by_naming_the_accepted_forms() {
        for text in ["", "valinta.db", "mysql://h/d", "sqlite:valinta.db", "host=h dbname=d", "POSTGRES://h/d"] {
            let error = parsed(text).unwrap_err();
            assert_eq!(error, DatabaseUrlError::UnknownForm, "{text}");
            assert!(error.to_string().contains("sqlite://") && error.to_string().contains("postgres://"));
        }
        for text in ["sqlite://", "sqlite://:memory:", "sqlite://data/"] {
            assert_eq!(parsed(text), Err(DatabaseUrlError::NoFile), "{text}");
        }
        assert_eq!(parsed("sqlite://v.db?mode=ro"), Err(DatabaseUrlError::Options));
    }

    #[test]
    fn a_password_is_never_shown() {
        let urls = [
            "postgres://user:secret@host:5432/name?sslmode=require",
            "postgres://user:sec/ret@host/name",
            "postgres://user:sec?ret@host/name",
            "postgres://user:sec@ret@host/name",
            "postgres://host/name?user=u&password=a@secret",
        ];
        for text in urls {
            let url = parsed(text).unwrap();
            for shown in [format!("{url}"), format!("{url:?}")] {
                assert!(!shown.contains("sec") && !shown.contains("ret"), "{shown}");
            }
        }
        assert_eq!(parsed(urls[0]).unwrap().to_string(), "postgres://host:5432/name");
    }
}
