//! Evidence that providers give of conditions of approval, and what each organiser found when it looked at it.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use diesel::dsl::exists;
use diesel::prelude::*;
use valinta_domain::evidence::{CheckOutcome, Evidence, EvidenceCheck, EvidenceKind};
use valinta_domain::id::kind;
use valinta_domain::rulebook::Requirement;
use valinta_domain::{Day, Id, Moment};

use crate::convert::{coded, from_json, to_json};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{evidence, evidence_checks, rulebooks};
use crate::types::{DbId, DbMoment};

const TABLE: &str = "evidence";

/// The most pieces of evidence of a provider that are read at once; what was taken back longest ago is left out first.
pub const OF_PROVIDER_MAX: i64 = 5_000;
/// The most pieces that a provider has given and not taken back, besides its units' registrations in Soteri.
pub const STATED_MAX: i64 = 1_000;
/// The most registrations of its units in Soteri that a provider has given and not taken back.
pub const REGISTRATIONS_MAX: i64 = OF_PROVIDER_MAX - STATED_MAX;
/// The most rulebooks of an organiser that are looked through.
const RULEBOOKS_MAX: i64 = 10_000;
/// How many pieces of evidence the looks at them are read of in one query.
const PIECES_AT_ONCE: usize = 1_000;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = evidence, treat_none_as_default_value = false)]
pub(crate) struct Row {
    id: DbId,
    provider_id: DbId,
    unit_id: Option<DbId>,
    kind: String,
    requirement: Option<String>,
    reference: String,
    issued_on: Option<NaiveDate>,
    valid_from: Option<NaiveDate>,
    valid_until: Option<NaiveDate>,
    soteri: Option<String>,
    attachment_id: Option<DbId>,
    given_by: String,
    given_at: DbMoment,
    withdrawn_by: Option<String>,
    withdrawn_at: Option<DbMoment>,
}

impl Row {
    fn of(piece: &Evidence) -> Result<Self, DbError> {
        Ok(Self {
            id: piece.id.into(),
            provider_id: piece.provider.into(),
            unit_id: piece.unit.map(DbId::from),
            kind: piece.kind.code().to_owned(),
            requirement: piece.requirement.clone(),
            reference: piece.reference.clone(),
            issued_on: piece.issued_on.map(Day::date),
            valid_from: piece.valid_from.map(Day::date),
            valid_until: piece.valid_until.map(Day::date),
            soteri: piece.soteri.as_ref().map(to_json).transpose()?,
            attachment_id: piece.attachment.map(DbId::from),
            given_by: piece.given_by.clone(),
            given_at: piece.given_at.into(),
            withdrawn_by: piece.withdrawn.as_ref().map(|(_, by)| by.clone()),
            withdrawn_at: piece.withdrawn.as_ref().map(|(at, _)| DbMoment::from(*at)),
        })
    }

