//! What a provider shows of the conditions of approval (569/2009 § 5, FIELD §5): given once, for every organiser.
//!
//! A piece of evidence is never edited: it is renewed by another one, or taken back. Each organiser looks at it for
//! itself; its latest check counts.

mod shows;

pub use shows::{NotShown, Said, shows};

use serde::{Deserialize, Serialize};

use crate::id::{Id, kind};
use crate::provider::SoteriRegistration;
use crate::rulebook::Requirement;
use crate::time::{Day, Moment, Period};

/// What is shown.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// Entry in the prepayment register (1118/1996 § 25).
    PrepaymentRegister,
    /// Entry in the trade register or the register of associations or foundations.
    TradeRegister,
    /// Entry in the register of employers.
    EmployerRegister,
    /// The unit's registration in Soteri for its services (741/2023).
    Soteri,
    /// Insurance against liability.
    LiabilityInsurance,
    /// Insurance of patients (948/2019).
    PatientInsurance,
    /// Certificate of taxes paid.
    TaxCertificate,
    /// Certificate of pension contributions paid.
    PensionCertificate,
    /// That criminal records have been checked: the day alone.
    CriminalRecordCheck,
    /// The unit's public plan of self-monitoring (741/2023 § 27).
    SelfMonitoringPlan,
    /// That the staff is competent for the service.
    StaffCompetence,
    /// Whether the same service receives public subsidy.
    PublicSubsidyDeclaration,
    /// Something that one rulebook asks for, by the requirement's code.
    #[default]
    Other,
}

impl EvidenceKind {
    /// All kinds.
    pub const ALL: [Self; 13] = [
        Self::PrepaymentRegister,
        Self::TradeRegister,
        Self::EmployerRegister,
        Self::Soteri,
        Self::LiabilityInsurance,
        Self::PatientInsurance,
        Self::TaxCertificate,
        Self::PensionCertificate,
        Self::CriminalRecordCheck,
        Self::SelfMonitoringPlan,
        Self::StaffCompetence,
        Self::PublicSubsidyDeclaration,
        Self::Other,
    ];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::PrepaymentRegister => "prepayment_register",
            Self::TradeRegister => "trade_register",
            Self::EmployerRegister => "employer_register",
            Self::Soteri => "soteri",
            Self::LiabilityInsurance => "liability_insurance",
            Self::PatientInsurance => "patient_insurance",
            Self::TaxCertificate => "tax_certificate",
            Self::PensionCertificate => "pension_certificate",
            Self::CriminalRecordCheck => "criminal_record_check",
            Self::SelfMonitoringPlan => "self_monitoring_plan",
            Self::StaffCompetence => "staff_competence",
            Self::PublicSubsidyDeclaration => "public_subsidy_declaration",
            Self::Other => "other",
        }
    }

    /// The kind of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Whether it is [`EvidenceKind::Other`].
    pub fn is_other(&self) -> bool {
        *self == Self::Other
    }
}

/// A piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Its id.
    pub id: Id<kind::Evidence>,
    /// Whose it is.
    pub provider: Id<kind::Provider>,
    /// Of which unit; of all of the provider's where none is named.
    pub unit: Option<Id<kind::ServiceUnit>>,
    /// What is shown.
    pub kind: EvidenceKind,
    /// The code of the requirement that it is for, where the kind is [`EvidenceKind::Other`].
    pub requirement: Option<String>,
    /// Where it can be seen: a register entry, a policy number, an address on the internet.
    pub reference: String,
    /// When it was issued.
    pub issued_on: Option<Day>,
    /// First day on which it holds; at once where none is named.
    pub valid_from: Option<Day>,
    /// Last day on which it holds, where it expires.
    pub valid_until: Option<Day>,
    /// What the register of units says, where the kind is [`EvidenceKind::Soteri`].
    pub soteri: Option<SoteriRegistration>,
    /// The file that shows it.
    pub attachment: Option<Id<kind::Attachment>>,
    /// Who gave it.
    pub given_by: String,
    /// When.
    pub given_at: Moment,
    /// When and by whom it was taken back.
    pub withdrawn: Option<(Moment, String)>,
}

