//! Vouchers against what was decided and audited of them, and their allotments against the ledger.

use std::collections::HashMap;

use diesel::prelude::*;
use valinta_domain::decision::{DecisionKind, DecisionOutcome};
use valinta_domain::explain::Step;
use valinta_domain::ledger::EntryKind;
use valinta_domain::{Amount, Quantity};

use super::{About, Faults, money};
use crate::dialect::{Conn, sum_i64};
use crate::error::DbError;
use crate::schema::{allotments, audit_log, decisions, ledger_entries, vouchers};
use crate::types::DbId;

/// Vouchers at once: each comes with its decision and, where it is granted by the month, dozens of allotments.
const PAGE: i64 = 100;

#[derive(Queryable, Selectable)]
#[diesel(table_name = vouchers)]
struct Voucher {
    id: DbId,
    value_minor: i64,
    quantity_e4: i64,
    decision_id: DbId,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = decisions)]
struct Grant {
    kind: String,
    outcome: String,
    subject_id: DbId,
    inputs: String,
    steps: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = allotments)]
struct Part {
    id: DbId,
    voucher_id: DbId,
    granted_e4: i64,
    used_e4: i64,
}

pub(super) fn check(c: &mut Conn, faults: &mut Faults) -> Result<(), DbError> {
    let mut after = None;
    while !faults.is_full() {
        let page = page_after(c, after)?;
        let (Some((first, _)), Some((last, _))) = (page.first(), page.last()) else { return Ok(()) };
        let range = (first.id, last.id);
        let issued = issues_between(c, range)?;
        for (voucher, grant) in &page {
            let mut about = faults.of("voucher", voucher.id);
            check_decision(&mut about, voucher, grant.as_ref());
            check_issue(&mut about, voucher, issued.get(&voucher.id).map(Vec::as_slice).unwrap_or_default());
        }
        let quantities: HashMap<DbId, i64> = page.iter().map(|(v, _)| (v.id, v.quantity_e4)).collect();
        check_allotments(c, faults, range, &quantities)?;
        after = Some(range.1);
    }
    Ok(())
}

fn page_after(c: &mut Conn, after: Option<DbId>) -> Result<Vec<(Voucher, Option<Grant>)>, DbError> {
    let mut query = vouchers::table
        .left_join(decisions::table.on(decisions::id.eq(vouchers::decision_id)))
        .select((Voucher::as_select(), Option::<Grant>::as_select()))
        .order(vouchers::id)
        .limit(PAGE)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(vouchers::id.gt(after));
    }
    Ok(query.load(c)?)
}

fn check_decision(about: &mut About<'_>, voucher: &Voucher, grant: Option<&Grant>) {
    let Some(grant) = grant else { return about.fault("its decision is missing") };
    let granted = grant.kind == DecisionKind::GrantVoucher.code()
        && grant.outcome == DecisionOutcome::Granted.code()
        && grant.subject_id == voucher.id;
    about.expect(granted, || "its decision did not grant it".to_owned());
    let (value, quantity) = (money(voucher.value_minor), Quantity::from_e4(voucher.quantity_e4));
    // The last step of a grant is the one that yields the value.
    let steps: Vec<Step> = serde_json::from_str(&grant.steps).unwrap_or_default();
    let decided: Option<Amount> = steps.last().and_then(|step| step.figure.as_ref()).and_then(|f| f.parse().ok());
    about.expect(decided == Some(value), || {
        format!("its value is {value}, the decision says {}", told(decided.map(|value| value.to_string()).as_deref()))
    });
    let inputs = serde_json::from_str(&grant.inputs).unwrap_or_default();
    let asked = text_of(&inputs, "quantity");
    about.expect(asked.and_then(|text| text.parse().ok()) == Some(quantity), || {
        format!("its quantity is {quantity}, the decision says {}", told(asked))
    });
}

/// Details of the audit rows that say what was issued, by voucher.
fn issues_between(c: &mut Conn, (first, last): (DbId, DbId)) -> Result<HashMap<DbId, Vec<String>>, DbError> {
    let rows: Vec<(Option<DbId>, String)> = audit_log::table
        .filter(audit_log::target_id.between(first, last))
        .filter(audit_log::target_kind.eq("voucher"))
        .filter(audit_log::action.eq("issue_voucher"))
        .select((audit_log::target_id, audit_log::details))
        .load(c)?;
    let mut by_voucher: HashMap<DbId, Vec<String>> = HashMap::new();
    for (voucher, details) in rows {
        if let Some(voucher) = voucher {
            by_voucher.entry(voucher).or_default().push(details);
        }
    }
    Ok(by_voucher)
}

/// The decision could have been changed together with the voucher; the audit trail is chained.
fn check_issue(about: &mut About<'_>, voucher: &Voucher, issued: &[String]) {
    if issued.is_empty() {
        return about.fault("the audit trail does not say that it was issued");
    }
    let (value, quantity) = (money(voucher.value_minor), Quantity::from_e4(voucher.quantity_e4));
    let decision = voucher.decision_id.0.to_string();
    for details in issued {
        let details = serde_json::from_str(details).unwrap_or_default();
        for (name, kept) in
            [("value", value.to_string()), ("quantity", quantity.to_string()), ("decision", decision.clone())]
        {
            let audited = text_of(&details, name);
            about.expect(audited == Some(&kept), || {
                format!("its {name} is {kept}, the audit trail says {}", told(audited))
            });
        }
    }
}

fn check_allotments(
    c: &mut Conn,
    faults: &mut Faults,
    (first, last): (DbId, DbId),
    quantities: &HashMap<DbId, i64>,
) -> Result<(), DbError> {
    let parts: Vec<Part> =
        allotments::table.filter(allotments::voucher_id.between(first, last)).select(Part::as_select()).load(c)?;
    let sums: Vec<(Option<DbId>, String, i64)> = ledger_entries::table
        .filter(ledger_entries::voucher_id.between(first, last))
        .filter(ledger_entries::allotment_id.is_not_null())
        .group_by((ledger_entries::allotment_id, ledger_entries::kind))
        .select((ledger_entries::allotment_id, ledger_entries::kind, sum_i64(ledger_entries::quantity_e4)))
        .load(c)?;
    let posted: HashMap<(DbId, String), i64> =
        sums.into_iter().filter_map(|(id, kind, sum)| id.map(|id| ((id, kind), sum))).collect();
    for part in parts {
        let sum_of = |kind: EntryKind| posted.get(&(part.id, kind.code().to_owned())).copied().unwrap_or(0);
        let granted = sum_of(EntryKind::Granted);
        let used = sum_of(EntryKind::Used).saturating_add(sum_of(EntryKind::Returned));
        let mut about = faults.of("allotment", part.id);
        for (what, kept, posted) in [("granted", part.granted_e4, granted), ("used", part.used_e4, used)] {
            let (kept, posted) = (Quantity::from_e4(kept), Quantity::from_e4(posted));
            about.expect(kept == posted, || format!("{what} is {kept}, the ledger says {posted}"));
        }
        about.expect(quantities.get(&part.voucher_id) == Some(&part.granted_e4), || {
            "what it grants is not the quantity of its voucher".to_owned()
        });
    }
    Ok(())
}

fn text_of<'a>(object: &'a serde_json::Value, name: &str) -> Option<&'a str> {
    object.get(name).and_then(serde_json::Value::as_str)
}

fn told(found: Option<&str>) -> &str {
    found.unwrap_or("nothing")
}
