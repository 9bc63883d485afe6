//! Applications that wait for a decision or for an answer.

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::application::ApplicationState;
use valinta_domain::id::kind;
use valinta_domain::{Day, Id, Moment};

use super::{Counted, counted};
use crate::convert::coded;
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{applications, providers, service_units};
use crate::types::{DbId, DbMoment};

/// An application that waits.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Its id.
    pub id: Id<kind::Application>,
    /// Who applies.
    pub provider: Id<kind::Provider>,
    /// Its name.
    pub provider_name: String,
    /// For which unit.
    pub unit: Id<kind::ServiceUnit>,
    /// Its name.
    pub unit_name: String,
    /// For which voucher type.
    pub voucher_type: Id<kind::VoucherType>,
    /// Where it stands.
    pub state: ApplicationState,
    /// When it was handed in last.
    pub submitted_at: Moment,
    /// By when the provider is to answer, where more information was asked for.
    pub answer_due: Option<Day>,
}

/// Which applications are listed.
#[derive(Debug, Clone)]
pub struct WaitingQuery {
    /// Whose.
    pub organiser: Id<kind::Organiser>,
    /// For one voucher type.
    pub voucher_type: Option<Id<kind::VoucherType>>,
    /// In one state; in either that waits, if nothing is said.
    pub state: Option<ApplicationState>,
    /// Handed in before a moment.
    pub submitted_before: Option<Moment>,
    /// Whose answer was due before a day.
    pub due_before: Option<Day>,
    /// After this place in the list.
    pub after: Option<(Moment, Id<kind::Application>)>,
    /// How many at most.
    pub limit: i64,
}

#[derive(Queryable)]
struct Row {
    id: DbId,
    provider_id: DbId,
    provider_name: String,
    unit_id: DbId,
    unit_name: String,
    voucher_type_id: DbId,
    state: String,
    submitted_at: Option<DbMoment>,
    created_at: DbMoment,
    answer_due: Option<NaiveDate>,
}

impl Row {
    fn waiting(self) -> Result<Waiting, DbError> {
        Ok(Waiting {
            id: self.id.id(),
            provider: self.provider_id.id(),
            provider_name: self.provider_name,
            unit: self.unit_id.id(),
            unit_name: self.unit_name,
            voucher_type: self.voucher_type_id.id(),
            state: coded("applications", &self.state, ApplicationState::from_code)?,
            submitted_at: self.submitted_at.unwrap_or(self.created_at).moment(),
            answer_due: self.answer_due.map(Day::new),
        })
    }
}

/// The condition that a provider was asked for more and has not answered by its last day, which is past on a day.
macro_rules! overdue {
    ($today:expr) => {
        applications::state
            .eq(ApplicationState::MoreInformation.code())
            .and(applications::answer_due.is_not_null())
            .and(applications::answer_due.assume_not_null().lt($today.date()))
    };
}

const WAITING: [&str; 2] = [ApplicationState::Submitted.code(), ApplicationState::MoreInformation.code()];

/// Applications that wait, those that have waited longest first.
///
/// # Errors
/// The database's.
pub fn waiting(c: &mut Conn, asked: &WaitingQuery) -> Result<Vec<Waiting>, DbError> {
    let states = asked.state.map_or_else(|| WAITING.to_vec(), |state| vec![state.code()]);
    let submitted_at = applications::submitted_at.assume_not_null();
    let mut query = applications::table
        .inner_join(providers::table.on(providers::id.eq(applications::provider_id)))
        .inner_join(service_units::table.on(service_units::id.eq(applications::unit_id)))
        .filter(applications::organiser_id.eq(DbId::from(asked.organiser)))
        .filter(applications::state.eq_any(states))
        .order((applications::submitted_at, applications::id))
        .limit(asked.limit)
        .select((
            applications::id,
            applications::provider_id,
            providers::name,
            applications::unit_id,
            service_units::name,
            applications::voucher_type_id,
            applications::state,
            applications::submitted_at,
            applications::created_at,
            applications::answer_due,
        ))
        .into_boxed();
    if let Some(voucher_type) = asked.voucher_type {
        query = query.filter(applications::voucher_type_id.eq(DbId::from(voucher_type)));
    }
    if let Some(before) = asked.submitted_before {
        query = query.filter(submitted_at.lt(DbMoment::from(before)));
    }
    if let Some(day) = asked.due_before {
        query = query.filter(overdue!(day));
    }
    if let Some((at, id)) = asked.after {
        let (at, id) = (DbMoment::from(at), DbId::from(id));
        query = query.filter(submitted_at.gt(at).or(submitted_at.eq(at).and(applications::id.gt(id))));
    }
    query.load::<Row>(c)?.into_iter().map(Row::waiting).collect()
}

pub(super) fn count_waiting(c: &mut Conn, organiser: Id<kind::Organiser>) -> Result<Counted<Moment>, DbError> {
    let waiting = applications::table
        .filter(applications::organiser_id.eq(DbId::from(organiser)))
        .filter(applications::state.eq(ApplicationState::Submitted.code()));
    let (count, oldest): (_, Option<Option<DbMoment>>) = counted!(c, waiting, applications::submitted_at);
    Ok(Counted { count, oldest: oldest.flatten().map(DbMoment::moment) })
}

pub(super) fn count_overdue(c: &mut Conn, organiser: Id<kind::Organiser>, today: Day) -> Result<Counted<Day>, DbError> {
    let overdue =
        applications::table.filter(applications::organiser_id.eq(DbId::from(organiser))).filter(overdue!(today));
    let (count, oldest): (_, Option<Option<NaiveDate>>) = counted!(c, overdue, applications::answer_due);
    Ok(Counted { count, oldest: oldest.flatten().map(Day::new) })
}
