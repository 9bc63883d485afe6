//! `GET /v1/machine-clients`: the programs that the caller keeps.

use actix_web::{get, web};
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Role, Target};
use valinta_persistence::machine_clients;

use super::view::MachineClientView;
use crate::app::App;
use crate::cx::Cx;
use crate::http::page::NoFilters;
use crate::http::permit::MachineClientsRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};

/// Lists programs in order of registration, those that were ended among them: to the operator those of all organisers, to an
/// admin of providers those of these.
#[utoipa::path(
    tag = "machine-clients",
    params(PageQuery),
    responses((status = 200, description = "A page of programs.", body = Page<MachineClientView>)),
    security(("bearer" = ["machine-clients:read"])),
)]
#[get("/v1/machine-clients")]
pub(crate) async fn list_machine_clients(
    permit: Permit<MachineClientsRead>,
    app: web::Data<App>,
    query: Paged<NoFilters>,
) -> Result<Page<MachineClientView>, Problem> {
    let (page, _) = query.into_parts();
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.read_as(permit.into_caller(), move |c, cx| {
        let own = own_providers(cx);
        let listed = machine_clients::list(c, own.as_deref(), after, limit)?;
        let Page { items, next } = Page::cut(listed, &page, |client| client.id);
        let ids: Vec<_> = items.iter().map(|client| client.id).collect();
        let mut credentials = machine_clients::credentials_of(c, &ids)?;
        let shown = |client: machine_clients::MachineClient| {
            let own = credentials.remove(&client.id).unwrap_or_default();
            MachineClientView::of(client, own)
        };
        Ok(Page { items: items.into_iter().map(shown).collect(), next })
    })
    .await
}

/// The providers whose programs the caller keeps; none where the caller keeps those of organisers.
fn own_providers(cx: &Cx) -> Option<Vec<Id<kind::Provider>>> {
    let keeps = |provider: &_| {
        let target = Target { provider: Some(*provider), ..Target::default() };
        cx.require(Action::ManageMachineClients, &target).is_ok()
    };
    let own = || cx.actor().provider_ids().into_iter().filter(keeps).collect();
    (cx.actor().role != Role::Operator).then(own)
}
