//! Steps of the sanctions ladder. Which may be taken, and when, is decided elsewhere.

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::approval::VouchersInUse;
use valinta_domain::id::kind;
use valinta_domain::measure::{Grounds, Measure, MeasureState, MeasureStep, Reply};
use valinta_domain::{Day, Id, Moment};

use crate::convert::{coded, from_json, localized, to_json};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{approvals, measures};
use crate::types::{DbId, DbMoment};

const TABLE: &str = "measures";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = measures, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    organiser_id: DbId,
    approval_id: DbId,
    provider_id: DbId,
    finding_id: Option<DbId>,
    step: String,
    grounds: String,
    state: String,
    reasons_fi: String,
    reasons_sv: String,
    reasons_en: String,
    hear_until: NaiveDate,
    reply: Option<String>,
    replied_by: Option<String>,
    replied_at: Option<DbMoment>,
    deadline: Option<NaiveDate>,
    valid_from: Option<NaiveDate>,
    vouchers_in_use: Option<String>,
    decision_id: Option<DbId>,
    opened_by: String,
    opened_at: DbMoment,
    version: i64,
    valid_to: Option<NaiveDate>,
    lapsed: String,
}

impl Row {
    fn measure(self) -> Result<Measure, DbError> {
        let reply = match (self.reply, self.replied_by, self.replied_at) {
            (Some(text), Some(by), Some(at)) => Some(Reply { text, by, at: at.moment() }),
            (None, None, None) => None,
            _ => return Err(DbError::corrupt(format!("{TABLE}: half a reply"))),
        };
        let in_use = self.vouchers_in_use.map(|code| coded(TABLE, &code, VouchersInUse::from_code)).transpose()?;
        Ok(Measure {
            id: self.id.id(),
            organiser: self.organiser_id.id(),
            approval: self.approval_id.id(),
            provider: self.provider_id.id(),
            finding: self.finding_id.map(DbId::id),
            step: coded(TABLE, &self.step, MeasureStep::from_code)?,
            grounds: coded(TABLE, &self.grounds, Grounds::from_code)?,
            state: coded(TABLE, &self.state, MeasureState::from_code)?,
            reasons: localized(self.reasons_fi, self.reasons_sv, self.reasons_en),
            lapsed: from_json(TABLE, &self.lapsed)?,
            hear_until: Day::new(self.hear_until),
            reply,
            deadline: self.deadline.map(Day::new),
            from: self.valid_from.map(Day::new),
            to: self.valid_to.map(Day::new),
            vouchers_in_use: in_use,
            decision: self.decision_id.map(DbId::id),
            opened_by: self.opened_by,
            opened_at: self.opened_at.moment(),
            version: self.version,
        })
    }
}

/// Adds a measure.
///
/// # Errors
/// [`DbError::Unique`] where the provider is being heard about one against the same approval.
pub fn insert(c: &mut Conn, measure: &Measure) -> Result<(), DbError> {
    let reply = measure.reply.as_ref();
    let row = Row {
        id: measure.id.into(),
        organiser_id: measure.organiser.into(),
        approval_id: measure.approval.into(),
        provider_id: measure.provider.into(),
        finding_id: measure.finding.map(DbId::from),
        step: measure.step.code().to_owned(),
        grounds: measure.grounds.code().to_owned(),
        state: measure.state.code().to_owned(),
        reasons_fi: measure.reasons.fi.clone(),
        reasons_sv: measure.reasons.sv.clone(),
        reasons_en: measure.reasons.en.clone(),
        hear_until: measure.hear_until.date(),
        reply: reply.map(|reply| reply.text.clone()),
        replied_by: reply.map(|reply| reply.by.clone()),
        replied_at: reply.map(|reply| reply.at.into()),
        deadline: measure.deadline.map(Day::date),
        valid_from: measure.from.map(Day::date),
        vouchers_in_use: measure.vouchers_in_use.map(|one| one.code().to_owned()),
        decision_id: measure.decision.map(DbId::from),
        opened_by: measure.opened_by.clone(),
        opened_at: measure.opened_at.into(),
        version: measure.version,
        valid_to: measure.to.map(Day::date),
        lapsed: to_json(&measure.lapsed)?,
    };
    diesel::insert_into(measures::table).values(&row).execute(c)?;
    Ok(())
}

/// A measure by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::Measure>) -> Result<Option<Measure>, DbError> {
    let row = measures::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    row.map(Row::measure).transpose()
}

/// Takes a measure for a change: no other transaction changes it until this one ends. Its version is the new one.
///
/// # Errors
/// The database's.
pub fn take(c: &mut Conn, id: Id<kind::Measure>) -> Result<Option<Measure>, DbError> {
    let taken = diesel::update(measures::table.find(DbId::from(id)))
        .set(measures::version.eq(measures::version + 1))
        .execute(c)?;
    if taken == 0 { Ok(None) } else { find(c, id) }
}

/// Stores what has become of a taken measure: its state, the reply, and what was decided. What it was opened with stays.
///
/// # Errors
/// The database's.
pub fn update(c: &mut Conn, measure: &Measure) -> Result<(), DbError> {
    let reply = measure.reply.as_ref();
    diesel::update(measures::table.find(DbId::from(measure.id)))
        .set((
            measures::state.eq(measure.state.code()),
            measures::reply.eq(reply.map(|reply| reply.text.clone())),
            measures::replied_by.eq(reply.map(|reply| reply.by.clone())),
            measures::replied_at.eq(reply.map(|reply| DbMoment::from(reply.at))),
            measures::deadline.eq(measure.deadline.map(Day::date)),
            measures::valid_from.eq(measure.from.map(Day::date)),
            measures::valid_to.eq(measure.to.map(Day::date)),
            measures::vouchers_in_use.eq(measure.vouchers_in_use.map(VouchersInUse::code)),
            measures::decision_id.eq(measure.decision.map(DbId::from)),
            // Another deadline may follow from the decision.
            measures::told_at.eq(None::<DbMoment>),
        ))
        .execute(c)?;
    Ok(())
}

