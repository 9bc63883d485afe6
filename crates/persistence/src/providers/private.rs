//! What of a provider is for organisers alone, sealed: contacts and the bank account.

use diesel::prelude::*;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::provider::{Contact, Iban};

use crate::convert::{from_json, parsed, to_json};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::providers;
use crate::types::DbId;
use crate::vault::Vault;

/// What a sealed column is bound to: it opens in its own place only.
fn context(column: &str, provider: Id<kind::Provider>) -> String {
    format!("providers.{column}:{provider}")
}

fn sealed(vault: &Vault, column: &str, provider: Id<kind::Provider>, text: &str) -> Result<Vec<u8>, DbError> {
    vault.seal(&context(column, provider), text).map_err(|e| DbError::Internal(format!("providers.{column}: {e}")))
}

fn opened(vault: &Vault, column: &str, provider: Id<kind::Provider>, sealed: &[u8]) -> Result<String, DbError> {
    vault.open(&context(column, provider), sealed).map_err(|e| DbError::corrupt(format!("providers.{column}: {e}")))
}

/// A provider's contacts for organisers.
///
/// # Errors
/// They cannot be opened; or the database's.
pub fn contacts(c: &mut Conn, vault: &Vault, provider: Id<kind::Provider>) -> Result<Vec<Contact>, DbError> {
    let query = providers::table.find(DbId::from(provider)).select(providers::contacts);
    match query.first::<Option<Vec<u8>>>(c).optional()?.flatten() {
        None => Ok(Vec::new()),
        Some(kept) => from_json("providers", &opened(vault, "contacts", provider, &kept)?),
    }
}

/// Stores a provider's contacts for organisers, in the place of those before.
///
/// # Errors
/// They cannot be sealed; or the database's.
pub fn store_contacts(
    c: &mut Conn,
    vault: &Vault,
    provider: Id<kind::Provider>,
    contacts: &[Contact],
) -> Result<(), DbError> {
    let sealed = sealed(vault, "contacts", provider, &to_json(&contacts)?)?;
    diesel::update(providers::table.find(DbId::from(provider))).set(providers::contacts.eq(sealed)).execute(c)?;
    Ok(())
}

/// The account that a provider is paid to, if it has named one.
///
/// # Errors
/// It cannot be opened; or the database's.
pub fn iban(c: &mut Conn, vault: &Vault, provider: Id<kind::Provider>) -> Result<Option<Iban>, DbError> {
    let query = providers::table.find(DbId::from(provider)).select(providers::iban);
    match query.first::<Option<Vec<u8>>>(c).optional()?.flatten() {
        None => Ok(None),
        Some(kept) => parsed("providers", &opened(vault, "iban", provider, &kept)?).map(Some),
    }
}

/// Stores the account that a provider is paid to from now on.
///
/// # Errors
/// It cannot be sealed; or the database's.
pub fn store_iban(c: &mut Conn, vault: &Vault, provider: Id<kind::Provider>, iban: &Iban) -> Result<(), DbError> {
    let sealed = sealed(vault, "iban", provider, iban.as_str())?;
    diesel::update(providers::table.find(DbId::from(provider))).set(providers::iban.eq(sealed)).execute(c)?;
    Ok(())
}
