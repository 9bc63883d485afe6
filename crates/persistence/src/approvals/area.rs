//! The locks under which an application is handed in and decided. Where an approval takes the place of another one, the
//! choices of those whom it does not cover are ended in [`crate::choices`].

use diesel::prelude::*;
use valinta_domain::Id;
use valinta_domain::id::kind;

use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{approvals, providers, voucher_types};
use crate::types::DbId;

/// As [`super::hold_all_of`], with a voucher type that the provider may not be approved for yet: who decides its
/// application, or hands one in, sees the rulebooks and the provider as they stay until the transaction ends.
///
/// # Errors
/// The database's.
pub fn hold_for(
    c: &mut Conn,
    provider: Id<kind::Provider>,
    voucher_type: Id<kind::VoucherType>,
) -> Result<(), DbError> {
    let (provider, voucher_type) = (DbId::from(provider), DbId::from(voucher_type));
    let by_type = approvals::table.filter(approvals::provider_id.eq(provider)).select(approvals::voucher_type_id);
    // In one order, whoever takes them.
    let held: Vec<DbId> = voucher_types::table
        .filter(voucher_types::id.eq(voucher_type).or(voucher_types::id.eq_any(by_type)))
        .order(voucher_types::id)
        .select(voucher_types::id)
        .load(c)?;
    for id in held {
        diesel::update(voucher_types::table.find(id))
            .set(voucher_types::version.eq(voucher_types::version))
            .execute(c)?;
    }
    diesel::update(providers::table.find(provider)).set(providers::version.eq(providers::version)).execute(c)?;
    Ok(())
}
