//! What the service does by itself, again and again: which kinds of it there are, how often each is looked at, and for how
//! long one process has it to itself.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::lease::{back_off, later};
use crate::time::Moment;

/// The longest that a job which fails waits.
pub const WAIT_MAX: TimeDelta = TimeDelta::hours(1);
/// The longest that a process has a job to itself.
pub const LEASE_MAX: TimeDelta = TimeDelta::minutes(30);

const DAYS: TimeDelta = TimeDelta::minutes(10);
const SOON: TimeDelta = TimeDelta::seconds(15);
const AT_ONCE: TimeDelta = TimeDelta::seconds(5);

macro_rules! jobs {
    ($($(#[$doc:meta])* $name:ident = $code:literal every $every:ident for $minutes:literal minutes;)+) => {
        /// A kind of what the service does by itself.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum JobKind { $($(#[$doc])* $name,)+ }

        impl JobKind {
            /// All kinds, in the order in which they are done where several are due.
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$name),+];

            /// The name on the wire and in the database.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// How long after it was done it is done again.
            pub const fn every(self) -> TimeDelta {
                match self { $(Self::$name => $every,)+ }
            }

            /// How long one process has it to itself; then another may do it too.
            pub const fn lease(self) -> TimeDelta {
                match self { $(Self::$name => TimeDelta::minutes($minutes),)+ }
            }
        }
    };
}

jobs! {
    /// Finds lapses of approvals that a migration has left to be found.
    ApprovalLapses = "approval_lapses" every DAYS for 30 minutes;
    /// Reminds of evidence that expires.
    EvidenceReminders = "evidence_reminders" every DAYS for 10 minutes;
    /// Tells interruptions of approvals that have begun.
    Interruptions = "interruptions" every DAYS for 10 minutes;
    /// Tells deadlines of supervision that have passed.
    SupervisionDeadlines = "supervision_deadlines" every DAYS for 10 minutes;
    /// Finds how offerings have served.
    OfferingQuality = "offering_quality" every DAYS for 30 minutes;
    /// Ends requests to providers that were not answered in time.
    ChoiceRequests = "choice_requests" every DAYS for 10 minutes;
    /// Reminds of services that were begun and not finished.
    EventDrafts = "event_drafts" every DAYS for 10 minutes;
    /// Settles months that are being settled, and those whose day has come.
    /// Whoever takes it meanwhile does the next piece of the same run: its lease is short, and a dead process keeps a month
    /// back for no longer.
    Settlements = "settlements" every SOON for 1 minutes;
    /// Issues vouchers that were asked for many at once.
    VoucherBatches = "voucher_batches" every SOON for 1 minutes;
    /// Tells the ends of vouchers.
    VoucherEnds = "voucher_ends" every DAYS for 10 minutes;
    /// Returns what is left of vouchers to the organiser.
    UnusedReturns = "unused_returns" every DAYS for 30 minutes;
    /// Gives what has happened its place in the order in which it is told.
    Events = "events" every AT_ONCE for 1 minutes;
    /// Tells what has happened to those who want to be called.
    Webhooks = "webhooks" every AT_ONCE for 3 minutes;
    /// Hands over what is to leave the house.
    Deliveries = "deliveries" every AT_ONCE for 2 minutes;
}

impl JobKind {
    /// The kind of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// When it is done again after it was done.
    pub fn after_success(self, now: Moment) -> Moment {
        later(now, self.every())
    }

    /// When it is tried again after it has failed so often in a row.
    pub fn after_failure(self, failures: i32, now: Moment, random: u64) -> Moment {
        later(now, back_off(failures, (self.every(), WAIT_MAX), random))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_job_waits_or_is_kept_longer_than_the_longest() {
        let now = Moment::from_micros(1_790_000_000_000_000).unwrap();
        for kind in JobKind::ALL {
            assert_eq!(JobKind::from_code(kind.code()), Some(kind));
            assert!(kind.every() <= WAIT_MAX && kind.lease() <= LEASE_MAX, "{kind:?}");
            assert!(kind.after_success(now) > now);
            assert!(kind.after_failure(1, now, u64::MAX) > now);
            assert_eq!(kind.after_failure(i32::MAX, now, 0), later(now, WAIT_MAX));
        }
    }
}
