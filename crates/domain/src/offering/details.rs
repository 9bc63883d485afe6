//! What an offering says of itself besides its prices: whom it takes, from when, in what languages and how.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::provider::ServiceMode;
use crate::text::Language;
use crate::time::Day;

/// Longest queue that can be told.
pub const QUEUE_MAX: u32 = 1_000_000;

/// Most places that can be told.
pub const PLACES_MAX: u32 = 100_000;

/// What an offering says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OfferingDetails {
    /// Whether new clients are taken.
    pub accepts_new_clients: bool,
    /// The earliest day a new client can start, if it is not at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earliest_start: Option<Day>,
    /// How many are waiting, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 1_000_000)]
    pub queue: Option<u32>,
    /// How many clients it serves at once, where that is limited. Fewer than have chosen it send nobody away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000)]
    pub places: Option<u32>,
    /// Languages of this service, where they are not all of the unit's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 3)]
    pub languages: Option<Vec<Language>>,
    /// How this service is given, where it is not in all of the unit's ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 3)]
    pub modes: Option<Vec<ServiceMode>>,
}

/// Why an offering cannot say so of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DetailsRefused {
    /// The earliest start is over.
    #[error("a new client can start today, {today}, or later; leave it out where it is at once")]
    StartInThePast {
        /// Today.
        today: Day,
    },
    /// More wait than can be.
    #[error("at most {QUEUE_MAX} are waiting")]
    QueueTooLong,
    /// No places, or more than can be.
    #[error(
        "there are 1 to {PLACES_MAX} places; leave it out where they are not limited, and take no new clients where there are none"
    )]
    BadPlaces,
    /// A list that names nothing.
    #[error("a list names at least one; leave it out for all that the unit has")]
    Empty {
        /// The member.
        member: &'static str,
    },
    /// Something is named twice.
    #[error("{code} is named twice")]
    Twice {
        /// The member.
        member: &'static str,
        /// Its place in the list.
        place: usize,
        /// What is named.
        code: &'static str,
    },
    /// The unit itself does not have it.
    #[error("the unit does not have {code}: say so of the unit first")]
    NotOfUnit {
        /// The member.
        member: &'static str,
        /// Its place in the list.
        place: usize,
        /// What is named.
        code: &'static str,
    },
}

impl DetailsRefused {
    /// What is wrong, as a code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::StartInThePast { .. } => "in_the_past",
            Self::QueueTooLong | Self::BadPlaces => "out_of_range",
            Self::Empty { .. } => "empty",
            Self::Twice { .. } => "duplicate",
            Self::NotOfUnit { .. } => "not_of_unit",
        }
    }

    /// Where it stands, as a JSON pointer.
    pub fn pointer(&self) -> String {
        match self {
            Self::StartInThePast { .. } => "/earliest_start".to_owned(),
            Self::QueueTooLong => "/queue".to_owned(),
            Self::BadPlaces => "/places".to_owned(),
            Self::Empty { member } => format!("/{member}"),
            Self::Twice { member, place, .. } | Self::NotOfUnit { member, place, .. } => format!("/{member}/{place}"),
        }
    }
}

impl OfferingDetails {
    /// All that cannot be said so, of a unit with these languages and ways of serving.
    pub fn check(&self, languages: &[Language], modes: &[ServiceMode], today: Day) -> Vec<DetailsRefused> {
        let mut refused = Vec::new();
        if self.earliest_start.is_some_and(|start| start < today) {
            refused.push(DetailsRefused::StartInThePast { today });
        }
        if self.queue.is_some_and(|queue| queue > QUEUE_MAX) {
            refused.push(DetailsRefused::QueueTooLong);
        }
        if self.places.is_some_and(|places| !(1..=PLACES_MAX).contains(&places)) {
            refused.push(DetailsRefused::BadPlaces);
        }
        check_part("languages", self.languages.as_deref(), languages, Language::code, &mut refused);
        check_part("modes", self.modes.as_deref(), modes, ServiceMode::code, &mut refused);
        refused
    }

    /// The languages of the service at a unit that serves in these.
    pub fn languages_of(&self, unit: &[Language]) -> Vec<Language> {
        part_of(self.languages.as_deref(), unit)
    }

    /// The ways in which the service is given at a unit that serves in these.
    pub fn modes_of(&self, unit: &[ServiceMode]) -> Vec<ServiceMode> {
        part_of(self.modes.as_deref(), unit)
    }
}

fn check_part<T: Copy + PartialEq>(
    member: &'static str,
    part: Option<&[T]>,
    whole: &[T],
    code_of: impl Fn(T) -> &'static str,
    refused: &mut Vec<DetailsRefused>,
) {
    let Some(part) = part else { return };
    if part.is_empty() {
        refused.push(DetailsRefused::Empty { member });
    }
    for (place, named) in part.iter().enumerate() {
        let code = code_of(*named);
        if part.iter().take(place).any(|earlier| earlier == named) {
            refused.push(DetailsRefused::Twice { member, place, code });
        } else if !whole.contains(named) {
            refused.push(DetailsRefused::NotOfUnit { member, place, code });
        }
    }
}

/// What the unit no longer has, its offerings do not have either.
fn part_of<T: Copy + PartialEq>(part: Option<&[T]>, whole: &[T]) -> Vec<T> {
    whole.iter().filter(|one| part.is_none_or(|part| part.contains(one))).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offering_has_a_part_of_what_its_unit_has() {
        let today = Day::ymd(2026, 8, 1).unwrap();
        let (languages, modes) = ([Language::Fi, Language::Sv], [ServiceMode::OnSite]);
        let plain = OfferingDetails {
            accepts_new_clients: true,
            earliest_start: None,
            queue: Some(QUEUE_MAX),
            places: Some(PLACES_MAX),
            languages: None,
            modes: None,
        };
        assert_eq!(plain.check(&languages, &modes, today), []);
        assert_eq!(plain.languages_of(&languages), languages);
        let swedish = OfferingDetails { languages: Some(vec![Language::Sv]), ..plain.clone() };
        assert_eq!((swedish.check(&languages, &modes, today), swedish.languages_of(&[Language::Fi])), (vec![], vec![]));
        let wrong = OfferingDetails {
            accepts_new_clients: true,
            earliest_start: Some(today.plus_days(-1)),
            queue: Some(QUEUE_MAX + 1),
            places: Some(0),
            languages: Some(vec![Language::Fi, Language::En, Language::Fi]),
            modes: Some(vec![]),
        };
        let places: Vec<String> = wrong
            .check(&languages, &modes, today)
            .iter()
            .map(|refused| format!("{} {}", refused.pointer(), refused.code()))
            .collect();
        let all = [
            "/earliest_start in_the_past",
            "/queue out_of_range",
            "/places out_of_range",
            "/languages/1 not_of_unit",
            "/languages/2 duplicate",
            "/modes empty",
        ];
        assert_eq!(places, all);
    }
}
