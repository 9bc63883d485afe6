//! Clients' requests to be taken by a provider, where the rulebook lets the provider answer. A request ends once: whoever
//! ends it first does, and the others are told that it has ended.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::choice_request::{RequestCause, RequestState};
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::offering::OfferPrice;
use valinta_domain::provider::Sector;
use valinta_domain::{Day, Id, Moment};

use crate::convert::{PriceColumns, coded};
use crate::dialect::{Conn, literal};
use crate::error::DbError;
use crate::schema::{choice_requests, clients, offerings, vouchers};
use crate::types::{DbId, DbMoment};

const TABLE: &str = "choice_requests";

/// A client's request.
#[derive(Debug, Clone)]
pub struct ChoiceRequest {
    /// Its id.
    pub id: Id<kind::ChoiceRequest>,
    /// Whose voucher.
    pub organiser: Id<kind::Organiser>,
    /// For which voucher.
    pub voucher: Id<kind::Voucher>,
    /// Which offering is asked for.
    pub offering: Id<kind::Offering>,
    /// Who is asked.
    pub provider: Id<kind::Provider>,
    /// Which unit is to serve.
    pub unit: Id<kind::ServiceUnit>,
    /// The provider's sector on the first day asked for.
    pub sector: Sector,
    /// The price that is agreed if it is confirmed.
    pub price: OfferPrice,
    /// The first day asked for.
    pub first_day: Day,
    /// Who asked: the token's subject.
    pub requested_by: String,
    /// When.
    pub requested_at: Moment,
    /// The last day on which it can be answered.
    pub answer_by: Day,
    /// Where it stands.
    pub state: RequestState,
    /// Why it lapsed or was withdrawn.
    pub cause: Option<RequestCause>,
    /// Why it was refused, in the provider's words.
    pub reason: Option<String>,
    /// The choice that it became.
    pub choice: Option<Id<kind::Choice>>,
    /// When it ended.
    pub ended_at: Option<Moment>,
}

/// How a request ends.
#[derive(Debug, Clone, Copy)]
pub enum Ending<'a> {
    /// It becomes this choice.
    Confirmed(Id<kind::Choice>),
    /// The provider does not take the client, for this reason.
    Refused(&'a str),
    /// It comes to nothing.
    Without(RequestCause),
}

impl Ending<'_> {
    /// Where the request stands then.
    pub const fn state(&self) -> RequestState {
        match self {
            Self::Confirmed(_) => RequestState::Confirmed,
            Self::Refused(_) => RequestState::Refused,
            Self::Without(cause) => cause.state(),
        }
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = choice_requests, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    organiser_id: DbId,
    voucher_id: DbId,
    offering_id: DbId,
    provider_id: DbId,
    unit_id: DbId,
    sector: String,
    charging: String,
    price_minor: Option<i64>,
    client_fee_minor: Option<i64>,
    unit_cost_minor: Option<i64>,
    items: Option<String>,
    only_items: bool,
    first_day: NaiveDate,
    requested_by: String,
    requested_at: DbMoment,
    answer_by: NaiveDate,
    state: String,
    cause: Option<String>,
    reason: Option<String>,
    choice_id: Option<DbId>,
    ended_by: Option<String>,
    ended_at: Option<DbMoment>,
}

impl Row {
    fn request(self) -> Result<ChoiceRequest, DbError> {
        let price = PriceColumns {
            charging: self.charging,
            price_minor: self.price_minor,
            client_fee_minor: self.client_fee_minor,
            unit_cost_minor: self.unit_cost_minor,
            items: self.items,
            only_items: self.only_items,
        };
        Ok(ChoiceRequest {
            id: self.id.id(),
            organiser: self.organiser_id.id(),
            voucher: self.voucher_id.id(),
            offering: self.offering_id.id(),
            provider: self.provider_id.id(),
            unit: self.unit_id.id(),
            sector: coded(TABLE, &self.sector, Sector::from_code)?,
            price: price.price(TABLE)?,
            first_day: Day::new(self.first_day),
            requested_by: self.requested_by,
            requested_at: self.requested_at.moment(),
            answer_by: Day::new(self.answer_by),
            state: coded(TABLE, &self.state, RequestState::from_code)?,
            cause: self.cause.map(|cause| coded(TABLE, &cause, RequestCause::from_code)).transpose()?,
            reason: self.reason,
            choice: self.choice_id.map(DbId::id),
            ended_at: self.ended_at.map(DbMoment::moment),
        })
    }
}

