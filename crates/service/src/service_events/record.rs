//! `POST /v1/service-events`: a provider records what it delivered. The one door by which a voucher is spent.

use actix_web::{HttpResponse, post, web};
use serde::Serialize;
use serde_json::json;
use valinta_domain::approval::{CutChoice, may_serve};
use valinta_domain::choice_request::RequestCause;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::ledger::{Allotment, EntryKind, Posting};
use valinta_domain::offering::OfferPrice;
use valinta_domain::policy::{Action, Role, Target};
use valinta_domain::rulebook::AcceptanceTerms;
use valinta_domain::rules::Facts;
use valinta_domain::service_event::account::{ActKind, EventAccount, Figures, Flag};
use valinta_domain::service_event::{self, Agreement, Delivery, Missed, RecordRefused, Recording, Under, available_on};
use valinta_domain::voucher::{Voucher, VoucherState};
use valinta_domain::{Currency, Day, Id, Moment, Period, Quantity};
use valinta_persistence::approvals::Approval;
use valinta_persistence::choices::Choice;
use valinta_persistence::event_accounts::{self, EventAct, StoredAccount};
use valinta_persistence::organisers::Organiser;
use valinta_persistence::service_events::{NewEntry, ServiceEvent};
use valinta_persistence::voucher_types::Rulebook;
use valinta_persistence::vouchers::{StoredAllotment, StoredVoucher};
use valinta_persistence::{Conn, DbError, approvals, choices, organisers, service_events, voucher_types, vouchers};

use super::act::target_of;
use super::request::{RecordCommand, RecordServiceEvent, VoucherRef};
use super::span::span_in;
use super::view::{ServiceEventView, Standing};
use crate::app::{App, Reply};
use crate::choice_requests::end_of_voucher;
use crate::cx::{Cx, day_at, found, zone_of};
use crate::http::permit::ServiceEventsWrite;
use crate::http::{IdempotencyKey, Json, Permit, Problem, ProblemKind};
use crate::vouchers::{Places, valuation_of, versions_beside};

/// What was recorded, and what is left.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RecordedServiceEvent {
    /// The event.
    event: ServiceEventView,
    /// What the voucher still grants for services of the day: units, or money where it grants that.
    available: Quantity,
}

/// Records a service that was delivered under a voucher, and posts its value and co-payment to the voucher's ledger.
///
/// The value is the voucher's, by the rulebook that it was issued under or moved to; the price is the one agreed by the
/// choice; ceiling and deadline are those of the day of service. A service during which the value changes is split into
/// lines. What the voucher does not have left cannot be recorded, however many ask at once.
///
/// What has a `reference` is recorded once: the same again answers what was recorded (200), and something else by the same
/// reference is refused. A visit that the client missed is recorded by its `kind`, where the rulebook charges for it.
///
/// Where a decision has ended the choice, because the unit's approval was suspended, cancelled or ended, services of the
/// day that had ended by the moment of the decision are recorded still, with their start and end.
#[utoipa::path(
    tag = "service-events",
    params(IdempotencyKey),
    responses(
        (status = 201, description = "Recorded and posted.", body = RecordedServiceEvent),
        (status = 200, description = "Recorded before, by the same reference.", body = RecordedServiceEvent),
    ),
    security(("bearer" = ["service-events:write"])),
)]
#[post("/v1/service-events")]
pub(crate) async fn record_service_event(
    permit: Permit<ServiceEventsWrite>,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Json<RecordServiceEvent>,
) -> Result<HttpResponse, Problem> {
    let bytes = body.bytes().to_vec();
    let command = body.into_inner();
    app.command(permit.into_caller(), "record_service_event", &key, &bytes, move |c, cx| record_alone(c, cx, &command))
        .await
}

/// Records a service event.
pub(crate) fn record_alone(
    c: &mut Conn,
    cx: &Cx,
    command: &RecordCommand,
) -> Result<Reply<RecordedServiceEvent>, Problem> {
    Ok(record(c, cx, command)?.1)
}

