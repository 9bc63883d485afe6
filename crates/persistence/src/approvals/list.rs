//! Lists of approvals: a provider's or an organiser's, cut down by what is asked of them.

use diesel::prelude::*;
use valinta_domain::approval::ApprovalStanding;
use valinta_domain::id::kind;
use valinta_domain::{Day, Id};

use super::{Approval, Row};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{approval_interruptions, approvals};
use crate::types::DbId;

/// Which approvals are wanted.
#[derive(Debug, Clone, Default)]
pub struct ApprovalFilter {
    /// Only an organiser's.
    pub organiser: Option<Id<kind::Organiser>>,
    /// Only of these providers.
    pub providers: Option<Vec<Id<kind::Provider>>>,
    /// Only for a voucher type.
    pub voucher_type: Option<Id<kind::VoucherType>>,
    /// Only of a unit.
    pub unit: Option<Id<kind::ServiceUnit>>,
    /// Only those that stand so on the day.
    pub standing: Option<(ApprovalStanding, Day)>,
}

/// Approvals in order of id.
///
/// # Errors
/// The database's.
pub fn list(
    c: &mut Conn,
    filter: &ApprovalFilter,
    after: Option<Id<kind::Approval>>,
    limit: i64,
) -> Result<Vec<Approval>, DbError> {
    let mut query = approvals::table.select(Row::as_select()).order(approvals::id).limit(limit).into_boxed();
    if let Some(after) = after {
        query = query.filter(approvals::id.gt(DbId::from(after)));
    }
    if let Some(organiser) = filter.organiser {
        query = query.filter(approvals::organiser_id.eq(DbId::from(organiser)));
    }
    if let Some(providers) = &filter.providers {
        let ids: Vec<DbId> = providers.iter().map(|id| DbId::from(*id)).collect();
        query = query.filter(approvals::provider_id.eq_any(ids));
    }
    if let Some(voucher_type) = filter.voucher_type {
        query = query.filter(approvals::voucher_type_id.eq(DbId::from(voucher_type)));
    }
    if let Some(unit) = filter.unit {
        query = query.filter(approvals::unit_id.eq(DbId::from(unit)));
    }
    if let Some((standing, day)) = filter.standing {
        let (day, to) = (day.date(), approvals::valid_to.assume_not_null());
        let has_ended = approvals::valid_to.is_not_null().and(to.le(day).or(to.le(approvals::valid_from)));
        let goes_on = approvals::valid_to.is_null().or(to.gt(day).and(to.gt(approvals::valid_from)));
        let gaps = |kind: &'static str| {
            approval_interruptions::table
                .filter(approval_interruptions::kind.eq(kind))
                .filter(approval_interruptions::valid_from.le(day))
                .filter(
                    approval_interruptions::valid_to
                        .is_null()
                        .or(approval_interruptions::valid_to.assume_not_null().gt(day)),
                )
                .select(approval_interruptions::approval_id)
        };
        let begun = goes_on.and(approvals::valid_from.le(day));
        query = match standing {
            ApprovalStanding::Cancelled => query.filter(has_ended.and(approvals::state.eq("cancelled"))),
            ApprovalStanding::Ended => query.filter(has_ended.and(approvals::state.ne("cancelled"))),
            ApprovalStanding::NotYet => query.filter(goes_on.and(approvals::valid_from.gt(day))),
            ApprovalStanding::Suspended => query.filter(begun).filter(approvals::id.eq_any(gaps("suspended"))),
            ApprovalStanding::Lapsed => query
                .filter(begun)
                .filter(approvals::id.eq_any(gaps("lapsed")))
                .filter(approvals::id.ne_all(gaps("suspended"))),
            ApprovalStanding::InForce => query
                .filter(begun)
                .filter(approvals::id.ne_all(gaps("lapsed")))
                .filter(approvals::id.ne_all(gaps("suspended"))),
        };
    }
    query.load(c)?.into_iter().map(Row::approval).collect()
}
