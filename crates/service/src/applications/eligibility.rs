//! `GET /v1/applications/{id}/eligibility`: how a unit stands against a rulebook, before anything is decided.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use validator::Validate;
use valinta_domain::application::RequirementOutcome;
use valinta_domain::evidence::EvidenceKind;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Role};
use valinta_domain::rules::{Finding, Standing};
use valinta_domain::{Day, Id, Localized};
use valinta_persistence::applications::Application;
use valinta_persistence::organisers::Organiser;
use valinta_persistence::providers::ServiceUnit;
use valinta_persistence::{Conn, applications, organisers, providers, voucher_types};

use super::entries::Given;
use super::examined::{Examined, Obstacle, examined, obstacles};
use super::question::{OpenQuestion, open_question};
use super::view::target_of;
use crate::app::App;
use crate::cx::{Cx, found};
use crate::http::permit::ApplicationsRead;
use crate::http::problem::Failure;
use crate::http::{PathId, Permit, Problem, ProblemKind, Query};
use crate::parse_as_is;

/// Most pieces that are offered for one requirement.
const OFFERED_MAX: usize = 10;

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
    findings: Vec<AskedAndFound>,
    /// Whether the provider could submit it as it is. An application that is with the organiser is not submitted.
    can_be_submitted: bool,
    /// All that stands against submitting it today, each with its place in the application.
    #[schema(max_items = 100)]
    obstacles: Vec<Obstacle>,
    /// What the organiser has asked and the provider has not answered. It can be submitted with an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<OpenQuestion>,
}

/// How one criterion or requirement came out.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AskedAndFound {
    #[serde(flatten)]
    finding: Finding,
    /// What exactly: `met`, `missing`, `expired`, `too_old`, `outside_registered_service` and so on.
    #[schema(max_length = 64)]
    outcome: String,
    /// What kind of evidence it asks for, where it is a requirement.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<EvidenceKind>,
    /// Whether that evidence names its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<bool>,
    /// What it came to, in words.
    explanation: Localized,
    /// Evidence that the provider has given before and that would meet the requirement, the best first. Named by its id in
    /// the application, it does. Told to the provider.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10)]
    offered: Vec<Id<kind::Evidence>>,
}

/// Tells how an application stands against the rulebook of a day, for the provider and, once submitted, the organiser's
/// registry: a dry run of submitting and of deciding. Decides nothing: whether evidence is true, a person looks.
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
    let unit = found(providers::find_unit(c, application.unit)?)?;
    let today = cx.today(&organiser)?;
    let day = asked.unwrap_or(today);
    let rulebook = voucher_types::rulebook_in_force(c, application.voucher_type, day)?.ok_or_else(|| {
        Problem::new(ProblemKind::NotValidOnDay, "The voucher type has no rulebook in force on that day.")
    })?;
    let case = (application, &unit, &organiser);
    let Examined { examination, shown_on, .. } = examined(c, cx, case, &rulebook, day)?;
    let obstacles = obstacles_today(c, cx, case, today)?;
    // What it has not put into the application, the provider knows, and nobody else.
    let given = if cx.actor().role == Role::Provider { Some(Given::load(c, organiser.id, &unit)?) } else { None };
    let outcomes = examination.steps.into_iter().map(|step| (step.code, step.text));
    let criteria = rulebook.terms.eligibility.unit.len();
    let findings = examination.findings.findings.into_iter().zip(outcomes).enumerate();
    let findings = findings.map(|(i, (finding, (outcome, explanation)))| {
        let requirement = i.checked_sub(criteria).and_then(|i| rulebook.terms.requirements.get(i));
        let unmet = requirement.filter(|_| outcome != RequirementOutcome::Met.code());
        let offered = unmet.zip(given.as_ref()).map(|(requirement, given)| {
            let meeting = given.meeting(requirement, unit.id, (day, shown_on));
            meeting.into_iter().take(OFFERED_MAX).map(|piece| piece.id).collect()
        });
        let (kind, expires) = (requirement.map(|one| one.kind), requirement.map(|one| one.expires));
        AskedAndFound { finding, outcome, kind, expires, explanation, offered: offered.unwrap_or_default() }
    });
    Ok(ApplicationEligibility {
        application: application.id,
        rulebook: rulebook.id,
        day,
        standing: examination.findings.standing,
        findings: findings.collect(),
        can_be_submitted: obstacles.is_empty() && application.state.submit().is_ok(),
        obstacles,
        question: open_question(c, application)?,
    })
}

/// What stands against submitting an application today.
fn obstacles_today(
    c: &mut Conn,
    cx: &Cx,
    case: (&Application, &ServiceUnit, &Organiser),
    today: Day,
) -> Result<Vec<Obstacle>, Problem> {
    let (application, ..) = case;
    if application.state.submit().is_err() {
        return Ok(Vec::new());
    }
    let Some(rulebook) = voucher_types::rulebook_in_force(c, application.voucher_type, today)? else {
        let failure = Failure::new("/rulebook", "not_in_force", "the voucher type has no rulebook in force today");
        return Ok(vec![Obstacle::plain(failure)]);
    };
    let examination = examined(c, cx, case, &rulebook, today)?.examination;
    // A dry run has no words: whether they are wanted is what it tells.
    obstacles(c, case, &rulebook, (&examination, None), today)
}
