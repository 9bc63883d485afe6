//! The published rulebook that answers are given by, and the facts that it takes.

use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::rules::{Facts, Given, INDIVIDUAL_VALUE};
use valinta_domain::{Currency, Day, Id, Moment, Unit};
use valinta_persistence::rulebooks::{self, Rulebook};
use valinta_persistence::{Conn, organisers, voucher_types};

use crate::cx::{day_at, found};
use crate::http::{Problem, ProblemKind};

/// How far ahead answers are given: as far as rulebooks are adopted.
const AHEAD_DAYS_MAX: i64 = 400;

/// Which rulebook version an answer is by.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ByRulebook {
    /// The version's id.
    pub(super) id: Id<kind::Rulebook>,
    /// First, second, third version of the voucher type's rules.
    pub(super) number: i32,
}

impl ByRulebook {
    pub(super) fn of(rulebook: &Rulebook) -> Self {
        Self { id: rulebook.id, number: rulebook.number }
    }
}

/// What is published of a voucher type.
pub(super) struct Published {
    pub(super) unit: Unit,
    pub(super) currency: Currency,
    pub(super) day: Day,
    pub(super) rulebook: Rulebook,
}

/// The rulebook in force on a day, which is today or later.
pub(super) fn published(
    c: &mut Conn,
    voucher_type: Id<kind::VoucherType>,
    as_of: Option<Day>,
    now: Moment,
) -> Result<Published, Problem> {
    let unknown = || Problem::not_found();
    let voucher_type = voucher_types::find(c, voucher_type)?.ok_or_else(unknown)?;
    let organiser = found(organisers::find(c, voucher_type.organiser)?)?;
    let today = day_at(now, &organiser)?;
    let day = as_of.unwrap_or(today);
    if day < today || day > today.plus_days(AHEAD_DAYS_MAX) {
        let why = format!("is today, {today}, or one of the {AHEAD_DAYS_MAX} days after it");
        return Err(Problem::invalid(Vec::new()).at("/as_of", "out_of_range", why));
    }
    let rulebook = rulebooks::rulebook_in_force(c, voucher_type.id, day)?.ok_or_else(|| {
        let why = "The voucher type has no rulebook in force on that day.";
        Problem::new(ProblemKind::NotValidOnDay, why).at("/as_of", "no_rulebook", "no rulebook is in force on that day")
    })?;
    Ok(Published { unit: voucher_type.unit, currency: organiser.currency, day, rulebook })
}

/// Refuses facts that the rulebook does not ask a client for, or that cannot be.
pub(super) fn check_facts(terms: &RulebookTerms, facts: &Facts) -> Result<(), Problem> {
    let mut asked_for = terms.facts_of_request();
    // Only a decision sets a value: nobody can estimate by one of their own.
    asked_for.remove(INDIVIDUAL_VALUE);
    let unfit = terms.fact_terms().check(facts, &asked_for, Some(Given::WithRequest));
    if unfit.is_empty() {
        return Ok(());
    }
    let problem = Problem::new(ProblemKind::RuleError, "The facts do not fit the rulebook; see errors.");
    Err(unfit.iter().fold(problem, |problem, unfit| problem.at(&format!("/facts/{}", unfit.name()), "unfit", unfit)))
}
