//! Changes of providers that wait for a second person, who may be an officer of the organiser.

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::identifiers::BusinessId;
use valinta_domain::provider::{AgreedField, ChangeState, Sector};
use valinta_domain::{Day, Id, Moment};

use super::{Counted, counted};
use crate::convert::{coded, parsed};
use crate::dialect::{Conn, literal};
use crate::error::DbError;
use crate::providers::relates_since;
use crate::schema::{provider_changes, providers};
use crate::types::{DbId, DbMoment};

const TABLE: &str = "provider_changes";

/// A change of a provider that waits. What an account is to be stays sealed: a worklist needs no account.
#[derive(Debug, Clone)]
pub struct WaitingChange {
    /// Its id.
    pub id: Id<kind::ProviderChange>,
    /// Whose.
    pub provider: Id<kind::Provider>,
    /// The provider's name.
    pub provider_name: String,
    /// Its business id.
    pub business_id: BusinessId,
    /// What of it is to change.
    pub field: AgreedField,
    /// What the name is to be, where it is the name.
    pub name: Option<String>,
    /// What the sector is to be, where it is the sector.
    pub sector: Option<Sector>,
    /// From which day.
    pub valid_from: Day,
    /// Who asked for it.
    pub proposed_by: String,
    /// When.
    pub proposed_at: Moment,
}

#[derive(Queryable)]
struct Row {
    id: DbId,
    provider_id: DbId,
    provider_name: String,
    business_id: String,
    field: String,
    value: Option<String>,
    valid_from: NaiveDate,
    proposed_by: String,
    proposed_at: DbMoment,
}

impl Row {
    fn change(self) -> Result<WaitingChange, DbError> {
        let field = coded(TABLE, &self.field, AgreedField::from_code)?;
        let (name, sector) = match (field, self.value) {
            (AgreedField::Name, Some(name)) => (Some(name), None),
            (AgreedField::Sector, Some(code)) => (None, Some(coded(TABLE, &code, Sector::from_code)?)),
            (AgreedField::Iban, None) => (None, None),
            (AgreedField::Name | AgreedField::Sector | AgreedField::Iban, _) => {
                return Err(DbError::corrupt(format!("{TABLE}: a change without its value")));
            }
        };
        Ok(WaitingChange {
            id: self.id.id(),
            provider: self.provider_id.id(),
            provider_name: self.provider_name,
            business_id: parsed("providers", &self.business_id)?,
            field,
            name,
            sector,
            valid_from: Day::new(self.valid_from),
            proposed_by: self.proposed_by,
            proposed_at: self.proposed_at.moment(),
        })
    }
}

/// Changes that an officer of the organiser may agree to: those of providers that are approved there or apply. The rule is
/// asked of `providers.id`, not of the change's own column: there SQLite 3.53 finds no plan for counting ("internal query
/// planner error"), as soon as the state is bound and the partial index of waiting changes can be used.
macro_rules! waiting {
    ($organiser:expr, $today:expr) => {
        provider_changes::table
            .inner_join(providers::table.on(providers::id.eq(provider_changes::provider_id)))
            .filter(provider_changes::state.eq(literal(ChangeState::Waiting.code())))
            .filter(relates_since!(providers::id, $organiser, $today))
    };
}

/// Changes that an officer of the organiser may agree to, those that were asked for first first.
///
/// # Errors
/// The database's.
pub fn waiting_changes(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    today: Day,
    after: Option<(Moment, Id<kind::ProviderChange>)>,
    limit: i64,
) -> Result<Vec<WaitingChange>, DbError> {
    let mut query = waiting!(organiser, today)
        .order((provider_changes::proposed_at, provider_changes::id))
        .limit(limit)
        .select((
            provider_changes::id,
            provider_changes::provider_id,
            providers::name,
            providers::business_id,
            provider_changes::field,
            provider_changes::value,
            provider_changes::valid_from,
            provider_changes::proposed_by,
            provider_changes::proposed_at,
        ))
        .into_boxed();
    if let Some((at, id)) = after {
        let (at, id) = (DbMoment::from(at), DbId::from(id));
        let same = provider_changes::proposed_at.eq(at).and(provider_changes::id.gt(id));
        query = query.filter(provider_changes::proposed_at.gt(at).or(same));
    }
    query.load::<Row>(c)?.into_iter().map(Row::change).collect()
}

pub(super) fn count_waiting(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    today: Day,
) -> Result<Counted<Moment>, DbError> {
    let (count, oldest): (_, Option<DbMoment>) = counted!(c, waiting!(organiser, today), provider_changes::proposed_at);
    Ok(Counted { count, oldest: oldest.map(DbMoment::moment) })
}
