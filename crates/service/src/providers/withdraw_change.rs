//! `POST /v1/provider-changes/{id}/withdraw`: a provider takes back a change that waits.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_domain::provider::ChangeState;
use valinta_persistence::provider_changes::Decided;
use valinta_persistence::{Conn, provider_changes};

use super::change_view::ProviderChangeView;
use super::changes::{take_change, waiting};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::openapi::StateProblems;
use crate::http::permit::ProvidersWrite;
use crate::http::{IdempotencyKey, Json, PathId, Permit, Problem};
use crate::parse_as_is;

/// Nothing need be said.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawChange {}
parse_as_is!(WithdrawChange);

/// Takes back a change that waits, whoever of the provider's admins asked for it.
#[utoipa::path(
    tag = "providers",
    params(IdempotencyKey),
    responses((status = 200, description = "Taken back.", body = ProviderChangeView), StateProblems),
    security(("bearer" = ["providers:write"])),
)]
#[post("/v1/provider-changes/{id}/withdraw")]
pub(crate) async fn withdraw_provider_change(
    permit: Permit<ProvidersWrite>,
    app: web::Data<App>,
    path: PathId<kind::ProviderChange>,
    key: IdempotencyKey,
    body: Json<WithdrawChange>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let run = move |c: &mut Conn, cx: &Cx| withdraw(c, cx, id);
    app.command(permit.into_caller(), "withdraw_provider_change", &key, &bytes, run).await
}

fn withdraw(c: &mut Conn, cx: &Cx, id: Id<kind::ProviderChange>) -> Result<Reply<ProviderChangeView>, Problem> {
    let provider = found(provider_changes::provider_of(c, id)?)?;
    let target = Target { provider: Some(provider), ..Target::default() };
    cx.require(Action::ProposeProviderChange, &target)?;
    let (mut change, _) = take_change(c, cx, id, provider)?;
    waiting(&change).withdraw()?;
    change.state = ChangeState::Withdrawn;
    change.decided = Some(Decided { by: cx.actor().subject.clone(), organiser: None, at: cx.now() });
    provider_changes::store_decision(c, &change)?;
    let noted = json!({"provider": provider, "change": id, "field": change.value.field()});
    cx.audit("withdraw_provider_change", ("provider_change", id.uuid()), &target, noted.clone());
    cx.tell(EventKind::ProviderChangeWithdrawn, ("provider_change", id.uuid()), &target, noted);
    Ok(Reply::ok(ProviderChangeView::of(cx, change)))
}
