//! Applications of units, and the approvals that follow from them.

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::application::{ApplicationState, Evidence};
use valinta_domain::approval::ApprovalState;
use valinta_domain::id::kind;
use valinta_domain::{Day, Id, Moment};

use crate::convert::{coded, from_json, to_json};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{applications, approvals};
use crate::types::{DbId, DbMoment};

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
    /// Against which rulebook version.
    pub rulebook: Id<kind::Rulebook>,
    /// Where it stands.
    pub state: ApplicationState,
    /// What is stated for the rulebook's requirements.
    pub evidence: Vec<Evidence>,
    /// When and by whom it was handed in.
    pub submitted: Option<(Moment, String)>,
    /// The decision on it.
    pub decision: Option<Id<kind::Decision>>,
    /// Counts changes.
    pub version: i64,
    /// When it was begun.
    pub created_at: Moment,
}

/// A unit's approval for a voucher type.
#[derive(Debug, Clone)]
pub struct Approval {
    /// Its id.
    pub id: Id<kind::Approval>,
    /// Whose approval it is.
    pub organiser: Id<kind::Organiser>,
    /// Who is approved.
    pub provider: Id<kind::Provider>,
    /// Which unit.
    pub unit: Id<kind::ServiceUnit>,
    /// For what.
    pub voucher_type: Id<kind::VoucherType>,
    /// From which application it follows.
    pub application: Id<kind::Application>,
    /// Where it stands.
    pub state: ApprovalState,
    /// First day.
    pub valid_from: Day,
    /// First day on which it no longer holds.
    pub valid_to: Option<Day>,
    /// By which decision.
    pub decision: Id<kind::Decision>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = applications)]
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
}

