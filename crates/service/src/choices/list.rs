//! `GET /v1/vouchers/{id}/choices`: what the holder can choose, and what each option would cost.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use serde_json::json;
use valinta_domain::choice::{Lot, Query, Snapshot, SortKey};
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::rulebook::{GrantPeriod, Measure};
use valinta_domain::rules::Facts;
use valinta_domain::valuation::{Versions, public_client_fee};
use valinta_domain::{Currency, Day, Id, Localized, Money, Quantity, Unit};
use valinta_persistence::vouchers::StoredVoucher;
use valinta_persistence::{organisers, voucher_types, vouchers};

use super::cursor::{Cursor, List, Of};
use super::view::{ChoiceFilter, DrawnBy, OptionView, OrderView, Wanted};
use crate::app::App;
use crate::cx::found;
use crate::http::page::with_link;
use crate::http::permit::VouchersRead;
use crate::http::{Page, PageQuery, Paged, PathId, Permit, Problem};
use crate::vouchers::{first_day, service_facts_of, target_of, valuation_of, versions_on};

/// What can be chosen with a voucher.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChoiceList {
    /// With which voucher.
    voucher: Id<kind::Voucher>,
    /// What a unit is worth on the first day of a choice that is made now, before there is a price or a service.
    value: Money,
    /// What services are counted in.
    unit: Unit,
    /// The unit that prices are given for, if it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_unit: Option<Unit>,
    /// What the voucher grants: a quantity of units, or money.
    measure: Measure,
    /// Granted per period: units, or money.
    quantity: Quantity,
    /// The period of the quantity.
    per: GrantPeriod,
    /// As of which day prices and approvals are shown: the first day of a choice that is made now.
    day: Day,
    /// The rule by which the options are ordered.
    ordered: OrderView,
    /// Revision of the registry that the list shows.
    revision: i64,
    /// Client fee of the corresponding public service, per unit.
    public_client_fee: Money,
    /// How the co-payment comes about and what it does not count towards.
    co_payment_basis: Localized,
    /// How many options there are in all pages.
    total: usize,
    /// The options of this page.
    #[schema(max_items = 100)]
    items: Vec<OptionView>,
    /// The cursor of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2400)]
    next: Option<String>,
}

/// What the database says of the voucher; the options come from memory.
struct Held {
    stored: StoredVoucher,
    whole: List,
    after: Option<SortKey>,
    currency: Currency,
    day: Day,
    versions: Versions,
    client: Facts,
    price_unit: Option<Unit>,
    public_client_fee: Money,
    co_payment_basis: Localized,
}

/// Lists what can be chosen with a voucher: public units, companies and associations side by side, each with what it
/// would cost the holder. The list only shows; the choice itself is checked anew when it is made.
#[utoipa::path(
    tag = "choices",
    params(PageQuery, ChoiceFilter),
    responses((status = 200, description = "The options.", body = ChoiceList)),
    security(("bearer" = ["vouchers:read"])),
)]
#[get("/v1/vouchers/{id}/choices")]
pub(crate) async fn list_choices(
    permit: Permit<VouchersRead>,
    app: web::Data<App>,
    request: HttpRequest,
    path: PathId<kind::Voucher>,
    query: Paged<ChoiceFilter>,
) -> Result<HttpResponse, Problem> {
    let (page, wanted) = query.into_parts();
    let cursor: Option<Cursor> = page.after()?;
    let id = path.id();
    let snapshot = app.snapshot()?;
    let (order, revision) = (wanted.order, snapshot.revision());
    let held = app
        .write(permit.into_caller(), move |c, cx| {
            let stored = found(vouchers::find(c, id)?)?;
            let target = target_of(c, cx, &stored)?;
            cx.require(Action::ReadVoucher, &target)?;
            let organiser = found(organisers::find(c, stored.voucher.organiser)?)?;
            let today = cx.today(&organiser)?;
            let (day, _) = first_day(c, &stored.voucher, today)?;
            let versions = versions_on(c, &stored.voucher, day)?;
            let valuation = valuation_of(&stored.voucher, &versions, day)??;
            let whole = List::new(Of::Voucher(id), order, Some(valuation.quoted()))?;
            let price_unit = valuation.terms().price_unit;
            let after = whole.resume(cursor.clone())?;
            let rulebook = found(voucher_types::find_rulebook(c, stored.voucher.rulebook)?)?;
            let client = service_facts_of(c, &stored.voucher)?;
            let fee = public_client_fee(&rulebook.terms, &stored.voucher.facts);
            cx.audit("list_choices", ("voucher", id.uuid()), &target, json!({"order": order, "revision": revision}));
            Ok(Held {
                stored,
                whole,
                after,
                currency: organiser.currency,
                day,
                versions,
                client,
                price_unit,
                public_client_fee: fee.of(organiser.currency),
                co_payment_basis: rulebook.terms.texts.co_payment,
            })
        })
        .await?;
    // A long list takes some milliseconds, in which others are not to wait.
    let listed = web::block(move || listed(held, &snapshot, &wanted, app.order_key(), usize::from(page.limit())));
    let list = listed.await.map_err(Problem::internal)??;
    Ok(with_link(&mut HttpResponse::Ok(), &request, list.next.as_deref()).json(list))
}

fn listed(
    held: Held,
    snapshot: &Snapshot,
    wanted: &Wanted,
    order_key: &[u8],
    limit: usize,
) -> Result<ChoiceList, Problem> {
    let voucher = &held.stored.voucher;
    let valuation = valuation_of(voucher, &held.versions, held.day)??;
    let lot = Lot::of_voucher(order_key, voucher.id);
    let listing = snapshot.list(&Query {
        validity: Some(voucher.validity),
        valuation: Some(&valuation),
        free_of_charge: voucher.free_of_charge,
        quantity: quantity_of(&held.stored),
        municipality: wanted.municipality.as_ref(),
        sector: wanted.sector,
        language: wanted.language,
        mode: wanted.mode,
        order: wanted.order,
        after: held.after.as_ref(),
        limit,
        ..Query::all(voucher.voucher_type, held.day, &held.client, &lot)
    });
    Ok(ChoiceList {
        voucher: voucher.id,
        value: valuation.quoted().value.of(held.currency),
        unit: voucher.unit,
        price_unit: held.price_unit,
        measure: voucher.measure,
        quantity: held.stored.quantity,
        per: held.stored.per,
        day: held.day,
        ordered: OrderView::of(wanted.order, DrawnBy::Voucher),
        revision: snapshot.revision(),
        items: listing.lines.iter().map(|line| OptionView::of(line, held.currency)).collect(),
        public_client_fee: held.public_client_fee,
        co_payment_basis: held.co_payment_basis,
        total: listing.total,
        next: Page::<()>::cursor(held.whole.next(listing.next)),
    })
}

/// The quantity that the options' charges are summed up for: a purse grants none.
pub(super) fn quantity_of(stored: &StoredVoucher) -> Option<Quantity> {
    match stored.voucher.measure {
        Measure::Quantity => Some(stored.quantity),
        Measure::Money => None,
    }
}
