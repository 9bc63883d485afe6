//! `POST /v1/statements/{id}/approve`, `/send` and `/paid`: a statement is approved by a second person, sent to be paid, and
//! noted as paid.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::settlement::StatementRefused;
use valinta_persistence::statements::{self, Statement};
use valinta_persistence::{Conn, organisers};

use super::sums::{StatementSumsView, target_of};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::openapi::StateProblems;
use crate::http::permit::{SettlementsWrite, StatementsApprove};
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem, ProblemKind};
use crate::sending::queue_statement;

/// How it was paid.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayStatement {
    /// The payment's reference, as the bank tells it.
    #[validate(length(min = 1, max = 140))]
    #[schema(min_length = 1, max_length = 140)]
    payment_reference: String,
}

impl Parse for PayStatement {
    type Into = String;

    fn parse(&self, errors: &mut Errors) -> Option<String> {
        let text = self.payment_reference.trim();
        let given = if text.is_empty() { Err("a reference is wanted") } else { Ok(text.to_owned()) };
        errors.take("/payment_reference", given)
    }
}

/// Approves a statement that somebody else made.
#[utoipa::path(
    tag = "settlements",
    params(IdempotencyKey),
    responses((status = 200, description = "Approved.", body = StatementSumsView), StateProblems),
    security(("bearer" = ["statements:approve"])),
)]
#[post("/v1/statements/{id}/approve")]
pub(crate) async fn approve_statement(
    permit: Permit<StatementsApprove>,
    app: web::Data<App>,
    path: PathId<kind::Statement>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    app.command(permit.into_caller(), "approve_statement", &key, id.uuid().as_bytes(), move |c, cx| {
        move_on(c, cx, id, Action::ApproveStatement, |c, statement| {
            statement.standing().approve(&cx.actor().subject)?;
            statements::approve(c, id, &cx.actor().subject, cx.now())?;
            Ok(("approve_statement", EventKind::StatementApproved))
        })
    })
    .await
}

/// Sends a statement to be paid: its invoice, and what the bank is asked to pay, are handed over as deliveries. What is below
/// zero is not sent but carried on.
#[utoipa::path(
    tag = "settlements",
    params(IdempotencyKey),
    responses((status = 200, description = "Sent.", body = StatementSumsView), StateProblems),
    security(("bearer" = ["settlements:write"])),
)]
#[post("/v1/statements/{id}/send")]
pub(crate) async fn send_statement(
    permit: Permit<SettlementsWrite>,
    app: web::Data<App>,
    path: PathId<kind::Statement>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    app.command(permit.into_caller(), "send_statement", &key, id.uuid().as_bytes(), move |c, cx| {
        move_on(c, cx, id, Action::Settle, |c, statement| {
            statement.standing().send()?;
            statements::send(c, id, &cx.actor().subject, cx.now())?;
            let currency = found(organisers::find(c, statement.organiser)?)?.currency;
            queue_statement(c, cx, statement, currency)?;
            Ok(("send_statement", EventKind::StatementSent))
        })
    })
    .await
}

/// Notes that a statement was paid, with the payment's reference.
#[utoipa::path(
    tag = "settlements",
    params(IdempotencyKey),
    responses((status = 200, description = "Noted.", body = StatementSumsView), StateProblems),
    security(("bearer" = ["settlements:write"])),
)]
#[post("/v1/statements/{id}/paid")]
pub(crate) async fn pay_statement(
    permit: Permit<SettlementsWrite>,
    app: web::Data<App>,
    path: PathId<kind::Statement>,
    key: IdempotencyKey,
    body: Json<PayStatement>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let reference = body.into_inner();
    app.command(permit.into_caller(), "pay_statement", &key, &bytes, move |c, cx| {
        move_on(c, cx, id, Action::Settle, |c, statement| {
            statement.standing().pay()?;
            statements::pay(c, id, &reference, (&cx.actor().subject, cx.now()))?;
            Ok(("pay_statement", EventKind::StatementPaid))
        })
    })
    .await
}

/// Moves a statement on, if `step` lets it. `step` names what is audited and told.
fn move_on(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Statement>,
    action: Action,
    step: impl FnOnce(&mut Conn, &Statement) -> Result<(&'static str, EventKind), Problem>,
) -> Result<Reply<StatementSumsView>, Problem> {
    let statement = found(statements::take(c, id)?)?;
    let target = target_of(&statement);
    cx.require(action, &target)?;
    let (audited, told) = step(c, &statement)?;
    cx.audit(audited, ("statement", id.uuid()), &target, json!({"number": statement.number}));
    let message = json!({"statement": id, "settlement": statement.settlement, "provider": statement.provider});
    cx.tell(told, ("statement", id.uuid()), &target, message);
    let currency = found(organisers::find(c, statement.organiser)?)?.currency;
    let statement = found(statements::find(c, id)?)?;
    Ok(Reply::ok(StatementSumsView::of(statement, currency)))
}

impl From<StatementRefused> for Problem {
    fn from(refused: StatementRefused) -> Self {
        let kind = match refused {
            StatementRefused::OwnWork => ProblemKind::Forbidden,
            StatementRefused::WrongState { .. } | StatementRefused::NotApproved | StatementRefused::NothingPayable => {
                ProblemKind::WrongState
            }
        };
        Self::new(kind, format!("It cannot be done: {refused}."))
    }
}
