//! Programs that others have written, in pinned versions: installed once beside what is built, so that nothing is left among
//! the sources. Where Node.js or Python is missing, it is for the test to say so aloud.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// One at a time: tests of one process may want the same folder.
static INSTALLING: Mutex<()> = Mutex::new(());
/// What says which files a folder was installed from; written last.
const STAMP: &str = "installed-from";

/// A folder of this suite with packages of npm as its `package-lock.json` names them, or nothing where there is no Node.js.
pub(crate) fn of_node(folder: &str, files: &[&str]) -> Option<PathBuf> {
    if !["node", "npm"].into_iter().all(is_here) {
        return None;
    }
    Some(installed(folder, "node", files, |at| {
        run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(at));
    }))
}

/// A folder of this suite with packages of PyPI as its `requirements.txt` names them, or nothing where there is no Python
/// that can make environments.
pub(crate) fn of_python(folder: &str, files: &[&str]) -> Option<PathBuf> {
    let can = Command::new("python3").args(["-c", "import venv, ensurepip"]).output();
    if !can.is_ok_and(|output| output.status.success()) {
        return None;
    }
    Some(installed(folder, "python", files, |at| {
        run(Command::new("python3").args(["-m", "venv", "--clear", "packages"]).current_dir(at));
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"];
        run(Command::new(python(at)).args(install).arg("requirements.txt").current_dir(at));
    }))
}

/// The interpreter of such a folder.
pub(crate) fn python(at: &Path) -> PathBuf {
    at.join("packages/bin/python")
}

/// What a program answers that is told this. Its own words are shown where it fails.
pub(crate) fn asked(command: &mut Command, told: &str) -> String {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(told.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

fn installed(folder: &str, with: &str, files: &[&str], install: impl FnOnce(&Path)) -> PathBuf {
    let _one = INSTALLING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let name = format!("{folder}-{with}-under-test");
    let at = std::env::current_exe().unwrap().parent().unwrap().join(name);
    fs::create_dir_all(&at).unwrap();
    let read = |file: &&str| fs::read_to_string(sources.join(file)).unwrap();
    let from: String = files.iter().map(read).collect();
    if fs::read_to_string(at.join(STAMP)).ok().as_ref() != Some(&from) {
        for file in files {
            fs::copy(sources.join(file), at.join(file)).unwrap();
        }
        install(&at);
        fs::write(at.join(STAMP), from).unwrap();
    }
    at
}

fn is_here(command: &str) -> bool {
    Command::new(command).arg("--version").output().is_ok()
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
