//! `GET /v1/choices`: the choices of a voucher type for everyone, without a token.

use std::collections::BTreeSet;

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use validator::Validate;
use valinta_domain::choice::{Lot, Query, Snapshot};
use valinta_domain::explain::Step;
use valinta_domain::id::kind;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::rules::{FactValue, Facts, GROSS_INCOME, Given, HOUSEHOLD_SIZE, NET_INCOME, Occasion, evaluate};
use valinta_domain::valuation::{NoWorth, Valuation};
use valinta_domain::{Amount, Currency, Day, Id, Moment, Money, Unit};
use valinta_persistence::voucher_types::Rulebook;
use valinta_persistence::{Conn, organisers, voucher_types};

use super::cursor::{Cursor, List, Of};
use super::page::{CountsView, PageOfList, RefusedView};
use super::view::{DrawnBy, OptionView, OrderedView};
use super::wish::{ChoiceFilter, Wish, day_of};
use crate::app::App;
use crate::cx::{day_at, found};
use crate::http::conditional::{IfNoneMatch, not_modified, tag_of_revision, with_tag};
use crate::http::page::with_link;
use crate::http::{Named, Page, PageQuery, PagedBeside, Problem, ProblemKind, Spoken, SpokenView};
use crate::parse_as_is;

/// What is compared, and by what an estimate is made.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CompareFilter {
    /// The voucher type.
    voucher_type: Id<kind::VoucherType>,
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
parse_as_is!(CompareFilter);

impl Named for CompareFilter {
    const NAMES: &'static [&'static str] = &["voucher_type", "gross_income", "net_income", "household"];
}

/// What an estimate is made on, as it is given.
#[derive(Debug, Clone, Copy)]
pub(super) struct EstimatedOn {
    pub(super) gross_income: Option<Amount>,
    pub(super) net_income: Option<Amount>,
    pub(super) household: Option<u16>,
}

impl EstimatedOn {
    /// Whether anything was given to estimate by.
    pub(super) const fn is_given(self) -> bool {
        self.gross_income.is_some() || self.net_income.is_some() || self.household.is_some()
    }

    fn facts(self) -> Facts {
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
    /// As of which day: the one that was asked for; else today, or the day on which the list was begun that goes on across
    /// midnight.
    day: Day,
    /// The value per unit, where it follows from what was given. An estimate: a decision is made on facts that are checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_value: Option<Money>,
    /// How the estimate came about, and by which rule where something was not given.
    #[schema(max_items = 400)]
    estimate_steps: Vec<Step>,
    /// Client fee of the corresponding public service, per unit.
    public_client_fee: Money,
    /// How the co-payment comes about and what it does not count towards.
    #[schema(max_length = 4000)]
    co_payment_basis: String,
    /// The rule by which the options are ordered.
    ordered: OrderedView,
    /// Revision of the registry that the list shows.
    revision: i64,
    /// The language of the texts.
    language: SpokenView,
    /// How many options there are in all pages; or how many offerings cannot be chosen, where those were asked for.
    total: usize,
    /// How many options there are of each kind, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<CountsView>,
    /// The options of this page; none where the page is of what cannot be chosen.
    #[schema(max_items = 100)]
    items: Vec<OptionView>,
    /// The offerings of this page that nobody can choose, with the reasons; where those were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100)]
    not_choosable: Option<Vec<RefusedView>>,
    /// The cursor of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2400)]
    next: Option<String>,
}

/// What the database says of the voucher type; the options come from memory.
pub(super) struct Basis {
    pub(super) unit: Unit,
    pub(super) currency: Currency,
    /// The day on which the list was begun, by which its order is drawn.
    pub(super) begun: Day,
    /// As of which day it is.
    pub(super) day: Day,
    pub(super) rulebook: Rulebook,
    /// What the estimate is made on, if one can be made.
    pub(super) facts: Option<Facts>,
}

/// Compares what is offered for a voucher type, with an estimate of value and co-payment where income is given. Nothing
/// is kept. The neutral order is drawn anew every day.
#[utoipa::path(
    tag = "choices",
    params(PageQuery, CompareFilter, ChoiceFilter, IfNoneMatch, Spoken),
    responses(
        (
            status = 200,
            description = "The options. Their ETag changes with the registry, the day and the language.",
            body = Comparing,
        ),
        (status = 304, description = "The list is still the one that the caller has."),
    ),
    security(()),
)]
#[get("/v1/choices")]
pub(crate) async fn compare_choices(
    app: web::Data<App>,
    request: HttpRequest,
    query: PagedBeside<CompareFilter, ChoiceFilter>,
    known: IfNoneMatch,
    spoken: Spoken,
) -> Result<HttpResponse, Problem> {
    let (page, filter, wish) = query.into_parts();
    let cursor: Option<Cursor> = page.after()?;
    let CompareFilter { voucher_type: id, gross_income, net_income, household } = filter;
    let on = EstimatedOn { gross_income, net_income, household };
    let (now, goes_on, asked) = (app.clock().now(), cursor.clone(), AsOf { day: wish.day, pointer: "/query/day" });
    let snapshot = app.snapshot()?;
    let basis = app.read(move |c| basis(c, id, now, goes_on.as_ref(), asked, on)).await?;
    // The rulebook is read anew and may be ahead of what is in memory.
    let (revision, language) = (snapshot.revision(), spoken.language().code());
    let tag = tag_of_revision(&format!("r{revision}d{}n{}{language}", basis.begun, basis.rulebook.number));
    // An address that names an income is for nobody to keep.
    let keeping = HeaderValue::from_static(if on.is_given() { "no-store" } else { "no-cache" });
    let wanted = Wanted {
        voucher_type: id,
        wish,
        cursor,
        limit: page.limit(),
        is_known: known.has(&tag),
        spoken: spoken.clone(),
    };
    // A long list takes some milliseconds, in which others are not to wait.
    let compared = web::block(move || compare(wanted, &basis, &snapshot, app.order_key()));
    let Some(comparing) = compared.await.map_err(Problem::internal)?? else {
        let mut same = not_modified(&tag);
        same.headers_mut().insert(header::CACHE_CONTROL, keeping);
        spoken.told_beside(same.headers_mut());
        return Ok(same);
    };
    let mut response = HttpResponse::Ok();
    with_tag(&mut response, &tag).insert_header((header::CACHE_CONTROL, keeping));
    spoken.told(&mut response);
    Ok(with_link(&mut response, &request, comparing.next.as_deref()).json(comparing))
}

