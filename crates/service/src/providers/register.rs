//! `POST /v1/providers`: a legal entity registers, once for all organisers. Who registers it is its first member.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::identifiers::BusinessId;
use valinta_domain::policy::Target;
use valinta_domain::provider::{ProviderDetails, Sector};
use valinta_domain::registry_change::{RegistryChange, RegistryKind};
use valinta_persistence::providers::Provider;
use valinta_persistence::registry_versions::keep;
use valinta_persistence::{Conn, DbError, providers};

use super::view::{ProviderView, registry_day, views_of};
use crate::app::{App, Reply};
use crate::clock::new_uuid;
use crate::cx::{Cx, found};
use crate::http::permit::ProvidersWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, Permit, Problem, ProblemKind};

/// A provider to be registered.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterProvider {
    /// Its business id.
    #[validate(length(min = 1, max = 9))]
    #[schema(min_length = 9, max_length = 9, example = "0201256-6")]
    business_id: String,
    /// Its name.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Whose production it is, from today on.
    sector: Sector,
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
}

/// Who is to be registered.
#[derive(Debug, Clone)]
pub(crate) struct RegisterCommand {
    pub(crate) business_id: BusinessId,
    pub(crate) name: String,
    pub(crate) sector: Sector,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) website: Option<String>,
}

impl Parse for RegisterProvider {
    type Into = RegisterCommand;

    fn parse(&self, errors: &mut Errors) -> Option<RegisterCommand> {
        let business_id = errors.take("/business_id", self.business_id.parse::<BusinessId>());
        let name = errors.take("/name", not_blank(&self.name));
        let website = errors.take_optional("/website", self.website.as_deref().map(web_address));
        Some(RegisterCommand {
            business_id: business_id?,
            name: name?,
            sector: self.sector,
            email: self.email.clone(),
            phone: self.phone.clone(),
            website: website?,
        })
    }
}

/// A name that says something.
pub(crate) fn not_blank(text: &str) -> Result<String, &'static str> {
    // Marks that show nothing, such as those that turn the direction of writing, make no name either.
    if text.chars().any(char::is_alphanumeric) { Ok(text.to_owned()) } else { Err("a letter or a digit is wanted") }
}

/// Clients follow the address: it may be no script.
fn web_address(text: &str) -> Result<String, &'static str> {
    if text.starts_with("https://") || text.starts_with("http://") {
        Ok(text.to_owned())
    } else {
        Err("an address on the internet begins with https:// or http://")
    }
}

/// Registers a provider. The caller is its first member, and acts for it from now on.
#[utoipa::path(
    tag = "providers",
    params(IdempotencyKey),
    responses((status = 201, description = "Registered.", body = ProviderView)),
    security(("bearer" = ["providers:write"])),
)]
#[post("/v1/providers")]
pub(crate) async fn register_provider(
    permit: Permit<ProvidersWrite>,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Json<RegisterProvider>,
) -> Result<HttpResponse, Problem> {
    let bytes = body.bytes().to_vec();
    let command = body.into_inner();
    app.command(permit.into_caller(), "register_provider", &key, &bytes, move |c, cx| register(c, cx, &command)).await
}

/// Registers a provider. It belongs to no one before, so that the caller's scope alone permits it.
pub(crate) fn register(c: &mut Conn, cx: &Cx, command: &RegisterCommand) -> Result<Reply<ProviderView>, Problem> {
    if providers::find_by_business_id(c, &command.business_id)?.is_some() {
        return Err(registered_already());
    }
    let provider = Provider {
        id: cx.id(),
        business_id: command.business_id.clone(),
        details: ProviderDetails {
            name: command.name.clone(),
            oid: None,
            email: command.email.clone(),
            phone: command.phone.clone(),
            website: command.website.clone(),
            languages: Vec::new(),
        },
        version: 1,
        created_at: cx.now(),
    };
    let today = registry_day(cx.now());
    let sector_row = new_uuid(cx.now());
    providers::insert(c, &provider, command.sector, today, sector_row, &cx.actor().subject).map_err(
        |error: DbError| {
            // Another registration of the same entity may have come in between.
            if error.is_unique("providers_business_id") { registered_already() } else { error.into() }
        },
    )?;
    let id = provider.id;
    let by = (cx.actor().subject.as_str(), cx.now());
    keep(c, (RegistryKind::Provider, id.uuid()), 1, &provider.details, by)?;
    let target = Target { provider: Some(id), ..Target::default() };
    cx.audit("register_provider", ("provider", id.uuid()), &target, json!({"sector": command.sector}));
    cx.tell("provider.registered", ("provider", id.uuid()), None, json!({"provider": id}));
    cx.registry_changed(RegistryChange::provider(id, None));
    let view = found(views_of(c, vec![provider], today)?.pop())?;
    Ok(Reply::created(format!("/v1/providers/{id}"), view))
}

fn registered_already() -> Problem {
    Problem::new(ProblemKind::Duplicate, "A provider of this business id is registered already.").at(
        "/business_id",
        "duplicate",
        "a provider of this business id is registered already; its members act for it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_no_web_page_is_refused() {
        assert!(web_address("https://example.fi/hoiva").is_ok());
        for bad in ["javascript:alert(1)", "ftp://example.fi", "data:text/html,x", "example.fi"] {
            assert!(web_address(bad).is_err(), "{bad}");
        }
    }
}
