//! The tools that the contract is checked with, in the versions that the lock files of `contract/` name. Installs them under
//! `target/contract`, once for each state of the locks; knows nothing of what they check.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Result, capture, in_path, root, run};

/// Settings and locks, committed.
const SETTINGS: &str = "contract";
/// What says of a folder of tools which lock it was made from.
const STAMP: &str = "installed.lock";

/// Where everything that is made is put.
pub(super) fn folder() -> PathBuf {
    root().join("target").join("contract")
}

/// Where tools of Node.js run: their settings must stand beside them.
pub(super) fn node_folder() -> PathBuf {
    folder().join("node")
}

/// Where tools of Python run, and what they make.
pub(super) fn python_folder() -> PathBuf {
    folder().join("python")
}

/// Installs both sets, where they are not there already, and copies the settings beside them.
pub(super) fn install() -> Result<()> {
    install_node()?;
    install_python()
}

/// A tool of Node.js, to be run beside its settings.
pub(super) fn node(program: &str) -> Command {
    let mut command = Command::new(node_folder().join("node_modules").join(".bin").join(program));
    command.current_dir(node_folder()).env("REDOCLY_TELEMETRY", "off").env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
    command
}

/// A tool of Python, to be run where it makes things. Tools that start others find those of the same set.
pub(super) fn python(program: &str) -> Command {
    let programs = python_programs();
    let others = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(programs.clone()).chain(std::env::split_paths(&others));
    let mut command = Command::new(programs.join(program));
    command.current_dir(python_folder()).env("PATH", std::env::join_paths(all).unwrap_or(others));
    command
}

/// Copies a committed file of settings beside the tools.
pub(super) fn copy(from: &str, to: &Path) -> Result<()> {
    let source = root().join(from);
    fs::copy(&source, to).map_err(|e| format!("{} to {}: {e}", source.display(), to.display()))?;
    Ok(())
}

/// Makes a folder empty, or makes it.
pub(super) fn empty(folder: &Path) -> Result<()> {
    let told = |e: std::io::Error| format!("{}: {e}", folder.display());
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(told(e)),
        Ok(()) | Err(_) => {}
    }
    fs::create_dir_all(folder).map_err(told)
}

fn install_node() -> Result<()> {
    for program in ["node", "npm"] {
        wanted(program, "Node.js 20.19 or later, with npm")?;
    }
    let folder = node_folder();
    make(&folder)?;
    for file in ["package.json", "package-lock.json", ".npmrc", "spectral.yaml", "redocly.yaml"] {
        copy(&format!("{SETTINGS}/{file}"), &folder.join(file))?;
    }
    let lock = read(&folder.join("package-lock.json"))?;
    once(&folder, &lock, || run(Command::new("npm").args(["ci", "--no-progress"]).current_dir(&folder)))
}

fn install_python() -> Result<()> {
    let interpreter = wanted("python3", "Python 3.11 or later")?;
    let version = capture(Command::new(&interpreter).args(["-c", "import sys; print(sys.version_info >= (3, 11))"]))?;
    if version.trim() != "True" {
        return Err(format!("{} is older than Python 3.11, for which the tools are locked", interpreter.display()));
    }
    let folder = python_folder();
    make(&folder)?;
    let lock = read(&root().join(SETTINGS).join("requirements.txt"))?;
    once(&folder, &lock, || {
        let tools = folder.join("tools");
        empty(&tools)?;
        run(Command::new(&interpreter).args(["-m", "venv"]).arg(&tools))?;
        let requirements = root().join(SETTINGS).join("requirements.txt");
        let pip =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps", "-r"];
        run(Command::new(python_programs().join("python")).args(pip).arg(requirements))
    })
}

fn python_programs() -> PathBuf {
    python_folder().join("tools").join("bin")
}

/// Installs unless this lock was installed; the stamp is written last, so that what broke off is done again.
fn once(folder: &Path, lock: &str, install: impl FnOnce() -> Result<()>) -> Result<()> {
    let stamp = folder.join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        println!("{} has what its lock says", folder.display());
        return Ok(());
    }
    let _ = fs::remove_file(&stamp);
    install()?;
    fs::write(&stamp, lock).map_err(|e| format!("{}: {e}", stamp.display()))
}

fn wanted(program: &str, what: &str) -> Result<PathBuf> {
    in_path(program).ok_or_else(|| format!("the contract is checked with {what}, and there is no `{program}` in PATH"))
}

fn make(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}
