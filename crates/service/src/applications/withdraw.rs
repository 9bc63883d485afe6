//! `POST /v1/applications/{id}/withdraw`: the provider takes its application back before it is decided.

use actix_web::{HttpResponse, post, web};
use serde_json::json;
use valinta_domain::Id;
use valinta_domain::application::ApplicationEventKind;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::applications::NewEvent;
use valinta_persistence::{Conn, applications};

use super::view::{ApplicationView, event, target_of};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::permit::ApplicationsWrite;
use crate::http::{IdempotencyKey, PathId, Permit, Problem};

/// Withdraws an application. The unit may apply again.
#[utoipa::path(
    tag = "applications",
    params(IdempotencyKey),
    responses((status = 200, description = "Withdrawn.", body = ApplicationView)),
    security(("bearer" = ["applications:write"])),
)]
#[post("/v1/applications/{id}/withdraw")]
pub(crate) async fn withdraw_application(
    permit: Permit<ApplicationsWrite>,
    app: web::Data<App>,
    path: PathId<kind::Application>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    app.command(permit.into_caller(), "withdraw_application", &key, &[], move |c, cx| withdraw(c, cx, id)).await
}

/// Takes an application back.
pub(crate) fn withdraw(c: &mut Conn, cx: &Cx, id: Id<kind::Application>) -> Result<Reply<ApplicationView>, Problem> {
    let mut application = found(applications::take(c, id)?)?;
    let target = target_of(&application);
    cx.require(Action::BindProvider, &target)?;
    application.state = application.state.withdraw()?;
    application.answer_due = None;
    applications::update(c, &application)?;
    let withdrawn = event(cx, ApplicationEventKind::Withdrawn);
    let new = NewEvent { organiser: application.organiser, application: id, event: &withdrawn, document: None };
    applications::append_event(c, &new)?;
    cx.audit("withdraw_application", ("application", id.uuid()), &target, json!({}));
    if target.organiser.is_some() {
        let payload = json!({"application": id, "provider": application.provider});
        cx.tell(EventKind::ApplicationWithdrawn, ("application", id.uuid()), &target, payload);
    }
    Ok(Reply::ok(ApplicationView::of(application)))
}