impl Evidence {
    /// Whether it is what a requirement asks for, of this unit or of the whole provider. Whether it [shows](Self::shows)
    /// that, and whether it holds, are other questions.
    pub fn is_for(&self, requirement: &Requirement, unit: Id<kind::ServiceUnit>) -> bool {
        let of_code = self.kind != EvidenceKind::Other || self.requirement.as_deref() == Some(&requirement.code);
        self.kind == requirement.kind && of_code && self.unit.is_none_or(|own| own == unit)
    }
}

/// What an organiser found when it looked at a piece of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// It shows what it should.
    Accepted,
    /// It does not, or no longer does.
    Rejected,
}

impl CheckOutcome {
    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }

    /// The outcome of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Accepted, Self::Rejected].into_iter().find(|outcome| outcome.code() == code)
    }
}

/// An organiser's look at a piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceCheck {
    /// Its id.
    pub id: Id<kind::EvidenceCheck>,
    /// Whose look it is.
    pub organiser: Id<kind::Organiser>,
    /// At what.
    pub evidence: Id<kind::Evidence>,
    /// What was found.
    pub outcome: CheckOutcome,
    /// From which day on it counts: the organiser's today.
    pub day: Day,
    /// Why, in words for the provider.
    pub note: Option<String>,
    /// Who looked.
    pub checked_by: String,
    /// When.
    pub checked_at: Moment,
}

/// The days on which a piece of evidence holds for one organiser, in order. `checks` are that organiser's, oldest first.
///
/// It holds from the day of its acceptance on, never before, and within the days that it names itself; a rejection ends
/// it from its day on, and another acceptance opens it again. From the day on which it is taken back, it holds no more.
pub fn held(piece: &Evidence, checks: &[EvidenceCheck], withdrawn_on: Option<Day>) -> Vec<Period> {
    let ends = [piece.valid_until.map(|last| last.plus_days(1)), withdrawn_on];
    let end = ends.into_iter().flatten().min();
    accepted(checks).into_iter().filter_map(|period| within(period, piece.valid_from, end)).collect()
}

/// The days on which the latest check is an acceptance.
fn accepted(checks: &[EvidenceCheck]) -> Vec<Period> {
    let mut periods: Vec<Period> = Vec::new();
    let mut since: Option<Day> = None;
    let mut latest: Option<Day> = None;
    for check in checks {
        // Checks are in the order in which they were made, even where a clock was set back between them.
        let day = latest.map_or(check.day, |before| before.max(check.day));
        latest = Some(day);
        match (check.outcome, since) {
            (CheckOutcome::Accepted, None) => since = Some(day),
            (CheckOutcome::Rejected, Some(from)) => {
                periods.extend(Period::new(from, Some(day)).ok());
                since = None;
            }
            (CheckOutcome::Accepted, Some(_)) | (CheckOutcome::Rejected, None) => {}
        }
    }
    periods.extend(since.map(Period::starting));
    joined(periods)
}

/// Periods in order, those that touch each other made one.
fn joined(periods: Vec<Period>) -> Vec<Period> {
    let mut joined: Vec<Period> = Vec::new();
    for period in periods {
        let touching = joined.pop_if(|last| last.to() == Some(period.from()));
        let from = touching.map_or(period.from(), Period::from);
        joined.extend(Period::new(from, period.to()).ok());
    }
    joined
}

/// What of a period lies from a day on and before another one.
fn within(period: Period, from: Option<Day>, end: Option<Day>) -> Option<Period> {
    let from = from.map_or(period.from(), |from| from.max(period.from()));
    let to = [period.to(), end].into_iter().flatten().min();
    Period::new(from, to).ok()
}

#[cfg(test)]
mod tests;
