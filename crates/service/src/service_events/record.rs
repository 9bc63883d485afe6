//! `POST /v1/service-events`: a provider records what it delivered. The one door by which a voucher is spent.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::ledger::{Allotment, EntryKind};
use valinta_domain::offering::{OfferPrice, PriceRefused};
use valinta_domain::policy::{Action, Target};
use valinta_domain::service_event::{self, Agreement, Delivery, RecordRefused, Recording, Span};
use valinta_domain::{Day, Id, Moment, Period, Quantity};
use valinta_persistence::choices::Choice;
use valinta_persistence::organisers::Organiser;
use valinta_persistence::service_events::{NewEntry, Occasion, ServiceEvent};
use valinta_persistence::voucher_types::Rulebook;
use valinta_persistence::vouchers::StoredVoucher;
use valinta_persistence::{Conn, choices, organisers, service_events, voucher_types, vouchers};

use super::view::ServiceEventView;
use crate::app::{App, Reply};
use crate::cx::{Cx, day_at, found};
use crate::http::permit::ServiceEventsWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, Permit, Problem, ProblemKind};

/// A service delivered.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordServiceEvent {
    /// Under which voucher.
    voucher: Id<kind::Voucher>,
    /// Day of service.
    day: Day,
    /// How much, in the voucher's unit.
    quantity: Quantity,
    /// When it began. Start and end are given together; hours between them must make the quantity.
    #[serde(default)]
    started_at: Option<Moment>,
    /// When it ended.
    #[serde(default)]
    ended_at: Option<Moment>,
}

/// What is to be recorded.
#[derive(Debug, Clone)]
pub(crate) struct RecordCommand {
    pub(crate) voucher: Id<kind::Voucher>,
    pub(crate) day: Day,
    pub(crate) quantity: Quantity,
    pub(crate) span: Option<(Moment, Moment)>,
}

impl Parse for RecordServiceEvent {
    type Into = RecordCommand;

    fn parse(&self, errors: &mut Errors) -> Option<RecordCommand> {
        let span = match (self.started_at, self.ended_at) {
            (Some(start), Some(end)) => Some(Some((start, end))),
            (None, None) => Some(None),
            (Some(_), None) => {
                errors.fail("/ended_at", "missing_field", "start and end are given together");
                None
            }
            (None, Some(_)) => {
                errors.fail("/started_at", "missing_field", "start and end are given together");
                None
            }
        };
        Some(RecordCommand { voucher: self.voucher, day: self.day, quantity: self.quantity, span: span? })
    }
}

/// What was recorded, and what is left.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RecordedServiceEvent {
    /// The event.
    event: ServiceEventView,
    /// What the voucher still grants in the event's period.
    available: Quantity,
}

/// Records a service that was delivered under a voucher, and posts its value and co-payment to the voucher's ledger.
///
/// The value is the voucher's, the price the one agreed by the choice; ceiling and deadline are those of the day of
/// service. What the voucher does not have left cannot be recorded, however many ask at once.
#[utoipa::path(
    tag = "service-events",
    params(IdempotencyKey),
    responses((status = 201, description = "Recorded and posted.", body = RecordedServiceEvent)),
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
    app.command(permit.into_caller(), "record_service_event", &key, &bytes, move |c, cx| record(c, cx, &command)).await
}

/// Records a service event. The voucher is taken first, so that of those who spend it at once each sees what the one
/// before has left.
pub(crate) fn record(c: &mut Conn, cx: &Cx, command: &RecordCommand) -> Result<Reply<RecordedServiceEvent>, Problem> {
    let not_here = || Problem::unknown("/voucher", "there is no such voucher for the provider");
    let stored = vouchers::take(c, command.voucher)?.ok_or_else(not_here)?;
    let day = command.day;
    let (choice, period) = own_choice(c, cx, command.voucher, day)?.ok_or_else(not_here)?;
    let target = Target {
        organiser: Some(stored.voucher.organiser),
        provider: Some(choice.provider),
        person: Some(stored.voucher.person),
    };
    cx.require(Action::RecordServiceEvent, &target)?;
    let organiser = found(organisers::find(c, stored.voucher.organiser)?)?;
    let rulebook = voucher_types::rulebook_in_force(c, stored.voucher.voucher_type, day)?.ok_or_else(|| {
        Problem::new(ProblemKind::NotValidOnDay, "No rulebook was in force on the day of service.").at(
            "/day",
            "no_rulebook",
            "no rulebook was in force on that day",
        )
    })?;
    let parts = vouchers::allotments(c, command.voucher)?;
    let allotments: Vec<Allotment> = parts.iter().map(|part| part.allotment).collect();
    let agreement = Agreement { price: choice.price, period, sector: choice.sector };
    let recording = service_event::record(
        stored.voucher.clone(),
        &allotments,
        &agreement,
        &rulebook.terms,
        &delivery_of(command, &organiser)?,
        cx.now(),
        cx.today(&organiser)?,
    )?;
    let allotment = parts
        .get(recording.allotment_index)
        .ok_or_else(|| Problem::internal("an allotment that is not there was drawn on"))?
        .id;
    let event = event_of(cx, command, &stored, &choice, &rulebook, allotment, &recording);
    store(c, cx, &stored, &event, &recording)?;
    let id = event.id;
    let details = json!({"service_event": id, "provider": event.provider, "quantity": event.quantity});
    cx.audit("record_service_event", ("voucher", command.voucher.uuid()), &target, details);
    let message = json!({"service_event": id, "voucher": command.voucher});
    cx.tell("service_event.recorded", ("service_event", id.uuid()), target.organiser, message);
    Ok(reply(event, &organiser, &recording))
}

