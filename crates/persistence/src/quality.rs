//! How offerings have served: what was seen of it, and the facts that are told. Which facts there are, and of how many
//! clients they are told, is the domain's.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use diesel::dsl::{exists, min, not};
use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::quality::{QualityFacts, Seen};
use valinta_domain::service_event::EventKind;
use valinta_domain::{Day, Id, Period};

use crate::candidates::rows_of;
use crate::convert::{from_json, to_json};
use crate::dialect::{Conn, on};
use crate::error::DbError;
use crate::schema::{choices, offering_quality, offerings, service_events, vouchers};
use crate::types::DbId;

const TABLE: &str = "offering_quality";
/// What is stored of an offering of which nothing is told.
const NOTHING: &str = "{}";

#[derive(Insertable)]
#[diesel(table_name = offering_quality, treat_none_as_default_value = false)]
struct Row {
    offering_id: DbId,
    facts: String,
    computed_day: NaiveDate,
}

/// An organiser's offerings that somebody has chosen and whose facts were not found on a day yet or since.
///
/// # Errors
/// The database's.
pub fn due(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    day: Day,
    limit: i64,
) -> Result<Vec<Id<kind::Offering>>, DbError> {
    let found = offering_quality::table
        .filter(offering_quality::offering_id.eq(offerings::id))
        .filter(offering_quality::computed_day.ge(day.date()));
    let chosen = choices::table.filter(choices::offering_id.eq(offerings::id));
    let ids: Vec<DbId> = offerings::table
        .filter(offerings::organiser_id.eq(DbId::from(organiser)))
        .filter(not(exists(found)))
        .filter(exists(chosen))
        .order(offerings::id)
        .limit(limit)
        .select(offerings::id)
        .load(c)?;
    Ok(ids.into_iter().map(DbId::id).collect())
}

/// What was seen of offerings within a window of days that are over.
///
/// # Errors
/// The database's.
pub fn seen(
    c: &mut Conn,
    ids: &[Id<kind::Offering>],
    window: Period,
) -> Result<HashMap<Id<kind::Offering>, Seen>, DbError> {
    let ids: Vec<DbId> = ids.iter().map(|id| DbId::from(*id)).collect();
    let mut all: HashMap<Id<kind::Offering>, Seen> =
        ids.iter().map(|id| (id.id(), Seen { waits: Vec::new(), chose: 0, left: 0 })).collect();
    for ((offering, _), days) in waits(c, &ids, window)? {
        all.entry(offering.id()).or_default().waits.push(days);
    }
    let (chose, left) = chosen(c, &ids, window)?;
    for (offering, _) in chose {
        let seen = all.entry(offering.id()).or_default();
        seen.chose = seen.chose.saturating_add(1);
    }
    for (offering, _) in left {
        let seen = all.entry(offering.id()).or_default();
        seen.left = seen.left.saturating_add(1);
    }
    Ok(all)
}

/// An offering, and a person who has chosen it.
type Chooser = (DbId, DbId);

/// Of choices whose first service was given in a window, the days that it took: for each person the first such choice.
fn waits(c: &mut Conn, ids: &[DbId], window: Period) -> Result<BTreeMap<Chooser, u32>, DbError> {
    let (from, to) = (window.from().date(), window.last_day().date());
    let first = min(service_events::day);
    let rows: Vec<(DbId, DbId, NaiveDate, Option<NaiveDate>)> = choices::table
        .inner_join(service_events::table.on(service_events::choice_id.eq(choices::id)))
        .filter(service_events::kind.eq(EventKind::Visit.code()))
        .filter(choices::offering_id.eq_any(ids))
        .filter(choices::valid_from.le(to))
        .filter(choices::valid_to.is_null().or(choices::valid_to.assume_not_null().gt(from)))
        .group_by((choices::id, choices::offering_id, choices::valid_from, service_events::person_id))
        .having(first.ge(from).and(first.le(to)))
        .select((choices::offering_id, service_events::person_id, choices::valid_from, first))
        .load(c)?;
    let mut firsts: BTreeMap<Chooser, (NaiveDate, u32)> = BTreeMap::new();
    for (offering, person, chosen_from, served) in rows {
        let Some(served) = served else { continue };
        let days = u32::try_from(served.signed_duration_since(chosen_from).num_days())
            .map_err(|_| DbError::corrupt("a service before the first day of its choice"))?;
        let earliest = firsts.entry((offering, person)).or_insert((served, days));
        *earliest = (*earliest).min((served, days));
    }
    Ok(firsts.into_iter().map(|(chooser, (_, days))| (chooser, days)).collect())
}

