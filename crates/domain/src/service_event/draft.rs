//! Services that a provider has begun to record and not finished: on which days something is told of one.

use crate::time::Day;

/// Where a draft stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DraftState {
    /// It waits.
    Open,
    /// It became a service event.
    Recorded,
    /// The provider has discarded it.
    Discarded,
}

impl DraftState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Open, Self::Recorded, Self::Discarded];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Recorded => "recorded",
            Self::Discarded => "discarded",
        }
    }

    /// The state of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// What is told of a draft on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Nothing yet.
    Nothing,
    /// That it is to be finished, so many days before the last day for it.
    Reminder {
        /// How many; 0 on the last day.
        days_left: i64,
    },
    /// That it cannot be recorded any more.
    TooLate,
}

/// What there is to tell on a day of a draft that can be recorded until `deadline`.
pub fn due(deadline: Day, remind_days: &[u16], today: Day) -> Due {
    let days_left = deadline.date().signed_duration_since(today.date()).num_days();
    let furthest = remind_days.iter().copied().max();
    match furthest {
        _ if days_left < 0 => Due::TooLate,
        Some(furthest) if days_left <= i64::from(furthest) => Due::Reminder { days_left },
        Some(_) | None => Due::Nothing,
    }
}

/// The next day after `today` on which something is to be told; none once all has been.
pub fn next_told(deadline: Day, remind_days: &[u16], today: Day) -> Option<Day> {
    let reminders = remind_days.iter().map(|days| deadline.plus_days(-i64::from(*days)));
    reminders.chain([deadline.plus_days(1)]).filter(|day| *day > today).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(d: u32) -> Day {
        Day::ymd(2026, 1, d).unwrap()
    }

    #[test]
    fn each_step_has_its_day_and_the_last_word_comes_the_day_after() {
        let (deadline, remind) = (day(20), [14, 3]);
        let steps: Vec<_> = [5, 6, 16, 17, 20, 21].map(|d| next_told(deadline, &remind, day(d))).into();
        let expected = [Some(day(6)), Some(day(17)), Some(day(17)), Some(day(21)), Some(day(21)), None];
        assert_eq!(steps, expected);
        assert_eq!(due(deadline, &remind, day(5)), Due::Nothing);
        assert_eq!(due(deadline, &remind, day(6)), Due::Reminder { days_left: 14 });
        assert_eq!(due(deadline, &remind, day(20)), Due::Reminder { days_left: 0 });
        assert_eq!(due(deadline, &remind, day(21)), Due::TooLate);
    }

    #[test]
    fn without_reminders_there_is_the_last_word_alone() {
        assert_eq!(next_told(day(20), &[], day(1)), Some(day(21)));
        assert_eq!(due(day(20), &[], day(20)), Due::Nothing);
        assert_eq!(due(day(20), &[], day(21)), Due::TooLate);
    }
}
