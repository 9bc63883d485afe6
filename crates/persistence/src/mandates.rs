//! What lets a person act for an organiser's client. Names and notes are sealed; what a mandate lets one do is not decided
//! here.

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::behalf::{MandateBasis, MandateEndReason, MandateScope};
use valinta_domain::id::kind;
use valinta_domain::policy::{Mandate, MandateSource};
use valinta_domain::{Day, Id, Moment, Period};

use crate::convert::{coded, period_or_none};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{mandates, organisers};
use crate::types::{DbId, DbMoment};
use crate::vault::Vault;

const TABLE: &str = "mandates";

/// A mandate as it was recorded, and how it was ended.
#[derive(Clone)]
pub struct RecordedMandate {
    /// Its id.
    pub id: Id<kind::Mandate>,
    /// Who has recorded it.
    pub organiser: Id<kind::Organiser>,
    /// For whom, as the organiser's client.
    pub client: Id<kind::Client>,
    /// For whom.
    pub person: Id<kind::Person>,
    /// Who acts.
    pub representative: Id<kind::Person>,
    /// The representative's name.
    pub representative_name: String,
    /// What it lets the representative do.
    pub scope: MandateScope,
    /// What it rests on.
    pub basis: MandateBasis,
    /// What else is to be known of it.
    pub note: Option<String>,
    /// First day.
    pub valid_from: Day,
    /// First day on which it no longer holds.
    pub valid_to: Option<Day>,
    /// Who recorded it: the token's subject.
    pub recorded_by: String,
    /// When.
    pub recorded_at: Moment,
    /// How it was ended, if it was.
    pub ended: Option<EndedMandate>,
}

/// How a mandate was ended.
#[derive(Clone)]
pub struct EndedMandate {
    /// Why.
    pub reason: MandateEndReason,
    /// What else is to be known of it.
    pub note: Option<String>,
    /// Who ended it: the token's subject.
    pub by: String,
    /// When.
    pub at: Moment,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = mandates, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    organiser_id: DbId,
    client_id: DbId,
    person_id: DbId,
    representative_id: DbId,
    representative_name_sealed: Vec<u8>,
    scope: String,
    basis: String,
    note_sealed: Option<Vec<u8>>,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    recorded_by: String,
    recorded_at: DbMoment,
    end_reason: Option<String>,
    end_note_sealed: Option<Vec<u8>>,
    ended_by: Option<String>,
    ended_at: Option<DbMoment>,
}

/// A column of one mandate, as what is sealed there is bound to it.
struct Place<'a> {
    vault: &'a Vault,
    context: String,
}

impl<'a> Place<'a> {
    fn of(vault: &'a Vault, column: &str, id: Id<kind::Mandate>) -> Self {
        Self { vault, context: format!("{TABLE}.{column}:{id}") }
    }

    fn seal(&self, text: &str) -> Result<Vec<u8>, DbError> {
        self.vault.seal(&self.context, text).map_err(|e| DbError::Internal(format!("{TABLE}: {e}")))
    }

    fn open(&self, sealed: &[u8]) -> Result<String, DbError> {
        self.vault.open(&self.context, sealed).map_err(|e| DbError::corrupt(format!("{TABLE}: {e}")))
    }
}

impl Row {
    fn mandate(self, vault: &Vault) -> Result<RecordedMandate, DbError> {
        let id = self.id.id();
        let opened = |column, sealed: Option<Vec<u8>>| {
            sealed.map(|sealed| Place::of(vault, column, id).open(&sealed)).transpose()
        };
        let ended = match (self.end_reason, self.ended_by, self.ended_at) {
            (Some(reason), Some(by), Some(at)) => Some(EndedMandate {
                reason: coded(TABLE, &reason, MandateEndReason::from_code)?,
                note: opened("end_note", self.end_note_sealed)?,
                by,
                at: at.moment(),
            }),
            (None, None, None) => None,
            _ => return Err(DbError::corrupt(format!("{TABLE}: half an end"))),
        };
        Ok(RecordedMandate {
            id,
            organiser: self.organiser_id.id(),
            client: self.client_id.id(),
            person: self.person_id.id(),
            representative: self.representative_id.id(),
            representative_name: Place::of(vault, "representative_name", id).open(&self.representative_name_sealed)?,
            scope: coded(TABLE, &self.scope, MandateScope::from_code)?,
            basis: coded(TABLE, &self.basis, MandateBasis::from_code)?,
            note: opened("note", self.note_sealed)?,
            valid_from: Day::new(self.valid_from),
            valid_to: self.valid_to.map(Day::new),
            recorded_by: self.recorded_by,
            recorded_at: self.recorded_at.moment(),
            ended,
        })
    }
}

