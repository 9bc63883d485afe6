//! `POST /v1/choices/compare`: up to five offerings of a voucher type side by side, for everyone, without a token.

use actix_web::http::header;
use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use validator::Validate;
use valinta_domain::choice::{Near, Query, Snapshot};
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::rules::Facts;
use valinta_domain::{Amount, Day, Id, Quantity};

use super::public_list::{EstimatedOn, TypeOnDay, of_voucher_type};
use super::side_by_side::{Beside, COMPARED_MAX, Compared, TotalsBasis, each_once};
use super::wish::{AsOf, near_of};
use crate::app::App;
use crate::http::conditional::with_age;
use crate::http::{Errors, Json, Parse, Problem, ProblemKind, Spoken};

/// What is compared, and by what an estimate is made.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompareOfferings {
    /// The voucher type.
    voucher_type: Id<kind::VoucherType>,
    /// The offerings, each once.
    #[validate(length(min = 1, max = "COMPARED_MAX"))]
    #[schema(min_items = 1, max_items = 5)]
    offerings: Vec<Id<kind::Offering>>,
    /// Code of the municipality where the client lives: a unit may be approved for residents of some only.
    #[serde(default)]
    #[validate(length(min = 1, max = 3))]
    #[schema(min_length = 3, max_length = 3, example = "609")]
    municipality: Option<String>,
    /// Gross income a month, for an estimate of the value. Not kept.
    #[serde(default)]
    gross_income: Option<Amount>,
    /// Net income a month, for voucher types that go by it. Not kept.
    #[serde(default)]
    net_income: Option<Amount>,
    /// Persons in the household, for an estimate of the value. Not kept.
    #[serde(default)]
    #[validate(range(min = 1, max = 30))]
    #[schema(minimum = 1, maximum = 30)]
    household: Option<u16>,
    /// For how much of the service totals are reckoned, in the voucher type's unit, such as the hours of a month.
    #[serde(default)]
    quantity: Option<Quantity>,
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
    /// The first day of a choice, as of which they are compared: today if nothing is said, and at most 366 days ahead.
    #[serde(default)]
    day: Option<Day>,
}

/// What is to be compared.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    request: CompareOfferings,
    municipality: Option<MunicipalityCode>,
    near: Option<Near>,
}

impl Parse for CompareOfferings {
    type Into = Asked;

    fn parse(&self, errors: &mut Errors) -> Option<Asked> {
        each_once(errors, &self.offerings);
        if self.quantity == Some(Quantity::ZERO) {
            errors.fail("/quantity", "zero", "a quantity is more than nothing");
        }
        let municipality = self.municipality.as_deref().map(str::parse::<MunicipalityCode>);
        let municipality = errors.take_optional("/municipality", municipality);
        let near = near_of(self.near.as_deref(), self.near_municipality.as_deref(), errors);
        Some(Asked { request: self.clone(), municipality: municipality?, near: near? })
    }
}

/// Compares up to five offerings of a voucher type, with the public service beside them. Each is shown as in the list of
/// choices, or with the reasons why nobody can choose it; and it is said in what they differ. They stand in the day's
/// neutral order. Nothing is kept.
#[utoipa::path(
    tag = "choices",
    params(Spoken),
    responses((status = 200, description = "The offerings side by side.", body = Compared)),
    security(()),
)]
#[post("/v1/choices/compare")]
pub(crate) async fn compare_offerings(
    app: web::Data<App>,
    spoken: Spoken,
    body: Json<CompareOfferings>,
) -> Result<HttpResponse, Problem> {
    let asked = body.into_inner();
    let CompareOfferings { gross_income, net_income, household, voucher_type: id, day, .. } = asked.request;
    let on = EstimatedOn { gross_income, net_income, household };
    let (now, day) = (app.clock().now(), AsOf { day, pointer: "/day" });
    let (snapshot, of) = of_voucher_type(&app, id, now, None, day, on).await.map_err(at_voucher_type)?;
    let compared = compared(&asked, &of, &snapshot, app.order_key(), &spoken)?;
    let mut response = HttpResponse::Ok();
    spoken.told(with_age(&mut response, app.age_of_choices())).insert_header((header::CACHE_CONTROL, "no-store"));
    Ok(response.json(compared))
}

/// The voucher type is named by the body, and so is what is wrong with it.
fn at_voucher_type(problem: Problem) -> Problem {
    if problem.kind() == ProblemKind::NotFound {
        Problem::unknown("/voucher_type", "there is no such voucher type")
    } else {
        problem
    }
}

fn compared(
    asked: &Asked,
    of: &TypeOnDay,
    snapshot: &Snapshot,
    order_key: &[u8],
    spoken: &Spoken,
) -> Result<Compared, Problem> {
    let (request, basis, terms) = (&asked.request, &of.basis, of.terms()?);
    let (entitlement, _) = of.estimate()?;
    let (nobody, lot) = (Facts::default(), of.lot(order_key));
    let query = Query {
        entitlement: &entitlement,
        quantity: request.quantity,
        municipality: asked.municipality.as_ref(),
        near: asked.near,
        ..Query::all(request.voucher_type, of.day, &nobody, &lot)
    };
    let beside = Beside {
        voucher: None,
        value: entitlement.on(of.day).valuation().map(|valuation| valuation.quoted().value),
        unit: basis.unit,
        price_unit: terms.price_unit,
        currency: basis.currency,
        totals: request.quantity.map_or(TotalsBasis::NotGiven, |_| TotalsBasis::Given),
        co_payment_basis: &terms.texts.co_payment,
        public_service: &terms.public_service,
        client_fee: terms.public_service.client_fee,
        spoken,
    };
    beside.compare(snapshot, &query, &request.offerings)
}
