//! What was changed of vouchers since they were issued, against the decisions that changed it and their audit rows.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::Value;
use valinta_domain::decision::DecisionKind;
use valinta_domain::grant::{Quantities, QuantityChange};
use valinta_domain::ledger::EntryKind;
use valinta_domain::{Amount, Day, Period, Quantity};

use super::vouchers::text_of;
use super::{About, money};
use crate::dialect::{Conn, sum_i64};
use crate::error::DbError;
use crate::schema::{audit_log, decisions, ledger_entries, voucher_quantities, voucher_values};
use crate::types::DbId;

/// The decisions that change a grant.
const KINDS: [DecisionKind; 3] = [DecisionKind::ExtendVoucher, DecisionKind::RaiseVoucher, DecisionKind::ReduceVoucher];

/// How a voucher was issued.
#[derive(Debug, Clone, Copy)]
pub(super) struct Granted {
    pub(super) quantity: Quantity,
    pub(super) decision: DbId,
    pub(super) is_replacement: bool,
    pub(super) changes: i32,
}

/// A decision that changed a voucher.
#[derive(Debug)]
struct Made {
    id: DbId,
    kind: String,
    inputs: Value,
}

/// A row of what a decision has set.
#[derive(Debug)]
struct Set<T> {
    from: NaiveDate,
    figure: T,
    decision: DbId,
}

/// What was changed of one voucher, in order.
#[derive(Debug, Default)]
pub(super) struct Changes {
    made: Vec<Made>,
    values: Vec<Set<Amount>>,
    quantities: Vec<Set<Quantity>>,
    audited: Vec<Value>,
}

/// What was changed of the vouchers of a page.
pub(super) fn between(c: &mut Conn, (first, last): (DbId, DbId)) -> Result<HashMap<DbId, Changes>, DbError> {
    let mut all: HashMap<DbId, Changes> = HashMap::new();
    let codes = KINDS.map(DecisionKind::code);
    let made: Vec<(DbId, DbId, String, String)> = decisions::table
        .filter(decisions::subject_id.between(first, last))
        .filter(decisions::kind.eq_any(codes))
        .order(decisions::id)
        .select((decisions::subject_id, decisions::id, decisions::kind, decisions::inputs))
        .load(c)?;
    for (voucher, id, kind, inputs) in made {
        let inputs = serde_json::from_str(&inputs).unwrap_or_default();
        all.entry(voucher).or_default().made.push(Made { id, kind, inputs });
    }
    let values: Vec<(DbId, NaiveDate, i64, DbId)> = voucher_values::table
        .filter(voucher_values::voucher_id.between(first, last))
        .order((voucher_values::voucher_version, voucher_values::id))
        .select((
            voucher_values::voucher_id,
            voucher_values::from_day,
            voucher_values::value_minor,
            voucher_values::decision_id,
        ))
        .load(c)?;
    for (voucher, from, value, decision) in values {
        all.entry(voucher).or_default().values.push(Set { from, figure: money(value), decision });
    }
    let quantities: Vec<(DbId, NaiveDate, i64, DbId)> = voucher_quantities::table
        .filter(voucher_quantities::voucher_id.between(first, last))
        .order((voucher_quantities::voucher_version, voucher_quantities::from_day))
        .select((
            voucher_quantities::voucher_id,
            voucher_quantities::from_day,
            voucher_quantities::quantity_e4,
            voucher_quantities::decision_id,
        ))
        .load(c)?;
    for (voucher, from, quantity, decision) in quantities {
        let figure = Quantity::from_e4(quantity);
        all.entry(voucher).or_default().quantities.push(Set { from, figure, decision });
    }
    let audited: Vec<(Option<DbId>, String)> = audit_log::table
        .filter(audit_log::target_id.between(first, last))
        .filter(audit_log::target_kind.eq("voucher"))
        .filter(audit_log::action.eq_any(codes))
        .select((audit_log::target_id, audit_log::details))
        .load(c)?;
    for (voucher, details) in audited.into_iter().filter_map(|(voucher, details)| voucher.map(|id| (id, details))) {
        all.entry(voucher).or_default().audited.push(serde_json::from_str(&details).unwrap_or_default());
    }
    Ok(all)
}

/// What decisions have taken back of the allotments of a page's vouchers.
pub(super) fn reduced_between(c: &mut Conn, (first, last): (DbId, DbId)) -> Result<HashMap<DbId, i64>, DbError> {
    let sums: Vec<(Option<DbId>, i64)> = ledger_entries::table
        .inner_join(decisions::table.on(decisions::id.nullable().eq(ledger_entries::decision_id)))
        .filter(ledger_entries::voucher_id.between(first, last))
        .filter(ledger_entries::kind.eq(EntryKind::Returned.code()))
        .filter(decisions::kind.eq(DecisionKind::ReduceVoucher.code()))
        .group_by(ledger_entries::allotment_id)
        .select((ledger_entries::allotment_id, sum_i64(ledger_entries::quantity_e4)))
        .load(c)?;
    Ok(sums.into_iter().filter_map(|(part, sum)| part.map(|part| (part, sum))).collect())
}

