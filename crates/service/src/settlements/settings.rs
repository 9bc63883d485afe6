//! `POST` and `GET /v1/settlement-settings`: how an organiser settles its months, from a day on.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;
use valinta_domain::policy::Action;
use valinta_domain::settlement::SettlementTerms;
use valinta_domain::{Day, Moment};
use valinta_persistence::settlements::{self, StoredSettings};

use super::run::target_of;
use crate::app::{App, Reply};
use crate::cx::found;
use crate::http::openapi::MissingProblems;
use crate::http::permit::{SettlementsWrite, StatementsRead};
use crate::http::{Errors, IdempotencyKey, Json, Parse, Permit, Problem};

/// How months are settled from a day on.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetSettlementSettings {
    /// From which day on; today at the earliest.
    valid_from: Day,
    /// How.
    terms: SettlementTerms,
}

impl Parse for SetSettlementSettings {
    type Into = (Day, SettlementTerms);

    fn parse(&self, errors: &mut Errors) -> Option<Self::Into> {
        let faults = self.terms.faults();
        for fault in &faults {
            errors.fail(&format!("/terms{}", fault.pointer()), "invalid", fault);
        }
        faults.is_empty().then(|| (self.valid_from, self.terms.clone()))
    }
}

/// How months are settled.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SettlementSettings {
    /// Since which day.
    valid_from: Day,
    /// How.
    terms: SettlementTerms,
    /// When it was said.
    set_at: Moment,
}

impl SettlementSettings {
    fn of(stored: StoredSettings) -> Self {
        Self { valid_from: stored.valid_from, terms: stored.terms, set_at: stored.set_at }
    }
}

/// Says how months are settled from a day on. What was said before stays on record.
#[utoipa::path(
    tag = "settlements",
    params(IdempotencyKey),
    responses((status = 201, description = "Said.", body = SettlementSettings)),
    security(("bearer" = ["settlements:write"])),
)]
#[post("/v1/settlement-settings")]
pub(crate) async fn set_settlement_settings(
    permit: Permit<SettlementsWrite>,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Json<SetSettlementSettings>,
) -> Result<HttpResponse, Problem> {
    let bytes = body.bytes().to_vec();
    let (valid_from, terms) = body.into_inner();
    app.command(permit.into_caller(), "set_settlement_settings", &key, &bytes, move |c, cx| {
        let organiser = cx.own_organiser(c)?;
        let target = target_of(organiser.id);
        cx.require(Action::Settle, &target)?;
        let today = cx.today(&organiser)?;
        if valid_from < today {
            let why = format!("is before today, {today}: what was settled stays as it was");
            return Err(Problem::invalid(Vec::new()).at("/valid_from", "in_the_past", why));
        }
        let stored = StoredSettings {
            id: cx.id(),
            organiser: organiser.id,
            valid_from,
            terms: terms.clone(),
            set_by: cx.actor().subject.clone(),
            set_at: cx.now(),
        };
        settlements::set(c, &stored)?;
        let details = json!({"settings": stored.id, "valid_from": valid_from});
        cx.audit("set_settlement_settings", ("organiser", organiser.id.uuid()), &target, details);
        Ok(Reply::created("/v1/settlement-settings".to_owned(), SettlementSettings::of(stored)))
    })
    .await
}

/// Shows how months are settled today.
#[utoipa::path(
    tag = "settlements",
    responses((status = 200, description = "How.", body = SettlementSettings), MissingProblems),
    security(("bearer" = ["statements:read"])),
)]
#[get("/v1/settlement-settings")]
pub(crate) async fn show_settlement_settings(
    permit: Permit<StatementsRead>,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    let view = app
        .write(permit.into_caller(), move |c, cx| {
            let organiser = cx.own_organiser(c)?;
            let target = target_of(organiser.id);
            cx.require(Action::ReadStatement, &target)?;
            let today = cx.today(&organiser)?;
            let stored = found(settlements::settings_on(c, organiser.id, today)?)?;
            cx.audit("show_settlement_settings", ("organiser", organiser.id.uuid()), &target, json!({}));
            Ok(SettlementSettings::of(stored))
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}
