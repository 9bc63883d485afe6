//! How a voucher type is shown.

use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::{Id, Localized, Moment, Unit};
use valinta_persistence::voucher_types::VoucherType;

/// A kind of voucher of an organiser.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct VoucherTypeView {
    /// Its id.
    pub(crate) id: Id<kind::VoucherType>,
    /// Whose it is.
    pub(crate) organiser: Id<kind::Organiser>,
    /// Its code, unique within the organiser.
    #[schema(max_length = 64)]
    pub(crate) code: String,
    /// Its name.
    pub(crate) name: Localized,
    /// What it is for.
    pub(crate) description: Localized,
    /// What it is counted in.
    pub(crate) unit: Unit,
    /// When it was published.
    pub(crate) created_at: Moment,
}

impl VoucherTypeView {
    pub(crate) fn of(voucher_type: VoucherType) -> Self {
        Self {
            id: voucher_type.id,
            organiser: voucher_type.organiser,
            code: voucher_type.code,
            name: voucher_type.name,
            description: voucher_type.description,
            unit: voucher_type.unit,
            created_at: voucher_type.created_at,
        }
    }
}
