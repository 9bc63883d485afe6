//! `POST /v1/rulebooks`: an officer drafts the next version of a voucher type's rules: whole, or from another version by
//! the members that change.

use std::sync::Arc;

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::rulebook_difference::TermsChanges;
use valinta_persistence::Conn;
use valinta_persistence::organisers::Organiser;
use valinta_persistence::rulebooks::{self, Rulebook};
use valinta_persistence::voucher_types::{self, VoucherType};

use super::terms::{check_price_unit, check_terms, made_from};
use super::view::RulebookSummary;
use crate::app::{App, Reply};
use crate::cx::Cx;
use crate::http::permit::RulebooksWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, Permit, Problem};

/// A rulebook to be drafted: `voucher_type` and `terms`, or `based_on` and `changes`.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DraftRulebook {
    /// Of which voucher type. With `terms`.
    voucher_type: Option<Id<kind::VoucherType>>,
    /// The rules, whole.
    terms: Option<RulebookTerms>,
    /// From which version of the organiser's, in any state; of its voucher type the draft is. With `changes`.
    based_on: Option<Id<kind::Rulebook>>,
    /// What is different from that version.
    changes: Option<TermsChanges>,
}

/// What is to be drafted.
#[derive(Debug, Clone)]
pub(crate) enum DraftCommand {
    /// The rules of a voucher type, whole.
    Whole { voucher_type: Id<kind::VoucherType>, terms: Box<RulebookTerms> },
    /// What changes of another version.
    Changes { based_on: Id<kind::Rulebook>, changes: Box<TermsChanges> },
}

impl Parse for DraftRulebook {
    type Into = DraftCommand;

    fn parse(&self, errors: &mut Errors) -> Option<DraftCommand> {
        match self.clone() {
            Self { voucher_type: Some(voucher_type), terms: Some(terms), based_on: None, changes: None } => {
                Some(DraftCommand::Whole { voucher_type, terms: Box::new(terms) })
            }
            Self { voucher_type: None, terms: None, based_on: Some(based_on), changes: Some(changes) } => {
                if changes.is_empty() {
                    errors.fail("/changes", "missing", "at least one member changes");
                }
                Some(DraftCommand::Changes { based_on, changes: Box::new(changes) })
            }
            _ => {
                let detail = "either voucher_type and terms are given, or based_on and changes, and nothing else";
                errors.fail("", "one_way", detail);
                None
            }
        }
    }
}

/// Drafts a rulebook. It is nobody's rule until it is proposed and adopted.
///
/// It can follow no other version than the one it is made from, or, drafted whole, the one that was adopted last at that
/// time: once another one has been adopted, it is drafted anew, most easily as `changes` of that one. Where `changes` do
/// not name `issued_vouchers`, vouchers that are issued already keep their value, whatever the other version said of them.
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
    let (of_type, based_on, terms, pointer) = match command {
        DraftCommand::Whole { voucher_type, terms } => (*voucher_type, None, (**terms).clone(), "/terms"),
        DraftCommand::Changes { based_on, changes } => {
            let base = rulebooks::find_rulebook(c, *based_on)?
                .filter(|base| base.organiser == organiser.id)
                .ok_or_else(|| Problem::unknown("/based_on", "the organiser has no such rulebook"))?;
            (base.voucher_type, Some(base.id), made_from(&base.terms, changes), "/changes")
        }
    };
    // Taken, so that no other draft gets the same number.
    let voucher_type = voucher_types::take(c, of_type)?
        .filter(|voucher_type| voucher_type.organiser == organiser.id)
        .ok_or_else(|| Problem::unknown("/voucher_type", "the organiser has no such voucher type"))?;
    let followed = rulebooks::open_rulebook(c, of_type)?;
    let mut errors = Errors::new();
    check_terms(&terms, voucher_type.unit, pointer, &mut errors);
    check_price_unit(&terms, voucher_type.unit, followed.as_ref(), pointer, &mut errors);
    errors.finish()?;
    // Whoever writes the terms whole writes what is to follow the version that there is now.
    let based_on = based_on.or(followed.map(|followed| followed.id));
    let rulebook = store(c, cx, &organiser, &voucher_type, based_on, terms)?;
    let id = rulebook.id;
    let details = json!({"voucher_type": voucher_type.id, "number": rulebook.number, "based_on": based_on});
    cx.audit("draft_rulebook", ("rulebook", id.uuid()), &target, details);
    let summary = RulebookSummary::of(&rulebook, cx.today(&organiser)?);
    Ok(Reply::created(format!("/v1/rulebooks/{id}"), summary))
}

/// Stores terms that have been checked as the next draft of a voucher type that has been taken.
pub(super) fn store(
    c: &mut Conn,
    cx: &Cx,
    organiser: &Organiser,
    voucher_type: &VoucherType,
    based_on: Option<Id<kind::Rulebook>>,
    terms: RulebookTerms,
) -> Result<Rulebook, Problem> {
    let rulebook = Rulebook {
        id: cx.id(),
        organiser: organiser.id,
        voucher_type: voucher_type.id,
        number: rulebooks::next_rulebook_number(c, voucher_type.id)?,
        terms: Arc::new(terms),
        in_force: None,
        proposed: None,
        based_on,
        decision: None,
        version: 1,
        created_at: cx.now(),
    };
    rulebooks::insert_rulebook(c, &rulebook)?;
    Ok(rulebook)
}
