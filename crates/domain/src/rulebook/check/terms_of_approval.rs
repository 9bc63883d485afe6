//! Consistency of what a rulebook asks of providers: requirements, changes of prices, supervision.

use std::collections::BTreeSet;

use crate::evidence::EvidenceKind;
use crate::rulebook::{PriceChangeTerms, Requirement, SupervisionTerms};
use crate::rules::{Fault, check_length};
use crate::time::Day;
use crate::written::is_code;

/// Most services of one requirement.
const SERVICES_MAX: usize = 50;
/// Most days of the year on which raises take effect.
const DAYS_MAX: usize = 24;
/// Most reminders of one expiry.
const REMINDERS_MAX: usize = 5;

/// What kind of evidence a requirement asks for, and of how many services and what age.
pub(super) fn check_kinds(requirements: &[Requirement], faults: &mut Vec<Fault>) {
    let mut seen = BTreeSet::new();
    for (i, requirement) in requirements.iter().enumerate() {
        let at = format!("/requirements/{i}");
        // Of the staff, several services may each ask for something else.
        let is_once = !matches!(requirement.kind, EvidenceKind::Other | EvidenceKind::StaffCompetence);
        if !seen.insert(requirement.kind) && is_once {
            let why = format!("{} is asked for by another requirement already", requirement.kind.code());
            faults.push(Fault::new(format!("{at}/kind"), "duplicate", why));
        }
        if requirement.kind != EvidenceKind::Soteri && !requirement.services.is_empty() {
            let why = "only of a registration in Soteri services are asked";
            faults.push(Fault::new(format!("{at}/services"), "contradiction", why));
        }
        check_services(&requirement.services, &format!("{at}/services"), faults);
        if requirement.issued_within_months.is_some_and(|months| !(1..=120).contains(&months)) {
            let why = "evidence is at most 1 to 120 months old";
            faults.push(Fault::new(format!("{at}/issued_within_months"), "out_of_range", why));
        }
    }
}

fn check_services(services: &[String], at: &str, faults: &mut Vec<Fault>) {
    check_length(services.len(), 0..=SERVICES_MAX, at, faults);
    let mut seen = BTreeSet::new();
    for (i, service) in services.iter().enumerate() {
        if !is_code(service) {
            let why = "a service is named by small letters, digits and underscores, at most 64";
            faults.push(Fault::new(format!("{at}/{i}"), "bad_name", why));
        } else if !seen.insert(service) {
            faults.push(Fault::new(format!("{at}/{i}"), "duplicate", format!("{service:?} is listed twice")));
        }
    }
}

/// When and how prices are raised.
pub(super) fn check_price_changes(terms: &PriceChangeTerms, faults: &mut Vec<Fault>) {
    const AT: &str = "/price_changes";
    if terms.raises_per_year.is_some_and(|raises| raises > 12) {
        let why = "a price is raised at most 0 to 12 times a year";
        faults.push(Fault::new(format!("{AT}/raises_per_year"), "out_of_range", why));
    }
    check_length(terms.days.len(), 0..=DAYS_MAX, &format!("{AT}/days"), faults);
    let mut seen = BTreeSet::new();
    for (i, day) in terms.days.iter().enumerate() {
        if !is_day_of_each_year(day) {
            let why = "a day of each year is written MM-DD, such as 01-01";
            faults.push(Fault::new(format!("{AT}/days/{i}"), "bad_day", why));
        } else if !seen.insert(day) {
            faults.push(Fault::new(format!("{AT}/days/{i}"), "duplicate", format!("{day} is listed twice")));
        }
    }
    if terms.notice_days > 366 {
        let why = "a raise is told 0 to 366 days ahead";
        faults.push(Fault::new(format!("{AT}/notice_days"), "out_of_range", why));
    }
    if terms.raises_per_year == Some(0) {
        let why = "where prices are not raised at all, this says nothing: leave it out";
        let said = [
            ("days", !terms.days.is_empty()),
            ("notice_days", terms.notice_days > 0),
            ("reason_needed", terms.reason_needed),
        ];
        for (member, _) in said.into_iter().filter(|(_, said)| *said) {
            faults.push(Fault::new(format!("{AT}/{member}"), "contradiction", why));
        }
    }
}

/// The 29th of February is no day of each year.
fn is_day_of_each_year(text: &str) -> bool {
    // 2023 is a common year.
    text.len() == 5 && format!("2023-{text}").parse::<Day>().is_ok_and(|day| day.to_string().ends_with(text))
}

/// How approved units are supervised.
pub(super) fn check_supervision(terms: &SupervisionTerms, faults: &mut Vec<Fault>) {
    const AT: &str = "/supervision";
    let figures = [
        ("hearing_days", terms.hearing_days, 1..=90, "a provider has 1 to 90 days to be heard"),
        ("ladder_months", terms.ladder_months, 1..=120, "a step leads to the next one for 1 to 120 months"),
        ("end_notice_days", terms.end_notice_days, 0..=366, "an approval's end is told 0 to 366 days ahead"),
    ];
    for (member, figure, range, why) in figures {
        if !range.contains(&figure) {
            faults.push(Fault::new(format!("{AT}/{member}"), "out_of_range", why));
        }
    }
    check_length(terms.remind_days.len(), 0..=REMINDERS_MAX, &format!("{AT}/remind_days"), faults);
    let mut seen = BTreeSet::new();
    for (i, days) in terms.remind_days.iter().enumerate() {
        if !(1..=366).contains(days) {
            let why = "a provider is reminded 1 to 366 days before evidence expires";
            faults.push(Fault::new(format!("{AT}/remind_days/{i}"), "out_of_range", why));
        } else if !seen.insert(days) {
            faults.push(Fault::new(format!("{AT}/remind_days/{i}"), "duplicate", format!("{days} is listed twice")));
        }
    }
}