/// What was delivered, with the day on which it started where the organiser is.
fn delivery_of(command: &RecordCommand, organiser: &Organiser) -> Result<Delivery, Problem> {
    let span = match command.span {
        None => None,
        Some((started_at, ended_at)) => Some(Span { started_at, ended_at, day: day_at(started_at, organiser)? }),
    };
    Ok(Delivery { day: command.day, quantity: command.quantity, span })
}

/// The provider's choice that held on the day; where none did, its latest, for the refusal to name its first day.
fn own_choice(
    c: &mut Conn,
    cx: &Cx,
    voucher: Id<kind::Voucher>,
    day: Day,
) -> Result<Option<(Choice, Period)>, Problem> {
    let own: Vec<(Choice, Period)> = choices::of_voucher(c, voucher)?
        .into_iter()
        .filter(|choice| cx.actor().providers.contains(&choice.provider))
        .filter_map(|choice| choice.period().map(|period| (choice, period)))
        .collect();
    Ok(own.iter().find(|(_, period)| period.contains(day)).or(own.first()).cloned())
}

fn reply(event: ServiceEvent, organiser: &Organiser, recording: &Recording) -> Reply<RecordedServiceEvent> {
    let location = format!("/v1/service-events/{}", event.id);
    let event = ServiceEventView::of(event, organiser.currency);
    Reply::created(location, RecordedServiceEvent { event, available: recording.allotment.available() })
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
        value: stored.voucher.value,
        by_client_fee: matches!(choice.price, OfferPrice::ClientFee { .. }),
        charges: recording.charges,
        steps: recording.steps.clone(),
        recorded_by: cx.actor().subject.clone(),
        recorded_at: cx.now(),
    }
}

fn store(
    c: &mut Conn,
    cx: &Cx,
    stored: &StoredVoucher,
    event: &ServiceEvent,
    recording: &Recording,
) -> Result<(), Problem> {
    vouchers::draw(c, event.allotment, event.quantity)?;
    if recording.voucher.state != stored.voucher.state {
        vouchers::update_state(c, &recording.voucher)?;
    }
    service_events::insert(c, event)?;
    let occasion = Occasion {
        organiser: event.organiser,
        voucher: event.voucher,
        voucher_version: stored.version,
        service_event: Some(event.id),
        decision: None,
        day: event.day,
        at: cx.now(),
    };
    let entries: Vec<NewEntry> = recording
        .postings
        .iter()
        .map(|posting| NewEntry {
            id: cx.id(),
            allotment: (posting.kind == EntryKind::Used).then_some(event.allotment),
            posting: *posting,
        })
        .collect();
    service_events::post(c, &occasion, &entries)?;
    Ok(())
}

impl From<RecordRefused> for Problem {
    fn from(refused: RecordRefused) -> Self {
        let (kind, pointer, code) = match &refused {
            RecordRefused::Voucher(refusal) => return Self::from(*refusal).at("/voucher", "refused", refusal),
            RecordRefused::NotChosenOn { .. } => (ProblemKind::NotValidOnDay, "/day", "not_chosen"),
            RecordRefused::InFuture { .. } => (ProblemKind::InvalidInput, "/day", "in_the_future"),
            RecordRefused::TooLate { .. } => (ProblemKind::InvalidInput, "/day", "too_late"),
            RecordRefused::NoQuantity => (ProblemKind::InvalidInput, "/quantity", "zero"),
            RecordRefused::NotAStep { .. } => (ProblemKind::InvalidInput, "/quantity", "not_a_step"),
            RecordRefused::SpanOnOtherDay { .. } => (ProblemKind::InvalidInput, "/started_at", "other_day"),
            RecordRefused::SpanInFuture => (ProblemKind::InvalidInput, "/ended_at", "in_the_future"),
            RecordRefused::SpanTooLong => (ProblemKind::InvalidInput, "/ended_at", "too_long"),
            RecordRefused::SpanReversed => (ProblemKind::InvalidInput, "/ended_at", "before_start"),
            RecordRefused::SpanNotQuantity { .. } => (ProblemKind::InvalidInput, "/quantity", "not_the_span"),
            RecordRefused::Overdrawn(_) => (ProblemKind::InsufficientBalance, "/quantity", "over_balance"),
            RecordRefused::Price(PriceRefused::OverCeiling { .. }) => {
                (ProblemKind::PriceOverCeiling, "/voucher", "over_ceiling")
            }
            RecordRefused::Price(
                PriceRefused::OverFreeValue { .. }
                | PriceRefused::FeeForFreeService { .. }
                | PriceRefused::ClientFeeNotPublic
                | PriceRefused::VoucherPriceOfPublic,
            ) => (ProblemKind::RuleError, "/voucher", "price_not_allowed"),
            RecordRefused::Overflow => (ProblemKind::RuleError, "/quantity", "too_large"),
        };
        Self::new(kind, format!("The service cannot be recorded: {refused}.")).at(pointer, code, &refused)
    }
}
