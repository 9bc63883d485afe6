//! `PUT /v1/service-units/{id}`: a member replaces what is said of a unit. What it was is kept.

use actix_web::{HttpResponse, put, web};
use serde_json::json;
use valinta_domain::Id;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_domain::provider::{ClosingRefused, UnitDetails, change_closing};
use valinta_domain::registry_change::{RegistryChange, RegistryKind};
use valinta_persistence::providers::ServiceUnit;
use valinta_persistence::registry_versions::keep;
use valinta_persistence::{Conn, approvals, providers};

use super::close::{ClosingNotice, close, closes, may_close};
use super::request::{UnitRequest, check_municipalities};
use super::view::ServiceUnitView;
use crate::app::App;
use crate::cx::{Cx, found};
use crate::evidence::give_soteri;
use crate::http::conditional::{IfMatch, tag_of_version, with_tag};
use crate::http::openapi::StateProblems;
use crate::http::permit::ProvidersWrite;
use crate::http::{Json, PathId, Permit, Problem, ProblemKind};
use crate::providers::{oid_is_free, oid_is_theirs, registry_day, unless_oid_taken};

/// Replaces a unit of the caller's, whole: what is left out is no longer said. A changed registration in Soteri becomes
/// evidence of the unit's, which each organiser looks at anew.
///
/// When the unit closes is an admin's to say, and as many days ahead as the rulebooks ask for by which it is approved.
/// Choices of it end on that day, and their holders are told to choose again.
#[utoipa::path(
    tag = "service-units",
    params(IfMatch),
    responses(
        (
            status = 200,
            description = "Replaced.",
            body = ServiceUnitView,
            headers(("ETag" = String, description = "Its version.")),
        ),
        StateProblems,
    ),
    security(("bearer" = ["providers:write"])),
)]
#[put("/v1/service-units/{id}")]
pub(crate) async fn replace_service_unit(
    permit: Permit<ProvidersWrite>,
    app: web::Data<App>,
    path: PathId<kind::ServiceUnit>,
    precondition: IfMatch,
    body: Json<UnitRequest>,
) -> Result<HttpResponse, Problem> {
    let (id, details) = (path.id(), body.into_inner());
    let unit = app.write(permit.into_caller(), move |c, cx| replace(c, cx, id, &precondition, &details)).await?;
    Ok(with_tag(&mut HttpResponse::Ok(), &tag_of_version(unit.version)).json(ServiceUnitView::of(unit)))
}

/// Replaces what is said of a unit.
fn replace(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::ServiceUnit>,
    precondition: &IfMatch,
    details: &UnitDetails,
) -> Result<ServiceUnit, Problem> {
    let provider = found(providers::find_unit(c, id)?)?.provider;
    let target = Target { provider: Some(provider), ..Target::default() };
    cx.require(Action::ManageProvider, &target)?;
    // Its approvals and its evidence may change with it: they are held before it, as everywhere.
    approvals::hold_all_of(c, provider)?;
    let mut unit = found(providers::take_unit(c, id)?)?;
    // Taking it has made it the next version already.
    precondition.check(unit.version.saturating_sub(1))?;
    change_closing(unit.details.closed_from, details.closed_from, registry_day(cx.now()))?;
    let closed_before = unit.details.closed_from;
    if closed_before != details.closed_from {
        may_close(cx, &unit)?;
    }
    if let Some(from) = closes(closed_before, details.closed_from) {
        ClosingNotice::of(c, cx, id)?.check(from)?;
    }
    check_municipalities(c, details)?;
    let owner = found(providers::find(c, unit.provider)?)?;
    oid_is_theirs(&owner.business_id, unit.details.oid.as_ref(), details.oid.as_ref())?;
    oid_is_free(c, unit.details.oid.as_ref(), details.oid.as_ref())?;
    let soteri_changed = unit.details.soteri != details.soteri;
    unit.details = details.clone();
    providers::store_unit(c, &unit).map_err(unless_oid_taken)?;
    let by = (cx.actor().subject.as_str(), cx.now());
    keep(c, (RegistryKind::ServiceUnit, id.uuid()), unit.version, &unit.details, by)?;
    let moved = close(c, cx, &unit, closed_before)?;
    let noted = json!({"provider": unit.provider, "unit": id, "version": unit.version, "vouchers_in_use": moved});
    cx.audit("replace_service_unit", ("service_unit", id.uuid()), &target, noted.clone());
    cx.tell(EventKind::ServiceUnitChanged, ("service_unit", id.uuid()), &target, noted);
    cx.registry_changed(RegistryChange::service_unit(id, None));
    if soteri_changed {
        give_soteri(c, cx, &[&unit])?;
    }
    Ok(unit)
}

impl From<ClosingRefused> for Problem {
    fn from(refused: ClosingRefused) -> Self {
        match refused {
            ClosingRefused::InThePast => Self::invalid(Vec::new()).at("/closed_from", "in_the_past", refused),
            ClosingRefused::Closed => {
                Self::new(ProblemKind::WrongState, "The unit has closed.").at("/closed_from", "closed", refused)
            }
        }
    }
}
