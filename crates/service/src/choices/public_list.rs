//! `GET /v1/choices`: the choices of a voucher type for everyone, without a token.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use validator::Validate;
use valinta_domain::choice::{Basis, Entitled, Entitlement, Lot, Query, Snapshot};
use valinta_domain::explain::Step;
use valinta_domain::id::kind;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::rules::{FactValue, Facts, GROSS_INCOME, Given, HOUSEHOLD_SIZE, NET_INCOME, Occasion, evaluate};
use valinta_domain::valuation::{NoWorth, Valuation};
use valinta_domain::{Amount, Day, Id, Moment, Money, Unit};

use super::cursor::{Cursor, List, Of};
use super::page::{CountsView, PageOfList, RefusedView};
use super::sent::{PageKey, SentPage};
use super::view::{DrawnBy, OptionView, OrderedView};
use super::wish::{AsOf, ChoiceFilter, Wish, day_of};
use crate::app::App;
use crate::cx::{day_in, found};
use crate::http::conditional::{IfNoneMatch, not_modified, tag_of_revision, with_age_beside};
use crate::http::openapi::MissingProblems;
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

/// What a voucher type's list of a day is made of.
pub(super) struct TypeOnDay {
    pub(super) basis: Arc<Basis>,
    /// The day on which the list was begun, by which its order is drawn.
    pub(super) begun: Day,
    /// As of which day it is.
    pub(super) day: Day,
    /// What the estimate is made on, for the day and the first day of each rulebook that comes into force after it.
    facts: BTreeMap<Day, Estimated>,
}

/// The facts that an estimate by a rulebook is made on, if one can be made.
type Estimated = Option<Facts>;

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
        MissingProblems,
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
    let (now, asked) = (app.clock().now(), AsOf { day: wish.day, pointer: "/query/day" });
    let (snapshot, of) = of_voucher_type(&app, id, now, cursor.as_ref(), asked, on).await?;
    let (revision, language) = (snapshot.revision(), spoken.language().code());
    let fallen_back = if spoken.is_fallback() { "x" } else { "" };
    let tag = tag_of_revision(&format!("r{revision}d{}{language}{fallen_back}", of.begun));
    let age = app.age_of_choices();
    let wanted = Wanted { voucher_type: id, wish, cursor, limit: page.limit(), spoken: spoken.clone() };
    if on.is_given() {
        // An address that names an income is for nobody to keep.
        let page = compared(wanted, of, snapshot, &app).await?;
        return Ok(page.answer(&request, (&tag, "no-store", &spoken, age)));
    }
    let key = PageKey { revision, day: of.begun, spoken: spoken.clone(), query: request.query_string().to_owned() };
    let page = match app.pages().get(&key) {
        Some(page) => page,
        None => {
            let page = Arc::new(compared(wanted, of, snapshot, &app).await?);
            app.pages().insert(key, Arc::clone(&page));
            page
        }
    };
    if known.has(&tag) {
        let mut same = not_modified(&tag);
        same.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        spoken.told_beside(same.headers_mut());
        with_age_beside(same.headers_mut(), age);
        return Ok(same);
    }
    Ok(page.answer(&request, (&tag, "no-cache", &spoken, age)))
}

/// The page as it is sent. What may take some milliseconds lets others not wait; what is found already costs less than to
/// have another thread do it.
async fn compared(wanted: Wanted, of: TypeOnDay, snapshot: Arc<Snapshot>, app: &App) -> Result<SentPage, Problem> {
    let key = app.order_key().to_vec();
    let is_quick = wanted.wish.is_quick();
    let make = move || -> Result<SentPage, Problem> {
        let comparing = compare(&wanted, &of, &snapshot, &key)?;
        SentPage::of(&comparing, comparing.next.clone())
    };
    if is_quick { make() } else { web::block(make).await.map_err(Problem::internal)? }
}

/// Which page of which list is wanted.
struct Wanted {
    voucher_type: Id<kind::VoucherType>,
    wish: Wish,
    cursor: Option<Cursor>,
    limit: u16,
    spoken: Spoken,
}

