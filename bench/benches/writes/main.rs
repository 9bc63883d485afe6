//! How fast vouchers are issued and services recorded over HTTP, of the release binary, beside a bare handler whose transaction
//! writes the same rows; and how fast rows are written in groups, beside each transaction by itself. In one run and in rounds
//! that take turns. `cargo xtask bench writes` names the binary and a PostgreSQL.
#![expect(clippy::print_stdout, clippy::float_arithmetic, reason = "figures for people are its result")]

mod bare;
mod contention;
mod scene;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bare::{Of, Rows};
use scene::{Place, Scene};
use valinta_bench::load::{self, Requests, Round};
use valinta_bench::process::{Process, copy_folder, in_folder};
use valinta_bench::{Outcome, binary};

/// A PostgreSQL with nothing in it.
const POSTGRES_VARIABLE: &str = "VALINTA_BENCH_POSTGRES";
/// Connections that send commands at once.
const CONNECTIONS: usize = 32;
/// Rounds of every case.
const ROUNDS: usize = 5;
/// Services under one voucher, before it is the turn of another, where all want the same.
const IN_A_ROW: usize = 4_000;
/// From which second of the day on those begin.
const HOT_FROM: u32 = 5_000;
/// How long a round lasts.
const ROUND: Duration = Duration::from_secs(2);
/// The least of the bare handler's rate that a whole command must reach.
const OF_BARE_MIN: f64 = 0.70;
/// The least that committing in groups must gain.
const GROUPED_MIN: f64 = 2.5;
/// The most of an ungrouped pool's p99 that a grouped one may take.
const GROUPED_P99_MAX: f64 = 0.05;

/// Vouchers in one batch.
const BATCH_ROWS: usize = 10_000;
/// The least that a batch must gain over the same caller issuing one voucher after the other. Over callers at once, whose
/// commands are committed together, it gains what the requests cost, and that is only shown.
const BATCH_MIN: f64 = 5.0;

const ISSUE: [&str; 2] = ["issue a voucher", "bare: the same rows as issuing"];
const ISSUE_ALONE: &str = "issue one voucher after the other";
const RECORD: [&str; 2] = ["record a service", "bare: the same rows as recording"];
const HOT: &str = "record under one voucher";
const GROUPED: [&str; 2] = ["rows of recording, in groups", "each transaction by itself"];

