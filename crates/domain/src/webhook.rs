//! Webhooks: addresses at which organisers and providers are told what happens, each in the order in which it is told. Owns
//! when a call is made again, when an address is given up, and which addresses may be called at all; calling is not its
//! business.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use chrono::TimeDelta;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::lease::{back_off, later};
use crate::time::Moment;

/// Most webhooks of one organiser or provider.
pub const WEBHOOKS_MAX: usize = 20;
/// Longest address.
pub const URL_CHARS_MAX: usize = 1_000;
/// Calls of one event that the receiver refuses, until the next event is told.
pub const REFUSED_TRIES_MAX: i32 = 5;
/// How long calls may fail, one after the other, until the webhook is turned off.
pub const FAILING_MAX: TimeDelta = TimeDelta::days(3);
/// How long a webhook waits after its first failure, and at most.
pub const WAITS: (TimeDelta, TimeDelta) = (TimeDelta::seconds(10), TimeDelta::hours(1));
/// For how long the secret before is good after a new one was made.
pub const OVERLAP: TimeDelta = TimeDelta::hours(24);
/// Secrets with which a call is signed at once, at most.
pub const SECRETS_MAX: usize = 5;

/// Where a webhook stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookState {
    /// It is told what happens.
    Active,
    /// It was turned off, after it had failed for long or was not there any more. What it has not heard waits.
    Disabled,
    /// It was ended.
    Ended,
}

impl WebhookState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Active, Self::Disabled, Self::Ended];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Ended => "ended",
        }
    }

    /// The one of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    /// The receiver has taken it: a status of 200 to 299.
    Heard,
    /// The receiver does not want this event: another status of 400 to 499.
    Refused,
    /// The receiver could not be asked, or did not answer as it should.
    Failed,
    /// The receiver says that it is gone: the status 410.
    Gone,
}

impl CallOutcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Heard, Self::Refused, Self::Failed, Self::Gone];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Heard => "heard",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Gone => "gone",
        }
    }

    /// The one of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    /// What a status says. Redirects are not followed: the address that was checked is the one that is called.
    pub const fn of_status(status: u16) -> Self {
        match status {
            200..=299 => Self::Heard,
            410 => Self::Gone,
            // It takes too long, comes too early or too often: that passes.
            408 | 425 | 429 => Self::Failed,
            400..=499 => Self::Refused,
            _ => Self::Failed,
        }
    }
}

/// What is done after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The next event is told.
    GoOn,
    /// The next event is told, and this one has not been heard.
    PassOver,
    /// The same event is told again, then.
    Again(Moment),
    /// The webhook is turned off.
    TurnOff,
}

/// What is done after a call, the `tries`th of this event, of a webhook that has failed since a moment.
pub fn after_call(outcome: CallOutcome, tries: i32, failing_since: Option<Moment>, now: Moment, random: u64) -> Next {
    let long = failing_since.is_some_and(|since| now >= later(since, FAILING_MAX));
    match outcome {
        CallOutcome::Heard => Next::GoOn,
        CallOutcome::Gone => Next::TurnOff,
        CallOutcome::Refused | CallOutcome::Failed if long => Next::TurnOff,
        CallOutcome::Refused if tries >= REFUSED_TRIES_MAX => Next::PassOver,
        CallOutcome::Refused | CallOutcome::Failed => Next::Again(later(now, back_off(tries, WAITS, random))),
    }
}

/// Networks that are called though they are not public, as the installation has it.
pub fn may_be_called(address: IpAddr, allowed: &[IpNet]) -> bool {
    allowed.iter().any(|network| network.contains(&address)) || is_public(address)
}

