//! Providers and their units: what they are, not what they may do.

use serde::{Deserialize, Serialize};

/// Whose production it is. Dated: a provider can change sector, its history does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sector {
    /// The organiser's own production or another public body's.
    Public,
    /// A company of any size.
    Company,
    /// An association or foundation; private in the sense of the voucher act.
    Ngo,
}

impl Sector {
    /// All sectors.
    pub const ALL: [Self; 3] = [Self::Public, Self::Company, Self::Ngo];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Company => "company",
            Self::Ngo => "ngo",
        }
    }

    /// The sector of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sector| sector.code() == code)
    }
}

/// How a unit serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceMode {
    /// At the unit.
    OnSite,
    /// At the client's home.
    AtHome,
    /// Over a connection.
    Remote,
}

impl ServiceMode {
    /// All modes.
    pub const ALL: [Self; 3] = [Self::OnSite, Self::AtHome, Self::Remote];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OnSite => "on_site",
            Self::AtHome => "at_home",
            Self::Remote => "remote",
        }
    }

    /// The mode of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.code() == code)
    }
}
