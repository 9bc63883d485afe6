//! What the repository promises about itself and no compiler checks. Gathers the files and every finding; the checks are
//! pure functions of text in the files below, and none of them changes anything.

mod identity;
mod layers;
mod migrations;
mod rows;
mod schemas;
mod text;

use std::fmt;
use std::fs;
use std::process::Command;

use cargo_metadata::MetadataCommand;

use crate::process::{Result, capture, root};

/// Something that is not as promised, and where.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    place: String,
    what: String,
}

impl Finding {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }

    fn at(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self::new(format!("{path}:{line}"), what)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// A text file of the repository; its path is relative to the top.
struct SourceFile {
    path: String,
    text: String,
}

/// Runs every check and reports all findings.
pub(crate) fn run() -> Result<()> {
    let files = files()?;
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).exec().map_err(|e| e.to_string())?;

    let mut findings = layers::check(&layers::Graph::of(&metadata)?);
    findings.extend(text::check(&files));
    findings.extend(identity::check(&files));
    findings.extend(migrations::check(&files));
    findings.extend(rows::check(&files));
    findings.extend(schemas::check(&files));
    findings.sort();
    if findings.is_empty() {
        println!("{} files are tidy", files.len());
        return Ok(());
    }
    let shown: Vec<String> = findings.iter().map(Finding::to_string).collect();
    Err(format!("{} findings:\n  {}", findings.len(), shown.join("\n  ")))
}

/// Every text file that is committed, or would be: what git ignores is nobody's business.
fn files() -> Result<Vec<SourceFile>> {
    let listed = capture(
        Command::new("git")
            // A build machine's checkout may belong to another user.
            .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root()),
    )?;
    let mut files = Vec::new();
    for path in listed.split('\0').filter(|path| !path.is_empty()) {
        match fs::read(root().join(path)) {
            // What is not text is not ours to read.
            Ok(bytes) => {
                files.extend(String::from_utf8(bytes).ok().map(|text| SourceFile { path: path.to_owned(), text }))
            }
            // Deleted and not yet committed.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(format!("{path}: {e}")),
        }
    }
    Ok(files)
}
