//! The registry as a whole: its revision, and everything that can be chosen, loaded for the choice engine.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::choice::{Basis, Candidate, Entitlement, Lot, Order, Query, Snapshot};
use valinta_domain::id::kind;
use valinta_domain::money::Currency;
use valinta_domain::offering::OfferPrice;
use valinta_domain::registry_change::{RegistryChange, RegistryKind};
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::rules::Facts;
use valinta_domain::time::Timeline;
use valinta_domain::voucher::Voucher;
use valinta_domain::{Day, Id, Moment, Period, Unit};

use crate::candidates::{self, Which};
use crate::convert::{coded, period_or_none};
use crate::dialect::{Conn, insert_many};
use crate::error::DbError;
use crate::offering_states;
use crate::offerings::Offering;
use crate::places;
use crate::registry_changes::widened;
use crate::rulebooks::parsed;
use crate::schema::{organisers, registry_changes, registry_revision, rulebooks, voucher_types};
use crate::types::{DbId, DbMoment};

/// Counts a change of what can be listed and chosen, notes of what, and how the offerings stand that it moves. Last in its
/// transaction: from here to the commit all who change the registry wait for each other, so that revisions are seen in
/// their order.
///
/// # Errors
/// The database's.
pub fn touch(c: &mut Conn, changes: &BTreeSet<RegistryChange>, at: Moment) -> Result<(), DbError> {
    diesel::update(registry_revision::table.find(1))
        .set(registry_revision::revision.eq(registry_revision::revision + 1))
        .execute(c)?;
    let revision = revision(c)?;
    // Only now: what others had changed before is seen from here on, and nobody changes anything until the commit.
    // A rulebook changes what is made of offerings, and nothing of how they stand.
    let (of_rules, of_things): (BTreeSet<RegistryChange>, BTreeSet<RegistryChange>) =
        changes.iter().partition(|change| change.kind == RegistryKind::Rulebook);
    let mut all = widened(c, &of_things)?;
    let moved = all.iter().filter(|change| change.kind == RegistryKind::Offering);
    let mut moved: BTreeSet<DbId> = moved.map(|change| DbId(change.id)).collect();
    let noted = noted(c)?;
    moved.extend(moved_since(c, noted)?);
    all.extend(widened(c, &of_rules)?);
    let rows: Vec<ChangeRow> = (0..)
        .zip(&all)
        .map(|(line, change)| ChangeRow {
            revision,
            line,
            subject_kind: change.kind.code(),
            subject_id: DbId(change.id),
            organiser_id: change.organiser.map(DbId::from),
            at: at.into(),
        })
        .collect();
    insert_many!(c, registry_changes::table, &rows)?;
    note_moved(c, revision, &moved)
}

/// Notes how offerings stand that a process of an earlier release has moved, which knew nothing of that. Whether there was
/// anything to note.
///
/// # Errors
/// The database's.
pub fn catch_up(c: &mut Conn) -> Result<bool, DbError> {
    diesel::update(registry_revision::table.find(1))
        .set(registry_revision::revision.eq(registry_revision::revision))
        .execute(c)?;
    if !is_behind(c)? {
        return Ok(false);
    }
    let noted = noted(c)?;
    let moved = moved_since(c, noted)?;
    // A revision of its own: somebody may have looked at the last one before this.
    diesel::update(registry_revision::table.find(1))
        .set(registry_revision::revision.eq(registry_revision::revision + 1))
        .execute(c)?;
    let revision = revision(c)?;
    note_moved(c, revision, &moved)?;
    Ok(true)
}

/// Whether there are revisions of which it was not noted how offerings stand.
///
/// # Errors
/// The database's.
pub fn is_behind(c: &mut Conn) -> Result<bool, DbError> {
    Ok(noted(c)? < revision(c)?)
}

/// The last revision up to which it was noted how offerings stand.
fn noted(c: &mut Conn) -> Result<i64, DbError> {
    Ok(registry_revision::table.find(1).select(registry_revision::noted).first(c)?)
}

fn moved_since(c: &mut Conn, noted: i64) -> Result<BTreeSet<DbId>, DbError> {
    let moved: Vec<DbId> = registry_changes::table
        .filter(registry_changes::revision.gt(noted))
        .filter(registry_changes::subject_kind.eq(RegistryKind::Offering.code()))
        .select(registry_changes::subject_id)
        .load(c)?;
    Ok(moved.into_iter().collect())
}

