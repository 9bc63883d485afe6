//! The adopted rulebooks that vouchers and events are compared with, each voucher type's read once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::valuation::Versions;
use valinta_domain::{Day, Period};

use crate::dialect::Conn;
use crate::error::DbError;
use crate::rulebooks;
use crate::types::DbId;

/// Adopted versions by voucher type; none where they cannot be read.
#[derive(Default)]
pub(super) struct AllVersions(HashMap<DbId, Option<Versions>>);

impl AllVersions {
    pub(super) fn of_type(&mut self, c: &mut Conn, voucher_type: DbId) -> Result<Option<&Versions>, DbError> {
        let known = match self.0.entry(voucher_type) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(match rulebooks::adopted_versions(c, voucher_type.id()) {
                Ok(versions) => Some(versions),
                Err(DbError::Corrupt { .. }) => None,
                Err(error) => return Err(error),
            }),
        };
        Ok(known.as_ref())
    }
}

/// A version with the days on which it is in force.
pub(super) fn version(versions: &Versions, rulebook: DbId) -> Option<(Period, &RulebookTerms)> {
    let found = versions.entries().iter().find(|(_, (id, _))| DbId::from(*id) == rulebook);
    found.map(|(period, (_, terms))| (*period, terms.as_ref()))
}

/// Whether a version can have been the one in force on a day. One that is adopted for today ends the one before on a day
/// on which that may already have been gone by.
pub(super) fn was_in_force(period: Period, day: Day) -> bool {
    period.from() <= day && period.to().is_none_or(|to| day <= to)
}
