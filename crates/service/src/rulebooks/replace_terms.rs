//! `PUT /v1/rulebooks/{id}/terms`: an officer replaces the terms of a draft.

use actix_web::{HttpResponse, put, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::rulebook::RulebookTerms;
use valinta_persistence::{Conn, rulebooks};

use super::terms::{Taken, check_price_unit, check_terms, take, wrong_state};
use super::view::{RulebookState, RulebookSummary};
use crate::app::App;
use crate::cx::{Cx, found};
use crate::http::conditional::{IfMatch, tag_of_version, with_tag};
use crate::http::openapi::StateProblems;
use crate::http::permit::RulebooksWrite;
use crate::http::{Errors, Json, PathId, Permit, Problem};
use crate::parse_as_is;

/// The terms that a draft is to have.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplaceTerms {
    /// The rules, whole.
    terms: RulebookTerms,
}
parse_as_is!(ReplaceTerms);

/// Replaces a draft's terms. Those of a proposed or adopted rulebook stand.
#[utoipa::path(
    tag = "rulebooks",
    params(IfMatch),
    responses(
        (
            status = 200,
            description = "Replaced.",
            body = RulebookSummary,
            headers(("ETag" = String, description = "Its version.")),
        ),
        StateProblems,
    ),
    security(("bearer" = ["rulebooks:write"])),
)]
#[put("/v1/rulebooks/{id}/terms")]
pub(crate) async fn replace_rulebook_terms(
    permit: Permit<RulebooksWrite>,
    app: web::Data<App>,
    path: PathId<kind::Rulebook>,
    precondition: IfMatch,
    body: Json<ReplaceTerms>,
) -> Result<HttpResponse, Problem> {
    let (id, terms) = (path.id(), body.into_inner().terms);
    let (summary, version) =
        app.write(permit.into_caller(), move |c, cx| replace(c, cx, id, &precondition, &terms)).await?;
    Ok(with_tag(&mut HttpResponse::Ok(), &tag_of_version(version)).json(summary))
}

/// Replaces the terms of a draft. What it is now, and its version.
fn replace(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Rulebook>,
    precondition: &IfMatch,
    terms: &RulebookTerms,
) -> Result<(RulebookSummary, i64), Problem> {
    let taken = take(c, cx, id, Action::ManageRules)?;
    precondition.check(taken.rulebook.version)?;
    match taken.state() {
        RulebookState::Draft => {}
        RulebookState::Proposed => return Err(wrong_state("the rulebook is proposed; return it to change its terms")),
        RulebookState::Adopted | RulebookState::Superseded => {
            return Err(wrong_state("an adopted rulebook stands; draft the next version"));
        }
    }
    let Taken { rulebook, voucher_type, target, today } = taken;
    let mut errors = Errors::new();
    check_terms(terms, voucher_type.unit, "/terms", &mut errors);
    let followed = rulebooks::open_rulebook(c, voucher_type.id)?;
    check_price_unit(terms, voucher_type.unit, followed.as_ref(), "/terms", &mut errors);
    errors.finish()?;
    if !rulebooks::replace_terms(c, &rulebook, terms)? {
        return Err(Problem::internal("a draft that was taken has changed"));
    }
    let details =
        json!({"voucher_type": voucher_type.id, "number": rulebook.number, "replaced_version": rulebook.version});
    cx.audit("replace_rulebook_terms", ("rulebook", id.uuid()), &target, details);
    let replaced = found(rulebooks::find_rulebook(c, id)?)?;
    Ok((RulebookSummary::of(&replaced, today), replaced.version))
}
