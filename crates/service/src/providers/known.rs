//! `GET /v1/providers/known`: the providers that an organiser has to do with, approved or not, with their ids.

use actix_web::{get, web};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::identifiers::{BusinessId, Oid};
use valinta_domain::policy::{Action, Target};
use valinta_domain::provider::Sector;
use valinta_domain::{Day, Id, Language, Moment};
use valinta_persistence::bulk::{self, Whose};
use valinta_persistence::providers::Provider;
use valinta_persistence::source_ids::{self, NamedKind};
use valinta_persistence::{Conn, providers};

use super::view::registry_day;
use crate::app::App;
use crate::cx::Cx;
use crate::http::permit::ProvidersRead;
use crate::http::{Page, PageQuery, PageRequest, Paged, Permit, Problem};
use crate::parse_as_is;

/// Which of them are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct KnownProviderFilter {
    /// Only the one of this business id.
    business_id: Option<BusinessId>,
}
parse_as_is!(KnownProviderFilter);

/// What a provider says of itself, without its units: `GET /v1/providers/{id}/private` has these.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ProviderSummary {
    /// Its id.
    id: Id<kind::Provider>,
    /// Its business id.
    business_id: BusinessId,
    /// Its name.
    #[schema(max_length = 200)]
    name: String,
    /// Whose production it is today.
    #[serde(skip_serializing_if = "Option::is_none")]
    sector: Option<Sector>,
    /// Since which day.
    #[serde(skip_serializing_if = "Option::is_none")]
    sector_since: Option<Day>,
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
    /// Languages in which it can be contacted.
    #[schema(max_items = 3)]
    languages: Vec<Language>,
    /// Its OID, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    oid: Option<Oid>,
    /// How many units it has.
    #[schema(minimum = 0, maximum = 1000)]
    unit_count: i64,
    /// Which version of its details this is.
    #[schema(minimum = 1)]
    version: i64,
    /// When it was registered.
    created_at: Moment,
}

/// A provider that the organiser has to do with.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct KnownProviderView {
    /// The provider.
    provider: ProviderSummary,
    /// What the organiser calls it in its own files, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    source_id: Option<String>,
    /// Whether the organiser has brought it in.
    brought_in: bool,
    /// Whether it has an admin. Where it has none, an officer of the organiser that has brought it in names the first.
    has_admin: bool,
}

/// Lists the providers that have handed in an application to the caller's organiser or that it has brought in, approved or
/// not, with their ids and how many units they have.
#[utoipa::path(
    tag = "providers",
    params(PageQuery, KnownProviderFilter),
    responses((status = 200, description = "A page of providers.", body = Page<KnownProviderView>)),
    security(("bearer" = ["providers:read"])),
)]
#[get("/v1/providers/known")]
pub(crate) async fn list_known_providers(
    permit: Permit<ProvidersRead>,
    app: web::Data<App>,
    query: Paged<KnownProviderFilter>,
) -> Result<Page<KnownProviderView>, Problem> {
    let (page, filter) = query.into_parts();
    app.read_as(permit.into_caller(), move |c, cx| list(c, cx, &page, &filter)).await
}

fn list(
    c: &mut Conn,
    cx: &Cx,
    page: &PageRequest,
    filter: &KnownProviderFilter,
) -> Result<Page<KnownProviderView>, Problem> {
    let organiser = cx.own_organiser(c)?;
    cx.require(Action::ReadProvider, &Target { organiser: Some(organiser.id), ..Target::default() })?;
    let today = registry_day(cx.now());
    let found = match &filter.business_id {
        None => {
            let after = page.after()?;
            bulk::providers_after(c, Whose::KnownTo(organiser.id, today), after, i64::from(page.limit()) + 1)?
        }
        Some(business_id) => match providers::find_by_business_id(c, business_id)? {
            Some(one) if providers::is_known_to(c, one.id, organiser.id, today)? => vec![one],
            Some(_) | None => Vec::new(),
        },
    };
    let Page { items, next } = Page::cut(found, page, |provider| provider.id);
    let ids: Vec<Id<kind::Provider>> = items.iter().map(|provider| provider.id).collect();
    let subjects: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let mut names = source_ids::of_subjects(c, organiser.id.uuid(), NamedKind::Provider, &subjects)?;
    let admins = bulk::with_an_admin(c, &ids)?;
    let views = summaries_of(c, items, &ids, today)?.into_iter().map(|provider| {
        let name = names.remove(&provider.id.uuid());
        KnownProviderView {
            brought_in: name.as_ref().is_some_and(|name| !name.linked),
            source_id: name.map(|name| name.name),
            has_admin: admins.contains(&provider.id),
            provider,
        }
    });
    Ok(Page { items: views.collect(), next })
}

/// Providers, in the order given, as they are shown on a day.
fn summaries_of(
    c: &mut Conn,
    found: Vec<Provider>,
    ids: &[Id<kind::Provider>],
    today: Day,
) -> Result<Vec<ProviderSummary>, Problem> {
    let sectors = providers::sectors_of_each(c, ids)?;
    let units = providers::count_units_of_each(c, ids)?;
    let summaries = found.into_iter().map(|provider| {
        let entries = sectors.get(&provider.id).map(|timeline| timeline.entries()).unwrap_or_default();
        let present = entries.iter().find(|(period, _)| period.contains(today));
        ProviderSummary {
            id: provider.id,
            business_id: provider.business_id,
            name: provider.details.name,
            sector: present.map(|(_, sector)| *sector),
            sector_since: present.map(|(period, _)| period.from()),
            email: provider.details.email,
            phone: provider.details.phone,
            website: provider.details.website,
            languages: provider.details.languages,
            oid: provider.details.oid,
            unit_count: units.get(&provider.id).copied().unwrap_or_default(),
            version: provider.version,
            created_at: provider.created_at,
        }
    });
    Ok(summaries.collect())
}
