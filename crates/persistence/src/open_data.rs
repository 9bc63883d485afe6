//! What everyone may see of the registry, now and as of a day: approved providers, their units, what they offer and what
//! they are approved for. Reads no column that is not public: no reasons, no evidence, no contacts for organisers.

mod history;

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::provider::Sector;
use valinta_domain::{Day, Id, Period};

use crate::convert::{from_json, period_or_none};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::offerings::{self, Offering};
use crate::providers::{self, Provider, ServiceUnit};
use crate::schema::{
    approval_interruptions, approvals, offerings as offering_rows, provider_sectors, providers as provider_rows,
    service_units,
};
use crate::types::DbId;

use history::{offerings_as_they_were, providers_as_they_were, units_as_they_were};

/// For which day the registry is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// The day.
    pub day: Day,
    /// Whether only what was approved on the day is wanted; else what is or has been approved.
    pub as_of: bool,
    /// Whether the day is over, so that entries are as they were at its end; else they are as they are now.
    pub past: bool,
}

impl When {
    /// Approvals count that began by the first of these days and had not ended by the second.
    fn bounds(self) -> (NaiveDate, NaiveDate) {
        if self.as_of { (self.day.date(), self.day.date()) } else { (LAST_DAY, FIRST_DAY) }
    }
}

/// The first and the last day that both databases can hold.
const FIRST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(1, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};
const LAST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

/// Which entries are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Only these.
    pub ids: Option<Vec<Uuid>>,
    /// Only of this organiser.
    pub organiser: Option<Id<kind::Organiser>>,
    /// Only for this voucher type.
    pub voucher_type: Option<Id<kind::VoucherType>>,
    /// Only of this provider.
    pub provider: Option<Id<kind::Provider>>,
    /// Only of this unit.
    pub unit: Option<Id<kind::ServiceUnit>>,
    /// Only of providers of this sector on the day.
    pub sector: Option<Sector>,
}

impl Wish {
    fn db_ids(&self) -> Option<Vec<DbId>> {
        self.ids.as_ref().map(|ids| ids.iter().copied().map(DbId).collect())
    }
}

/// Entries in order of id.
#[derive(Debug, Clone)]
pub struct Part<T> {
    /// Those that are wanted.
    pub entries: Vec<T>,
    /// After which id to go on, where there may be more.
    pub last: Option<Uuid>,
}

impl<T> Part<T> {
    fn of(entries: Vec<T>, looked_at: &[DbId], limit: i64) -> Self {
        let full = i64::try_from(looked_at.len()).is_ok_and(|looked_at| looked_at >= limit);
        Self { entries, last: looked_at.last().filter(|_| full).map(|id| id.0) }
    }
}

/// Whose approvals hold: a column of them. A macro, because a subquery has no type of a name.
macro_rules! approved {
    ($when:expr, $column:expr) => {{
        let (begun_by, not_ended_by) = $when.bounds();
        approvals::table
            .filter(approvals::valid_from.le(begun_by))
            .filter(approvals::valid_to.is_null().or(approvals::valid_to.assume_not_null().gt(not_ended_by)))
            .filter(approvals::valid_to.is_null().or(approvals::valid_to.assume_not_null().gt(approvals::valid_from)))
            .select($column)
    }};
}

macro_rules! providers_of_sector {
    ($sector:expr, $day:expr) => {
        provider_sectors::table
            .filter(provider_sectors::sector.eq($sector.code()))
            .filter(provider_sectors::valid_from.le($day))
            .filter(provider_sectors::valid_to.is_null().or(provider_sectors::valid_to.assume_not_null().gt($day)))
            .select(provider_sectors::provider_id)
    };
}

