//! Vouchers against what was decided and audited of them, and their allotments against the ledger.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Deserialize;
use valinta_domain::decision::{DecisionKind, DecisionOutcome};
use valinta_domain::explain::Step;
use valinta_domain::ledger::{EntryKind, allotment_periods};
use valinta_domain::rulebook::Measure;
use valinta_domain::rules::Facts;
use valinta_domain::valuation::Versions;
use valinta_domain::{Amount, Day, Period, Quantity};

use super::changes::{self, Changes, Granted};
use super::versions::{AllVersions, version};
use super::{About, Faults, money};
use crate::dialect::{Conn, sum_i64};
use crate::error::DbError;
use crate::schema::{allotments, audit_log, decisions, ledger_entries, vouchers};
use crate::types::DbId;
use crate::vouchers::{measure_from_code, per_from_code, unused_from_code};

/// Vouchers at once: each comes with its decision and, where it is granted by the month, dozens of allotments.
const PAGE: i64 = 100;

#[derive(Queryable, Selectable)]
#[diesel(table_name = vouchers)]
struct Voucher {
    id: DbId,
    value_minor: i64,
    quantity_e4: i64,
    per: String,
    voucher_type_id: DbId,
    rulebook_id: DbId,
    state: String,
    valid_from: NaiveDate,
    valid_to: NaiveDate,
    decision_id: DbId,
    free_of_charge: bool,
    measure: String,
    unused: String,
    facts: String,
    replaces_id: Option<DbId>,
    changes: i32,
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
    valid_from: NaiveDate,
    valid_to: NaiveDate,
    granted_e4: i64,
    used_e4: i64,
}

impl Voucher {
    fn of_grant(&self) -> Granted {
        Granted {
            quantity: Quantity::from_e4(self.quantity_e4),
            decision: self.decision_id,
            is_replacement: self.replaces_id.is_some(),
            changes: self.changes,
        }
    }
}

impl Part {
    fn period(&self) -> Option<Period> {
        Period::new(Day::new(self.valid_from), Some(Day::new(self.valid_to))).ok()
    }
}

/// A voucher with the decision that granted it.
type Granting = (Voucher, Option<Grant>);

/// What the ledger says of all allotments of a voucher together.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    used_e4: i64,
    reversed_e4: i64,
    returned_e4: i64,
    expired_e4: i64,
    available_e4: i64,
}

