//! `PUT /v1/providers/{id}`: a member replaces what the provider alone says of itself. What it was is kept.
//!
//! Name, sector and account are not among it: two people agree on them (`propose_change`).

use actix_web::{HttpResponse, put, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::identifiers::Oid;
use valinta_domain::policy::{Action, Target};
use valinta_domain::provider::ProviderDetails;
use valinta_domain::registry_change::{RegistryChange, RegistryKind};
use valinta_domain::{Id, Language};
use valinta_persistence::providers::Provider;
use valinta_persistence::registry_versions::keep;
use valinta_persistence::{Conn, providers};

use super::fields::{each_once, oid_is_free, oid_is_theirs, unless_oid_taken, web_address};
use super::view::{ProviderView, registry_day, views_of};
use crate::app::App;
use crate::cx::{Cx, found};
use crate::http::conditional::{IfMatch, tag_of_version, with_tag};
use crate::http::openapi::StateProblems;
use crate::http::permit::ProvidersWrite;
use crate::http::{Errors, Json, Parse, PathId, Permit, Problem};

/// What a provider says of itself. What is left out is no longer said.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateProvider {
    /// E-mail address for clients.
    #[validate(length(min = 1, max = 300), email)]
    #[schema(min_length = 1, max_length = 300, format = Email)]
    email: Option<String>,
    /// Telephone number for clients.
    #[validate(length(min = 1, max = 300))]
    #[schema(min_length = 1, max_length = 300)]
    phone: Option<String>,
    /// Address on the internet, http or https.
    #[validate(length(min = 1, max = 300), url)]
    #[schema(min_length = 1, max_length = 300, format = "uri")]
    website: Option<String>,
    /// Languages in which it can be contacted, each once.
    #[serde(default)]
    #[validate(length(max = 3))]
    #[schema(max_items = 3)]
    languages: Vec<Language>,
    /// Its OID, if it has one.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, example = "1.2.246.10.2012566.10.0")]
    oid: Option<String>,
}

/// What is to be said of a provider.
#[derive(Debug, Clone)]
pub(crate) struct UpdateCommand {
    email: Option<String>,
    phone: Option<String>,
    website: Option<String>,
    languages: Vec<Language>,
    oid: Option<Oid>,
}

impl Parse for UpdateProvider {
    type Into = UpdateCommand;

    fn parse(&self, errors: &mut Errors) -> Option<UpdateCommand> {
        let website = errors.take_optional("/website", self.website.as_deref().map(web_address));
        let oid = errors.take_optional("/oid", self.oid.as_deref().map(str::parse::<Oid>));
        each_once(errors, "/languages", &self.languages);
        Some(UpdateCommand {
            email: self.email.clone(),
            phone: self.phone.clone(),
            website: website?,
            languages: self.languages.clone(),
            oid: oid?,
        })
    }
}

/// Replaces what a provider of the caller's says of itself. Its name, sector and account take two people: see
/// `POST /v1/providers/{id}/changes`.
#[utoipa::path(
    tag = "providers",
    params(IfMatch),
    responses(
        (
            status = 200,
            description = "Replaced.",
            body = ProviderView,
            headers(("ETag" = String, description = "Its version.")),
        ),
        StateProblems,
    ),
    security(("bearer" = ["providers:write"])),
)]
#[put("/v1/providers/{id}")]
pub(crate) async fn update_provider(
    permit: Permit<ProvidersWrite>,
    app: web::Data<App>,
    path: PathId<kind::Provider>,
    precondition: IfMatch,
    body: Json<UpdateProvider>,
) -> Result<HttpResponse, Problem> {
    let (id, command) = (path.id(), body.into_inner());
    let view = app.write(permit.into_caller(), move |c, cx| update(c, cx, id, &precondition, &command)).await?;
    Ok(with_tag(&mut HttpResponse::Ok(), &tag_of_version(view.version)).json(view))
}

fn update(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Provider>,
    precondition: &IfMatch,
    command: &UpdateCommand,
) -> Result<ProviderView, Problem> {
    let target = Target { provider: Some(id), ..Target::default() };
    cx.require(Action::ManageProvider, &target)?;
    let mut provider = take_as_read(c, id, precondition)?;
    oid_is_theirs(&provider.business_id, provider.details.oid.as_ref(), command.oid.as_ref())?;
    oid_is_free(c, provider.details.oid.as_ref(), command.oid.as_ref())?;
    let UpdateCommand { email, phone, website, languages, oid } = command.clone();
    provider.details = ProviderDetails { name: provider.details.name.clone(), oid, email, phone, website, languages };
    store(c, cx, &provider)?;
    let noted = json!({"provider": id, "version": provider.version});
    cx.audit("update_provider", ("provider", id.uuid()), &target, noted.clone());
    cx.tell(EventKind::ProviderChanged, ("provider", id.uuid()), id, noted);
    found(views_of(c, vec![provider], registry_day(cx.now()))?.pop())
}

/// Takes a provider for its next version, if the present one is what the caller has read.
pub(super) fn take_as_read(c: &mut Conn, id: Id<kind::Provider>, precondition: &IfMatch) -> Result<Provider, Problem> {
    let provider = found(providers::take(c, id)?)?;
    // Taking it has made it the next version already.
    precondition.check(provider.version.saturating_sub(1))?;
    Ok(provider)
}

/// Stores the version that a taken provider is now, and keeps it.
pub(super) fn store(c: &mut Conn, cx: &Cx, provider: &Provider) -> Result<(), Problem> {
    let id = provider.id;
    providers::store_details(c, id, &provider.details).map_err(unless_oid_taken)?;
    keep(c, (RegistryKind::Provider, id.uuid()), provider.version, &provider.details, cx.by())?;
    cx.registry_changed(RegistryChange::provider(id, None));
    Ok(())
}
