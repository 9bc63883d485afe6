//! What a command comes to as things are: the same for a repetition, whatever has happened since.

use super::commands::{Step, Terms};
use super::model::{Cents, Day, Hundredths};

/// What is asked of the service.
#[derive(Debug, Clone)]
pub(super) enum Asked {
    Issue { kind: usize, client: usize, hundredths: Hundredths, from: Day, until: Day },
    Accept { voucher: usize, information: String },
    Refuse { voucher: usize },
    Choose { voucher: usize, offering: usize },
    Record(Delivered),
    Act { event: usize, act: Done, by_provider: bool },
    Extend { voucher: usize, until: Day },
    Raise { voucher: usize, hundredths: Option<Hundredths>, cents: Option<Cents>, from: Day },
    Reduce { voucher: usize, hundredths: Hundredths, from: Day },
    Cancel { voucher: usize },
    Reissue { voucher: usize, until: Option<Day> },
    Price { offering: usize, cents: Cents, from: Day },
    Adopt { kind: usize, terms: Terms, from: Day, rulebook: String },
    Settle { month: Day },
    Move { statement: usize, step: Step, by_maker: bool },
}

/// A service that is said to have been delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delivered {
    pub(super) voucher: usize,
    pub(super) provider: usize,
    pub(super) day: Day,
    pub(super) hundredths: Hundredths,
    /// Start and end, in minutes of the day.
    pub(super) span: Option<(i64, i64)>,
    pub(super) worker: Option<usize>,
}

/// What is done about a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Accept,
    Contest,
    Query,
    Answer,
    Dismiss,
    Uphold(Back),
    Withdraw,
    Credit(Back),
}

/// What is to be taken back; all where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Back {
    pub(super) quantity: Option<Hundredths>,
    pub(super) pays: Option<Cents>,
    pub(super) co_payment: Option<Cents>,
    pub(super) fee: Option<Cents>,
}

impl Asked {
    /// What is asked, without about what.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Issue { .. } => "issue",
            Self::Accept { .. } => "accept",
            Self::Refuse { .. } => "refuse",
            Self::Choose { .. } => "choose",
            Self::Record(_) => "record",
            Self::Act { act, .. } => match act {
                Done::Accept => "accept a service",
                Done::Contest => "contest",
                Done::Query => "query",
                Done::Answer => "answer",
                Done::Dismiss => "dismiss",
                Done::Uphold(_) => "uphold",
                Done::Withdraw => "withdraw",
                Done::Credit(_) => "credit",
            },
            Self::Extend { .. } => "extend",
            Self::Raise { .. } => "raise",
            Self::Reduce { .. } => "reduce",
            Self::Cancel { .. } => "cancel",
            Self::Reissue { .. } => "reissue",
            Self::Price { .. } => "set a price",
            Self::Adopt { .. } => "adopt",
            Self::Settle { .. } => "settle",
            Self::Move { step, .. } => match step {
                Step::Approve => "approve",
                Step::Send => "send",
                Step::Pay => "pay",
            },
        }
    }

    /// The voucher that it is about.
    pub(super) fn voucher(&self) -> Option<usize> {
        match self {
            Self::Accept { voucher, .. }
            | Self::Refuse { voucher }
            | Self::Choose { voucher, .. }
            | Self::Extend { voucher, .. }
            | Self::Raise { voucher, .. }
            | Self::Reduce { voucher, .. }
            | Self::Cancel { voucher }
            | Self::Reissue { voucher, .. } => Some(*voucher),
            Self::Record(delivered) => Some(delivered.voucher),
            Self::Issue { .. }
            | Self::Act { .. }
            | Self::Price { .. }
            | Self::Adopt { .. }
            | Self::Settle { .. }
            | Self::Move { .. } => None,
        }
    }
}
