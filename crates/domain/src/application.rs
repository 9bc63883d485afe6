//! A unit's application for approval, and what is examined before it is decided (FIELD §5, §6).

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::explain::Step;
use crate::rulebook::{Requirement, RulebookTerms};
use crate::rules::{self, Facts, Finding, Findings, Standing};
use crate::text::Localized;
use crate::time::Day;

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationState {
    /// Being written; only the provider sees it.
    Draft,
    /// Handed in, waiting for a decision.
    Submitted,
    /// Decided: approved.
    Approved,
    /// Decided: rejected. The unit may apply again.
    Rejected,
    /// Taken back by the provider.
    Withdrawn,
}

impl ApplicationState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Draft, Self::Submitted, Self::Approved, Self::Rejected, Self::Withdrawn];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Handed in by the provider.
    ///
    /// # Errors
    /// It is no draft.
    pub fn submit(self) -> Result<Self, WrongApplicationState> {
        match self {
            Self::Draft => Ok(Self::Submitted),
            Self::Submitted | Self::Approved | Self::Rejected | Self::Withdrawn => {
                Err(WrongApplicationState { state: self, attempted: "submitted" })
            }
        }
    }

    /// Decided by the organiser.
    ///
    /// # Errors
    /// It does not wait for a decision.
    pub fn decide(self, approve: bool) -> Result<Self, WrongApplicationState> {
        match self {
            Self::Submitted if approve => Ok(Self::Approved),
            Self::Submitted => Ok(Self::Rejected),
            Self::Draft | Self::Approved | Self::Rejected | Self::Withdrawn => {
                Err(WrongApplicationState { state: self, attempted: "decided" })
            }
        }
    }

    /// Taken back by the provider.
    ///
    /// # Errors
    /// It has been decided or was taken back before.
    pub fn withdraw(self) -> Result<Self, WrongApplicationState> {
        match self {
            Self::Draft | Self::Submitted => Ok(Self::Withdrawn),
            Self::Approved | Self::Rejected | Self::Withdrawn => {
                Err(WrongApplicationState { state: self, attempted: "withdrawn" })
            }
        }
    }
}

/// A transition that the state does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an application that is {} cannot be {attempted}", state.code())]
pub struct WrongApplicationState {
    /// Where the application stands.
    pub state: ApplicationState,
    /// What was attempted.
    pub attempted: &'static str,
}

/// What a provider states for one requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The requirement's code in the rulebook.
    #[schema(max_length = 64)]
    pub requirement: String,
    /// Where it can be seen: a register entry, a policy number, an address on the internet.
    #[schema(max_length = 300)]
    pub reference: String,
    /// Last day on which it holds, where it expires.
    pub valid_until: Option<Day>,
}

/// How a requirement came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequirementOutcome {
    /// Shown and in force.
    Met,
    /// Shown, but no longer in force on the day.
    Expired,
    /// Shown without the day until which it is valid.
    NoExpiryDay,
    /// Not shown.
    Missing,
}

/// What is not met, and a step for each criterion and requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// Codes of the criteria and requirements that stand in the way of approval.
    pub unmet: Vec<String>,
    /// One step for each, in the rulebook's order.
    pub steps: Vec<Step>,
    /// How each came out.
    pub findings: Findings,
}

/// Examines evidence against a rulebook's requirements on a day, and what the registry knows of the unit against its
/// criteria. Whether the evidence is true, a person decides.
pub fn examine(terms: &RulebookTerms, evidence: &[Evidence], unit: &Facts, day: Day) -> Examination {
    let findings = rules::examine(&terms.eligibility.unit, unit);
    let failed = findings.findings.iter().filter(|finding| finding.standing != Standing::Met);
    let mut unmet: Vec<String> = failed.map(|finding| finding.code.clone()).collect();
    let mut steps = findings.steps("/eligibility/unit");
    let mut findings = findings.findings;
    for (i, requirement) in terms.requirements.iter().enumerate() {
        let shown = evidence.iter().find(|e| e.requirement == requirement.code);
        let outcome = requirement_outcome(requirement, shown, day);
        if outcome != RequirementOutcome::Met {
            unmet.push(requirement.code.clone());
        }
        let mut step =
            Step::new(format!("/requirements/{i}"), outcome_code(outcome), outcome_text(outcome, requirement))
                .input("requirement", &requirement.code)
                .source(&requirement.source);
        if let Some(shown) = shown {
            step = step.input("reference", &shown.reference);
            if let Some(until) = shown.valid_until {
                step = step.input("valid_until", until);
            }
        }
        steps.push(step);
        findings.push(finding(requirement, outcome));
    }
    Examination { unmet, steps, findings: Findings::of(findings) }
}

/// What was not shown is not known; what was shown and does not hold is not met.
fn finding(requirement: &Requirement, outcome: RequirementOutcome) -> Finding {
    let (standing, missing) = match outcome {
        RequirementOutcome::Met => (Standing::Met, Vec::new()),
        RequirementOutcome::Expired => (Standing::NotMet, Vec::new()),
        RequirementOutcome::NoExpiryDay => (Standing::Unknown, vec!["valid_until".to_owned()]),
        RequirementOutcome::Missing => (Standing::Unknown, vec![requirement.code.clone()]),
    };
    Finding {
        code: requirement.code.clone(),
        standing,
        missing,
        text: requirement.text.clone(),
        source: requirement.source.clone(),
    }
}

fn requirement_outcome(requirement: &Requirement, shown: Option<&Evidence>, day: Day) -> RequirementOutcome {
    match shown {
        None => RequirementOutcome::Missing,
        Some(Evidence { valid_until: Some(until), .. }) if *until < day => RequirementOutcome::Expired,
        Some(Evidence { valid_until: None, .. }) if requirement.expires => RequirementOutcome::NoExpiryDay,
        Some(_) => RequirementOutcome::Met,
    }
}

fn outcome_code(outcome: RequirementOutcome) -> &'static str {
    match outcome {
        RequirementOutcome::Met => "met",
        RequirementOutcome::Expired => "expired",
        RequirementOutcome::NoExpiryDay => "no_expiry_day",
        RequirementOutcome::Missing => "missing",
    }
}

fn outcome_text(outcome: RequirementOutcome, requirement: &Requirement) -> Localized {
    let (fi, sv, en) = match outcome {
        RequirementOutcome::Met => ("Täyttyy", "Uppfyllt", "Met"),
        RequirementOutcome::Expired => ("Vanhentunut", "Har löpt ut", "Expired"),
        RequirementOutcome::NoExpiryDay => {
            ("Voimassaolopäivä puuttuu", "Giltighetsdag saknas", "No day of expiry given")
        }
        RequirementOutcome::Missing => ("Näyttö puuttuu", "Utredning saknas", "No evidence given"),
    };
    let text = &requirement.text;
    Localized::new(format!("{fi}: {}", text.fi), format!("{sv}: {}", text.sv), format!("{en}: {}", text.en))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_draft_is_submitted_and_only_a_submitted_one_decided() {
        use ApplicationState as S;
        for state in S::ALL {
            assert_eq!(state.submit().is_ok(), state == S::Draft);
            assert_eq!(state.decide(true).is_ok(), state == S::Submitted);
            assert_eq!(state.withdraw().is_ok(), matches!(state, S::Draft | S::Submitted));
        }
    }
}
