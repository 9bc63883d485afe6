//! `GET /v1/rulebooks`: the rulebooks of an organiser, drafts too, for its officers.

use actix_web::{get, web};
use serde::Deserialize;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_persistence::rulebooks;

use super::view::{RulebookState, RulebookSummary};
use crate::app::App;
use crate::http::permit::RulebooksWrite;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};
use crate::parse_as_is;

/// Which rulebooks are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RulebookFilter {
    /// Only of this voucher type.
    voucher_type: Option<Id<kind::VoucherType>>,
    /// Only in this state.
    #[param(inline)]
    state: Option<RulebookState>,
}
parse_as_is!(RulebookFilter);

/// Lists the rulebooks of the caller's organiser, oldest first.
#[utoipa::path(
    tag = "rulebooks",
    params(PageQuery, RulebookFilter),
    responses((status = 200, description = "A page of rulebooks.", body = Page<RulebookSummary>)),
    security(("bearer" = ["rulebooks:write"])),
)]
#[get("/v1/rulebooks")]
pub(crate) async fn list_rulebooks(
    permit: Permit<RulebooksWrite>,
    app: web::Data<App>,
    query: Paged<RulebookFilter>,
) -> Result<Page<RulebookSummary>, Problem> {
    let (page, filter) = query.into_parts();
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.read_as(permit.into_caller(), move |c, cx| {
        let organiser = cx.own_organiser(c)?;
        cx.require(Action::ManageRules, &Target { organiser: Some(organiser.id), ..Target::default() })?;
        let today = cx.today(&organiser)?;
        let state = filter.state.map(|state| (state.stored(), today));
        let listed = rulebooks::list(c, organiser.id, filter.voucher_type, state, after, limit)?;
        Ok(Page::cut(listed, &page, |rulebook| rulebook.id).map(|rulebook| RulebookSummary::of(&rulebook, today)))
    })
    .await
}
