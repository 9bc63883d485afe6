//! Examines what is stated against a rulebook's requirements, and what the registry knows of the unit against its
//! criteria. The words are the same whoever applies.

use chrono::Months;

use super::stated::{Evidence, Refuted, Shown};
use crate::evidence::EvidenceKind;
use crate::explain::Step;
use crate::provider::{SoteriRegistration, SoteriState};
use crate::rulebook::{Requirement, RulebookTerms};
use crate::rules::{self, Facts, Finding, Findings, Standing};
use crate::text::Localized;
use crate::time::Day;

/// How a requirement came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequirementOutcome {
    /// Shown and in force.
    Met,
    /// Shown, but no longer in force on the day.
    Expired,
    /// Shown, but not in force yet.
    NotYetValid,
    /// Shown without the day until which it is valid.
    NoExpiryDay,
    /// Shown without the day of its issue.
    NoIssueDay,
    /// Issued too long before it was shown.
    TooOld,
    /// Something of another kind is shown.
    OtherKind,
    /// The register does not have the unit, or no longer.
    NotRegistered,
    /// The unit is registered, but not for these services.
    OutsideRegisteredService {
        /// Which it lacks.
        services: Vec<String>,
    },
    /// The provider has taken the evidence back.
    Withdrawn,
    /// The organiser does not accept the evidence.
    Rejected,
    /// Not shown.
    Missing,
}

impl RequirementOutcome {
    /// The name on the wire.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::NoExpiryDay => "no_expiry_day",
            Self::NoIssueDay => "no_issue_day",
            Self::TooOld => "too_old",
            Self::OtherKind => "other_kind",
            Self::NotRegistered => "not_registered",
            Self::OutsideRegisteredService { .. } => "outside_registered_service",
            Self::Withdrawn => "withdrawn",
            Self::Rejected => "rejected",
            Self::Missing => "missing",
        }
    }

    /// What the provider would have to add before anything can be said, if that is so. Such an application is not
    /// handed in; one that shows something which does not suffice is, and is decided with reasons.
    pub const fn lacks(&self) -> Option<&'static str> {
        match self {
            Self::Missing | Self::OtherKind | Self::Withdrawn => Some(""),
            Self::NoExpiryDay => Some("/valid_until"),
            Self::NoIssueDay => Some("/issued_on"),
            Self::Met
            | Self::Expired
            | Self::NotYetValid
            | Self::TooOld
            | Self::NotRegistered
            | Self::OutsideRegisteredService { .. }
            | Self::Rejected => None,
        }
    }

    fn words(&self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Met => ("Täyttyy", "Uppfyllt", "Met"),
            Self::Expired => ("Vanhentunut", "Har löpt ut", "Expired"),
            Self::NotYetValid => ("Ei vielä voimassa", "Inte ännu i kraft", "Not yet in force"),
            Self::NoExpiryDay => ("Voimassaolopäivä puuttuu", "Giltighetsdag saknas", "No day of expiry given"),
            Self::NoIssueDay => ("Antopäivä puuttuu", "Utfärdandedag saknas", "No day of issue given"),
            Self::TooOld => ("Liian vanha", "För gammalt", "Issued too long ago"),
            Self::OtherKind => ("Näyttö on muuta lajia", "Utredningen är av annat slag", "Evidence of another kind"),
            Self::NotRegistered => ("Ei rekisteröity", "Inte registrerad", "Not registered"),
            Self::OutsideRegisteredService { .. } => {
                ("Ei rekisteröity tähän palveluun", "Inte registrerad för tjänsten", "Not registered for the service")
            }
            Self::Withdrawn => ("Näyttö peruttu", "Utredningen har återtagits", "Evidence taken back"),
            Self::Rejected => ("Näyttöä ei hyväksytty", "Utredningen godkändes inte", "Evidence not accepted"),
            Self::Missing => ("Näyttö puuttuu", "Utredning saknas", "No evidence given"),
        }
    }

    /// What came out of a requirement, in words.
    pub fn text(&self, requirement: &Requirement) -> Localized {
        let (fi, sv, en) = self.words();
        let text = &requirement.text;
        Localized::new(format!("{fi}: {}", text.fi), format!("{sv}: {}", text.sv), format!("{en}: {}", text.en))
    }
}

/// What is not met, and a step for each criterion and requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// Codes of the criteria and requirements that stand in the way of approval.
    pub unmet: Vec<String>,
    /// One step for each, in the rulebook's order: criteria first.
    pub steps: Vec<Step>,
    /// How each came out.
    pub findings: Findings,
    /// How each requirement came out, in the rulebook's order.
    pub requirements: Vec<RequirementOutcome>,
}

