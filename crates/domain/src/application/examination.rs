//! Examines what is stated against a rulebook's requirements, and what the registry knows of the unit against its
//! criteria. The words are the same whoever applies.

use super::stated::{Evidence, Refuted, Shown};
use crate::evidence::{NotShown, Said, shows};
use crate::explain::Step;
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

    /// What follows the requirement's own words, in Finnish, Swedish and English.
    fn words(&self) -> (String, String, String) {
        let (fi, sv, en) = match self {
            Self::Met => ("täyttyy", "uppfyllt", "met"),
            Self::Expired => ("näyttö on vanhentunut", "utredningen har löpt ut", "the evidence has expired"),
            Self::NotYetValid => {
                ("näyttö ei ole vielä voimassa", "utredningen är inte ännu i kraft", "the evidence is not yet in force")
            }
            Self::NoExpiryDay => {
                ("näytön voimassaolopäivä puuttuu", "utredningens giltighetsdag saknas", "no day of expiry given")
            }
            Self::NoIssueDay => {
                ("näytön antopäivä puuttuu", "utredningens utfärdandedag saknas", "no day of issue given")
            }
            Self::TooOld => {
                ("näyttö on liian vanha", "utredningen är för gammal", "the evidence was issued too long ago")
            }
            Self::OtherKind => {
                ("näyttö on muuta lajia", "utredningen är av annat slag", "evidence of another kind given")
            }
            Self::NotRegistered => {
                ("yksikköä ei ole rekisteröity", "enheten är inte registrerad", "the unit is not registered")
            }
            Self::OutsideRegisteredService { services } => {
                let services = services.join(", ");
                return (
                    format!("yksikön rekisteröinnistä puuttuu: {services}"),
                    format!("enhetens registrering omfattar inte: {services}"),
                    format!("the unit is not registered for: {services}"),
                );
            }
            Self::Withdrawn => ("näyttö on peruttu", "utredningen har återtagits", "the evidence has been taken back"),
            Self::Rejected => {
                ("näyttöä ei ole hyväksytty", "utredningen har inte godkänts", "the evidence was not accepted")
            }
            Self::Missing => ("näyttö puuttuu", "utredning saknas", "no evidence given"),
        };
        (fi.to_owned(), sv.to_owned(), en.to_owned())
    }

    /// What came out of a requirement, in words: the requirement is quoted, so that nobody takes what is asked for what was
    /// found.
    pub fn text(&self, requirement: &Requirement) -> Localized {
        let (fi, sv, en) = self.words();
        let Localized { fi: asked_fi, sv: asked_sv, en: asked_en } = &requirement.text;
        Localized::new(
            format!("Vaatimus ”{}”: {fi}", unended(asked_fi)),
            format!("Kravet ”{}”: {sv}", unended(asked_sv)),
            format!("Requirement “{}”: {en}", unended(asked_en)),
        )
    }
}

/// A sentence as it stands in the middle of another one.
fn unended(sentence: &str) -> &str {
    sentence.trim_end().trim_end_matches('.')
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
    let said =
        Said { soteri: stated.soteri.as_ref(), valid_until: stated.valid_until, issued_on: stated.issued_on, shown_on };
    if let Err(lacking) = shows(requirement, &said) {
        return lacking.into();
    }
    // A registration has days of its own, as stated with it or not.
    let registered = stated.soteri.as_ref();
    let until = [stated.valid_until, registered.and_then(|soteri| soteri.valid_until)].into_iter().flatten().min();
    let from = [stated.valid_from, registered.map(|soteri| soteri.valid_from)].into_iter().flatten().max();
    if until.is_some_and(|until| until < day) {
        RequirementOutcome::Expired
    } else if from.is_some_and(|from| from > day) {
        RequirementOutcome::NotYetValid
    } else {
        RequirementOutcome::Met
    }
}

impl From<NotShown> for RequirementOutcome {
    fn from(lacking: NotShown) -> Self {
        match lacking {
            NotShown::NotRegistered => Self::NotRegistered,
            NotShown::OutsideRegisteredService { services } => Self::OutsideRegisteredService { services },
            NotShown::NoExpiryDay => Self::NoExpiryDay,
            NotShown::NoIssueDay => Self::NoIssueDay,
            NotShown::TooOld => Self::TooOld,
        }
    }
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
