//! Acting for a client: by a mandate (*valtuus*) that the organiser has recorded or the caller's token carries, or as a
//! case worker to whom the client has consented. Who may see or do what is [`crate::policy`]'s; here is what such a thing is, and on which days it holds.

use chrono::Months;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::{Id, kind};
use crate::policy::Action;
use crate::time::{Day, EmptyPeriod, Moment, Period};

/// The longest time for which a mandate can be given, in years; one may also be given until it is ended.
pub const MANDATE_YEARS_MAX: u32 = 5;
/// How long ago a mandate that is recorded today may have begun, in days.
pub const MANDATE_BACKDATED_DAYS_MAX: i64 = 365;
/// How far ahead a mandate may begin, in days.
pub const MANDATE_AHEAD_DAYS_MAX: i64 = 365;
/// How long after a client has consented a case worker may still act on it, in days.
pub const CONSENT_DAYS_MAX: i64 = 90;
/// The longest note on a mandate or a consent.
pub const BEHALF_NOTE_CHARS_MAX: usize = 2_000;
/// Most mandates that a person may hold which are not over. A public guardian has some hundreds.
pub const MANDATES_MAX: u16 = 1_000;

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$of])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: [Self; [$(Self::$variant),+].len()] = [$(Self::$variant),+];

            /// The name on the wire and in the database.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The one of a name.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.code() == code)
            }
        }
    };
}

codes! {
    /// What a mandate lets a representative do. What lets more comes first.
    MandateScope {
        /// See the client's vouchers, be told about them, accept, refuse and choose.
        Vouchers = "vouchers",
        /// See the client's vouchers, and no more.
        VouchersRead = "vouchers_read",
    }
}

impl MandateScope {
    /// What it lets a representative do to what is the client's.
    pub const fn actions(self) -> &'static [Action] {
        match self {
            Self::Vouchers => &[Action::ReadVoucher, Action::RespondToVoucher, Action::ContestServiceEvent],
            Self::VouchersRead => &[Action::ReadVoucher],
        }
    }
}

/// A mandate that is nowhere recorded: whoever has issued the token that carries it has looked whether it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenMandate {
    /// Who has issued the token.
    pub issuer: String,
    /// When the mandate ends: it lets nothing be done then, even if the token is good for longer.
    pub ends_at: Moment,
    /// Which person the representative is, where the token says it.
    pub representative: Option<Id<kind::Person>>,
}

codes! {
    /// What a mandate rests on.
    MandateBasis {
        /// A guardian, appointed by a decision (442/1999).
        Guardian = "guardian",
        /// A continuing power of attorney that is in force (648/2007).
        ContinuingPower = "continuing_power",
        /// An authorisation that the client has given.
        Authorisation = "authorisation",
        /// A parent or other custodian of a child (361/1983).
        Parent = "parent",
        /// Something else, which the note names.
        Other = "other",
    }
}

codes! {
    /// Why a mandate was ended.
    MandateEndReason {
        /// The client has taken it back.
        Withdrawn = "withdrawn",
        /// What it rested on has ended.
        BasisEnded = "basis_ended",
        /// It was recorded by mistake.
        Mistake = "mistake",
        /// Something else, which the note names.
        Other = "other",
    }
}

codes! {
    /// How a client has consented.
    ConsentChannel {
        /// Face to face.
        InPerson = "in_person",
        /// On the telephone.
        Phone = "phone",
        /// In a video call.
        Video = "video",
        /// By letter.
        Letter = "letter",
        /// By an electronic message.
        Message = "message",
    }
}

codes! {
    /// What was done about a voucher.
    Act {
        /// It was accepted.
        Accept = "accept",
        /// It was refused.
        Refuse = "refuse",
        /// A provider was chosen with it.
        Choose = "choose",
        /// A request to a provider was taken back.
        Withdraw = "withdraw",
    }
}

codes! {
    /// As what somebody has acted about a voucher.
    Maker {
        /// Its holder.
        Holder = "holder",
        /// One who acts for the holder by a mandate.
        Representative = "representative",
        /// A case worker, to whom the holder has consented.
        CaseWorker = "case_worker",
    }
}

/// Why a mandate cannot hold on the days that were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MandateRefused {
    /// It would hold on no day.
    #[error("the last day is before the first")]
    Empty,
    /// It would be over already.
    #[error("the mandate would be over already")]
    Over,
    /// It would hold for too long.
    #[error("a mandate is given for at most {MANDATE_YEARS_MAX} years, or until it is ended")]
    TooLong,
    /// It would have begun too long ago, or would begin too far ahead.
    #[error(
        "a mandate begins at most {MANDATE_BACKDATED_DAYS_MAX} days before the day on which it is recorded, and at most \
         {MANDATE_AHEAD_DAYS_MAX} after it"
    )]
    TooFar,
}