/// Records a service event. Which one it is, and how it stands.
pub(super) fn record(
    c: &mut Conn,
    cx: &Cx,
    command: &RecordCommand,
) -> Result<(Id<kind::ServiceEvent>, Reply<RecordedServiceEvent>), Problem> {
    let Recorded { event, account, flags, currency, available, is_repeated } = record_one(c, cx, command)?;
    let is_alone = flags.is_empty() && !is_repeated;
    let standing = if is_alone { Standing::alone(account.account) } else { Standing::of(c, &account)? };
    let id = event.id;
    let location = format!("/v1/service-events/{id}");
    let event = ServiceEventView::of(event, standing, currency, Role::Provider);
    let answer = RecordedServiceEvent { event, available };
    Ok((id, if is_repeated { Reply::ok(answer) } else { Reply::created(location, answer) }))
}

/// What was recorded, as it stands.
pub(super) struct Recorded {
    pub(super) event: ServiceEvent,
    pub(super) account: StoredAccount,
    /// Why it is looked at before it is settled, besides what the rulebook says.
    pub(super) flags: Vec<Flag>,
    pub(super) currency: Currency,
    /// What the voucher still grants for services of the day.
    pub(super) available: Quantity,
    /// Whether it had been recorded before, by the same reference.
    pub(super) is_repeated: bool,
}

/// Records a service event. The voucher is taken first, so that of those who spend it at once each sees what the one
/// before has left.
pub(super) fn record_one(c: &mut Conn, cx: &Cx, command: &RecordCommand) -> Result<Recorded, Problem> {
    let not_here = || Problem::unknown("/voucher", "there is no such voucher for the provider");
    let id = voucher_of(c, &command.voucher)?.ok_or_else(not_here)?;
    let stored = vouchers::take(c, id)?.ok_or_else(not_here)?;
    let day = command.day;
    let organiser = found(organisers::find(c, stored.voucher.organiser)?)?;
    let earlier = earlier_of(c, cx, command)?;
    if let Some(event) = earlier.iter().find(|event| command.is_of(id, event)) {
        return repeated(c, cx, &stored, &organiser, event.clone());
    }
    let Own { choice, period, cut } = own_choice(c, cx, (id, command), &organiser)?.ok_or_else(not_here)?;
    let target = Target {
        organiser: Some(stored.voucher.organiser),
        provider: Some(choice.provider),
        person: Some(stored.voucher.person),
    };
    cx.require(Action::RecordServiceEvent, &target)?;
    if let Some(other) = earlier.iter().find(|event| event.provider == choice.provider) {
        return Err(reference_taken(other.id));
    }
    let rulebook = voucher_types::rulebook_in_force(c, stored.voucher.voucher_type, day)?.ok_or_else(|| {
        Problem::new(ProblemKind::NotValidOnDay, "No rulebook was in force on the day of service.").at(
            "/day",
            "no_rulebook",
            "no rulebook was in force on that day",
        )
    })?;
    let parts = vouchers::allotments(c, id)?;
    let allotments: Vec<Allotment> = parts.iter().map(|part| part.allotment).collect();
    // What was served before a decision ended the choice is owed; the day of the decision is no day of the approval.
    let served_before =
        cut.map(|cut| cut.served_before(day, command.span.map(|(_, ended)| ended))).transpose()?.flatten();
    if served_before.is_none() {
        check_serving(c, &choice, stored.voucher.voucher_type, day)?;
    }
    let period = served_before.unwrap_or(period);
    let versions = versions_beside(c, &stored.voucher, &rulebook)?;
    let valuation = valuation_of(&stored.voucher, &versions, day)?.map_err(RecordRefused::from)?;
    let agreement = Agreement { price: choice.price.clone(), period, sector: choice.sector };
    let under = Under {
        agreement: &agreement,
        terms: &rulebook.terms,
        valuation: &valuation,
        now: cx.now(),
        today: cx.today(&organiser)?,
    };
    let delivery =
        delivery_of((day, command.quantity), command.span, (&command.facts, command.missed.as_ref()), &organiser)?;
    let recording = service_event::record(stored.voucher.clone(), &allotments, &under, &delivery)?;
    let allotment = part_of(&parts, recording.allotment_index)?;
    let event = event_of(cx, command, &stored, &choice, &rulebook, allotment, &recording);
    let flags = service_events::alike(c, &event)?;
    let account = account_of(&event, &flags, &rulebook.terms.recording.acceptance);
    store(c, cx, &stored, (&event, &account), &parts, &recording)?;
    flag(c, cx, &event, &flags)?;
    note(cx, &event, &target);
    let flags = flags.into_iter().map(|(flag, _)| flag).collect();
    let (currency, available) = (organiser.currency, recording.available);
    Ok(Recorded { event, account, flags, currency, available, is_repeated: false })
}

