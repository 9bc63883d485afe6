//! `GET /v1/vouchers/{id}/choices`: what the holder can choose, and what each option would cost.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use serde_json::json;
use valinta_domain::choice::{Lot, Query, Snapshot};
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::rulebook::{GrantPeriod, Measure};
use valinta_domain::valuation::public_client_fee;
use valinta_domain::{Day, Id, Money, Quantity, Unit};
use valinta_persistence::vouchers;

use super::cursor::{Cursor, List, Of};
use super::held::{Held, hold, with_snapshot};
use super::page::{CountsView, PageOfList, RefusedView};
use super::sent::SentPage;
use super::shown::{Asked, note};
use super::view::{DrawnBy, OptionView, OrderedView};
use super::wish::{AsOf, ChoiceFilter, Wish};
use crate::app::App;
use crate::cx::{Cx, found};
use crate::http::conditional::with_age;
use crate::http::permit::VouchersRead;
use crate::http::{Page, PageQuery, Paged, PathId, Permit, Problem, Spoken, SpokenView};
use crate::vouchers::target_of;

/// What can be chosen with a voucher.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChoiceList {
    /// With which voucher.
    voucher: Id<kind::Voucher>,
    /// What a unit is worth on `day`, before there is a price or a service; absent where the rules of that day grant nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Money>,
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
    /// As of which day prices and approvals are shown: the one that was asked for, else the first day of a choice that is
    /// made now.
    day: Day,
    /// The rule by which the options are ordered.
    ordered: OrderedView,
    /// Revision of the registry that the list shows.
    revision: i64,
    /// The language of the texts.
    language: SpokenView,
    /// Client fee of the corresponding public service, per unit.
    public_client_fee: Money,
    /// How the co-payment comes about and what it does not count towards.
    #[schema(max_length = 4000)]
    co_payment_basis: String,
    /// How many options there are in all pages; or how many offerings cannot be chosen, where those were asked for.
    total: usize,
    /// How many options there are of each kind, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<CountsView>,
    /// The options of this page; none where the page is of what cannot be chosen.
    #[schema(max_items = 100)]
    items: Vec<OptionView>,
    /// The offerings of this page that cannot be chosen with the voucher, with the reasons; where those were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100)]
    not_choosable: Option<Vec<RefusedView>>,
    /// The cursor of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2400)]
    next: Option<String>,
}

/// Lists what can be chosen with a voucher: public units, companies and associations side by side, each with what it
/// would cost the holder. The list only shows; the choice itself is checked anew when it is made.
#[utoipa::path(
    tag = "choices",
    params(PageQuery, ChoiceFilter, Spoken),
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
    spoken: Spoken,
) -> Result<HttpResponse, Problem> {
    let (page, wish) = query.into_parts();
    let wanted = Wanted { wish, cursor: page.after()?, limit: usize::from(page.limit()), spoken: spoken.clone() };
    let (id, caller) = (path.id(), permit.into_caller());
    let list = with_snapshot(&app, &caller, wanted, move |c, cx, snapshot, key, wanted| {
        let stored = found(vouchers::find(c, id)?)?;
        let target = target_of(c, cx, &stored)?;
        cx.require(Action::ReadVoucher, &target)?;
        let held = hold(c, cx, snapshot, stored, AsOf { day: wanted.wish.day, pointer: "/query/day" })?;
        let list = list(cx, snapshot, &held, wanted, key)?;
        let details = json!({
            "order": wanted.wish.order,
            "not_choosable": wanted.wish.not_choosable,
            "revision": snapshot.revision(),
        });
        cx.audit("list_choices", ("voucher", id.uuid()), &target, details);
        Ok(SentPage::of(&list, list.next.clone())?)
    })
    .await?;
    let mut response = HttpResponse::Ok();
    spoken.told(with_age(&mut response, app.age_of_choices()));
    Ok(list.body_of(&mut response, &request))
}

/// Which page of the list is wanted.
struct Wanted {
    wish: Wish,
    cursor: Option<Cursor>,
    limit: usize,
    spoken: Spoken,
}

/// The page, and the note that it is shown.
fn list(cx: &Cx, snapshot: &Snapshot, held: &Held, wanted: &Wanted, key: &[u8]) -> Result<ChoiceList, Problem> {
    let Wanted { wish, cursor, limit, spoken } = wanted;
    let voucher = &held.stored.voucher;
    wish.check_start(held.day)?;
    let worth = held.worth()?;
    let whole = List::new(Of::Voucher(voucher.id), wish, worth.quoted)?;
    let after = whole.resume(cursor.clone())?;
    let lot = Lot::of_voucher(key, voucher.id);
    let query = Query { after: after.as_ref(), limit: *limit, ..held.query(&worth, &lot) };
    let page = PageOfList::of(snapshot, query, wish, held.currency(), spoken);
    let asked = Asked::Page { wish: wish.clone(), after, limit: *limit };
    note(cx, held, (snapshot.revision(), key), asked, (page.total, page.offerings()))?;
    let terms = held.granted_under()?;
    Ok(ChoiceList {
        voucher: voucher.id,
        value: worth.quoted.map(|worth| worth.value.of(held.currency())),
        unit: voucher.unit,
        price_unit: worth.price_unit,
        measure: voucher.measure,
        quantity: held.stored.quantity_on(held.day),
        per: held.stored.per,
        day: held.day,
        ordered: OrderedView::of(wish.order, DrawnBy::Voucher, spoken),
        revision: snapshot.revision(),
        language: spoken.view(),
        counts: page.counts,
        items: page.items,
        not_choosable: page.not_choosable,
        public_client_fee: public_client_fee(terms, &voucher.facts).of(held.currency()),
        co_payment_basis: spoken.say(&terms.texts.co_payment),
        total: page.total,
        next: Page::<()>::cursor(whole.next(page.next)),
    })
}
