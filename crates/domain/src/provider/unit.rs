//! What must be true of a unit's facts together. Looks at no other unit and at no register.

use std::collections::HashSet;

use thiserror::Error;

use super::{OpeningHours, SelfMonitoringPlan, SoteriRegistration, UnitDetails};
use crate::rules::Fault;
use crate::time::Day;
use crate::written::is_code;

/// Most opening hours of one unit.
pub const OPENING_HOURS_MAX: usize = 50;
/// Most services of one registration.
pub const SOTERI_SERVICES_MAX: usize = 50;
/// Longest address on the internet.
const ADDRESS_CHARS_MAX: usize = 300;

/// Why a unit is not closed, or not opened again, so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ClosingRefused {
    /// It was open, and may have been chosen.
    #[error("a unit closes today or later")]
    InThePast,
    /// What has ended stays ended.
    #[error("the unit has closed; what opens in its place is another unit")]
    Closed,
}

/// Lets the day be set from which a unit is closed, or taken away, as long as the day has not come.
///
/// # Errors
/// Why not.
pub fn change_closing(before: Option<Day>, after: Option<Day>, today: Day) -> Result<(), ClosingRefused> {
    if before == after {
        Ok(())
    } else if before.is_some_and(|day| day <= today) {
        Err(ClosingRefused::Closed)
    } else if after.is_some_and(|day| day < today) {
        Err(ClosingRefused::InThePast)
    } else {
        Ok(())
    }
}

/// All that is inconsistent in a unit's opening hours, registration and plan, each with its place in the unit.
pub fn check_unit_facts(
    opening_hours: &[OpeningHours],
    soteri: Option<&SoteriRegistration>,
    self_monitoring: Option<&SelfMonitoringPlan>,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    check_hours(opening_hours, &mut faults);
    if let Some(soteri) = soteri {
        check_soteri(soteri, &mut faults);
    }
    if let Some(plan) = self_monitoring {
        check_plan(plan, &mut faults);
    }
    faults
}

impl UnitDetails {
    /// What [`check_unit_facts`] says of these.
    pub fn check(&self) -> Vec<Fault> {
        check_unit_facts(&self.opening_hours, self.soteri.as_ref(), self.self_monitoring.as_ref())
    }
}

/// Hours of one day follow each other; where one ends the next may begin.
fn check_hours(hours: &[OpeningHours], faults: &mut Vec<Fault>) {
    if hours.len() > OPENING_HOURS_MAX {
        let why = format!("at most {OPENING_HOURS_MAX} opening hours are wanted");
        faults.push(Fault::new("/opening_hours", "length", why));
    }
    let mut seen = Vec::new();
    for (i, open) in hours.iter().take(OPENING_HOURS_MAX).enumerate() {
        let times = [("from", &open.from, 1_439), ("until", &open.until, 1_440)].map(|(name, text, latest)| {
            let time = minute_of_day(text).filter(|minute| *minute <= latest);
            if time.is_none() {
                let why = "a time of day is written HH:MM; only the end of a day is 24:00";
                faults.push(Fault::new(format!("/opening_hours/{i}/{name}"), "invalid", why));
            }
            time
        });
        let [Some(from), Some(until)] = times else { continue };
        if from >= until {
            let why = "it closes after it opens; what goes on past midnight is given for both days";
            faults.push(Fault::new(format!("/opening_hours/{i}/until"), "order", why));
            continue;
        }
        if seen.iter().any(|(day, begins, ends)| *day == open.day && from < *ends && *begins < until) {
            let why = "it overlaps other opening hours of the day";
            faults.push(Fault::new(format!("/opening_hours/{i}"), "overlap", why));
        }
        seen.push((open.day, from, until));
    }
}

