//! `GET /v1/clients/{id}`: one client, for the staff that serves it and for auditors.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use serde_json::json;
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::policy::{Action, Role, Target};
use valinta_domain::{Id, Language, Moment};
use valinta_persistence::{Conn, clients};

use super::register::ContactDetails;
use crate::app::App;
use crate::cx::{Cx, found};
use crate::http::permit::ClientsRead;
use crate::http::{PathId, Permit, Problem};

/// A client.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ClientView {
    /// The client's id.
    id: Id<kind::Client>,
    /// The person's id.
    person: Id<kind::Person>,
    /// Personal identity code; not shown to auditors, who have no use for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 11)]
    personal_identity_code: Option<String>,
    /// Full name.
    #[schema(max_length = 200)]
    name: String,
    /// Code of the municipality of residence.
    municipality: MunicipalityCode,
    /// Language of service.
    language: Language,
    /// How the person can be reached. Of a protected address, street and place are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<ContactDetails>,
    /// Whether the address is under a protection order.
    protected_address: bool,
    /// When registered.
    created_at: Moment,
}

/// Shows a client. Leaves a row in the audit trail, which the client can see.
#[utoipa::path(
    tag = "clients",
    responses((status = 200, description = "The client.", body = ClientView)),
    security(("bearer" = ["clients:read"])),
)]
#[get("/v1/clients/{id}")]
pub(crate) async fn show_client(
    permit: Permit<ClientsRead>,
    app: web::Data<App>,
    path: PathId<kind::Client>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let view = app.write(permit.into_caller(), move |c, cx| show(c, cx, id)).await?;
    Ok(HttpResponse::Ok().json(view))
}

fn show(c: &mut Conn, cx: &Cx, id: Id<kind::Client>) -> Result<ClientView, Problem> {
    let (organiser, person) = found(clients::find_owner(c, id)?)?;
    let target = Target { organiser: Some(organiser), provider: None, person: Some(person) };
    cx.require(Action::ReadClient, &target)?;
    let client = found(clients::find(c, cx.vault(), id)?)?;
    cx.audit("show_client", ("client", id.uuid()), &target, json!({}));
    let mut contact = client.contact;
    if client.protected_address
        && let Some(contact) = &mut contact
    {
        contact.street_address = None;
        contact.postal_code = None;
        contact.postal_place = None;
    }
    let shows_code = cx.actor().role == Role::CaseWorker;
    Ok(ClientView {
        id,
        person,
        personal_identity_code: shows_code.then(|| client.identity_code.as_str().to_owned()),
        name: client.name,
        municipality: client.municipality,
        language: client.language,
        contact: contact.as_ref().map(ContactDetails::of),
        protected_address: client.protected_address,
        created_at: client.created_at,
    })
}
