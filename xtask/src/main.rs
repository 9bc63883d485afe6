//! The repository's own chores, started as `cargo xtask …`: reads the arguments and turns the outcome into an exit
//! status. Must not hold any check itself, and nothing of the product depends on this crate.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the console: what it prints is its result")]

mod bench;
mod ci;
mod contract;
mod fuzz;
mod licences;
mod openapi;
mod pg;
mod process;
mod service;
mod smoke;
mod steps;
mod tidy;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The repository's own chores")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Everything that must hold before a change is taken in, in order; stops at the first failure
    Ci,
    /// Checks of the repository itself: layers, headers, migrations, personal codes, text
    Tidy,
    /// Runs a command with TEST_DATABASE_URL naming a throw-away PostgreSQL
    Pg {
        /// The command and its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
    /// Writes openapi/valinta.json from the code
    Openapi {
        /// Compares instead of writing, and fails on a difference
        #[arg(long)]
        check: bool,
    },
    /// Checks what the OpenAPI document promises: rules, validity, examples, clients, nothing lost; all of it without a part
    Contract {
        /// What of it
        #[command(subcommand)]
        part: Option<contract::Part>,
    },
    /// Checks the licence of every package in the dependency tree
    Licences,
    /// Looks for rules and terms that break a promise: builds the fuzz targets and runs each for a while
    Fuzz {
        /// How long each target looks
        #[arg(long, default_value_t = fuzz::CI_SECONDS)]
        seconds: u32,
    },
    /// Measures what must be fast and fails where it is not; without a name, all of it
    Bench {
        /// What to measure
        what: Option<bench::What>,
    },
    /// Starts the release binary with no configuration, runs the demo journey and stops it by SIGTERM
    Smoke {
        /// The binary; without it the one that `cargo build --release` leaves
        binary: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Ci => ci::run().map(|()| ExitCode::SUCCESS),
        Chore::Tidy => tidy::run().map(|()| ExitCode::SUCCESS),
        Chore::Pg { command } => pg::run(&command),
        Chore::Openapi { check } => openapi::run(check).map(|()| ExitCode::SUCCESS),
        Chore::Contract { part } => contract::run(part).map(|()| ExitCode::SUCCESS),
        Chore::Licences => licences::run().map(|()| ExitCode::SUCCESS),
        Chore::Fuzz { seconds } => fuzz::run(seconds).map(|()| ExitCode::SUCCESS),
        Chore::Bench { what } => bench::run(what).map(|()| ExitCode::SUCCESS),
        Chore::Smoke { binary } => smoke::run(binary).map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|reason| {
        eprintln!("xtask: {reason}");
        ExitCode::FAILURE
    })
}
