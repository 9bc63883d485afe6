//! `POST /v1/estimates`: what a service would cost somebody at each provider, for anyone who asks, without a token.

use std::sync::Arc;

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use validator::Validate;
use valinta_domain::choice::{Basis, Entitled, Entitlement, Lot, Order, Query, Snapshot, client_facts};
use valinta_domain::explain::Step;
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::provider::{Sector, ServiceMode};
use valinta_domain::rulebook::{FreeOfCharge, RulebookTerms};
use valinta_domain::rules::{
    EvaluateError, Evaluation, Facts, Finding, Findings, Occasion, Outcome, Standing, TrialStanding, ValueRule,
    evaluate, examine,
};
use valinta_domain::valuation::Valuation;
use valinta_domain::{Amount, Day, Id, Language, Localized, Money, Quantity, Unit};

use super::published::{ByRulebook, Published, check_facts, published};
use crate::app::App;
use crate::choices::{DrawnBy, OptionView, OrderView};
use crate::http::limits::{PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX};
use crate::http::{Errors, Json, Parse, Problem, ProblemKind};

/// What is asked for.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MakeEstimate {
    /// Of which voucher type.
    voucher_type: Id<kind::VoucherType>,
    /// What is known of the client, such as income and household. What is not given is treated as the rulebook says.
    #[serde(default)]
    facts: Facts,
    /// How much of the service, in the voucher type's unit, to reckon with.
    #[serde(default)]
    quantity: Option<Quantity>,
    /// Only units that are in this municipality or serve it, by its code.
    #[serde(default)]
    #[validate(length(min = 1, max = 3))]
    #[schema(min_length = 3, max_length = 3, example = "609")]
    municipality: Option<String>,
    /// Only this sector.
    #[serde(default)]
    sector: Option<Sector>,
    /// Only with this language of service.
    #[serde(default)]
    language: Option<Language>,
    /// Only with this mode of service.
    #[serde(default)]
    mode: Option<ServiceMode>,
    /// The order; neutral if nothing is said.
    #[serde(default)]
    order: Option<Order>,
    /// At most so many options; 20 if nothing is said.
    #[serde(default)]
    #[validate(range(min = 1, max = "PAGE_ITEMS_MAX"))]
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// As of which day: today if nothing is said, or later.
    #[serde(default)]
    as_of: Option<Day>,
}

/// What is to be estimated.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    request: MakeEstimate,
    municipality: Option<MunicipalityCode>,
}

impl Parse for MakeEstimate {
    type Into = Asked;

    fn parse(&self, errors: &mut Errors) -> Option<Asked> {
        if self.quantity == Some(Quantity::ZERO) {
            errors.fail("/quantity", "zero", "a quantity is more than nothing");
        }
        if self.order == Some(Order::Distance) {
            errors.fail("/order", "no_place", "an estimate is not told from where distances are counted");
        }
        let municipality = self.municipality.as_deref().map(str::parse::<MunicipalityCode>);
        let municipality = errors.take_optional("/municipality", municipality)?;
        Some(Asked { request: self.clone(), municipality })
    }
}

/// What a service would cost. An estimate: a decision is made on facts that are checked.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Estimate {
    /// Of which voucher type.
    voucher_type: Id<kind::VoucherType>,
    /// By which rulebook version.
    rulebook: ByRulebook,
    /// What services are counted in.
    unit: Unit,
    /// The unit that prices are given for, if it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_unit: Option<Unit>,
    /// As of which day.
    day: Day,
    /// Whether a voucher would be granted, as far as this can be said.
    outcome: TrialStanding,
    /// Why not: the code of a criterion or of the value rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    reason: Option<String>,
    /// The value per unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Money>,
    /// What the client pays per unit, where the organiser fixes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed_co_payment: Option<Money>,
    /// How that came about, and by which rule where something was not given.
    #[schema(max_items = 1000)]
    steps: Vec<Step>,
    /// How the criteria for clients came out.
    eligibility: Findings,
    /// The act that makes the service free of charge to the client, if one does. A co-payment of zero is another thing: it
    /// comes from a price that is not above the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    free_of_charge_by_law: Option<FreeOfCharge>,
    /// Client fee of the corresponding public service, per unit, on these facts.
    public_client_fee: Money,
    /// How that fee came about, where it depends on the client.
    #[schema(max_items = 1000)]
    public_client_fee_steps: Vec<Step>,
    /// How the co-payment comes about and what it does not count towards.
    co_payment_basis: Localized,
    /// The rule by which the options are ordered.
    ordered: OrderView,
    /// Revision of the registry that the options are from.
    revision: i64,
    /// How many options there are; the first of them are listed.
    total: usize,
    /// The options, with what each would cost.
    #[schema(max_items = 100)]
    items: Vec<OptionView>,
}

