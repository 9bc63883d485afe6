//! What new test databases are copies of: running the migrations takes far longer than copying what they leave. Owns how
//! that is made once and found again; knows nothing of what tests do with their copies.

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use sha2::{Digest, Sha256};

use super::{TEST_DATABASE_URL, unique_name};
use crate::database_url::DatabaseUrl;
use crate::dialect::{self, Use};
use crate::migrations;

/// A PostgreSQL database without a table. The server's other one may be in use.
pub(super) const EMPTY: &str = "template0";

/// Where the text of PostgreSQL's migrations is. Tests run where they were built.
const MIGRATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/postgres");

/// The lock under which a PostgreSQL template is made, whichever process comes first.
const MAKING: i64 = 0x7661_6c69_6e74_6174;

/// The PostgreSQL on which tests may make and drop databases.
pub(super) struct Server {
    setting: String,
    pub(super) url: DatabaseUrl,
}

impl Server {
    /// The same server, another database.
    pub(super) fn database(&self, name: &str) -> DatabaseUrl {
        let (base, options) = self.setting.split_once('?').unwrap_or((&self.setting, ""));
        let (scheme, rest) = base.split_once("://").unwrap_or(("postgres", base));
        let server = rest.split('/').next().unwrap_or_default();
        let options = if options.is_empty() { String::new() } else { format!("?{options}") };
        DatabaseUrl::Postgres(format!("{scheme}://{server}/{name}{options}"))
    }
}

/// What `TEST_DATABASE_URL` names.
pub(super) fn server() -> Result<Option<Server>, String> {
    let Ok(setting) = env::var(TEST_DATABASE_URL) else { return Ok(None) };
    match setting.parse() {
        Ok(url @ DatabaseUrl::Postgres(_)) => Ok(Some(Server { setting, url })),
        _ => Err(format!("{TEST_DATABASE_URL} does not name a PostgreSQL")),
    }
}

/// The bytes of a SQLite file with all tables.
pub(super) fn sqlite() -> Result<&'static [u8], String> {
    static MADE: OnceLock<Result<Vec<u8>, String>> = OnceLock::new();
    MADE.get_or_init(make_sqlite).as_deref().map_err(Clone::clone)
}

fn make_sqlite() -> Result<Vec<u8>, String> {
    let folder = env::temp_dir().join(unique_name()?);
    fs::create_dir(&folder).map_err(|e| e.to_string())?;
    let file = folder.join("template.db");
    // The connection is closed before the file is read: nothing is left beside it then.
    let made = migrate(&DatabaseUrl::Sqlite(file.clone())).and_then(|()| fs::read(&file).map_err(|e| e.to_string()));
    fs::remove_dir_all(&folder).map_err(|e| e.to_string())?;
    made
}

/// The name of a PostgreSQL database with all tables. It stays on the server, for the next process that runs tests of the
/// same migrations.
pub(super) fn postgres() -> Result<&'static str, String> {
    static MADE: OnceLock<Result<String, String>> = OnceLock::new();
    MADE.get_or_init(make_postgres).as_deref().map_err(Clone::clone)
}

fn make_postgres() -> Result<String, String> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let server = server()?.ok_or_else(|| format!("{TEST_DATABASE_URL} is not set"))?;
    let name = postgres_name()?;
    let mut c = dialect::connect(&server.url, Use::Migrations)?;
    // Given back with the connection.
    c.batch_execute(&format!("SELECT pg_advisory_lock({MAKING})")).map_err(|e| e.to_string())?;
    let found: Count = diesel::sql_query(format!("SELECT count(*) AS n FROM pg_database WHERE datname = '{name}'"))
        .get_result(&mut c)
        .map_err(|e| e.to_string())?;
    if found.n == 0 {
        let mut run = |sql: &str| c.batch_execute(sql).map_err(|e| e.to_string());
        // Under another name until it is whole, so that nobody finds a half.
        let unfinished = format!("{name}_unfinished");
        run(&format!("DROP DATABASE IF EXISTS {unfinished}"))?;
        run(&format!("CREATE DATABASE {unfinished} TEMPLATE {EMPTY}"))?;
        migrate(&server.database(&unfinished))?;
        run(&format!("ALTER DATABASE {unfinished} RENAME TO {name}"))?;
    }
    Ok(name)
}

/// A name that no other text of the migrations has.
fn postgres_name() -> Result<String, String> {
    let told = |e: std::io::Error| format!("{MIGRATIONS}: {e}");
    let folders: Result<BTreeSet<PathBuf>, _> =
        fs::read_dir(MIGRATIONS).map_err(told)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut digest = Sha256::new();
    for folder in folders.map_err(told)? {
        digest.update(folder.file_name().unwrap_or_default().as_encoded_bytes());
        digest.update(fs::read(folder.join("up.sql")).map_err(told)?);
    }
    let mut name = "valinta_template_".to_owned();
    for byte in digest.finalize().iter().take(8) {
        write!(name, "{byte:02x}").map_err(|e| e.to_string())?;
    }
    Ok(name)
}

fn migrate(url: &DatabaseUrl) -> Result<(), String> {
    let mut c = dialect::connect(url, Use::Migrations)?;
    migrations::run(&mut c).map(|_| ()).map_err(|e| e.to_string())
}
