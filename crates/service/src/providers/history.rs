//! `GET /v1/providers/{id}/history`: what a provider said of itself, when, and by whom.

use actix_web::{get, web};
use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::identifiers::Oid;
use valinta_domain::policy::Action;
use valinta_domain::provider::ProviderDetails;
use valinta_domain::registry_change::RegistryKind;
use valinta_domain::{Day, Id, Language, Moment};
use valinta_persistence::registry_versions::{self, Version};

use super::whose::{target_of, told_who};
use crate::app::App;
use crate::cx::Cx;
use crate::http::page::NoFilters;
use crate::http::permit::ProvidersRead;
use crate::http::{Page, PageQuery, Paged, PathId, Permit, Problem};

/// A version of a provider. Two that say the same differ in what is not public, such as contacts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ProviderVersion {
    /// Which of its versions.
    #[schema(minimum = 1)]
    version: i64,
    /// From which day on, by the world's clock (UTC), until the next version.
    day: Day,
    /// Who made it so. An officer's name is told to the officer's own organiser alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    by: Option<String>,
    /// For which organiser; absent where it was the provider itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    organiser: Option<Id<kind::Organiser>>,
    /// When.
    at: Moment,
    /// Its name.
    #[schema(max_length = 200)]
    name: String,
    /// Its OID.
    #[serde(skip_serializing_if = "Option::is_none")]
    oid: Option<Oid>,
    /// E-mail address for clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300)]
    email: Option<String>,
    /// Telephone number for clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300)]
    phone: Option<String>,
    /// Address on the internet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300)]
    website: Option<String>,
    /// Languages in which it could be contacted.
    #[schema(max_items = 3)]
    languages: Vec<Language>,
}

impl ProviderVersion {
    fn of(cx: &Cx, version: Version<ProviderDetails>) -> Self {
        let Version { version, day, document, by, organiser, at } = version;
        let by = told_who(cx, by, organiser);
        let ProviderDetails { name, oid, email, phone, website, languages } = document;
        Self { version, day, by, organiser, at, name, oid, email, phone, website, languages }
    }
}

/// Lists the versions of a provider, newest first, for its members and for organisers that know it.
#[utoipa::path(
    tag = "providers",
    params(PageQuery),
    responses((status = 200, description = "A page of versions.", body = Page<ProviderVersion>)),
    security(("bearer" = ["providers:read"])),
)]
#[get("/v1/providers/{id}/history")]
pub(crate) async fn list_provider_versions(
    permit: Permit<ProvidersRead>,
    app: web::Data<App>,
    path: PathId<kind::Provider>,
    query: Paged<NoFilters>,
) -> Result<Page<ProviderVersion>, Problem> {
    let id = path.id();
    let (page, _) = query.into_parts();
    let before = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.read_as(permit.into_caller(), move |c, cx| {
        let target = target_of(c, cx, id)?;
        cx.require(Action::ReadProvider, &target)?;
        let versions = registry_versions::of(c, (RegistryKind::Provider, id.uuid()), before, limit)?;
        let Page { items, next } = Page::cut(versions, &page, |version| version.version);
        Ok(Page { items: items.into_iter().map(|version| ProviderVersion::of(cx, version)).collect(), next })
    })
    .await
}