/// Estimates what a service would cost somebody at each provider: the value on these facts, whether the criteria are met, and
/// the shares at every price. Nothing is stored. The neutral order is that of the comparison: drawn anew every day, the same
/// for everyone.
#[utoipa::path(
    tag = "estimates",
    responses((status = 200, description = "The estimate.", body = Estimate)),
    security(()),
)]
#[post("/v1/estimates")]
pub(crate) async fn make_estimate(app: web::Data<App>, body: Json<MakeEstimate>) -> Result<HttpResponse, Problem> {
    let asked = body.into_inner();
    let (id, as_of, now) = (asked.request.voucher_type, asked.request.as_of, app.clock().now());
    let snapshot = app.snapshot()?;
    let by = app.read(move |c| published(c, id, as_of, now)).await.map_err(at_voucher_type)?;
    // A long list takes some milliseconds, in which others are not to wait.
    let estimate = web::block(move || estimate(&asked, &by, &snapshot, app.order_key()));
    Ok(HttpResponse::Ok().json(estimate.await.map_err(Problem::internal)??))
}

/// The voucher type is named by the body, and so is what is wrong with it.
fn at_voucher_type(problem: Problem) -> Problem {
    if problem.kind() == ProblemKind::NotFound {
        Problem::unknown("/voucher_type", "there is no such voucher type")
    } else {
        problem
    }
}

fn estimate(asked: &Asked, by: &Published, snapshot: &Snapshot, order_key: &[u8]) -> Result<Estimate, Problem> {
    let Asked { request, municipality } = asked;
    let (terms, facts) = (&by.rulebook.terms, &request.facts);
    check_facts(terms, facts)?;
    let eligibility = examine(&terms.eligibility.client, facts);
    let (evaluation, mut steps) = evaluated(&terms.value, "/value", terms, facts)?;
    if let Some(rule) = &terms.co_payment {
        steps.extend(evaluated(rule, "/co_payment", terms, facts)?.1);
    }
    let reason = reason_against(&eligibility, &evaluation.outcome);
    let valuation = match reason {
        Some(_) => None,
        None => Some(Valuation::new(terms, facts).map_err(|none| no_estimate("/facts", &none))?),
    };
    let order = request.order.unwrap_or_default();
    if order == Order::CoPayment && valuation.is_none() {
        return Err(Problem::invalid(Vec::new()).at(
            "/order",
            "no_value",
            "no voucher is granted, so that no co-payment is known",
        ));
    }
    let (public_client_fee, public_client_fee_steps) = public_fee(terms, facts)?;
    let client = match (request.language, municipality) {
        (Some(language), Some(municipality)) => client_facts(language, municipality),
        // What is not known of the client stands in the way of nothing.
        (Some(_) | None, Some(_) | None) => Facts::default(),
    };
    let basis = snapshot.basis(request.voucher_type).map(Arc::as_ref);
    let worth = valuation.as_ref().map(Valuation::quoted);
    let entitlement = entitlement(by, basis, facts, valuation);
    let lot = Lot::of_everyone(order_key, by.day.to_string().as_bytes());
    let listing = snapshot.list(&Query {
        entitlement: &entitlement,
        quantity: request.quantity,
        municipality: municipality.as_ref(),
        sector: request.sector,
        language: request.language,
        mode: request.mode,
        order,
        limit: usize::from(request.limit.unwrap_or(PAGE_ITEMS_DEFAULT)),
        ..Query::all(request.voucher_type, by.day, &client, &lot)
    });
    Ok(Estimate {
        voucher_type: request.voucher_type,
        rulebook: ByRulebook::of(&by.rulebook),
        unit: by.unit,
        price_unit: terms.price_unit,
        day: by.day,
        outcome: if reason.is_some() { TrialStanding::NotEligible } else { TrialStanding::Value },
        reason,
        value: worth.map(|worth| worth.value.of(by.currency)),
        fixed_co_payment: worth.and_then(|worth| worth.co_payment).map(|amount| amount.of(by.currency)),
        steps,
        eligibility,
        free_of_charge_by_law: terms.free_of_charge.clone(),
        public_client_fee: public_client_fee.of(by.currency),
        public_client_fee_steps,
        co_payment_basis: terms.texts.co_payment.clone(),
        ordered: OrderView::of(order, DrawnBy::Day),
        revision: snapshot.revision(),
        total: listing.total,
        items: listing.lines.iter().map(|line| OptionView::of(line, by.currency)).collect(),
    })
}

