//! The settling itself, a page at a time: lines are put on statements, and when nothing is due any more the statements are
//! made and the month is frozen. Each page is a transaction that says how far it has come: a run goes on after a crash where
//! it was, in whatever process, and nothing is settled twice.

use std::collections::BTreeMap;

use serde_json::json;
use valinta_domain::event::{EventKind, Hearers};
use valinta_domain::id::kind;
use valinta_domain::policy::Target;
use valinta_domain::service_event::account::ActRefused;
use valinta_domain::settlement::{LineSums, SettlementState, SettlementTerms, carry, line_kind, may_settle};
use valinta_domain::{Day, Id};
use valinta_persistence::organisers::Organiser;
use valinta_persistence::settlements::{Settlement, SettlementLine};
use valinta_persistence::statements::{Made, Statement};
use valinta_persistence::{Conn, event_accounts, organisers, settlements, statements};

use crate::cx::{Cx, day_at, found};
use crate::http::{Problem, ProblemKind};

/// Service events that are settled in one transaction.
const PAGE: i64 = 500;
/// Statements that are made in one transaction.
const STATEMENTS: i64 = 200;
/// Runs that are looked at in one transaction, until one goes on.
const RUNS: i64 = 100;

/// Starts the settling of a month.
pub(super) fn begin(c: &mut Conn, cx: &Cx, organiser: &Organiser, month: Day) -> Result<Settlement, Problem> {
    let today = cx.today(organiser)?;
    if settlements::settings_on(c, organiser.id, today)?.is_none() {
        let why = "It has not been said yet how months are settled: from which account, and when.";
        return Err(Problem::new(ProblemKind::WrongState, why));
    }
    let latest = settlements::latest(c, organiser.id)?;
    if let Some(running) = latest.as_ref().filter(|latest| latest.state == SettlementState::Running) {
        let why = format!("The month from {} is being settled; wait until it is.", running.month);
        return Err(Problem::new(ProblemKind::Conflict, why));
    }
    may_settle(month, today, latest.map(|latest| latest.month))?;
    let run = Settlement {
        id: cx.id(),
        organiser: organiser.id,
        month,
        state: SettlementState::Running,
        after: None,
        events: 0,
        statements: 0,
        started_by: cx.actor().subject.clone(),
        started_at: cx.now(),
        frozen_at: None,
    };
    settlements::insert(c, &run)?;
    cx.audit("start_settlement", ("settlement", run.id.uuid()), &target_of(organiser.id), json!({"month": month}));
    Ok(run)
}

/// Whose a settlement is.
pub(super) fn target_of(organiser: Id<kind::Organiser>) -> Target {
    Target { organiser: Some(organiser), ..Target::default() }
}

/// Does the next piece of whichever run is under way, or starts one whose day has come. Gives how much was done; nothing
/// where there is nothing to do.
pub(crate) fn go_on(c: &mut Conn, cx: &Cx) -> Result<usize, Problem> {
    for id in settlements::running(c, RUNS)? {
        // Another process may have ended it meanwhile.
        if let Some(run) = settlements::take(c, id)? {
            return piece(c, cx, &run);
        }
    }
    start_due(c, cx)
}

/// Starts the runs whose day has come: where an organiser settles by itself on a day of the month.
fn start_due(c: &mut Conn, cx: &Cx) -> Result<usize, Problem> {
    let mut started = 0_usize;
    for organiser in settlements::organisers_with_settings(c)? {
        let organiser = found(organisers::find(c, organiser)?)?;
        let today = day_at(cx.now(), &organiser)?;
        let Some(settings) = settlements::settings_on(c, organiser.id, today)? else { continue };
        let month = today.first_of_month().plus_days(-1).first_of_month();
        let latest = settlements::latest(c, organiser.id)?.map(|latest| latest.month);
        let of_today = today.date().signed_duration_since(today.first_of_month().date()).num_days().saturating_add(1);
        let has_come = settings.terms.settlement_day.is_some_and(|day| i64::from(day) <= of_today);
        if has_come && may_settle(month, today, latest).is_ok() {
            begin(c, cx, &organiser, month)?;
            started = started.saturating_add(1);
        }
    }
    Ok(started)
}

