//! `GET /v1/desk`: how much waits on each of an organiser's worklists, and since when.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use valinta_domain::Day;
use valinta_persistence::desk::{self, Counted};
use valinta_persistence::evidence::asked_for;

use super::evidence::WITHIN_DAYS;
use super::prices::{COUNTED_MAX, to_lower};
use super::{days_between, days_since, desk_of};
use crate::app::App;
use crate::http::permit::DeskRead;
use crate::http::{Permit, Problem};

/// How much waits, for an organiser's own units and for bought services alike. Each number is that of the rows of the list
/// that shows them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DeskView {
    /// As of which day.
    day: Day,
    /// Applications that wait for a decision: `/v1/desk/applications?state=submitted`.
    applications_waiting: Tile,
    /// Applications about which more was asked, without an answer in time: `/v1/desk/applications?overdue=true`.
    answers_overdue: Tile,
    /// Evidence that nobody has looked at: `/v1/desk/evidence?list=to_check`.
    evidence_to_check: Tile,
    /// Requirements of approvals that lapse within 30 days: `/v1/desk/evidence?list=lapsing`. There is no age: they are to
    /// come.
    evidence_lapsing: Tile,
    /// Requirements of approvals that have lapsed, so that there are no new choices: `/v1/desk/evidence?list=lapsed`.
    evidence_lapsed: Tile,
    /// Offerings with a price that a version of their rulebook, adopted and not in force yet, will not allow:
    /// `/v1/desk/prices`; up to 1000 are counted. There is no age: it is to come.
    prices_not_allowed: Tile,
    /// Hearings that have not led to a decision, replied to or not: `/v1/desk/deadlines?kind=hearing`; those that can be
    /// decided have `waits_for=organiser`.
    hearings_open: Tile,
    /// Warnings that were not heeded in time, since their last day: `/v1/desk/deadlines?kind=warning&overdue=true`.
    warnings_overdue: Tile,
    /// Findings that are not closed, answered or not: `/v1/desk/deadlines?kind=finding`; those that were answered have
    /// `waits_for=organiser`.
    findings_open: Tile,
    /// Findings without an answer in time, since their last day: `/v1/desk/deadlines?kind=finding&overdue=true`.
    findings_overdue: Tile,
    /// Changes of providers' names, sectors and accounts that wait for a second person: `/v1/desk/changes`.
    provider_changes: Tile,
}

/// How much waits of one thing.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Tile {
    /// How many.
    #[schema(minimum = 0)]
    count: i64,
    /// For how many days the oldest of them has.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_days: Option<i64>,
}

/// Counts what waits on each of the organiser's worklists.
///
/// Each tile says which list shows what it counts.
#[utoipa::path(
    tag = "desk",
    responses((status = 200, description = "How much waits.", body = DeskView)),
    security(("bearer" = ["desk:read"])),
)]
#[get("/v1/desk")]
pub(crate) async fn show_desk(permit: Permit<DeskRead>, app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let view = app
        .read_as(permit.into_caller(), move |c, cx| {
            let (organiser, today) = desk_of(c, cx)?;
            let asked = asked_for(c, organiser.id)?;
            let lapsing_until = today.plus_days(i64::from(WITHIN_DAYS));
            let counts = desk::counts(c, organiser.id, &asked, today, lapsing_until)?;
            let prices = to_lower(c, organiser.id, today, None, COUNTED_MAX)?.len();
            let since_moment = |counted: Counted<_>| {
                let oldest_days = counted.oldest.map(|at| days_since(at, &organiser, today)).transpose()?;
                Ok::<_, Problem>(Tile { count: counted.count, oldest_days })
            };
            let since_day = |counted: Counted<Day>| Tile {
                count: counted.count,
                oldest_days: counted.oldest.map(|day| days_between(day, today)),
            };
            let to_come = |count: i64| Tile { count, oldest_days: None };
            Ok(DeskView {
                day: today,
                applications_waiting: since_moment(counts.applications)?,
                answers_overdue: since_day(counts.answers_overdue),
                evidence_to_check: since_moment(counts.evidence_to_check)?,
                evidence_lapsing: to_come(counts.lapsing.count),
                evidence_lapsed: since_day(counts.lapsed),
                prices_not_allowed: to_come(i64::try_from(prices).unwrap_or(i64::MAX)),
                hearings_open: since_moment(counts.hearings)?,
                warnings_overdue: since_day(counts.warnings_overdue),
                findings_open: since_moment(counts.findings_open)?,
                findings_overdue: since_day(counts.findings_overdue),
                provider_changes: since_moment(counts.provider_changes)?,
            })
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}