/// Whether an address is one of the public network (IANA's special-purpose registries), whatever it is wrapped in.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match v4_within(address) {
            Some(within) => is_public_v4(within),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        // This network, and what is reserved.
        || first == 0
        || first >= 240
        // Shared by carriers; between machines and for benchmarks; protocol assignments; relays to IPv6.
        || (first == 100 && (64..128).contains(&second))
        || (first == 198 && (18..20).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || (first == 192 && second == 88 && third == 99);
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Global unicast, without protocol assignments and documentation.
    (0x2000..0x4000).contains(&first)
        && !(first == 0x2001 && second < 0x0200)
        && !(first == 0x2001 && second == 0x0db8)
        && !(first == 0x3fff && second < 0x1000)
}

/// The address of version 4 to which one of version 6 leads: mapped, translated, or by 6to4.
fn v4_within(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, ..] = address.segments();
    let [.., w, x, y, z] = address.octets();
    let last = Ipv4Addr::new(w, x, y, z);
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff) | (0x0064, 0xff9b, 0, 0, 0, 0) => Some(last),
        (0x2002, ..) => {
            let [_, _, w, x, y, z, ..] = address.octets();
            Some(Ipv4Addr::new(w, x, y, z))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::from_micros(1_790_000_000_000_000 + seconds * 1_000_000).unwrap()
    }

    #[test]
    fn an_address_is_public_or_not_whatever_it_is_wrapped_in() {
        for public in
            ["1.1.1.1", "192.0.1.1", "100.63.0.1", "198.20.0.1", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for special in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.1.2.3",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "3fff::1",
            "100::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "fec0::1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
        let own: IpNet = "10.20.0.0/16".parse().unwrap();
        assert!(may_be_called("10.20.3.4".parse().unwrap(), &[own]));
        assert!(!may_be_called("10.21.3.4".parse().unwrap(), &[own]));
    }

    #[test]
    fn what_fails_is_tried_again_until_the_webhook_is_turned_off_and_nothing_is_passed_over() {
        let (since, mut now, mut tries) = (at(0), at(0), 1);
        while let Next::Again(next) = after_call(CallOutcome::Failed, tries, Some(since), now, 0) {
            assert!(next > now && next <= later(now, WAITS.1));
            (now, tries) = (next, tries + 1);
        }
        assert_eq!(after_call(CallOutcome::Failed, tries, Some(since), now, 0), Next::TurnOff);
        assert!(now >= later(since, FAILING_MAX) && now < later(since, FAILING_MAX + WAITS.1));
    }

    #[test]
    fn what_is_refused_is_passed_over_after_some_tries() {
        let next = |tries| after_call(CallOutcome::Refused, tries, Some(at(0)), at(60), 0);
        assert!((1..REFUSED_TRIES_MAX).all(|tries| matches!(next(tries), Next::Again(_))));
        assert_eq!(next(REFUSED_TRIES_MAX), Next::PassOver);
        let long = at(FAILING_MAX.num_seconds());
        assert_eq!(after_call(CallOutcome::Refused, 1, Some(at(0)), long, 0), Next::TurnOff);
        assert_eq!(after_call(CallOutcome::Gone, 1, None, at(0), 0), Next::TurnOff);
        assert_eq!(after_call(CallOutcome::Heard, 9, Some(at(0)), long, 0), Next::GoOn);
    }

    #[test]
    fn a_status_says_what_came_of_a_call() {
        for (status, outcome) in [
            (200, CallOutcome::Heard),
            (204, CallOutcome::Heard),
            (301, CallOutcome::Failed),
            (307, CallOutcome::Failed),
            (400, CallOutcome::Refused),
            (404, CallOutcome::Refused),
            (408, CallOutcome::Failed),
            (410, CallOutcome::Gone),
            (429, CallOutcome::Failed),
            (500, CallOutcome::Failed),
            (503, CallOutcome::Failed),
            (101, CallOutcome::Failed),
        ] {
            assert_eq!(CallOutcome::of_status(status), outcome, "{status}");
        }
    }

    #[test]
    fn names_are_read_back() {
        assert!(WebhookState::ALL.into_iter().all(|one| WebhookState::from_code(one.code()) == Some(one)));
        assert!(CallOutcome::ALL.into_iter().all(|one| CallOutcome::from_code(one.code()) == Some(one)));
    }
}
