//! How the facts are shown of how an offering has served. See docs/quality.md.

use serde::Serialize;
use valinta_domain::quality::{QualityFacts, WINDOW_DAYS};

/// How an offering has served, by what the registry itself knows. Found once a day; no list is ordered by it. What is of
/// fewer than five clients is left out, and so is a share of fewer than five that is not none.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct QualityView {
    /// How many days are looked back at.
    #[schema(maximum = 365)]
    window_days: u16,
    /// How long clients waited for their first service.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_service: Option<WaitedView>,
    /// How many of those who chose have gone to another provider since.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_provider: Option<ChangedView>,
}

/// Days from the first day of a choice to the first service under it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WaitedView {
    /// The median in days: half of the clients waited no longer.
    median_days: u32,
    /// Of how many clients.
    clients: u32,
}

/// The share of those who have changed provider of those who chose.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChangedView {
    /// In whole per cent.
    #[schema(maximum = 100)]
    percent: u8,
    /// Of how many clients who chose.
    clients: u32,
}

impl QualityView {
    /// What is shown; nothing, where there is nothing to tell.
    pub(super) fn of(facts: &QualityFacts) -> Option<Self> {
        (!facts.is_empty()).then(|| Self {
            window_days: WINDOW_DAYS,
            first_service: facts
                .first_service
                .map(|waited| WaitedView { median_days: waited.median_days, clients: waited.clients }),
            changed_provider: facts
                .changed_provider
                .map(|share| ChangedView { percent: share.percent, clients: share.clients }),
        })
    }
}
