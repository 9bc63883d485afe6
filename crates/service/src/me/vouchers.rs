//! `GET /v1/me/vouchers`: the resident's own vouchers, from every organiser, and those of clients for whom they may act.

use actix_web::{get, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Actor, Mandate, MandateSource, Role, Target};
use valinta_persistence::vouchers::{self, Whose};

use crate::app::App;
use crate::http::permit::VouchersRespond;
use crate::http::{Page, PageQuery, Paged, Permit, Problem, ProblemKind};
use crate::parse_as_is;
use crate::vouchers::{VoucherView, view_of};

/// Which vouchers are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MyVoucherFilter {
    /// Only the resident's own, or only those of clients for whom the resident acts.
    #[param(inline)]
    whose: Option<WhoseVouchers>,
}
parse_as_is!(MyVoucherFilter);

/// Whose vouchers a resident asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WhoseVouchers {
    /// The resident's own.
    Own,
    /// Those of clients for whom the resident acts by a mandate.
    Represented,
}

/// Lists the resident's vouchers, oldest first: their own, and those of clients for whom they act by a mandate that holds
/// today. The latter say so in `acting_for`. With a token that carries a mandate, these are those of whom it represents, and
/// no others.
#[utoipa::path(
    tag = "me",
    params(PageQuery, MyVoucherFilter),
    responses((status = 200, description = "A page of vouchers.", body = Page<VoucherView>)),
    security(("bearer" = ["vouchers:respond"])),
)]
#[get("/v1/me/vouchers")]
pub(crate) async fn list_my_vouchers(
    permit: Permit<VouchersRespond>,
    app: web::Data<App>,
    query: Paged<MyVoucherFilter>,
) -> Result<Page<VoucherView>, Problem> {
    let (page, filter) = query.into_parts();
    let caller = permit.into_caller();
    match caller.role {
        Role::Resident => {}
        Role::Operator | Role::Officer | Role::CaseWorker | Role::Finance | Role::Auditor | Role::Provider => {
            return Err(Problem::new(ProblemKind::Forbidden, "Only residents have vouchers of their own."));
        }
    }
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.write(caller, move |c, cx| {
        let whose = wanted(cx.actor(), filter.whose)?;
        let found = vouchers::list(c, whose, None, None, after, limit)?;
        let shown = Page::cut(found, &page, |stored| stored.voucher.id);
        let mut items = Vec::with_capacity(shown.items.len());
        for stored in &shown.items {
            let voucher = &stored.voucher;
            let target = Target { organiser: Some(voucher.organiser), provider: None, person: Some(voucher.person) };
            cx.require(Action::ReadVoucher, &target)?;
            cx.audit("list_my_vouchers", ("voucher", voucher.id.uuid()), &target, json!({}));
            items.push(view_of(c, cx, stored)?);
        }
        Ok(Page { items, next: shown.next })
    })
    .await
}

/// Whose vouchers an actor is to be shown. What is the representative's own is not reached by a token that carries a mandate:
/// then all there is is the represented one's.
fn wanted(actor: &Actor, asked: Option<WhoseVouchers>) -> Result<Whose, Problem> {
    if let Some(represented) = actor.represents() {
        return Ok(match asked {
            Some(WhoseVouchers::Own) => Whose::Clients(Vec::new()),
            Some(WhoseVouchers::Represented) | None => Whose::Person(represented),
        });
    }
    let person = actor.person.ok_or_else(Problem::not_found)?;
    let recorded_for = |mandate: &Mandate| match mandate.source {
        MandateSource::Recorded { client, .. } => Some(client),
        MandateSource::Token(_) => None,
    };
    let mut clients: Vec<Id<kind::Client>> = actor.mandates.iter().filter_map(recorded_for).collect();
    clients.sort_unstable();
    clients.dedup();
    Ok(match asked {
        Some(WhoseVouchers::Own) => Whose::Person(person),
        Some(WhoseVouchers::Represented) => Whose::Clients(clients),
        None => Whose::PersonAndClients(person, clients),
    })
}
