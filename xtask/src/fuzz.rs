//! Builds the fuzz targets with the pinned toolchain and runs each for a bounded time. Owns how they are built and where
//! what they find is left; what must hold of an input is stated in `fuzz/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Result, capture, cargo, in_path, install, root, run as run_command};

/// How long each target is run in `cargo xtask ci`.
pub(crate) const CI_SECONDS: u32 = 30;

/// The folder of the targets, a workspace of its own.
const FOLDER: &str = "fuzz";
/// The targets; each has a folder of this name in the corpus.
const TARGETS: [&str; 2] = ["rule", "terms"];

const INPUT_BYTES_MAX: u32 = 65_536;
const MEMORY_MB_MAX: u32 = 1_024;
const ONE_INPUT_SECONDS_MAX: u32 = 10;

/// Tells a target that every input it is given is sound.
const SOUND_VARIABLE: &str = "VALINTA_FUZZ_SOUND";

/// Counters in every branch and comparison, which the fuzzer reads to see what an input reached. No address sanitizer: it
/// asks for a nightly compiler, and the code is safe Rust.
const FLAGS: [&str; 6] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Builds the targets, goes through the committed corpus, and then looks for more for so many seconds per target.
pub(crate) fn run(seconds: u32) -> Result<()> {
    compiler()?;
    let binaries = build()?;
    let place = target_folder();
    for target in TARGETS {
        let committed = root().join(FOLDER).join("corpus").join(target);
        replay(&binaries.join(target), target, &committed)?;
        let (corpus, artifacts) = (place.join("corpus").join(target), place.join("artifacts").join(target));
        copy(&committed, &corpus)?;
        make(&artifacts)?;
        search(&binaries.join(target), target, &corpus, &artifacts, seconds)?;
    }
    Ok(())
}

/// What is found and built here is kept between runs, so that a run goes on from what earlier ones have reached.
fn target_folder() -> PathBuf {
    root().join("target").join(FOLDER)
}

fn build() -> Result<PathBuf> {
    let host = host()?;
    let folder = target_folder();
    run_command(
        // With a target named, the flags are not for what only helps to build.
        cargo(["build", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--target", &host])
            .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"))
            .env("CARGO_TARGET_DIR", &folder),
    )
    .map_err(|e| format!("{e}. If it is the lock file: `cargo update --workspace --manifest-path fuzz/Cargo.toml`"))?;
    Ok(folder.join(host).join("release"))
}

fn host() -> Result<String> {
    let told = capture(Command::new("rustc").arg("-vV").current_dir(root()))?;
    told.lines()
        .find_map(|line| line.strip_prefix("host: ").map(str::to_owned))
        .ok_or_else(|| "rustc does not say what it builds for".to_owned())
}

/// The fuzzer's own engine is C++. Without a compiler for it, one is installed where that is possible.
fn compiler() -> Result<()> {
    let named = std::env::var_os("CXX").is_some();
    if named || ["c++", "g++", "clang++"].iter().any(|name| in_path(name).is_some()) {
        return Ok(());
    }
    let missing = "no C++ compiler here (on Debian: `apt-get install g++`)";
    println!("{missing}; installing it");
    install("g++").map_err(|e| format!("{missing}; {e}"))
}

/// Every committed input is sound: it is judged to the end, and none of it fails.
fn replay(binary: &Path, target: &str, committed: &Path) -> Result<()> {
    let inputs = files(committed)?;
    println!("{target}: {} committed inputs", inputs.len());
    let mut command = Command::new(binary);
    command.args(&inputs).env(SOUND_VARIABLE, "1");
    let output = command.output().map_err(|e| format!("{} did not start: {e}", binary.display()))?;
    if output.status.success() && !inputs.is_empty() {
        return Ok(());
    }
    let told = end_of(&String::from_utf8_lossy(&output.stderr));
    Err(format!("{told}\n{target}: a committed input fails, or there is none"))
}

fn search(binary: &Path, target: &str, corpus: &Path, artifacts: &Path, seconds: u32) -> Result<()> {
    println!("{target}: looking for more, {seconds} s");
    let mut command = Command::new(binary);
    command
        .arg(corpus)
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-rss_limit_mb={MEMORY_MB_MAX}"))
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .arg(format!("-timeout={ONE_INPUT_SECONDS_MAX}"))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg("-print_final_stats=1");
    let output = command.output().map_err(|e| format!("{} did not start: {e}", binary.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        println!("{target}: {}", summary(&said));
        return Ok(());
    }
    let told = end_of(&said);
    let found = files(artifacts)?.into_iter().max_by_key(|file| fs::metadata(file).and_then(|m| m.modified()).ok());
    let again = found.map_or_else(
        || "it left no input behind".to_owned(),
        |input| format!("the input is {0}\nto repeat it: {1} {0}", input.display(), binary.display()),
    );
    Err(format!("{told}\n{target}: a promise does not hold; {again}"))
}

/// How many inputs were tried and how many were worth keeping.
fn summary(said: &str) -> String {
    let stat = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name));
        line.map_or("?", |rest| rest.trim_start_matches(':').trim()).to_owned()
    };
    format!("{} inputs tried, {} kept, nothing found", stat("number_of_executed_units"), stat("new_units_added"))
}

/// The part of what a target said that tells why it ended; before it are thousands of lines of progress.
fn end_of(said: &str) -> String {
    let is_progress = |line: &&str| ["#", "\tNEW_FUNC", "Executed "].iter().any(|start| line.starts_with(start));
    let lines: Vec<&str> = said.lines().filter(|line| !is_progress(line)).collect();
    let start = lines.len().saturating_sub(LINES_SHOWN);
    lines.get(start..).unwrap_or_default().join("\n")
}

/// So many lines of what a target said at its end are shown.
const LINES_SHOWN: usize = 80;

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    Ok(files)
}

fn make(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    make(to)?;
    for file in files(from)? {
        let name = file.file_name().unwrap_or_default();
        fs::copy(&file, to.join(name)).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{end_of, summary};

    #[test]
    fn the_summary_says_how_much_was_tried() {
        let said = "Done\nstat::number_of_executed_units: 120\nstat::new_units_added:          7\n";
        assert_eq!(summary(said), "120 inputs tried, 7 kept, nothing found");
        assert_eq!(summary(""), "? inputs tried, ? kept, nothing found");
    }

    #[test]
    fn progress_is_left_out_of_what_is_shown_of_a_failure() {
        let said = "#1 NEW\n\tNEW_FUNC[1/2]: x\nthread panicked\nSUMMARY: deadly signal\n#2 NEW";
        assert_eq!(end_of(said), "thread panicked\nSUMMARY: deadly signal");
    }
}
