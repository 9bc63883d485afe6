//! What a unit is worth to a voucher's holder on a day, and what offerings are held against: reads the versions of the
//! rulebook that have a say in it, and no more.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use valinta_domain::id::kind;
use valinta_domain::rules::{EvaluateError, Facts};
use valinta_domain::time::Timeline;
use valinta_domain::valuation::{NoWorth, Valuation, Versions};
use valinta_domain::voucher::Voucher;
use valinta_domain::{Amount, Day, Id, Period};
use valinta_persistence::voucher_types::Rulebook;
use valinta_persistence::{Conn, clients, rulebooks, voucher_types};

use crate::cx::found;
use crate::http::{Problem, ProblemKind};

/// The versions that have a say in what a voucher is worth on a day, of which the version in force is given. As long as
/// that is the voucher's own, it is the only one.
pub(crate) fn versions_beside(c: &mut Conn, voucher: &Voucher, in_force: &Rulebook) -> Result<Versions, Problem> {
    if in_force.id != voucher.rulebook {
        return Ok(rulebooks::adopted_versions(c, voucher.voucher_type)?);
    }
    let period = in_force.in_force.unwrap_or_else(|| Period::starting(voucher.validity.from()));
    Timeline::new(vec![(period, (in_force.id, Arc::clone(&in_force.terms)))]).map_err(Problem::internal)
}

/// The versions that have a say in what a voucher is worth on a day.
pub(crate) fn versions_on(c: &mut Conn, voucher: &Voucher, day: Day) -> Result<Versions, Problem> {
    let in_force = voucher_types::rulebook_in_force(c, voucher.voucher_type, day)?;
    versions_by(c, voucher, in_force.as_ref())
}

/// The versions that have a say in what a voucher is worth on a day, of which the version in force is given, if there is one.
pub(crate) fn versions_by(c: &mut Conn, voucher: &Voucher, in_force: Option<&Rulebook>) -> Result<Versions, Problem> {
    match in_force {
        Some(in_force) => versions_beside(c, voucher, in_force),
        None => Ok(rulebooks::adopted_versions(c, voucher.voucher_type)?),
    }
}

/// What units are worth under a voucher on a day.
pub(crate) fn valuation_of<'a>(
    voucher: &'a Voucher,
    versions: &'a Versions,
    day: Day,
) -> Result<Result<Valuation<'a>, NoWorth>, Problem> {
    Valuation::of_voucher(voucher, versions, day)
        .transpose()
        .ok_or_else(|| Problem::internal(format!("the rulebook of voucher {} is not among those adopted", voucher.id)))
}

/// What criteria for offerings may ask of a voucher's client.
pub(crate) fn service_facts_of(c: &mut Conn, voucher: &Voucher) -> Result<Facts, Problem> {
    found(clients::find_service_facts(c, voucher.client)?)
}

/// Values of vouchers, of which many may be of one type: what was read for one serves the next.
#[derive(Debug, Default)]
pub(crate) struct Values {
    in_force: BTreeMap<(Id<kind::VoucherType>, Day), Option<Id<kind::Rulebook>>>,
    versions: BTreeMap<Id<kind::VoucherType>, Versions>,
}

impl Values {
    /// What a unit is worth on a day, or on the nearest day of the voucher's validity. `None` where the rules of that day
    /// grant nothing.
    pub(crate) fn on(&mut self, c: &mut Conn, voucher: &Voucher, day: Day) -> Result<Option<Amount>, Problem> {
        let day = day.clamp(voucher.validity.from(), voucher.validity.last_day());
        let voucher_type = voucher.voucher_type;
        let in_force = match self.in_force.get(&(voucher_type, day)) {
            Some(known) => *known,
            None => {
                let read = rulebooks::id_in_force(c, voucher_type, day)?;
                self.in_force.insert((voucher_type, day), read);
                read
            }
        };
        if in_force == Some(voucher.rulebook) && voucher.raises.is_empty() {
            return Ok(Some(voucher.value));
        }
        let versions = match self.versions.entry(voucher_type) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(rulebooks::adopted_versions(c, voucher_type)?),
        };
        Ok(valuation_of(voucher, versions, day)?.ok().map(|valuation| valuation.quoted().value))
    }
}

/// The problem of a voucher that is worth nothing by the rules of the day.
impl From<NoWorth> for Problem {
    fn from(none: NoWorth) -> Self {
        let code = match &none {
            NoWorth::NotEligible(_) => "not_eligible",
            NoWorth::Evaluate(EvaluateError::Unfit(_)) => "unfit",
            NoWorth::Evaluate(EvaluateError::Overflow) => "too_large",
        };
        Self::new(ProblemKind::RuleError, format!("The voucher has no value by the rules of the day: {none}."))
            .at("/path/id", code, &none)
    }
}