/// Providers that are or have been approved, or were on the day; in order of id.
///
/// # Errors
/// The database's.
pub fn list_providers(
    c: &mut Conn,
    when: When,
    wish: &Wish,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Part<Provider>, DbError> {
    let mut query = provider_rows::table
        .filter(provider_rows::id.eq_any(approved!(when, approvals::provider_id)))
        .select(provider_rows::id)
        .order(provider_rows::id)
        .limit(limit)
        .into_boxed();
    if let Some(voucher_type) = wish.voucher_type {
        let of_type =
            approved!(when, approvals::provider_id).filter(approvals::voucher_type_id.eq(DbId::from(voucher_type)));
        query = query.filter(provider_rows::id.eq_any(of_type));
    }
    if let Some(sector) = wish.sector {
        query = query.filter(provider_rows::id.eq_any(providers_of_sector!(sector, when.day.date())));
    }
    if let Some(ids) = wish.db_ids() {
        query = query.filter(provider_rows::id.eq_any(ids));
    }
    if let Some(after) = after {
        query = query.filter(provider_rows::id.gt(DbId(after)));
    }
    let looked_at: Vec<DbId> = query.load(c)?;
    let ids: Vec<Id<kind::Provider>> = looked_at.iter().map(|id| id.id()).collect();
    let found = providers::list_of(c, &ids, None, limit)?;
    Ok(Part::of(providers_as_they_were(c, when, found)?, &looked_at, limit))
}

/// Units that are or have been approved, or were on the day; in order of id. Other units of their providers are nobody's
/// business: one may be the home of whoever is the firm.
///
/// # Errors
/// The database's.
pub fn list_units(
    c: &mut Conn,
    when: When,
    wish: &Wish,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Part<ServiceUnit>, DbError> {
    let mut query = service_units::table
        .filter(service_units::id.eq_any(approved!(when, approvals::unit_id)))
        .select(service_units::id)
        .order(service_units::id)
        .limit(limit)
        .into_boxed();
    if let Some(voucher_type) = wish.voucher_type {
        let of_type =
            approved!(when, approvals::unit_id).filter(approvals::voucher_type_id.eq(DbId::from(voucher_type)));
        query = query.filter(service_units::id.eq_any(of_type));
    }
    if let Some(provider) = wish.provider {
        query = query.filter(service_units::provider_id.eq(DbId::from(provider)));
    }
    if let Some(sector) = wish.sector {
        query = query.filter(service_units::provider_id.eq_any(providers_of_sector!(sector, when.day.date())));
    }
    if let Some(ids) = wish.db_ids() {
        query = query.filter(service_units::id.eq_any(ids));
    }
    if let Some(after) = after {
        query = query.filter(service_units::id.gt(DbId(after)));
    }
    let looked_at: Vec<DbId> = query.load(c)?;
    let ids: Vec<Id<kind::ServiceUnit>> = looked_at.iter().map(|id| id.id()).collect();
    let found = providers::find_units(c, &ids)?;
    Ok(Part::of(units_as_they_were(c, when, found)?, &looked_at, limit))
}

/// The units of several providers that are or have been approved, or were on the day, as they are looked at; each
/// provider's in order of id.
///
/// # Errors
/// The database's.
pub fn units_of_each(
    c: &mut Conn,
    when: When,
    of: &[Id<kind::Provider>],
) -> Result<HashMap<Id<kind::Provider>, Vec<ServiceUnit>>, DbError> {
    let ids: Vec<DbId> = of.iter().map(|id| DbId::from(*id)).collect();
    let public: Vec<DbId> =
        approved!(when, approvals::unit_id).filter(approvals::provider_id.eq_any(ids)).distinct().load(c)?;
    let public: HashSet<Id<kind::ServiceUnit>> = public.into_iter().map(DbId::id).collect();
    let mut units: Vec<ServiceUnit> = providers::units_of_each(c, of)?.into_values().flatten().collect();
    units.retain(|unit| public.contains(&unit.id));
    let mut by_provider: HashMap<Id<kind::Provider>, Vec<ServiceUnit>> = HashMap::new();
    for unit in units_as_they_were(c, when, units)? {
        by_provider.entry(unit.provider).or_default().push(unit);
    }
    Ok(by_provider)
}

/// Providers and units by id.
pub type Named = (HashMap<Id<kind::Provider>, Provider>, HashMap<Id<kind::ServiceUnit>, ServiceUnit>);

/// Providers and units by id as they are looked at, whether or not they are approved: to name what refers to them.
///
/// # Errors
/// The database's.
pub fn named(
    c: &mut Conn,
    when: When,
    provider_ids: &[Id<kind::Provider>],
    unit_ids: &[Id<kind::ServiceUnit>],
) -> Result<Named, DbError> {
    let most = i64::try_from(provider_ids.len()).unwrap_or(i64::MAX);
    let found = providers::list_of(c, provider_ids, None, most)?;
    let found = providers_as_they_were(c, when, found)?;
    let units = providers::find_units(c, unit_ids)?;
    let units = units_as_they_were(c, when, units)?;
    Ok((
        found.into_iter().map(|provider| (provider.id, provider)).collect(),
        units.into_iter().map(|unit| (unit.id, unit)).collect(),
    ))
}

/// Offerings, in order of id; whether their units are approved is asked of [`standings`].
///
/// # Errors
/// The database's.
pub fn list_offerings(
    c: &mut Conn,
    when: When,
    wish: &Wish,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Part<Offering>, DbError> {
    let mut query =
        offering_rows::table.select(offerings::Row::as_select()).order(offering_rows::id).limit(limit).into_boxed();
    if let Some(organiser) = wish.organiser {
        query = query.filter(offering_rows::organiser_id.eq(DbId::from(organiser)));
    }
    if let Some(voucher_type) = wish.voucher_type {
        query = query.filter(offering_rows::voucher_type_id.eq(DbId::from(voucher_type)));
    }
    if let Some(provider) = wish.provider {
        query = query.filter(offering_rows::provider_id.eq(DbId::from(provider)));
    }
    if let Some(unit) = wish.unit {
        query = query.filter(offering_rows::unit_id.eq(DbId::from(unit)));
    }
    if let Some(sector) = wish.sector {
        query = query.filter(offering_rows::provider_id.eq_any(providers_of_sector!(sector, when.day.date())));
    }
    if let Some(ids) = wish.db_ids() {
        query = query.filter(offering_rows::id.eq_any(ids));
    }
    if let Some(after) = after {
        query = query.filter(offering_rows::id.gt(DbId(after)));
    }
    let found = query.load(c)?.into_iter().map(offerings::Row::offering).collect::<Result<Vec<Offering>, DbError>>()?;
    let looked_at: Vec<DbId> = found.iter().map(|offering| offering.id.into()).collect();
    let then = offerings_as_they_were(c, when, found)?;
    Ok(Part::of(then, &looked_at, limit))
}

/// What is public of an approval: what, where and on which days, and never why.
#[derive(Debug, Clone)]
pub struct PublicApproval {
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
    /// For residents of which municipalities; of all of the organiser's where none is named.
    pub area: Vec<MunicipalityCode>,
    /// Its days.
    pub period: Period,
    /// Days on which it takes no new choices, in order and apart from each other.
    pub interrupted: Vec<Period>,
}

impl PublicApproval {
    /// Whether the unit is approved on a day, and whether it can be chosen then, as far as interruptions tell that have
    /// begun by another day.
    pub fn on(&self, day: Day, begun_by: Day) -> (bool, bool) {
        let approved = self.period.contains(day);
        let mut begun = self.interrupted.iter().filter(|period| period.from() <= begun_by);
        (approved, approved && !begun.any(|period| period.contains(day)))
    }
}

type ApprovalRow = (DbId, DbId, DbId, DbId, DbId, String, NaiveDate, Option<NaiveDate>);

/// The columns of an approval that are public.
const PUBLIC_COLUMNS: (
    approvals::id,
    approvals::organiser_id,
    approvals::provider_id,
    approvals::unit_id,
    approvals::voucher_type_id,
    approvals::area,
    approvals::valid_from,
    approvals::valid_to,
) = (
    approvals::id,
    approvals::organiser_id,
    approvals::provider_id,
    approvals::unit_id,
    approvals::voucher_type_id,
    approvals::area,
    approvals::valid_from,
    approvals::valid_to,
);

/// Approvals that hold or have held, or held on the day; in order of id. One that ended before it began is none.
///
/// # Errors
/// The database's.
pub fn list_approvals(
    c: &mut Conn,
    when: When,
    wish: &Wish,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Part<PublicApproval>, DbError> {
    let (begun_by, not_ended_by) = when.bounds();
    let mut query = approvals::table
        .filter(approvals::valid_from.le(begun_by))
        .filter(approvals::valid_to.is_null().or(approvals::valid_to.assume_not_null().gt(not_ended_by)))
        .filter(approvals::valid_to.is_null().or(approvals::valid_to.assume_not_null().gt(approvals::valid_from)))
        .select(PUBLIC_COLUMNS)
        .order(approvals::id)
        .limit(limit)
        .into_boxed();
    if let Some(organiser) = wish.organiser {
        query = query.filter(approvals::organiser_id.eq(DbId::from(organiser)));
    }
    if let Some(voucher_type) = wish.voucher_type {
        query = query.filter(approvals::voucher_type_id.eq(DbId::from(voucher_type)));
    }
    if let Some(provider) = wish.provider {
        query = query.filter(approvals::provider_id.eq(DbId::from(provider)));
    }
    if let Some(unit) = wish.unit {
        query = query.filter(approvals::unit_id.eq(DbId::from(unit)));
    }
    if let Some(ids) = wish.db_ids() {
        query = query.filter(approvals::id.eq_any(ids));
    }
    if let Some(after) = after {
        query = query.filter(approvals::id.gt(DbId(after)));
    }
    let rows: Vec<ApprovalRow> = query.load(c)?;
    let looked_at: Vec<DbId> = rows.iter().map(|row| row.0).collect();
    Ok(Part::of(with_interruptions(c, rows)?, &looked_at, limit))
}

/// A unit and a voucher type.
pub type Place = (Id<kind::ServiceUnit>, Id<kind::VoucherType>);

/// The approvals of units, by unit and voucher type.
///
/// # Errors
/// The database's.
pub fn standings(
    c: &mut Conn,
    units: &[Id<kind::ServiceUnit>],
) -> Result<HashMap<Place, Vec<PublicApproval>>, DbError> {
    let ids: Vec<DbId> = units.iter().map(|id| DbId::from(*id)).collect();
    let rows: Vec<ApprovalRow> = approvals::table
        .filter(approvals::unit_id.eq_any(ids))
        .filter(approvals::valid_to.is_null().or(approvals::valid_to.assume_not_null().gt(approvals::valid_from)))
        .select(PUBLIC_COLUMNS)
        .load(c)?;
    let mut standings: HashMap<Place, Vec<PublicApproval>> = HashMap::new();
    for approval in with_interruptions(c, rows)? {
        standings.entry((approval.unit, approval.voucher_type)).or_default().push(approval);
    }
    Ok(standings)
}

fn with_interruptions(c: &mut Conn, rows: Vec<ApprovalRow>) -> Result<Vec<PublicApproval>, DbError> {
    let ids: Vec<DbId> = rows.iter().map(|row| row.0).collect();
    let gaps: Vec<(DbId, NaiveDate, Option<NaiveDate>)> = approval_interruptions::table
        .filter(approval_interruptions::approval_id.eq_any(ids))
        .order(approval_interruptions::valid_from)
        .select((
            approval_interruptions::approval_id,
            approval_interruptions::valid_from,
            approval_interruptions::valid_to,
        ))
        .load(c)?;
    let mut interrupted: HashMap<DbId, Vec<Period>> = HashMap::new();
    for (approval, from, to) in gaps {
        if let Some(period) = period_or_none("approval_interruptions", from, to)? {
            joined(interrupted.entry(approval).or_default(), period);
        }
    }
    let mut found = Vec::with_capacity(rows.len());
    for (id, organiser, provider, unit, voucher_type, area, from, to) in rows {
        let Some(period) = period_or_none("approvals", from, to)? else { continue };
        found.push(PublicApproval {
            id: id.id(),
            organiser: organiser.id(),
            provider: provider.id(),
            unit: unit.id(),
            voucher_type: voucher_type.id(),
            area: from_json("approvals", &area)?,
            period,
            interrupted: interrupted.remove(&id).unwrap_or_default(),
        });
    }
    Ok(found)
}

/// Adds a period that begins no earlier than those before. What overlaps or follows at once becomes one with it, so
/// that nobody can tell one cause from another.
fn joined(periods: &mut Vec<Period>, next: Period) {
    if let Some(last) = periods.last_mut()
        && last.to().is_none_or(|to| to >= next.from())
    {
        let to = last.to().zip(next.to()).map(|(one, other)| one.max(other));
        *last = Period::new(last.from(), to).unwrap_or(*last);
        return;
    }
    periods.push(next);
}
