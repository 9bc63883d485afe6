//! `POST /v1/machine-clients/{id}/credentials/{part_id}/end`: a key or a secret proves nothing any more.

use actix_web::{HttpResponse, post, web};
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_persistence::Conn;
use valinta_persistence::machine_clients::{self, Ended};

use super::view::MachineClientView;
use super::whose::{is_over, kept, note};
use crate::app::{App, Reply};
use crate::cx::Cx;
use crate::http::openapi::StateProblems;
use crate::http::permit::MachineClientsWrite;
use crate::http::{IdempotencyKey, PathIds, Permit, Problem};

/// Ends a key or a secret at once: nothing is proved by it any more.
#[utoipa::path(
    tag = "machine-clients",
    params(IdempotencyKey),
    responses((status = 200, description = "Ended.", body = MachineClientView), StateProblems),
    security(("bearer" = ["machine-clients:write"])),
)]
#[post("/v1/machine-clients/{id}/credentials/{part_id}/end")]
pub(crate) async fn end_machine_credential(
    permit: Permit<MachineClientsWrite>,
    app: web::Data<App>,
    path: PathIds<kind::MachineClient, kind::MachineCredential>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let PathIds(id, credential) = path;
    let both = [id.uuid().into_bytes(), credential.uuid().into_bytes()].concat();
    let run = move |c: &mut Conn, cx: &Cx| end(c, cx, id, credential);
    app.command(permit.into_caller(), "end_machine_credential", &key, &both, run).await
}

fn end(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::MachineClient>,
    credential: Id<kind::MachineCredential>,
) -> Result<Reply<MachineClientView>, Problem> {
    let (client, target) = kept(c, cx, id)?;
    let present = machine_clients::credentials(c, id)?;
    if !present.iter().any(|one| one.id == credential) {
        return Err(Problem::not_found());
    }
    let ended = Ended { by: cx.actor().subject.clone(), at: cx.now() };
    if !machine_clients::end_credential(c, id, credential, &ended)? {
        return Err(is_over());
    }
    note(cx, "end_machine_credential", &client, &target);
    let credentials = machine_clients::credentials(c, id)?;
    Ok(Reply::ok(MachineClientView::of(client, credentials)))
}
