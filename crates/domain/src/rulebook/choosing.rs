//! What a rulebook says of choosing a provider, and of leaving one.

use serde::{Deserialize, Serialize};

/// Most days that a provider has for its answer.
pub const ANSWER_DAYS_MAX: u16 = 60;
/// Longest notice of a change of provider, in days.
pub const CHANGE_NOTICE_DAYS_MAX: u16 = 90;

/// How a provider is chosen and left. Where nothing is said, a choice holds at once, and a change from the next day on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChoosingTerms {
    /// Within how many days a provider says whether it takes a client who asks for it: until then there is a request and
    /// no choice. The day of the request is not counted. Where it is left out, nobody is asked, and a choice holds at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 60)]
    pub answer_days: Option<u16>,
    /// How many days ahead a client leaves a provider that has begun to deliver (FIELD §5.16); the next day at the
    /// earliest.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 90)]
    pub change_notice_days: u16,
}

impl ChoosingTerms {
    /// Whether nothing is asked.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
