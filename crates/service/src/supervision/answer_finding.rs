//! `POST /v1/findings/{id}/answer`: a provider answers a finding.

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
use crate::http::openapi::StateProblems;
use crate::http::permit::SupervisionReply;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem};

/// A provider's answer.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerFinding {
    /// What was done about it, or why not. It names no client.
    #[validate(length(min = 1, max = 4000))]
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
}

impl Parse for AnswerFinding {
    type Into = String;

    fn parse(&self, errors: &mut Errors) -> Option<String> {
        words(errors, "/text", &self.text)
    }
}

/// Answers a finding, once. After its deadline too.
#[utoipa::path(
    tag = "supervision",
    params(IdempotencyKey),
    responses((status = 200, description = "Answered.", body = FindingView), StateProblems),
    security(("bearer" = ["supervision:reply"])),
)]
#[post("/v1/findings/{id}/answer")]
pub(crate) async fn answer_finding(
    permit: Permit<SupervisionReply>,
    app: web::Data<App>,
    path: PathId<kind::Finding>,
    key: IdempotencyKey,
    body: Json<AnswerFinding>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let text = body.into_inner();
    app.command(permit.into_caller(), "answer_finding", &key, &bytes, move |c, cx| answer(c, cx, id, &text)).await
}

/// Keeps a provider's answer.
fn answer(c: &mut Conn, cx: &Cx, id: Id<kind::Finding>, text: &str) -> Result<Reply<FindingView>, Problem> {
    let mut finding = found(findings::take(c, id)?)?;
    let target = target_of(&finding);
    cx.require(Action::ReplyToSupervision, &target)?;
    finding.state = finding.state.answer()?;
    finding.answer = Some(Said { text: text.to_owned(), by: cx.actor().subject.clone(), at: cx.now() });
    findings::update(c, &finding)?;
    let details = json!({"finding": id, "provider": finding.provider, "unit": finding.unit});
    cx.audit("answer_finding", ("finding", id.uuid()), &target, details.clone());
    cx.tell(EventKind::FindingAnswered, ("finding", id.uuid()), &target, details);
    Ok(Reply::ok(FindingView::of(finding, cx)))
}
