//! Keeps `openapi/valinta.json` equal to what the code says. The document is made by the service's own binary; this
//! file only writes or compares it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::process::{Result, capture, cargo, root, run as run_command, target_folder};

const DOCUMENT: &str = "openapi/valinta.json";

/// Writes the document, or with `check` fails where the committed one differs.
pub(crate) fn run(check: bool) -> Result<()> {
    let made = capture(Command::new(built_for_tests()?).arg("openapi"))?;
    let path = root().join(DOCUMENT);
    if check {
        let committed = fs::read_to_string(&path).map_err(|e| format!("{DOCUMENT}: {e}"))?;
        return match difference(&committed, &made) {
            None => Ok(()),
            Some(found) => {
                Err(format!("{DOCUMENT} is not what the code says; {found}. Run `cargo xtask openapi` and commit it"))
            }
        };
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    fs::write(&path, made).map_err(|e| format!("{DOCUMENT}: {e}"))
}

/// The service's own main as the tests start it: whoever changes the API has it built, and building another one, with the
/// features of another selection of packages, takes minutes.
pub(crate) fn built_for_tests() -> Result<PathBuf> {
    run_command(&mut cargo(["test", "--quiet", "--workspace", "--locked", "--test", "acceptance", "--no-run"]))?;
    Ok(target_folder()?.join("debug").join("valinta-under-test"))
}

/// The first line in which the two differ.
fn difference(committed: &str, made: &str) -> Option<String> {
    if committed == made {
        return None;
    }
    let lines = committed.lines().zip(made.lines()).zip(1_usize..);
    let first = lines.into_iter().find(|((old, new), _)| old != new);
    Some(match first {
        Some(((old, new), number)) => {
            format!("first at line {number}: committed `{}`, made `{}`", old.trim(), new.trim())
        }
        None => format!("one is longer: committed {} bytes, made {} bytes", committed.len(), made.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn equal_documents_do_not_differ() {
        assert_eq!(difference("{\n}\n", "{\n}\n"), None);
    }

    #[test]
    fn the_first_differing_line_is_named() {
        let found = difference("a\nb\nc\n", "a\nx\nc\n").unwrap();
        assert!(found.contains("line 2") && found.contains("`b`") && found.contains("`x`"));
    }

    #[test]
    fn a_longer_document_differs() {
        assert!(difference("a\n", "a\nb\n").unwrap().contains("longer"));
    }
}
