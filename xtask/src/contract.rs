//! What the OpenAPI document promises to those who build on it: it keeps to the rules of linters, is valid, shows examples of
//! its own shapes, makes clients that compile, is what the service does, and loses nothing unannounced. Owns the order; tools
//! are pinned in `contract/`.

mod calls;
mod changes;
mod clients;
mod compare;
mod examples;
mod shape;
mod tools;

use std::fs;
use std::path::PathBuf;

use clap::Subcommand;

use crate::process::{Result, root, run as run_command};
use crate::steps::{self, Step};

/// A part of it.
#[derive(Subcommand)]
pub(crate) enum Part {
    /// What the last release promised is kept or announced to go; needs no tools
    Changes,
    /// Installs the pinned tools under target/contract
    Tools,
    /// The rules of spectral (oas and OWASP) and of redocly
    Lint,
    /// The OpenAPI standard itself
    Validate,
    /// Clients in TypeScript and Python are generated and compile
    Clients,
    /// Calls of every operation, right ones and wrong ones, against a demo county of its own
    Calls {
        /// For how long each operation is called at random; the calls that are made once in any case come before
        #[arg(long, default_value_t = calls::SECONDS_EACH)]
        seconds_each: u32,
        /// Of what the calls at random are made, as a run has told it; without one, of something new
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Makes the present document the one of the last release
    Release,
    /// Makes examples of calls that were recorded, for operations that have none
    Examples {
        /// The folder that VALINTA_RECORDED_CALLS named
        folder: PathBuf,
        /// Operations whose examples are made anew
        anew: Vec<String>,
    },
}

const CHANGES: Step = ("changes", changes::check);
const TOOLS: Step = ("tools", tools::install);
const SPECTRAL: Step = ("spectral", spectral);
const REDOCLY: Step = ("redocly", redocly);
const VALID: Step = ("openapi-spec-validator", validate);
const TYPESCRIPT: Step = ("client in TypeScript", clients::typescript);
const PYTHON: Step = ("client in Python", clients::python_client);
const CALLS: Step = ("schemathesis", || calls::make(calls::SECONDS_EACH, Some(calls::SEED)));

/// Checks a part, or all.
pub(crate) fn run(part: Option<Part>) -> Result<()> {
    match part {
        None => steps::run(&[CHANGES, TOOLS, SPECTRAL, REDOCLY, VALID, TYPESCRIPT, PYTHON, CALLS]),
        Some(Part::Changes) => changes::check(),
        Some(Part::Tools) => tools::install(),
        Some(Part::Lint) => steps::run(&[TOOLS, SPECTRAL, REDOCLY]),
        Some(Part::Validate) => steps::run(&[TOOLS, VALID]),
        Some(Part::Clients) => steps::run(&[TOOLS, TYPESCRIPT, PYTHON]),
        Some(Part::Calls { seconds_each, seed }) => {
            tools::install()?;
            calls::make(seconds_each, seed)
        }
        Some(Part::Release) => changes::release(),
        Some(Part::Examples { folder, anew }) => examples::make(&folder, &anew),
    }
}

/// Warnings and hints fail as well.
fn spectral() -> Result<()> {
    beside_the_tools()?;
    run_command(tools::node("spectral").args([
        "lint",
        "--ruleset",
        "spectral.yaml",
        "--fail-severity",
        "hint",
        "valinta.json",
    ]))
}

fn redocly() -> Result<()> {
    beside_the_tools()?;
    run_command(tools::node("redocly").args(["lint", "--config", "redocly.yaml", "valinta.json"]))
}

fn validate() -> Result<()> {
    run_command(tools::python("openapi-spec-validator").args(["--schema", "3.1"]).arg(root().join(changes::DOCUMENT)))
}

/// Exceptions of the rules name their place by a file beside them.
fn beside_the_tools() -> Result<()> {
    let beside = tools::node_folder().join("valinta.json");
    fs::copy(root().join(changes::DOCUMENT), &beside).map_err(|e| format!("{}: {e}", beside.display()))?;
    Ok(())
}
