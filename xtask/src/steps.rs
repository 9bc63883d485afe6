//! Steps that are done one after the other, with the time that each takes. Knows no step.

use std::time::{Duration, Instant};

use crate::process::Result;

/// A name and what is done under it.
pub(crate) type Step = (&'static str, fn() -> Result<()>);

/// Does the steps in order and stops at the first that fails.
pub(crate) fn run(steps: &[Step]) -> Result<()> {
    let mut taken = Vec::new();
    let mut failure = None;
    for (name, step) in steps {
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
    let names: Vec<&str> = steps.iter().map(|(name, _)| *name).collect();
    println!("\n{}", summary(&names, &taken, failure.is_some()));
    match failure {
        None => Ok(()),
        Some(name) => Err(format!("the step `{name}` failed")),
    }
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
