//! When the service may answer: once its tables are there, and only with the keys that the data was sealed with.

use std::sync::atomic::Ordering;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use valinta_persistence::vault::Vault;
use valinta_persistence::{Conn, DbError, offering_states, organisers};

use crate::app::App;

/// What notes which keys the data was sealed with: nothing secret, and nothing that another key would make.
const KEY_CHECK_FACT: &str = "key_check";
const KEY_CHECK: &str = "valinta";
/// What notes that a migration has left it to be found how the offerings stand.
const STATES_ARE_DUE: &str = "offering_states_are_due";

impl App {
    /// Whether requests may be answered.
    pub fn is_open(&self) -> bool {
        self.opened().load(Ordering::Acquire)
    }

    /// Opens the service if the database has all its tables. For a thread that may block.
    ///
    /// # Errors
    /// The database cannot be asked, or its data was sealed with other keys: people would not be found, and be
    /// registered a second time.
    pub fn open_up(&self) -> Result<bool, String> {
        if self.is_open() {
            return Ok(true);
        }
        if !self.db().pending_migrations().map_err(|error| error.to_string())?.is_empty() {
            return Ok(false);
        }
        let vault = std::sync::Arc::clone(self.vault());
        let known = self.db().write_blocking(move |c| knows(c, &vault)).map_err(|error| error.to_string())?;
        if !known {
            return Err("the keys are not those that this database was filled with".to_owned());
        }
        self.find_offering_states().map_err(|error| error.to_string())?;
        self.opened().store(true, Ordering::Release);
        Ok(true)
    }
}

impl App {
    /// Finds how the offerings stand, where a migration has left that to be done: some at a time, so that a process that is
    /// stopped meanwhile has done a part of it.
    fn find_offering_states(&self) -> Result<(), DbError> {
        if self.db().read_blocking(|c| organisers::installation_fact(c, STATES_ARE_DUE))?.is_none() {
            return Ok(());
        }
        let mut after = None;
        while let Some(last) = self.db().write_blocking(move |c| offering_states::find_some(c, after))? {
            after = Some(last);
        }
        self.db().write_blocking(|c| organisers::forget_installation_fact(c, STATES_ARE_DUE))?;
        Ok(())
    }
}

/// Whether the keys are those of the data. The first keys that are seen are noted.
fn knows(c: &mut Conn, vault: &Vault) -> Result<bool, DbError> {
    let lookup = STANDARD_NO_PAD.encode(vault.lookup(KEY_CHECK_FACT, KEY_CHECK));
    match organisers::installation_fact(c, KEY_CHECK_FACT)? {
        Some(noted) => Ok(noted.split_once(':').is_some_and(|(noted_lookup, sealed)| {
            let sealed = STANDARD_NO_PAD.decode(sealed).unwrap_or_default();
            noted_lookup == lookup && vault.open(KEY_CHECK_FACT, &sealed).is_ok_and(|text| text == KEY_CHECK)
        })),
        None => {
            let sealed = vault.seal(KEY_CHECK_FACT, KEY_CHECK).map_err(|error| DbError::Internal(error.to_string()))?;
            let noted = format!("{lookup}:{}", STANDARD_NO_PAD.encode(sealed));
            organisers::note_installation_fact(c, KEY_CHECK_FACT, &noted)?;
            Ok(true)
        }
    }
}
