//! `POST /v1/provider-changes/{id}/decision`: a second person agrees to a change, or refuses it.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Role};
use valinta_domain::provider::{ChangeState, Second};
use valinta_persistence::provider_changes::Decided;
use valinta_persistence::{Conn, provider_changes};

use super::change_view::ProviderChangeView;
use super::changes::{ValueRefused, check_value, put_in_force, take_change, waiting};
use super::fields::not_blank;
use super::view::registry_day;
use super::whose::{require_relation, target_of};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::openapi::StateProblems;
use crate::http::permit::ProviderChangesDecide;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem};

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChangeOutcome {
    /// It takes effect.
    Confirmed,
    /// It does not.
    Refused,
}

/// What a second person says to a change.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecideChange {
    /// Which way.
    outcome: ChangeOutcome,
    /// Why it is refused; wanted then.
    #[validate(length(min = 1, max = 4000))]
    #[schema(min_length = 1, max_length = 4000)]
    reason: Option<String>,
}

impl Parse for DecideChange {
    type Into = (ChangeOutcome, Option<String>);

    fn parse(&self, errors: &mut Errors) -> Option<Self::Into> {
        let reason = errors.take_optional("/reason", self.reason.as_deref().map(not_blank))?;
        match (self.outcome, &reason) {
            (ChangeOutcome::Refused, None) => {
                errors.fail("/reason", "required", "a refusal says why");
                None
            }
            (ChangeOutcome::Confirmed | ChangeOutcome::Refused, _) => Some((self.outcome, reason)),
        }
    }
}

/// Confirms or refuses a change that somebody else asked for.
///
/// An officer does so for an organiser where the provider is approved or has an application under way. A confirmed sector holds from the day that was asked for, or
/// from today if that has passed; a name and an account hold from now on.
#[utoipa::path(
    tag = "providers",
    params(IdempotencyKey),
    responses((status = 200, description = "Decided.", body = ProviderChangeView), StateProblems),
    security(("bearer" = ["provider-changes:decide"])),
)]
#[post("/v1/provider-changes/{id}/decision")]
pub(crate) async fn decide_provider_change(
    permit: Permit<ProviderChangesDecide>,
    app: web::Data<App>,
    path: PathId<kind::ProviderChange>,
    key: IdempotencyKey,
    body: Json<DecideChange>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let (outcome, reason) = body.into_inner();
    let run = move |c: &mut Conn, cx: &Cx| decide(c, cx, id, outcome, reason.as_deref());
    app.command(permit.into_caller(), "decide_provider_change", &key, &bytes, run).await
}

fn decide(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::ProviderChange>,
    outcome: ChangeOutcome,
    reason: Option<&str>,
) -> Result<Reply<ProviderChangeView>, Problem> {
    let provider = found(provider_changes::provider_of(c, id)?)?;
    let target = target_of(c, cx, provider)?;
    cx.require(Action::DecideProviderChange, &target)?;
    require_relation(c, cx, provider)?;
    let (mut change, provider) = take_change(c, cx, id, provider)?;
    let second = if cx.actor().role == Role::Provider { Second::Admin } else { Second::Officer };
    waiting(&change).decide(second, &cx.actor().subject)?;
    change.state = match outcome {
        ChangeOutcome::Confirmed => ChangeState::Confirmed,
        ChangeOutcome::Refused => ChangeState::Refused,
    };
    change.reason = reason.map(str::to_owned);
    change.decided = Some(Decided { by: cx.actor().subject.clone(), organiser: cx.actor().organiser, at: cx.now() });
    if outcome == ChangeOutcome::Confirmed {
        let today = registry_day(cx.now());
        // Nothing reaches back: what has waited too long holds from today.
        change.valid_from = change.valid_from.max(today);
        let days = (change.valid_from, today);
        check_value(c, cx, &provider, &change.value, days).map_err(ValueRefused::of_decision)?;
        put_in_force(c, cx, provider.id, &change.value, days).map_err(ValueRefused::of_decision)?;
    }
    provider_changes::store_decision(c, &change)?;
    let noted = json!({
        "provider": provider.id,
        "change": id,
        "field": change.value.field(),
        "outcome": outcome,
        "valid_from": change.valid_from,
    });
    cx.audit("decide_provider_change", ("provider_change", id.uuid()), &target, noted.clone());
    cx.tell(EventKind::ProviderChangeDecided, ("provider_change", id.uuid()), &target, noted);
    Ok(Reply::ok(ProviderChangeView::of(cx, change)))
}