    pub(crate) fn piece(self) -> Result<Evidence, DbError> {
        Ok(Evidence {
            id: self.id.id(),
            provider: self.provider_id.id(),
            unit: self.unit_id.map(DbId::id),
            kind: coded(TABLE, &self.kind, EvidenceKind::from_code)?,
            requirement: self.requirement,
            reference: self.reference,
            issued_on: self.issued_on.map(Day::new),
            valid_from: self.valid_from.map(Day::new),
            valid_until: self.valid_until.map(Day::new),
            soteri: self.soteri.map(|text| from_json(TABLE, &text)).transpose()?,
            attachment: self.attachment_id.map(DbId::id),
            given_by: self.given_by,
            given_at: self.given_at.moment(),
            withdrawn: self.withdrawn_at.map(DbMoment::moment).zip(self.withdrawn_by),
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = evidence_checks, treat_none_as_default_value = false)]
struct CheckRow {
    id: DbId,
    organiser_id: DbId,
    evidence_id: DbId,
    outcome: String,
    day: NaiveDate,
    note: Option<String>,
    checked_by: String,
    checked_at: DbMoment,
}

impl CheckRow {
    fn check(self) -> Result<EvidenceCheck, DbError> {
        Ok(EvidenceCheck {
            id: self.id.id(),
            organiser: self.organiser_id.id(),
            evidence: self.evidence_id.id(),
            outcome: coded("evidence_checks", &self.outcome, CheckOutcome::from_code)?,
            day: Day::new(self.day),
            note: self.note,
            checked_by: self.checked_by,
            checked_at: self.checked_at.moment(),
        })
    }
}

/// Adds a piece of evidence.
///
/// # Errors
/// The database's.
pub fn insert(c: &mut Conn, piece: &Evidence) -> Result<(), DbError> {
    diesel::insert_into(evidence::table).values(&Row::of(piece)?).execute(c)?;
    Ok(())
}

/// A piece of evidence by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::Evidence>) -> Result<Option<Evidence>, DbError> {
    let row = evidence::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    row.map(Row::piece).transpose()
}

/// Pieces of evidence by id, those that are there, in order of id.
///
/// # Errors
/// The database's.
pub fn find_many(c: &mut Conn, ids: &[Id<kind::Evidence>]) -> Result<Vec<Evidence>, DbError> {
    let ids: Vec<DbId> = ids.iter().map(|id| DbId::from(*id)).collect();
    let rows: Vec<Row> =
        evidence::table.filter(evidence::id.eq_any(ids)).order(evidence::id).select(Row::as_select()).load(c)?;
    rows.into_iter().map(Row::piece).collect()
}

/// A provider's evidence, in order of id, what has been taken back included.
///
/// # Errors
/// The database's.
pub fn of_provider(
    c: &mut Conn,
    provider: Id<kind::Provider>,
    after: Option<Id<kind::Evidence>>,
    limit: i64,
) -> Result<Vec<Evidence>, DbError> {
    let mut query = evidence::table
        .filter(evidence::provider_id.eq(DbId::from(provider)))
        .order(evidence::id)
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(evidence::id.gt(DbId::from(after)));
    }
    query.load::<Row>(c)?.into_iter().map(Row::piece).collect()
}

/// How many pieces of evidence a provider has given and not taken back: its units' registrations in Soteri, or all others.
///
/// # Errors
/// The database's.
pub fn count_of(c: &mut Conn, provider: Id<kind::Provider>, registrations: bool) -> Result<i64, DbError> {
    let soteri = EvidenceKind::Soteri.code();
    let given = evidence::table
        .filter(evidence::provider_id.eq(DbId::from(provider)))
        .filter(evidence::withdrawn_at.is_null())
        .filter(evidence::kind.eq(soteri).eq(registrations));
    Ok(given.count().get_result(c)?)
}

/// What an organiser asks for in any rulebook that it has adopted: what it may see of what providers have given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AskedFor {
    /// Kinds, without [`EvidenceKind::Other`].
    pub kinds: BTreeSet<EvidenceKind>,
    /// Codes of requirements, of [`EvidenceKind::Other`].
    pub codes: BTreeSet<String>,
}

impl AskedFor {
    /// Whether a piece of evidence is among it.
    pub fn covers(&self, piece: &Evidence) -> bool {
        match &piece.requirement {
            Some(code) => self.codes.contains(code),
            None => self.kinds.contains(&piece.kind),
        }
    }
}

/// What an organiser asks for.
///
/// # Errors
/// The database's.
pub fn asked_for(c: &mut Conn, organiser: Id<kind::Organiser>) -> Result<AskedFor, DbError> {
    #[derive(serde::Deserialize)]
    struct Terms {
        requirements: Vec<Requirement>,
    }
    let adopted: Vec<String> = rulebooks::table
        .filter(rulebooks::organiser_id.eq(DbId::from(organiser)))
        .filter(rulebooks::decision_id.is_not_null())
        .order(rulebooks::id.desc())
        .limit(RULEBOOKS_MAX)
        .select(rulebooks::terms)
        .load(c)?;
    let mut asked = AskedFor::default();
    for terms in adopted {
        let terms: Terms = from_json("rulebooks", &terms)?;
        for requirement in terms.requirements {
            if requirement.kind.is_other() {
                asked.codes.insert(requirement.code);
            } else {
                asked.kinds.insert(requirement.kind);
            }
        }
    }
    Ok(asked)
}