/// Which measures are wanted.
#[derive(Debug, Clone, Default)]
pub struct MeasureFilter {
    /// Only an organiser's.
    pub organiser: Option<Id<kind::Organiser>>,
    /// Only against these providers.
    pub providers: Option<Vec<Id<kind::Provider>>>,
    /// Only against an approval.
    pub approval: Option<Id<kind::Approval>>,
    /// Only against approvals of a unit.
    pub unit: Option<Id<kind::ServiceUnit>>,
    /// Only in a state.
    pub state: Option<MeasureState>,
}

/// Measures in order of id.
///
/// # Errors
/// The database's.
pub fn list(
    c: &mut Conn,
    filter: &MeasureFilter,
    after: Option<Id<kind::Measure>>,
    limit: i64,
) -> Result<Vec<Measure>, DbError> {
    let mut query = measures::table.select(Row::as_select()).order(measures::id).limit(limit).into_boxed();
    if let Some(after) = after {
        query = query.filter(measures::id.gt(DbId::from(after)));
    }
    if let Some(organiser) = filter.organiser {
        query = query.filter(measures::organiser_id.eq(DbId::from(organiser)));
    }
    if let Some(providers) = &filter.providers {
        let ids: Vec<DbId> = providers.iter().map(|id| DbId::from(*id)).collect();
        query = query.filter(measures::provider_id.eq_any(ids));
    }
    if let Some(approval) = filter.approval {
        query = query.filter(measures::approval_id.eq(DbId::from(approval)));
    }
    if let Some(unit) = filter.unit {
        let of_unit = approvals::table.filter(approvals::unit_id.eq(DbId::from(unit))).select(approvals::id);
        query = query.filter(measures::approval_id.eq_any(of_unit));
    }
    if let Some(state) = filter.state {
        query = query.filter(measures::state.eq(state.code()));
    }
    query.load(c)?.into_iter().map(Row::measure).collect()
}

/// Of which unit and voucher type approvals are.
type Served = (Id<kind::ServiceUnit>, Id<kind::VoucherType>);

/// The condition that a measure is against an approval of a unit for a voucher type, whichever: one that was replaced takes
/// nothing of what was imposed with it.
macro_rules! against {
    ($served:expr) => {{
        let (unit, voucher_type): Served = $served;
        let of_served = approvals::table
            .filter(approvals::unit_id.eq(DbId::from(unit)))
            .filter(approvals::voucher_type_id.eq(DbId::from(voucher_type)))
            .select(approvals::id);
        measures::approval_id.eq_any(of_served)
    }};
}

/// Whether a provider is being heard about a measure against a unit's approvals for a voucher type.
///
/// # Errors
/// The database's.
pub fn is_heard_about(c: &mut Conn, served: Served) -> Result<bool, DbError> {
    let heard: Option<DbId> = measures::table
        .filter(against!(served))
        .filter(measures::state.eq(MeasureState::Hearing.code()))
        .select(measures::id)
        .first(c)
        .optional()?;
    Ok(heard.is_some())
}

/// The measures that were imposed on a unit's approvals for a voucher type, the latest first, each with the moment of its
/// decision.
///
/// # Errors
/// The database's.
pub fn imposed_on(c: &mut Conn, served: Served) -> Result<Vec<(Measure, Moment)>, DbError> {
    use crate::schema::decisions;
    let rows: Vec<(Row, DbMoment)> = measures::table
        .inner_join(decisions::table.on(decisions::id.nullable().eq(measures::decision_id)))
        .filter(against!(served))
        .filter(measures::state.eq(MeasureState::Imposed.code()))
        .order(measures::id.desc())
        .limit(1_000)
        .select((Row::as_select(), decisions::decided_at))
        .load(c)?;
    rows.into_iter().map(|(row, at)| Ok((row.measure()?, at.moment()))).collect()
}

/// Measures of an organiser of which a day is over that nobody has been told about: of those that are heard about, the last
/// day of the hearing; of warnings, the deadline.
///
/// # Errors
/// The database's.
pub fn past_deadline(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    today: Day,
    limit: i64,
) -> Result<Vec<Measure>, DbError> {
    let today = today.date();
    let unheard = measures::state.eq(MeasureState::Hearing.code()).and(measures::hear_until.lt(today));
    let unmended = measures::state
        .eq(MeasureState::Imposed.code())
        .and(measures::deadline.is_not_null())
        .and(measures::deadline.assume_not_null().lt(today));
    let rows: Vec<Row> = measures::table
        .filter(measures::organiser_id.eq(DbId::from(organiser)))
        .filter(measures::told_at.is_null())
        .filter(unheard.or(unmended))
        .order(measures::id)
        .limit(limit)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().map(Row::measure).collect()
}

/// Notes that it was told that a measure's day is over; `false` where that was noted before.
///
/// # Errors
/// The database's.
pub fn mark_told(c: &mut Conn, id: Id<kind::Measure>, at: Moment) -> Result<bool, DbError> {
    let untold = measures::table.find(DbId::from(id)).filter(measures::told_at.is_null());
    let marked = diesel::update(untold).set(measures::told_at.eq(Some(DbMoment::from(at)))).execute(c)?;
    Ok(marked == 1)
}
