//! `POST /v1/rulebooks/{id}/return`: an officer returns a proposed rulebook to be a draft again.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::{Conn, rulebooks};

use super::terms::{Taken, take, wrong_state};
use super::view::{RulebookState, RulebookSummary};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::openapi::StateProblems;
use crate::http::permit::RulebooksWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem};

/// A return.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReturnRulebook {
    /// What is wrong with the terms, for those who draft. It is kept in the audit trail, and names no person.
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000)]
    reasons: String,
}

impl Parse for ReturnRulebook {
    type Into = String;

    fn parse(&self, errors: &mut Errors) -> Option<String> {
        let reasons = self.reasons.trim();
        errors.take("/reasons", if reasons.is_empty() { Err("a text is wanted") } else { Ok(reasons.to_owned()) })
    }
}

/// Returns a proposed rulebook, with reasons. Its terms can be changed again.
#[utoipa::path(
    tag = "rulebooks",
    params(IdempotencyKey),
    responses((status = 200, description = "Returned: a draft again.", body = RulebookSummary), StateProblems),
    security(("bearer" = ["rulebooks:write"])),
)]
#[post("/v1/rulebooks/{id}/return")]
pub(crate) async fn return_rulebook(
    permit: Permit<RulebooksWrite>,
    app: web::Data<App>,
    path: PathId<kind::Rulebook>,
    key: IdempotencyKey,
    body: Json<ReturnRulebook>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let reasons = body.into_inner();
    app.command(permit.into_caller(), "return_rulebook", &key, &bytes, move |c, cx| give_back(c, cx, id, &reasons))
        .await
}

/// Returns a proposed rulebook to be a draft.
fn give_back(c: &mut Conn, cx: &Cx, id: Id<kind::Rulebook>, reasons: &str) -> Result<Reply<RulebookSummary>, Problem> {
    let taken = take(c, cx, id, Action::ManageRules)?;
    match taken.state() {
        RulebookState::Proposed => {}
        RulebookState::Draft => return Err(wrong_state("the rulebook is a draft")),
        RulebookState::Adopted | RulebookState::Superseded => {
            return Err(wrong_state("the rulebook has been adopted already"));
        }
    }
    let Taken { rulebook, target, today, .. } = taken;
    if !rulebooks::return_to_draft(c, id)? {
        return Err(Problem::internal("a rulebook that was taken has changed"));
    }
    let details = json!({"voucher_type": rulebook.voucher_type, "number": rulebook.number});
    cx.tell(EventKind::RulebookReturned, ("rulebook", id.uuid()), &target, details);
    let details = json!({"voucher_type": rulebook.voucher_type, "number": rulebook.number, "reasons": reasons});
    cx.audit("return_rulebook", ("rulebook", id.uuid()), &target, details);
    let returned = found(rulebooks::find_rulebook(c, id)?)?;
    Ok(Reply::ok(RulebookSummary::of(&returned, today)))
}