/// The minute of a day, of a time written `HH:MM` from `00:00` to `24:00`.
fn minute_of_day(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| {
        (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    (minutes < 60 && hours * 60 + minutes <= 1_440).then_some(hours * 60 + minutes)
}

fn check_soteri(soteri: &SoteriRegistration, faults: &mut Vec<Fault>) {
    if !(1..=SOTERI_SERVICES_MAX).contains(&soteri.services.len()) {
        let why = format!("a registration is for 1 to {SOTERI_SERVICES_MAX} services");
        faults.push(Fault::new("/soteri/services", "length", why));
    }
    let mut seen = HashSet::new();
    for (i, code) in soteri.services.iter().take(SOTERI_SERVICES_MAX).enumerate() {
        let pointer = format!("/soteri/services/{i}");
        if !is_code(code) {
            faults.push(Fault::new(pointer, "invalid", "a code is 1 to 64 small letters, digits and underscores"));
        } else if !seen.insert(code) {
            faults.push(Fault::new(pointer, "duplicate", "it is listed twice"));
        }
    }
    if soteri.valid_until.is_some_and(|until| until < soteri.valid_from) {
        faults.push(Fault::new("/soteri/valid_until", "order", "it ends before it begins"));
    }
}

fn check_plan(plan: &SelfMonitoringPlan, faults: &mut Vec<Fault>) {
    let pointer = "/self_monitoring/address";
    let length = plan.address.chars().count();
    if length > ADDRESS_CHARS_MAX {
        faults.push(Fault::new(pointer, "length", format!("an address has at most {ADDRESS_CHARS_MAX} characters")));
    } else if !is_secure_address(&plan.address) {
        faults.push(Fault::new(pointer, "invalid", "the address of a public plan begins with https:// and a name"));
    }
    if plan.followed_up_on.is_some_and(|day| day < plan.published_on) {
        faults.push(Fault::new(
            "/self_monitoring/followed_up_on",
            "order",
            "a plan is followed up after it is published",
        ));
    }
}

/// Clients follow the address: it may be no script, and nobody on the way may change what it shows.
fn is_secure_address(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.chars().any(char::is_alphanumeric)
        && !host.contains('@')
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || "\"<>\\^`{|}".contains(c))
}

#[cfg(test)]
mod tests {
    use super::super::{AccessibilityFacts, SoteriState, Weekday};
    use super::*;
    use proptest::prelude::*;

    fn day(n: u32) -> Day {
        Day::ymd(2026, 11, n).unwrap()
    }

    fn unit(change: impl FnOnce(&mut UnitDetails)) -> UnitDetails {
        let mut unit = UnitDetails {
            name: "Kaisla".into(),
            oid: None,
            street_address: "Rantatie 1".into(),
            postal_code: "28100".into(),
            postal_place: "Pori".into(),
            municipality: "609".parse().unwrap(),
            latitude_e6: None,
            longitude_e6: None,
            languages: vec![],
            modes: vec![],
            service_area: vec![],
            step_free: None,
            accessibility: AccessibilityFacts::default(),
            opening_hours: vec![],
            soteri: None,
            self_monitoring: None,
            closed_from: None,
        };
        change(&mut unit);
        unit
    }

    fn told(unit: &UnitDetails) -> Vec<(String, &'static str)> {
        unit.check().into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    fn hours(day: Weekday, from: &str, until: &str) -> OpeningHours {
        OpeningHours { day, from: from.into(), until: until.into() }
    }

    #[test]
    fn hours_of_a_day_are_ordered_and_do_not_overlap() {
        use Weekday::{Monday, Tuesday};
        let sound = unit(|unit| {
            unit.opening_hours = vec![
                hours(Monday, "12:00", "16:00"),
                hours(Monday, "08:00", "12:00"),
                hours(Tuesday, "00:00", "24:00"),
            ];
        });
        assert_eq!(told(&sound), []);
        let bad = unit(|unit| {
            unit.opening_hours = vec![
                hours(Monday, "08:00", "12:00"),
                hours(Monday, "11:59", "13:00"),
                hours(Tuesday, "16:00", "08:00"),
                hours(Tuesday, "8:00", "25:00"),
                hours(Tuesday, "24:00", "24:00"),
                hours(Tuesday, "10:60", "11:00"),
            ];
        });
        let expected = [
            ("/opening_hours/1", "overlap"),
            ("/opening_hours/2/until", "order"),
            ("/opening_hours/3/from", "invalid"),
            ("/opening_hours/3/until", "invalid"),
            ("/opening_hours/4/from", "invalid"),
            ("/opening_hours/5/from", "invalid"),
        ];
        assert_eq!(told(&bad), expected.map(|(pointer, code)| (pointer.to_owned(), code)));
    }

    #[test]
    fn a_registration_names_its_services_once_each_and_ends_after_it_begins() {
        let soteri = |services: Vec<&str>, until| SoteriRegistration {
            state: SoteriState::Registered,
            services: services.into_iter().map(str::to_owned).collect(),
            valid_from: day(10),
            valid_until: until,
        };
        assert_eq!(told(&unit(|unit| unit.soteri = Some(soteri(vec!["home_care"], Some(day(10)))))), []);
        let bad = unit(|unit| unit.soteri = Some(soteri(vec!["home_care", "home_care", "Home care"], Some(day(9)))));
        let expected =
            [("/soteri/services/1", "duplicate"), ("/soteri/services/2", "invalid"), ("/soteri/valid_until", "order")];
        assert_eq!(told(&bad), expected.map(|(pointer, code)| (pointer.to_owned(), code)));
        let none = unit(|unit| unit.soteri = Some(soteri(vec![], None)));
        assert_eq!(told(&none), [("/soteri/services".to_owned(), "length")]);
    }

    #[test]
    fn a_plan_stands_at_a_secure_address_and_is_followed_up_later() {
        let plan = |address: &str| {
            let plan =
                SelfMonitoringPlan { address: address.into(), published_on: day(5), followed_up_on: Some(day(4)) };
            unit(|unit| unit.self_monitoring = Some(plan))
        };
        let late = ("/self_monitoring/followed_up_on".to_owned(), "order");
        assert_eq!(told(&plan("https://kaisla.example/suunnitelma.pdf")), std::slice::from_ref(&late));
        for bad in [
            "http://kaisla.example/",
            "https://",
            "https:///plan",
            "javascript:alert(1)",
            "https://a@b.example",
            "https://kaisla.example/a b",
            "",
        ] {
            assert_eq!(told(&plan(bad)), [("/self_monitoring/address".to_owned(), "invalid"), late.clone()], "{bad}");
        }
    }

    #[test]
    fn a_unit_closes_from_today_on_and_what_has_closed_stays_closed() {
        let today = day(11);
        assert_eq!(change_closing(None, Some(day(11)), today), Ok(()));
        assert_eq!(change_closing(None, Some(day(10)), today), Err(ClosingRefused::InThePast));
        assert_eq!(change_closing(Some(day(12)), None, today), Ok(()));
        assert_eq!(change_closing(Some(day(12)), Some(day(20)), today), Ok(()));
        assert_eq!(change_closing(Some(day(11)), None, today), Err(ClosingRefused::Closed));
        assert_eq!(change_closing(Some(day(1)), Some(day(1)), today), Ok(()));
    }

    proptest! {
        #[test]
        fn the_reader_of_times_is_total(text in "\\PC{0,8}") {
            let _ = minute_of_day(&text);
        }

        #[test]
        fn every_minute_of_a_day_is_read(minute in 0u16..=1_440) {
            prop_assert_eq!(minute_of_day(&format!("{:02}:{:02}", minute / 60, minute % 60)), Some(minute));
        }
    }
}
