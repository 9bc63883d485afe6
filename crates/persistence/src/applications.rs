//! Applications of units for approval, and what happened to them.

mod events;

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::application::{ApplicationState, Evidence};
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::{Day, Id, Moment};

use crate::convert::{coded, from_json, to_json};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{applications, attachments};
use crate::types::{DbId, DbMoment};

pub use events::{Event, NewEvent, append_event, document_of, events_of};

/// A unit's application for approval.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its id.
    pub id: Id<kind::Application>,
    /// Who decides it.
    pub organiser: Id<kind::Organiser>,
    /// Who applies.
    pub provider: Id<kind::Provider>,
    /// For which unit.
    pub unit: Id<kind::ServiceUnit>,
    /// For which voucher type.
    pub voucher_type: Id<kind::VoucherType>,
    /// For residents of which municipalities; of all of the organiser's where none is named.
    pub area: Vec<MunicipalityCode>,
    /// Against which rulebook version.
    pub rulebook: Id<kind::Rulebook>,
    /// Where it stands.
    pub state: ApplicationState,
    /// What is stated for the rulebook's requirements.
    pub evidence: Vec<Evidence>,
    /// When and by whom it was handed in.
    pub submitted: Option<(Moment, String)>,
    /// SHA-256 of what was handed in, in hexadecimal.
    pub submitted_sha256: Option<String>,
    /// By when the provider is to answer, where more information was asked for.
    pub answer_due: Option<Day>,
    /// The decision on it.
    pub decision: Option<Id<kind::Decision>>,
    /// Counts changes.
    pub version: i64,
    /// When it was begun.
    pub created_at: Moment,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = applications, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    organiser_id: DbId,
    provider_id: DbId,
    unit_id: DbId,
    voucher_type_id: DbId,
    rulebook_id: DbId,
    state: String,
    evidence: String,
    submitted_at: Option<DbMoment>,
    submitted_by: Option<String>,
    decision_id: Option<DbId>,
    version: i64,
    created_at: DbMoment,
    area: String,
    submitted_sha256: Option<String>,
    answer_due: Option<NaiveDate>,
}

impl Row {
    fn application(self) -> Result<Application, DbError> {
        Ok(Application {
            id: self.id.id(),
            organiser: self.organiser_id.id(),
            provider: self.provider_id.id(),
            unit: self.unit_id.id(),
            voucher_type: self.voucher_type_id.id(),
            area: from_json("applications", &self.area)?,
            rulebook: self.rulebook_id.id(),
            state: coded("applications", &self.state, ApplicationState::from_code)?,
            evidence: from_json("applications", &self.evidence)?,
            submitted: self.submitted_at.map(DbMoment::moment).zip(self.submitted_by),
            submitted_sha256: self.submitted_sha256,
            answer_due: self.answer_due.map(Day::new),
            decision: self.decision_id.map(DbId::id),
            version: self.version,
            created_at: self.created_at.moment(),
        })
    }
}

/// Adds a draft.
///
/// # Errors
/// [`DbError::Unique`] where the unit has an open application for the voucher type.
pub fn insert(c: &mut Conn, application: &Application) -> Result<(), DbError> {
    let row = Row {
        id: application.id.into(),
        organiser_id: application.organiser.into(),
        provider_id: application.provider.into(),
        unit_id: application.unit.into(),
        voucher_type_id: application.voucher_type.into(),
        rulebook_id: application.rulebook.into(),
        state: application.state.code().to_owned(),
        evidence: to_json(&application.evidence)?,
        submitted_at: application.submitted.as_ref().map(|(at, _)| DbMoment::from(*at)),
        submitted_by: application.submitted.as_ref().map(|(_, by)| by.clone()),
        decision_id: application.decision.map(DbId::from),
        version: application.version,
        created_at: application.created_at.into(),
        area: to_json(&application.area)?,
        submitted_sha256: application.submitted_sha256.clone(),
        answer_due: application.answer_due.map(Day::date),
    };
    diesel::insert_into(applications::table).values(&row).execute(c)?;
    Ok(())
}

/// An application by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::Application>) -> Result<Option<Application>, DbError> {
    let row = applications::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    row.map(Row::application).transpose()
}

/// A unit's application for a voucher type that is neither decided nor taken back.
///
/// # Errors
/// The database's.
pub fn find_open(
    c: &mut Conn,
    unit: Id<kind::ServiceUnit>,
    voucher_type: Id<kind::VoucherType>,
) -> Result<Option<Id<kind::Application>>, DbError> {
    let open = ApplicationState::ALL.into_iter().filter(|state| state.is_open()).map(ApplicationState::code);
    let query = applications::table
        .filter(applications::unit_id.eq(DbId::from(unit)))
        .filter(applications::voucher_type_id.eq(DbId::from(voucher_type)))
        .filter(applications::state.eq_any(open.collect::<Vec<_>>()))
        .select(applications::id);
    let id: Option<DbId> = query.first(c).optional()?;
    Ok(id.map(DbId::id))
}