/// Which voucher it is; none where it is a number of no voucher.
fn voucher_of(c: &mut Conn, voucher: &VoucherRef) -> Result<Option<Id<kind::Voucher>>, DbError> {
    match voucher {
        VoucherRef::Id(id) => Ok(Some(*id)),
        VoucherRef::Number(number) => vouchers::id_of_number(c, number),
    }
}

fn note(cx: &Cx, event: &ServiceEvent, target: &Target) {
    let id = event.id;
    let details = json!({"service_event": id, "provider": event.provider, "quantity": event.quantity});
    cx.audit("record_service_event", ("voucher", event.voucher.uuid()), target, details);
    let message = json!({"service_event": id, "voucher": event.voucher});
    cx.tell(EventKind::ServiceEventRecorded, ("service_event", id.uuid()), target, message);
}

/// What the caller's providers have recorded by the reference before.
fn earlier_of(c: &mut Conn, cx: &Cx, command: &RecordCommand) -> Result<Vec<ServiceEvent>, DbError> {
    match &command.reference {
        Some(reference) => service_events::of_reference(c, &cx.actor().provider_ids(), reference),
        None => Ok(Vec::new()),
    }
}

/// What was recorded before, as it stands now.
fn repeated(
    c: &mut Conn,
    cx: &Cx,
    stored: &StoredVoucher,
    organiser: &Organiser,
    event: ServiceEvent,
) -> Result<Recorded, Problem> {
    let target = target_of(&event);
    cx.require(Action::RecordServiceEvent, &target)?;
    cx.audit("show_service_event", ("service_event", event.id.uuid()), &target, json!({}));
    let account = found(event_accounts::find(c, event.id)?)?;
    let parts = vouchers::allotments(c, event.voucher)?;
    let allotments: Vec<Allotment> = parts.iter().map(|part| part.allotment).collect();
    let available = available_on(&allotments, stored.voucher.unused, event.day);
    let currency = organiser.currency;
    Ok(Recorded { event, account, flags: Vec::new(), currency, available, is_repeated: true })
}

fn reference_taken(other: Id<kind::ServiceEvent>) -> Problem {
    let why = format!("the provider has recorded another service by this reference: {other}");
    Problem::new(ProblemKind::Duplicate, "Another service was recorded by this reference.").at(
        "/reference",
        "other_content",
        why,
    )
}

/// What was delivered, with its time as it was where the organiser is.
pub(super) fn delivery_of(
    (day, quantity): (Day, Quantity),
    span: Option<(Moment, Moment)>,
    (facts, missed): (&Facts, Option<&Missed>),
    organiser: &Organiser,
) -> Result<Delivery, Problem> {
    let span = match span {
        None => None,
        Some((started_at, ended_at)) => Some(span_in(zone_of(organiser)?, started_at, ended_at)),
    };
    Ok(Delivery { day, quantity, span, facts: facts.clone(), missed: missed.cloned() })
}

/// A provider's choice, its days, and how a decision ended it on the day of the service, if one did.
struct Own {
    choice: Choice,
    period: Period,
    cut: Option<CutChoice>,
}

