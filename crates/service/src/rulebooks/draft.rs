//! `POST /v1/rulebooks`: an officer drafts the next version of a voucher type's rules.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_domain::rulebook::RulebookTerms;
use valinta_persistence::Conn;
use valinta_persistence::voucher_types::{self, Rulebook};

use super::view::RulebookSummary;
use crate::app::{App, Reply};
use crate::cx::Cx;
use crate::http::permit::RulebooksWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, Permit, Problem};

/// Largest terms as they are kept: JSON, with every amount written out. Decisions repeat them and add to them, and have
/// room for a quarter of a mebibyte.
const TERMS_BYTES_MAX: usize = 196_608;

/// A rulebook to be drafted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DraftRulebook {
    /// Of which voucher type.
    voucher_type: Id<kind::VoucherType>,
    /// The rules.
    terms: RulebookTerms,
}

/// What is to be drafted.
#[derive(Debug, Clone)]
pub(crate) struct DraftCommand {
    pub(crate) voucher_type: Id<kind::VoucherType>,
    pub(crate) terms: RulebookTerms,
}

impl Parse for DraftRulebook {
    type Into = DraftCommand;

    fn parse(&self, errors: &mut Errors) -> Option<DraftCommand> {
        for fault in self.terms.check() {
            errors.fail(&format!("/terms{}", fault.pointer), fault.code, &fault.detail);
        }
        if serde_json::to_string(&self.terms).is_ok_and(|text| text.len() > TERMS_BYTES_MAX) {
            errors.fail("/terms", "too_long", format!("terms have at most {TERMS_BYTES_MAX} bytes"));
        }
        Some(DraftCommand { voucher_type: self.voucher_type, terms: self.terms.clone() })
    }
}

/// Drafts a rulebook. It is nobody's rule until it is adopted.
#[utoipa::path(
    tag = "rulebooks",
    params(IdempotencyKey),
    responses((status = 201, description = "Drafted.", body = RulebookSummary)),
    security(("bearer" = ["rulebooks:write"])),
)]
#[post("/v1/rulebooks")]
pub(crate) async fn draft_rulebook(
    permit: Permit<RulebooksWrite>,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Json<DraftRulebook>,
) -> Result<HttpResponse, Problem> {
    let bytes = body.bytes().to_vec();
    let command = body.into_inner();
    app.command(permit.into_caller(), "draft_rulebook", &key, &bytes, move |c, cx| draft(c, cx, &command)).await
}

/// Drafts a rulebook under the next number of its voucher type.
pub(crate) fn draft(c: &mut Conn, cx: &Cx, command: &DraftCommand) -> Result<Reply<RulebookSummary>, Problem> {
    let organiser = cx.own_organiser(c)?;
    let target = Target { organiser: Some(organiser.id), ..Target::default() };
    cx.require(Action::ManageRules, &target)?;
    // Taken, so that no other draft gets the same number.
    let voucher_type = voucher_types::take(c, command.voucher_type)?
        .filter(|voucher_type| voucher_type.organiser == organiser.id)
        .ok_or_else(|| Problem::unknown("/voucher_type", "the organiser has no such voucher type"))?;
    let rulebook = Rulebook {
        id: cx.id(),
        organiser: organiser.id,
        voucher_type: voucher_type.id,
        number: voucher_types::next_rulebook_number(c, voucher_type.id)?,
        terms: command.terms.clone(),
        in_force: None,
        decision: None,
        version: 1,
        created_at: cx.now(),
    };
    voucher_types::insert_rulebook(c, &rulebook)?;
    let id = rulebook.id;
    let details = json!({"voucher_type": voucher_type.id, "number": rulebook.number});
    cx.audit("draft_rulebook", ("rulebook", id.uuid()), &target, details);
    Ok(Reply::created(format!("/v1/rulebooks/{id}"), RulebookSummary::of(&rulebook)))
}
