//! Every version of what is edited in the registry, whole: providers, units and offerings as they were on any day.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::registry_change::RegistryKind;
use valinta_domain::{Day, Id, Moment};

use crate::convert::{from_json, to_json};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::registry_versions;
use crate::types::{DbId, DbMoment};

const TABLE: &str = "registry_versions";

/// A version of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version<D> {
    /// Which of its versions.
    pub version: i64,
    /// From which day on, by the world's clock (UTC), until the next version.
    pub day: Day,
    /// What it was.
    pub document: D,
    /// Who made it so.
    pub by: String,
    /// For which organiser; nobody's, where it was the provider itself.
    pub organiser: Option<Id<kind::Organiser>>,
    /// When.
    pub at: Moment,
}

/// Who makes a version, for whom, and when.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// Who, as their token names them.
    pub subject: &'a str,
    /// For which organiser; nobody's, where it is the provider itself.
    pub organiser: Option<Id<kind::Organiser>>,
    /// When.
    pub at: Moment,
}

impl<'a> From<(&'a str, Moment)> for By<'a> {
    /// The provider itself.
    fn from((subject, at): (&'a str, Moment)) -> Self {
        Self { subject, organiser: None, at }
    }
}

impl<'a> From<(&'a String, Moment)> for By<'a> {
    /// The provider itself.
    fn from((subject, at): (&'a String, Moment)) -> Self {
        Self { subject, organiser: None, at }
    }
}

#[derive(Insertable)]
#[diesel(table_name = registry_versions, treat_none_as_default_value = false)]
struct NewRow<'a> {
    subject_kind: &'static str,
    subject_id: DbId,
    version: i64,
    day: NaiveDate,
    document: String,
    by: &'a str,
    organiser_id: Option<DbId>,
    at: DbMoment,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = registry_versions)]
struct Row {
    version: i64,
    day: NaiveDate,
    document: String,
    by: String,
    organiser_id: Option<DbId>,
    at: DbMoment,
}

impl Row {
    fn version<D: DeserializeOwned>(self) -> Result<Version<D>, DbError> {
        Ok(Version {
            version: self.version,
            day: Day::new(self.day),
            document: from_json(TABLE, &self.document)?,
            by: self.by,
            organiser: self.organiser_id.map(DbId::id),
            at: self.at.moment(),
        })
    }
}

/// Keeps a version: what is public of a thing as it is from now on.
///
/// # Errors
/// The database's.
pub fn keep<'a>(
    c: &mut Conn,
    (kind, id): (RegistryKind, Uuid),
    version: i64,
    document: &impl Serialize,
    by: impl Into<By<'a>>,
) -> Result<(), DbError> {
    let By { subject, organiser, at } = by.into();
    let row = NewRow {
        subject_kind: kind.code(),
        subject_id: DbId(id),
        version,
        day: at.utc().date_naive(),
        document: to_json(document)?,
        by: subject,
        organiser_id: organiser.map(DbId::from),
        at: at.into(),
    };
    diesel::insert_into(registry_versions::table).values(&row).execute(c)?;
    Ok(())
}

/// The versions of a thing, newest first.
///
/// # Errors
/// The database's.
pub fn of<D: DeserializeOwned>(
    c: &mut Conn,
    (kind, id): (RegistryKind, Uuid),
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Version<D>>, DbError> {
    let mut query = registry_versions::table
        .filter(registry_versions::subject_kind.eq(kind.code()))
        .filter(registry_versions::subject_id.eq(DbId(id)))
        .order(registry_versions::version.desc())
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(registry_versions::version.lt(before));
    }
    query.load::<Row>(c)?.into_iter().map(Row::version).collect()
}