impl MandateRefused {
    /// The member that is wrong.
    pub const fn member(self) -> &'static str {
        match self {
            Self::Empty | Self::Over | Self::TooLong => "valid_until",
            Self::TooFar => "valid_from",
        }
    }
}

impl From<EmptyPeriod> for MandateRefused {
    fn from(_: EmptyPeriod) -> Self {
        Self::Empty
    }
}

/// The days on which a mandate that is recorded today holds: from the first to the last, or without an end.
///
/// # Errors
/// See [`MandateRefused`].
pub fn mandate_period(from: Day, last: Option<Day>, today: Day) -> Result<Period, MandateRefused> {
    let period = Period::new(from, last.map(|last| last.plus_days(1)))?;
    if from < today.plus_days(-MANDATE_BACKDATED_DAYS_MAX) || from > today.plus_days(MANDATE_AHEAD_DAYS_MAX) {
        return Err(MandateRefused::TooFar);
    }
    // The day of the year that there is not in another one is the last of its month there.
    let years = Months::new(MANDATE_YEARS_MAX.saturating_mul(12));
    let too_late = from.date().checked_add_months(years).map_or(from, Day::new);
    match last {
        Some(last) if last < today => Err(MandateRefused::Over),
        Some(last) if last >= too_late => Err(MandateRefused::TooLong),
        Some(_) | None => Ok(period),
    }
}

/// The first day on which a mandate that is ended today no longer holds. One that was to begin later never does.
pub fn ended_from(from: Day, today: Day) -> Day {
    today.max(from)
}

/// Why a consent is not one that can be acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ConsentRefused {
    /// It has not been given yet.
    #[error("a consent that is to be given later is none yet")]
    InFuture,
    /// It was given too long ago.
    #[error("the consent was given more than {CONSENT_DAYS_MAX} days ago: ask the client again")]
    TooOld,
}

impl ConsentRefused {
    /// The stable word for it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InFuture => "in_future",
            Self::TooOld => "too_old",
        }
    }
}

/// Lets a case worker act today on a consent that was given on a day.
///
/// # Errors
/// See [`ConsentRefused`].
pub fn check_consent(given_on: Day, today: Day) -> Result<(), ConsentRefused> {
    if given_on > today {
        return Err(ConsentRefused::InFuture);
    }
    if given_on < today.plus_days(-CONSENT_DAYS_MAX) {
        return Err(ConsentRefused::TooOld);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, d: u32) -> Day {
        Day::ymd(year, month, d).unwrap()
    }

    #[test]
    fn a_mandate_holds_for_five_years_or_until_it_is_ended() {
        let today = day(2026, 11, 11);
        assert_eq!(mandate_period(today, None, today), Ok(Period::starting(today)));
        let five = mandate_period(today, Some(day(2031, 11, 10)), today).unwrap();
        assert_eq!(five.last_day(), day(2031, 11, 10));
        assert_eq!(mandate_period(today, Some(day(2031, 11, 11)), today), Err(MandateRefused::TooLong));
        assert_eq!(mandate_period(today, Some(today), today).unwrap().last_day(), today);
        let leap = day(2028, 2, 29);
        assert!(mandate_period(leap, Some(day(2033, 2, 27)), leap).is_ok());
        assert_eq!(mandate_period(leap, Some(day(2033, 2, 28)), leap), Err(MandateRefused::TooLong));
    }

    #[test]
    fn a_mandate_that_would_be_empty_over_or_far_away_is_refused() {
        let today = day(2026, 11, 11);
        assert_eq!(mandate_period(today, Some(today.plus_days(-1)), today), Err(MandateRefused::Empty));
        let yesterday = today.plus_days(-1);
        assert_eq!(mandate_period(yesterday, Some(yesterday), today), Err(MandateRefused::Over));
        for (from, good) in [(-365, true), (-366, false), (365, true), (366, false)] {
            let period = mandate_period(today.plus_days(from), None, today);
            assert_eq!(period.is_ok(), good, "{from}");
        }
    }

    #[test]
    fn what_is_ended_before_it_begins_never_holds() {
        let today = day(2026, 11, 11);
        assert_eq!(ended_from(today.plus_days(-3), today), today);
        assert_eq!(ended_from(today.plus_days(3), today), today.plus_days(3));
    }

    #[test]
    fn a_consent_is_good_for_ninety_days() {
        let today = day(2026, 11, 11);
        assert_eq!(check_consent(today, today), Ok(()));
        assert_eq!(check_consent(today.plus_days(-90), today), Ok(()));
        assert_eq!(check_consent(today.plus_days(-91), today), Err(ConsentRefused::TooOld));
        assert_eq!(check_consent(today.plus_days(1), today), Err(ConsentRefused::InFuture));
    }
}
