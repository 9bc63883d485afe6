//! `GET /v1/vouchers/{id}/shown-lists`: which lists of choices were shown for a voucher, to whom and when.

use actix_web::{get, web};
use serde::Serialize;
use serde_json::json;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Role};
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::shown_lists::{self, ShownList};
use valinta_persistence::vouchers;

use crate::app::App;
use crate::cx::found;
use crate::http::page::NoFilters;
use crate::http::permit::AuditRead;
use crate::http::{Page, PageQuery, Paged, PathId, Permit, Problem};
use crate::vouchers::target_of;

/// A page of a list of choices, or offerings side by side, as they were shown for a voucher.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ShownListView {
    /// Its id.
    id: Id<kind::ShownList>,
    /// For which voucher.
    voucher: Id<kind::Voucher>,
    /// The revision of the registry that was shown.
    revision: i64,
    /// As of which day.
    day: Day,
    /// The rule by which it was ordered where nothing else decided, by its name.
    #[schema(max_length = 64, example = "lot-2")]
    rule: String,
    /// What was asked for, and what was known of the client.
    #[schema(value_type = Object)]
    asked: serde_json::Value,
    /// How many options there were in all pages.
    #[schema(maximum = 10_000_000)]
    total: u64,
    /// The offerings that were shown, in their order.
    #[schema(max_items = 100)]
    offerings: Vec<Id<kind::Offering>>,
    /// To whom: the token's subject.
    #[schema(max_length = 200)]
    shown_to: String,
    /// In what role.
    shown_as: Role,
    /// When.
    shown_at: Moment,
}

impl ShownListView {
    /// As it is shown.
    ///
    /// # Errors
    /// What was noted cannot be read.
    pub(super) fn of(list: ShownList) -> Result<Self, Problem> {
        Ok(Self {
            id: list.id,
            voucher: list.voucher,
            revision: list.revision,
            day: list.day,
            rule: list.rule,
            asked: serde_json::from_str(&list.asked).map_err(Problem::internal)?,
            total: list.total,
            offerings: list.offerings,
            shown_to: list.shown_to,
            shown_as: list.shown_as,
            shown_at: list.shown_at,
        })
    }
}

/// Lists the pages of choices that were shown for a voucher, latest first. Reading it leaves a row in the audit trail.
#[utoipa::path(
    tag = "audit",
    params(PageQuery),
    responses((status = 200, description = "A page of them.", body = Page<ShownListView>)),
    security(("bearer" = ["audit:read"])),
)]
#[get("/v1/vouchers/{id}/shown-lists")]
pub(crate) async fn list_shown_lists(
    permit: Permit<AuditRead>,
    app: web::Data<App>,
    path: PathId<kind::Voucher>,
    query: Paged<NoFilters>,
) -> Result<Page<ShownListView>, Problem> {
    let (page, _) = query.into_parts();
    let (id, after, limit) = (path.id(), page.after()?, i64::from(page.limit()) + 1);
    app.read_noted(permit.into_caller(), move |c, cx| {
        let stored = found(vouchers::find(c, id)?)?;
        let target = target_of(c, cx, &stored)?;
        cx.require(Action::ReadAudit, &target)?;
        let lists = shown_lists::of_voucher(c, cx.vault(), id, after, limit)?;
        cx.audit("list_shown_lists", ("voucher", id.uuid()), &target, json!({"lists": lists.len()}));
        let Page { items, next } = Page::cut(lists, &page, |list| list.id);
        let items = items.into_iter().map(ShownListView::of).collect::<Result<_, Problem>>()?;
        Ok(Page { items, next })
    })
    .await
}
