//! Organisers and the municipalities they serve.

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::identifiers::{BusinessId, MunicipalityCode};
use valinta_domain::{Currency, Day, Id, Localized, Moment};

use crate::convert::{coded, localized, parsed};
use crate::dialect::{Conn, on};
use crate::error::DbError;
use crate::schema::{installation, municipalities, organiser_municipalities, organisers};
use crate::types::{DbId, DbMoment};

/// An organiser.
#[derive(Debug, Clone)]
pub struct Organiser {
    /// Its id.
    pub id: Id<kind::Organiser>,
    /// A short code, unique in the installation.
    pub code: String,
    /// Its name.
    pub name: Localized,
    /// Its business id.
    pub business_id: BusinessId,
    /// The currency of its rulebooks, prices and ledgers.
    pub currency: Currency,
    /// IANA name of the time zone in which its days begin and end.
    pub time_zone: String,
    /// When it was founded here.
    pub created_at: Moment,
}

/// A municipality.
#[derive(Debug, Clone)]
pub struct Municipality {
    /// Official code.
    pub code: MunicipalityCode,
    /// Finnish name.
    pub name_fi: String,
    /// Swedish name.
    pub name_sv: String,
    /// Latitude of a point in it, in millionths of a degree (WGS 84).
    pub latitude_e6: i32,
    /// Longitude of that point.
    pub longitude_e6: i32,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = organisers, treat_none_as_default_value = false)]
struct OrganiserRow {
    id: DbId,
    code: String,
    name_fi: String,
    name_sv: String,
    name_en: String,
    business_id: String,
    currency: String,
    time_zone: String,
    created_at: DbMoment,
}

