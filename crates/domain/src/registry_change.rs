//! What changes in the registry, as those are told who mirror it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::{Id, kind};

/// A kind of thing in the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RegistryKind {
    /// An organiser.
    Organiser,
    /// A voucher type.
    VoucherType,
    /// An adopted rulebook.
    Rulebook,
    /// A provider.
    Provider,
    /// A unit of a provider.
    ServiceUnit,
    /// An approval.
    Approval,
    /// An offering, with its prices.
    Offering,
}

impl RegistryKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Organiser,
        Self::VoucherType,
        Self::Rulebook,
        Self::Provider,
        Self::ServiceUnit,
        Self::Approval,
        Self::Offering,
    ];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Organiser => "organiser",
            Self::VoucherType => "voucher_type",
            Self::Rulebook => "rulebook",
            Self::Provider => "provider",
            Self::ServiceUnit => "service_unit",
            Self::Approval => "approval",
            Self::Offering => "offering",
        }
    }

    /// The kind of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Something in the registry that has changed: what is public of it, or whether it can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryChange {
    /// What kind of thing.
    pub kind: RegistryKind,
    /// Which.
    pub id: Uuid,
    /// Whose it is, where it is an organiser's.
    pub organiser: Option<Id<kind::Organiser>>,
}

macro_rules! changes {
    ($($name:ident of $kind:ident;)+) => {
        impl RegistryChange {
            $(
                #[doc = concat!("A change of a thing of kind [`RegistryKind::", stringify!($kind), "`].")]
                pub const fn $name(id: Id<kind::$kind>, organiser: Option<Id<kind::Organiser>>) -> Self {
                    Self { kind: RegistryKind::$kind, id: id.uuid(), organiser }
                }
            )+
        }
    };
}

changes! {
    organiser of Organiser;
    voucher_type of VoucherType;
    rulebook of Rulebook;
    provider of Provider;
    service_unit of ServiceUnit;
    approval of Approval;
    offering of Offering;
}