/// The provider's choice that was ended on the day by a decision of the same day, where the service had ended by then; or
/// else the one that holds on the day, or was ended on it. Where there is none, its latest, for the refusal to name its
/// first day.
fn own_choice(
    c: &mut Conn,
    cx: &Cx,
    (voucher, command): (Id<kind::Voucher>, &RecordCommand),
    organiser: &Organiser,
) -> Result<Option<Own>, Problem> {
    let day = command.day;
    let own = choices::of_voucher(c, voucher)?.into_iter();
    let own: Vec<Choice> = own.filter(|choice| cx.actor().is_member_of(choice.provider)).collect();
    let cut = cut_on(&own, day, organiser)?;
    // Another unit of the provider may have been chosen for the rest of the day: what came before is the first one's.
    if let Some((cut_choice, cut)) = cut.clone()
        && cut.served_before(day, command.span.map(|(_, ended_at)| ended_at)).is_ok_and(|days| days.is_some())
    {
        return Ok(cut_own(cut_choice, cut, day));
    }
    let holding = own.iter().find(|choice| choice.period().is_some_and(|period| period.contains(day)));
    if let Some(choice) = holding {
        return Ok(choice.period().map(|period| Own { choice: choice.clone(), period, cut: None }));
    }
    if let Some((cut_choice, cut)) = cut {
        return Ok(cut_own(cut_choice, cut, day));
    }
    let with_days = |choice: &Choice| choice.period().map(|period| Own { choice: choice.clone(), period, cut: None });
    Ok(own.iter().find_map(with_days))
}

/// The choice that a decision of the day ended on it, if there is one. By a decision of an earlier day, nothing of this one
/// was chosen any more.
fn cut_on(own: &[Choice], day: Day, organiser: &Organiser) -> Result<Option<(Choice, CutChoice)>, Problem> {
    for choice in own {
        let Some(cut) = choice.cut().filter(|cut| cut.to == day && cut.from <= day) else { continue };
        if day_at(cut.at, organiser)? == day {
            return Ok(Some((choice.clone(), cut)));
        }
    }
    Ok(None)
}

fn cut_own(choice: Choice, cut: CutChoice, day: Day) -> Option<Own> {
    let period = Period::new(cut.from, Some(day.plus_days(1))).ok()?;
    Some(Own { choice, period, cut: Some(cut) })
}

/// Whether the unit could serve on the day: what it delivered before it closed or its approval ended is owed, and nothing
/// after.
fn check_serving(c: &mut Conn, choice: &Choice, voucher_type: Id<kind::VoucherType>, day: Day) -> Result<(), Problem> {
    let serving = found(approvals::serving(c, choice.unit, voucher_type)?)?;
    let periods: Vec<Period> = serving.approvals.iter().filter_map(Approval::period).collect();
    Ok(may_serve(day, &periods, &serving.interruptions, serving.closed_from)?)
}

/// Why an event may be another one, and which.
type Alike = (Flag, Id<kind::ServiceEvent>);

/// Notes why an event is looked at before it is settled.
fn flag(c: &mut Conn, cx: &Cx, event: &ServiceEvent, flags: &[Alike]) -> Result<(), Problem> {
    for ((flag, other), number) in flags.iter().zip(1..) {
        let act = EventAct {
            id: cx.id(),
            event: event.id,
            number,
            organiser: event.organiser,
            kind: ActKind::Flagged,
            reason_code: Some(flag.code().to_owned()),
            reason: Some(other.to_string()),
            taken_back: Figures::ZERO,
            by: cx.actor().subject.clone(),
            role: cx.actor().role,
            at: cx.now(),
        };
        event_accounts::note(c, &act)?;
    }
    Ok(())
}

