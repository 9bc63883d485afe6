//! Everything that must hold before a change is taken in, in one order. Owns the order; what a step checks is the business
//! of its own file or of cargo.

use crate::process::{Result, cargo, run as run_command};
use crate::steps::{self, Step};
use crate::{contract, fuzz, licences, openapi, pg, smoke, tidy};

const STEPS: [Step; 11] = [
    ("tidy", tidy::run),
    ("format", format),
    ("clippy", clippy),
    ("docs", docs),
    ("tests on PostgreSQL", tests_on_postgresql),
    ("fuzz", || fuzz::run(fuzz::CI_SECONDS)),
    ("openapi", || openapi::run(true)),
    ("contract", || contract::run(None)),
    ("licences", licences::run),
    ("release build", || run_command(&mut cargo(["build", "--release", "--locked"]))),
    ("smoke", || smoke::run(None)),
];

/// Runs the steps in order and stops at the first that fails.
pub(crate) fn run() -> Result<()> {
    steps::run(&STEPS)
}

fn format() -> Result<()> {
    run_command(&mut cargo(["fmt", "--all", "--check"]))?;
    run_command(&mut cargo(["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))
}

fn clippy() -> Result<()> {
    run_command(&mut cargo(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))
}

fn docs() -> Result<()> {
    run_command(cargo(["doc", "--no-deps", "--workspace", "--locked"]).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Everything that a database has to do with once more, on PostgreSQL. It never passes by being skipped: without a server,
/// one is installed.
fn tests_on_postgresql() -> Result<()> {
    let binaries = pg::binaries().or_else(|missing| {
        println!("{missing}; installing it");
        pg::install().map_err(|e| format!("{missing}; {e}"))?;
        pg::binaries()
    })?;
    pg::with_server(&binaries, pg::Writes::Fast, |url| {
        let tests = ["--lib", "--test", "acceptance", "--test", "plumbing"];
        run_command(cargo(["test", "--workspace", "--locked"]).args(tests).env(pg::URL_VARIABLE, url))
    })
}
