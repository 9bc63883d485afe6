//! Databases for tests: each test makes its own and leaves nothing behind. Not for the service.

#[cfg(feature = "testing")]
pub mod faults;
#[cfg(feature = "testing")]
mod footprint;
mod template;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::iter;
use std::path::PathBuf;

use diesel::connection::SimpleConnection;

use crate::database_url::DatabaseUrl;
use crate::db::{Db, OpenError};
use crate::dialect::{self, Use};
use crate::migrations;

use template::Server;

#[cfg(feature = "testing")]
pub use footprint::footprint;

/// Names a PostgreSQL on which tests may make and drop databases.
pub const TEST_DATABASE_URL: &str = "TEST_DATABASE_URL";

/// A new database that is dropped with this value.
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
    /// One with all its tables: on the PostgreSQL that `TEST_DATABASE_URL` names; without one a SQLite in a folder for
    /// temporary files.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create() -> Result<Self, String> {
        match Self::postgres()? {
            Some(database) => Ok(database),
            None => Self::sqlite(),
        }
    }

    /// One of every kind there is, with all its tables: SQLite, and PostgreSQL where `TEST_DATABASE_URL` names one.
    ///
    /// # Errors
    /// One cannot be made.
    pub fn each() -> Result<Vec<Self>, String> {
        Ok(iter::once(Self::sqlite()?).chain(Self::postgres()?).collect())
    }

    /// As [`TestDatabase::each`], without a table: what is found by the first process that comes.
    ///
    /// # Errors
    /// One cannot be made.
    pub fn each_empty() -> Result<Vec<Self>, String> {
        let postgres = template::server()?.map(|server| Self::on(server, template::EMPTY)).transpose()?;
        Ok(iter::once(Self::in_folder()?).chain(postgres).collect())
    }

    /// A SQLite with all its tables.
    ///
    /// # Errors
    /// There is no folder for it.
    pub fn sqlite() -> Result<Self, String> {
        let database = Self::in_folder()?;
        if let DatabaseUrl::Sqlite(file) = &database.url {
            fs::write(file, template::sqlite()?).map_err(|e| e.to_string())?;
        }
        Ok(database)
    }

    fn in_folder() -> Result<Self, String> {
        let folder = env::temp_dir().join(unique_name()?);
        fs::create_dir(&folder).map_err(|e| e.to_string())?;
        Ok(Self { url: DatabaseUrl::Sqlite(folder.join("test.db")), place: Place::Folder(folder) })
    }

    /// A PostgreSQL with all its tables; `None` without `TEST_DATABASE_URL`.
    ///
    /// # Errors
    /// The server does not make it.
    pub fn postgres() -> Result<Option<Self>, String> {
        template::server()?.map(|server| Self::on(server, template::postgres()?)).transpose()
    }

    fn on(server: Server, template: &str) -> Result<Self, String> {
        let name = unique_name()?;
        run(&server.url, &format!("CREATE DATABASE {name} TEMPLATE {template}"))?;
        Ok(Self { url: server.database(&name), place: Place::Server { url: server.url, name } })
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

    /// Opens it.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(&self) -> Result<Db, OpenError> {
        Db::open(&self.url)
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