impl Row {
    fn application(self) -> Result<Application, DbError> {
        Ok(Application {
            id: self.id.id(),
            organiser: self.organiser_id.id(),
            provider: self.provider_id.id(),
            unit: self.unit_id.id(),
            voucher_type: self.voucher_type_id.id(),
            rulebook: self.rulebook_id.id(),
            state: coded("applications", &self.state, ApplicationState::from_code)?,
            evidence: from_json("applications", &self.evidence)?,
            submitted: self.submitted_at.map(DbMoment::moment).zip(self.submitted_by),
            decision: self.decision_id.map(DbId::id),
            version: self.version,
            created_at: self.created_at.moment(),
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = approvals)]
struct ApprovalRow {
    id: DbId,
    organiser_id: DbId,
    provider_id: DbId,
    unit_id: DbId,
    voucher_type_id: DbId,
    application_id: DbId,
    state: String,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    decision_id: DbId,
    version: i64,
}

impl ApprovalRow {
    fn approval(self) -> Result<Approval, DbError> {
        Ok(Approval {
            id: self.id.id(),
            organiser: self.organiser_id.id(),
            provider: self.provider_id.id(),
            unit: self.unit_id.id(),
            voucher_type: self.voucher_type_id.id(),
            application: self.application_id.id(),
            state: coded("approvals", &self.state, ApprovalState::from_code)?,
            valid_from: Day::new(self.valid_from),
            valid_to: self.valid_to.map(Day::new),
            decision: self.decision_id.id(),
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

/// A unit's application for a voucher type that is a draft or waits for a decision.
///
/// # Errors
/// The database's.
pub fn find_open(
    c: &mut Conn,
    unit: Id<kind::ServiceUnit>,
    voucher_type: Id<kind::VoucherType>,
) -> Result<Option<Id<kind::Application>>, DbError> {
    let open = [ApplicationState::Draft.code(), ApplicationState::Submitted.code()];
    let query = applications::table
        .filter(applications::unit_id.eq(DbId::from(unit)))
        .filter(applications::voucher_type_id.eq(DbId::from(voucher_type)))
        .filter(applications::state.eq_any(open))
        .select(applications::id);
    let id: Option<DbId> = query.first(c).optional()?;
    Ok(id.map(DbId::id))
}

/// Takes an application for a change: no other transaction changes it until this one ends.
///
/// # Errors
/// The database's.
pub fn take(c: &mut Conn, id: Id<kind::Application>) -> Result<Option<Application>, DbError> {
    let taken = diesel::update(applications::table.find(DbId::from(id)))
        .set(applications::version.eq(applications::version + 1))
        .execute(c)?;
    if taken == 0 { Ok(None) } else { find(c, id) }
}

/// Stores where a taken application now stands.
///
/// # Errors
/// The database's.
pub fn update(c: &mut Conn, application: &Application) -> Result<(), DbError> {
    diesel::update(applications::table.find(DbId::from(application.id)))
        .set((
            applications::state.eq(application.state.code()),
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

/// Applications in order of id.
///
/// # Errors
/// The database's.
pub fn list(
    c: &mut Conn,
    whose: &Whose,
    state: Option<ApplicationState>,
    after: Option<Id<kind::Application>>,
    limit: i64,
) -> Result<Vec<Application>, DbError> {
    let mut query = applications::table.select(Row::as_select()).order(applications::id).limit(limit).into_boxed();
    match whose {
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
    if let Some(state) = state {
        query = query.filter(applications::state.eq(state.code()));
    }
    if let Some(after) = after {
        query = query.filter(applications::id.gt(DbId::from(after)));
    }
    query.load(c)?.into_iter().map(Row::application).collect()
}

/// Adds an approval.
///
/// # Errors
/// [`DbError::Unique`] or [`DbError::Check`] where the unit is approved for the voucher type already.
pub fn insert_approval(c: &mut Conn, approval: &Approval) -> Result<(), DbError> {
    let row = ApprovalRow {
        id: approval.id.into(),
        organiser_id: approval.organiser.into(),
        provider_id: approval.provider.into(),
        unit_id: approval.unit.into(),
        voucher_type_id: approval.voucher_type.into(),
        application_id: approval.application.into(),
        state: approval.state.code().to_owned(),
        valid_from: approval.valid_from.date(),
        valid_to: approval.valid_to.map(Day::date),
        decision_id: approval.decision.into(),
        version: 1,
    };
    diesel::insert_into(approvals::table).values(&row).execute(c)?;
    Ok(())
}

/// A unit's approvals for a voucher type, past and present.
///
/// # Errors
/// The database's.
pub fn approvals_of(
    c: &mut Conn,
    unit: Id<kind::ServiceUnit>,
    voucher_type: Id<kind::VoucherType>,
) -> Result<Vec<Approval>, DbError> {
    let rows = approvals::table
        .filter(approvals::unit_id.eq(DbId::from(unit)))
        .filter(approvals::voucher_type_id.eq(DbId::from(voucher_type)))
        .order(approvals::valid_from)
        .limit(1_000)
        .select(ApprovalRow::as_select())
        .load(c)?;
    rows.into_iter().map(ApprovalRow::approval).collect()
}

/// Approvals of providers, in order of id.
///
/// # Errors
/// The database's.
pub fn approvals_of_providers(
    c: &mut Conn,
    providers: &[Id<kind::Provider>],
    after: Option<Id<kind::Approval>>,
    limit: i64,
) -> Result<Vec<Approval>, DbError> {
    let ids: Vec<DbId> = providers.iter().map(|id| DbId::from(*id)).collect();
    let mut query = approvals::table
        .filter(approvals::provider_id.eq_any(ids))
        .select(ApprovalRow::as_select())
        .order(approvals::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(approvals::id.gt(DbId::from(after)));
    }
    query.load(c)?.into_iter().map(ApprovalRow::approval).collect()
}

/// An organiser's approvals, in order of id.
///
/// # Errors
/// The database's.
pub fn approvals_of_organiser(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    after: Option<Id<kind::Approval>>,
    limit: i64,
) -> Result<Vec<Approval>, DbError> {
    let mut query = approvals::table
        .filter(approvals::organiser_id.eq(DbId::from(organiser)))
        .select(ApprovalRow::as_select())
        .order(approvals::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(approvals::id.gt(DbId::from(after)));
    }
    query.load(c)?.into_iter().map(ApprovalRow::approval).collect()
}
