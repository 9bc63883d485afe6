//! `POST /v1/service-events`: a provider records what it delivered. The one door by which a voucher is spent.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;
use valinta_domain::approval::{CutChoice, Interruption, NotBefore, NotServing, may_serve};
use valinta_domain::choice_request::RequestCause;
use valinta_domain::id::kind;
use valinta_domain::ledger::{Allotment, EntryKind, Posting};
use valinta_domain::offering::{OfferPrice, PriceRefused};
use valinta_domain::policy::{Action, Role, Target};
use valinta_domain::rules::Facts;
use valinta_domain::service_event::{self, Agreement, Delivery, RecordRefused, Recording, Under};
use valinta_domain::voucher::VoucherState;
use valinta_domain::{Day, Id, Moment, Period, Quantity};
use valinta_persistence::approvals::Approval;
use valinta_persistence::choices::Choice;
use valinta_persistence::organisers::Organiser;
use valinta_persistence::service_events::{NewEntry, Occasion, ServiceEvent};
use valinta_persistence::voucher_types::Rulebook;
use valinta_persistence::vouchers::{StoredAllotment, StoredVoucher};
use valinta_persistence::{Conn, approvals, choices, organisers, providers, service_events, voucher_types, vouchers};

use super::span::span_in;
use super::view::ServiceEventView;
use crate::app::{App, Reply};
use crate::choice_requests::end_of_voucher;
use crate::cx::{Cx, day_at, found, zone_of};
use crate::http::permit::ServiceEventsWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, Permit, Problem, ProblemKind};
use crate::vouchers::{Places, valuation_of, versions_beside};

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
    /// Facts of the service that the rulebook asks for, such as `item`: which item of the price list it was.
    #[serde(default)]
    facts: Facts,
}

/// What is to be recorded.
#[derive(Debug, Clone)]
pub(crate) struct RecordCommand {
    pub(crate) voucher: Id<kind::Voucher>,
    pub(crate) day: Day,
    pub(crate) quantity: Quantity,
    pub(crate) span: Option<(Moment, Moment)>,
    pub(crate) facts: Facts,
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
        Some(RecordCommand {
            voucher: self.voucher,
            day: self.day,
            quantity: self.quantity,
            span: span?,
            facts: self.facts.clone(),
        })
    }
}

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
/// Where a decision has ended the choice, because the unit's approval was suspended, cancelled or ended, services of the
/// day that had ended by the moment of the decision are recorded still, with their start and end.
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
    let organiser = found(organisers::find(c, stored.voucher.organiser)?)?;
    let Own { choice, period, cut } = own_choice(c, cx, command, &organiser)?.ok_or_else(not_here)?;
    let target = Target {
        organiser: Some(stored.voucher.organiser),
        provider: Some(choice.provider),
        person: Some(stored.voucher.person),
    };
    cx.require(Action::RecordServiceEvent, &target)?;
    let rulebook = voucher_types::rulebook_in_force(c, stored.voucher.voucher_type, day)?.ok_or_else(|| {
        Problem::new(ProblemKind::NotValidOnDay, "No rulebook was in force on the day of service.").at(
            "/day",
            "no_rulebook",
            "no rulebook was in force on that day",
        )
    })?;
    let parts = vouchers::allotments(c, command.voucher)?;
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
    let delivery = delivery_of(command, &organiser)?;
    let recording = service_event::record(stored.voucher.clone(), &allotments, &under, &delivery)?;
    let allotment = part_of(&parts, recording.allotment_index)?;
    let event = event_of(cx, command, &stored, &choice, &rulebook, allotment, &recording);
    store(c, cx, &stored, &event, &parts, &recording)?;
    let id = event.id;
    let details = json!({"service_event": id, "provider": event.provider, "quantity": event.quantity});
    cx.audit("record_service_event", ("voucher", command.voucher.uuid()), &target, details);
    let message = json!({"service_event": id, "voucher": command.voucher});
    cx.tell("service_event.recorded", ("service_event", id.uuid()), target.organiser, message);
    Ok(reply(event, &organiser, &recording))
}

