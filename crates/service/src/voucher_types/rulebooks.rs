//! `GET /v1/voucher-types/{id}/rulebooks`: every version of the rules that was ever adopted, for everyone.

use actix_web::{get, web};
use valinta_domain::Day;
use valinta_domain::id::kind;
use valinta_persistence::rulebooks::Rulebook;
use valinta_persistence::{organisers, rulebooks, voucher_types};

use crate::app::App;
use crate::cx::{day_at, found};
use crate::http::page::NoFilters;
use crate::http::{Page, PageQuery, Paged, PathId, Problem};
use crate::rulebooks::RulebookSummary;

/// Lists the adopted rulebooks of a voucher type with their days, latest first. Drafts are not among them. The rules of
/// each are shown by `…/rulebook?as_of=` a day of it.
#[utoipa::path(
    tag = "voucher types",
    params(PageQuery),
    responses((status = 200, description = "A page of rulebooks.", body = Page<RulebookSummary>)),
    security(()),
)]
#[get("/v1/voucher-types/{id}/rulebooks")]
pub(crate) async fn list_adopted_rulebooks(
    app: web::Data<App>,
    path: PathId<kind::VoucherType>,
    query: Paged<NoFilters>,
) -> Result<Page<RulebookSummary>, Problem> {
    let (id, (page, _), now) = (path.id(), query.into_parts(), app.clock().now());
    let before: Option<Day> = page.after()?;
    app.read(move |c| {
        let voucher_type = found(voucher_types::find(c, id)?)?;
        let organiser = found(organisers::find(c, voucher_type.organiser)?)?;
        let today = day_at(now, &organiser)?;
        // There are as many as years, not as clients: what is not on the page is left out here.
        let listed = rulebooks::adopted_list(c, id)?.into_iter();
        let listed =
            listed.filter(|rulebook| before.is_none_or(|before| begins(rulebook).is_some_and(|day| day < before)));
        let cut = Page::cut(listed.take(usize::from(page.limit()) + 1).collect(), &page, begins);
        Ok(cut.map(|rulebook| RulebookSummary::for_everyone(&rulebook, today)))
    })
    .await
}

fn begins(rulebook: &Rulebook) -> Option<Day> {
    rulebook.in_force.map(|period| period.from())
}
