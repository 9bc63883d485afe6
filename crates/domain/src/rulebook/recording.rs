//! What a rulebook says of recording services, and of who looks at them before they are settled.

use serde::{Deserialize, Serialize};

use super::MissedTerms;
use crate::money::Amount;

/// Most days within which a client contests a service.
pub const CONTEST_DAYS_MAX: u16 = 366;

/// Most reminders of one draft.
pub const DRAFT_REMINDERS_MAX: usize = 5;
/// Days before the deadline on which a provider is reminded of a draft, where a rulebook says nothing else.
const DRAFT_REMIND_DAYS: [u16; 2] = [14, 3];

/// Deadlines of recording, and what is accepted without a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordingTerms {
    /// Days after the end of the month of service within which it is recorded.
    #[schema(minimum = 1, maximum = 366)]
    pub days_after_month: u16,
    /// Which services count without a look. Where nothing is said, all.
    #[serde(default, skip_serializing_if = "AcceptanceTerms::is_default")]
    pub acceptance: AcceptanceTerms,
    /// What is charged for visits that the client missed. Where it is left out, nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<MissedTerms>,
    /// How many days before the last day for it a provider is reminded of a service that it has begun to record and not
    /// finished.
    #[serde(default = "draft_remind_days", skip_serializing_if = "are_usual")]
    #[schema(max_items = 5, value_type = Vec<DaysAhead>)]
    pub draft_remind_days: Vec<u16>,
}

/// What an item of a list of reminders is in the published API.
#[derive(Debug, Clone, Copy)]
pub struct DaysAhead;

impl utoipa::PartialSchema for DaysAhead {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::Integer)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::Int32)))
            .description(Some("So many days before the day."))
            .minimum(Some(0))
            .maximum(Some(366))
            .into()
    }
}
impl utoipa::ToSchema for DaysAhead {}

/// The usual reminders of drafts.
pub fn draft_remind_days() -> Vec<u16> {
    DRAFT_REMIND_DAYS.to_vec()
}

fn are_usual(days: &[u16]) -> bool {
    days == DRAFT_REMIND_DAYS
}

/// Which services count without a look of the organiser, and for how long a client can contest one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptanceTerms {
    /// What the organiser pays of a service at most for it to count without a look. Where it is left out, any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<Amount>,
    /// Of a hundred services that would count without a look, so many are looked at all the same: drawn by lot.
    #[serde(default)]
    #[schema(maximum = 100)]
    pub sample_percent: u8,
    /// Days from the recording within which the client can contest it. The day of recording is not counted.
    #[serde(default = "contest_days")]
    #[schema(minimum = 1, maximum = 366)]
    pub contest_days: u16,
}

const fn contest_days() -> u16 {
    60
}

impl Default for AcceptanceTerms {
    fn default() -> Self {
        Self { up_to: None, sample_percent: 0, contest_days: contest_days() }
    }
}

impl AcceptanceTerms {
    /// Whether nothing is asked.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a service counts without a look. `drawn` is its lot, of 0 to 99.
    pub fn accepts(&self, organiser_pays: Amount, drawn: u8) -> bool {
        self.up_to.is_none_or(|up_to| organiser_pays <= up_to) && drawn >= self.sample_percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dear_or_drawn_is_looked_at() {
        let terms: AcceptanceTerms = serde_json::from_str(r#"{"up_to": "100.00", "sample_percent": 5}"#).unwrap();
        let amount = |text: &str| text.parse::<Amount>().unwrap();
        assert!(terms.accepts(amount("100.00"), 5));
        assert!(!terms.accepts(amount("100.01"), 5));
        assert!(!terms.accepts(amount("1.00"), 4));
        assert_eq!(terms.contest_days, 60);
        assert!(AcceptanceTerms::default().accepts(amount("9000.00"), 0));
    }
}
