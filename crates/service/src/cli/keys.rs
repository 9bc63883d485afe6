//! `valinta keys …`: makes the keys file, lets another key sign tokens; and how a process that runs follows it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::spawn_blocking;

use super::CliError;
use crate::app::App;
use crate::clock::Clock;
use crate::console::say;
use crate::keys::{KNOWN_BEFORE, Keys};

/// How often a process reads the file: well more often than a new key has to be known.
const READ_EVERY: Duration = Duration::from_secs(60);

/// Writes new random keys to a file that does not exist yet.
pub(super) fn new(path: &Path) -> Result<(), CliError> {
    Keys::generate().write_new(path)?;
    say(format_args!("wrote new keys to {}; keep a copy: without them personal data cannot be read", path.display()));
    Ok(())
}

/// Lets another key sign tokens.
pub(super) fn rotate(path: &Path) -> Result<(), CliError> {
    let keys = Keys::rotate(path, Clock::system().now())?;
    let kid = keys.token_keys().last().map(|key| key.kid.as_str()).unwrap_or_default();
    let minutes = KNOWN_BEFORE.num_minutes();
    say(format_args!(
        "key {kid} signs tokens in {minutes} minutes; nothing has to be started anew. Keep a copy of the file"
    ));
    Ok(())
}

/// Takes in what `valinta keys rotate` has done, for as long as the service runs.
pub(super) async fn follow(app: App, path: PathBuf) {
    loop {
        tokio::time::sleep(READ_EVERY).await;
        let file = path.clone();
        match spawn_blocking(move || Keys::read(&file)).await {
            Ok(Ok(keys)) if app.tokens().renew(&keys) => tracing::info!("another key signs tokens, or will soon"),
            Ok(Ok(_)) => {}
            // What it said before holds.
            Ok(Err(error)) => tracing::warn!(%error, "the keys file cannot be read"),
            Err(error) => tracing::warn!(%error, "the keys file cannot be read"),
        }
    }
}
