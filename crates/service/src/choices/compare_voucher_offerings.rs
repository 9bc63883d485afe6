//! `POST /v1/vouchers/{id}/choices/compare`: up to five offerings side by side, as they stand to a voucher's holder.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::choice::{Lot, Near, Query, Snapshot};
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::rulebook::Measure;
use valinta_domain::valuation::public_client_fee;
use valinta_domain::{Day, Id};
use valinta_persistence::vouchers;

use super::held::{Held, hold, with_snapshot};
use super::shown::{self, note};
use super::side_by_side::{Beside, COMPARED_MAX, Compared, TotalsBasis, each_once};
use super::wish::{AsOf, near_of};
use crate::app::App;
use crate::cx::found;
use crate::http::conditional::with_age;
use crate::http::permit::VouchersRead;
use crate::http::{Errors, Json, Parse, PathId, Permit, Problem, Spoken};
use crate::vouchers::target_of;

/// What is compared.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompareVoucherOfferings {
    /// The offerings, each once.
    #[validate(length(min = 1, max = "COMPARED_MAX"))]
    #[schema(min_items = 1, max_items = 5)]
    offerings: Vec<Id<kind::Offering>>,
    /// From where distances are counted: latitude and longitude in decimal degrees (WGS 84), with a comma between them.
    #[serde(default)]
    #[validate(length(min = 3, max = 24))]
    #[schema(min_length = 3, max_length = 24, example = "61.4851,21.7974")]
    near: Option<String>,
    /// From where distances are counted: the centre of a municipality, by its code. Instead of `near`.
    #[serde(default)]
    #[validate(length(min = 1, max = 3))]
    #[schema(min_length = 3, max_length = 3, example = "609")]
    near_municipality: Option<String>,
    /// The first day of a choice, as of which they are compared: the earliest one if nothing is said, and at most 366 days
    /// ahead.
    #[serde(default)]
    day: Option<Day>,
}

/// What is to be compared.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    offerings: Vec<Id<kind::Offering>>,
    near: Option<Near>,
    day: Option<Day>,
}

impl Parse for CompareVoucherOfferings {
    type Into = Asked;

    fn parse(&self, errors: &mut Errors) -> Option<Asked> {
        each_once(errors, &self.offerings);
        let near = near_of(self.near.as_deref(), self.near_municipality.as_deref(), errors)?;
        Some(Asked { offerings: self.offerings.clone(), near, day: self.day })
    }
}

/// Compares up to five offerings for a voucher, with the public service beside them. Each is shown as in the voucher's
/// list of choices with the total of what is granted, or with the reasons why it cannot be chosen; and it is said in what
/// they differ. They stand in the voucher's neutral order.
#[utoipa::path(
    tag = "choices",
    params(Spoken),
    responses((status = 200, description = "The offerings side by side.", body = Compared)),
    security(("bearer" = ["vouchers:read"])),
)]
#[post("/v1/vouchers/{id}/choices/compare")]
pub(crate) async fn compare_voucher_offerings(
    permit: Permit<VouchersRead>,
    app: web::Data<App>,
    path: PathId<kind::Voucher>,
    spoken: Spoken,
    body: Json<CompareVoucherOfferings>,
) -> Result<HttpResponse, Problem> {
    let (id, caller, language) = (path.id(), permit.into_caller(), spoken.clone());
    // Compared before it is noted, so that what is refused leaves no trace of having been shown.
    let compared = with_snapshot(&app, &caller, body.into_inner(), move |c, cx, snapshot, key, asked| {
        let stored = found(vouchers::find(c, id)?)?;
        let target = target_of(c, cx, &stored)?;
        cx.require(Action::ReadVoucher, &target)?;
        let held = hold(c, cx, snapshot, stored, AsOf { day: asked.day, pointer: "/day" })?;
        let compared = compare(&held, asked, snapshot, key, &language)?;
        let offerings = asked.offerings.clone();
        let shown = (compared.offerings().len(), compared.offerings());
        note(cx, &held, (snapshot.revision(), key), shown::Asked::These { offerings }, shown)?;
        let details = json!({"offerings": asked.offerings, "revision": snapshot.revision()});
        cx.audit("compare_voucher_offerings", ("voucher", id.uuid()), &target, details);
        Ok(compared)
    })
    .await?;
    let mut response = HttpResponse::Ok();
    Ok(spoken.told(with_age(&mut response, app.age_of_choices())).json(compared))
}

fn compare(
    held: &Held,
    asked: &Asked,
    snapshot: &Snapshot,
    order_key: &[u8],
    spoken: &Spoken,
) -> Result<Compared, Problem> {
    let voucher = &held.stored.voucher;
    let worth = held.worth()?;
    let lot = Lot::of_voucher(order_key, voucher.id);
    let query = Query { near: asked.near, ..held.query(&worth, &lot) };
    let terms = held.granted_under()?;
    let beside = Beside {
        voucher: Some(voucher.id),
        value: worth.quoted.map(|worth| worth.value),
        unit: voucher.unit,
        price_unit: worth.price_unit,
        currency: held.currency(),
        totals: match voucher.measure {
            Measure::Quantity => TotalsBasis::granted(held.stored.per),
            Measure::Money => TotalsBasis::Purse,
        },
        co_payment_basis: &terms.texts.co_payment,
        public_service: &terms.public_service,
        client_fee: public_client_fee(terms, &voucher.facts),
        spoken,
    };
    beside.compare(snapshot, &query, &asked.offerings)
}
