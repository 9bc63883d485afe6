//! `GET /v1/vouchers`: an organiser's vouchers, for its staff.

use actix_web::{get, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Role, Target};
use valinta_domain::voucher::VoucherStatus;
use valinta_persistence::vouchers::{self, Whose};

use super::view::{VoucherView, view_among};
use super::worth::Values;
use crate::app::App;
use crate::http::permit::VouchersRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem, ProblemKind};
use crate::parse_as_is;

/// Which vouchers are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct VoucherFilter {
    /// Only of this client.
    client: Option<Id<kind::Client>>,
    /// Only those that stand so today.
    #[param(inline)]
    status: Option<VoucherStatus>,
}
parse_as_is!(VoucherFilter);

/// Lists the organiser's vouchers, oldest first. Each voucher shown leaves a row in the audit trail.
#[utoipa::path(
    tag = "vouchers",
    params(PageQuery, VoucherFilter),
    responses((status = 200, description = "A page of vouchers.", body = Page<VoucherView>)),
    security(("bearer" = ["vouchers:read"])),
)]
#[get("/v1/vouchers")]
pub(crate) async fn list_vouchers(
    permit: Permit<VouchersRead>,
    app: web::Data<App>,
    query: Paged<VoucherFilter>,
) -> Result<Page<VoucherView>, Problem> {
    let (page, filter) = query.into_parts();
    let caller = permit.into_caller();
    match caller.role {
        Role::CaseWorker | Role::Finance | Role::Auditor => {}
        Role::Operator | Role::Officer | Role::Provider | Role::Resident => {
            return Err(Problem::new(
                ProblemKind::Forbidden,
                "This list is for an organiser's staff. A resident's own vouchers are at /v1/me/vouchers; a provider \
                 opens a voucher by its number at /v1/vouchers/lookup.",
            ));
        }
    }
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    let cut = page.clone();
    app.write(caller, move |c, cx| {
        let organiser = cx.own_organiser(c)?;
        let today = cx.today(&organiser)?;
        let status = filter.status.map(|status| (status, today));
        let found = vouchers::list(c, Whose::Organiser(organiser.id), status, filter.client, after, limit)?;
        let shown = Page::cut(found, &cut, |stored| stored.voucher.id);
        let mut items = Vec::with_capacity(shown.items.len());
        let mut values = Values::default();
        for stored in &shown.items {
            let voucher = &stored.voucher;
            let target = Target { organiser: Some(organiser.id), provider: None, person: Some(voucher.person) };
            cx.require(Action::ReadVoucher, &target)?;
            cx.audit("list_vouchers", ("voucher", voucher.id.uuid()), &target, json!({}));
            items.push(view_among(c, cx, stored, &mut values)?);
        }
        Ok(Page { items, next: shown.next })
    })
    .await
}
