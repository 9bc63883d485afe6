//! Decisions, written once.

use diesel::prelude::*;
use valinta_domain::Id;
use valinta_domain::decision::{Decision, DecisionKind, DecisionOutcome};
use valinta_domain::id::kind;

use crate::convert::{coded, from_json, localized, to_json};
use crate::dialect::{Conn, insert_many};
use crate::error::DbError;
use crate::schema::decisions;
use crate::types::{DbId, DbMoment};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = decisions, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    organiser_id: DbId,
    kind: String,
    outcome: String,
    subject_id: DbId,
    provider_id: Option<DbId>,
    person_id: Option<DbId>,
    rulebook_id: Option<DbId>,
    inputs: String,
    steps: String,
    reasons_fi: String,
    reasons_sv: String,
    reasons_en: String,
    appeal_fi: String,
    appeal_sv: String,
    appeal_en: String,
    decided_by: String,
    decided_at: DbMoment,
}

impl Row {
    fn of(decision: &Decision) -> Result<Self, DbError> {
        Ok(Self {
            id: decision.id.into(),
            organiser_id: decision.organiser.into(),
            kind: decision.kind.code().to_owned(),
            outcome: decision.outcome.code().to_owned(),
            subject_id: DbId(decision.subject),
            provider_id: decision.provider.map(DbId::from),
            person_id: decision.person.map(DbId::from),
            rulebook_id: decision.rulebook.map(DbId::from),
            inputs: to_json(&decision.inputs)?,
            steps: to_json(&decision.steps)?,
            reasons_fi: decision.reasons.fi.clone(),
            reasons_sv: decision.reasons.sv.clone(),
            reasons_en: decision.reasons.en.clone(),
            appeal_fi: decision.appeal.fi.clone(),
            appeal_sv: decision.appeal.sv.clone(),
            appeal_en: decision.appeal.en.clone(),
            decided_by: decision.decided_by.clone(),
            decided_at: decision.decided_at.into(),
        })
    }
}

/// Adds a decision.
///
/// # Errors
/// The database's.
pub fn insert(c: &mut Conn, decision: &Decision) -> Result<(), DbError> {
    insert_all(c, [decision])
}

/// Adds decisions.
///
/// # Errors
/// The database's; then of none.
pub fn insert_all<'a>(c: &mut Conn, decisions: impl IntoIterator<Item = &'a Decision>) -> Result<(), DbError> {
    let rows = decisions.into_iter().map(Row::of).collect::<Result<Vec<_>, _>>()?;
    insert_many!(c, decisions::table, &rows)?;
    Ok(())
}

/// A decision by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::Decision>) -> Result<Option<Decision>, DbError> {
    let row: Option<Row> = decisions::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Decision {
        id: row.id.id(),
        organiser: row.organiser_id.id(),
        kind: coded("decisions", &row.kind, DecisionKind::from_code)?,
        outcome: coded("decisions", &row.outcome, DecisionOutcome::from_code)?,
        subject: row.subject_id.0,
        provider: row.provider_id.map(DbId::id),
        person: row.person_id.map(DbId::id),
        rulebook: row.rulebook_id.map(DbId::id),
        inputs: from_json("decisions", &row.inputs)?,
        steps: from_json("decisions", &row.steps)?,
        reasons: localized(row.reasons_fi, row.reasons_sv, row.reasons_en),
        appeal: localized(row.appeal_fi, row.appeal_sv, row.appeal_en),
        decided_by: row.decided_by,
        decided_at: row.decided_at.moment(),
    }))
}