/// How it stands at first. What is looked at besides the dear is drawn by the event's id, which nobody can foretell.
fn account_of(event: &ServiceEvent, flags: &[Alike], terms: &AcceptanceTerms) -> StoredAccount {
    let counted = Figures { quantity: event.quantity, charges: event.charges };
    let drawn = u8::try_from(event.id.uuid().as_u128() % 100).unwrap_or_default();
    let is_accepted = flags.is_empty() && terms.accepts(event.charges.organiser_pays, drawn);
    StoredAccount {
        event: event.id,
        organiser: event.organiser,
        provider: event.provider,
        month: event.day.first_of_month(),
        account: EventAccount::recorded(counted, is_accepted),
        acts: i64::try_from(flags.len()).unwrap_or_default(),
    }
}

fn event_of(
    cx: &Cx,
    command: &RecordCommand,
    stored: &StoredVoucher,
    choice: &Choice,
    rulebook: &Rulebook,
    allotment: Id<kind::Allotment>,
    recording: &Recording,
) -> ServiceEvent {
    ServiceEvent {
        id: cx.id(),
        organiser: stored.voucher.organiser,
        voucher: stored.voucher.id,
        allotment,
        choice: choice.id,
        provider: choice.provider,
        unit: choice.unit,
        person: stored.voucher.person,
        rulebook: rulebook.id,
        day: command.day,
        quantity: command.quantity,
        span: command.span,
        facts: command.facts.clone(),
        worker: command.worker.clone(),
        reference: command.reference.clone(),
        missed: command.missed.clone(),
        value: recording.lines.first().map_or(stored.voucher.value, |line| line.value),
        by_client_fee: matches!(choice.price, OfferPrice::ClientFee { .. }),
        charges: recording.charges,
        lines: recording.lines.clone(),
        steps: recording.steps.clone(),
        recorded_by: cx.actor().subject.clone(),
        recorded_at: cx.now(),
    }
}

fn store(
    c: &mut Conn,
    cx: &Cx,
    stored: &StoredVoucher,
    (event, account): (&ServiceEvent, &StoredAccount),
    parts: &[StoredAllotment],
    recording: &Recording,
) -> Result<(), Problem> {
    let mut entries = Vec::with_capacity(recording.draws.len() + recording.postings.len());
    for draw in &recording.draws {
        let part = part_of(parts, draw.allotment)?;
        vouchers::draw(c, part, draw.quantity)?;
        let posting = Posting::of_quantity(EntryKind::Used, draw.quantity);
        entries.push(NewEntry { id: cx.id(), allotment: Some(part), posting });
    }
    entries.extend(recording.postings.iter().map(|posting| NewEntry {
        id: cx.id(),
        allotment: None,
        posting: *posting,
    }));
    if recording.voucher.state == VoucherState::UsedUp {
        use_up(c, cx, &recording.voucher)?;
    } else if recording.voucher.state != stored.voucher.state {
        vouchers::update_state(c, &recording.voucher)?;
    }
    service_events::insert(c, event).map_err(overtaken)?;
    event_accounts::insert(c, account)?;
    let occasion = event.occasion(stored.version, cx.now());
    service_events::post(c, &occasion, &entries)?;
    Ok(())
}

/// Stores that a voucher is used up: it holds no place, and is nothing to ask for.
pub(super) fn use_up(c: &mut Conn, cx: &Cx, voucher: &Voucher) -> Result<(), Problem> {
    let places = Places::of_voucher(c, voucher.id, None)?;
    vouchers::update_state(c, voucher)?;
    end_of_voucher(c, cx, voucher.id, RequestCause::VoucherEnded)?;
    places.tell(c, cx)
}

/// Where another transaction has just recorded something by the same reference: begun again, it is there to be seen.
fn overtaken(error: DbError) -> DbError {
    if matches!(error, DbError::Unique { .. }) { DbError::Serialization } else { error }
}

/// The allotment at a place among the voucher's.
pub(super) fn part_of(parts: &[StoredAllotment], place: usize) -> Result<Id<kind::Allotment>, Problem> {
    let part = parts.get(place).ok_or_else(|| Problem::internal("an allotment that is not there was drawn on"))?;
    Ok(part.id)
}