/// Records a mandate, which nobody has ended. The client has been taken.
///
/// # Errors
/// [`DbError::Check`] or [`DbError::Unique`] where the same one holds on one of its days already.
pub fn insert(c: &mut Conn, vault: &Vault, mandate: &RecordedMandate) -> Result<(), DbError> {
    let note = mandate.note.as_ref().map(|note| Place::of(vault, "note", mandate.id).seal(note)).transpose()?;
    let row = Row {
        id: mandate.id.into(),
        organiser_id: mandate.organiser.into(),
        client_id: mandate.client.into(),
        person_id: mandate.person.into(),
        representative_id: mandate.representative.into(),
        representative_name_sealed: Place::of(vault, "representative_name", mandate.id)
            .seal(&mandate.representative_name)?,
        scope: mandate.scope.code().to_owned(),
        basis: mandate.basis.code().to_owned(),
        note_sealed: note,
        valid_from: mandate.valid_from.date(),
        valid_to: mandate.valid_to.map(Day::date),
        recorded_by: mandate.recorded_by.clone(),
        recorded_at: mandate.recorded_at.into(),
        end_reason: None,
        end_note_sealed: None,
        ended_by: None,
        ended_at: None,
    };
    diesel::insert_into(mandates::table).values(&row).execute(c)?;
    Ok(())
}

/// A client's mandate by id.
///
/// # Errors
/// The database's.
pub fn find(
    c: &mut Conn,
    vault: &Vault,
    client: Id<kind::Client>,
    id: Id<kind::Mandate>,
) -> Result<Option<RecordedMandate>, DbError> {
    let row: Option<Row> = mandates::table
        .find(DbId::from(id))
        .filter(mandates::client_id.eq(DbId::from(client)))
        .select(Row::as_select())
        .first(c)
        .optional()?;
    row.map(|row| row.mandate(vault)).transpose()
}

/// A client's mandates in order of id, those that are over among them.
///
/// # Errors
/// The database's.
pub fn of_client(
    c: &mut Conn,
    vault: &Vault,
    client: Id<kind::Client>,
    after: Option<Id<kind::Mandate>>,
    limit: i64,
) -> Result<Vec<RecordedMandate>, DbError> {
    let mut query = mandates::table
        .filter(mandates::client_id.eq(DbId::from(client)))
        .select(Row::as_select())
        .order(mandates::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(mandates::id.gt(DbId::from(after)));
    }
    query.load::<Row>(c)?.into_iter().map(|row| row.mandate(vault)).collect()
}

