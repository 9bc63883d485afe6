//! Changes of what of a provider two people must agree on: waiting, decided, withdrawn. An account is sealed.

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::provider::{AgreedField, AgreedValue, ChangeState, Sector};
use valinta_domain::{Day, Id, Moment};

use crate::convert::{coded, parsed};
use crate::dialect::{Conn, literal};
use crate::error::DbError;
use crate::schema::provider_changes;
use crate::types::{DbId, DbMoment};
use crate::vault::Vault;

const TABLE: &str = "provider_changes";

/// A change that waits, or waited, for a second person.
#[derive(Debug, Clone)]
pub struct ProviderChange {
    /// Its id.
    pub id: Id<kind::ProviderChange>,
    /// Whose.
    pub provider: Id<kind::Provider>,
    /// What is to be in force.
    pub value: AgreedValue,
    /// From which day.
    pub valid_from: Day,
    /// Where it stands.
    pub state: ChangeState,
    /// Why it was refused.
    pub reason: Option<String>,
    /// Who asked for it.
    pub proposed_by: String,
    /// When.
    pub proposed_at: Moment,
    /// How it ended.
    pub decided: Option<Decided>,
}

/// Who decided a change, or took it back.
#[derive(Debug, Clone)]
pub struct Decided {
    /// Who.
    pub by: String,
    /// For which organiser; none for a member of the provider.
    pub organiser: Option<Id<kind::Organiser>>,
    /// When.
    pub at: Moment,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = provider_changes, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    provider_id: DbId,
    field: String,
    value: Option<String>,
    sealed: Option<Vec<u8>>,
    valid_from: NaiveDate,
    state: String,
    reason: Option<String>,
    proposed_by: String,
    proposed_at: DbMoment,
    decided_by: Option<String>,
    decided_for_id: Option<DbId>,
    decided_at: Option<DbMoment>,
}

/// What a sealed value is bound to: it opens in its own row only.
fn context(id: DbId) -> String {
    format!("provider_changes.sealed:{}", id.0)
}

impl Row {
    fn change(self, vault: &Vault) -> Result<ProviderChange, DbError> {
        let value = match (coded(TABLE, &self.field, AgreedField::from_code)?, self.value, self.sealed) {
            (AgreedField::Name, Some(name), None) => AgreedValue::Name(name),
            (AgreedField::Sector, Some(code), None) => AgreedValue::Sector(coded(TABLE, &code, Sector::from_code)?),
            (AgreedField::Iban, None, Some(sealed)) => {
                let text = vault.open(&context(self.id), &sealed);
                AgreedValue::Iban(parsed(TABLE, &text.map_err(|e| DbError::corrupt(format!("{TABLE}.sealed: {e}")))?)?)
            }
            (AgreedField::Name | AgreedField::Sector | AgreedField::Iban, _, _) => {
                return Err(DbError::corrupt(format!("{TABLE}: a change without its value")));
            }
        };
        let decided = self.decided_by.zip(self.decided_at).map(|(by, at)| Decided {
            by,
            organiser: self.decided_for_id.map(DbId::id),
            at: at.moment(),
        });
        Ok(ProviderChange {
            id: self.id.id(),
            provider: self.provider_id.id(),
            value,
            valid_from: Day::new(self.valid_from),
            state: coded(TABLE, &self.state, ChangeState::from_code)?,
            reason: self.reason,
            proposed_by: self.proposed_by,
            proposed_at: self.proposed_at.moment(),
            decided,
        })
    }
}