fn requests(rows: Vec<Row>) -> Result<Vec<ChoiceRequest>, DbError> {
    rows.into_iter().map(Row::request).collect()
}

/// Adds a request that waits. The voucher has been taken.
///
/// # Errors
/// [`DbError::Unique`] where one of the voucher waits already.
pub fn insert(c: &mut Conn, request: &ChoiceRequest) -> Result<(), DbError> {
    let price = PriceColumns::of(&request.price)?;
    let row = Row {
        id: request.id.into(),
        organiser_id: request.organiser.into(),
        voucher_id: request.voucher.into(),
        offering_id: request.offering.into(),
        provider_id: request.provider.into(),
        unit_id: request.unit.into(),
        sector: request.sector.code().to_owned(),
        charging: price.charging,
        price_minor: price.price_minor,
        client_fee_minor: price.client_fee_minor,
        unit_cost_minor: price.unit_cost_minor,
        items: price.items,
        only_items: price.only_items,
        first_day: request.first_day.date(),
        requested_by: request.requested_by.clone(),
        requested_at: request.requested_at.into(),
        answer_by: request.answer_by.date(),
        state: RequestState::Waiting.code().to_owned(),
        cause: None,
        reason: None,
        choice_id: None,
        ended_by: None,
        ended_at: None,
    };
    diesel::insert_into(choice_requests::table).values(&row).execute(c)?;
    Ok(())
}

/// Ends a request, if it still waits; `false` where another one has ended it.
///
/// # Errors
/// The database's.
pub fn end(
    c: &mut Conn,
    id: Id<kind::ChoiceRequest>,
    ending: &Ending<'_>,
    (by, at): (&str, Moment),
) -> Result<bool, DbError> {
    let (cause, reason, choice) = match ending {
        Ending::Confirmed(choice) => (None, None, Some(DbId::from(*choice))),
        Ending::Refused(reason) => (None, Some(*reason), None),
        Ending::Without(cause) => (Some(cause.code()), None, None),
    };
    let waiting = choice_requests::table
        .filter(choice_requests::id.eq(DbId::from(id)))
        .filter(choice_requests::state.eq(literal(RequestState::Waiting.code())));
    let ended = diesel::update(waiting)
        .set((
            choice_requests::state.eq(ending.state().code()),
            choice_requests::cause.eq(cause),
            choice_requests::reason.eq(reason),
            choice_requests::choice_id.eq(choice),
            choice_requests::ended_by.eq(Some(by)),
            choice_requests::ended_at.eq(Some(DbMoment::from(at))),
        ))
        .execute(c)?;
    Ok(ended == 1)
}

/// A request by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::ChoiceRequest>) -> Result<Option<ChoiceRequest>, DbError> {
    let row = choice_requests::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    row.map(Row::request).transpose()
}

/// A voucher's latest request, whatever has become of it: the one that waits, where one does.
///
/// # Errors
/// The database's.
pub fn latest_of_voucher(c: &mut Conn, voucher: Id<kind::Voucher>) -> Result<Option<ChoiceRequest>, DbError> {
    let row = choice_requests::table
        .filter(choice_requests::voucher_id.eq(DbId::from(voucher)))
        .order((
            choice_requests::ended_at.is_null().desc(),
            choice_requests::requested_at.desc(),
            choice_requests::id.desc(),
        ))
        .select(Row::as_select())
        .first(c)
        .optional()?;
    row.map(Row::request).transpose()
}

/// The requests to an offering that wait.
///
/// # Errors
/// The database's.
pub fn waiting_of_offering(c: &mut Conn, offering: Id<kind::Offering>) -> Result<Vec<ChoiceRequest>, DbError> {
    let rows: Vec<Row> = choice_requests::table
        .filter(choice_requests::offering_id.eq(DbId::from(offering)))
        .filter(choice_requests::state.eq(literal(RequestState::Waiting.code())))
        .order(choice_requests::id)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().map(Row::request).collect()
}

