//! `POST /v1/rulebooks/general`: an officer drafts the next version of every voucher type's rules with another general
//! part: what the organiser asks of all providers and tells all clients alike.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;
use valinta_domain::policy::{Action, Target};
use valinta_domain::rulebook_difference::{GeneralChanges, TermsChanges};
use valinta_persistence::organisers::Organiser;
use valinta_persistence::voucher_types::{self, VoucherType};
use valinta_persistence::{Conn, rulebooks};

use super::draft::store;
use super::terms::{check_terms, made_from, wrong_state};
use super::view::RulebookSummary;
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::openapi::StateProblems;
use crate::http::permit::RulebooksWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, Permit, Problem};

/// Most voucher types of an organiser whose rules are drafted at once.
const VOUCHER_TYPES_MAX: u16 = 500;

/// Another general part.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DraftGeneralPart {
    /// The members that replace those of every voucher type's rules. A member that is not named stays as each type has
    /// it.
    members: GeneralChanges,
}

impl Parse for DraftGeneralPart {
    type Into = TermsChanges;

    fn parse(&self, errors: &mut Errors) -> Option<TermsChanges> {
        let changes = TermsChanges::from(self.members.clone());
        if changes.is_empty() {
            errors.fail("/members", "missing", "at least one member changes");
        }
        Some(changes)
    }
}

/// The drafts that were made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct GeneralDrafts {
    /// One for each voucher type that has an adopted rulebook.
    #[schema(max_items = 500)]
    items: Vec<RulebookSummary>,
}

/// Drafts a next version of every voucher type's rules, each based on the one adopted last, with another general part:
/// all of them or, where one would be inconsistent, none. Vouchers that are issued already keep their value under it.
#[utoipa::path(
    tag = "rulebooks",
    params(IdempotencyKey),
    responses((status = 201, description = "Drafted.", body = GeneralDrafts), StateProblems),
    security(("bearer" = ["rulebooks:write"])),
)]
#[post("/v1/rulebooks/general")]
pub(crate) async fn draft_general_part(
    permit: Permit<RulebooksWrite>,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Json<DraftGeneralPart>,
) -> Result<HttpResponse, Problem> {
    let bytes = body.bytes().to_vec();
    let changes = body.into_inner();
    app.command(permit.into_caller(), "draft_general_part", &key, &bytes, move |c, cx| draft(c, cx, &changes)).await
}

/// Drafts the next version of every voucher type's rules.
fn draft(c: &mut Conn, cx: &Cx, changes: &TermsChanges) -> Result<Reply<GeneralDrafts>, Problem> {
    let organiser = cx.own_organiser(c)?;
    let target = Target { organiser: Some(organiser.id), ..Target::default() };
    cx.require(Action::ManageRules, &target)?;
    let today = cx.today(&organiser)?;
    let (mut items, mut errors) = (Vec::new(), Errors::new());
    for listed in voucher_types_of(c, &organiser)? {
        // Taken in the order of their ids, which is everyone's: two that draft at once wait and do not block each other.
        let voucher_type = found(voucher_types::take(c, listed.id)?)?;
        let Some(base) = rulebooks::open_rulebook(c, voucher_type.id)? else { continue };
        let terms = made_from(&base.terms, changes);
        check_terms(&terms, voucher_type.unit, "/members", &mut errors);
        if !errors.is_empty() {
            // What is wrong in the part itself is wrong in every type; once is enough.
            break;
        }
        let rulebook = store(c, cx, &organiser, &voucher_type, Some(base.id), terms)?;
        let details =
            json!({"voucher_type": voucher_type.id, "number": rulebook.number, "based_on": base.id, "general": true});
        cx.audit("draft_general_part", ("rulebook", rulebook.id.uuid()), &target, details);
        items.push(RulebookSummary::of(&rulebook, today));
    }
    errors.finish()?;
    if items.is_empty() {
        return Err(wrong_state("no voucher type has an adopted rulebook"));
    }
    Ok(Reply::created("/v1/rulebooks?state=draft".to_owned(), GeneralDrafts { items }))
}

fn voucher_types_of(c: &mut Conn, organiser: &Organiser) -> Result<Vec<VoucherType>, Problem> {
    let most = usize::from(VOUCHER_TYPES_MAX);
    let listed = voucher_types::list(c, Some(organiser.id), None, i64::from(VOUCHER_TYPES_MAX) + 1)?;
    if listed.len() > most {
        return Err(wrong_state(&format!("the organiser has more than {most} voucher types: draft one by one")));
    }
    Ok(listed)
}
