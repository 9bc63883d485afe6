//! `GET /v1/providers/known`: the providers that an organiser has to do with, approved or not, with their ids.

use actix_web::{get, web};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::identifiers::BusinessId;
use valinta_domain::policy::{Action, Target};
use valinta_persistence::bulk::{self, Whose};
use valinta_persistence::source_ids::{self, NamedKind};
use valinta_persistence::{Conn, providers};

use super::view::{ProviderView, registry_day, views_of};
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

/// A provider that the organiser has to do with.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct KnownProviderView {
    /// The provider.
    provider: ProviderView,
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
/// not, with their ids.
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
    let views = views_of(c, items, today)?.into_iter().map(|provider| {
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
