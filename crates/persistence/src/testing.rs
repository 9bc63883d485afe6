//! Databases for tests: each test makes its own and leaves nothing behind. Not for the service.

#[cfg(feature = "testing")]
pub mod faults;
#[cfg(feature = "testing")]
mod footprint;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use diesel::connection::SimpleConnection;

use crate::database_url::DatabaseUrl;
use crate::db::{Db, OpenError};
use crate::dialect::{self, Use};
use crate::migrations;

#[cfg(feature = "testing")]
pub use footprint::footprint;

/// Names a PostgreSQL on which tests may make and drop databases.
pub const TEST_DATABASE_URL: &str = "TEST_DATABASE_URL";

/// A new, empty database that is dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    url: DatabaseUrl,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder(PathBuf),
    Server { url: DatabaseUrl, name: String },
}

impl TestDatabase {
    /// On the PostgreSQL that `TEST_DATABASE_URL` names; without one a SQLite in a folder for temporary files.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create() -> Result<Self, String> {
        match Self::postgres()? {
            Some(database) => Ok(database),
            None => Self::sqlite(),
        }
    }

    /// One of every kind there is: SQLite, and PostgreSQL where `TEST_DATABASE_URL` names one.
    ///
    /// # Errors
    /// One cannot be made.
    pub fn each() -> Result<Vec<Self>, String> {
        Ok(std::iter::once(Self::sqlite()?).chain(Self::postgres()?).collect())
    }

    /// A SQLite.
    ///
    /// # Errors
    /// There is no folder for it.
    pub fn sqlite() -> Result<Self, String> {
        let folder = env::temp_dir().join(unique_name()?);
        fs::create_dir(&folder).map_err(|e| e.to_string())?;
        Ok(Self { url: DatabaseUrl::Sqlite(folder.join("test.db")), place: Place::Folder(folder) })
    }

    /// A PostgreSQL; `None` without `TEST_DATABASE_URL`.
    ///
    /// # Errors
    /// The server does not make it.
    pub fn postgres() -> Result<Option<Self>, String> {
        let Ok(server) = env::var(TEST_DATABASE_URL) else { return Ok(None) };
        let name = unique_name()?;
        let url = DatabaseUrl::Postgres(with_database(&server, &name));
        let server: DatabaseUrl =
            server.parse().map_err(|_| format!("{TEST_DATABASE_URL} does not name a PostgreSQL"))?;
        if !matches!(server, DatabaseUrl::Postgres(_)) {
            return Err(format!("{TEST_DATABASE_URL} does not name a PostgreSQL"));
        }
        // The other template may be in use.
        run(&server, &format!("CREATE DATABASE {name} TEMPLATE template0"))?;
        Ok(Some(Self { url, place: Place::Server { url: server, name } }))
    }

    /// How to reach it.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// The same as the service takes it from its environment, password included.
    pub fn setting(&self) -> String {
        match &self.url {
            DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
            DatabaseUrl::Postgres(url) => url.clone(),
        }
    }

    /// Opens it with all its tables.
    ///
    /// # Errors
    /// It cannot be opened or migrated.
    pub fn open(&self) -> Result<Db, OpenError> {
        let db = Db::open(&self.url)?;
        db.migrate()?;
        Ok(db)
    }

    /// Undoes every migration, newest first.
    ///
    /// # Errors
    /// One cannot be undone.
    pub fn revert_migrations(&self) -> Result<(), String> {
        self.revert_migrations_after("")
    }

    /// Undoes the migrations after a version such as `00000000000003`, newest first.
    ///
    /// # Errors
    /// One cannot be undone.
    pub fn revert_migrations_after(&self, version: &str) -> Result<(), String> {
        let mut c = dialect::connect(&self.url, Use::Migrations)?;
        migrations::revert_after(&mut c, version).map_err(|e| e.to_string())
    }

    /// Runs SQL behind the back of everything that guards the data.
    ///
    /// # Errors
    /// The database's.
    pub fn tamper(&self, sql: &str) -> Result<(), String> {
        run(&self.url, sql)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let gone = match &self.place {
            Place::Folder(folder) => fs::remove_dir_all(folder).map_err(|e| e.to_string()),
            Place::Server { url, name } => run(url, &format!("DROP DATABASE {name} WITH (FORCE)")),
        };
        if let Err(reason) = gone {
            tracing::warn!(reason, "a test database is left behind");
        }
    }
}

fn run(url: &DatabaseUrl, sql: &str) -> Result<(), String> {
    dialect::connect(url, Use::Migrations)?.batch_execute(sql).map_err(|e| e.to_string())
}

fn unique_name() -> Result<String, String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|e| e.to_string())?;
    let mut name = "valinta_test_".to_owned();
    for byte in random {
        write!(name, "{byte:02x}").map_err(|e| e.to_string())?;
    }
    Ok(name)
}

/// The same server, another database.
fn with_database(url: &str, name: &str) -> String {
    let (base, options) = url.split_once('?').map_or((url, None), |(base, options)| (base, Some(options)));
    let (scheme, rest) = base.split_once("://").unwrap_or(("postgres", base));
    let server = rest.split('/').next().unwrap_or_default();
    let options = options.map(|options| format!("?{options}")).unwrap_or_default();
    format!("{scheme}://{server}/{name}{options}")
}
