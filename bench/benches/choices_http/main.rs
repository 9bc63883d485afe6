//! How fast lists of choices are over HTTP, of the release binary, beside what is bare: in one run and in rounds that take
//! turns, so that what else the machine does meets all of them alike. `cargo xtask bench choices` names the binary.
#![expect(clippy::print_stdout, clippy::float_arithmetic, reason = "figures for people are its result")]

mod asked;
mod bare;
mod changes;
mod registry;
mod report;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use asked::{Asked, Case, Work};
use bare::Answer;
use registry::Bearers;
use report::Report;
use valinta_bench::load::{self, Round};
use valinta_bench::process::{Process, copy_folder, in_folder};
use valinta_bench::{Outcome, binary};

/// Offerings of the registries that are compared.
const SIZES: [u32; 3] = [1_000, 10_000, 100_000];
/// Connections that ask at once.
const CONNECTIONS: usize = 32;
/// Rounds of every case.
const ROUNDS: usize = 5;
/// How long a round lasts.
const ROUND: Duration = Duration::from_secs(2);
/// Starts that are measured; the slowest counts.
const STARTS: usize = 3;
/// How often each of the slow requests is asked by itself.
const ALONE: u16 = 30;

fn main() -> Outcome<()> {
    if std::env::args().nth(1).as_deref() == Some(bare::ARGUMENT) {
        return bare::serve();
    }
    let binary = binary()?;
    let top = tempfile::tempdir()?;
    let folders = folders(&binary, top.path())?;
    let mut report = Report::default();
    starts(&binary, top.path(), &folders, &mut report)?;
    let services = folders.iter().map(|folder| Process::service(&binary, folder)).collect::<Outcome<Vec<_>>>()?;
    let bearers = folders.iter().map(|folder| Bearers::of(&binary, folder)).collect::<Outcome<Vec<_>>>()?;
    let asked = Asked::of(&services, &bearers)?;
    let bare_folder = top.path().join("bare");
    let bare = start_bare(&bare_folder, &folders, &asked)?;
    let measured = rounds(&asked.cases(&bare)?, &bare_folder)?;
    report.lists(&measured);

    let (Some(service), Some(bearers)) = (services.last(), bearers.last()) else { return Err("no service".into()) };
    let token = &bearers.provider;
    report.alone(&asked.alone(service, ALONE)?);
    report.noticed(&changes::readers(service, token, &asked.unlike()?)?);
    report.listed(&changes::prices(service, token)?);
    report.peak(service.peak_megabytes()?);
    report.end()
}

/// A folder with a database for each size.
fn folders(binary: &Path, top: &Path) -> Outcome<Vec<PathBuf>> {
    let demo = top.join("demo");
    fs::create_dir_all(&demo)?;
    drop(Process::service(binary, &demo)?);
    let folder = |size: u32| -> Outcome<PathBuf> {
        let folder = copy_folder(&demo, &top.join(size.to_string()))?;
        let made = registry::fill(&folder, size)?;
        // The first start finds how the offerings stand, as after a migration.
        let found = Process::service(binary, &folder)?.ready_after;
        println!("{size} offerings made in {made:.1} s, how they stand found in {:.1} s", found.as_secs_f64());
        Ok(folder)
    };
    SIZES.into_iter().map(folder).collect()
}

/// From the start of the process until it is ready: with nothing, and with each registry.
fn starts(binary: &Path, top: &Path, folders: &[PathBuf], report: &mut Report) -> Outcome<()> {
    let mut empty = Vec::new();
    for n in 0..STARTS {
        let folder = top.join(format!("empty-{n}"));
        fs::create_dir_all(&folder)?;
        empty.push(Process::empty_service(binary, &folder)?.ready_after);
    }
    report.start("nothing, the database is made", 0, &empty);
    let folder = top.join("empty-0");
    let start = |_| -> Outcome<Duration> { Ok(Process::empty_service(binary, &folder)?.ready_after) };
    let again = (0..STARTS).map(start);
    report.start("nothing, the database is there", 0, &again.collect::<Outcome<Vec<_>>>()?);
    for (size, folder) in SIZES.into_iter().zip(folders) {
        let start = |_| -> Outcome<Duration> { Ok(Process::service(binary, folder)?.ready_after) };
        let all = (0..STARTS).map(start);
        report.start(&format!("{size} offerings"), size, &all.collect::<Outcome<Vec<_>>>()?);
    }
    Ok(())
}

/// Starts the bare handlers with the service's own answers.
fn start_bare(folder: &Path, folders: &[PathBuf], asked: &Asked<'_>) -> Outcome<Process> {
    copy_folder(folders.last().ok_or("no registry")?, folder)?;
    let answers: BTreeMap<&str, Answer> = asked.answers()?;
    fs::write(folder.join(bare::ANSWERS), serde_json::to_string(&answers)?)?;
    let mut command: Command = in_folder(&std::env::current_exe()?, folder);
    Process::start(command.arg(bare::ARGUMENT), folder, "/ready")
}

/// Every case for a while in turn, and again: the median of its rounds.
fn rounds(cases: &[Case], bare_folder: &Path) -> Outcome<BTreeMap<&'static str, Round>> {
    // The bare process has the folder's; those that are measured without a server have their own.
    let own = bare_folder.with_extension("own");
    copy_folder(bare_folder, &own)?;
    let mut all: BTreeMap<&'static str, Vec<Round>> = BTreeMap::new();
    for _ in 0..ROUNDS {
        for case in cases {
            let round = match &case.work {
                Work::Requests(requests) => load::run(requests, CONNECTIONS, ROUND)?,
                Work::Grouped => bare::grouped(&own, CONNECTIONS, ROUND)?,
                Work::Ungrouped => bare::ungrouped(&own, ROUND)?,
            };
            all.entry(case.name).or_default().push(round);
        }
    }
    all.into_iter().map(|(name, rounds)| Ok((name, Round::median(&rounds)?))).collect()
}
