//! What others call the things that they have brought in: an organiser's or a provider's own names, by kind. A name may
//! also only point to what somebody else has registered: it is linked then. Decides nothing about who may do so.

use std::collections::HashMap;

use diesel::prelude::*;
use uuid::Uuid;
use valinta_domain::Moment;

use crate::dialect::{Conn, insert_many};
use crate::error::DbError;
use crate::schema::source_ids;
use crate::types::{DbId, DbMoment};

/// Names that are asked for in one query.
const NAMES_PER_QUERY_MAX: usize = 500;

/// A kind of thing that is brought in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NamedKind {
    /// A provider.
    Provider,
    /// A unit of a provider.
    ServiceUnit,
    /// An offering.
    Offering,
    /// A price of an offering.
    Price,
}

impl NamedKind {
    const fn code(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::ServiceUnit => "service_unit",
            Self::Offering => "offering",
            Self::Price => "price",
        }
    }
}

/// A name of a source's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceName {
    /// The name.
    pub name: String,
    /// What it stands for.
    pub subject: Uuid,
    /// Whether it only points there: the source has not brought it in.
    pub linked: bool,
}

#[derive(Insertable)]
#[diesel(table_name = source_ids, treat_none_as_default_value = false)]
struct NewRow {
    source_id: DbId,
    subject_kind: &'static str,
    name: String,
    subject_id: DbId,
    linked: bool,
    at: DbMoment,
}

type Row = (String, DbId, bool);

const COLUMNS: (source_ids::name, source_ids::subject_id, source_ids::linked) =
    (source_ids::name, source_ids::subject_id, source_ids::linked);

fn name_of((name, subject, linked): Row) -> SourceName {
    SourceName { name, subject: subject.0, linked }
}

/// What a source's names stand for, by name.
///
/// # Errors
/// The database's.
pub fn of_names(
    c: &mut Conn,
    source: Uuid,
    kind: NamedKind,
    names: &[&str],
) -> Result<HashMap<String, SourceName>, DbError> {
    let mut found = HashMap::new();
    for some in names.chunks(NAMES_PER_QUERY_MAX) {
        let rows: Vec<Row> = source_ids::table
            .filter(source_ids::source_id.eq(DbId(source)))
            .filter(source_ids::subject_kind.eq(kind.code()))
            .filter(source_ids::name.eq_any(some))
            .select(COLUMNS)
            .load(c)?;
        found.extend(rows.into_iter().map(|row| (row.0.clone(), name_of(row))));
    }
    Ok(found)
}

/// What a source calls things, by their ids.
///
/// # Errors
/// The database's.
pub fn of_subjects(
    c: &mut Conn,
    source: Uuid,
    kind: NamedKind,
    subjects: &[Uuid],
) -> Result<HashMap<Uuid, SourceName>, DbError> {
    let mut found = HashMap::new();
    for some in subjects.chunks(NAMES_PER_QUERY_MAX) {
        let rows: Vec<Row> = source_ids::table
            .filter(source_ids::source_id.eq(DbId(source)))
            .filter(source_ids::subject_kind.eq(kind.code()))
            .filter(source_ids::subject_id.eq_any(some.iter().copied().map(DbId)))
            .select(COLUMNS)
            .load(c)?;
        found.extend(rows.into_iter().map(name_of).map(|named| (named.subject, named)));
    }
    Ok(found)
}

/// Adds names.
///
/// # Errors
/// [`DbError::Unique`] where the source has the name already, or another one for the thing.
pub fn insert_all(
    c: &mut Conn,
    source: Uuid,
    kind: NamedKind,
    names: &[SourceName],
    at: Moment,
) -> Result<(), DbError> {
    let rows: Vec<NewRow> = names
        .iter()
        .map(|named| NewRow {
            source_id: DbId(source),
            subject_kind: kind.code(),
            name: named.name.clone(),
            subject_id: DbId(named.subject),
            linked: named.linked,
            at: at.into(),
        })
        .collect();
    insert_many!(c, source_ids::table, &rows)?;
    Ok(())
}

/// The sources that have brought a thing in; what only points to it is left out.
///
/// # Errors
/// The database's.
pub fn sources_of(c: &mut Conn, kind: NamedKind, subject: Uuid) -> Result<Vec<Uuid>, DbError> {
    let sources: Vec<DbId> = source_ids::table
        .filter(source_ids::subject_kind.eq(kind.code()))
        .filter(source_ids::subject_id.eq(DbId(subject)))
        .filter(source_ids::linked.eq(false))
        .select(source_ids::source_id)
        .distinct()
        .load(c)?;
    Ok(sources.into_iter().map(|source| source.0).collect())
}

/// Lets a name stand for another thing from now on.
///
/// # Errors
/// The database's.
pub fn point(c: &mut Conn, source: Uuid, kind: NamedKind, name: &str, subject: Uuid) -> Result<(), DbError> {
    diesel::update(source_ids::table.find((DbId(source), kind.code(), name)))
        .set(source_ids::subject_id.eq(DbId(subject)))
        .execute(c)?;
    Ok(())
}
