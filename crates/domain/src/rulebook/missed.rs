//! What a rulebook says of visits that the client missed: until when one is cancelled for nothing, and what is charged for
//! one that was cancelled too late or not at all.

use serde::{Deserialize, Serialize};

use crate::money::Amount;
use crate::rules::{Fault, check_length, check_lined_codes};
use crate::text::Localized;

/// Longest notice, in hours: two weeks.
pub const NOTICE_HOURS_MAX: u16 = 336;
/// Most reasons of one rulebook.
pub const MISSED_REASONS_MAX: usize = 30;

/// Visits that the client missed. What is left out is not charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MissedTerms {
    /// A visit that is cancelled at least so many hours before its start is not charged.
    #[schema(minimum = 1, maximum = 336)]
    pub notice_hours: u16,
    /// Why a visit is missed: one of these is given with each.
    #[schema(min_items = 1, max_items = 30)]
    pub reasons: Vec<MissedReason>,
    /// What is charged for a visit that was cancelled later than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_cancellation: Option<MissedCharge>,
    /// What is charged for a visit to which the client did not come, or was not at home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_show: Option<MissedCharge>,
}

/// Why a visit is missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MissedReason {
    /// Its code.
    #[schema(min_length = 1, max_length = 64, example = "taken_to_hospital")]
    pub code: String,
    /// The reason in words.
    pub text: Localized,
    /// Whether it excuses: then nothing is charged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub excused: bool,
}

/// What is charged for a missed visit: a percentage of its price, or an amount; never more than the visit would have cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MissedCharge {
    /// So much of the price of the visit. Either this or `amount` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100)]
    pub percent: Option<u8>,
    /// So much for a visit, whatever its price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    /// At most so much for a visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<Amount>,
    /// What of it the client pays.
    #[serde(default)]
    pub client_pays: MissedShare,
    /// Whether the voucher's quantity is used as by a visit. A purse pays what the organiser pays in any case.
    pub uses_quantity: bool,
}

/// What a client pays of the charge for a missed visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissedShare {
    /// The same part of it as of a visit.
    #[default]
    AsOfAVisit,
    /// Nothing. The charge is then at most what the organiser would have paid for the visit.
    Nothing,
    /// All of it; of a public unit's visit it is charged in place of the client fee (734/1992 § 3).
    All,
}

impl MissedTerms {
    /// A reason by its code.
    pub fn reason(&self, code: &str) -> Option<&MissedReason> {
        self.reasons.iter().find(|reason| reason.code == code)
    }

    /// Everything that is wrong with the terms.
    pub(super) fn check(&self, is_free_of_charge: bool, faults: &mut Vec<Fault>) {
        const AT: &str = "/recording/missed";
        if !(1..=NOTICE_HOURS_MAX).contains(&self.notice_hours) {
            let why = format!("a visit is cancelled in time 1 to {NOTICE_HOURS_MAX} hours before its start");
            faults.push(Fault::new(format!("{AT}/notice_hours"), "out_of_range", why));
        }
        let reasons = format!("{AT}/reasons");
        check_length(self.reasons.len(), 1..=MISSED_REASONS_MAX, &reasons, faults);
        check_lined_codes(self.reasons.iter().map(|it| (it.code.as_str(), &it.text)), &reasons, faults);
        let charges = [("late_cancellation", &self.late_cancellation), ("no_show", &self.no_show)];
        if charges.iter().all(|(_, charge)| charge.is_none()) {
            let why = "nothing would be charged for any missed visit: leave it out";
            faults.push(Fault::new(AT, "contradiction", why));
        } else if self.reasons.iter().all(|reason| reason.excused) && !self.reasons.is_empty() {
            let why = "at least one reason does not excuse, or nothing is ever charged";
            faults.push(Fault::new(reasons, "contradiction", why));
        }
        for (name, charge) in charges {
            if let Some(charge) = charge {
                charge.check(&format!("{AT}/{name}"), is_free_of_charge, faults);
            }
        }
    }
}

