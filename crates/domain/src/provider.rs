//! Providers and their units: what they are, and how that changes; not what they may do.

mod agreed;
mod contacts;
mod iban;
mod members;
mod unit;

pub use agreed::{
    AgreedField, AgreedValue, ChangeRefused, ChangeState, Second, SectorRefused, SectorStep, Waiting, sector_step,
    waits,
};
pub use contacts::{CONTACTS_MAX, Contact, ContactPurpose};
pub use iban::{Iban, IbanError};
pub use members::{MEMBERS_MAX, MemberChange, MembersBy, MembersNow, MembersRefused, change_members};
pub use unit::{ClosingRefused, OPENING_HOURS_MAX, SOTERI_SERVICES_MAX, change_closing, check_unit_facts};

use serde::{Deserialize, Serialize};

use crate::identifiers::{MunicipalityCode, Oid};
use crate::text::Language;
use crate::time::Day;

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

/// What a member of a provider may do there. Each may do what those before may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemberRole {
    /// Opens vouchers and records services.
    Worker,
    /// Keeps units, offerings, prices and evidence current, and drafts applications.
    Clerk,
    /// Binds the provider: submits applications, ends approvals, decides who else is a member.
    Admin,
}

impl MemberRole {
    /// All roles.
    pub const ALL: [Self; 3] = [Self::Worker, Self::Clerk, Self::Admin];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Clerk => "clerk",
            Self::Admin => "admin",
        }
    }

    /// The role of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}

/// What is edited of a provider, and public. Each version is kept whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderDetails {
    /// Its name, as the trade register or the register of associations has it.
    pub name: String,
    /// Its OID, if it has one.
    #[serde(default)]
    pub oid: Option<Oid>,
    /// E-mail address for clients.
    #[serde(default)]
    pub email: Option<String>,
    /// Telephone number for clients.
    #[serde(default)]
    pub phone: Option<String>,
    /// Address on the internet.
    #[serde(default)]
    pub website: Option<String>,
    /// Languages in which it can be contacted.
    #[serde(default)]
    pub languages: Vec<Language>,
}

/// What is edited of a unit, and public. Each version is kept whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitDetails {
    /// Its name.
    pub name: String,
    /// Its OID, if it has one.
    #[serde(default)]
    pub oid: Option<Oid>,
    /// Street address.
    pub street_address: String,
    /// Postal code, five digits.
    pub postal_code: String,
    /// Postal place.
    pub postal_place: String,
    /// Municipality it is in.
    pub municipality: MunicipalityCode,
    /// Latitude in millionths of a degree (WGS 84), given with the longitude.
    #[serde(default)]
    pub latitude_e6: Option<i32>,
    /// Longitude in millionths of a degree (WGS 84).
    #[serde(default)]
    pub longitude_e6: Option<i32>,
    /// Languages of service.
    pub languages: Vec<Language>,
    /// How it serves.
    pub modes: Vec<ServiceMode>,
    /// Municipalities it serves besides its own.
    pub service_area: Vec<MunicipalityCode>,
    /// Whether it can be entered without steps, if known.
    #[serde(default)]
    pub step_free: Option<bool>,
    /// Further facts of accessibility.
    #[serde(default)]
    pub accessibility: AccessibilityFacts,
    /// When it is open; empty where it is by agreement.
    #[serde(default)]
    pub opening_hours: Vec<OpeningHours>,
    /// Its registration in Soteri, the national register of service units (741/2023), as the provider states it.
    #[serde(default)]
    pub soteri: Option<SoteriRegistration>,
    /// Its self-monitoring plan (741/2023 § 27).
    #[serde(default)]
    pub self_monitoring: Option<SelfMonitoringPlan>,
    /// The first day on which it is no longer open, if it closes or has closed.
    #[serde(default)]
    pub closed_from: Option<Day>,
}

impl UnitDetails {
    /// Latitude and longitude in millionths of a degree, where both are known.
    pub fn coordinates_e6(&self) -> Option<(i32, i32)> {
        self.latitude_e6.zip(self.longitude_e6)
    }
}

/// Facts of accessibility besides entrance without steps. What is not said is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessibilityFacts {
    /// A toilet for wheelchair users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accessible_toilet: Option<bool>,
    /// A lift, where there is more than one floor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lift: Option<bool>,
    /// A parking place for disabled persons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accessible_parking: Option<bool>,
    /// An induction loop for hearing aids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub induction_loop: Option<bool>,
    /// Service with a sign language interpreter, by arrangement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_language: Option<bool>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

/// A time of a day of the week at which a unit is open. Several may be given for one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpeningHours {
    /// On which day.
    pub day: Weekday,
    /// From when, `HH:MM`.
    #[schema(min_length = 5, max_length = 5, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "08:00")]
    pub from: String,
    /// Until when, `HH:MM`; `24:00` is the end of the day.
    #[schema(min_length = 5, max_length = 5, pattern = "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", example = "16:00")]
    pub until: String,
}

/// Where a registration in Soteri stands (741/2023 §§ 11–21).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SoteriState {
    /// Registered.
    Registered,
    /// Not decided yet, but the unit may operate.
    PendingMayOperate,
    /// Refused or removed.
    Refused,
}

/// A unit's registration in Soteri.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SoteriRegistration {
    /// Where it stands.
    pub state: SoteriState,
    /// Which services the unit is registered for, by the codes that rulebooks ask for.
    #[schema(min_items = 1, max_items = 50, value_type = Vec<crate::text::CodeText>)]
    pub services: Vec<String>,
    /// First day.
    pub valid_from: Day,
    /// Last day, if it has an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Day>,
}

/// A unit's plan of self-monitoring, which must be public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SelfMonitoringPlan {
    /// Where it is published.
    #[schema(min_length = 1, max_length = 300, format = "uri")]
    pub address: String,
    /// Since when it is as it is.
    pub published_on: Day,
    /// When its follow-up was last published (due every four months).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followed_up_on: Option<Day>,
}
