//! Voucher types and their rulebooks.

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::{Day, Id, Localized, Moment, Period, Unit};

use crate::convert::{coded, from_json, localized, period, to_json};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{rulebooks, voucher_types};
use crate::types::{DbId, DbMoment};

/// A kind of voucher of an organiser.
#[derive(Debug, Clone)]
pub struct VoucherType {
    /// Its id.
    pub id: Id<kind::VoucherType>,
    /// Whose it is.
    pub organiser: Id<kind::Organiser>,
    /// A code, unique within the organiser.
    pub code: String,
    /// Its name.
    pub name: Localized,
    /// What it is for.
    pub description: Localized,
    /// What it is counted in.
    pub unit: Unit,
    /// Counts changes.
    pub version: i64,
    /// When it was published.
    pub created_at: Moment,
}

/// One version of a voucher type's rules.
#[derive(Debug, Clone)]
pub struct Rulebook {
    /// Its id.
    pub id: Id<kind::Rulebook>,
    /// Whose it is.
    pub organiser: Id<kind::Organiser>,
    /// Of which voucher type.
    pub voucher_type: Id<kind::VoucherType>,
    /// First, second, third version of the type's rules.
    pub number: i32,
    /// The terms.
    pub terms: RulebookTerms,
    /// When it is in force; a draft has no such time.
    pub in_force: Option<Period>,
    /// The decision by which it was adopted.
    pub decision: Option<Id<kind::Decision>>,
    /// Counts changes.
    pub version: i64,
    /// When it was drafted.
    pub created_at: Moment,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = voucher_types)]
struct VoucherTypeRow {
    id: DbId,
    organiser_id: DbId,
    code: String,
    name_fi: String,
    name_sv: String,
    name_en: String,
    description_fi: String,
    description_sv: String,
    description_en: String,
    unit: String,
    version: i64,
    created_at: DbMoment,
}

