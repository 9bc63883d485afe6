//! Many things that are asked for at once: what is done with rows that are refused, and what became of each.

use serde::{Deserialize, Serialize};

/// What is done with rows that are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchMode {
    /// Where a row is refused, nothing is done.
    #[default]
    AllOrNothing,
    /// What is refused is left out. Rows are done some at a time.
    PerRow,
}

impl BatchMode {
    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AllOrNothing => "all_or_nothing",
            Self::PerRow => "per_row",
        }
    }

    /// The mode of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::AllOrNothing, Self::PerRow].into_iter().find(|mode| mode.code() == code)
    }
}

/// Where a batch of vouchers stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// Its rows are being decided on.
    Running,
    /// All rows are decided on.
    Done,
    /// Nothing more will be issued: all or nothing was asked, and not all could be; or the program that asked was ended.
    Refused,
}

impl BatchState {
    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }

    /// The state of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Running, Self::Done, Self::Refused].into_iter().find(|state| state.code() == code)
    }
}

/// What became of a row that asked for a voucher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IssueOutcome {
    /// A voucher was issued, or would be.
    Issued,
    /// It had been decided on before, by the same reference.
    Repeated,
    /// It was decided that none is granted, or would be.
    NotGranted,
    /// It cannot be decided on.
    Refused,
}

impl IssueOutcome {
    const ALL: [Self; 4] = [Self::Issued, Self::Repeated, Self::NotGranted, Self::Refused];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Repeated => "repeated",
            Self::NotGranted => "not_granted",
            Self::Refused => "refused",
        }
    }

    /// The outcome of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }
}

/// How many rows became what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
pub struct IssueCounts {
    /// Vouchers that were issued, or would be.
    #[schema(minimum = 0, maximum = 10000)]
    pub issued: i32,
    /// Rows that had been decided on before, by the same reference.
    #[schema(minimum = 0, maximum = 10000)]
    pub repeated: i32,
    /// Rows for which it was decided that none is granted, or would be.
    #[schema(minimum = 0, maximum = 10000)]
    pub not_granted: i32,
    /// Rows that cannot be decided on.
    #[schema(minimum = 0, maximum = 10000)]
    pub refused: i32,
}

impl IssueCounts {
    /// Counts one more.
    pub fn add(&mut self, outcome: IssueOutcome) {
        let count = match outcome {
            IssueOutcome::Issued => &mut self.issued,
            IssueOutcome::Repeated => &mut self.repeated,
            IssueOutcome::NotGranted => &mut self.not_granted,
            IssueOutcome::Refused => &mut self.refused,
        };
        *count = count.saturating_add(1);
    }

    /// All of them.
    pub fn all(self) -> i32 {
        [self.issued, self.repeated, self.not_granted, self.refused].into_iter().fold(0, i32::saturating_add)
    }
}