fn note_moved(c: &mut Conn, revision: i64, moved: &BTreeSet<DbId>) -> Result<(), DbError> {
    offering_states::note(c, revision, &moved.iter().copied().collect::<Vec<_>>())?;
    diesel::update(registry_revision::table.find(1)).set(registry_revision::noted.eq(revision)).execute(c)?;
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = registry_changes, treat_none_as_default_value = false)]
struct ChangeRow {
    revision: i64,
    line: i32,
    subject_kind: &'static str,
    subject_id: DbId,
    organiser_id: Option<DbId>,
    at: DbMoment,
}

/// The registry's revision.
///
/// # Errors
/// The database's.
pub fn revision(c: &mut Conn) -> Result<i64, DbError> {
    Ok(registry_revision::table.find(1).select(registry_revision::revision).first(c)?)
}

/// Everything that can be chosen, at the revision that this transaction sees: as it follows from what is known already, or
/// `None` where that is what there is.
///
/// # Errors
/// The database's.
pub fn load(c: &mut Conn, known: Option<&Snapshot>) -> Result<Option<Snapshot>, DbError> {
    let revision = revision(c)?;
    let Some(known) = known else {
        return Ok(Some(Snapshot::new(revision, bases(c, None)?, offering_states::present(c, None)?)));
    };
    if revision == known.revision() {
        return Ok(None);
    }
    let changed = offering_states::present(c, Some(known.revision()))?;
    let has_new_type = changed.iter().any(|(voucher_type, _)| known.basis(*voucher_type).is_none());
    let bases = if has_new_type || bases_changed(c, known.revision())? { Some(bases(c, None)?) } else { None };
    Ok(Some(known.advanced(revision, bases, changed)))
}

/// What was offered for a voucher type at a revision of the registry.
///
/// # Errors
/// The database's.
pub fn load_as_of(c: &mut Conn, voucher_type: Id<kind::VoucherType>, revision: i64) -> Result<Snapshot, DbError> {
    let as_of = AsOf { voucher_type, revision };
    Ok(Snapshot::new(revision, bases(c, Some(as_of))?, offering_states::as_of(c, voucher_type, revision)?))
}

/// All that is offered for a voucher type, whether or not it can be chosen now: from the tables.
///
/// # Errors
/// The database's.
pub fn candidates_of(c: &mut Conn, voucher_type: Id<kind::VoucherType>) -> Result<Vec<Candidate>, DbError> {
    let all = candidates::candidates(c, Which::OfType(voucher_type.into()))?;
    Ok(all.into_iter().map(|(_, candidate)| candidate).collect())
}

/// One offering as a candidate, from the tables: for the moment of choosing.
///
/// # Errors
/// The database's.
pub fn candidate(c: &mut Conn, id: Id<kind::Offering>) -> Result<Option<(Offering, Candidate)>, DbError> {
    candidates::candidate(c, id)
}

/// Who asks for a candidate, and when.
#[derive(Debug, Clone, Copy)]
pub struct Asking {
    /// With which voucher: its holder keeps the place that the voucher has.
    pub voucher: Id<kind::Voucher>,
    /// The day on which is asked; requests that were to be answered before it take no place.
    pub today: Day,
}

/// As [`candidate`], for who asks for it.
///
/// # Errors
/// The database's.
pub fn candidate_for(
    c: &mut Conn,
    id: Id<kind::Offering>,
    asking: Asking,
) -> Result<Option<(Offering, Candidate)>, DbError> {
    let Some((offering, candidate)) = candidate(c, id)? else { return Ok(None) };
    let places_taken_until = places::taken_until(c, &offering, Some(asking.voucher), Some(asking.today))?;
    Ok(Some((offering, Candidate { places_taken_until, ..candidate })))
}

/// What is offered for a voucher type as the tables have it, with what this transaction has changed itself.
///
/// # Errors
/// The database's.
pub fn offered_now(c: &mut Conn, voucher_type: Id<kind::VoucherType>) -> Result<Snapshot, DbError> {
    let revision = revision(c)?;
    let offered = candidates_of(c, voucher_type)?;
    let bases = bases(c, Some(AsOf { voucher_type, revision: i64::MAX }))?;
    Ok(Snapshot::new(revision, bases, offered.into_iter().map(|candidate| (voucher_type, candidate))))
}

/// Whether organisers, voucher types or rulebooks have changed since a revision.
fn bases_changed(c: &mut Conn, since: i64) -> Result<bool, DbError> {
    let kinds = [RegistryKind::Organiser, RegistryKind::VoucherType, RegistryKind::Rulebook].map(RegistryKind::code);
    let changed = registry_changes::table
        .filter(registry_changes::revision.gt(since))
        .filter(registry_changes::subject_kind.eq_any(kinds));
    Ok(diesel::select(diesel::dsl::exists(changed)).get_result(c)?)
}