impl Changes {
    /// Whether a decision of a kind was made.
    pub(super) fn has(&self, kind: DecisionKind) -> bool {
        self.made.iter().any(|made| made.kind == kind.code())
    }

    /// The last day that the last extension has set.
    pub(super) fn extended_to(&self) -> Option<&str> {
        let extended = self.made.iter().rfind(|made| made.kind == DecisionKind::ExtendVoucher.code());
        extended.and_then(|made| text_of(&made.inputs, "valid_until"))
    }

    /// What a period's allotment grants by the decisions, without what they took back. Of a voucher that replaces
    /// another, its decision says what each period began with.
    pub(super) fn granted_in(&self, granted: Granted, inputs: &Value, period: Period) -> Option<i64> {
        let change = |set: &Set<Quantity>| QuantityChange { from: Day::new(set.from), quantity: set.figure };
        let with = |changes: Vec<QuantityChange>| Quantities { issued: granted.quantity, changes };
        let at_issue =
            with(self.quantities.iter().filter(|set| set.decision == granted.decision).map(change).collect());
        let now = with(self.quantities.iter().map(change).collect());
        let from = period.from().to_string();
        let parts = inputs.get("allotments").and_then(Value::as_array);
        let of_period = parts.and_then(|parts| parts.iter().find(|part| text_of(part, "from") == Some(&from)));
        let base = match of_period {
            Some(part) => text_of(part, "granted")?.parse().ok()?,
            None => at_issue.in_period(period),
        };
        let changed = now.in_period(period).e4().checked_sub(at_issue.in_period(period).e4())?;
        Quantity::e4(base).checked_add(changed)
    }

    /// What is kept of changes is what decisions say, and these are in the audit trail.
    pub(super) fn check(&self, about: &mut About<'_>, granted: Granted, inputs: &Value) {
        let rows = self.values.len().saturating_add(self.quantities.len());
        about.expect(usize::try_from(granted.changes) == Ok(rows), || {
            format!("it counts {} changes, and {rows} are kept", granted.changes)
        });
        for set in &self.values {
            let by_own = granted.is_replacement && set.decision == granted.decision;
            about.expect((by_own && set.is_listed(inputs, "raises", "value")) || self.says(set, "value"), || {
                format!("its value was raised to {} from {} on by no decision", set.figure, set.from)
            });
        }
        for set in &self.quantities {
            let by_own = granted.is_replacement && set.decision == granted.decision;
            let is_listed = by_own && set.is_listed(inputs, "quantities", "quantity");
            about.expect(is_listed || self.says(set, "quantity"), || {
                format!("its quantity was set to {} from {} on by no decision", set.figure, set.from)
            });
        }
        for made in &self.made {
            let is_kept =
                |name: &str, decisions: &[DbId]| text_of(&made.inputs, name).is_none() || decisions.contains(&made.id);
            let values: Vec<DbId> = self.values.iter().map(|set| set.decision).collect();
            let quantities: Vec<DbId> = self.quantities.iter().map(|set| set.decision).collect();
            about.expect(is_kept("value", &values) && is_kept("quantity", &quantities), || {
                format!("what the decision {} changed is not kept", made.id.0)
            });
            self.check_audited(about, made);
        }
    }

    /// Whether the decision of what is set says so.
    fn says<T: ToString>(&self, set: &Set<T>, name: &str) -> bool {
        let made = self.made.iter().find(|made| made.id == set.decision);
        made.is_some_and(|made| {
            text_of(&made.inputs, name) == Some(&set.figure.to_string())
                && text_of(&made.inputs, "from") == Some(&set.from.to_string())
        })
    }

    /// The decision could have been changed together with the voucher; the audit trail is chained.
    fn check_audited(&self, about: &mut About<'_>, made: &Made) {
        let id = made.id.0.to_string();
        let audited = self.audited.iter().find(|details| text_of(details, "decision") == Some(&id));
        let agrees = audited.is_some_and(|details| {
            ["valid_until", "from", "quantity", "value"]
                .iter()
                .all(|name| text_of(details, name) == text_of(&made.inputs, name))
        });
        about.expect(agrees, || format!("the audit trail does not say what the decision {id} changed"));
    }
}

impl<T: ToString> Set<T> {
    /// Whether it is among what a voucher took over from the one that it replaces.
    fn is_listed(&self, inputs: &Value, list: &str, name: &str) -> bool {
        let listed = inputs.get(list).and_then(Value::as_array);
        listed.is_some_and(|listed| {
            listed.iter().any(|one| {
                text_of(one, name) == Some(&self.figure.to_string())
                    && text_of(one, "from") == Some(&self.from.to_string())
            })
        })
    }
}
