//! What changed with each revision of the registry, in order, for those who mirror it.

use std::collections::BTreeSet;

use diesel::prelude::*;
use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::registry_change::{RegistryChange, RegistryKind};
use valinta_domain::{Id, Moment};

use crate::convert::coded;
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{approvals, offerings, registry_changes, rulebooks, service_units};
use crate::types::{DbId, DbMoment};

/// A change, where it stands among all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// With which revision.
    pub revision: i64,
    /// Which of the revision's changes.
    pub line: i32,
    /// What kind of thing.
    pub kind: RegistryKind,
    /// Which.
    pub id: Uuid,
    /// Whose it is, where it is an organiser's.
    pub organiser: Option<Id<kind::Organiser>>,
    /// When.
    pub at: Moment,
}

type Row = (i64, i32, String, DbId, Option<DbId>, DbMoment);

/// The changes after a place, oldest first. What is not there yet when this transaction looks comes after all that is.
///
/// # Errors
/// The database's.
pub fn after(c: &mut Conn, (revision, line): (i64, i32), limit: i64) -> Result<Vec<Change>, DbError> {
    let later = registry_changes::revision.gt(revision);
    let rest = registry_changes::revision.eq(revision).and(registry_changes::line.gt(line));
    let rows: Vec<Row> = registry_changes::table
        .filter(later.or(rest))
        .order((registry_changes::revision, registry_changes::line))
        .limit(limit)
        .select((
            registry_changes::revision,
            registry_changes::line,
            registry_changes::subject_kind,
            registry_changes::subject_id,
            registry_changes::organiser_id,
            registry_changes::at,
        ))
        .load(c)?;
    rows.into_iter()
        .map(|(revision, line, kind, id, organiser, at)| {
            Ok(Change {
                revision,
                line,
                kind: coded("registry_changes", &kind, RegistryKind::from_code)?,
                id: id.0,
                organiser: organiser.map(DbId::id),
                at: at.moment(),
            })
        })
        .collect()
}

/// Ids that one query takes.
const IDS_AT_ONCE: usize = 500;

/// Changes with what they change besides, so that nobody who goes through them misses anything. By an approval its provider
/// and the provider's units become public. Providers are shown with their units. Approvals and offerings are shown with the names of providers and units, and
/// offerings with what approvals and rulebooks make of them.
///
/// # Errors
/// The database's.
pub(crate) fn widened(c: &mut Conn, changes: &BTreeSet<RegistryChange>) -> Result<BTreeSet<RegistryChange>, DbError> {
    let of = |kind: RegistryKind| -> Vec<DbId> {
        changes.iter().filter(|change| change.kind == kind).map(|change| DbId(change.id)).collect()
    };
    let mut all = changes.clone();
    let mut providers = BTreeSet::from_iter(of(RegistryKind::Provider));
    for ids in of(RegistryKind::Approval).chunks(IDS_AT_ONCE) {
        let approved = approvals::table.filter(approvals::id.eq_any(ids)).select(approvals::provider_id);
        let approved: BTreeSet<DbId> = approved.load(c)?.into_iter().collect();
        let of_approved = service_units::provider_id.eq_any(&approved);
        let units: Vec<DbId> = service_units::table.filter(of_approved).select(service_units::id).load(c)?;
        all.extend(units.into_iter().map(|id| RegistryChange::service_unit(id.id(), None)));
        all.extend(approved.iter().map(|id| RegistryChange::provider(id.id(), None)));
        providers.extend(approved);
    }
    let providers: Vec<DbId> = providers.into_iter().collect();
    for ids in providers.chunks(IDS_AT_ONCE) {
        let (of_approvals, of_offerings) = (approvals::provider_id.eq_any(ids), offerings::provider_id.eq_any(ids));
        all.extend(approvals::table.filter(of_approvals).select(APPROVAL).load(c)?.into_iter().map(approval));
        all.extend(offerings::table.filter(of_offerings).select(OFFERING).load(c)?.into_iter().map(offering));
    }
    for ids in of(RegistryKind::ServiceUnit).chunks(IDS_AT_ONCE) {
        let whose = service_units::table.filter(service_units::id.eq_any(ids)).select(service_units::provider_id);
        let whose: Vec<DbId> = whose.load(c)?;
        all.extend(whose.into_iter().map(|id| RegistryChange::provider(id.id(), None)));
        let (of_approvals, of_offerings) = (approvals::unit_id.eq_any(ids), offerings::unit_id.eq_any(ids));
        all.extend(approvals::table.filter(of_approvals).select(APPROVAL).load(c)?.into_iter().map(approval));
        all.extend(offerings::table.filter(of_offerings).select(OFFERING).load(c)?.into_iter().map(offering));
    }
    for ids in of(RegistryKind::Rulebook).chunks(IDS_AT_ONCE) {
        let types = rulebooks::table.filter(rulebooks::id.eq_any(ids)).select(rulebooks::voucher_type_id);
        let of_types = offerings::voucher_type_id.eq_any(types);
        all.extend(offerings::table.filter(of_types).select(OFFERING).load(c)?.into_iter().map(offering));
    }
    Ok(all)
}

const APPROVAL: (approvals::id, approvals::organiser_id) = (approvals::id, approvals::organiser_id);
const OFFERING: (offerings::id, offerings::organiser_id) = (offerings::id, offerings::organiser_id);

fn approval((id, organiser): (DbId, DbId)) -> RegistryChange {
    RegistryChange::approval(id.id(), Some(organiser.id()))
}

fn offering((id, organiser): (DbId, DbId)) -> RegistryChange {
    RegistryChange::offering(id.id(), Some(organiser.id()))
}
