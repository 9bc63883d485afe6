//! `GET /v1/choices`: the choices of a voucher type for everyone, without a token.

use std::collections::BTreeSet;

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use validator::Validate;
use valinta_domain::choice::{Lot, Order, Query, Snapshot};
use valinta_domain::explain::Step;
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::provider::{Sector, ServiceMode};
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::rules::{FactValue, Facts, GROSS_INCOME, Given, HOUSEHOLD_SIZE, NET_INCOME, Occasion, evaluate};
use valinta_domain::valuation::{NoWorth, Valuation};
use valinta_domain::{Amount, Currency, Day, Id, Language, Money, Unit};
use valinta_persistence::voucher_types::Rulebook;
use valinta_persistence::{Conn, organisers, voucher_types};

use super::cursor::{Cursor, List, Of};
use super::view::{DrawnBy, OptionView, OrderView};
use crate::app::App;
use crate::cx::{day_at, found};
use crate::http::conditional::{IfNoneMatch, not_modified, tag_of_revision, with_tag};
use crate::http::page::with_link;
use crate::http::{Errors, Page, PageQuery, Paged, Parse, Problem, ProblemKind};

/// What is compared, and by what an estimate is made.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CompareFilter {
    /// The voucher type.
    voucher_type: Id<kind::VoucherType>,
    /// Only units that are in this municipality or serve it, by its code.
    #[validate(length(min = 1, max = 3))]
    #[param(min_length = 3, max_length = 3, example = "609")]
    municipality: Option<String>,
    /// Only this sector.
    #[param(inline)]
    sector: Option<Sector>,
    /// Only with this language of service.
    #[param(inline)]
    language: Option<Language>,
    /// Only with this mode of service.
    #[param(inline)]
    mode: Option<ServiceMode>,
    /// The order; neutral if nothing is said.
    #[param(inline)]
    order: Option<Order>,
    /// Gross income a month, for an estimate of the value. Not kept.
    #[param(value_type = Option<String>, max_length = 20, example = "1650.00")]
    gross_income: Option<Amount>,
    /// Net income a month, for voucher types that go by it. Not kept.
    #[param(value_type = Option<String>, max_length = 20, example = "1350.00")]
    net_income: Option<Amount>,
    /// Persons in the household, for an estimate of the value. Not kept.
    #[validate(range(min = 1, max = 30))]
    #[param(minimum = 1, maximum = 30)]
    household: Option<u16>,
}

/// What is to be compared.
#[derive(Debug, Clone)]
pub(crate) struct Comparison {
    filter: CompareFilter,
    municipality: Option<MunicipalityCode>,
}

impl Parse for CompareFilter {
    type Into = Comparison;

    fn parse(&self, errors: &mut Errors) -> Option<Comparison> {
        let municipality = self.municipality.as_deref().map(str::parse::<MunicipalityCode>);
        let municipality = errors.take_optional("/municipality", municipality)?;
        Some(Comparison { filter: self.clone(), municipality })
    }
}

impl CompareFilter {
    /// Whether anything was given to estimate by.
    fn estimates(&self) -> bool {
        self.gross_income.is_some() || self.net_income.is_some() || self.household.is_some()
    }

    fn facts(&self) -> Facts {
        let given = [
            (GROSS_INCOME, self.gross_income.map(Amount::decimal)),
            (NET_INCOME, self.net_income.map(Amount::decimal)),
            (HOUSEHOLD_SIZE, self.household.map(Into::into)),
        ];
        Facts::new(given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), FactValue::Number(value?)))))
    }
}

/// The choices of a voucher type.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Comparing {
    /// Of which voucher type.
    voucher_type: Id<kind::VoucherType>,
    /// What services are counted in.
    unit: Unit,
    /// The unit that prices are given for, if it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_unit: Option<Unit>,
    /// As of which day: today, or the day on which the list was begun that goes on across midnight.
    day: Day,
    /// The value per unit, where it follows from what was given. An estimate: a decision is made on facts that are checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_value: Option<Money>,
    /// How the estimate came about, and by which rule where something was not given.
    #[schema(max_items = 400)]
    estimate_steps: Vec<Step>,
    /// Client fee of the corresponding public service, per unit.
    public_client_fee: Money,
    /// The rule by which the options are ordered.
    ordered: OrderView,
    /// Revision of the registry that the list shows.
    revision: i64,
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

/// What the database says of the voucher type; the options come from memory.
struct Basis {
    unit: Unit,
    currency: Currency,
    day: Day,
    rulebook: Rulebook,
    /// What the estimate is made on, if one can be made.
    facts: Option<Facts>,
}

/// Compares what is offered for a voucher type, with an estimate of value and co-payment where income is given. Nothing
/// is kept. The neutral order is drawn anew every day.
#[utoipa::path(
    tag = "choices",
    params(PageQuery, CompareFilter, IfNoneMatch),
    responses(
        (status = 200, description = "The options. Their ETag changes with the registry and the day.", body = Comparing),
        (status = 304, description = "The list is still the one that the caller has."),
    ),
    security(()),
)]
#[get("/v1/choices")]
pub(crate) async fn compare_choices(
    app: web::Data<App>,
    request: HttpRequest,
    query: Paged<CompareFilter>,
    known: IfNoneMatch,
) -> Result<HttpResponse, Problem> {
    let (page, comparison) = query.into_parts();
    let cursor: Option<Cursor> = page.after()?;
    let filter = &comparison.filter;
    let now = app.clock().now();
    let (id, facts, asked) = (filter.voucher_type, filter.facts(), filter.estimates());
    let goes_on = cursor.clone();
    let snapshot = app.snapshot()?;
    let basis = app.read(move |c| basis(c, id, now, goes_on.as_ref(), &facts, asked)).await?;
    // The rulebook is read anew and may be ahead of what is in memory.
    let tag = tag_of_revision(&format!("r{}d{}n{}", snapshot.revision(), basis.day, basis.rulebook.number));
    // An address that names an income is for nobody to keep.
    let keeping = HeaderValue::from_static(if asked { "no-store" } else { "no-cache" });
    let wanted = Wanted { comparison, cursor, limit: page.limit(), is_known: known.has(&tag) };
    // A long list takes some milliseconds, in which others are not to wait.
    let compared = web::block(move || compare(wanted, &basis, &snapshot, app.order_key()));
    let Some(comparing) = compared.await.map_err(Problem::internal)?? else {
        let mut same = not_modified(&tag);
        same.headers_mut().insert(header::CACHE_CONTROL, keeping);
        return Ok(same);
    };
    let mut response = HttpResponse::Ok();
    with_tag(&mut response, &tag).insert_header((header::CACHE_CONTROL, keeping));
    Ok(with_link(&mut response, &request, comparing.next.as_deref()).json(comparing))
}