impl OrganiserRow {
    fn organiser(self) -> Result<Organiser, DbError> {
        Ok(Organiser {
            id: self.id.id(),
            code: self.code,
            name: localized(self.name_fi, self.name_sv, self.name_en),
            business_id: parsed("organisers", &self.business_id)?,
            currency: coded("organisers", &self.currency, Currency::from_code)?,
            time_zone: self.time_zone,
            created_at: self.created_at.moment(),
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = municipalities, treat_none_as_default_value = false)]
struct MunicipalityRow {
    code: String,
    name_fi: String,
    name_sv: String,
    latitude_e6: i32,
    longitude_e6: i32,
}

impl MunicipalityRow {
    fn municipality(self) -> Result<Municipality, DbError> {
        Ok(Municipality {
            code: parsed("municipalities", &self.code)?,
            name_fi: self.name_fi,
            name_sv: self.name_sv,
            latitude_e6: self.latitude_e6,
            longitude_e6: self.longitude_e6,
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = organiser_municipalities, treat_none_as_default_value = false)]
struct ServedRow<'a> {
    id: DbId,
    organiser_id: DbId,
    municipality_code: &'a str,
    valid_from: NaiveDate,
}

/// Adds an organiser.
///
/// # Errors
/// [`DbError::Unique`] where its code or business id is taken.
pub fn insert(c: &mut Conn, organiser: &Organiser) -> Result<(), DbError> {
    let row = OrganiserRow {
        id: organiser.id.into(),
        code: organiser.code.clone(),
        name_fi: organiser.name.fi.clone(),
        name_sv: organiser.name.sv.clone(),
        name_en: organiser.name.en.clone(),
        business_id: organiser.business_id.to_string(),
        currency: organiser.currency.code().to_owned(),
        time_zone: organiser.time_zone.clone(),
        created_at: organiser.created_at.into(),
    };
    diesel::insert_into(organisers::table).values(&row).execute(c)?;
    Ok(())
}

/// An organiser by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::Organiser>) -> Result<Option<Organiser>, DbError> {
    let row =
        on!(c, c => organisers::table.find(DbId::from(id)).select(OrganiserRow::as_select()).first(c)).optional()?;
    row.map(OrganiserRow::organiser).transpose()
}

/// An organiser by its code.
///
/// # Errors
/// The database's.
pub fn find_by_code(c: &mut Conn, code: &str) -> Result<Option<Organiser>, DbError> {
    let query = organisers::table.filter(organisers::code.eq(code));
    let row = query.select(OrganiserRow::as_select()).first(c).optional()?;
    row.map(OrganiserRow::organiser).transpose()
}

/// An organiser by its business id.
///
/// # Errors
/// The database's.
pub fn find_by_business_id(c: &mut Conn, business_id: &BusinessId) -> Result<Option<Organiser>, DbError> {
    let query = organisers::table.filter(organisers::business_id.eq(business_id.as_str()));
    let row = query.select(OrganiserRow::as_select()).first(c).optional()?;
    row.map(OrganiserRow::organiser).transpose()
}

/// All organisers, by code.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn) -> Result<Vec<Organiser>, DbError> {
    let rows = organisers::table.order(organisers::code).limit(1_000).select(OrganiserRow::as_select()).load(c)?;
    rows.into_iter().map(OrganiserRow::organiser).collect()
}

/// Adds a municipality.
///
/// # Errors
/// [`DbError::Unique`] where the code is there already.
pub fn insert_municipality(c: &mut Conn, municipality: &Municipality) -> Result<(), DbError> {
    let row = MunicipalityRow {
        code: municipality.code.to_string(),
        name_fi: municipality.name_fi.clone(),
        name_sv: municipality.name_sv.clone(),
        latitude_e6: municipality.latitude_e6,
        longitude_e6: municipality.longitude_e6,
    };
    diesel::insert_into(municipalities::table).values(&row).execute(c)?;
    Ok(())
}

/// Lets an organiser serve a municipality from a day on.
///
/// # Errors
/// [`DbError::Unique`] where another organiser serves it, [`DbError::ForeignKey`] where there is no such municipality.
pub fn serve_municipality(
    c: &mut Conn,
    id: uuid::Uuid,
    organiser: Id<kind::Organiser>,
    municipality: &MunicipalityCode,
    from: Day,
) -> Result<(), DbError> {
    let row = ServedRow {
        id: DbId(id),
        organiser_id: organiser.into(),
        municipality_code: municipality.as_str(),
        valid_from: from.date(),
    };
    diesel::insert_into(organiser_municipalities::table).values(&row).execute(c)?;
    Ok(())
}

/// A municipality by code.
///
/// # Errors
/// The database's.
pub fn find_municipality(c: &mut Conn, code: &MunicipalityCode) -> Result<Option<Municipality>, DbError> {
    let query = municipalities::table.find(code.as_str());
    let row = query.select(MunicipalityRow::as_select()).first(c).optional()?;
    row.map(MunicipalityRow::municipality).transpose()
}

/// Which of these codes are no municipality's.
///
/// # Errors
/// The database's.
pub fn unknown_municipalities(c: &mut Conn, codes: &[MunicipalityCode]) -> Result<Vec<MunicipalityCode>, DbError> {
    let asked: Vec<&str> = codes.iter().map(MunicipalityCode::as_str).collect();
    let known: Vec<String> =
        municipalities::table.filter(municipalities::code.eq_any(asked)).select(municipalities::code).load(c)?;
    Ok(codes.iter().filter(|code| !known.iter().any(|known| known == code.as_str())).cloned().collect())
}

/// Whether any organiser serves a municipality on a day or later.
///
/// # Errors
/// The database's.
pub fn is_served_from(c: &mut Conn, municipality: &MunicipalityCode, day: Day) -> Result<bool, DbError> {
    use organiser_municipalities as served;
    let found: Option<DbId> = served::table
        .filter(served::municipality_code.eq(municipality.as_str()))
        .filter(served::valid_to.is_null().or(served::valid_to.assume_not_null().gt(day.date())))
        .select(served::id)
        .first(c)
        .optional()?;
    Ok(found.is_some())
}

/// The municipalities an organiser serves on a day, by code.
///
/// # Errors
/// The database's.
pub fn municipalities_of(c: &mut Conn, organiser: Id<kind::Organiser>, day: Day) -> Result<Vec<Municipality>, DbError> {
    use organiser_municipalities as served;
    let rows = municipalities::table
        .inner_join(served::table.on(served::municipality_code.eq(municipalities::code)))
        .filter(served::organiser_id.eq(DbId::from(organiser)))
        .filter(served::valid_from.le(day.date()))
        .filter(served::valid_to.is_null().or(served::valid_to.assume_not_null().gt(day.date())))
        .order(municipalities::code)
        .select(MunicipalityRow::as_select())
        .load(c)?;
    rows.into_iter().map(MunicipalityRow::municipality).collect()
}

/// A fact about the installation itself, such as whether it holds the demo county.
///
/// # Errors
/// The database's.
pub fn installation_fact(c: &mut Conn, name: &str) -> Result<Option<String>, DbError> {
    Ok(installation::table.find(name).select(installation::value).first(c).optional()?)
}

/// Forgets a fact about the installation; `false` where it was not noted, or somebody else has forgotten it.
///
/// # Errors
/// The database's.
pub fn forget_installation_fact(c: &mut Conn, name: &str) -> Result<bool, DbError> {
    Ok(diesel::delete(installation::table.find(name)).execute(c)? == 1)
}

/// Notes a fact about the installation itself.
///
/// # Errors
/// [`DbError::Unique`] where it has been noted before.
pub fn note_installation_fact(c: &mut Conn, name: &str, value: &str) -> Result<(), DbError> {
    diesel::insert_into(installation::table)
        .values((installation::name.eq(name), installation::value.eq(value)))
        .execute(c)?;
    Ok(())
}
