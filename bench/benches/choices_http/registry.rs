//! Registries of a size, made by SQL on the demo county, and the tokens of those who ask.

use std::path::Path;
use std::time::Instant;

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection};
use uuid::Uuid;

use valinta_bench::Outcome;
use valinta_bench::process::in_folder;

/// Makes the rows, in a database that holds the demo county.
const ROWS: &str = include_str!("registry.sql");
/// Voucher types there are; the first two have 5,000 and 1,000 offerings where there are so many, and the rest shares what
/// is left.
const TYPES: u32 = 20;
/// Offerings of the first two voucher types.
pub(crate) const FIRST_TYPES: [u32; 2] = [5_000, 1_000];
/// Vouchers of each of the first two voucher types.
pub(crate) const VOUCHERS_OF_EACH: u32 = 400;

/// Fills a folder's database up to so many offerings, and says how many seconds it took.
pub(crate) fn fill(folder: &Path, offerings: u32) -> Outcome<f64> {
    let began = Instant::now();
    let file = folder.join("valinta.db");
    let mut c = SqliteConnection::establish(file.to_str().ok_or("a folder's name is not text")?)?;
    c.batch_execute("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; BEGIN IMMEDIATE;")?;
    // Looking for overlaps row by row would take longer than all the rest; nothing overlaps.
    let guards: Vec<Guard> = diesel::sql_query(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%no_overlap_insert'",
    )
    .load(&mut c)?;
    for guard in &guards {
        c.batch_execute(&format!("DROP TRIGGER {};", guard.name))?;
    }
    c.batch_execute("CREATE TEMP TABLE wanted (type INTEGER, size INTEGER, before INTEGER);")?;
    let mut before = 0;
    for (n, size) in sizes(offerings).into_iter().enumerate() {
        c.batch_execute(&format!("INSERT INTO wanted VALUES ({n}, {size}, {before});"))?;
        before += size;
    }
    c.batch_execute(ROWS)?;
    for guard in &guards {
        c.batch_execute(&guard.sql)?;
    }
    c.batch_execute("COMMIT; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(began.elapsed().as_secs_f64())
}

/// Offerings of each voucher type. A registry of no more than the second type's has that one alone.
fn sizes(offerings: u32) -> Vec<u32> {
    let [first, second] = FIRST_TYPES;
    if offerings <= second {
        return vec![0, offerings];
    }
    let rest = offerings.saturating_sub(first + second) / (TYPES - 2);
    let mut sizes = vec![first, second];
    sizes.resize(usize::try_from(TYPES).unwrap_or_default(), rest);
    sizes
}

#[derive(QueryableByName)]
struct Guard {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

/// The id of the nth row of a kind, as the SQL makes it.
fn id(kind: u32, n: u32) -> Uuid {
    Uuid::from_u128((u128::from(kind) << 96) | (0x7000_8000 << 48) | u128::from(n))
}

/// A voucher type.
pub(crate) fn voucher_type(n: u32) -> Uuid {
    id(1, n)
}

/// An offering of the first voucher type.
pub(crate) fn offering(n: u32) -> Uuid {
    id(7, n)
}

/// A voucher of one of the first two voucher types.
pub(crate) fn voucher(of_type: u32, n: u32) -> Uuid {
    id(13, of_type * VOUCHERS_OF_EACH + n % VOUCHERS_OF_EACH)
}

/// Tokens of those who ask a folder's service.
pub(crate) struct Bearers {
    /// The holder of all vouchers.
    pub(crate) resident: String,
    /// The member of the first ten providers.
    pub(crate) provider: String,
}

impl Bearers {
    /// Has the binary print them.
    pub(crate) fn of(binary: &Path, folder: &Path) -> Outcome<Self> {
        let print = |arguments: &[&str]| -> Outcome<String> {
            let output = in_folder(binary, folder).arg("token").args(arguments).output()?;
            Ok(String::from_utf8(output.stdout)?.trim().to_owned())
        };
        Ok(Self { resident: print(&["resident"])?, provider: print(&["provider", "--subject", "measured"])? })
    }
}