/// Those of a provider's pieces of evidence that are asked for, in order of id, what has been taken back included.
///
/// # Errors
/// The database's.
pub fn of_provider_asked(
    c: &mut Conn,
    provider: Id<kind::Provider>,
    asked: &AskedFor,
    after: Option<Id<kind::Evidence>>,
    limit: i64,
) -> Result<Vec<Evidence>, DbError> {
    let kinds: Vec<&str> = asked.kinds.iter().map(|kind| kind.code()).collect();
    let codes: Vec<&String> = asked.codes.iter().collect();
    let of_code = evidence::requirement.is_not_null().and(evidence::requirement.assume_not_null().eq_any(codes));
    let mut query = evidence::table
        .filter(evidence::provider_id.eq(DbId::from(provider)))
        .filter(evidence::kind.eq_any(kinds).or(of_code))
        .order(evidence::id)
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(evidence::id.gt(DbId::from(after)));
    }
    query.load::<Row>(c)?.into_iter().map(Row::piece).collect()
}

/// The evidence that may speak for a unit: that of the whole provider and that of the unit, oldest first, without what
/// has been taken back.
///
/// # Errors
/// The database's.
pub fn fitting(
    c: &mut Conn,
    provider: Id<kind::Provider>,
    unit: Id<kind::ServiceUnit>,
) -> Result<Vec<Evidence>, DbError> {
    let rows: Vec<Row> = evidence::table
        .filter(evidence::provider_id.eq(DbId::from(provider)))
        .filter(evidence::unit_id.is_null().or(evidence::unit_id.eq(DbId::from(unit))))
        .filter(evidence::withdrawn_at.is_null())
        .order(evidence::id.desc())
        .limit(OF_PROVIDER_MAX)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().rev().map(Row::piece).collect()
}

/// What a unit's registration in Soteri was given as, oldest first, without what has been taken back.
///
/// # Errors
/// The database's.
pub fn registrations_of(c: &mut Conn, unit: Id<kind::ServiceUnit>) -> Result<Vec<Evidence>, DbError> {
    let rows: Vec<Row> = evidence::table
        .filter(evidence::unit_id.eq(DbId::from(unit)))
        .filter(evidence::kind.eq(EvidenceKind::Soteri.code()))
        .filter(evidence::withdrawn_at.is_null())
        .filter(evidence::soteri.is_not_null())
        .order(evidence::id.desc())
        .limit(OF_PROVIDER_MAX)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().rev().map(Row::piece).collect()
}

/// Takes a piece of evidence back; `false` where that was done before.
///
/// # Errors
/// The database's.
pub fn withdraw(c: &mut Conn, id: Id<kind::Evidence>, (at, by): (Moment, &str)) -> Result<bool, DbError> {
    let withdrawn = diesel::update(evidence::table.find(DbId::from(id)).filter(evidence::withdrawn_at.is_null()))
        .set((evidence::withdrawn_at.eq(DbMoment::from(at)), evidence::withdrawn_by.eq(by)))
        .execute(c)?;
    Ok(withdrawn == 1)
}

/// Adds an organiser's look at a piece of evidence.
///
/// # Errors
/// The database's.
pub fn insert_check(c: &mut Conn, check: &EvidenceCheck) -> Result<(), DbError> {
    let row = CheckRow {
        id: check.id.into(),
        organiser_id: check.organiser.into(),
        evidence_id: check.evidence.into(),
        outcome: check.outcome.code().to_owned(),
        day: check.day.date(),
        note: check.note.clone(),
        checked_by: check.checked_by.clone(),
        checked_at: check.checked_at.into(),
    };
    diesel::insert_into(evidence_checks::table).values(&row).execute(c)?;
    Ok(())
}

