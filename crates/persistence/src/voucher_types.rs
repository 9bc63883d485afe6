//! Voucher types. Their rulebooks are in [`crate::rulebooks`].

use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::{Id, Localized, Moment, Unit};

use crate::convert::{coded, localized};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::voucher_types;
use crate::types::{DbId, DbMoment};

pub use crate::rulebooks::{
    Rulebook, adopt_rulebook, find_rulebook, insert_rulebook, next_rulebook_number, open_rulebook, rulebook_in_force,
};

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

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = voucher_types, treat_none_as_default_value = false)]
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
