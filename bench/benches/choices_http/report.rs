//! The figures beside their bounds, in words; and in the end whether all were kept.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::asked::name;
use crate::changes::{CHANGES_PER_SECOND, Listed, Noticed};
use valinta_bench::Outcome;
use valinta_bench::load::Round;

/// Of the bare handler's requests a second.
const OF_BARE_MIN: f64 = 0.6;
/// The same, of pages that are each another one, so that they are put together and written anew: see docs/benchmarks.md.
const MADE_ANEW_MIN: f64 = 0.15;
/// Times the bare handler's p99.
const P99_TIMES_MAX: f64 = 3.0;
/// Times as fast in a small registry as in a large one.
const FLAT_TIMES_MAX: f64 = 1.3;
/// From the start until ready, with nothing.
const EMPTY_START_MAX: Duration = Duration::from_millis(500);
/// From the start until ready, with 100,000 offerings.
const LARGE_START_MAX: Duration = Duration::from_secs(3);
/// Offerings of the large registry.
const LARGE: u32 = 100_000;
/// The most memory, in MB.
const PEAK_MAX: u64 = 1_024;
/// From a change until lists show it.
const LISTED_MAX: Duration = Duration::from_secs(1);
/// Times the p99 of those who read while nothing changes.
const NOTICED_TIMES_MAX: f64 = 3.0;
/// Of the changes a second that are wanted.
const CHANGES_KEPT_MIN: f64 = 0.95;
/// The slowest that can be asked for, by its median and alone.
const ALONE_MAX: Duration = Duration::from_millis(50);

/// What was measured so far against its bounds.
#[derive(Default)]
pub(crate) struct Report {
    passed: Vec<String>,
}

impl Report {
    /// Holds a figure to its bound.
    fn hold(&mut self, kept: bool, what: String) {
        println!("{} {what}", if kept { "  kept  " } else { "  PASSED" });
        if !kept {
            self.passed.push(what);
        }
    }

    /// Starts of the process; the slowest counts.
    pub(crate) fn start(&mut self, what: &str, offerings: u32, all: &[Duration]) {
        let slowest = all.iter().max().copied().unwrap_or_default();
        let bound = if offerings == 0 { EMPTY_START_MAX } else { LARGE_START_MAX };
        let words = format!("start until ready, {what}: {} (at most {})", shown(slowest), shown(bound));
        if offerings == 0 || offerings == LARGE {
            self.hold(slowest <= bound, words)
        } else {
            println!("         {words}")
        }
    }

    /// Lists beside what is bare.
    pub(crate) fn lists(&mut self, measured: &BTreeMap<&'static str, Round>) {
        println!("\n{:<40} {:>10} {:>9} {:>9} {:>9} {:>9}", "case", "a second", "p50", "p95", "p99", "most");
        for (name, Round { per_second, p50, p95, p99, most }) in measured {
            let [p50, p95, p99, most] = [p50, p95, p99, most].map(|time| shown(*time));
            println!("{name:<40} {per_second:>10.0} {p50:>9} {p95:>9} {p99:>9} {most:>9}");
        }
        println!();
        for (case, bare, least) in [
            (name::FIRST, name::BARE, Some(OF_BARE_MIN)),
            (name::MIX, name::BARE, Some(OF_BARE_MIN)),
            (name::ESTIMATE, name::BARE_ESTIMATE, Some(MADE_ANEW_MIN)),
            (name::BY_ESTIMATE, name::BARE_ESTIMATE, Some(MADE_ANEW_MIN)),
            // What is read of a person is noted before it is told: that costs a commit, which the bare handler must pay too.
            (name::VOUCHER, name::BARE_ROWS, Some(OF_BARE_MIN)),
            (name::BY_CO_PAYMENT, name::BARE_ROWS, Some(OF_BARE_MIN)),
            (name::VOUCHER, name::BARE_VOUCHER, None),
            (name::VOUCHER, name::GROUPED, None),
            (name::VOUCHER, name::UNGROUPED, None),
        ] {
            self.beside(measured, (case, bare), least);
        }
        let [small, middle, large, more_of_middle] = name::SIZED;
        let [voucher_small, voucher_large] = name::VOUCHER_SIZED;
        for (small, large) in [
            (small, middle),
            (small, large),
            (more_of_middle, name::FIRST),
            (small, name::FIRST),
            (voucher_small, voucher_large),
            (voucher_small, name::VOUCHER),
        ] {
            if let (Some(few), Some(many)) = (measured.get(small), measured.get(large)) {
                let times = few.per_second / many.per_second;
                let words = format!("{small} is {times:.2} times as fast as {large} (at most {FLAT_TIMES_MAX})");
                self.hold(times <= FLAT_TIMES_MAX, words);
            }
        }
    }