/// An organiser's looks at pieces of evidence, each piece's oldest first.
///
/// # Errors
/// The database's.
pub fn checks_of(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    pieces: &[Id<kind::Evidence>],
) -> Result<HashMap<Id<kind::Evidence>, Vec<EvidenceCheck>>, DbError> {
    let ids: Vec<DbId> = pieces.iter().map(|id| DbId::from(*id)).collect();
    let rows = evidence_checks::table
        .filter(evidence_checks::organiser_id.eq(DbId::from(organiser)))
        .filter(evidence_checks::evidence_id.eq_any(ids))
        .order((evidence_checks::checked_at, evidence_checks::id))
        .select(CheckRow::as_select())
        .load(c)?;
    by_piece(rows)
}

/// The evidence of providers that an organiser has ever looked at, in order of id, each with those looks, oldest first; what
/// has been taken back included, because what once held counts for the days before. At most [`OF_PROVIDER_MAX`] pieces of
/// one provider: all that holds, and of what was taken back what was given last.
///
/// # Errors
/// The database's.
pub fn looked_at(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    providers: &[Id<kind::Provider>],
) -> Result<Vec<(Evidence, Vec<EvidenceCheck>)>, DbError> {
    let mut rows = rows_looked_at(c, organiser, providers)?;
    if providers.len() > 1 && i64::try_from(rows.len()).is_ok_and(|read| read >= OF_PROVIDER_MAX) {
        // Together they have more than is read at once: each has its own limit.
        rows.clear();
        for provider in providers {
            rows.append(&mut rows_looked_at(c, organiser, std::slice::from_ref(provider))?);
        }
    }
    rows.sort_by_key(|row| row.id);
    let ids: Vec<Id<kind::Evidence>> = rows.iter().map(|row| row.id.id()).collect();
    let mut checks: HashMap<Id<kind::Evidence>, Vec<EvidenceCheck>> = HashMap::new();
    for some in ids.chunks(PIECES_AT_ONCE) {
        checks.extend(checks_of(c, organiser, some)?);
    }
    let with_checks = rows.into_iter().map(|row| {
        let piece = row.piece()?;
        let checks = checks.remove(&piece.id).unwrap_or_default();
        Ok((piece, checks))
    });
    with_checks.collect()
}

fn rows_looked_at(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    providers: &[Id<kind::Provider>],
) -> Result<Vec<Row>, DbError> {
    let providers: Vec<DbId> = providers.iter().map(|id| DbId::from(*id)).collect();
    let looked_at = evidence_checks::table
        .filter(evidence_checks::evidence_id.eq(evidence::id))
        .filter(evidence_checks::organiser_id.eq(DbId::from(organiser)));
    let rows = evidence::table
        .filter(evidence::provider_id.eq_any(providers))
        .filter(exists(looked_at))
        .order((evidence::withdrawn_at.is_not_null(), evidence::id.desc()))
        .limit(OF_PROVIDER_MAX)
        .select(Row::as_select())
        .load(c)?;
    Ok(rows)
}

/// Every organiser's looks at pieces of evidence, each piece's oldest first.
///
/// # Errors
/// The database's.
pub fn all_checks_of(
    c: &mut Conn,
    pieces: &[Id<kind::Evidence>],
) -> Result<HashMap<Id<kind::Evidence>, Vec<EvidenceCheck>>, DbError> {
    let ids: Vec<DbId> = pieces.iter().map(|id| DbId::from(*id)).collect();
    let rows = evidence_checks::table
        .filter(evidence_checks::evidence_id.eq_any(ids))
        .order((evidence_checks::checked_at, evidence_checks::id))
        .select(CheckRow::as_select())
        .load(c)?;
    by_piece(rows)
}

fn by_piece(rows: Vec<CheckRow>) -> Result<HashMap<Id<kind::Evidence>, Vec<EvidenceCheck>>, DbError> {
    let mut by_piece: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        let check = row.check()?;
        by_piece.entry(check.evidence).or_default().push(check);
    }
    Ok(by_piece)
}
