//! The choice engine: everything that can be chosen, as an immutable snapshot, listed in an order that favours nobody.
//!
//! Pure: a snapshot is built from the registry elsewhere; listing only reads it. What a page costs does not grow with the
//! registry: each day of a voucher type is indexed once, filters are sets of bits, and an order is sorted as far as the page
//! needs it.

mod bits;
mod candidate;
mod centres;
mod day;
mod distance;
mod entitlement;
mod kept;
mod list;
mod lot;
mod query;
mod refused;
mod snapshot;
mod stand;

#[cfg(test)]
mod plain;
#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;

pub use candidate::{Candidate, NotChoosable, UnitFacts, client_facts, home_of};
pub use centres::centre_of;
pub use distance::Place;
pub use entitlement::{Entitled, Entitlement, Grant};
pub use lot::{Lot, RULE, mark_of};
pub use query::{Counts, Listed, Listing, Near, Order, Query, Refused, RefusedPage, Shown, SortKey};
pub use snapshot::{Basis, Snapshot};
pub use stand::{Chooser, Reason, Stand, Why};