/// Adds a change that waits.
///
/// # Errors
/// [`DbError::Unique`] where one of the same field waits already.
pub fn insert(c: &mut Conn, vault: &Vault, change: &ProviderChange) -> Result<(), DbError> {
    let id = DbId::from(change.id);
    let (value, sealed) = match &change.value {
        AgreedValue::Name(name) => (Some(name.clone()), None),
        AgreedValue::Sector(sector) => (Some(sector.code().to_owned()), None),
        AgreedValue::Iban(iban) => {
            let sealed = vault.seal(&context(id), iban.as_str());
            (None, Some(sealed.map_err(|e| DbError::Internal(format!("{TABLE}.sealed: {e}")))?))
        }
    };
    let row = Row {
        id,
        provider_id: change.provider.into(),
        field: change.value.field().code().to_owned(),
        value,
        sealed,
        valid_from: change.valid_from.date(),
        state: change.state.code().to_owned(),
        reason: change.reason.clone(),
        proposed_by: change.proposed_by.clone(),
        proposed_at: change.proposed_at.into(),
        decided_by: change.decided.as_ref().map(|decided| decided.by.clone()),
        decided_for_id: change.decided.as_ref().and_then(|decided| decided.organiser).map(DbId::from),
        decided_at: change.decided.as_ref().map(|decided| decided.at.into()),
    };
    diesel::insert_into(provider_changes::table).values(&row).execute(c)?;
    Ok(())
}

/// Whose a change is. It never becomes another's.
///
/// # Errors
/// The database's.
pub fn provider_of(c: &mut Conn, id: Id<kind::ProviderChange>) -> Result<Option<Id<kind::Provider>>, DbError> {
    let query = provider_changes::table.find(DbId::from(id)).select(provider_changes::provider_id);
    Ok(query.first::<DbId>(c).optional()?.map(DbId::id))
}

/// A change by id. Its provider is locked by whoever decides it.
///
/// # Errors
/// The database's; or its value cannot be opened.
pub fn find(c: &mut Conn, vault: &Vault, id: Id<kind::ProviderChange>) -> Result<Option<ProviderChange>, DbError> {
    let row = provider_changes::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    row.map(|row: Row| row.change(vault)).transpose()
}

/// Stores how a change ended, and from which day it holds.
///
/// # Errors
/// [`DbError::Check`] where who asked for it is who confirms it.
pub fn store_decision(c: &mut Conn, change: &ProviderChange) -> Result<(), DbError> {
    let decided = change.decided.as_ref();
    diesel::update(provider_changes::table.find(DbId::from(change.id)))
        .set((
            provider_changes::state.eq(change.state.code()),
            provider_changes::valid_from.eq(change.valid_from.date()),
            provider_changes::reason.eq(&change.reason),
            provider_changes::decided_by.eq(decided.map(|decided| &decided.by)),
            provider_changes::decided_for_id.eq(decided.and_then(|decided| decided.organiser).map(DbId::from)),
            provider_changes::decided_at.eq(decided.map(|decided| DbMoment::from(decided.at))),
        ))
        .execute(c)?;
    Ok(())
}

/// A provider's changes, newest first.
///
/// # Errors
/// The database's; or a value cannot be opened.
pub fn of_provider(
    c: &mut Conn,
    vault: &Vault,
    provider: Id<kind::Provider>,
    before: Option<Id<kind::ProviderChange>>,
    limit: i64,
) -> Result<Vec<ProviderChange>, DbError> {
    let mut query = provider_changes::table
        .filter(provider_changes::provider_id.eq(DbId::from(provider)))
        .order(provider_changes::id.desc())
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(provider_changes::id.lt(DbId::from(before)));
    }
    query.load::<Row>(c)?.into_iter().map(|row| row.change(vault)).collect()
}

/// The changes of a provider that wait: of each field at most one.
///
/// # Errors
/// The database's; or a value cannot be opened.
pub fn waiting_of(c: &mut Conn, vault: &Vault, provider: Id<kind::Provider>) -> Result<Vec<ProviderChange>, DbError> {
    let rows: Vec<Row> = provider_changes::table
        .filter(provider_changes::provider_id.eq(DbId::from(provider)))
        .filter(provider_changes::state.eq(literal(ChangeState::Waiting.code())))
        .order(provider_changes::id)
        .limit(10)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().map(|row| row.change(vault)).collect()
}