/// Which page of which list is wanted.
struct Wanted {
    voucher_type: Id<kind::VoucherType>,
    wish: Wish,
    cursor: Option<Cursor>,
    limit: u16,
    /// Whether the caller has the page already.
    is_known: bool,
    spoken: Spoken,
}

/// The page, unless the caller has it already.
fn compare(wanted: Wanted, basis: &Basis, snapshot: &Snapshot, order_key: &[u8]) -> Result<Option<Comparing>, Problem> {
    let Wanted { voucher_type: id, wish, cursor, limit, is_known, spoken } = wanted;
    let terms = &basis.rulebook.terms;
    let (valuation, steps) = basis.estimate()?;
    let worth = valuation.as_ref().map(Valuation::quoted);
    wish.check_start(basis.day)?;
    let whole = List::new(Of::VoucherType(id, basis.begun), &wish, worth)?;
    let after = whole.resume(cursor)?;
    if is_known {
        return Ok(None);
    }
    let (nobody, lot) = (Facts::default(), basis.lot(order_key));
    let query = Query {
        valuation: valuation.as_ref(),
        free_of_charge: terms.free_of_charge.is_some(),
        after: after.as_ref(),
        limit: usize::from(limit),
        ..Query::all(id, basis.day, &nobody, &lot)
    };
    let page = PageOfList::of(snapshot, query, &wish, basis.currency, &spoken);
    Ok(Some(Comparing {
        voucher_type: id,
        unit: basis.unit,
        day: basis.day,
        price_unit: terms.price_unit,
        estimated_value: worth.map(|worth| worth.value.of(basis.currency)),
        estimate_steps: steps,
        public_client_fee: terms.public_service.client_fee.of(basis.currency),
        co_payment_basis: spoken.say(&terms.texts.co_payment),
        ordered: OrderedView::of(wish.order, DrawnBy::Day, &spoken),
        revision: snapshot.revision(),
        language: spoken.view(),
        total: page.total,
        counts: page.counts,
        items: page.items,
        not_choosable: page.not_choosable,
        next: Page::<()>::cursor(whole.next(page.next)),
    }))
}

/// A day as of which a list is asked for, if one is, and where that is said.
#[derive(Debug, Clone, Copy)]
pub(super) struct AsOf {
    pub(super) day: Option<Day>,
    pub(super) pointer: &'static str,
}

/// What is to be known of a voucher type for its list of a day; of one that goes on from a cursor, of the day on which it
/// was begun.
pub(super) fn basis(
    c: &mut Conn,
    id: Id<kind::VoucherType>,
    now: Moment,
    goes_on: Option<&Cursor>,
    asked: AsOf,
    on: EstimatedOn,
) -> Result<Basis, Problem> {
    let voucher_type = found(voucher_types::find(c, id)?)?;
    let organiser = found(organisers::find(c, voucher_type.organiser)?)?;
    let today = day_at(now, &organiser)?;
    let begun = goes_on.map_or(Ok(today), |cursor| cursor.day(today))?;
    let day = day_of(asked.day, begun, begun, asked.pointer)?;
    let rulebook = voucher_types::rulebook_in_force(c, id, day)?;
    let rulebook = match asked.day {
        Some(_) => rulebook.ok_or_else(|| no_rulebook_on(day, asked.pointer))?,
        None => found(rulebook)?,
    };
    let asked_for = facts_of_client(&rulebook.terms);
    // What the rules do not ask for has no bearing on the estimate.
    let facts = (on.is_given() || asked_for.is_empty()).then(|| on.facts().only(&asked_for));
    Ok(Basis { unit: voucher_type.unit, currency: organiser.currency, begun, day, facts, rulebook })
}

fn no_rulebook_on(day: Day, pointer: &str) -> Problem {
    let why = format!("the voucher type has no rulebook in force on {day}, so that nothing can be chosen as of it");
    Problem::invalid(Vec::new()).at(pointer, "no_rulebook", why)
}

impl Basis {
    /// What units are worth on what was given, unless the rules grant nothing or nothing was given; and how that came
    /// about.
    pub(super) fn estimate(&self) -> Result<(Option<Valuation<'_>>, Vec<Step>), Problem> {
        match &self.facts {
            Some(facts) => estimate(&self.rulebook.terms, facts),
            None => Ok((None, Vec::new())),
        }
    }

    /// The lot of the day on which the list was begun.
    pub(super) fn lot(&self, order_key: &[u8]) -> Lot {
        Lot::of_everyone(order_key, self.begun.to_string().as_bytes())
    }
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