/// Which request each choice of a voucher came from, if from one.
///
/// # Errors
/// The database's.
pub fn confirmed_of_voucher(
    c: &mut Conn,
    voucher: Id<kind::Voucher>,
) -> Result<HashMap<Id<kind::Choice>, Id<kind::ChoiceRequest>>, DbError> {
    let rows: Vec<(DbId, DbId)> = choice_requests::table
        .filter(choice_requests::voucher_id.eq(DbId::from(voucher)))
        .filter(choice_requests::choice_id.is_not_null())
        .select((choice_requests::choice_id.assume_not_null(), choice_requests::id))
        .load(c)?;
    Ok(rows.into_iter().map(|(choice, request)| (choice.id(), request.id())).collect())
}

/// The request of a voucher that waits.
///
/// # Errors
/// The database's.
pub fn waiting_of_voucher(c: &mut Conn, voucher: Id<kind::Voucher>) -> Result<Option<ChoiceRequest>, DbError> {
    let row = choice_requests::table
        .filter(choice_requests::voucher_id.eq(DbId::from(voucher)))
        .filter(choice_requests::state.eq(literal(RequestState::Waiting.code())))
        .select(Row::as_select())
        .first(c)
        .optional()?;
    row.map(Row::request).transpose()
}

/// The requests to some providers in order of id; in one state, if that is asked for.
///
/// # Errors
/// The database's.
pub fn list(
    c: &mut Conn,
    providers: &[Id<kind::Provider>],
    state: Option<RequestState>,
    after: Option<Id<kind::ChoiceRequest>>,
    limit: i64,
) -> Result<Vec<ChoiceRequest>, DbError> {
    let providers: Vec<DbId> = providers.iter().map(|id| DbId::from(*id)).collect();
    let mut query = choice_requests::table
        .filter(choice_requests::provider_id.eq_any(providers))
        .order(choice_requests::id)
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(choice_requests::state.eq(state.code()));
    }
    if let Some(after) = after {
        query = query.filter(choice_requests::id.gt(DbId::from(after)));
    }
    requests(query.load(c)?)
}

/// Requests to an organiser's providers that wait though their last day is over, the earliest first.
///
/// # Errors
/// The database's.
pub fn late(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    today: Day,
    limit: i64,
) -> Result<Vec<ChoiceRequest>, DbError> {
    let rows: Vec<Row> = choice_requests::table
        .filter(choice_requests::organiser_id.eq(DbId::from(organiser)))
        .filter(choice_requests::state.eq(literal(RequestState::Waiting.code())))
        .filter(choice_requests::answer_by.lt(today.date()))
        .order((choice_requests::answer_by, choice_requests::id))
        .limit(limit)
        .select(Row::as_select())
        .load(c)?;
    requests(rows)
}

/// Requests to a unit for a voucher type that wait, and ask for a first day on or after `from`, and before `until` where
/// that is said; of clients who live in none of the municipalities `outside`, where any is named.
///
/// # Errors
/// The database's.
pub fn waiting_of_unit(
    c: &mut Conn,
    (unit, voucher_type): (Id<kind::ServiceUnit>, Id<kind::VoucherType>),
    (from, until): (Day, Option<Day>),
    outside: &[MunicipalityCode],
) -> Result<Vec<ChoiceRequest>, DbError> {
    let mut query = choice_requests::table
        .inner_join(offerings::table.on(offerings::id.eq(choice_requests::offering_id)))
        .inner_join(vouchers::table.on(vouchers::id.eq(choice_requests::voucher_id)))
        .inner_join(clients::table.on(clients::id.eq(vouchers::client_id)))
        .filter(choice_requests::unit_id.eq(DbId::from(unit)))
        .filter(offerings::voucher_type_id.eq(DbId::from(voucher_type)))
        .filter(choice_requests::state.eq(literal(RequestState::Waiting.code())))
        .filter(choice_requests::first_day.ge(from.date()))
        .order(choice_requests::id)
        .select(Row::as_select())
        .into_boxed();
    if let Some(until) = until {
        query = query.filter(choice_requests::first_day.lt(until.date()));
    }
    if !outside.is_empty() {
        let codes: Vec<String> = outside.iter().map(ToString::to_string).collect();
        query = query.filter(clients::municipality_code.ne_all(codes));
    }
    requests(query.load(c)?)
}
