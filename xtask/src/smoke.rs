//! Tries the release binary as a newcomer would: an empty folder, no configuration, the demo journey against it, an
//! orderly stop, and a second start on what the first one left.

use std::path::{Path, PathBuf};

use crate::process::{Result, target_folder};
use crate::service::{Folder, Service, bare, end, get, wait};

const JOURNEY_SECONDS_MAX: u64 = 120;

/// Lists that a second loading of the demo county would change.
const STEADY_PATHS: [&str; 3] = ["/v1/organisers", "/v1/voucher-types", "/v1/providers"];

/// Tries the named binary, or the one that `cargo build --release` leaves.
pub(crate) fn run(binary: Option<PathBuf>) -> Result<()> {
    let binary = match binary {
        Some(named) => named,
        None => target_folder()?.join("release").join("valinta"),
    };
    let binary = binary
        .canonicalize()
        .map_err(|e| format!("{}: {e}; build it with `cargo build --release`", binary.display()))?;
    let folder = Folder::new("smoke")?;

    let first = Service::start(&binary, &folder.0, &[])?;
    first.ready()?;
    journey(&binary, &folder.0, &first.authority)?;
    let before = steady(&first)?;
    first.stop()?;

    let second = Service::start(&binary, &folder.0, &[])?;
    second.ready()?;
    let after = steady(&second)?;
    second.stop()?;

    for ((path, old), new) in STEADY_PATHS.iter().zip(before).zip(after) {
        if old != new {
            return Err(format!("GET {path} answers otherwise after a restart: was the demo county loaded again?"));
        }
    }
    Ok(())
}

/// The demo journey as its own process, in the folder where the service keeps its keys.
fn journey(binary: &Path, folder: &Path, authority: &str) -> Result<()> {
    let url = format!("http://{authority}");
    let mut child = bare(binary, folder)
        .args(["demo", "--url", &url])
        .spawn()
        .map_err(|e| format!("the demo journey did not start: {e}"))?;
    let ended = wait(&mut child, JOURNEY_SECONDS_MAX);
    if ended.is_none() {
        end(&mut child);
    }
    match ended {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(format!("the demo journey ended with {status}")),
        None => Err(format!("the demo journey took longer than {JOURNEY_SECONDS_MAX} s")),
    }
}

/// What the lists say that a second loading would change.
fn steady(service: &Service) -> Result<Vec<String>> {
    STEADY_PATHS
        .iter()
        .map(|path| match get(&service.authority, path)? {
            (200, body) => Ok(body),
            (status, body) => Err(format!("GET {path} answers {status}: {body}")),
        })
        .collect()
}
