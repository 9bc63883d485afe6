//! Whom organisers write to at a provider. Never public: behind a function there is mostly one person.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Most contacts of one provider.
pub const CONTACTS_MAX: usize = 9;

/// What a contact is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContactPurpose {
    /// Everything that an organiser has to say to the provider.
    County,
    /// What is invoiced and paid.
    Invoicing,
    /// Complaints and reminders of clients.
    Complaints,
}

/// A contact for organisers, by its function: who holds it is not asked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// What it is for.
    pub purpose: ContactPurpose,
    /// What the one who answers is there, such as *palvelupäällikkö*.
    #[schema(min_length = 1, max_length = 100)]
    pub function: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 3, max_length = 200, format = "email")]
    pub email: Option<String>,
    /// Telephone number, international or national.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 3, max_length = 40, pattern = "^[+0-9(][0-9 ()-]*$")]
    pub phone: Option<String>,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}
