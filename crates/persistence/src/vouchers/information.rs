//! What holders were told about their vouchers, as it was told.

use diesel::prelude::*;
use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::information::Information;
use valinta_domain::time::Moment;
use valinta_domain::{Id, Language};

use crate::convert::{coded, from_json, to_json};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::information_given;
use crate::types::{DbId, DbMoment};

/// A record that a client was told what the law wants told.
#[derive(Debug, Clone)]
pub struct InformationGiven {
    /// Its id.
    pub id: Id<kind::Information>,
    /// By which organiser.
    pub organiser: Id<kind::Organiser>,
    /// About which voucher.
    pub voucher: Id<kind::Voucher>,
    /// To whom.
    pub person: Id<kind::Person>,
    /// How it was given.
    pub channel: String,
    /// In which language.
    pub language: Language,
    /// What was told.
    pub content: Information,
    /// To whose token.
    pub given_to: String,
    /// When.
    pub given_at: Moment,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = information_given, treat_none_as_default_value = false)]
struct InformationRow {
    id: DbId,
    organiser_id: DbId,
    voucher_id: DbId,
    person_id: DbId,
    version: i32,
    channel: String,
    language: String,
    content: String,
    given_to: String,
    given_at: DbMoment,
}

/// Records that information was given.
///
/// # Errors
/// The database's.
pub fn insert_information(c: &mut Conn, given: &InformationGiven) -> Result<(), DbError> {
    let row = InformationRow {
        id: given.id.into(),
        organiser_id: given.organiser.into(),
        voucher_id: given.voucher.into(),
        person_id: given.person.into(),
        version: i32::from(given.content.version),
        channel: given.channel.clone(),
        language: given.language.code().to_owned(),
        content: to_json(&given.content)?,
        given_to: given.given_to.clone(),
        given_at: given.given_at.into(),
    };
    diesel::insert_into(information_given::table).values(&row).execute(c)?;
    Ok(())
}

/// A record of information given about a voucher.
///
/// # Errors
/// The database's.
pub fn find_information(
    c: &mut Conn,
    voucher: Id<kind::Voucher>,
    id: Uuid,
) -> Result<Option<InformationGiven>, DbError> {
    let row: Option<InformationRow> = information_given::table
        .find(DbId(id))
        .filter(information_given::voucher_id.eq(DbId::from(voucher)))
        .select(InformationRow::as_select())
        .first(c)
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(InformationGiven {
        id: row.id.id(),
        organiser: row.organiser_id.id(),
        voucher: row.voucher_id.id(),
        person: row.person_id.id(),
        channel: row.channel,
        language: coded("information_given", &row.language, Language::from_code)?,
        content: from_json("information_given", &row.content)?,
        given_to: row.given_to,
        given_at: row.given_at.moment(),
    }))
}
