//! `PUT /v1/applications/{id}`: the provider rewrites a draft, or what it was asked more about.

use actix_web::{HttpResponse, put, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::policy::Action;
use valinta_persistence::{Conn, applications, organisers, providers, voucher_types};

use super::entries::{EvidenceEntry, check_form, stated};
use super::examined::check_area;
use super::view::{ApplicationView, check_seen, target_of};
use crate::app::App;
use crate::cx::{Cx, found};
use crate::http::conditional::{IfMatch, tag_of_version, with_tag};
use crate::http::openapi::StateProblems;
use crate::http::permit::ApplicationsWrite;
use crate::http::{Errors, Json, Parse, PathId, Permit, Problem, ProblemKind};

/// What an application is to say.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplaceApplication {
    /// For residents of which municipalities of the organiser; of all where none is named.
    #[serde(default)]
    #[validate(length(max = 320))]
    #[schema(max_items = 320)]
    area: Vec<MunicipalityCode>,
    /// What is stated for the requirements of the rulebook in force today. Where it is left out, what the provider has
    /// given before is taken: for each requirement what meets it, or else what comes nearest to it.
    #[validate(length(max = 50))]
    #[schema(max_items = 50)]
    evidence: Option<Vec<EvidenceEntry>>,
}

impl Parse for ReplaceApplication {
    type Into = Self;

    fn parse(&self, errors: &mut Errors) -> Option<Self> {
        check_form(self.evidence.as_deref().unwrap_or_default(), errors);
        Some(self.clone())
    }
}

/// Replaces what a draft says, or an application about which more was asked, and makes it one for the rulebook in force
/// today. It stays where it stands until it is submitted.
#[utoipa::path(
    tag = "applications",
    params(IfMatch),
    responses(
        (
            status = 200,
            description = "Replaced.",
            body = ApplicationView,
            headers(("ETag" = String, description = "Its version.")),
        ),
        StateProblems,
    ),
    security(("bearer" = ["applications:write"])),
)]
#[put("/v1/applications/{id}")]
pub(crate) async fn replace_application(
    permit: Permit<ApplicationsWrite>,
    app: web::Data<App>,
    path: PathId<kind::Application>,
    precondition: IfMatch,
    body: Json<ReplaceApplication>,
) -> Result<HttpResponse, Problem> {
    let (id, command) = (path.id(), body.into_inner());
    let (view, version) =
        app.write(permit.into_caller(), move |c, cx| replace(c, cx, id, &precondition, &command)).await?;
    Ok(with_tag(&mut HttpResponse::Ok(), &tag_of_version(version)).json(view))
}

/// Replaces what an application says. What it is now, and its version.
fn replace(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Application>,
    precondition: &IfMatch,
    command: &ReplaceApplication,
) -> Result<(ApplicationView, i64), Problem> {
    let mut application = found(applications::take(c, id)?)?;
    let target = target_of(&application);
    cx.require(Action::ManageProvider, &target)?;
    check_seen(precondition, &application)?;
    application.state = application.state.edit()?;
    let organiser = found(organisers::find(c, application.organiser)?)?;
    let unit = found(providers::find_unit(c, application.unit)?)?;
    let today = cx.today(&organiser)?;
    let rulebook = voucher_types::rulebook_in_force(c, application.voucher_type, today)?.ok_or_else(|| {
        Problem::new(ProblemKind::WrongState, "The voucher type has no rulebook in force today to apply under.")
    })?;
    let mut errors = Errors::new();
    check_area(c, organiser.id, &command.area, today, &mut errors)?;
    errors.finish()?;
    let entries = (command.evidence.as_deref(), today);
    application.evidence = stated(c, cx, &unit, organiser.id, &rulebook.terms, entries)?;
    application.area = command.area.clone();
    application.rulebook = rulebook.id;
    applications::update(c, &application)?;
    cx.audit("replace_application", ("application", id.uuid()), &target, json!({"rulebook": rulebook.id}));
    let version = application.version;
    Ok((ApplicationView::of(application), version))
}
