//! The issuing itself, some rows at a time, or all of them together where all or nothing is asked. Each piece is a transaction
//! that says how far it has come: a batch goes on after a crash where it was, in whatever process, and issues nothing twice.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use valinta_domain::Id;
use valinta_domain::batch::{BatchMode, BatchState, IssueOutcome};
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::policy::{Actor, Role, Target};
use valinta_persistence::voucher_batches::{self, AskedRow, DecidedRow, VoucherBatch};
use valinta_persistence::{Conn, issue_references, machine_clients};

use super::asked::{Kept, document};
use crate::cx::Cx;
use crate::http::Problem;
use crate::vouchers::{Decided, Grounds, IssueCommand, decide, decided_before, store};

/// Rows that are decided on in one transaction, where each stands for itself: others wait no longer than that takes.
const ROWS_AT_ONCE: i64 = 200;
/// All rows of a batch.
const ALL_ROWS: i64 = 10_000;
/// The longest that all rows may take to be decided on together: storing them takes as long again, and on SQLite nobody else
/// writes meanwhile.
const ALL_DURATION_MAX: Duration = Duration::from_secs(6);

/// Whose a batch is.
pub(super) fn target_of(organiser: Id<kind::Organiser>) -> Target {
    Target { organiser: Some(organiser), ..Target::default() }
}

/// Does the next rows of a batch. How many; none where it has ended.
pub(crate) fn go_on(c: &mut Conn, cx: &Cx, id: Id<kind::VoucherBatch>) -> Result<usize, Problem> {
    // Another process may have ended it meanwhile.
    let Some(batch) = voucher_batches::take(c, id)? else { return Ok(0) };
    let asker = cx.acting_as(asker_of(&batch));
    let program = machine_clients::of_subject(c, &batch.asked_by)?;
    let done = if program.is_some_and(|program| program.ended.is_some()) {
        let why = Some("The program that asked for it has been ended.".to_owned());
        end(c, &asker, VoucherBatch { why, ..batch }, BatchState::Refused, Vec::new(), 0)?
    } else {
        piece(c, &asker, batch)?
    };
    asker.finish(c)?;
    Ok(done)
}

/// Who has asked for it decides, whoever does it.
fn asker_of(batch: &VoucherBatch) -> Actor {
    Actor {
        subject: batch.asked_by.clone(),
        role: Role::CaseWorker,
        organiser: Some(batch.organiser),
        person: None,
        memberships: Vec::new(),
        mandates: Vec::new(),
    }
}

fn piece(c: &mut Conn, cx: &Cx, mut batch: VoucherBatch) -> Result<usize, Problem> {
    let together = batch.mode == BatchMode::AllOrNothing && !batch.dry_run;
    let asked = voucher_batches::next_rows(c, cx.vault(), batch.id, if together { ALL_ROWS } else { ROWS_AT_ONCE })?;
    let mut grounds = Grounds::of(c, cx)?;
    let began = Instant::now();
    let Some((mut rows, decided)) = decide_all(c, cx, &mut grounds, &asked, together.then_some(began))? else {
        batch.why =
            Some("The rows take too long together for one transaction. Send fewer, or mode=per_row.".to_owned());
        return end(c, cx, batch, BatchState::Refused, Vec::new(), asked.len());
    };
    if together && rows.iter().any(|row| row.outcome == IssueOutcome::Refused) {
        rows.retain(|row| row.outcome == IssueOutcome::Refused);
        return end(c, cx, batch, BatchState::Refused, rows, asked.len());
    }
    if batch.dry_run {
        for row in rows.iter_mut().filter(|row| row.outcome != IssueOutcome::Repeated) {
            (row.decision, row.voucher) = (None, None);
        }
    } else {
        store(c, cx, &grounds, &decided)?;
    }
    let counted = rows.iter().fold(batch.counts, |mut counts, row| {
        counts.add(row.outcome);
        counts
    });
    if counted.all() == batch.rows {
        return end(c, cx, batch, BatchState::Done, rows, asked.len());
    }
    batch.counts = counted;
    voucher_batches::note(c, cx.vault(), &batch, &rows)?;
    Ok(asked.len())
}

