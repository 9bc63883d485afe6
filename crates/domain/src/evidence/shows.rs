//! What a requirement wants a piece of evidence to say, whatever the day: one rule for those who are to be approved and for
//! those who are. On which days a piece holds is said elsewhere.

use chrono::Months;

use super::{Evidence, EvidenceKind};
use crate::provider::{SoteriRegistration, SoteriState};
use crate::rulebook::Requirement;
use crate::time::Day;

/// Why a piece of evidence of the right kind does not show a requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotShown {
    /// The register does not have the unit.
    NotRegistered,
    /// The unit is registered, but not for these services (741/2023).
    OutsideRegisteredService {
        /// Which it lacks.
        services: Vec<String>,
    },
    /// The day until which it is valid is not said.
    NoExpiryDay,
    /// The day of its issue is not said.
    NoIssueDay,
    /// Issued too long before it was shown.
    TooOld,
}

impl NotShown {
    /// Whether the piece says that the requirement is not fulfilled, rather than saying too little.
    pub const fn speaks_against(&self) -> bool {
        match self {
            Self::NotRegistered | Self::OutsideRegisteredService { .. } => true,
            Self::NoExpiryDay | Self::NoIssueDay | Self::TooOld => false,
        }
    }
}

/// What a piece of evidence says that a requirement may ask about.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// What the register of units says.
    pub soteri: Option<&'a SoteriRegistration>,
    /// Its last day.
    pub valid_until: Option<Day>,
    /// When it was issued.
    pub issued_on: Option<Day>,
    /// On which day it was shown: its age is counted by it.
    pub shown_on: Day,
}

/// Holds what was said against a requirement of its kind.
///
/// # Errors
/// Why it does not show it.
pub fn shows(requirement: &Requirement, said: &Said<'_>) -> Result<(), NotShown> {
    if requirement.kind == EvidenceKind::Soteri {
        registered(requirement, said.soteri)?;
    }
    if requirement.expires && said.valid_until.is_none() {
        return Err(NotShown::NoExpiryDay);
    }
    match (requirement.issued_within_months, said.issued_on) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(NotShown::NoIssueDay),
        (Some(months), Some(issued)) if is_older(issued, months, said.shown_on) => Err(NotShown::TooOld),
        (Some(_), Some(_)) => Ok(()),
    }
}

fn registered(requirement: &Requirement, registration: Option<&SoteriRegistration>) -> Result<(), NotShown> {
    let registration = registration.ok_or(NotShown::NotRegistered)?;
    match registration.state {
        SoteriState::Registered | SoteriState::PendingMayOperate => {}
        SoteriState::Refused => return Err(NotShown::NotRegistered),
    }
    let lacks = |service: &&String| !registration.services.contains(service);
    let services: Vec<String> = requirement.services.iter().filter(lacks).cloned().collect();
    if services.is_empty() { Ok(()) } else { Err(NotShown::OutsideRegisteredService { services }) }
}

fn is_older(issued: Day, months: u16, than: Day) -> bool {
    issued.date().checked_add_months(Months::new(u32::from(months))).is_some_and(|last| last < than.date())
}

impl Evidence {
    /// Whether it shows a requirement that it [is for](Self::is_for), on the days on which it holds.
    ///
    /// # Errors
    /// Why it does not.
    pub fn shows(&self, requirement: &Requirement) -> Result<(), NotShown> {
        let said = Said {
            soteri: self.soteri.as_ref(),
            valid_until: self.valid_until,
            issued_on: self.issued_on,
            // By the world's clock: nobody is told that it came a day later than it did.
            shown_on: Day::new(self.given_at.utc().date_naive()),
        };
        shows(requirement, &said)
    }
}
