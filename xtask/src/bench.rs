//! Measures what must be fast, prints it beside its bounds, and fails where a bound is passed. What is measured is in
//! `bench/`; this file starts it and reads its figures.

use std::fs;
use std::path::Path;

use clap::ValueEnum;

use crate::pg;
use crate::process::{Result, cargo, run as run_command, target_folder};

/// What can be measured by itself.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum What {
    /// Evaluation of value rules
    Rules,
    /// Impact simulation over 100,000 events
    Impact,
    /// Import of 20,000 rows
    Import,
    /// Lists of choices, in memory and over HTTP
    Choices,
    /// The settling of a month of 200,000 service events
    Settling,
    /// Vouchers issued and services recorded, beside bare transactions
    Writes,
}

/// Tells the measurement over HTTP which binary serves.
const BINARY_VARIABLE: &str = "VALINTA_BENCH_BINARY";
/// Names the PostgreSQL that is written to.
const POSTGRES_VARIABLE: &str = "VALINTA_BENCH_POSTGRES";

/// What the others are held against: the least that any rule does.
const BARE: &str = "bare";

/// Each rule that is measured, and the most that one evaluation may take, in nanoseconds; without one it is only shown.
const RULES: [(&str, Option<u32>); 9] = [
    (BARE, None),
    ("flat", Some(2_000)),
    ("income_reduction", Some(2_000)),
    ("income_bands", Some(2_000)),
    ("nested", Some(10_000)),
    ("flat/steps", None),
    ("income_reduction/steps", None),
    ("income_bands/steps", None),
    ("nested/steps", None),
];

/// Measures one thing, or all.
pub(crate) fn run(what: Option<What>) -> Result<()> {
    match what {
        Some(What::Rules) => rules(),
        Some(What::Impact) => over_http("impact"),
        Some(What::Import) => over_http("import"),
        Some(What::Choices) => choices(),
        Some(What::Settling) => over_http("settling"),
        Some(What::Writes) => writes(),
        None => {
            rules()?;
            ["impact", "import", "settling"].into_iter().try_for_each(over_http)?;
            writes()?;
            choices()
        }
    }
}

fn rules() -> Result<()> {
    run_command(&mut cargo(["bench", "--locked", "--package", "valinta-bench", "--bench", "rules"]))?;
    let criterion = target_folder()?.join("criterion");
    let measured = RULES
        .iter()
        .map(|(name, bound)| Ok(Measured { name, nanoseconds: median(&criterion, name)?, bound: bound.map(f64::from) }))
        .collect::<Result<Vec<_>>>()?;
    println!("\n{}", table(&measured));
    let slow: Vec<&str> = measured.iter().filter(|rule| rule.is_slow()).map(|rule| rule.name).collect();
    if slow.is_empty() { Ok(()) } else { Err(format!("too slow: {}", slow.join(", "))) }
}

/// A page in memory, which is only shown, and lists over HTTP.
fn choices() -> Result<()> {
    run_command(&mut cargo(["bench", "--locked", "--package", "valinta-bench", "--bench", "choices"]))?;
    over_http("choices_http")
}

/// Commands that write, on both databases.
fn writes() -> Result<()> {
    pg::with_server(&pg::binaries()?, pg::Writes::Durable, |url| run_over_http("writes", &[(POSTGRES_VARIABLE, url)]))
}

fn over_http(name: &str) -> Result<()> {
    run_over_http(name, &[])
}

/// The measurement holds itself to its bound: it ends with a failure where that is passed.
fn run_over_http(name: &str, settings: &[(&str, &str)]) -> Result<()> {
    run_command(&mut cargo(["build", "--release", "--locked", "--package", "valinta-service"]))?;
    let binary = target_folder()?.join("release").join("valinta");
    let mut bench = cargo(["bench", "--locked", "--package", "valinta-bench", "--bench", name]);
    run_command(bench.env(BINARY_VARIABLE, &binary).envs(settings.iter().copied()))
}

struct Measured {
    name: &'static str,
    nanoseconds: f64,
    bound: Option<f64>,
}

impl Measured {
    fn is_slow(&self) -> bool {
        self.bound.is_some_and(|bound| self.nanoseconds > bound)
    }
}

/// The median of one measurement as criterion left it, in nanoseconds.
fn median(criterion: &Path, name: &str) -> Result<f64> {
    // Criterion writes a name's slashes as underscores.
    let file = criterion.join(format!("rules_{}", name.replace('/', "_"))).join("new").join("estimates.json");
    let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    median_of(&text).ok_or_else(|| format!("{} holds no median", file.display()))
}

fn median_of(estimates: &str) -> Option<f64> {
    let estimates: serde_json::Value = serde_json::from_str(estimates).ok()?;
    estimates.pointer("/median/point_estimate")?.as_f64()
}

#[expect(clippy::float_arithmetic, reason = "a ratio for people to look at")]
fn table(measured: &[Measured]) -> String {
    let bare = measured.iter().find(|rule| rule.name == BARE).map(|rule| rule.nanoseconds);
    let mut lines = vec![format!("{:<24} {:>10} {:>8} {:>10}", "rule", "ns", "× bare", "bound")];
    for rule in measured {
        let ratio = bare.map_or(f64::NAN, |bare| rule.nanoseconds / bare);
        let bound = match rule.bound {
            Some(bound) if rule.is_slow() => format!("{bound:>10.0}  too slow"),
            Some(bound) => format!("{bound:>10.0}"),
            None => format!("{:>10}", "–"),
        };
        lines.push(format!("{:<24} {:>10.0} {ratio:>8.1} {bound}", rule.name, rule.nanoseconds));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Measured, median_of, table};

    #[test]
    fn the_median_is_read_from_the_estimates() {
        let estimates =
            r#"{"mean": {"point_estimate": 9.5}, "median": {"point_estimate": 12.25, "standard_error": 0.1}}"#;
        assert_eq!(median_of(estimates), Some(12.25));
        assert_eq!(median_of("{}"), None);
    }

    #[test]
    fn what_is_over_its_bound_stands_out() {
        let measured = [("bare", 50.0, None), ("flat", 100.0, Some(2_000.0)), ("nested", 20_000.0, Some(10_000.0))]
            .map(|(name, nanoseconds, bound)| Measured { name, nanoseconds, bound });
        let text = table(&measured);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[2].contains("2.0") && !lines[2].contains("slow"));
        assert!(lines[3].contains("400.0") && lines[3].ends_with("too slow"));
    }
}