    fn beside(&mut self, measured: &BTreeMap<&'static str, Round>, (case, bare): (&str, &str), least: Option<f64>) {
        let (Some(own), Some(other)) = (measured.get(case), measured.get(bare)) else { return };
        let (share, times) = (own.per_second / other.per_second, own.p99.as_secs_f64() / other.p99.as_secs_f64());
        let words = format!("{case}: {:.0} % of {bare}, p99 {times:.1} times its p99", share * 100.0);
        match least {
            Some(least) => {
                let bounds = format!("(at least {:.0} %, at most {P99_TIMES_MAX} times)", least * 100.0);
                self.hold(share >= least && times <= P99_TIMES_MAX, format!("{words} {bounds}"))
            }
            None => println!("   shown {words}"),
        }
    }

    /// The slowest requests by themselves.
    pub(crate) fn alone(&mut self, all: &[(String, Round)]) {
        println!("\none request after the other");
        for (name, round) in all {
            println!("{name:<80} median {:>9}, most {:>9}", shown(round.p50), shown(round.most));
        }
        if let Some((name, round)) = all.iter().max_by_key(|(_, round)| round.p50) {
            let words = format!("the slowest is {name}: {} (at most {})", shown(round.p50), shown(ALONE_MAX));
            self.hold(round.p50 <= ALONE_MAX, words);
        }
    }

    /// What those who read notice of changes.
    pub(crate) fn noticed(&mut self, noticed: &Noticed) {
        let Noticed { at_rest, meanwhile, changes_per_second } = noticed;
        println!("\nwhile the registry changes");
        let wanted = f64::from(CHANGES_PER_SECOND);
        let words = format!("{changes_per_second:.1} changes a second were made ({wanted} wanted)");
        self.hold(*changes_per_second >= wanted * CHANGES_KEPT_MIN, words);
        let times = meanwhile.p99.as_secs_f64() / at_rest.p99.as_secs_f64();
        let words = format!(
            "readers: {:.0} a second, p99 {}, most {}; at rest {:.0}, {}, {}: p99 {times:.1} times (at most {NOTICED_TIMES_MAX})",
            meanwhile.per_second,
            shown(meanwhile.p99),
            shown(meanwhile.most),
            at_rest.per_second,
            shown(at_rest.p99),
            shown(at_rest.most),
        );
        self.hold(times <= NOTICED_TIMES_MAX, words);
    }

    /// From a change until lists show it.
    pub(crate) fn listed(&mut self, Listed { answered, listed }: &Listed) {
        let words = format!(
            "a change of price is answered after {} (p99 {}) and listed after {} (p99 {}, at most {})",
            shown(answered.p50),
            shown(answered.p99),
            shown(listed.p50),
            shown(listed.p99),
            shown(LISTED_MAX),
        );
        self.hold(listed.p99 <= LISTED_MAX, words);
    }

    /// The most memory.
    pub(crate) fn peak(&mut self, megabytes: u64) {
        self.hold(megabytes <= PEAK_MAX, format!("peak of memory: {megabytes} MB (at most {PEAK_MAX})"));
    }

    /// Whether every bound was kept.
    pub(crate) fn end(self) -> Outcome<()> {
        if self.passed.is_empty() {
            return Ok(());
        }
        println!("\nbounds that were passed:\n{}", self.passed.join("\n"));
        Err(format!("{} bounds were passed", self.passed.len()).into())
    }
}

/// A time as people read it.
fn shown(time: Duration) -> String {
    if time < Duration::from_millis(1) {
        format!("{} µs", time.as_micros())
    } else if time < Duration::from_secs(1) {
        format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
    } else {
        format!("{:.2} s", time.as_secs_f64())
    }
}