/// A voucher type at a revision.
#[derive(Debug, Clone, Copy)]
struct AsOf {
    voucher_type: Id<kind::VoucherType>,
    revision: i64,
}

type Bases = BTreeMap<Id<kind::VoucherType>, Basis>;

/// What is said of voucher types: of all, or of one as of a revision.
fn bases(c: &mut Conn, as_of: Option<AsOf>) -> Result<Bases, DbError> {
    let mut versions = versions_by_type(c, as_of)?;
    let mut query = voucher_types::table
        .inner_join(organisers::table.on(organisers::id.eq(voucher_types::organiser_id)))
        .select((voucher_types::id, organisers::id, voucher_types::unit, organisers::currency, organisers::time_zone))
        .into_boxed();
    if let Some(AsOf { voucher_type, .. }) = as_of {
        query = query.filter(voucher_types::id.eq(DbId::from(voucher_type)));
    }
    let rows: Vec<(DbId, DbId, String, String, String)> = query.load(c)?;
    let basis = |(id, organiser, unit, currency, time_zone): (DbId, DbId, String, String, String)| {
        let versions = versions.remove(&id).unwrap_or_default();
        let basis = Basis {
            organiser: organiser.id(),
            unit: coded("voucher_types", &unit, Unit::from_code)?,
            currency: coded("organisers", &currency, Currency::from_code)?,
            time_zone,
            versions: Timeline::new(versions).map_err(|overlap| DbError::corrupt(format!("{RULEBOOKS}: {overlap}")))?,
        };
        Ok((id.id(), basis))
    };
    rows.into_iter().map(basis).collect()
}

const RULEBOOKS: &str = "rulebooks";

type DatedVersions = Vec<(Period, (Id<kind::Rulebook>, Arc<RulebookTerms>))>;

/// The adopted rulebooks by voucher type, by the days on which they are in force. As of a revision, those that had been
/// adopted by then, of which the last has no end.
fn versions_by_type(c: &mut Conn, as_of: Option<AsOf>) -> Result<HashMap<DbId, DatedVersions>, DbError> {
    let mut query = rulebooks::table
        .filter(rulebooks::state.eq("adopted"))
        .filter(rulebooks::valid_from.is_not_null())
        .order((rulebooks::voucher_type_id, rulebooks::valid_from))
        .select((
            rulebooks::id,
            rulebooks::voucher_type_id,
            rulebooks::terms,
            rulebooks::valid_from.assume_not_null(),
            rulebooks::valid_to,
        ))
        .into_boxed();
    if let Some(AsOf { voucher_type, revision }) = as_of {
        let later = registry_changes::table
            .filter(registry_changes::subject_kind.eq(RegistryKind::Rulebook.code()))
            .filter(registry_changes::revision.gt(revision))
            .select(registry_changes::subject_id);
        query =
            query.filter(rulebooks::voucher_type_id.eq(DbId::from(voucher_type))).filter(rulebooks::id.ne_all(later));
    }
    let rows: Vec<(DbId, DbId, String, NaiveDate, Option<NaiveDate>)> = query.load(c)?;
    let mut by_type: HashMap<DbId, DatedVersions> = HashMap::new();
    let last = rows.len().saturating_sub(1);
    for (n, (id, voucher_type, terms, from, to)) in rows.into_iter().enumerate() {
        let to = to.filter(|_| as_of.is_none() || n != last);
        if let Some(period) = period_or_none(RULEBOOKS, from, to)? {
            by_type.entry(voucher_type).or_default().push((period, (id.id(), parsed(terms)?)));
        }
    }
    Ok(by_type)
}

/// The prices at which a voucher can be used if its holder chooses on a day: those that its list of choices shows.
/// `client` is what criteria for offerings may ask of the holder. Read from the database and not from a snapshot, but listed
/// by the same code.
///
/// # Errors
/// The database's.
pub fn prices_for(c: &mut Conn, voucher: &Voucher, client: &Facts, day: Day) -> Result<Vec<OfferPrice>, DbError> {
    let snapshot = offered_now(c, voucher.voucher_type)?;
    let Some(basis) = snapshot.basis(voucher.voucher_type) else { return Ok(Vec::new()) };
    let entitlement = Entitlement::of_voucher(None, voucher, &basis.versions, day);
    let lot = Lot::of_voucher(&[], voucher.id);
    let query = Query {
        validity: Some(voucher.validity),
        entitlement: &entitlement,
        order: Order::Price,
        ..Query::all(voucher.voucher_type, day, client, &lot)
    };
    Ok(snapshot.list(&query).lines.iter().map(|line| line.price.clone()).collect())
}
