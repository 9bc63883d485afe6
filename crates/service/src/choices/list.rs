//! `GET /v1/vouchers/{id}/choices`: what the holder can choose, and what each option would cost.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use serde_json::json;
use valinta_domain::choice::{Lot, Query, Snapshot, SortKey};
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::rulebook::{GrantPeriod, Measure, RulebookTerms};
use valinta_domain::rules::Facts;
use valinta_domain::valuation::{Valuation, Versions, public_client_fee};
use valinta_domain::{Currency, Day, Id, Money, Quantity, Unit};
use valinta_persistence::vouchers::StoredVoucher;
use valinta_persistence::{Conn, organisers, voucher_types, vouchers};

use super::compare::AsOf;
use super::cursor::{Cursor, List, Of};
use super::page::{CountsView, PageOfList, RefusedView};
use super::view::{DrawnBy, OptionView, OrderedView};
use super::wish::{ChoiceFilter, Wish, day_of};
use crate::app::App;
use crate::cx::{Cx, found};
use crate::http::page::with_link;
use crate::http::permit::VouchersRead;
use crate::http::{Page, PageQuery, Paged, PathId, Permit, Problem, Spoken, SpokenView};
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

/// What the database says of the voucher; the options come from memory.
pub(super) struct Held {
    pub(super) stored: StoredVoucher,
    pub(super) currency: Currency,
    /// As of which day.
    pub(super) day: Day,
    pub(super) versions: Versions,
    pub(super) client: Facts,
    pub(super) public_client_fee: Money,
    /// The terms that the voucher was granted under.
    pub(super) granted_under: RulebookTerms,
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
    let cursor: Option<Cursor> = page.after()?;
    let id = path.id();
    let snapshot = app.snapshot()?;
    let (revision, wished) = (snapshot.revision(), wish.clone());
    let (held, whole, after) = app
        .write(permit.into_caller(), move |c, cx| {
            let stored = found(vouchers::find(c, id)?)?;
            let target = target_of(c, cx, &stored)?;
            cx.require(Action::ReadVoucher, &target)?;
            let held = hold(c, cx, stored, AsOf { day: wished.day, pointer: "/query/day" })?;
            wished.check_start(held.day)?;
            let worth = valuation_of(&held.stored.voucher, &held.versions, held.day)??.quoted();
            let whole = List::new(Of::Voucher(id), &wished, Some(worth))?;
            let after = whole.resume(cursor.clone())?;
            let details = json!({"order": wished.order, "not_choosable": wished.not_choosable, "revision": revision});
            cx.audit("list_choices", ("voucher", id.uuid()), &target, details);
            Ok((held, whole, after))
        })
        .await?;
    let mut response = HttpResponse::Ok();
    spoken.told(&mut response);
    let wanted = Wanted { wish, whole, after, limit: usize::from(page.limit()), spoken };
    // A long list takes some milliseconds, in which others are not to wait.
    let listed = web::block(move || listed(&held, &snapshot, &wanted, app.order_key()));
    let list = listed.await.map_err(Problem::internal)??;
    Ok(with_link(&mut response, &request, list.next.as_deref()).json(list))
}

/// Reads what a voucher's list is made of, as of a day that is asked for or the first day of a choice that is made now.
pub(super) fn hold(c: &mut Conn, cx: &Cx, stored: StoredVoucher, asked: AsOf) -> Result<Held, Problem> {
    let voucher = &stored.voucher;
    let organiser = found(organisers::find(c, voucher.organiser)?)?;
    let today = cx.today(&organiser)?;
    let (first, _) = first_day(c, voucher, today)?;
    let day = day_of(asked.day, first, today, asked.pointer)?;
    if asked.day.is_some() && !voucher.validity.contains(day) {
        let why = format!("is after {}, the voucher's last day", voucher.validity.last_day());
        return Err(Problem::invalid(Vec::new()).at(asked.pointer, "outside_validity", why));
    }
    let versions = versions_on(c, voucher, day)?;
    let rulebook = found(voucher_types::find_rulebook(c, voucher.rulebook)?)?;
    let client = service_facts_of(c, voucher)?;
    let fee = public_client_fee(&rulebook.terms, &voucher.facts);
    Ok(Held {
        currency: organiser.currency,
        day,
        versions,
        client,
        public_client_fee: fee.of(organiser.currency),
        granted_under: rulebook.terms,
        stored,
    })
}

/// Which page of the list is wanted.
struct Wanted {
    wish: Wish,
    whole: List,
    after: Option<SortKey>,
    limit: usize,
    spoken: Spoken,
}

fn listed(held: &Held, snapshot: &Snapshot, wanted: &Wanted, order_key: &[u8]) -> Result<ChoiceList, Problem> {
    let Wanted { wish, whole, after, limit, spoken } = wanted;
    let voucher = &held.stored.voucher;
    let valuation = valuation_of(voucher, &held.versions, held.day)??;
    let lot = Lot::of_voucher(order_key, voucher.id);
    let query = Query { after: after.as_ref(), limit: *limit, ..held.query(&valuation, &lot) };
    let page = PageOfList::of(snapshot, query, wish, held.currency, spoken);
    Ok(ChoiceList {
        voucher: voucher.id,
        value: valuation.quoted().value.of(held.currency),
        unit: voucher.unit,
        price_unit: valuation.terms().price_unit,
        measure: voucher.measure,
        quantity: held.stored.quantity,
        per: held.stored.per,
        day: held.day,
        ordered: OrderedView::of(wish.order, DrawnBy::Voucher, spoken),
        revision: snapshot.revision(),
        language: spoken.view(),
        counts: page.counts,
        items: page.items,
        not_choosable: page.not_choosable,
        public_client_fee: held.public_client_fee,
        co_payment_basis: spoken.say(&held.granted_under.texts.co_payment),
        total: page.total,
        next: Page::<()>::cursor(whole.next(page.next)),
    })
}

impl Held {
    /// The query of the whole list, in the neutral order.
    pub(super) fn query<'q>(&'q self, valuation: &'q Valuation<'q>, lot: &'q Lot) -> Query<'q> {
        let voucher = &self.stored.voucher;
        Query {
            validity: Some(voucher.validity),
            valuation: Some(valuation),
            free_of_charge: voucher.free_of_charge,
            quantity: quantity_of(&self.stored),
            ..Query::all(voucher.voucher_type, self.day, &self.client, lot)
        }
    }
}

/// The quantity that the options' charges are summed up for: a purse grants none.
pub(super) fn quantity_of(stored: &StoredVoucher) -> Option<Quantity> {
    match stored.voucher.measure {
        Measure::Quantity => Some(stored.quantity),
        Measure::Money => None,
    }
}
