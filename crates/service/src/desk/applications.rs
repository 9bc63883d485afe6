//! `GET /v1/desk/applications`: applications that wait, those that have waited longest first.

use actix_web::{get, web};
use chrono::{LocalResult, NaiveTime, TimeZone};
use serde::{Deserialize, Serialize};
use validator::Validate;
use valinta_domain::application::{ApplicationState, is_overdue};
use valinta_domain::id::kind;
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::desk::{self, Waiting, WaitingQuery};
use valinta_persistence::organisers::Organiser;

use super::{days_since, desk_of};
use crate::app::App;
use crate::cx::zone_of;
use crate::http::permit::DeskRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};
use crate::parse_as_is;

/// Where an application stands that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WaitingState {
    /// It waits for a decision.
    Submitted,
    /// It waits for the provider's answer.
    MoreInformation,
}

impl WaitingState {
    fn state(self) -> ApplicationState {
        match self {
            Self::Submitted => ApplicationState::Submitted,
            Self::MoreInformation => ApplicationState::MoreInformation,
        }
    }
}

/// Which applications are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WaitingFilter {
    /// For this voucher type.
    voucher_type: Option<Id<kind::VoucherType>>,
    /// Only in this state.
    #[param(inline)]
    state: Option<WaitingState>,
    /// Handed in more days ago than this.
    #[validate(range(max = 3660))]
    #[param(minimum = 0, maximum = 3660)]
    older_than_days: Option<u16>,
    /// Whether only those are wanted about which more was asked, without an answer in time.
    overdue: Option<bool>,
}
parse_as_is!(WaitingFilter);

/// An application that waits.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WaitingView {
    /// Which.
    application: Id<kind::Application>,
    /// Who applies.
    provider: Id<kind::Provider>,
    /// Its name.
    #[schema(max_length = 200)]
    provider_name: String,
    /// For which unit.
    unit: Id<kind::ServiceUnit>,
    /// Its name.
    #[schema(max_length = 200)]
    unit_name: String,
    /// For which voucher type.
    voucher_type: Id<kind::VoucherType>,
    /// Where it stands.
    state: ApplicationState,
    /// When it was handed in last.
    submitted_at: Moment,
    /// How many days ago that was.
    age_days: i64,
    /// Last day for the provider's answer, where more information was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_due: Option<Day>,
    /// Whether that day is past.
    overdue: bool,
}

/// Lists an organiser's applications that wait for a decision or for an answer, those that were handed in first first.
#[utoipa::path(
    tag = "desk",
    params(PageQuery, WaitingFilter),
    responses((status = 200, description = "A page of applications.", body = Page<WaitingView>)),
    security(("bearer" = ["desk:read"])),
)]
#[get("/v1/desk/applications")]
pub(crate) async fn list_desk_applications(
    permit: Permit<DeskRead>,
    app: web::Data<App>,
    query: Paged<WaitingFilter>,
) -> Result<Page<WaitingView>, Problem> {
    let (page, filter) = query.into_parts();
    let after: Option<(Moment, Id<kind::Application>)> = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.read_as(permit.into_caller(), move |c, cx| {
        let (organiser, today) = desk_of(c, cx)?;
        let before = filter.older_than_days.map(|days| today.plus_days(-i64::from(days)));
        let asked = WaitingQuery {
            organiser: organiser.id,
            voucher_type: filter.voucher_type,
            state: filter.state.map(WaitingState::state),
            submitted_before: before.map(|day| start_of(day, &organiser)).transpose()?,
            due_before: filter.overdue.unwrap_or(false).then_some(today),
            after,
            limit,
        };
        let cut = Page::cut(desk::waiting(c, &asked)?, &page, |one| (one.submitted_at, one.id));
        let items = cut.items.into_iter().map(|one| view_of(one, &organiser, today)).collect::<Result<_, _>>()?;
        Ok(Page { items, next: cut.next })
    })
    .await
}

/// When a day begins, where the organiser is.
fn start_of(day: Day, organiser: &Organiser) -> Result<Moment, Problem> {
    let midnight = day.date().and_time(NaiveTime::MIN);
    match zone_of(organiser)?.from_local_datetime(&midnight) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Ok(Moment::new(at.to_utc())),
        // Where clocks are put forward at midnight, the day begins as the one before ends.
        LocalResult::None => Ok(Moment::new(midnight.and_utc())),
    }
}

fn view_of(one: Waiting, organiser: &Organiser, today: Day) -> Result<WaitingView, Problem> {
    Ok(WaitingView {
        application: one.id,
        provider: one.provider,
        provider_name: one.provider_name,
        unit: one.unit,
        unit_name: one.unit_name,
        voucher_type: one.voucher_type,
        state: one.state,
        submitted_at: one.submitted_at,
        age_days: days_since(one.submitted_at, organiser, today)?,
        answer_due: one.answer_due,
        overdue: is_overdue(one.answer_due, today),
    })
}
