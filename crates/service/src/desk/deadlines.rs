//! `GET /v1/desk/deadlines`: hearings, warnings and findings that wait for the provider or for the organiser.

use actix_web::{get, web};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::measure::MeasureStep;
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::desk::{self, Deadline, DeadlineKind, DeadlineOf, DeadlineQuery, Turn};

use super::{days_between, desk_of};
use crate::app::App;
use crate::http::permit::DeskRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};
use crate::parse_as_is;

/// What waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeskDeadlineKind {
    /// A hearing: the provider may reply until its last day, then or after the reply it is decided.
    Hearing,
    /// A warning: things are to be in order by its last day.
    Warning,
    /// A finding: the provider answers, by its last day where it has one; then it is closed.
    Finding,
}

impl DeskDeadlineKind {
    fn kind(self) -> DeadlineKind {
        match self {
            Self::Hearing => DeadlineKind::Hearing,
            Self::Warning => DeadlineKind::Warning,
            Self::Finding => DeadlineKind::Finding,
        }
    }
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WaitsFor {
    /// The provider's: it has said nothing, and its last day is not past.
    Provider,
    /// The organiser's: the provider has replied or answered, or its last day is past.
    Organiser,
}

impl WaitsFor {
    fn of(turn: Turn) -> Self {
        match turn {
            Turn::Provider => Self::Provider,
            Turn::Organiser => Self::Organiser,
        }
    }

    fn turn(self) -> Turn {
        match self {
            Self::Provider => Turn::Provider,
            Self::Organiser => Turn::Organiser,
        }
    }
}

/// Which deadlines are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeadlineFilter {
    /// Only of this kind.
    #[param(inline)]
    kind: Option<DeskDeadlineKind>,
    /// Whether only those are wanted whose last day is past without the provider having said anything.
    overdue: Option<bool>,
    /// Only those that wait for the provider, or for the organiser.
    #[param(inline)]
    waits_for: Option<WaitsFor>,
}
parse_as_is!(DeadlineFilter);

/// Where a hearing, a warning or a finding stands, as long as it is on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeskDeadlineState {
    /// The measure is heard about.
    Hearing,
    /// The warning was imposed.
    Imposed,
    /// The finding is not answered.
    Open,
    /// The finding is answered, and not closed.
    Answered,
}

/// A hearing, a warning or a finding that waits.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DeadlineView {
    /// What.
    kind: DeskDeadlineKind,
    /// The measure, where it is a hearing or a warning.
    #[serde(skip_serializing_if = "Option::is_none")]
    measure: Option<Id<kind::Measure>>,
    /// The finding, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<Id<kind::Finding>>,
    /// Where it stands.
    state: DeskDeadlineState,
    /// Whose turn it is.
    waits_for: WaitsFor,
    /// Which provider.
    provider: Id<kind::Provider>,
    /// Its name.
    #[schema(max_length = 200)]
    provider_name: String,
    /// Which unit, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<Id<kind::ServiceUnit>>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    unit_name: Option<String>,
    /// Of a measure: against which approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<Id<kind::Approval>>,
    /// Of a measure: which step.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<MeasureStep>,
    /// When the hearing was opened, or the finding noted.
    opened_at: Moment,
    /// Of a measure: when the provider replied.
    #[serde(skip_serializing_if = "Option::is_none")]
    replied_at: Option<Moment>,
    /// Of a finding: when the provider answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_at: Option<Moment>,
    /// The last day, if it has one. A finding may have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<Day>,
    /// How many days are left; less than nothing where it is past.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i64>,
    /// Whether it is past without the provider having said anything.
    overdue: bool,
}

/// Lists hearings, warnings and findings that are not done with, by their last days, those that are past first.
///
/// What has been replied to or answered stays on the list until it is decided or closed: it waits for the organiser. A
/// finding without a last day comes after all others.
#[utoipa::path(
    tag = "desk",
    params(PageQuery, DeadlineFilter),
    responses((status = 200, description = "A page of deadlines.", body = Page<DeadlineView>)),
    security(("bearer" = ["desk:read"])),
)]
#[get("/v1/desk/deadlines")]
pub(crate) async fn list_desk_deadlines(
    permit: Permit<DeskRead>,
    app: web::Data<App>,
    query: Paged<DeadlineFilter>,
) -> Result<Page<DeadlineView>, Problem> {
    let (page, filter) = query.into_parts();
    let after: Option<(Option<Day>, Uuid)> = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.read_as(permit.into_caller(), move |c, cx| {
        let (organiser, today) = desk_of(c, cx)?;
        let asked = DeadlineQuery {
            organiser: organiser.id,
            today,
            kind: filter.kind.map(DeskDeadlineKind::kind),
            overdue: filter.overdue.unwrap_or(false),
            turn: filter.waits_for.map(WaitsFor::turn),
            after,
            limit,
        };
        let cut = Page::cut(desk::deadlines(c, &asked)?, &page, |one| (one.day, one.subject()));
        Ok(cut.map(|one| view_of(one, today)))
    })
    .await
}

fn view_of(one: Deadline, today: Day) -> DeadlineView {
    let (kind, state, measure, finding) = match one.of {
        DeadlineOf::Hearing(measure) => (DeskDeadlineKind::Hearing, DeskDeadlineState::Hearing, Some(measure), None),
        DeadlineOf::Warning(measure) => (DeskDeadlineKind::Warning, DeskDeadlineState::Imposed, Some(measure), None),
        DeadlineOf::Finding(finding) => {
            let answered = finding.answered_at.is_some();
            let state = if answered { DeskDeadlineState::Answered } else { DeskDeadlineState::Open };
            (DeskDeadlineKind::Finding, state, None, Some(finding))
        }
    };
    let (overdue, waits_for) = (one.is_overdue(today), WaitsFor::of(one.turn(today)));
    let (unit, unit_name) = one.unit.unzip();
    DeadlineView {
        kind,
        measure: measure.map(|measure| measure.id),
        finding: finding.map(|finding| finding.id),
        state,
        waits_for,
        provider: one.provider,
        provider_name: one.provider_name,
        unit,
        unit_name,
        approval: measure.map(|measure| measure.approval),
        step: measure.map(|measure| measure.step),
        opened_at: one.opened_at,
        replied_at: measure.and_then(|measure| measure.replied_at),
        answered_at: finding.and_then(|finding| finding.answered_at),
        deadline: one.day,
        days_left: one.day.map(|day| days_between(today, day)),
        overdue,
    }
}