/// The next piece of a run that is taken. Once statements are being made, what comes to be due waits for the next month:
/// what was made does not change.
fn piece(c: &mut Conn, cx: &Cx, run: &Settlement) -> Result<usize, Problem> {
    if statements::made_of(c, run.id)? > 0 {
        return make(c, cx, run);
    }
    let due = event_accounts::take_due(c, run.organiser, run.month, run.after, PAGE)?;
    let Some(last) = due.last() else { return make(c, cx, run) };
    let due_still: Vec<_> = due.iter().filter(|stored| stored.account.is_due()).collect();
    let mut providers: Vec<_> = due_still.iter().map(|stored| stored.provider).collect();
    providers.sort_unstable();
    providers.dedup();
    let of_provider = opened(c, cx, run, &providers)?;
    let mut lines = Vec::with_capacity(due_still.len());
    let mut sums: BTreeMap<Id<kind::Statement>, LineSums> = BTreeMap::new();
    for stored in &due_still {
        let statement = *found(of_provider.get(&stored.provider))?;
        let (_, figures) = stored.account.settle()?;
        let sum = sums.entry(statement).or_default();
        *sum = sum.with(&figures).ok_or(ActRefused::Overflow)?;
        lines.push(SettlementLine {
            settlement: run.id,
            event: stored.event,
            statement,
            organiser: run.organiser,
            kind: line_kind(&stored.account, &figures, (stored.month, run.month)),
            month: stored.month,
            figures,
        });
    }
    settlements::append_lines(c, &lines)?;
    let events: Vec<_> = due_still.iter().map(|stored| stored.event).collect();
    event_accounts::settle(c, &events)?;
    for (statement, sums) in &sums {
        statements::add(c, *statement, sums)?;
    }
    settlements::advance(c, run.id, last.event, i64::try_from(lines.len()).map_err(Problem::internal)?)?;
    Ok(due.len())
}

/// The statements of some providers, opened where they are not.
fn opened(
    c: &mut Conn,
    cx: &Cx,
    run: &Settlement,
    providers: &[Id<kind::Provider>],
) -> Result<BTreeMap<Id<kind::Provider>, Id<kind::Statement>>, Problem> {
    let mut of_provider: BTreeMap<_, _> = statements::of_settlement(c, run.id, providers)?.into_iter().collect();
    for provider in providers {
        if !of_provider.contains_key(provider) {
            let id = cx.id();
            statements::open(c, id, (run.organiser, *provider), (run.id, run.month), &run.started_by)?;
            of_provider.insert(*provider, id);
        }
    }
    Ok(of_provider)
}

/// Makes some of the statements; when all are made, the month is frozen.
fn make(c: &mut Conn, cx: &Cx, run: &Settlement) -> Result<usize, Problem> {
    if statements::made_of(c, run.id)? == 0 {
        carry_on(c, cx, run)?;
    }
    let open = statements::open_of(c, run.id, STATEMENTS)?;
    let organiser = found(organisers::find(c, run.organiser)?)?;
    let made_before = statements::made_of(c, run.id)?;
    if open.is_empty() {
        settlements::freeze(c, run.id, made_before, cx.now())?;
        let target = target_of(run.organiser);
        let details = json!({"month": run.month, "events": run.events, "statements": made_before});
        cx.audit("freeze_settlement", ("settlement", run.id.uuid()), &target, details);
        let message = json!({"settlement": run.id, "month": run.month});
        cx.tell(EventKind::SettlementFrozen, ("settlement", run.id.uuid()), &target, message);
        return Ok(1);
    }
    let today = cx.today(&organiser)?;
    let settings = settlements::settings_on(c, run.organiser, today)?;
    let terms = settings.map(|settings| settings.terms);
    for (statement, number) in open.iter().zip(made_before.saturating_add(1)..) {
        make_one(c, cx, run, statement, (number, terms.as_ref()))?;
    }
    Ok(open.len())
}

/// Statements for those whom the month before left below zero, and who have nothing this month.
fn carry_on(c: &mut Conn, cx: &Cx, run: &Settlement) -> Result<(), Problem> {
    let Some(before) = settlements::latest_before(c, run.organiser, run.month)? else { return Ok(()) };
    let below = statements::below_zero_in(c, before.id)?;
    opened(c, cx, run, &below)?;
    Ok(())
}

fn make_one(
    c: &mut Conn,
    cx: &Cx,
    run: &Settlement,
    statement: &Statement,
    (number, terms): (i64, Option<&SettlementTerms>),
) -> Result<(), Problem> {
    let carried_in = statements::carried_to(c, run.organiser, statement.provider, run.month)?;
    let (payable, carried_out) = carry(carried_in, statement.sums.organiser_pays).ok_or(ActRefused::Overflow)?;
    let month: String = run.month.to_string().chars().filter(char::is_ascii_digit).take(6).collect();
    let made = Made {
        number: &format!("{month}-{number:05}"),
        carried_in,
        payable,
        carried_out,
        needs_approval: terms.is_none_or(|terms| terms.needs_approval(payable)),
        at: cx.now(),
    };
    statements::make(c, statement.id, &made)?;
    let message = json!({"statement": statement.id, "settlement": run.id, "provider": statement.provider});
    cx.tell(
        EventKind::StatementMade,
        ("statement", statement.id.uuid()),
        Hearers::both(run.organiser, statement.provider),
        message,
    );
    Ok(())
}