/// Who chose offerings from a day of the window on, and who of them has chosen another provider since. A choice that was
/// ended by a decision is neither: nobody knows what its holder would have done.
fn chosen(c: &mut Conn, ids: &[DbId], window: Period) -> Result<(BTreeSet<Chooser>, BTreeSet<Chooser>), DbError> {
    let (from, to) = (window.from().date(), window.last_day().date());
    macro_rules! begun {
        () => {
            choices::table
                .inner_join(vouchers::table.on(vouchers::id.eq(choices::voucher_id)))
                .filter(choices::offering_id.eq_any(ids))
                .filter(choices::valid_from.ge(from))
                .filter(choices::valid_from.le(to))
                .filter(choices::valid_to.is_null().or(choices::valid_to.assume_not_null().gt(choices::valid_from)))
                .filter(choices::ended_at.is_null())
        };
    }
    let chose: Vec<Chooser> = begun!().select((choices::offering_id, vouchers::person_id)).load(c)?;
    let others = diesel::alias!(choices as others);
    let (first, end) = (others.field(choices::valid_from), others.field(choices::valid_to));
    let another = others
        .filter(others.field(choices::voucher_id).eq(choices::voucher_id))
        .filter(others.field(choices::provider_id).ne(choices::provider_id))
        .filter(first.gt(choices::valid_from))
        .filter(end.is_null().or(end.assume_not_null().gt(first)));
    let left: Vec<Chooser> =
        begun!().filter(exists(another)).select((choices::offering_id, vouchers::person_id)).load(c)?;
    Ok((chose.into_iter().collect(), left.into_iter().collect()))
}

/// Stores the facts that were found on a day. The offerings of which something else is told than before.
///
/// # Errors
/// The database's.
pub fn store(
    c: &mut Conn,
    found: &[(Id<kind::Offering>, QualityFacts)],
    day: Day,
) -> Result<Vec<Id<kind::Offering>>, DbError> {
    let ids: Vec<DbId> = found.iter().map(|(id, _)| DbId::from(*id)).collect();
    let stored: Vec<(DbId, String)> = offering_quality::table
        .filter(offering_quality::offering_id.eq_any(&ids))
        .select((offering_quality::offering_id, offering_quality::facts))
        .load(c)?;
    let stored: HashMap<DbId, String> = stored.into_iter().collect();
    let (mut same, mut changed) = (Vec::new(), Vec::new());
    for (offering, facts) in found {
        let facts = to_json(facts)?;
        match stored.get(&DbId::from(*offering)) {
            Some(before) if *before == facts => {
                same.push(DbId::from(*offering));
                continue;
            }
            Some(_) => changed.push(*offering),
            None if facts != NOTHING => changed.push(*offering),
            None => {}
        }
        let row = Row { offering_id: DbId::from(*offering), facts, computed_day: day.date() };
        on!(c, c => diesel::insert_into(offering_quality::table)
            .values(&row)
            .on_conflict(offering_quality::offering_id)
            .do_update()
            .set((offering_quality::facts.eq(&row.facts), offering_quality::computed_day.eq(row.computed_day)))
            .execute(c))?;
    }
    diesel::update(offering_quality::table.filter(offering_quality::offering_id.eq_any(same)))
        .set(offering_quality::computed_day.eq(day.date()))
        .execute(c)?;
    Ok(changed)
}

/// What is told of offerings. Those of which nothing is told are left out.
///
/// # Errors
/// The database's.
pub(crate) fn told(c: &mut Conn, ids: &BTreeSet<DbId>) -> Result<HashMap<DbId, QualityFacts>, DbError> {
    let query = || {
        offering_quality::table
            .filter(offering_quality::facts.ne(NOTHING))
            .select((offering_quality::offering_id, offering_quality::facts))
    };
    let rows: Vec<(DbId, String)> = rows_of!(c, query(), offering_quality::offering_id, ids);
    rows.into_iter().map(|(id, facts)| Ok((id, from_json(TABLE, &facts)?))).collect()
}