/// Takes an application for a change: no other transaction changes it until this one ends. Its version is the new one.
///
/// # Errors
/// The database's.
pub fn take(c: &mut Conn, id: Id<kind::Application>) -> Result<Option<Application>, DbError> {
    let taken = diesel::update(applications::table.find(DbId::from(id)))
        .set(applications::version.eq(applications::version + 1))
        .execute(c)?;
    if taken == 0 { Ok(None) } else { find(c, id) }
}

/// Stores what a taken application now says and where it stands.
///
/// # Errors
/// The database's.
pub fn update(c: &mut Conn, application: &Application) -> Result<(), DbError> {
    diesel::update(applications::table.find(DbId::from(application.id)))
        .set((
            applications::state.eq(application.state.code()),
            applications::rulebook_id.eq(DbId::from(application.rulebook)),
            applications::evidence.eq(to_json(&application.evidence)?),
            applications::area.eq(to_json(&application.area)?),
            applications::submitted_sha256.eq(application.submitted_sha256.as_deref()),
            applications::answer_due.eq(application.answer_due.map(Day::date)),
            applications::submitted_at.eq(application.submitted.as_ref().map(|(at, _)| DbMoment::from(*at))),
            applications::submitted_by.eq(application.submitted.as_ref().map(|(_, by)| by.clone())),
            applications::decision_id.eq(application.decision.map(DbId::from)),
        ))
        .execute(c)?;
    Ok(())
}

/// Whose applications are listed.
#[derive(Debug, Clone)]
pub enum Whose {
    /// Those handed in to an organiser; drafts are the provider's own.
    Organiser(Id<kind::Organiser>),
    /// Those of providers.
    Providers(Vec<Id<kind::Provider>>),
}

/// Which applications are wanted.
#[derive(Debug, Clone)]
pub struct ApplicationFilter {
    /// Whose.
    pub whose: Whose,
    /// Only in a state.
    pub state: Option<ApplicationState>,
    /// Only of a provider.
    pub provider: Option<Id<kind::Provider>>,
    /// Only for a unit.
    pub unit: Option<Id<kind::ServiceUnit>>,
    /// Only for a voucher type.
    pub voucher_type: Option<Id<kind::VoucherType>>,
}

/// Applications in order of id.
///
/// # Errors
/// The database's.
pub fn list(
    c: &mut Conn,
    filter: &ApplicationFilter,
    after: Option<Id<kind::Application>>,
    limit: i64,
) -> Result<Vec<Application>, DbError> {
    let mut query = applications::table.select(Row::as_select()).order(applications::id).limit(limit).into_boxed();
    match &filter.whose {
        Whose::Organiser(organiser) => {
            query = query
                .filter(applications::organiser_id.eq(DbId::from(*organiser)))
                .filter(applications::submitted_at.is_not_null());
        }
        Whose::Providers(providers) => {
            let ids: Vec<DbId> = providers.iter().map(|id| DbId::from(*id)).collect();
            query = query.filter(applications::provider_id.eq_any(ids));
        }
    }
    if let Some(state) = filter.state {
        query = query.filter(applications::state.eq(state.code()));
    }
    if let Some(provider) = filter.provider {
        query = query.filter(applications::provider_id.eq(DbId::from(provider)));
    }
    if let Some(unit) = filter.unit {
        query = query.filter(applications::unit_id.eq(DbId::from(unit)));
    }
    if let Some(voucher_type) = filter.voucher_type {
        query = query.filter(applications::voucher_type_id.eq(DbId::from(voucher_type)));
    }
    if let Some(after) = after {
        query = query.filter(applications::id.gt(DbId::from(after)));
    }
    query.load(c)?.into_iter().map(Row::application).collect()
}

/// SHA-256 of files of a provider, in hexadecimal, by id. What is another's is not there.
///
/// # Errors
/// The database's.
pub fn attachment_hashes(
    c: &mut Conn,
    provider: Id<kind::Provider>,
    ids: &[Id<kind::Attachment>],
) -> Result<HashMap<Id<kind::Attachment>, String>, DbError> {
    let ids: Vec<DbId> = ids.iter().map(|id| DbId::from(*id)).collect();
    let rows: Vec<(DbId, String)> = attachments::table
        .filter(attachments::provider_id.eq(DbId::from(provider)))
        .filter(attachments::id.eq_any(ids))
        .select((attachments::id, attachments::sha256))
        .load(c)?;
    Ok(rows.into_iter().map(|(id, sha256)| (id.id(), sha256)).collect())
}
