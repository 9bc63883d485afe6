//! Files that providers have handed in: what is known of them. Their bytes are kept sealed elsewhere, under their ids.

use std::collections::HashMap;

use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::{Id, Moment};

use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{attachments, evidence};
use crate::types::{DbId, DbMoment};

/// The most pieces of evidence that are asked for by one file.
const PIECES_MAX: i64 = 1_000;

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its id, under which its bytes are kept.
    pub id: Id<kind::Attachment>,
    /// Whose it is.
    pub provider: Id<kind::Provider>,
    /// What its owner calls it.
    pub name: String,
    /// What it is, as its first bytes show.
    pub media_type: String,
    /// How many bytes it has.
    pub size: i64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Who handed it in.
    pub uploaded_by: String,
    /// When.
    pub uploaded_at: Moment,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = attachments, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    provider_id: DbId,
    name: String,
    media_type: String,
    size_bytes: i64,
    sha256: String,
    uploaded_by: String,
    uploaded_at: DbMoment,
}

impl Row {
    fn attachment(self) -> Attachment {
        Attachment {
            id: self.id.id(),
            provider: self.provider_id.id(),
            name: self.name,
            media_type: self.media_type,
            size: self.size_bytes,
            sha256: self.sha256,
            uploaded_by: self.uploaded_by,
            uploaded_at: self.uploaded_at.moment(),
        }
    }
}

/// Adds a file, whose bytes are kept already.
///
/// # Errors
/// The database's.
pub fn insert(c: &mut Conn, attachment: &Attachment) -> Result<(), DbError> {
    let row = Row {
        id: attachment.id.into(),
        provider_id: attachment.provider.into(),
        name: attachment.name.clone(),
        media_type: attachment.media_type.clone(),
        size_bytes: attachment.size,
        sha256: attachment.sha256.clone(),
        uploaded_by: attachment.uploaded_by.clone(),
        uploaded_at: attachment.uploaded_at.into(),
    };
    diesel::insert_into(attachments::table).values(&row).execute(c)?;
    Ok(())
}

/// A file by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::Attachment>) -> Result<Option<Attachment>, DbError> {
    let row: Option<Row> = attachments::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    Ok(row.map(Row::attachment))
}

/// Takes away a file that nothing shows; its bytes are somebody else's to remove. `false` where there is none.
///
/// # Errors
/// [`DbError::ForeignKey`] where a piece of evidence names it.
pub fn delete(c: &mut Conn, id: Id<kind::Attachment>) -> Result<bool, DbError> {
    Ok(diesel::delete(attachments::table.find(DbId::from(id))).execute(c)? == 1)
}

/// Files by id, those that are there.
///
/// # Errors
/// The database's.
pub fn find_many(
    c: &mut Conn,
    ids: &[Id<kind::Attachment>],
) -> Result<HashMap<Id<kind::Attachment>, Attachment>, DbError> {
    let ids: Vec<DbId> = ids.iter().map(|id| DbId::from(*id)).collect();
    let rows: Vec<Row> = attachments::table.filter(attachments::id.eq_any(ids)).select(Row::as_select()).load(c)?;
    Ok(rows.into_iter().map(Row::attachment).map(|attachment| (attachment.id, attachment)).collect())
}

/// How many files a provider has handed in.
///
/// # Errors
/// The database's.
pub fn count_of(c: &mut Conn, provider: Id<kind::Provider>) -> Result<i64, DbError> {
    Ok(attachments::table.filter(attachments::provider_id.eq(DbId::from(provider))).count().get_result(c)?)
}

/// The pieces of evidence that a file shows.
///
/// # Errors
/// The database's.
pub fn shown_by(c: &mut Conn, id: Id<kind::Attachment>) -> Result<Vec<Id<kind::Evidence>>, DbError> {
    let ids: Vec<DbId> = evidence::table
        .filter(evidence::attachment_id.eq(DbId::from(id)))
        .order(evidence::id)
        .limit(PIECES_MAX)
        .select(evidence::id)
        .load(c)?;
    Ok(ids.into_iter().map(DbId::id).collect())
}
