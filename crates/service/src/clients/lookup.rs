//! `POST /v1/clients/lookup`: finds the organiser's client by personal identity code.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::identifiers::PersonalIdentityCode;
use valinta_domain::policy::{Action, Target};
use valinta_persistence::{Conn, clients};

use crate::app::App;
use crate::cx::{Cx, found};
use crate::http::permit::ClientsRead;
use crate::http::{Errors, Json, Parse, Permit, Problem};

/// Who is looked for.
#[derive(Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LookUpClient {
    /// Personal identity code. It is in the body, not in the address, because addresses end up in logs.
    #[validate(length(min = 1, max = 11))]
    #[schema(min_length = 11, max_length = 11, example = "010594Y9032")]
    personal_identity_code: String,
}

impl Parse for LookUpClient {
    type Into = PersonalIdentityCode;

    fn parse(&self, errors: &mut Errors) -> Option<PersonalIdentityCode> {
        errors.take("/personal_identity_code", self.personal_identity_code.parse::<PersonalIdentityCode>())
    }
}

/// A client that was found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct FoundClient {
    /// The client's id with this organiser.
    id: Id<kind::Client>,
    /// The person's id, the same with every organiser.
    person: Id<kind::Person>,
}

/// Finds the organiser's own client, for a system that has the identity code but not the id. Leaves a row in the audit
/// trail, which the client can see.
#[utoipa::path(
    tag = "clients",
    responses((status = 200, description = "Found.", body = FoundClient)),
    security(("bearer" = ["clients:read"])),
)]
#[post("/v1/clients/lookup")]
pub(crate) async fn look_up_client(
    permit: Permit<ClientsRead>,
    app: web::Data<App>,
    body: Json<LookUpClient>,
) -> Result<HttpResponse, Problem> {
    let code = body.into_inner();
    let client = app.write(permit.into_caller(), move |c, cx| look_up(c, cx, &code)).await?;
    Ok(HttpResponse::Ok().json(client))
}

fn look_up(c: &mut Conn, cx: &Cx, code: &PersonalIdentityCode) -> Result<FoundClient, Problem> {
    let organiser = cx.own_organiser(c)?;
    // A person whom only another organiser knows is as unknown here as any.
    let person = found(clients::find_person(c, cx.vault(), code)?)?;
    let id = found(clients::find_of_person(c, organiser.id, person)?)?;
    let target = Target { organiser: Some(organiser.id), provider: None, person: Some(person) };
    cx.require(Action::ReadClient, &target)?;
    cx.audit("look_up_client", ("client", id.uuid()), &target, json!({}));
    Ok(FoundClient { id, person })
}