impl MissedCharge {
    fn check(&self, at: &str, is_free_of_charge: bool, faults: &mut Vec<Fault>) {
        if self.percent.is_some() == self.amount.is_some() {
            let why = "either a percentage of the price or an amount is given";
            faults.push(Fault::new(at, "contradiction", why));
        }
        if self.percent.is_some_and(|percent| !(1..=100).contains(&percent)) {
            let why = "1 to 100 percent of the price are charged";
            faults.push(Fault::new(format!("{at}/percent"), "out_of_range", why));
        }
        for (name, amount) in [("amount", self.amount), ("up_to", self.up_to)] {
            if amount == Some(Amount::ZERO) {
                let why = "it is above nothing: leave it out";
                faults.push(Fault::new(format!("{at}/{name}"), "out_of_range", why));
            }
        }
        if is_free_of_charge && self.client_pays == MissedShare::All {
            let why =
                "a service free of charge by law costs the client nothing, nor does a visit of it that was missed";
            faults.push(Fault::new(format!("{at}/client_pays"), "contradiction", why));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn faults(terms: &Value, is_free_of_charge: bool) -> Vec<(String, &'static str)> {
        let terms: MissedTerms = serde_json::from_value(terms.clone()).unwrap();
        let mut faults = Vec::new();
        terms.check(is_free_of_charge, &mut faults);
        faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    fn terms(no_show: &Value) -> Value {
        let text = json!({"fi": "Ei kotona", "sv": "Inte hemma", "en": "Not at home"});
        json!({
            "notice_hours": 24,
            "reasons": [{"code": "not_at_home", "text": text}, {"code": "hospital", "text": text, "excused": true}],
            "no_show": no_show,
        })
    }

    #[test]
    fn what_is_charged_is_one_of_two_and_above_nothing() {
        let at = |place: &str| format!("/recording/missed{place}");
        let good = json!({"percent": 100, "up_to": "40.00", "uses_quantity": true});
        assert_eq!(faults(&terms(&good), false), []);
        let both = json!({"percent": 50, "amount": "10.00", "uses_quantity": true});
        assert_eq!(faults(&terms(&both), false), [(at("/no_show"), "contradiction")]);
        let neither = json!({"uses_quantity": true});
        assert_eq!(faults(&terms(&neither), false), [(at("/no_show"), "contradiction")]);
        let nothing = json!({"percent": 0, "up_to": "0.00", "uses_quantity": true});
        let out_of_range = [(at("/no_show/percent"), "out_of_range"), (at("/no_show/up_to"), "out_of_range")];
        assert_eq!(faults(&terms(&nothing), false), out_of_range);
        let of_client = json!({"amount": "10.00", "client_pays": "all", "uses_quantity": false});
        assert_eq!(faults(&terms(&of_client), false), []);
        assert_eq!(faults(&terms(&of_client), true), [(at("/no_show/client_pays"), "contradiction")]);
    }

    #[test]
    fn notice_and_reasons_are_bounded_and_something_is_charged() {
        let at = |place: &str| format!("/recording/missed{place}");
        let mut endless = terms(&json!({"percent": 100, "uses_quantity": true}));
        endless["notice_hours"] = json!(337);
        assert_eq!(faults(&endless, false), [(at("/notice_hours"), "out_of_range")]);
        endless["notice_hours"] = json!(336);
        endless["reasons"][1]["code"] = json!("not_at_home");
        assert_eq!(faults(&endless, false), [(at("/reasons/1/code"), "duplicate")]);
        endless["reasons"] = json!([]);
        assert_eq!(faults(&endless, false), [(at("/reasons"), "bad_length")]);
        let mut idle = terms(&Value::Null);
        assert_eq!(faults(&idle, false), [(at(""), "contradiction")]);
        idle["no_show"] = json!({"percent": 100, "uses_quantity": true});
        idle["reasons"][0]["excused"] = json!(true);
        assert_eq!(faults(&idle, false), [(at("/reasons"), "contradiction")]);
    }
}