fn main() -> Outcome<()> {
    if std::env::args().nth(1).as_deref() == Some(bare::ARGUMENT) {
        return bare::serve();
    }
    let binary = binary()?;
    let top = tempfile::tempdir()?;
    let folder = |name: &str| -> Outcome<PathBuf> {
        let folder = top.path().join(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    };
    let mut over = measure(&binary, &Place { folder: folder("sqlite")?, postgres: None })?;
    match std::env::var(POSTGRES_VARIABLE) {
        Ok(url) => {
            over.extend(measure(&binary, &Place { folder: folder("postgres")?, postgres: Some(url.clone()) })?);
            contention::measure(&url)?;
        }
        Err(_) => println!("\n{POSTGRES_VARIABLE} names no PostgreSQL: nothing was measured there"),
    }
    if over.is_empty() { Ok(()) } else { Err(over.join("; ").into()) }
}

/// Measures on one database. Gives what is past its bound.
fn measure(binary: &Path, place: &Place) -> Outcome<Vec<String>> {
    let name = if place.postgres.is_some() { "PostgreSQL" } else { "SQLite" };
    let service = place.serve(binary)?;
    let scene = Scene::set(binary, place, &service)?;
    let bare_place = Place { folder: place.folder.with_extension("bare"), ..place.clone() };
    copy(place, &bare_place.folder)?;
    scene.keep(bare_place.clone())?;
    let mut command = in_folder(&std::env::current_exe()?, &bare_place.folder);
    let bare = Process::start(command.arg(bare::ARGUMENT), &bare_place.folder, "/ready")?;
    let cases: [(&'static str, Requests); 5] = [
        (ISSUE[0], scene.issues(&service.url)?),
        (ISSUE[1], scene.issues(&bare.url)?),
        (RECORD[0], scene.records(&service.url, 1, 1)?),
        (RECORD[1], scene.records(&bare.url, 1, 1)?),
        (HOT, scene.records(&service.url, IN_A_ROW, HOT_FROM)?),
    ];
    let own = place.folder.with_extension("own");
    let rows = match &place.postgres {
        Some(_) => None,
        None => {
            let own = Place { folder: own.clone(), postgres: None };
            copy(&bare_place, &own.folder)?;
            Some(Arc::new(Rows::open(&own, &scene)?))
        }
    };
    let mut all: BTreeMap<&'static str, Vec<Round>> = BTreeMap::new();
    for _ in 0..ROUNDS {
        for (name, requests) in &cases {
            all.entry(name).or_default().push(load::run(requests, CONNECTIONS, ROUND)?);
        }
        let [(_, issues), ..] = &cases;
        all.entry(ISSUE_ALONE).or_default().push(load::run(issues, 1, ROUND)?);
        if let Some(rows) = &rows {
            let round = bare::grouped(rows, Of::Recorded, CONNECTIONS, ROUND)?;
            all.entry(GROUPED[0]).or_default().push(round);
            let round = bare::ungrouped(&own, rows, Of::Recorded, CONNECTIONS, ROUND)?;
            all.entry(GROUPED[1]).or_default().push(round);
        }
    }
    let measured: BTreeMap<&str, Round> =
        all.into_iter().map(|(name, rounds)| Ok((name, Round::median(&rounds)?))).collect::<Outcome<_>>()?;
    println!("\n{name}, {CONNECTIONS} at once, medians of {ROUNDS} rounds of {} s", ROUND.as_secs());
    println!("{:<36} {:>8} {:>9} {:>9} {:>9}", "", "per s", "p50, ms", "p99, ms", "most, ms");
    for (name, round) in &measured {
        let of = |time: Duration| time.as_secs_f64() * 1_000.0;
        let (p50, p99, most) = (of(round.p50), of(round.p99), of(round.most));
        println!("{name:<36} {:>8.0} {p50:>9.2} {p99:>9.2} {most:>9.2}", round.per_second);
    }
    let mut over = ratios(name, &measured)?;
    let rate = |name: &str| measured.get(name).map(|round| round.per_second).ok_or("no vouchers were issued");
    let (alone, at_once) = (rate(ISSUE_ALONE)?, rate(ISSUE[0])?);
    for mode in ["all_or_nothing", "per_row"] {
        let took = scene.batch(&service, BATCH_ROWS, mode)?.as_secs_f64();
        let per_second = f64::from(u32::try_from(BATCH_ROWS)?) / took;
        let gain = per_second / alone;
        println!(
            "batch of {BATCH_ROWS}, {mode}: {took:.1} s, {per_second:.0} a second, {gain:.1} × one after the other (at least {BATCH_MIN}), \
             {:.1} × {CONNECTIONS} at once",
            per_second / at_once
        );
        if gain < BATCH_MIN {
            over.push(format!("{name}: a batch, {mode}, gains too little"));
        }
    }
    Ok(over)
}

/// The ratios, and what is past its bound.
fn ratios(name: &str, measured: &BTreeMap<&str, Round>) -> Outcome<Vec<String>> {
    let of = |case: &str| measured.get(case).copied().ok_or_else(|| format!("{case} was not measured"));
    let mut over = Vec::new();
    for [whole, bare] in [ISSUE, RECORD] {
        let ratio = of(whole)?.per_second / of(bare)?.per_second;
        println!("{whole}: {:.0} % of the bare handler's rate (at least {:.0} %)", ratio * 100.0, OF_BARE_MIN * 100.0);
        if ratio < OF_BARE_MIN {
            over.push(format!("{name}: {whole} is too slow"));
        }
    }
    if measured.contains_key(GROUPED[0]) {
        let (grouped, alone) = (of(GROUPED[0])?, of(GROUPED[1])?);
        let gain = grouped.per_second / alone.per_second;
        let p99 = grouped.p99.as_secs_f64() / alone.p99.as_secs_f64();
        println!(
            "in groups: {gain:.1} × the rate (at least {GROUPED_MIN}), p99 {p99:.3} × (at most {GROUPED_P99_MAX})"
        );
        if gain < GROUPED_MIN || p99 > GROUPED_P99_MAX {
            over.push(format!("{name}: groups gain too little"));
        }
    }
    Ok(over)
}

/// Copies the database, which nobody writes to meanwhile.
fn copy(from: &Place, to: &Path) -> Outcome<()> {
    copy_folder(&from.folder, to).map(|_| ())
}