impl VoucherTypeRow {
    fn voucher_type(self) -> Result<VoucherType, DbError> {
        Ok(VoucherType {
            id: self.id.id(),
            organiser: self.organiser_id.id(),
            code: self.code,
            name: localized(self.name_fi, self.name_sv, self.name_en),
            description: localized(self.description_fi, self.description_sv, self.description_en),
            unit: coded("voucher_types", &self.unit, Unit::from_code)?,
            version: self.version,
            created_at: self.created_at.moment(),
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = rulebooks)]
struct RulebookRow {
    id: DbId,
    organiser_id: DbId,
    voucher_type_id: DbId,
    number: i32,
    terms: String,
    state: String,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
    decision_id: Option<DbId>,
    version: i64,
    created_at: DbMoment,
}

impl RulebookRow {
    fn rulebook(self) -> Result<Rulebook, DbError> {
        let in_force = self.valid_from.map(|from| period("rulebooks", from, self.valid_to)).transpose()?;
        Ok(Rulebook {
            id: self.id.id(),
            organiser: self.organiser_id.id(),
            voucher_type: self.voucher_type_id.id(),
            number: self.number,
            terms: from_json("rulebooks", &self.terms)?,
            in_force,
            decision: self.decision_id.map(DbId::id),
            version: self.version,
            created_at: self.created_at.moment(),
        })
    }
}

/// Adds a voucher type.
///
/// # Errors
/// [`DbError::Unique`] where the organiser has one of that code.
pub fn insert(c: &mut Conn, voucher_type: &VoucherType) -> Result<(), DbError> {
    let row = VoucherTypeRow {
        id: voucher_type.id.into(),
        organiser_id: voucher_type.organiser.into(),
        code: voucher_type.code.clone(),
        name_fi: voucher_type.name.fi.clone(),
        name_sv: voucher_type.name.sv.clone(),
        name_en: voucher_type.name.en.clone(),
        description_fi: voucher_type.description.fi.clone(),
        description_sv: voucher_type.description.sv.clone(),
        description_en: voucher_type.description.en.clone(),
        unit: voucher_type.unit.code().to_owned(),
        version: voucher_type.version,
        created_at: voucher_type.created_at.into(),
    };
    diesel::insert_into(voucher_types::table).values(&row).execute(c)?;
    Ok(())
}

/// A voucher type by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::VoucherType>) -> Result<Option<VoucherType>, DbError> {
    let row = voucher_types::table.find(DbId::from(id)).select(VoucherTypeRow::as_select()).first(c).optional()?;
    row.map(VoucherTypeRow::voucher_type).transpose()
}

/// A voucher type of an organiser by its code.
///
/// # Errors
/// The database's.
pub fn find_by_code(c: &mut Conn, organiser: Id<kind::Organiser>, code: &str) -> Result<Option<VoucherType>, DbError> {
    let query = voucher_types::table
        .filter(voucher_types::organiser_id.eq(DbId::from(organiser)))
        .filter(voucher_types::code.eq(code));
    let row = query.select(VoucherTypeRow::as_select()).first(c).optional()?;
    row.map(VoucherTypeRow::voucher_type).transpose()
}

/// Voucher types in order of id, of one organiser or of all.
///
/// # Errors
/// The database's.
pub fn list(
    c: &mut Conn,
    organiser: Option<Id<kind::Organiser>>,
    after: Option<Id<kind::VoucherType>>,
    limit: i64,
) -> Result<Vec<VoucherType>, DbError> {
    let mut query =
        voucher_types::table.select(VoucherTypeRow::as_select()).order(voucher_types::id).limit(limit).into_boxed();
    if let Some(organiser) = organiser {
        query = query.filter(voucher_types::organiser_id.eq(DbId::from(organiser)));
    }
    if let Some(after) = after {
        query = query.filter(voucher_types::id.gt(DbId::from(after)));
    }
    query.load(c)?.into_iter().map(VoucherTypeRow::voucher_type).collect()
}

/// Takes a voucher type for a change of its rulebooks: no other transaction changes them until this one ends.
///
/// # Errors
/// The database's.
pub fn take(c: &mut Conn, id: Id<kind::VoucherType>) -> Result<Option<VoucherType>, DbError> {
    let taken = diesel::update(voucher_types::table.find(DbId::from(id)))
        .set(voucher_types::version.eq(voucher_types::version + 1))
        .execute(c)?;
    if taken == 0 { Ok(None) } else { find(c, id) }
}

/// The number of the next rulebook of a voucher type that has been taken.
///
/// # Errors
/// The database's.
pub fn next_rulebook_number(c: &mut Conn, voucher_type: Id<kind::VoucherType>) -> Result<i32, DbError> {
    let last: Option<i32> = rulebooks::table
        .filter(rulebooks::voucher_type_id.eq(DbId::from(voucher_type)))
        .select(diesel::dsl::max(rulebooks::number))
        .first(c)?;
    last.unwrap_or(0).checked_add(1).ok_or_else(|| DbError::Internal("too many rulebooks".to_owned()))
}

/// Adds a draft.
///
/// # Errors
/// The database's.
pub fn insert_rulebook(c: &mut Conn, rulebook: &Rulebook) -> Result<(), DbError> {
    let row = RulebookRow {
        id: rulebook.id.into(),
        organiser_id: rulebook.organiser.into(),
        voucher_type_id: rulebook.voucher_type.into(),
        number: rulebook.number,
        terms: to_json(&rulebook.terms)?,
        state: "draft".to_owned(),
        valid_from: None,
        valid_to: None,
        decision_id: None,
        version: rulebook.version,
        created_at: rulebook.created_at.into(),
    };
    diesel::insert_into(rulebooks::table).values(&row).execute(c)?;
    Ok(())
}

/// A rulebook by id.
///
/// # Errors
/// The database's.
pub fn find_rulebook(c: &mut Conn, id: Id<kind::Rulebook>) -> Result<Option<Rulebook>, DbError> {
    let row = rulebooks::table.find(DbId::from(id)).select(RulebookRow::as_select()).first(c).optional()?;
    row.map(RulebookRow::rulebook).transpose()
}

/// The rulebook of a voucher type in force on a day.
///
/// # Errors
/// The database's.
pub fn rulebook_in_force(
    c: &mut Conn,
    voucher_type: Id<kind::VoucherType>,
    day: Day,
) -> Result<Option<Rulebook>, DbError> {
    let row = rulebooks::table
        .filter(rulebooks::voucher_type_id.eq(DbId::from(voucher_type)))
        .filter(rulebooks::state.eq("adopted"))
        .filter(rulebooks::valid_from.assume_not_null().le(day.date()))
        .filter(rulebooks::valid_to.is_null().or(rulebooks::valid_to.assume_not_null().gt(day.date())))
        .select(RulebookRow::as_select())
        .first(c)
        .optional()?;
    row.map(RulebookRow::rulebook).transpose()
}

/// The adopted rulebook of a voucher type that has no end yet.
///
/// # Errors
/// The database's.
pub fn open_rulebook(c: &mut Conn, voucher_type: Id<kind::VoucherType>) -> Result<Option<Rulebook>, DbError> {
    let row = rulebooks::table
        .filter(rulebooks::voucher_type_id.eq(DbId::from(voucher_type)))
        .filter(rulebooks::state.eq("adopted"))
        .filter(rulebooks::valid_to.is_null())
        .select(RulebookRow::as_select())
        .first(c)
        .optional()?;
    row.map(RulebookRow::rulebook).transpose()
}

/// Lets a draft come into force on a day, and the one in force until then end. The voucher type has been taken.
///
/// # Errors
/// [`DbError::Check`] where two would be in force on one day.
pub fn adopt_rulebook(
    c: &mut Conn,
    rulebook: &Rulebook,
    from: Day,
    decision: Id<kind::Decision>,
) -> Result<(), DbError> {
    let open = rulebooks::table
        .filter(rulebooks::voucher_type_id.eq(DbId::from(rulebook.voucher_type)))
        .filter(rulebooks::state.eq("adopted"))
        .filter(rulebooks::valid_to.is_null());
    diesel::update(open)
        .set((rulebooks::valid_to.eq(Some(from.date())), rulebooks::version.eq(rulebooks::version + 1)))
        .execute(c)?;
    diesel::update(rulebooks::table.find(DbId::from(rulebook.id)))
        .set((
            rulebooks::state.eq("adopted"),
            rulebooks::valid_from.eq(Some(from.date())),
            rulebooks::decision_id.eq(Some(DbId::from(decision))),
            rulebooks::version.eq(rulebooks::version + 1),
        ))
        .execute(c)?;
    Ok(())
}
