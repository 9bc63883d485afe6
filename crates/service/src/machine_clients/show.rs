//! `GET /v1/machine-clients/{id}`: one program.

use actix_web::{HttpResponse, get, web};
use valinta_domain::id::kind;
use valinta_persistence::machine_clients;

use super::view::MachineClientView;
use super::whose::kept;
use crate::app::App;
use crate::http::permit::MachineClientsRead;
use crate::http::{PathId, Permit, Problem};

/// Shows a program to those who keep it.
#[utoipa::path(
    tag = "machine-clients",
    responses((status = 200, description = "The program.", body = MachineClientView)),
    security(("bearer" = ["machine-clients:read"])),
)]
#[get("/v1/machine-clients/{id}")]
pub(crate) async fn show_machine_client(
    permit: Permit<MachineClientsRead>,
    app: web::Data<App>,
    path: PathId<kind::MachineClient>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let shown = app.read_as(permit.into_caller(), move |c, cx| {
        let (client, _) = kept(c, cx, id)?;
        Ok(MachineClientView::of(client, machine_clients::credentials(c, id)?))
    });
    Ok(HttpResponse::Ok().json(shown.await?))
}
