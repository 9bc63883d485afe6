//! How a statement is shown without its lines.

use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::policy::Target;
use valinta_domain::settlement::StatementState;
use valinta_domain::{Currency, Day, Id, Moment, Money};
use valinta_persistence::statements::Statement;

/// What one provider is paid for a month.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = StatementSums)]
pub(crate) struct StatementSumsView {
    /// Its id.
    id: Id<kind::Statement>,
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 35)]
    number: Option<String>,
    /// By which settlement it was made.
    settlement: Id<kind::Settlement>,
    /// Who pays.
    organiser: Id<kind::Organiser>,
    /// Who is paid.
    provider: Id<kind::Provider>,
    /// The first day of the month.
    month: Day,
    /// Where it stands.
    state: StatementState,
    /// How many lines it has.
    #[schema(minimum = 0)]
    lines: i64,
    /// What the organiser pays, in all its lines together. Below zero where more was taken back.
    total: Money,
    /// What clients pay to the provider, in all its lines together.
    co_payment: Money,
    /// What clients are charged by the organiser, in all its lines together.
    client_fee: Money,
    /// What the one before left: below zero, or nothing.
    carried_in: Money,
    /// What is paid.
    payable: Money,
    /// What it leaves for the next one: below zero, or nothing.
    carried_out: Money,
    /// Whether a second person approves it before it is sent.
    needs_approval: bool,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    made_at: Option<Moment>,
    /// When it was approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_at: Option<Moment>,
    /// When it was sent to be paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<Moment>,
    /// When it was noted as paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<Moment>,
    /// The payment's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 140)]
    payment_reference: Option<String>,
}

/// Whose a statement is.
pub(super) fn target_of(statement: &Statement) -> Target {
    Target { organiser: Some(statement.organiser), provider: Some(statement.provider), person: None }
}

impl StatementSumsView {
    pub(super) fn of(statement: Statement, currency: Currency) -> Self {
        let sums = statement.sums;
        let at = |step: Option<(String, Moment)>| step.map(|(_, at)| at);
        Self {
            id: statement.id,
            number: statement.number,
            settlement: statement.settlement,
            organiser: statement.organiser,
            provider: statement.provider,
            month: statement.month,
            state: statement.state,
            lines: sums.lines,
            total: sums.organiser_pays.of(currency),
            co_payment: sums.co_payment.of(currency),
            client_fee: sums.client_fee.of(currency),
            carried_in: statement.carried_in.of(currency),
            payable: statement.payable.of(currency),
            carried_out: statement.carried_out.of(currency),
            needs_approval: statement.needs_approval,
            made_at: statement.made_at,
            approved_at: at(statement.approved),
            sent_at: at(statement.sent),
            paid_at: at(statement.paid),
            payment_reference: statement.payment_reference,
        }
    }
}
