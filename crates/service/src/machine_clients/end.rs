//! `POST /v1/machine-clients/{id}/end`: a program gets no tokens any more.

use actix_web::{HttpResponse, post, web};
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_persistence::machine_clients::{ActsFor, Ended};
use valinta_persistence::{Conn, machine_clients, providers};

use super::view::MachineClientView;
use super::whose::{is_over, kept, note};
use crate::app::{App, Reply};
use crate::cx::Cx;
use crate::http::openapi::StateProblems;
use crate::http::permit::MachineClientsWrite;
use crate::http::{IdempotencyKey, PathId, Permit, Problem};
use crate::webhooks::turn_off_all_of;

/// Ends a program: it gets no tokens any more, and those that it has are good for minutes. One of a provider is no member of
/// it any more, from now on. What it has done stands, but webhooks that it has made are turned off, and batches of vouchers
/// that it has asked for are not gone on with.
#[utoipa::path(
    tag = "machine-clients",
    params(IdempotencyKey),
    responses(
        (status = 200, description = "Ended.", body = MachineClientView),
        StateProblems,
    ),
    security(("bearer" = ["machine-clients:write"])),
)]
#[post("/v1/machine-clients/{id}/end")]
pub(crate) async fn end_machine_client(
    permit: Permit<MachineClientsWrite>,
    app: web::Data<App>,
    path: PathId<kind::MachineClient>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    app.command(permit.into_caller(), "end_machine_client", &key, id.uuid().as_bytes(), move |c, cx| end(c, cx, id))
        .await
}

fn end(c: &mut Conn, cx: &Cx, id: Id<kind::MachineClient>) -> Result<Reply<MachineClientView>, Problem> {
    let (mut client, target) = kept(c, cx, id)?;
    let ended = Ended { by: cx.actor().subject.clone(), at: cx.now() };
    if !machine_clients::end(c, id, &ended)? {
        return Err(is_over());
    }
    if let ActsFor::Provider(provider) = client.acts_for {
        providers::remove_member(c, provider, &id.to_string())?;
    }
    turn_off_all_of(c, cx, id)?;
    note(cx, "end_machine_client", &client, &target);
    client.ended = Some(ended);
    let credentials = machine_clients::credentials(c, id)?;
    Ok(Reply::ok(MachineClientView::of(client, credentials)))
}
