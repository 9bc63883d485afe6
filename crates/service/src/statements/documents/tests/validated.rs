//! Documents of the examples against the official schemas, which stand beside the repository and are not part of it. Where they
//! or what it takes to read them are not there, the test says so and passes; where `VALINTA_STANDARDS` names their folder, it
//! fails instead.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use valinta_domain::Language;

use super::pain::order_of_all;
use super::samples::all;
use crate::statements::documents::{csv, invoice, pain, printed};

/// The top of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Where the schemas are, and whether they were asked for.
fn standards() -> Option<(PathBuf, bool)> {
    if let Some(given) = std::env::var_os("VALINTA_STANDARDS") {
        return Some((PathBuf::from(given), true));
    }
    let root = root();
    let beside = root.ancestors().skip(1).map(|folder| folder.join("shared/standards"));
    beside.filter(|folder| folder.is_dir()).map(|folder| (folder, false)).next()
}

fn skip(why: &str) {
    writeln!(std::io::stderr(), "statements::documents::validated: SKIPPED: {why}").unwrap();
}

fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|e| format!("{command:?}: {e}"))?;
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(said) } else { Err(said) }
}

/// A Python that has what the validator needs, kept for the next time.
fn python(validator: &Path, target: &Path) -> Result<PathBuf, String> {
    let (venv, requirements) = (target.join("validate"), validator.join("requirements.txt"));
    let (python, done) = (venv.join("bin/python"), venv.join("installed.txt"));
    let wanted = fs::read(&requirements).map_err(|e| e.to_string())?;
    if fs::read(&done).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    let install = ["-m", "pip", "install", "--quiet", "--only-binary", ":all:", "-r"];
    run(Command::new(&python).args(install).arg(requirements))?;
    fs::write(done, wanted).map_err(|e| e.to_string())?;
    Ok(python)
}

/// Writes every document of the examples into a folder of its own.
fn write_all(folder: &Path) {
    if folder.exists() {
        fs::remove_dir_all(folder).unwrap();
    }
    fs::create_dir_all(folder).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
    for (name, statement) in all() {
        for language in [Language::Fi, Language::Sv, Language::En] {
            let code = language.code();
            write(&format!("{name}.{code}.xml"), &invoice::document_in(&statement, language).unwrap());
            write(&format!("{name}.{code}.html"), printed::page(&statement, language).as_bytes());
        }
        write(&format!("{name}.csv"), &csv::document(&statement).unwrap());
    }
    write("payments.xml", &pain::message(&order_of_all()).unwrap());
}

#[test]
fn documents_are_valid_by_the_official_schemas() {
    let target = root().join("target");
    let documents = target.join("documents");
    write_all(&documents);
    let Some((standards, is_asked_for)) = standards() else {
        return skip("no folder shared/standards beside the repository; name it by VALINTA_STANDARDS");
    };
    let validator = root().join("tests/validate");
    let python = match python(&validator, &target) {
        Ok(python) => python,
        Err(why) if is_asked_for => panic!("{why}"),
        Err(why) => return skip(&why),
    };
    let said = run(Command::new(python).arg(validator.join("documents.py")).args([&standards, &documents]));
    assert_eq!(said, Ok("31 documents are valid\n".to_owned()), "{}", said.as_ref().err().cloned().unwrap_or_default());
}