/// What the facts entitle to on the day and under the rulebooks that come into force after it: by those of them that such a
/// rulebook asks for. Nothing is known of later where there is no voucher to begin with.
fn entitlement<'a>(
    by: &'a Published,
    basis: Option<&'a Basis>,
    facts: &'a Facts,
    valuation: Option<Valuation<'a>>,
) -> Entitlement<'a> {
    let is_granted = valuation.is_some();
    let at_first = Entitled::under(&by.rulebook.terms, valuation);
    let Some(basis) = basis else { return Entitlement::always(at_first) };
    let later = |day: Day| {
        let terms = basis.terms_on(day)?;
        let valuation = is_granted.then(|| Valuation::moved(terms, facts).ok()).flatten();
        Some(Entitled::under(terms, valuation))
    };
    Entitlement::from_day(at_first, &basis.versions, by.day, |day| later(day).unwrap_or_default())
}

/// Why no voucher would be granted, if none would: a criterion that is not met, or the value rule.
fn reason_against(eligibility: &Findings, outcome: &Outcome) -> Option<String> {
    let unmet = |finding: &&Finding| finding.standing == Standing::NotMet;
    let of_criterion = eligibility.findings.iter().find(unmet).map(|finding| finding.code.clone());
    of_criterion.or_else(|| match outcome {
        Outcome::NotEligible(reason) => Some(reason.clone()),
        Outcome::Value(_) => None,
    })
}

/// The fee of the public service, and how it came about where it depends on the client. Where its rule says that there is
/// none to pay by it, the typical fee stands.
fn public_fee(terms: &RulebookTerms, facts: &Facts) -> Result<(Amount, Vec<Step>), Problem> {
    let typical = terms.public_service.client_fee;
    let Some(rule) = &terms.public_service.client_fee_rule else { return Ok((typical, Vec::new())) };
    let (evaluation, steps) = evaluated(rule, "/public_service/client_fee_rule", terms, facts)?;
    Ok((evaluation.value().unwrap_or(typical), steps))
}

fn evaluated<'a>(
    rule: &'a ValueRule,
    pointer: &str,
    terms: &'a RulebookTerms,
    facts: &Facts,
) -> Result<(Evaluation<'a>, Vec<Step>), Problem> {
    let evaluation = evaluate(rule, terms.fact_terms(), &Occasion::of(facts));
    let evaluation = evaluation.map_err(|error: EvaluateError| {
        let place = error.fact().map_or_else(|| "/facts".to_owned(), |name| format!("/facts/{name}"));
        no_estimate(&place, &error)
    })?;
    let steps = evaluation.steps(pointer);
    Ok((evaluation, steps))
}

fn no_estimate(pointer: &str, why: &dyn std::fmt::Display) -> Problem {
    Problem::new(ProblemKind::RuleError, "No estimate can be made; see errors.").at(pointer, "unfit", why)
}