/// The page.
fn compare(wanted: &Wanted, of: &TypeOnDay, snapshot: &Snapshot, order_key: &[u8]) -> Result<Comparing, Problem> {
    let Wanted { voucher_type: id, wish, cursor, limit, spoken } = wanted;
    let (basis, terms) = (&of.basis, of.terms()?);
    let (entitlement, steps) = of.estimate()?;
    let worth = entitlement.on(of.day).valuation().map(Valuation::quoted);
    wish.check_start(of.day)?;
    let whole = List::new(Of::VoucherType(*id, of.begun), wish, worth)?;
    let after = whole.resume(cursor.clone())?;
    let (nobody, lot) = (Facts::default(), of.lot(order_key));
    let query = Query {
        entitlement: &entitlement,
        after: after.as_ref(),
        limit: usize::from(*limit),
        ..Query::all(*id, of.day, &nobody, &lot)
    };
    let page = PageOfList::of(snapshot, query, wish, basis.currency, spoken);
    Ok(Comparing {
        voucher_type: *id,
        unit: basis.unit,
        day: of.day,
        price_unit: terms.price_unit,
        estimated_value: worth.map(|worth| worth.value.of(basis.currency)),
        estimate_steps: steps,
        public_client_fee: terms.public_service.client_fee.of(basis.currency),
        co_payment_basis: spoken.say(&terms.texts.co_payment),
        ordered: OrderedView::of(wish.order, DrawnBy::Day, spoken),
        revision: snapshot.revision(),
        language: spoken.view(),
        total: page.total,
        counts: page.counts,
        items: page.items,
        not_choosable: page.not_choosable,
        next: Page::<()>::cursor(whole.next(page.next)),
    })
}

/// What a voucher type's list of a day is made of, and the snapshot that it is read from. Where this process does not know
/// the type, or no rulebook of it, what has changed is taken in first.
pub(super) async fn of_voucher_type(
    app: &App,
    id: Id<kind::VoucherType>,
    now: Moment,
    goes_on: Option<&Cursor>,
    asked: AsOf,
    on: EstimatedOn,
) -> Result<(Arc<Snapshot>, TypeOnDay), Problem> {
    let snapshot = app.snapshot()?;
    match type_on_day(&snapshot, id, now, goes_on, asked, on) {
        Ok(of) => Ok((snapshot, of)),
        Err(problem) if problem.kind() == ProblemKind::NotFound => {
            app.refresh().await?;
            let snapshot = app.snapshot()?;
            let of = type_on_day(&snapshot, id, now, goes_on, asked, on)?;
            Ok((snapshot, of))
        }
        Err(problem) => Err(problem),
    }
}

/// Of one that goes on from a cursor, as of the day on which it was begun.
fn type_on_day(
    snapshot: &Snapshot,
    id: Id<kind::VoucherType>,
    now: Moment,
    goes_on: Option<&Cursor>,
    asked: AsOf,
    on: EstimatedOn,
) -> Result<TypeOnDay, Problem> {
    let basis = found(snapshot.basis(id).map(Arc::clone))?;
    let zone = &basis.time_zone;
    let unknown = || Problem::internal(format!("organiser {} has the unknown time zone {zone}", basis.organiser));
    let today = day_in(zone, now).ok_or_else(unknown)?;
    let begun = goes_on.map_or(Ok(today), |cursor| cursor.day(today))?;
    let day = day_of(asked.day, begun, begun, asked.pointer)?;
    let terms = match asked.day {
        Some(_) => basis.terms_on(day).ok_or_else(|| no_rulebook_on(day, asked.pointer))?,
        None => found(basis.terms_on(day))?,
    };
    let facts_for = |terms: &RulebookTerms| {
        let asked_for = facts_of_client(terms);
        // What the rules do not ask for has no bearing on the estimate.
        (on.is_given() || asked_for.is_empty()).then(|| on.facts().only(&asked_for))
    };
    let coming = basis.versions.entries().iter().filter(|(period, _)| period.from() > day);
    let mut facts: BTreeMap<Day, Estimated> =
        coming.map(|(period, (_, terms))| (period.from(), facts_for(terms))).collect();
    facts.insert(day, facts_for(terms));
    Ok(TypeOnDay { begun, day, facts, basis })
}

fn no_rulebook_on(day: Day, pointer: &str) -> Problem {
    let why = format!("the voucher type has no rulebook in force on {day}, so that nothing can be chosen as of it");
    Problem::invalid(Vec::new()).at(pointer, "no_rulebook", why)
}

impl TypeOnDay {
    /// The terms of the day.
    pub(super) fn terms(&self) -> Result<&RulebookTerms, Problem> {
        found(self.basis.terms_on(self.day))
    }

    /// What units are worth on what was given, unless the rules grant nothing or nothing was given; and how that came
    /// about.
    pub(super) fn estimate(&self) -> Result<(Entitlement<'_>, Vec<Step>), Problem> {
        let terms = self.terms()?;
        let facts_on = |day: Day| self.facts.get(&day).and_then(Option::as_ref);
        let (valuation, steps) = match facts_on(self.day) {
            Some(facts) => estimate(terms, facts)?,
            None => (None, Vec::new()),
        };
        // What a coming rulebook needs besides was not asked for: by it nothing is known then.
        let later = |day: Day| {
            let terms = self.basis.terms_on(day);
            let valuation = terms.zip(facts_on(day)).and_then(|(terms, facts)| estimate(terms, facts).ok()?.0);
            terms.map_or_else(Entitled::default, |terms| Entitled::under(terms, valuation))
        };
        let entitlement =
            Entitlement::from_day(Entitled::under(terms, valuation), &self.basis.versions, self.day, later);
        Ok((entitlement, steps))
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
