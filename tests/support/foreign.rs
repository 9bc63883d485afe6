//! Programs in other languages and their packages, in pinned versions: copied and installed once beside what is built, so that
//! nothing is left among the sources. Where Node.js or Python is missing, it is for the test to say so aloud.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// One at a time: tests of one process may want the same folder.
static INSTALLING: Mutex<()> = Mutex::new(());

/// What is copied: places in the repository.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Foreign {
    /// The folder that it runs in.
    pub(crate) folder: &'static str,
    /// What of the folder it takes: with it `package-lock.json` or `requirements.txt`.
    pub(crate) files: &'static [&'static str],
    /// What it takes of other folders, at the same places from here.
    pub(crate) besides: &'static [&'static str],
}

impl Foreign {
    /// The folder with its packages of npm, after its script `build` if it is to be built; nothing where there is no Node.js.
    pub(crate) fn of_node(self, is_built: bool) -> Option<PathBuf> {
        if !["node", "npm"].into_iter().all(is_here) {
            return None;
        }
        Some(self.installed("npm-installed-from", |at| {
            run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(at));
            if is_built {
                run(Command::new("npm").args(["run", "build"]).current_dir(at));
            }
        }))
    }

    /// The folder with its packages of PyPI, after this program of theirs; nothing where there is no Python that can make
    /// environments.
    pub(crate) fn of_python(self, then: &[&str]) -> Option<PathBuf> {
        let can = Command::new("python3").args(["-c", "import venv, ensurepip"]).output();
        if !can.is_ok_and(|output| output.status.success()) {
            return None;
        }
        Some(self.installed("pip-installed-from", |at| {
            run(Command::new("python3").args(["-m", "venv", "--clear", "packages"]).current_dir(at));
            let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"];
            run(of_packages(at, "python").args(install).arg("requirements.txt"));
            if let [program, arguments @ ..] = then {
                run(of_packages(at, program).args(arguments));
            }
        }))
    }

    /// The stamp says which files it was installed from; it is written last.
    fn installed(self, stamp: &str, install: impl FnOnce(&Path)) -> PathBuf {
        let _one = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let copy = std::env::current_exe().unwrap().parent().unwrap().join("foreign-under-test");
        let at = copy.join(self.folder);
        let of_folder = self.files.iter().map(|file| format!("{}/{file}", self.folder));
        let places: Vec<String> = of_folder.chain(self.besides.iter().map(|&place| place.to_owned())).collect();
        let from: String = places.iter().map(|place| fs::read_to_string(repository.join(place)).unwrap()).collect();
        if fs::read_to_string(at.join(stamp)).ok().as_ref() != Some(&from) {
            for place in &places {
                fs::create_dir_all(copy.join(place).parent().unwrap()).unwrap();
                fs::copy(repository.join(place), copy.join(place)).unwrap();
            }
            install(&at);
            fs::write(at.join(stamp), from).unwrap();
        }
        at
    }
}

/// A program of such a folder's Python packages, run in it. Programs that start others find those of the same packages.
pub(crate) fn of_packages(at: &Path, program: &str) -> Command {
    let programs = at.join("packages/bin");
    let others = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(programs.clone()).chain(std::env::split_paths(&others));
    let mut command = Command::new(programs.join(program));
    command.current_dir(at).env("PATH", std::env::join_paths(all).unwrap());
    command
}

/// What a program answers that is told this. Its own words are shown where it fails.
pub(crate) fn asked(command: &mut Command, told: &str) -> String {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(told.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

fn is_here(command: &str) -> bool {
    Command::new(command).arg("--version").output().is_ok()
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said));
}