/// Examines what is shown against a rulebook's requirements on a day, and what the registry knows of the unit against its
/// criteria. `shown_on` is the day on which it was handed in, by which its age is counted.
pub fn examine(terms: &RulebookTerms, shown: &[Shown<'_>], unit: &Facts, day: Day, shown_on: Day) -> Examination {
    let criteria = rules::examine(&terms.eligibility.unit, unit);
    let failed = criteria.findings.iter().filter(|finding| finding.standing != Standing::Met);
    let mut unmet: Vec<String> = failed.map(|finding| finding.code.clone()).collect();
    let mut steps = criteria.steps("/eligibility/unit");
    let mut findings = criteria.findings;
    let mut outcomes = Vec::with_capacity(terms.requirements.len());
    for (i, requirement) in terms.requirements.iter().enumerate() {
        let shown = shown.iter().find(|shown| shown.stated.requirement == requirement.code);
        let outcome = requirement_outcome(requirement, shown, day, shown_on);
        if outcome != RequirementOutcome::Met {
            unmet.push(requirement.code.clone());
        }
        steps.push(step(&format!("/requirements/{i}"), requirement, &outcome, shown.map(|shown| shown.stated)));
        findings.push(finding(requirement, &outcome));
        outcomes.push(outcome);
    }
    Examination { unmet, steps, findings: Findings::of(findings), requirements: outcomes }
}

/// How a requirement comes out by what is shown for it.
pub fn requirement_outcome(
    requirement: &Requirement,
    shown: Option<&Shown<'_>>,
    day: Day,
    shown_on: Day,
) -> RequirementOutcome {
    let Some(Shown { stated, refuted }) = shown else { return RequirementOutcome::Missing };
    match refuted {
        Some(Refuted::Withdrawn) => return RequirementOutcome::Withdrawn,
        Some(Refuted::Rejected) => return RequirementOutcome::Rejected,
        None => {}
    }
    if stated.kind != requirement.kind {
        return RequirementOutcome::OtherKind;
    }
    if requirement.kind == EvidenceKind::Soteri
        && let Some(outcome) = registration_outcome(requirement, stated.soteri.as_ref(), day)
    {
        return outcome;
    }
    if requirement.expires && stated.valid_until.is_none() {
        return RequirementOutcome::NoExpiryDay;
    }
    if stated.valid_until.is_some_and(|until| until < day) {
        return RequirementOutcome::Expired;
    }
    if stated.valid_from.is_some_and(|from| from > day) {
        return RequirementOutcome::NotYetValid;
    }
    match (requirement.issued_within_months, stated.issued_on) {
        (None, _) => RequirementOutcome::Met,
        (Some(_), None) => RequirementOutcome::NoIssueDay,
        (Some(months), Some(issued)) if is_older(issued, months, shown_on) => RequirementOutcome::TooOld,
        (Some(_), Some(_)) => RequirementOutcome::Met,
    }
}

fn is_older(issued: Day, months: u16, than: Day) -> bool {
    issued.date().checked_add_months(Months::new(u32::from(months))).is_some_and(|last| last < than.date())
}

/// What is wrong with a unit's registration, if anything is (741/2023).
fn registration_outcome(
    requirement: &Requirement,
    registration: Option<&SoteriRegistration>,
    day: Day,
) -> Option<RequirementOutcome> {
    let Some(registration) = registration else { return Some(RequirementOutcome::NotRegistered) };
    match registration.state {
        SoteriState::Registered | SoteriState::PendingMayOperate => {}
        SoteriState::Refused => return Some(RequirementOutcome::NotRegistered),
    }
    if registration.valid_until.is_some_and(|until| until < day) {
        return Some(RequirementOutcome::Expired);
    }
    if registration.valid_from > day {
        return Some(RequirementOutcome::NotYetValid);
    }
    let lacks = |service: &&String| !registration.services.contains(service);
    let services: Vec<String> = requirement.services.iter().filter(lacks).cloned().collect();
    (!services.is_empty()).then_some(RequirementOutcome::OutsideRegisteredService { services })
}

fn step(pointer: &str, requirement: &Requirement, outcome: &RequirementOutcome, stated: Option<&Evidence>) -> Step {
    let mut step = Step::new(pointer, outcome.code(), outcome.text(requirement))
        .input("requirement", &requirement.code)
        .source(&requirement.source);
    if let Some(stated) = stated {
        step = step.input("reference", &stated.reference);
        let days =
            [("valid_from", stated.valid_from), ("valid_until", stated.valid_until), ("issued_on", stated.issued_on)];
        for (name, day) in days {
            if let Some(day) = day {
                step = step.input(name, day);
            }
        }
        if let Some(evidence) = stated.evidence {
            step = step.input("evidence", evidence);
        }
    }
    if let RequirementOutcome::OutsideRegisteredService { services } = outcome {
        step = step.input("services_lacking", services.join(", "));
    }
    step
}

/// What was not shown is not known; what was shown and does not hold is not met.
fn finding(requirement: &Requirement, outcome: &RequirementOutcome) -> Finding {
    let (standing, missing) = match outcome {
        RequirementOutcome::Met => (Standing::Met, Vec::new()),
        RequirementOutcome::NoExpiryDay => (Standing::Unknown, vec!["valid_until".to_owned()]),
        RequirementOutcome::NoIssueDay => (Standing::Unknown, vec!["issued_on".to_owned()]),
        RequirementOutcome::Missing | RequirementOutcome::OtherKind | RequirementOutcome::Withdrawn => {
            (Standing::Unknown, vec![requirement.code.clone()])
        }
        RequirementOutcome::Expired
        | RequirementOutcome::NotYetValid
        | RequirementOutcome::TooOld
        | RequirementOutcome::NotRegistered
        | RequirementOutcome::OutsideRegisteredService { .. }
        | RequirementOutcome::Rejected => (Standing::NotMet, Vec::new()),
    };
    Finding {
        code: requirement.code.clone(),
        standing,
        missing,
        text: requirement.text.clone(),
        source: requirement.source.clone(),
    }
}
