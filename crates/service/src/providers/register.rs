//! `POST /v1/providers`: a legal entity registers, once for all organisers. Who registers it is its first member.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::identifiers::{BusinessId, Oid};
use valinta_domain::policy::Target;
use valinta_domain::provider::{ProviderDetails, Sector};
use valinta_domain::registry_change::{RegistryChange, RegistryKind};
use valinta_domain::{Id, Language};
use valinta_persistence::providers::Provider;
use valinta_persistence::registry_versions::keep;
use valinta_persistence::source_ids::NamedKind;
use valinta_persistence::{Conn, DbError, organisers, providers, source_ids};

use super::fields::{each_once, not_blank, oid_is_free, unless_oid_taken, web_address};
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

/// Who is to be registered.
#[derive(Debug, Clone)]
pub(crate) struct RegisterCommand {
    pub(crate) business_id: BusinessId,
    pub(crate) sector: Sector,
    pub(crate) details: ProviderDetails,
}

impl Parse for RegisterProvider {
    type Into = RegisterCommand;

    fn parse(&self, errors: &mut Errors) -> Option<RegisterCommand> {
        let business_id = errors.take("/business_id", self.business_id.parse::<BusinessId>());
        let name = errors.take("/name", not_blank(&self.name));
        let website = errors.take_optional("/website", self.website.as_deref().map(web_address));
        let oid = errors.take_optional("/oid", self.oid.as_deref().map(str::parse::<Oid>));
        if let (Some(business_id), Some(Some(oid))) = (&business_id, &oid)
            && let Err(foreign) = oid.check_built_on(business_id)
        {
            errors.fail("/oid", "not_of_business_id", foreign);
        }
        each_once(errors, "/languages", &self.languages);
        let details = ProviderDetails {
            name: name?,
            oid: oid?,
            email: self.email.clone(),
            phone: self.phone.clone(),
            website: website?,
            languages: self.languages.clone(),
        };
        Some(RegisterCommand { business_id: business_id?, sector: self.sector, details })
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
    if let Some(present) = providers::find_by_business_id(c, &command.business_id)? {
        return Err(taken(c, present.id)?);
    }
    oid_is_free(c, None, command.details.oid.as_ref())?;
    let provider = Provider {
        id: cx.id(),
        business_id: command.business_id.clone(),
        details: command.details.clone(),
        version: 1,
        created_at: cx.now(),
    };
    let today = registry_day(cx.now());
    let sector_row = new_uuid(cx.now());
    providers::insert(c, &provider, command.sector, today, sector_row, &cx.actor().subject).map_err(
        |error: DbError| {
            // Another registration of the same entity may have come in between.
            if error.is_unique("providers_business_id") { registered_already() } else { unless_oid_taken(error) }
        },
    )?;
    let id = provider.id;
    keep(c, (RegistryKind::Provider, id.uuid()), 1, &provider.details, cx.by())?;
    let target = Target { provider: Some(id), ..Target::default() };
    cx.audit("register_provider", ("provider", id.uuid()), &target, json!({"sector": command.sector}));
    cx.tell(EventKind::ProviderRegistered, ("provider", id.uuid()), id, json!({"provider": id}));
    cx.registry_changed(RegistryChange::provider(id, None));
    let view = found(views_of(c, vec![provider], today)?.pop())?;
    Ok(Reply::created(format!("/v1/providers/{id}"), view))
}

/// It is registered already: whoever acts for it adds members. Where nobody does yet, the organiser that has brought it in
/// names the first.
fn taken(c: &mut Conn, present: Id<kind::Provider>) -> Result<Problem, Problem> {
    let (_, admins) = providers::count_members(c, present)?;
    if admins > 0 {
        return Ok(registered_already());
    }
    for source in source_ids::sources_of(c, NamedKind::Provider, present.uuid())? {
        if let Some(organiser) = organisers::find(c, Id::new(source))? {
            let name = organiser.name.en;
            let why =
                format!("{name} has brought the provider in; its officers name the provider's first admin: ask them");
            return Ok(registered().at("/business_id", "duplicate", why));
        }
    }
    Ok(registered_already())
}

fn registered() -> Problem {
    Problem::new(ProblemKind::Duplicate, "A provider of this business id is registered already.")
}

fn registered_already() -> Problem {
    let why = "a provider of this business id is registered already; its members act for it";
    registered().at("/business_id", "duplicate", why)
}