pub(super) fn check(c: &mut Conn, faults: &mut Faults, versions: &mut AllVersions) -> Result<(), DbError> {
    let (mut after, nothing) = (None, Changes::default());
    while !faults.is_full() {
        let page = page_after(c, after)?;
        let (Some((first, _)), Some((last, _))) = (page.first(), page.last()) else { return Ok(()) };
        let range = (first.id, last.id);
        let issued = issues_between(c, range)?;
        let changed = changes::between(c, range)?;
        for (voucher, grant) in &page {
            let mut about = faults.of("voucher", voucher.id);
            let inputs = grant.as_ref().and_then(|grant| serde_json::from_str(&grant.inputs).ok()).unwrap_or_default();
            let changes = changed.get(&voucher.id).unwrap_or(&nothing);
            check_decision(&mut about, voucher, (grant.as_ref(), &inputs), changes);
            changes.check(&mut about, voucher.of_grant(), &inputs);
            check_issue(&mut about, voucher, issued.get(&voucher.id).map(Vec::as_slice).unwrap_or_default());
            check_terms(&mut about, voucher, versions.of_type(c, voucher.voucher_type_id)?);
        }
        check_allotments(c, faults, range, (&page, &changed))?;
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

fn check_decision(
    about: &mut About<'_>,
    voucher: &Voucher,
    (grant, inputs): (Option<&Grant>, &serde_json::Value),
    changes: &Changes,
) {
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
    let last_day = voucher.valid_to.pred_opt().unwrap_or(voucher.valid_to);
    for (name, kept, decided) in [
        ("rulebook", voucher.rulebook_id.0.to_string(), text_of(inputs, "rulebook")),
        ("valid_from", voucher.valid_from.to_string(), text_of(inputs, "valid_from")),
        ("valid_until", last_day.to_string(), changes.extended_to().or(text_of(inputs, "valid_until"))),
    ] {
        about.expect(decided == Some(&kept), || format!("its {name} is {kept}, the decision says {}", told(decided)));
    }
    let facts = inputs.get("facts").map(|facts| Facts::deserialize(facts).ok());
    about.expect(facts.unwrap_or_else(|| Some(Facts::default())) == serde_json::from_str(&voucher.facts).ok(), || {
        "its facts are not those of its decision".to_owned()
    });
    let replaces = voucher.replaces_id.map(|replaced| replaced.0.to_string());
    about.expect(text_of(inputs, "replaces") == replaces.as_deref(), || {
        format!("it replaces {}, the decision says {}", told(replaces.as_deref()), told(text_of(inputs, "replaces")))
    });
    let asked = text_of(inputs, "quantity");
    about.expect(asked.and_then(|text| text.parse().ok()) == Some(quantity), || {
        format!("its quantity is {quantity}, the decision says {}", told(asked))
    });
}

/// What is not asked for with a voucher is as its rulebook has it.
fn check_terms(about: &mut About<'_>, voucher: &Voucher, versions: Option<&Versions>) {
    let Some(versions) = versions else { return about.fault("the rulebooks of its voucher type cannot be read") };
    let Some((_, terms)) = version(versions, voucher.rulebook_id) else {
        return about.fault("its rulebook was never adopted");
    };
    let grant = &terms.grant;
    for (name, agrees) in [
        ("per", per_from_code(&voucher.per) == Some(grant.per)),
        ("measure", measure_from_code(&voucher.measure) == Some(grant.measure)),
        ("unused", unused_from_code(&voucher.unused) == Some(grant.unused)),
        ("free_of_charge", voucher.free_of_charge == terms.free_of_charge.is_some()),
    ] {
        about.expect(agrees, || format!("its {name} is not that of its rulebook"));
    }
}

/// Details of the audit rows that say what was issued, by voucher.
fn issues_between(c: &mut Conn, (first, last): (DbId, DbId)) -> Result<HashMap<DbId, Vec<String>>, DbError> {
    let rows: Vec<(Option<DbId>, String)> = audit_log::table
        .filter(audit_log::target_id.between(first, last))
        .filter(audit_log::target_kind.eq("voucher"))
        .filter(audit_log::action.eq_any(["issue_voucher", "reissue_voucher"]))
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
    (page, changed): (&[Granting], &HashMap<DbId, Changes>),
) -> Result<(), DbError> {
    let parts: Vec<Part> = allotments::table
        .filter(allotments::voucher_id.between(first, last))
        .order(allotments::valid_from)
        .select(Part::as_select())
        .load(c)?;
    let sums: Vec<(Option<DbId>, String, i64)> = ledger_entries::table
        .filter(ledger_entries::voucher_id.between(first, last))
        .filter(ledger_entries::allotment_id.is_not_null())
        .group_by((ledger_entries::allotment_id, ledger_entries::kind))
        .select((ledger_entries::allotment_id, ledger_entries::kind, sum_i64(ledger_entries::quantity_e4)))
        .load(c)?;
    let posted: HashMap<(DbId, String), i64> =
        sums.into_iter().filter_map(|(id, kind, sum)| id.map(|id| ((id, kind), sum))).collect();
    let mut sums: HashMap<DbId, Sums> = HashMap::new();
    for part in &parts {
        let sum_of = |kind: EntryKind| posted.get(&(part.id, kind.code().to_owned())).copied().unwrap_or(0);
        let granted = sum_of(EntryKind::Granted);
        let reversed = sum_of(EntryKind::UseReversed);
        let delivered = sum_of(EntryKind::Used).saturating_sub(reversed);
        let (returned, expired) = (sum_of(EntryKind::Returned), sum_of(EntryKind::Expired));
        let used = delivered.saturating_add(returned).saturating_add(expired);
        let sum = sums.entry(part.voucher_id).or_default();
        sum.used_e4 = sum.used_e4.saturating_add(delivered);
        sum.reversed_e4 = sum.reversed_e4.saturating_add(reversed);
        sum.returned_e4 = sum.returned_e4.saturating_add(returned);
        sum.expired_e4 = sum.expired_e4.saturating_add(expired);
        sum.available_e4 = sum.available_e4.saturating_add(part.granted_e4.saturating_sub(part.used_e4));
        let mut about = faults.of("allotment", part.id);
        for (what, kept, posted) in [("granted", part.granted_e4, granted), ("used", part.used_e4, used)] {
            let (kept, posted) = (Quantity::from_e4(kept), Quantity::from_e4(posted));
            about.expect(kept == posted, || format!("{what} is {kept}, the ledger says {posted}"));
        }
    }
    let reduced = changes::reduced_between(c, (first, last))?;
    let nothing = Changes::default();
    for (voucher, grant) in page {
        let inputs = grant.as_ref().and_then(|grant| serde_json::from_str(&grant.inputs).ok()).unwrap_or_default();
        let changes = changed.get(&voucher.id).unwrap_or(&nothing);
        let of_voucher: Vec<&Part> = parts.iter().filter(|part| part.voucher_id == voucher.id).collect();
        let mut about = faults.of("voucher", voucher.id);
        check_division(&mut about, voucher, &of_voucher);
        for part in of_voucher {
            let net = part.granted_e4.saturating_sub(reduced.get(&part.id).copied().unwrap_or(0));
            let wanted = part.period().and_then(|period| changes.granted_in(voucher.of_grant(), &inputs, period));
            about.expect(wanted == Some(net), || "an allotment does not grant the quantity of the voucher".to_owned());
        }
        let was_reduced = changes.has(DecisionKind::ReduceVoucher);
        check_state(&mut about, voucher, was_reduced, sums.get(&voucher.id).copied().unwrap_or_default());
    }
    Ok(())
}

/// The allotments are the periods of the validity.
fn check_division(about: &mut About<'_>, voucher: &Voucher, parts: &[&Part]) {
    let validity = Period::new(Day::new(voucher.valid_from), Some(Day::new(voucher.valid_to)));
    let wanted = validity.ok().zip(per_from_code(&voucher.per)).map(|(validity, per)| allotment_periods(validity, per));
    let kept = parts.iter().map(|part| part.period());
    about.expect(kept.collect::<Option<Vec<_>>>() == wanted, || {
        "its allotments are not the periods of its validity".to_owned()
    });
}

/// The state is one that the ledger can have led to. A service that costs the organiser nothing leaves a purse whole, and one
/// that is taken back what is granted; what expires leaves the state as it is.
fn check_state(about: &mut About<'_>, voucher: &Voucher, was_reduced: bool, sums: Sums) {
    let (used, returned) = (sums.used_e4 > 0, sums.returned_e4 > 0 && !was_reduced);
    let (left, expired, reversed) = (sums.available_e4 > 0, sums.expired_e4 > 0, sums.reversed_e4 > 0);
    let purse = measure_from_code(&voucher.measure) == Some(Measure::Money);
    let agrees = match voucher.state.as_str() {
        "offered" | "accepted" | "chosen" => !used && !returned && (left || expired),
        "refused" => !used && !left,
        "in_use" => (used || purse || reversed) && !returned && (left || expired),
        "used_up" => used && !returned && !left,
        "cancelled" => !left,
        _ => false,
    };
    about.expect(agrees, || format!("it is {}, which its ledger did not lead to", voucher.state));
}

pub(super) fn text_of<'a>(object: &'a serde_json::Value, name: &str) -> Option<&'a str> {
    object.get(name).and_then(serde_json::Value::as_str)
}

fn told(found: Option<&str>) -> &str {
    found.unwrap_or("nothing")
}