/// Ends a batch with what became of its last rows.
fn end(
    c: &mut Conn,
    cx: &Cx,
    mut batch: VoucherBatch,
    state: BatchState,
    rows: Vec<DecidedRow>,
    done: usize,
) -> Result<usize, Problem> {
    for row in &rows {
        batch.counts.add(row.outcome);
    }
    (batch.state, batch.ended_at) = (state, Some(cx.now()));
    voucher_batches::note(c, cx.vault(), &batch, &rows)?;
    voucher_batches::forget_requests(c, batch.id)?;
    let (target, what) = (target_of(batch.organiser), ("voucher_batch", batch.id.uuid()));
    cx.audit("end_voucher_batch", what, &target, json!({"state": state, "counts": batch.counts}));
    cx.tell(EventKind::VoucherBatchEnded, what, &target, json!({"voucher_batch": batch.id, "state": state}));
    Ok(done.max(1))
}

/// What becomes of rows, and what is to be stored of them; nothing where it takes too long.
#[expect(clippy::type_complexity, reason = "rows beside what they come to")]
fn decide_all(
    c: &mut Conn,
    cx: &Cx,
    grounds: &mut Grounds,
    asked: &[AskedRow],
    began: Option<Instant>,
) -> Result<Option<(Vec<DecidedRow>, Vec<Decided>)>, Problem> {
    let kept = asked.iter().map(Kept::of).collect::<Result<Vec<_>, _>>()?;
    let references: Vec<&str> = kept.iter().filter_map(|kept| kept.reference.as_deref()).collect();
    let mut before = std::collections::BTreeMap::new();
    for some in references.chunks(REFERENCES_AT_ONCE) {
        before.extend(issue_references::find(c, grounds.organiser.id, some)?);
    }
    let (mut rows, mut decided) = (Vec::with_capacity(asked.len()), Vec::with_capacity(asked.len()));
    for (kept, AskedRow { place, .. }) in kept.into_iter().zip(asked) {
        if began.is_some_and(|began| began.elapsed() > ALL_DURATION_MAX) {
            return Ok(None);
        }
        let row = |outcome| DecidedRow {
            place: *place,
            reference: kept.reference.clone(),
            outcome,
            decision: None,
            voucher: None,
            problem: None,
        };
        let refused = |problem: Value| DecidedRow { problem: Some(problem.to_string()), ..row(IssueOutcome::Refused) };
        let command = match &kept.command {
            Ok(command) => command,
            Err(problem) => {
                rows.push(refused(problem.clone()));
                continue;
            }
        };
        let known = kept.reference.as_ref().and_then(|reference| before.get(reference));
        let outcome =
            match known {
                Some(known) => decided_before(c, cx, command, known).map(|_| {
                    let row = row(IssueOutcome::Repeated);
                    DecidedRow { decision: Some(known.decision), voucher: known.voucher, ..row }
                }),
                None => decide_one(c, cx, grounds, command, &mut decided).map(|(outcome, decision, voucher)| {
                    DecidedRow { decision: Some(decision), voucher, ..row(outcome) }
                }),
            };
        rows.push(match outcome {
            Ok(row) => row,
            Err(problem) if problem.is_of_database() || problem.kind().status().is_server_error() => {
                return Err(problem);
            }
            Err(problem) => refused(document(problem, *place)?),
        });
    }
    Ok(Some((rows, decided)))
}

/// References that are looked for at once: as many as both databases bind.
const REFERENCES_AT_ONCE: usize = 500;

type Outcome = (IssueOutcome, Id<kind::Decision>, Option<Id<kind::Voucher>>);

fn decide_one(
    c: &mut Conn,
    cx: &Cx,
    grounds: &mut Grounds,
    command: &IssueCommand,
    all: &mut Vec<Decided>,
) -> Result<Outcome, Problem> {
    let decided = decide(c, cx, grounds, command)?;
    let voucher = decided.granted.as_ref().map(|granted| granted.stored.voucher.id);
    let outcome = if voucher.is_some() { IssueOutcome::Issued } else { IssueOutcome::NotGranted };
    let decision = decided.decision.id;
    all.push(decided);
    Ok((outcome, decision, voucher))
}
