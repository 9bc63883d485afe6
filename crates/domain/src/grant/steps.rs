//! How changes of a grant are explained, in the words of their decisions.

use super::change::Present;
use crate::explain::Step;
use crate::explain::days::in_languages;
use crate::explain::numbers::with_comma;
use crate::ledger::Allotment;
use crate::money::Amount;
use crate::quantity::Quantity;
use crate::text::Localized;
use crate::time::Day;

/// The validity begins before the decision.
pub(super) fn retroactive(from: Day, today: Day, days_max: u16) -> Step {
    let [fi, sv, en] = in_languages(from);
    Step::new(
        "/grant/retroactive_days_max",
        "retroactive",
        Localized::new(
            format!(
                "Palveluseteli on voimassa takautuvasti {fi} alkaen; sääntökirja sallii enintään {days_max} päivää."
            ),
            format!("Servicesedeln gäller retroaktivt från och med {sv}; regelboken tillåter högst {days_max} dagar."),
            format!("The voucher is valid retroactively from {en} on; the rulebook allows at most {days_max} days."),
        ),
    )
    .input("valid_from", from)
    .input("decided_on", today)
    .input("retroactive_days_max", days_max)
}

pub(super) fn extended(before: Day, last: Day, new: &[Allotment]) -> Step {
    let [before_fi, before_sv, before_en] = in_languages(before);
    let [fi, sv, en] = in_languages(last);
    let more = new.len();
    Step::new(
        "/grant",
        "extended",
        Localized::new(
            format!("Palvelusetelin voimassaoloa on jatkettu: viimeinen päivä on {fi} eikä {before_fi}. Uusia jaksoja: {more}."),
            format!("Servicesedelns giltighetstid har förlängts: den sista dagen är {sv} i stället för {before_sv}. Nya perioder: {more}."),
            format!("The voucher's validity was extended: its last day is {en} and not {before_en}. New periods: {more}."),
        ),
    )
    .input("valid_until_before", before)
    .input("new_periods", more)
    .figure(last)
}

pub(super) fn quantity_raised(grant: &Present<'_>, from: Day, quantity: Quantity) -> Step {
    let (first, before) = first_of(grant, from);
    let [fi, sv, en] = in_languages(first);
    let (was, is) = (with_comma(before), with_comma(quantity));
    Step::new(
        "/grant",
        "quantity_raised",
        Localized::new(
            format!("Myönnettyä määrää on lisätty {fi} alkavasta jaksosta lähtien: {was} → {is} jaksoa kohti."),
            format!(
                "Den beviljade mängden har ökats från och med den period som börjar {sv}: {was} → {is} per period."
            ),
            format!(
                "What is granted was raised from the period that begins on {en} on: {before} → {quantity} per period."
            ),
        ),
    )
    .input("from", from)
    .input("before", before)
    .figure(quantity)
}

pub(super) fn quantity_reduced(grant: &Present<'_>, from: Day, quantity: Quantity) -> Step {
    let (first, before) = first_of(grant, from);
    let [fi, sv, en] = in_languages(first);
    let (was, is) = (with_comma(before), with_comma(quantity));
    Step::new(
        "/grant",
        "quantity_reduced",
        Localized::new(
            format!("Myönnettyä määrää on vähennetty {fi} alkavasta jaksosta lähtien: {was} → {is} jaksoa kohti."),
            format!(
                "Den beviljade mängden har minskats från och med den period som börjar {sv}: {was} → {is} per period."
            ),
            format!(
                "What is granted was reduced from the period that begins on {en} on: {before} → {quantity} per period."
            ),
        ),
    )
    .input("from", from)
    .input("before", before)
    .figure(quantity)
}

pub(super) fn value_raised(from: Day, before: Amount, value: Amount) -> Step {
    let [fi, sv, en] = in_languages(from);
    let (was, is) = (with_comma(before), with_comma(value));
    Step::new(
        "/value",
        "value_raised",
        Localized::new(
            format!("Palvelusetelin arvoa on korotettu {fi} alkaen: {was} → {is} yksiköltä."),
            format!("Servicesedelns värde har höjts från och med {sv}: {was} → {is} per enhet."),
            format!("The voucher's value was raised from {en} on: {before} → {value} per unit."),
        ),
    )
    .input("from", from)
    .input("before", before)
    .figure(value)
    .source("569/2009 § 8")
}

/// A voucher's rest is granted anew.
pub(super) fn reissued(replaced: impl ToString, new: &[Allotment], quantity: Quantity) -> Step {
    let sum = new.iter().try_fold(Quantity::ZERO, |sum, part| sum.plus(part.granted)).unwrap_or(quantity);
    let rest = with_comma(sum);
    Step::new(
        "/grant",
        "reissued",
        Localized::new(
            format!("Palveluseteli korvaa aiemman palvelusetelin: siitä jäljellä oleva määrä, yhteensä {rest}, myönnetään uudelleen."),
            format!("Servicesedeln ersätter en tidigare servicesedel: den mängd som återstår av den, sammanlagt {rest}, beviljas på nytt."),
            format!("The voucher replaces an earlier one: what is left of that one, {sum} in all, is granted anew."),
        ),
    )
    .input("replaces", replaced)
    .input("quantity", quantity)
    .figure(sum)
}

/// The first day of the first period that a change reaches, and what it granted until then.
fn first_of(grant: &Present<'_>, from: Day) -> (Day, Quantity) {
    let of_day = grant.parts.iter().find(|part| part.period.contains(from));
    of_day.map_or((from, grant.quantities.at_last()), |part| {
        (part.period.from(), grant.quantities.in_period(part.period))
    })
}
