//! `GET /v1/providers/{id}/tasks`: what a provider must do now, or may, for all organisers at once.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use valinta_domain::evidence::EvidenceKind;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_domain::{Day, Id};
use valinta_persistence::desk::{self, Task, TaskOf};

use super::view::registry_day;
use crate::app::App;
use crate::desk::days_between;
use crate::http::permit::ProvidersRead;
use crate::http::{PathId, Permit, Problem};

/// How many days ahead a requirement that lapses is shown, as on the organisers' desks.
const LAPSING_DAYS: i64 = 30;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TaskKind {
    /// Answer what was asked about an application, and submit it again.
    MoreInformation,
    /// Give evidence: a requirement of an approval lapses within 30 days.
    EvidenceLapsing,
    /// Give evidence: a requirement of an approval has lapsed, and there are no new choices.
    EvidenceLapsed,
    /// Reply to what an organiser means to decide, or has decided at once because of danger.
    Hearing,
    /// Put things in order after a warning.
    Warning,
    /// Answer a finding of supervision.
    Finding,
    /// Give other evidence: an organiser rejected this, and nothing was given in its place.
    EvidenceRejected,
    /// Confirm a change of the account, as another admin than who asked for it.
    ConfirmChange,
    /// Submit an application that is a draft, or take it back.
    Draft,
    /// Confirm or refuse a client who has asked to be taken.
    ChoiceRequest,
}

/// Something that a provider must do, or may.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TaskView {
    /// What.
    kind: TaskKind,
    /// For which organiser, if for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    organiser: Option<Id<kind::Organiser>>,
    /// Of which unit, if of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<Id<kind::ServiceUnit>>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    unit_name: Option<String>,
    /// For which voucher type, if for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    voucher_type: Option<Id<kind::VoucherType>>,
    /// The last day for it, if it has one. Of a requirement that lapses: the day before, on which there still are choices.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<Day>,
    /// How many days are left; less than nothing where it is past.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i64>,
    /// The application to open.
    #[serde(skip_serializing_if = "Option::is_none")]
    application: Option<Id<kind::Application>>,
    /// The approval to open.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<Id<kind::Approval>>,
    /// The measure to open.
    #[serde(skip_serializing_if = "Option::is_none")]
    measure: Option<Id<kind::Measure>>,
    /// The finding to open.
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<Id<kind::Finding>>,
    /// The piece of evidence to open.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Id<kind::Evidence>>,
    /// What it was to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence_kind: Option<EvidenceKind>,
    /// The requirement's code in the rulebook; of evidence, where its kind is `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    requirement: Option<String>,
    /// Of evidence that is rejected: why, in the officer's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    note: Option<String>,
    /// Of a requirement that lapses: the first day on which it is not shown to hold, without new choices.
    #[serde(skip_serializing_if = "Option::is_none")]
    lapses_on: Option<Day>,
    /// The change to decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<Id<kind::ProviderChange>>,
    /// The client's request to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    choice_request: Option<Id<kind::ChoiceRequest>>,
}

/// What a provider must do, or may.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TasksView {
    /// As of which day.
    day: Day,
    /// In order of the last days; what has none comes last. At most 500 of each kind: those whose last days come first.
    #[schema(max_items = 4500)]
    items: Vec<TaskView>,
    /// Whether some kind is cut at 500: what is done makes room for the rest.
    truncated: bool,
}

/// Lists what a provider's members must do now, or may, in order of the last days.
///
/// For all of the provider's units and all organisers at once, on one page: at most 500 of each kind, and `truncated`
/// says whether there are more.
#[utoipa::path(
    tag = "providers",
    responses((status = 200, description = "What is to be done.", body = TasksView)),
    security(("bearer" = ["providers:read"])),
)]
#[get("/v1/providers/{id}/tasks")]
pub(crate) async fn list_provider_tasks(
    permit: Permit<ProvidersRead>,
    app: web::Data<App>,
    path: PathId<kind::Provider>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let view = app
        .read_as(permit.into_caller(), move |c, cx| {
            // The members' alone: an organiser has its own desk, and is not to see what others ask for.
            cx.require(Action::ReadProvider, &Target { provider: Some(id), ..Target::default() })?;
            let today = registry_day(cx.now());
            let lapsing_until = today.plus_days(LAPSING_DAYS);
            let found = desk::tasks(c, id, &cx.actor().subject, (today, lapsing_until))?;
            let items = found.items.into_iter().map(|task| view_of(task, today)).collect();
            Ok(TasksView { day: today, items, truncated: found.truncated })
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}

fn view_of(task: Task, today: Day) -> TaskView {
    let (unit, unit_name) = task.unit.unzip();
    let view = TaskView {
        kind: kind_of(&task.of, today),
        organiser: task.organiser,
        unit,
        unit_name,
        voucher_type: task.voucher_type,
        due: task.due,
        days_left: task.due.map(|due| days_between(today, due)),
        application: None,
        approval: None,
        measure: None,
        finding: None,
        evidence: None,
        evidence_kind: None,
        requirement: None,
        note: None,
        lapses_on: None,
        change: None,
        choice_request: None,
    };
    match task.of {
        TaskOf::Draft(application) | TaskOf::MoreInformation(application) => {
            TaskView { application: Some(application), ..view }
        }
        TaskOf::Lapse { approval, requirement, from } => {
            TaskView { approval: Some(approval), requirement: Some(requirement), lapses_on: Some(from), ..view }
        }
        TaskOf::Rejected { evidence, kind, requirement, note } => {
            TaskView { evidence: Some(evidence), evidence_kind: Some(kind), requirement, note, ..view }
        }
        TaskOf::Hearing(measure, approval) | TaskOf::Warning(measure, approval) => {
            TaskView { measure: Some(measure), approval: Some(approval), ..view }
        }
        TaskOf::Finding(finding) => TaskView { finding: Some(finding), ..view },
        TaskOf::Change(change) => TaskView { change: Some(change), ..view },
        TaskOf::ChoiceRequest(request) => TaskView { choice_request: Some(request), ..view },
    }
}

fn kind_of(of: &TaskOf, today: Day) -> TaskKind {
    match of {
        TaskOf::Draft(_) => TaskKind::Draft,
        TaskOf::MoreInformation(_) => TaskKind::MoreInformation,
        TaskOf::Lapse { from, .. } if *from > today => TaskKind::EvidenceLapsing,
        TaskOf::Lapse { .. } => TaskKind::EvidenceLapsed,
        TaskOf::Rejected { .. } => TaskKind::EvidenceRejected,
        TaskOf::Hearing(..) => TaskKind::Hearing,
        TaskOf::Warning(..) => TaskKind::Warning,
        TaskOf::Finding(_) => TaskKind::Finding,
        TaskOf::Change(_) => TaskKind::ConfirmChange,
        TaskOf::ChoiceRequest(_) => TaskKind::ChoiceRequest,
    }
}
