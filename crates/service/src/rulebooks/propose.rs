//! `POST /v1/rulebooks/{id}/propose`: an officer proposes a draft for adoption; its terms are fixed from then on.

use actix_web::{HttpResponse, post, web};
use serde_json::json;
use valinta_domain::Id;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::{Conn, rulebooks};

use super::terms::{Taken, check_base, check_price_unit, check_terms, take, wrong_state};
use super::view::{RulebookState, RulebookSummary};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::openapi::StateProblems;
use crate::http::permit::RulebooksWrite;
use crate::http::{Errors, IdempotencyKey, PathId, Permit, Problem};

/// Proposes a draft for adoption. What is proposed is what will be adopted: its terms cannot change until it is returned.
///
/// A draft that was made from another version than the one it would follow is refused, and the one it would follow is
/// named: make a new draft from that one, with `changes`.
#[utoipa::path(
    tag = "rulebooks",
    params(IdempotencyKey),
    responses((status = 200, description = "Proposed.", body = RulebookSummary), StateProblems),
    security(("bearer" = ["rulebooks:write"])),
)]
#[post("/v1/rulebooks/{id}/propose")]
pub(crate) async fn propose_rulebook(
    permit: Permit<RulebooksWrite>,
    app: web::Data<App>,
    path: PathId<kind::Rulebook>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    app.command(permit.into_caller(), "propose_rulebook", &key, &[], move |c, cx| propose(c, cx, id)).await
}

/// Proposes a draft.
pub(crate) fn propose(c: &mut Conn, cx: &Cx, id: Id<kind::Rulebook>) -> Result<Reply<RulebookSummary>, Problem> {
    let taken = take(c, cx, id, Action::ManageRules)?;
    match taken.state() {
        RulebookState::Draft => {}
        RulebookState::Proposed => return Err(wrong_state("the rulebook is proposed already")),
        RulebookState::Adopted | RulebookState::Superseded => {
            return Err(wrong_state("the rulebook has been adopted already"));
        }
    }
    let Taken { rulebook, voucher_type, target, today } = taken;
    let followed = rulebooks::open_rulebook(c, voucher_type.id)?;
    check_base(c, &rulebook, followed.as_ref())?;
    // A draft may have been stored by a release that looked at less.
    let mut errors = Errors::new();
    check_terms(&rulebook.terms, voucher_type.unit, "/terms", &mut errors);
    check_price_unit(&rulebook.terms, voucher_type.unit, followed.as_ref(), "/terms", &mut errors);
    errors.finish()?;
    if !rulebooks::propose(c, id, cx.now(), &cx.actor().subject)? {
        return Err(Problem::internal("a draft that was taken has changed"));
    }
    let details = json!({"voucher_type": rulebook.voucher_type, "number": rulebook.number});
    cx.audit("propose_rulebook", ("rulebook", id.uuid()), &target, details.clone());
    cx.tell(EventKind::RulebookProposed, ("rulebook", id.uuid()), &target, details);
    let proposed = found(rulebooks::find_rulebook(c, id)?)?;
    Ok(Reply::ok(RulebookSummary::of(&proposed, today)))
}
