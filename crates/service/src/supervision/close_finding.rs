//! `POST /v1/findings/{id}/close`: an officer closes a finding with a conclusion.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::event::EventKind;
use valinta_domain::finding::Said;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::{Conn, findings};

use super::finding_view::{FindingView, target_of};
use super::words;
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::conditional::IfMatch;
use crate::http::openapi::StateProblems;
use crate::http::permit::ApprovalsSupervise;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem};

/// The end of a finding.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloseFinding {
    /// What the organiser concludes, for the provider to read. It names no client.
    #[validate(length(min = 1, max = 4000))]
    #[schema(min_length = 1, max_length = 4000)]
    conclusion: String,
}

impl Parse for CloseFinding {
    type Into = String;

    fn parse(&self, errors: &mut Errors) -> Option<String> {
        words(errors, "/conclusion", &self.conclusion)
    }
}

/// Closes a finding, answered or not. If-Match names its version, so that no answer goes unread.
#[utoipa::path(
    tag = "supervision",
    params(IfMatch, IdempotencyKey),
    responses((status = 200, description = "Closed.", body = FindingView), StateProblems),
    security(("bearer" = ["approvals:supervise"])),
)]
#[post("/v1/findings/{id}/close")]
pub(crate) async fn close_finding(
    permit: Permit<ApprovalsSupervise>,
    app: web::Data<App>,
    path: PathId<kind::Finding>,
    precondition: IfMatch,
    key: IdempotencyKey,
    body: Json<CloseFinding>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let text = body.into_inner();
    app.command(permit.into_caller(), "close_finding", &key, &bytes, move |c, cx| {
        close(c, cx, id, &precondition, &text)
    })
    .await
}

/// Closes a finding.
fn close(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Finding>,
    precondition: &IfMatch,
    text: &str,
) -> Result<Reply<FindingView>, Problem> {
    let mut finding = found(findings::take(c, id)?)?;
    let target = target_of(&finding);
    cx.require(Action::Supervise, &target)?;
    precondition.check(finding.version.saturating_sub(1)).map_err(|problem| {
        problem.at("/header/If-Match", "changed", format!("the finding is {} now", finding.state.code()))
    })?;
    finding.state = finding.state.close()?;
    finding.conclusion = Some(Said { text: text.to_owned(), by: cx.actor().subject.clone(), at: cx.now() });
    findings::update(c, &finding)?;
    let details = json!({"finding": id, "provider": finding.provider, "unit": finding.unit});
    cx.audit("close_finding", ("finding", id.uuid()), &target, details.clone());
    cx.tell(EventKind::FindingClosed, ("finding", id.uuid()), &target, details);
    Ok(Reply::ok(FindingView::of(finding, cx)))
}
