//! Places of offerings that serve so many clients at once: how many are taken follows from the choices and the requests
//! that there are. Nothing is counted beside them that could disagree.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::choice_request::RequestState;
use valinta_domain::id::kind;
use valinta_domain::offering::free_from;
use valinta_domain::{Day, Id};

use crate::candidates::{IDS_AT_ONCE, rows_of};
use crate::choices::reaches;
use crate::dialect::{Conn, literal};
use crate::error::DbError;
use crate::offerings::Offering;
use crate::schema::{choice_requests, choices, offerings, vouchers};
use crate::types::DbId;

/// Keeps an offering as it is until this transaction ends, and who would choose it waiting: the last place goes to one.
///
/// # Errors
/// The database's.
pub fn hold_offering(c: &mut Conn, id: Id<kind::Offering>) -> Result<(), DbError> {
    diesel::update(offerings::table.find(DbId::from(id))).set(offerings::version.eq(offerings::version)).execute(c)?;
    Ok(())
}

/// The first day on which an offering has a free place, where all are taken, today if that is said; as another voucher's holder sees it,
/// or as the holder of `except` does, who leaves the place that the voucher has.
///
/// # Errors
/// The database's.
pub fn taken_until(
    c: &mut Conn,
    offering: &Offering,
    except: Option<Id<kind::Voucher>>,
    today: Option<Day>,
) -> Result<Option<Day>, DbError> {
    let Some(places) = offering.places else { return Ok(None) };
    let taken = taken(c, &[offering.id.into()], today)?;
    let except = except.map(DbId::from);
    let ends = taken.into_iter().filter(|((_, voucher), _)| Some(*voucher) != except).map(|(_, end)| end);
    Ok(free_from(places, ends.collect()))
}

/// The offerings that keep a place for a voucher's holder, on a day or after it: chosen, or asked for.
///
/// # Errors
/// The database's.
pub fn own_of(c: &mut Conn, voucher: Id<kind::Voucher>, today: Day) -> Result<Vec<Id<kind::Offering>>, DbError> {
    let chosen: Vec<DbId> = choices::table
        .filter(choices::voucher_id.eq(DbId::from(voucher)))
        .filter(reaches!(today.date()))
        .select(choices::offering_id)
        .load(c)?;
    let asked: Vec<DbId> = choice_requests::table
        .filter(choice_requests::voucher_id.eq(DbId::from(voucher)))
        .filter(choice_requests::state.eq(literal(RequestState::Waiting.code())))
        .filter(choice_requests::answer_by.ge(today.date()))
        .select(choice_requests::offering_id)
        .load(c)?;
    Ok(chosen.into_iter().chain(asked).map(DbId::id).collect())
}

/// As [`taken_until`], of those of some offerings of which all places are taken. No day has a part in it: a day that is
/// over says that a place is free.
pub(crate) fn taken_until_of(c: &mut Conn, ids: &BTreeSet<DbId>) -> Result<HashMap<DbId, Day>, DbError> {
    let query = || {
        offerings::table
            .filter(offerings::places.is_not_null())
            .select((offerings::id, offerings::places.assume_not_null()))
    };
    let limited: Vec<(DbId, i32)> = rows_of!(c, query(), offerings::id, ids);
    let mut ends: HashMap<DbId, Vec<Day>> = HashMap::new();
    let ids: Vec<DbId> = limited.iter().map(|(id, _)| *id).collect();
    for some in ids.chunks(IDS_AT_ONCE) {
        for ((offering, _), end) in taken(c, some, None)? {
            ends.entry(offering).or_default().push(end);
        }
    }
    let mut full = HashMap::new();
    for (offering, places) in limited {
        let places = u32::try_from(places).map_err(|_| DbError::corrupt("offerings holds a number of places"))?;
        if let Some(day) = ends.remove(&offering).and_then(|ends| free_from(places, ends)) {
            full.insert(offering, day);
        }
    }
    Ok(full)
}

/// The first day on which each voucher that takes a place of an offering does so no more, by offering and voucher: each
/// counts once, however often its holder has chosen.
fn taken(c: &mut Conn, ids: &[DbId], since: Option<Day>) -> Result<HashMap<(DbId, DbId), Day>, DbError> {
    let mut ends: HashMap<(DbId, DbId), Day> = HashMap::new();
    let mut take = |offering: DbId, voucher: DbId, end: NaiveDate| {
        let end = Day::new(end);
        let known = ends.entry((offering, voucher)).or_insert(end);
        *known = end.max(*known);
    };
    let mut chosen = choices::table
        .inner_join(vouchers::table.on(vouchers::id.eq(choices::voucher_id)))
        .filter(choices::offering_id.eq_any(ids))
        .filter(vouchers::state.eq_any(["chosen", "in_use"]))
        .select((choices::offering_id, choices::voucher_id, choices::valid_from, choices::valid_to, vouchers::valid_to))
        .into_boxed();
    if let Some(since) = since {
        chosen = chosen.filter(vouchers::valid_to.gt(since.date())).filter(reaches!(since.date()));
    }
    type Chosen = (DbId, DbId, NaiveDate, Option<NaiveDate>, NaiveDate);
    for (offering, voucher, from, to, expires) in chosen.load::<Chosen>(c)? {
        let end = to.map_or(expires, |to| to.min(expires));
        if end > from {
            take(offering, voucher, end);
        }
    }
    let mut asked = choice_requests::table
        .inner_join(vouchers::table.on(vouchers::id.eq(choice_requests::voucher_id)))
        .filter(choice_requests::offering_id.eq_any(ids))
        .filter(choice_requests::state.eq(literal(RequestState::Waiting.code())))
        .select((choice_requests::offering_id, choice_requests::voucher_id, vouchers::valid_to))
        .into_boxed();
    if let Some(since) = since {
        asked = asked.filter(choice_requests::answer_by.ge(since.date()));
    }
    for (offering, voucher, expires) in asked.load::<(DbId, DbId, NaiveDate)>(c)? {
        take(offering, voucher, expires);
    }
    Ok(ends)
}