/// Whether the same mandate holds on one of the days of a period: of the same representative, for the same.
///
/// # Errors
/// The database's.
pub fn holds_within(
    c: &mut Conn,
    client: Id<kind::Client>,
    representative: Id<kind::Person>,
    scope: MandateScope,
    period: Period,
) -> Result<bool, DbError> {
    let rows: Vec<(NaiveDate, Option<NaiveDate>)> = mandates::table
        .filter(mandates::client_id.eq(DbId::from(client)))
        .filter(mandates::representative_id.eq(DbId::from(representative)))
        .filter(mandates::scope.eq(scope.code()))
        .filter(mandates::valid_to.is_null().or(mandates::valid_to.assume_not_null().gt(period.from().date())))
        .select((mandates::valid_from, mandates::valid_to))
        .load(c)?;
    for (from, to) in rows {
        if period_or_none(TABLE, from, to)?.is_some_and(|held| held.overlaps(period)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How many mandates a person holds, from every organiser, which are not over on a day.
///
/// # Errors
/// The database's.
pub fn held_by(c: &mut Conn, representative: Id<kind::Person>, day: Day) -> Result<i64, DbError> {
    let held = mandates::table
        .filter(mandates::representative_id.eq(DbId::from(representative)))
        .filter(mandates::valid_to.is_null().or(mandates::valid_to.assume_not_null().gt(day.date())));
    Ok(held.count().get_result(c)?)
}

/// Stores how a mandate was ended. The client has been taken.
///
/// # Errors
/// [`DbError::AppendOnly`] where it was ended before.
pub fn end(c: &mut Conn, vault: &Vault, id: Id<kind::Mandate>, from: Day, ended: &EndedMandate) -> Result<(), DbError> {
    let note = ended.note.as_ref().map(|note| Place::of(vault, "end_note", id).seal(note)).transpose()?;
    diesel::update(mandates::table.find(DbId::from(id)))
        .set((
            mandates::valid_to.eq(Some(from.date())),
            mandates::end_reason.eq(Some(ended.reason.code())),
            mandates::end_note_sealed.eq(note),
            mandates::ended_by.eq(Some(ended.by.as_str())),
            mandates::ended_at.eq(Some(DbMoment::from(ended.at))),
        ))
        .execute(c)?;
    Ok(())
}

/// A mandate that holds on some days, and the time zone of the organiser whose days these are.
#[derive(Debug, Clone)]
pub struct HeldMandate {
    /// What it lets the representative do.
    pub mandate: Mandate,
    /// The days on which it holds.
    pub period: Period,
    /// The organiser's time zone, by its name.
    pub time_zone: String,
}

/// The mandates of a representative that hold on one of some days, from the first to the last of them.
///
/// # Errors
/// The database's.
pub fn held_between(
    c: &mut Conn,
    representative: Id<kind::Person>,
    (first, last): (Day, Day),
) -> Result<Vec<HeldMandate>, DbError> {
    type Held = (DbId, DbId, DbId, DbId, String, NaiveDate, Option<NaiveDate>, String);
    let rows: Vec<Held> = mandates::table
        .inner_join(organisers::table.on(organisers::id.eq(mandates::organiser_id)))
        .filter(mandates::representative_id.eq(DbId::from(representative)))
        .filter(mandates::valid_from.le(last.date()))
        .filter(mandates::valid_to.is_null().or(mandates::valid_to.assume_not_null().gt(first.date())))
        .order(mandates::id)
        .select((
            mandates::id,
            mandates::organiser_id,
            mandates::client_id,
            mandates::person_id,
            mandates::scope,
            mandates::valid_from,
            mandates::valid_to,
            organisers::time_zone,
        ))
        .load(c)?;
    let mut held = Vec::with_capacity(rows.len());
    for (id, organiser, client, person, scope, from, to, time_zone) in rows {
        let scope = coded(TABLE, &scope, MandateScope::from_code)?;
        let source = MandateSource::Recorded { id: id.id(), organiser: organiser.id(), client: client.id() };
        let mandate = Mandate { person: person.id(), scope, source };
        if let Some(period) = period_or_none(TABLE, from, to)? {
            held.push(HeldMandate { mandate, period, time_zone });
        }
    }
    Ok(held)
}

/// The name of the representative who acts by a mandate.
///
/// # Errors
/// The database's.
pub fn name_of_representative(c: &mut Conn, vault: &Vault, id: Id<kind::Mandate>) -> Result<Option<String>, DbError> {
    let sealed: Option<Vec<u8>> =
        mandates::table.find(DbId::from(id)).select(mandates::representative_name_sealed).first(c).optional()?;
    sealed.map(|sealed| Place::of(vault, "representative_name", id).open(&sealed)).transpose()
}
