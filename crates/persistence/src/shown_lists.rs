//! The lists of choices that were shown for vouchers: which offerings in which order, by which rule, and all that was asked
//! and known. Rows are only ever added; what was asked and known is sealed, since it tells where a client lives.

use chrono::NaiveDate;
use diesel::prelude::*;
use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::policy::Role;
use valinta_domain::{Day, Id, Moment};

use crate::convert::coded;
use crate::dialect::{Conn, insert_many};
use crate::error::DbError;
use crate::schema::shown_lists;
use crate::types::{DbId, DbMoment};
use crate::vault::Vault;

const TABLE: &str = "shown_lists";

/// A page of a list of choices, as it was shown for a voucher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownList {
    /// Its id.
    pub id: Id<kind::ShownList>,
    /// Whose voucher.
    pub organiser: Id<kind::Organiser>,
    /// For which voucher.
    pub voucher: Id<kind::Voucher>,
    /// Whose voucher it is.
    pub person: Id<kind::Person>,
    /// The registry's revision that it shows.
    pub revision: i64,
    /// As of which day.
    pub day: Day,
    /// The rule by which lots were drawn.
    pub rule: String,
    /// What was asked, and what was known of the client, as the service writes and reads it again: JSON.
    pub asked: String,
    /// How many options there were in all pages.
    pub total: u64,
    /// The offerings, in the order in which they were shown.
    pub offerings: Vec<Id<kind::Offering>>,
    /// To whom: the token's subject.
    pub shown_to: String,
    /// In what role.
    pub shown_as: Role,
    /// When.
    pub shown_at: Moment,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = shown_lists, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    organiser_id: DbId,
    voucher_id: DbId,
    person_id: DbId,
    revision: i64,
    day: NaiveDate,
    rule: String,
    asked_sealed: Vec<u8>,
    total: i64,
    offerings: Vec<u8>,
    shown_to: String,
    shown_as: String,
    shown_at: DbMoment,
}

/// What the sealed part is bound to: it opens in its own place only.
fn place_of_asked(id: Id<kind::ShownList>) -> String {
    format!("{TABLE}.asked:{id}")
}

impl Row {
    fn of(vault: &Vault, list: &ShownList) -> Result<Self, DbError> {
        let sealed = vault.seal(&place_of_asked(list.id), &list.asked);
        Ok(Self {
            id: list.id.into(),
            organiser_id: list.organiser.into(),
            voucher_id: list.voucher.into(),
            person_id: list.person.into(),
            revision: list.revision,
            day: list.day.date(),
            rule: list.rule.clone(),
            asked_sealed: sealed.map_err(|e| DbError::Internal(format!("{TABLE}: {e}")))?,
            total: i64::try_from(list.total).map_err(|e| DbError::Internal(e.to_string()))?,
            offerings: list.offerings.iter().flat_map(|offering| offering.uuid().into_bytes()).collect(),
            shown_to: list.shown_to.clone(),
            shown_as: list.shown_as.code().to_owned(),
            shown_at: list.shown_at.into(),
        })
    }

    fn list(self, vault: &Vault) -> Result<ShownList, DbError> {
        let asked = vault.open(&place_of_asked(self.id.id()), &self.asked_sealed);
        let asked = asked.map_err(|e| DbError::corrupt(format!("{TABLE}: {e}")))?;
        let broken = || DbError::corrupt(format!("{TABLE}: offerings that are no ids"));
        let id = |bytes: &[u8]| Uuid::from_slice(bytes).map(Id::new).map_err(|_| broken());
        Ok(ShownList {
            id: self.id.id(),
            organiser: self.organiser_id.id(),
            voucher: self.voucher_id.id(),
            person: self.person_id.id(),
            revision: self.revision,
            day: Day::new(self.day),
            rule: self.rule,
            asked,
            total: u64::try_from(self.total).map_err(|e| DbError::corrupt(format!("{TABLE}: {e}")))?,
            offerings: self.offerings.chunks(16).map(id).collect::<Result<_, _>>()?,
            shown_to: self.shown_to,
            shown_as: coded(TABLE, &self.shown_as, Role::from_code)?,
            shown_at: self.shown_at.moment(),
        })
    }
}

/// Notes lists that are shown.
///
/// # Errors
/// The database's.
pub fn append<'a>(c: &mut Conn, vault: &Vault, lists: impl IntoIterator<Item = &'a ShownList>) -> Result<(), DbError> {
    let rows = lists.into_iter().map(|list| Row::of(vault, list)).collect::<Result<Vec<Row>, DbError>>()?;
    insert_many!(c, shown_lists::table, &rows)?;
    Ok(())
}

/// A list that was shown.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, vault: &Vault, id: Id<kind::ShownList>) -> Result<Option<ShownList>, DbError> {
    let row = shown_lists::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    row.map(|row| row.list(vault)).transpose()
}

/// The lists that were shown for a voucher, latest first.
///
/// # Errors
/// The database's.
pub fn of_voucher(
    c: &mut Conn,
    vault: &Vault,
    voucher: Id<kind::Voucher>,
    before: Option<Id<kind::ShownList>>,
    limit: i64,
) -> Result<Vec<ShownList>, DbError> {
    let mut query = shown_lists::table
        .filter(shown_lists::voucher_id.eq(DbId::from(voucher)))
        .order(shown_lists::id.desc())
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(shown_lists::id.lt(DbId::from(before)));
    }
    query.load::<Row>(c)?.into_iter().map(|row| row.list(vault)).collect()
}
