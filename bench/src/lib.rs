//! What measurements over HTTP have in common: the release binary as a process, and requests that come in a closed loop.

pub mod load;
pub mod process;

use std::error::Error;
use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Europe::Helsinki;

/// What a measurement comes to, or why it cannot.
pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// Which binary serves.
pub const BINARY_VARIABLE: &str = "VALINTA_BENCH_BINARY";

/// How old a day must be.
const HOURS_MIN: i64 = 3;

/// The binary that serves, as `cargo xtask bench` names it.
///
/// # Errors
/// It was not named.
pub fn binary() -> Outcome<PathBuf> {
    let named = std::env::var_os(BINARY_VARIABLE).map(PathBuf::from);
    Ok(named.ok_or_else(|| format!("{BINARY_VARIABLE} names no binary; start this by `cargo xtask bench`"))?)
}

/// The demo county's day, as its own clock shows it.
pub fn today() -> NaiveDate {
    now().with_timezone(&Helsinki).date_naive()
}

/// When the demo county's day began.
///
/// # Errors
/// It is too young: services of the day cannot be told apart by when they began.
pub fn morning() -> Outcome<DateTime<Utc>> {
    let began = today().and_time(NaiveTime::MIN).and_local_timezone(Helsinki).earliest().ok_or("no midnight")?.to_utc();
    let is_old = now() - began > chrono::TimeDelta::hours(HOURS_MIN);
    if is_old { Ok(began) } else { Err(format!("try again when the day is {HOURS_MIN} hours old in Helsinki").into()) }
}

#[expect(clippy::disallowed_methods, reason = "what is measured runs by the system's clock")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
