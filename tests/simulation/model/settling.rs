//! Months: what is due of them, on whose statement, and what is carried on.

use std::collections::BTreeMap;

use serde_json::Value;

use super::granting::id;
use super::{
    APPROVAL_LIMIT, Cents, Day, Event, EventState, Expected, Figure, Figures, Model, No, Statement, month_of,
    next_month,
};
use crate::simulation::commands::Step;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulation) enum StatementState {
    Made,
    Approved,
    Sent,
    Paid,
}

impl StatementState {
    pub(in crate::simulation) fn code(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Approved => "approved",
            Self::Sent => "sent",
            Self::Paid => "paid",
        }
    }
}

impl Event {
    fn is_due(&self) -> bool {
        match self.state {
            EventState::Accepted => self.settlements == 0 || self.counts != self.settled,
            EventState::Withdrawn => self.counts != self.settled,
            EventState::Recorded | EventState::Contested => false,
        }
    }
}

impl Model {
    /// The answer is `{"statements": …}`, by provider, as they are when the month is frozen.
    pub(super) fn settle(&mut self, month: Day, body: &Value) -> Result<Expected, No> {
        if month != month_of(month) || self.today < next_month(month) {
            return Err("that month is not over");
        }
        if self.frozen.is_some_and(|frozen| month <= frozen) {
            return Err("it is frozen");
        }
        self.frozen = Some(month);
        let mut sums: BTreeMap<usize, (usize, Figures)> = BTreeMap::new();
        for event in self.events.iter_mut().filter(|event| month_of(event.day) <= month && event.is_due()) {
            let line = event.counts.minus(event.settled);
            event.settled = event.counts;
            event.settlements += 1;
            let (lines, sum) = sums.entry(event.provider).or_default();
            *lines += 1;
            *sum = sum.minus(Figures::default().minus(line));
        }
        // Who was left below zero has a statement in any case.
        let carried = |provider: usize| -> Cents {
            let last = self.statements.iter().rev().find(|statement| statement.provider == provider);
            last.map_or(0, |statement| statement.carried_out)
        };
        let below_zero: Vec<usize> = (0..3).filter(|provider| carried(*provider) < 0).collect();
        for provider in below_zero {
            sums.entry(provider).or_default();
        }
        let made: Vec<Statement> = sums
            .into_iter()
            .map(|(provider, (lines, sums))| {
                let carried_in = carried(provider);
                let sum = carried_in + sums.pays;
                Statement {
                    id: id(body, &format!("/statements/{provider}/id")),
                    month,
                    provider,
                    lines,
                    sums,
                    carried_in,
                    payable: sum.max(0),
                    carried_out: sum.min(0),
                    state: StatementState::Made,
                }
            })
            .collect();
        let mut expected = vec![("/many".into(), Figure::Count(made.len()))];
        for statement in made {
            expected.extend(Self::shown_statement(&statement, &format!("/statements/{}", statement.provider)));
            self.statements.push(statement);
        }
        Ok(expected)
    }

    pub(super) fn move_on(&mut self, statement: usize, step: Step, by_maker: bool) -> Result<Expected, No> {
        let of = &mut self.statements[statement];
        let needs_approval = of.payable > APPROVAL_LIMIT;
        of.state = match (step, of.state) {
            (Step::Approve, StatementState::Made) if by_maker => return Err("who made it approves it"),
            (Step::Approve, StatementState::Made) => StatementState::Approved,
            (Step::Send, StatementState::Made) if needs_approval => return Err("it is not approved"),
            (Step::Send, StatementState::Made | StatementState::Approved) if of.payable == 0 => {
                return Err("nothing is payable");
            }
            (Step::Send, StatementState::Made | StatementState::Approved) => StatementState::Sent,
            (Step::Pay, StatementState::Sent) => StatementState::Paid,
            (Step::Approve | Step::Send | Step::Pay, _) => return Err("not as it stands"),
        };
        Ok(Self::shown_statement(&self.statements[statement], ""))
    }

    /// How a statement is shown.
    pub(in crate::simulation) fn shown_statement(of: &Statement, at: &str) -> Expected {
        let money = |name: &str, cents: Cents| (format!("{at}/{name}/amount"), Figure::Money(cents));
        vec![
            (format!("{at}/id"), Figure::Text(of.id.clone())),
            (format!("{at}/state"), Figure::Text(of.state.code().into())),
            (format!("{at}/month"), Figure::Text(of.month.to_string())),
            (format!("{at}/lines"), Figure::Count(of.lines)),
            money("total", of.sums.pays),
            money("co_payment", of.sums.co_payment),
            money("client_fee", of.sums.fee),
            money("carried_in", of.carried_in),
            money("payable", of.payable),
            money("carried_out", of.carried_out),
        ]
    }
}
