//! `GET /v1/desk/deadlines`: providers under a deadline: hearings, warnings and findings.

use actix_web::{get, web};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::{Day, Id};
use valinta_persistence::desk::{self, Deadline, DeadlineKind, DeadlineQuery};

use super::{days_between, desk_of};
use crate::app::App;
use crate::http::permit::DeskRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};
use crate::parse_as_is;

/// Which deadlines are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeadlineFilter {
    /// Whether only those that are past are wanted.
    overdue: Option<bool>,
}
parse_as_is!(DeadlineFilter);

/// What has a last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeadlineOf {
    /// A hearing: the provider may reply until then.
    Hearing,
    /// A warning: things are to be in order by then.
    Warning,
    /// A finding: an answer is wanted by then.
    Finding,
}

/// A provider under a deadline.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DeadlineView {
    /// Of what.
    kind: DeadlineOf,
    /// The measure, where it is a hearing or a warning.
    #[serde(skip_serializing_if = "Option::is_none")]
    measure: Option<Id<kind::Measure>>,
    /// The finding, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<Id<kind::Finding>>,
    /// Which provider.
    provider: Id<kind::Provider>,
    /// Its name.
    #[schema(max_length = 200)]
    provider_name: String,
    /// Which unit, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<Id<kind::ServiceUnit>>,
    /// The last day.
    deadline: Day,
    /// How many days are left; less than nothing where it is past.
    days_left: i64,
    /// Whether it is past.
    overdue: bool,
}

/// Lists hearings, warnings and findings by their last days: what is overdue comes first.
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
    let after: Option<(Day, Uuid)> = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.read_as(permit.into_caller(), move |c, cx| {
        let (organiser, today) = desk_of(c, cx)?;
        let before = filter.overdue.unwrap_or(false).then_some(today);
        let asked = DeadlineQuery { organiser: organiser.id, before, after, limit };
        let cut = Page::cut(desk::deadlines(c, &asked)?, &page, |one| (one.day, one.subject));
        Ok(cut.map(|one| view_of(one, today)))
    })
    .await
}

fn view_of(one: Deadline, today: Day) -> DeadlineView {
    let (kind, measure, finding) = match one.kind {
        DeadlineKind::Hearing => (DeadlineOf::Hearing, Some(Id::new(one.subject)), None),
        DeadlineKind::Warning => (DeadlineOf::Warning, Some(Id::new(one.subject)), None),
        DeadlineKind::Finding => (DeadlineOf::Finding, None, Some(Id::new(one.subject))),
    };
    DeadlineView {
        kind,
        measure,
        finding,
        provider: one.provider,
        provider_name: one.provider_name,
        unit: one.unit,
        deadline: one.day,
        days_left: days_between(today, one.day),
        overdue: one.day < today,
    }
}
