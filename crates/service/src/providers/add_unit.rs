//! `POST /v1/providers/{id}/units`: a member adds a unit to its provider.

use actix_web::{HttpResponse, post, web};
use serde_json::json;
use valinta_domain::Id;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_domain::provider::UnitDetails;
use valinta_domain::registry_change::{RegistryChange, RegistryKind};
use valinta_persistence::providers::ServiceUnit;
use valinta_persistence::registry_versions::keep;
use valinta_persistence::{Conn, providers};

use super::fields::{oid_is_free, oid_is_theirs, unless_oid_taken};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::evidence::give_soteri;
use crate::http::permit::ProvidersWrite;
use crate::http::{IdempotencyKey, Json, PathId, Permit, Problem, ProblemKind};
use crate::service_units::{ServiceUnitView, UnitRequest, check_municipalities};

/// Most units of one provider.
const UNITS_MAX: i64 = 1_000;

/// Adds a unit to a provider of the caller's.
#[utoipa::path(
    tag = "providers",
    params(IdempotencyKey),
    responses((status = 201, description = "Added.", body = ServiceUnitView)),
    security(("bearer" = ["providers:write"])),
)]
#[post("/v1/providers/{id}/units")]
pub(crate) async fn add_service_unit(
    permit: Permit<ProvidersWrite>,
    app: web::Data<App>,
    path: PathId<kind::Provider>,
    key: IdempotencyKey,
    body: Json<UnitRequest>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let command = body.into_inner();
    app.command(permit.into_caller(), "add_service_unit", &key, &bytes, move |c, cx| add_unit(c, cx, id, &command))
        .await
}

/// Adds a unit.
pub(crate) fn add_unit(
    c: &mut Conn,
    cx: &Cx,
    provider: Id<kind::Provider>,
    details: &UnitDetails,
) -> Result<Reply<ServiceUnitView>, Problem> {
    let target = Target { provider: Some(provider), ..Target::default() };
    cx.require(Action::ManageProvider, &target)?;
    check_municipalities(c, details)?;
    let owner = found(providers::find(c, provider)?)?;
    oid_is_theirs(&owner.business_id, None, details.oid.as_ref())?;
    oid_is_free(c, None, details.oid.as_ref())?;
    if providers::count_units(c, provider)? >= UNITS_MAX {
        return Err(Problem::new(ProblemKind::Conflict, format!("A provider has at most {UNITS_MAX} units.")));
    }
    let unit = ServiceUnit { id: cx.id(), provider, details: details.clone(), version: 1, created_at: cx.now() };
    providers::insert_unit(c, &unit).map_err(unless_oid_taken)?;
    keep(c, (RegistryKind::ServiceUnit, unit.id.uuid()), 1, details, (&cx.actor().subject, cx.now()))?;
    let id = unit.id;
    cx.audit("add_service_unit", ("service_unit", id.uuid()), &target, json!({"provider": provider}));
    cx.tell(
        EventKind::ServiceUnitAdded,
        ("service_unit", id.uuid()),
        &target,
        json!({"provider": provider, "unit": id}),
    );
    cx.registry_changed(RegistryChange::service_unit(id, None));
    if unit.details.soteri.is_some() {
        give_soteri(c, cx, &[&unit])?;
    }
    Ok(Reply::created(format!("/v1/service-units/{id}"), ServiceUnitView::of(unit)))
}
