//! `GET /v1/desk/changes`: changes of providers that wait for a second person, who may be one of the organiser's officers.

use actix_web::{get, web};
use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::identifiers::BusinessId;
use valinta_domain::provider::{AgreedField, Sector};
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::desk::{self, WaitingChange};
use valinta_persistence::organisers::Organiser;

use super::{days_since, desk_of};
use crate::app::App;
use crate::http::page::NoFilters;
use crate::http::permit::DeskRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};

/// A change of a provider that waits for a second person.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WaitingChangeView {
    /// Which: `POST /v1/provider-changes/{id}/decision` decides it.
    change: Id<kind::ProviderChange>,
    /// Whose.
    provider: Id<kind::Provider>,
    /// The provider's name, as long as no other is agreed on.
    #[schema(max_length = 200)]
    provider_name: String,
    /// Its business id, by which a register has it.
    business_id: BusinessId,
    /// What of it is to change.
    field: AgreedField,
    /// What the name is to be, where it is the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    name: Option<String>,
    /// What the sector is to be, where it is the sector. Of an account nothing is shown here.
    #[serde(skip_serializing_if = "Option::is_none")]
    sector: Option<Sector>,
    /// From which day it is to hold.
    valid_from: Day,
    /// Which member of the provider asked for it.
    #[schema(max_length = 255)]
    proposed_by: String,
    /// When.
    proposed_at: Moment,
    /// How many days ago that was.
    age_days: i64,
}

/// Lists changes of providers' names, sectors and accounts that the organiser's officers may agree to, oldest first.
///
/// They are those of providers that are approved there or have an application under way. A change of an account may also
/// be confirmed by another admin of the provider, and is gone then.
#[utoipa::path(
    tag = "desk",
    params(PageQuery),
    responses((status = 200, description = "A page of changes.", body = Page<WaitingChangeView>)),
    security(("bearer" = ["desk:read"])),
)]
#[get("/v1/desk/changes")]
pub(crate) async fn list_desk_changes(
    permit: Permit<DeskRead>,
    app: web::Data<App>,
    query: Paged<NoFilters>,
) -> Result<Page<WaitingChangeView>, Problem> {
    let (page, _) = query.into_parts();
    let after: Option<(Moment, Id<kind::ProviderChange>)> = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.read_as(permit.into_caller(), move |c, cx| {
        let (organiser, today) = desk_of(c, cx)?;
        let found = desk::waiting_changes(c, organiser.id, today, after, limit)?;
        let cut = Page::cut(found, &page, |one| (one.proposed_at, one.id));
        let items = cut.items.into_iter().map(|one| view_of(one, &organiser, today)).collect::<Result<_, _>>()?;
        Ok(Page { items, next: cut.next })
    })
    .await
}

fn view_of(one: WaitingChange, organiser: &Organiser, today: Day) -> Result<WaitingChangeView, Problem> {
    Ok(WaitingChangeView {
        change: one.id,
        provider: one.provider,
        provider_name: one.provider_name,
        business_id: one.business_id,
        field: one.field,
        name: one.name,
        sector: one.sector,
        valid_from: one.valid_from,
        proposed_by: one.proposed_by,
        proposed_at: one.proposed_at,
        age_days: days_since(one.proposed_at, organiser, today)?,
    })
}
