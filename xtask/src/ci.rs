//! Everything that must hold before a change is taken in, in one order, with the time each step takes. Owns the order
//! and the summary; what a step checks is the business of its own file or of cargo.

use std::time::{Duration, Instant};

use crate::process::{Result, cargo, run as run_command};
use crate::{fuzz, licences, openapi, pg, smoke, tidy};

type Step = (&'static str, fn() -> Result<()>);

const STEPS: [Step; 10] = [
    ("tidy", tidy::run),
    ("format", format),
    ("clippy", clippy),
    ("docs", docs),
    ("tests on PostgreSQL", tests_on_postgresql),
    ("fuzz", || fuzz::run(fuzz::CI_SECONDS)),
    ("openapi", || openapi::run(true)),
    ("licences", licences::run),
    ("release build", || run_command(&mut cargo(["build", "--release", "--locked"]))),
    ("smoke", || smoke::run(None)),
];

/// Runs the steps in order and stops at the first that fails.
pub(crate) fn run() -> Result<()> {
    let mut taken = Vec::new();
    let mut failure = None;
    for (name, step) in STEPS {
        println!("\n== {name}");
        let started = Instant::now();
        let outcome = step();
        taken.push(started.elapsed());
        if let Err(reason) = outcome {
            println!("{reason}");
            failure = Some(name);
            break;
        }
    }
    println!("\n{}", summary(&STEPS.map(|(name, _)| name), &taken, failure.is_some()));
    match failure {
        None => Ok(()),
        Some(name) => Err(format!("the step `{name}` failed")),
    }
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

/// The whole suite once more, on PostgreSQL. It never passes by being skipped: without a server, one is installed.
fn tests_on_postgresql() -> Result<()> {
    let binaries = pg::binaries().or_else(|missing| {
        println!("{missing}; installing it");
        pg::install().map_err(|e| format!("{missing}; {e}"))?;
        pg::binaries()
    })?;
    pg::with_server(&binaries, |url| run_command(cargo(["test", "--workspace", "--locked"]).env(pg::URL_VARIABLE, url)))
}

/// One line per step: how it ended and how long it took. The last step with a time is the one that failed, if any did.
fn summary(names: &[&str], taken: &[Duration], failed: bool) -> String {
    let mut lines = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let last = at.checked_add(1) == Some(taken.len());
        lines.push(match taken.get(at) {
            Some(time) if failed && last => {
                format!("{name:<22} FAILED   {:>7.1} s", time.as_secs_f32())
            }
            Some(time) => format!("{name:<22} ok       {:>7.1} s", time.as_secs_f32()),
            None => format!("{name:<22} not run"),
        });
    }
    let total: Duration = taken.iter().sum();
    lines.push(format!("{:<22} {:<8} {:>7.1} s", "total", "", total.as_secs_f32()));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::summary;
    use std::time::Duration;

    #[test]
    fn the_summary_tells_what_failed_and_what_was_not_run() {
        let taken = [Duration::from_millis(1500), Duration::from_secs(2)];
        let text = summary(&["tidy", "format", "clippy"], &taken, true);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].contains("tidy") && lines[0].contains("ok") && lines[0].contains("1.5 s"));
        assert!(lines[1].contains("format") && lines[1].contains("FAILED"));
        assert!(lines[2].contains("clippy") && lines[2].contains("not run"));
        assert!(lines[3].contains("total") && lines[3].contains("3.5 s"));
    }

    #[test]
    fn the_summary_of_a_passing_run_has_no_failure() {
        assert!(!summary(&["tidy"], &[Duration::from_secs(1)], false).contains("FAILED"));
    }
}
