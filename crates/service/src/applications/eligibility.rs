//! `GET /v1/applications/{id}/eligibility`: how a unit stands against a rulebook, before anything is decided.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use validator::Validate;
use valinta_domain::application::examine;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::rules::{Finding, Standing};
use valinta_domain::{Day, Id};
use valinta_persistence::applications::Application;
use valinta_persistence::{Conn, applications, organisers, voucher_types};

use super::unit::facts_on;
use super::view::target_of;
use crate::app::App;
use crate::cx::{Cx, found};
use crate::http::permit::ApplicationsRead;
use crate::http::{PathId, Permit, Problem, ProblemKind, Query};
use crate::parse_as_is;

/// As of when.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EligibilityFilter {
    /// The day on which the approval would begin; today if nothing is said.
    valid_from: Option<Day>,
}
parse_as_is!(EligibilityFilter);

/// How an application stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ApplicationEligibility {
    /// Which application.
    application: Id<kind::Application>,
    /// By which rulebook version.
    rulebook: Id<kind::Rulebook>,
    /// As of which day.
    day: Day,
    /// Whether all is met. What has not been shown is unknown.
    standing: Standing,
    /// One for each criterion and requirement, in the rulebook's order.
    #[schema(max_items = 100)]
    findings: Vec<Finding>,
}

/// Tells how an application stands against the rulebook of a day, for the provider and, once submitted, the organiser's
/// registry. Decides nothing: whether evidence is true, a person looks.
#[utoipa::path(
    tag = "applications",
    params(EligibilityFilter),
    responses((status = 200, description = "How it stands.", body = ApplicationEligibility)),
    security(("bearer" = ["applications:read"])),
)]
#[get("/v1/applications/{id}/eligibility")]
pub(crate) async fn show_application_eligibility(
    permit: Permit<ApplicationsRead>,
    app: web::Data<App>,
    path: PathId<kind::Application>,
    query: Query<EligibilityFilter>,
) -> Result<HttpResponse, Problem> {
    let (id, asked) = (path.id(), query.into_inner().valid_from);
    let view = app
        .read_as(permit.into_caller(), move |c, cx| {
            let application = found(applications::find(c, id)?)?;
            cx.require(Action::ReadApplication, &target_of(&application))?;
            eligibility(c, cx, &application, asked)
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}

fn eligibility(
    c: &mut Conn,
    cx: &Cx,
    application: &Application,
    asked: Option<Day>,
) -> Result<ApplicationEligibility, Problem> {
    let organiser = found(organisers::find(c, application.organiser)?)?;
    let day = asked.map_or_else(|| cx.today(&organiser), Ok)?;
    let rulebook = voucher_types::rulebook_in_force(c, application.voucher_type, day)?.ok_or_else(|| {
        Problem::new(ProblemKind::NotValidOnDay, "The voucher type has no rulebook in force on that day.")
    })?;
    let facts = facts_on(c, application.unit, day)?;
    let examination = examine(&rulebook.terms, &application.evidence, &facts, day);
    Ok(ApplicationEligibility {
        application: application.id,
        rulebook: rulebook.id,
        day,
        standing: examination.findings.standing,
        findings: examination.findings.findings,
    })
}