/// What was delivered, with its time as it was where the organiser is.
fn delivery_of(command: &RecordCommand, organiser: &Organiser) -> Result<Delivery, Problem> {
    let span = match command.span {
        None => None,
        Some((started_at, ended_at)) => Some(span_in(zone_of(organiser)?, started_at, ended_at)),
    };
    Ok(Delivery { day: command.day, quantity: command.quantity, span, facts: command.facts.clone() })
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
fn own_choice(c: &mut Conn, cx: &Cx, command: &RecordCommand, organiser: &Organiser) -> Result<Option<Own>, Problem> {
    let day = command.day;
    let own = choices::of_voucher(c, command.voucher)?.into_iter();
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
    let approvals = approvals::of_unit(c, choice.unit, voucher_type)?;
    let ids: Vec<Id<kind::Approval>> = approvals.iter().map(|approval| approval.id).collect();
    let gaps: Vec<Interruption> = approvals::interruptions_of(c, &ids)?.into_values().flatten().collect();
    let periods: Vec<Period> = approvals.iter().filter_map(Approval::period).collect();
    let unit = found(providers::find_unit(c, choice.unit)?)?;
    Ok(may_serve(day, &periods, &gaps, unit.details.closed_from)?)
}

fn reply(event: ServiceEvent, organiser: &Organiser, recording: &Recording) -> Reply<RecordedServiceEvent> {
    let location = format!("/v1/service-events/{}", event.id);
    let event = ServiceEventView::of(event, organiser.currency, Role::Provider);
    Reply::created(location, RecordedServiceEvent { event, available: recording.available })
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
    event: &ServiceEvent,
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
        // What is used up holds no place, and is nothing to ask for.
        let places = Places::of_voucher(c, event.voucher, None)?;
        vouchers::update_state(c, &recording.voucher)?;
        end_of_voucher(c, cx, event.voucher, RequestCause::VoucherEnded)?;
        places.tell(c, cx)?;
    } else if recording.voucher.state != stored.voucher.state {
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
    service_events::post(c, &occasion, &entries)?;
    Ok(())
}

/// The allotment at a place among the voucher's.
fn part_of(parts: &[StoredAllotment], place: usize) -> Result<Id<kind::Allotment>, Problem> {
    let part = parts.get(place).ok_or_else(|| Problem::internal("an allotment that is not there was drawn on"))?;
    Ok(part.id)
}

impl From<NotBefore> for Problem {
    fn from(refused: NotBefore) -> Self {
        let pointer = match refused {
            NotBefore::TimeUnknown { .. } => "/started_at",
            NotBefore::Afterwards { .. } => "/ended_at",
        };
        Self::new(ProblemKind::NotValidOnDay, format!("The service cannot be recorded: {refused}.")).at(
            pointer,
            "not_approved",
            refused,
        )
    }
}

impl From<NotServing> for Problem {
    fn from(refused: NotServing) -> Self {
        let code = match refused {
            NotServing::Closed { .. } => "closed",
            NotServing::NotApproved { .. } | NotServing::MustMove { .. } => "not_approved",
        };
        Self::new(ProblemKind::NotValidOnDay, format!("The service cannot be recorded: {refused}."))
            .at("/day", code, refused)
    }
}

impl From<RecordRefused> for Problem {
    fn from(refused: RecordRefused) -> Self {
        let (kind, pointer, code) = match &refused {
            RecordRefused::Voucher(refusal) => return Self::from(*refusal).at("/voucher", "refused", refusal),
            RecordRefused::Facts(unfit) => {
                let problem = Self::new(ProblemKind::RuleError, format!("The service cannot be recorded: {refused}."));
                return unfit
                    .iter()
                    .fold(problem, |problem, unfit| problem.at(&format!("/facts/{}", unfit.name()), "unfit", unfit));
            }
            RecordRefused::NotChosenOn { .. } => (ProblemKind::NotValidOnDay, "/day", "not_chosen"),
            RecordRefused::InFuture { .. } => (ProblemKind::InvalidInput, "/day", "in_the_future"),
            RecordRefused::TooLate { .. } => (ProblemKind::InvalidInput, "/day", "too_late"),
            RecordRefused::NoQuantity => (ProblemKind::InvalidInput, "/quantity", "zero"),
            RecordRefused::NotAStep { .. } => (ProblemKind::InvalidInput, "/quantity", "not_a_step"),
            RecordRefused::SpanNeeded => (ProblemKind::InvalidInput, "/started_at", "span_needed"),
            RecordRefused::SpanOnOtherDay { .. } => (ProblemKind::InvalidInput, "/started_at", "other_day"),
            RecordRefused::SpanInFuture => (ProblemKind::InvalidInput, "/ended_at", "in_the_future"),
            RecordRefused::SpanTooLong => (ProblemKind::InvalidInput, "/ended_at", "too_long"),
            RecordRefused::SpanReversed => (ProblemKind::InvalidInput, "/ended_at", "before_start"),
            RecordRefused::SpanNotQuantity { .. } => (ProblemKind::InvalidInput, "/quantity", "not_the_span"),
            RecordRefused::OtherItem { .. } => (ProblemKind::RuleError, "/facts/item", "other_item"),
            RecordRefused::ItemNotOffered { .. } => (ProblemKind::RuleError, "/facts/item", "item_not_offered"),
            RecordRefused::NotEligible => (ProblemKind::RuleError, "/voucher", "not_eligible"),
            RecordRefused::Overdrawn(_) => (ProblemKind::InsufficientBalance, "/quantity", "over_balance"),
            RecordRefused::Price(PriceRefused::OverCeiling { .. }) => {
                (ProblemKind::PriceOverCeiling, "/voucher", "over_ceiling")
            }
            RecordRefused::Price(
                PriceRefused::OverFreeValue { .. }
                | PriceRefused::FeeForFreeService { .. }
                | PriceRefused::ClientFeeNotPublic
                | PriceRefused::VoucherPriceOfPublic
                | PriceRefused::UnknownItem { .. },
            ) => (ProblemKind::RuleError, "/voucher", "price_not_allowed"),
            RecordRefused::Overflow => (ProblemKind::RuleError, "/quantity", "too_large"),
        };
        Self::new(kind, format!("The service cannot be recorded: {refused}.")).at(pointer, code, &refused)
    }
}
