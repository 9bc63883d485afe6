//! `GET /v1/providers/{id}/private`: what of a provider is not public. Reading it leaves an audit row.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use serde_json::json;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::provider::Contact;
use valinta_persistence::providers::Provider;
use valinta_persistence::{Conn, provider_changes, providers};

use super::change_view::ProviderChangeView;
use super::view::{ProviderView, registry_day, views_of};
use super::whose::target_of;
use crate::app::App;
use crate::cx::{Cx, found};
use crate::http::conditional::{tag_of_version, with_tag};
use crate::http::permit::ProvidersRead;
use crate::http::{PathId, Permit, Problem};

/// What of a provider its members and the organisers that know it see.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PrivateProviderView {
    /// Whose.
    pub(crate) provider: Id<kind::Provider>,
    /// The provider's version; the tag that a change names is `"v"` and this.
    #[schema(minimum = 1)]
    pub(crate) version: i64,
    /// What it says of itself, approved or not, with all of its units.
    pub(crate) profile: ProviderView,
    /// Whom organisers write to.
    #[schema(max_items = 9)]
    pub(crate) contacts: Vec<Contact>,
    /// The last four characters of the account that it is paid to, if it has named one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4, example = "0785")]
    pub(crate) iban_last_four: Option<String>,
    /// How many members it has.
    #[schema(minimum = 0)]
    pub(crate) members: i64,
    /// Changes that wait for a second person.
    #[schema(max_items = 3)]
    pub(crate) waiting_changes: Vec<ProviderChangeView>,
}

/// Shows the whole of a provider to its members and to organisers that know it, approved or not.
///
/// All of its units, the contacts for organisers, the end of the account's number and waiting changes. It leaves an audit
/// row.
#[utoipa::path(
    tag = "providers",
    responses((
        status = 200,
        description = "What is not public of the provider.",
        body = PrivateProviderView,
        headers(("ETag" = String, description = "The provider's version.")),
    )),
    security(("bearer" = ["providers:read"])),
)]
#[get("/v1/providers/{id}/private")]
pub(crate) async fn show_private_provider(
    permit: Permit<ProvidersRead>,
    app: web::Data<App>,
    path: PathId<kind::Provider>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let view = app.write(permit.into_caller(), move |c, cx| show(c, cx, id)).await?;
    Ok(with_tag(&mut HttpResponse::Ok(), &tag_of_version(view.version)).json(view))
}

fn show(c: &mut Conn, cx: &Cx, id: Id<kind::Provider>) -> Result<PrivateProviderView, Problem> {
    let target = target_of(c, cx, id)?;
    cx.require(Action::ReadProvider, &target)?;
    let provider = found(providers::find(c, id)?)?;
    cx.audit("show_private_provider", ("provider", id.uuid()), &target, json!({}));
    private_view(c, cx, &provider)
}

/// What is not public of a provider.
pub(super) fn private_view(c: &mut Conn, cx: &Cx, provider: &Provider) -> Result<PrivateProviderView, Problem> {
    let id = provider.id;
    let iban = providers::iban(c, cx.vault(), id)?;
    let profile = found(views_of(c, vec![provider.clone()], registry_day(cx.now()))?.pop())?;
    let waiting = provider_changes::waiting_of(c, cx.vault(), id)?;
    Ok(PrivateProviderView {
        provider: id,
        version: provider.version,
        profile,
        contacts: providers::contacts(c, cx.vault(), id)?,
        iban_last_four: iban.map(|iban| iban.last_four().to_owned()),
        members: providers::count_members(c, id)?.0,
        waiting_changes: waiting.into_iter().map(|change| ProviderChangeView::of(cx, change)).collect(),
    })
}
