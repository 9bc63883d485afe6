//! `GET /v1/service-event-drafts` and `GET /v1/service-event-drafts/{id}`: what a provider has begun to record and not
//! finished.

use actix_web::{HttpResponse, get, web};
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_persistence::event_drafts;

use super::view::{DraftView, own};
use crate::app::App;
use crate::http::conditional::{tag_of_version, with_tag};
use crate::http::page::NoFilters;
use crate::http::permit::ServiceEventsWrite;
use crate::http::{Page, PageQuery, Paged, PathId, Permit, Problem};

/// Lists the caller's open drafts, oldest first, with the days that are left for each. Those that cannot be recorded any
/// more are among them until they are discarded.
#[utoipa::path(
    tag = "service-events",
    params(PageQuery),
    responses((status = 200, description = "A page of drafts.", body = Page<DraftView>)),
    security(("bearer" = ["service-events:write"])),
)]
#[get("/v1/service-event-drafts")]
pub(crate) async fn list_service_event_drafts(
    permit: Permit<ServiceEventsWrite>,
    app: web::Data<App>,
    query: Paged<NoFilters>,
) -> Result<Page<DraftView>, Problem> {
    let (page, _) = query.into_parts();
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.read_as(permit.into_caller(), move |c, cx| {
        let may = |provider: &Id<kind::Provider>| {
            let target = Target { provider: Some(*provider), ..Target::default() };
            cx.require(Action::RecordServiceEvent, &target).is_ok()
        };
        let providers: Vec<_> = cx.actor().provider_ids().into_iter().filter(may).collect();
        let drafts = event_drafts::open_of(c, &providers, after, limit)?;
        let shown = Page::cut(drafts, &page, |draft| draft.id);
        let items = shown.items.into_iter().map(|draft| DraftView::of(draft, cx.now())).collect::<Result<_, _>>()?;
        Ok(Page { items, next: shown.next })
    })
    .await
}

/// Shows a draft.
#[utoipa::path(
    tag = "service-events",
    responses((
        status = 200,
        description = "The draft.",
        body = DraftView,
        headers(("ETag" = String, description = "Its version.")),
    )),
    security(("bearer" = ["service-events:write"])),
)]
#[get("/v1/service-event-drafts/{id}")]
pub(crate) async fn show_service_event_draft(
    permit: Permit<ServiceEventsWrite>,
    app: web::Data<App>,
    path: PathId<kind::EventDraft>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let (view, version) = app
        .read_as(permit.into_caller(), move |c, cx| {
            let draft = own(c, cx, id)?;
            let version = draft.version;
            Ok((DraftView::of(draft, cx.now())?, version))
        })
        .await?;
    Ok(with_tag(&mut HttpResponse::Ok(), &tag_of_version(version)).json(view))
}
