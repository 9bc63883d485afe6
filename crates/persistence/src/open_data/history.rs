//! Entries as they were at the end of a day that is over, by their versions.

use std::collections::{BTreeMap, HashMap};

use diesel::dsl::max;
use diesel::prelude::*;
use serde::de::DeserializeOwned;
use uuid::Uuid;
use valinta_domain::Day;
use valinta_domain::registry_change::RegistryKind;

use super::When;
use crate::convert::from_json;
use crate::dialect::Conn;
use crate::error::DbError;
use crate::offerings::Offering;
use crate::providers::{Provider, ServiceUnit};
use crate::schema::registry_versions;
use crate::types::DbId;

pub(super) fn units_as_they_were(
    c: &mut Conn,
    when: When,
    units: Vec<ServiceUnit>,
) -> Result<Vec<ServiceUnit>, DbError> {
    let with = |unit, version, details| ServiceUnit { version, details, ..unit };
    as_they_were(c, when, RegistryKind::ServiceUnit, units, |unit| unit.id.uuid(), with)
}

pub(super) fn providers_as_they_were(c: &mut Conn, when: When, found: Vec<Provider>) -> Result<Vec<Provider>, DbError> {
    let with = |provider, version, details| Provider { version, details, ..provider };
    as_they_were(c, when, RegistryKind::Provider, found, |provider| provider.id.uuid(), with)
}

pub(super) fn offerings_as_they_were(c: &mut Conn, when: When, found: Vec<Offering>) -> Result<Vec<Offering>, DbError> {
    let with = |offering: Offering, version, details| Offering { version, ..offering.with(details) };
    as_they_were(c, when, RegistryKind::Offering, found, |offering| offering.id.uuid(), with)
}

/// Entries with the details of the day. One that has no version of so early a day was not there yet.
fn as_they_were<T, D: DeserializeOwned>(
    c: &mut Conn,
    when: When,
    kind: RegistryKind,
    entries: Vec<T>,
    id_of: impl Fn(&T) -> Uuid,
    with: impl Fn(T, i64, D) -> T,
) -> Result<Vec<T>, DbError> {
    if !when.past {
        return Ok(entries);
    }
    let ids: Vec<Uuid> = entries.iter().map(&id_of).collect();
    let mut then: HashMap<Uuid, (i64, D)> = documents_on(c, kind, &ids, when.day)?;
    let then = entries.into_iter().filter_map(|entry| {
        let (version, document) = then.remove(&id_of(&entry))?;
        Some(with(entry, version, document))
    });
    Ok(then.collect())
}

/// The last version of each thing by the end of a day.
fn documents_on<D: DeserializeOwned>(
    c: &mut Conn,
    kind: RegistryKind,
    ids: &[Uuid],
    day: Day,
) -> Result<HashMap<Uuid, (i64, D)>, DbError> {
    let ids: Vec<DbId> = ids.iter().copied().map(DbId).collect();
    let of_kind = registry_versions::subject_kind.eq(kind.code());
    let last: Vec<(DbId, Option<i64>)> = registry_versions::table
        .filter(of_kind)
        .filter(registry_versions::subject_id.eq_any(&ids))
        .filter(registry_versions::day.le(day.date()))
        .group_by(registry_versions::subject_id)
        .select((registry_versions::subject_id, max(registry_versions::version)))
        .load(c)?;
    let last: BTreeMap<DbId, i64> = last.into_iter().filter_map(|(id, version)| Some((id, version?))).collect();
    let versions: Vec<i64> = last.values().copied().collect();
    let rows: Vec<(DbId, i64, String)> = registry_versions::table
        .filter(of_kind)
        .filter(registry_versions::subject_id.eq_any(&ids))
        .filter(registry_versions::version.eq_any(versions))
        .select((registry_versions::subject_id, registry_versions::version, registry_versions::document))
        .load(c)?;
    rows.into_iter()
        .filter(|(id, version, _)| last.get(id) == Some(version))
        .map(|(id, version, document)| Ok((id.0, (version, from_json("registry_versions", &document)?))))
        .collect()
}