/// Which page of which list is wanted.
struct Wanted {
    comparison: Comparison,
    cursor: Option<Cursor>,
    limit: u16,
    /// Whether the caller has the page already.
    is_known: bool,
}

/// The page, unless the caller has it already.
fn compare(wanted: Wanted, basis: &Basis, snapshot: &Snapshot, order_key: &[u8]) -> Result<Option<Comparing>, Problem> {
    let Wanted { comparison: Comparison { filter, municipality }, cursor, limit, is_known } = wanted;
    let (id, order) = (filter.voucher_type, filter.order.unwrap_or_default());
    let terms = &basis.rulebook.terms;
    let (valuation, steps) = match &basis.facts {
        Some(facts) => estimate(terms, facts)?,
        None => (None, Vec::new()),
    };
    let worth = valuation.as_ref().map(Valuation::quoted);
    let whole = List::new(Of::VoucherType(id, basis.day), order, worth)?;
    let after = whole.resume(cursor)?;
    if is_known {
        return Ok(None);
    }
    let (nobody, lot) = (Facts::default(), Lot::of_everyone(order_key, basis.day.to_string().as_bytes()));
    let listing = snapshot.list(&Query {
        valuation: valuation.as_ref(),
        free_of_charge: terms.free_of_charge.is_some(),
        municipality: municipality.as_ref(),
        sector: filter.sector,
        language: filter.language,
        mode: filter.mode,
        order,
        after: after.as_ref(),
        limit: usize::from(limit),
        ..Query::all(id, basis.day, &nobody, &lot)
    });
    Ok(Some(Comparing {
        voucher_type: id,
        unit: basis.unit,
        day: basis.day,
        price_unit: terms.price_unit,
        estimated_value: worth.map(|worth| worth.value.of(basis.currency)),
        estimate_steps: steps,
        public_client_fee: terms.public_service.client_fee.of(basis.currency),
        ordered: OrderView::of(order, DrawnBy::Day),
        revision: snapshot.revision(),
        total: listing.total,
        items: listing.lines.iter().map(|line| OptionView::of(line, basis.currency)).collect(),
        next: Page::<()>::cursor(whole.next(listing.next)),
    }))
}

fn basis(
    c: &mut Conn,
    id: Id<kind::VoucherType>,
    now: valinta_domain::Moment,
    goes_on: Option<&Cursor>,
    facts: &Facts,
    asked: bool,
) -> Result<Basis, Problem> {
    let voucher_type = found(voucher_types::find(c, id)?)?;
    let organiser = found(organisers::find(c, voucher_type.organiser)?)?;
    let today = day_at(now, &organiser)?;
    let day = goes_on.map_or(Ok(today), |cursor| cursor.day(today))?;
    let rulebook = found(voucher_types::rulebook_in_force(c, id, day)?)?;
    let asked_for = facts_of_client(&rulebook.terms);
    // What the rules do not ask for has no bearing on the estimate.
    let facts = (asked || asked_for.is_empty()).then(|| facts.only(&asked_for));
    Ok(Basis { unit: voucher_type.unit, currency: organiser.currency, day, facts, rulebook })
}

/// The facts of a client that value and co-payment depend on.
fn facts_of_client(terms: &RulebookTerms) -> BTreeSet<&str> {
    let mut names = terms.facts_of_worth();
    names.retain(|name| terms.fact_terms().find(name).is_none_or(|term| term.given == Given::WithRequest));
    names
}

/// What units are worth on these facts, unless the rules grant nothing; and how that came about.
fn estimate<'a>(terms: &'a RulebookTerms, facts: &'a Facts) -> Result<(Option<Valuation<'a>>, Vec<Step>), Problem> {
    let unfit: Vec<String> = terms
        .fact_terms()
        .check(facts, &facts_of_client(terms), Some(Given::WithRequest))
        .iter()
        .map(ToString::to_string)
        .collect();
    if !unfit.is_empty() {
        return Err(no_estimate(&unfit));
    }
    let evaluation = evaluate(&terms.value, terms.fact_terms(), &Occasion::of(facts));
    let steps = evaluation.map_err(|error| no_estimate(&[error.to_string()]))?.steps("/value");
    match Valuation::new(terms, facts) {
        Ok(valuation) => Ok((Some(valuation), steps)),
        Err(NoWorth::NotEligible(_)) => Ok((None, steps)),
        Err(NoWorth::Evaluate(error)) => Err(no_estimate(&[error.to_string()])),
    }
}

fn no_estimate(why: &[String]) -> Problem {
    let problem = Problem::new(ProblemKind::RuleError, "No estimate can be made; see errors.");
    why.iter().fold(problem, |problem, why| problem.at("/query", "unfit", why))
}
