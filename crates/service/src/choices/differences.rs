//! In what offerings differ. Of figures it is said whose is lowest and whose highest, and of nothing which is better.

use serde::Serialize;
use valinta_domain::choice::{Candidate, Listed, Shown};
use valinta_domain::id::kind;
use valinta_domain::offering::OfferPrice;
use valinta_domain::service_event::Charges;
use valinta_domain::{Amount, Day, Id};

type Offering = Id<kind::Offering>;

/// Something in which offerings differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = OfferingDifference)]
pub(crate) struct DifferenceView {
    /// In what.
    member: Member,
    /// Of figures and days: those with the lowest, or the earliest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 5)]
    lowest: Vec<Offering>,
    /// Of figures and days: those with the highest, or the latest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 5)]
    highest: Vec<Offering>,
    /// Those of which it is not known, while it is of others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 5)]
    not_known: Vec<Offering>,
}

/// What offerings may differ in. Prices, shares and queues are compared between those that can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DifferingMember)]
pub(crate) enum Member {
    /// Whether they can be chosen.
    Choosable,
    /// Whose production it is.
    Sector,
    /// The unit's municipality.
    Municipality,
    /// Languages of service.
    Languages,
    /// How they serve.
    Modes,
    /// Whether they can be entered without steps.
    StepFree,
    /// The first day.
    FirstDay,
    /// The distance.
    DistanceM,
    /// How many are waiting.
    Queue,
    /// The price per unit; of a public unit its unit cost.
    Price,
    /// Until when the price is known to hold.
    PriceUntil,
    /// What the organiser pays of one unit.
    OrganiserPays,
    /// What the client pays of one unit.
    ClientPays,
    /// What the organiser pays of the quantity that totals are reckoned for.
    OrganiserPaysForQuantity,
    /// What the client pays of that quantity.
    ClientPaysForQuantity,
}

/// In what offerings differ.
pub(super) fn differences(shown: &[Shown<'_>]) -> Vec<DifferenceView> {
    let choosable = shown.iter().map(|one| (offering(one), Some(matches!(one, Shown::Listed(_)))));
    let words = [
        in_words(Member::Choosable, choosable.collect()),
        in_words(Member::Sector, of_all(shown, sector)),
        in_words(Member::Municipality, of_all(shown, |one| Some(candidate(one).municipality.as_str()))),
        in_words(Member::Languages, of_all(shown, |one| Some(sorted(&candidate(one).languages, |one| one.code())))),
        in_words(Member::Modes, of_all(shown, |one| Some(sorted(&candidate(one).modes, |one| one.code())))),
        in_words(Member::StepFree, of_all(shown, |one| candidate(one).step_free)),
    ];
    let per_unit = |one: &Listed<'_>| one.per_unit;
    let for_quantity = |one: &Listed<'_>| one.for_quantity;
    let figures = [
        in_figures(Member::FirstDay, of_all(shown, |one| Some(first_day(one)))),
        in_figures(Member::DistanceM, of_all(shown, distance)),
        in_figures(Member::Queue, of_listed(shown, |one| one.candidate.queue)),
        in_figures(Member::Price, of_listed(shown, price)),
        in_figures(Member::PriceUntil, of_listed(shown, |one| one.price_period.to())),
        in_figures(Member::OrganiserPays, of_listed(shown, |one| Some(per_unit(one)?.organiser_pays))),
        in_figures(Member::ClientPays, of_listed(shown, |one| client_pays(per_unit(one)?))),
        in_figures(Member::OrganiserPaysForQuantity, of_listed(shown, |one| Some(for_quantity(one)?.organiser_pays))),
        in_figures(Member::ClientPaysForQuantity, of_listed(shown, |one| client_pays(for_quantity(one)?))),
    ];
    words.into_iter().chain(figures).flatten().collect()
}

/// A member of which values have no order.
fn in_words<V: PartialEq>(member: Member, values: Vec<(Offering, Option<V>)>) -> Option<DifferenceView> {
    let first = values.first().map(|(_, value)| value)?;
    let differ = values.iter().any(|(_, value)| value != first);
    let (lowest, highest) = (Vec::new(), Vec::new());
    differ.then(|| DifferenceView { member, lowest, highest, not_known: not_known(&values) })
}

/// A member of which values are figures or days.
fn in_figures<V: Ord>(member: Member, values: Vec<(Offering, Option<V>)>) -> Option<DifferenceView> {
    let known = || values.iter().filter_map(|(_, value)| value.as_ref());
    let (least, most) = known().min().zip(known().max())?;
    let with = |wanted: &V| -> Vec<Offering> {
        let equal = values.iter().filter(|(_, value)| value.as_ref() == Some(wanted));
        if least == most { Vec::new() } else { equal.map(|(offering, _)| *offering).collect() }
    };
    let not_known = not_known(&values);
    let differ = least != most || !not_known.is_empty();
    differ.then(|| DifferenceView { member, lowest: with(least), highest: with(most), not_known })
}

fn not_known<V>(values: &[(Offering, Option<V>)]) -> Vec<Offering> {
    values.iter().filter(|(_, value)| value.is_none()).map(|(offering, _)| *offering).collect()
}

fn of_all<'s, 'a, V>(shown: &'s [Shown<'a>], value: impl Fn(&'s Shown<'a>) -> Option<V>) -> Vec<(Offering, Option<V>)> {
    shown.iter().map(|one| (offering(one), value(one))).collect()
}

fn of_listed<V>(shown: &[Shown<'_>], value: impl Fn(&Listed<'_>) -> Option<V>) -> Vec<(Offering, Option<V>)> {
    let listed = shown.iter().filter_map(|one| match one {
        Shown::Listed(one) => Some(one),
        Shown::Refused(_) => None,
    });
    listed.map(|one| (one.candidate.offering, value(one))).collect()
}

fn candidate<'a>(shown: &Shown<'a>) -> &'a Candidate {
    match shown {
        Shown::Listed(one) => one.candidate,
        Shown::Refused(one) => one.candidate,
    }
}

fn offering(shown: &Shown<'_>) -> Offering {
    candidate(shown).offering
}

fn sector(shown: &Shown<'_>) -> Option<&'static str> {
    match shown {
        Shown::Listed(one) => Some(one.sector.code()),
        Shown::Refused(one) => one.sector.map(|sector| sector.code()),
    }
}

fn first_day(shown: &Shown<'_>) -> Day {
    match shown {
        Shown::Listed(one) => one.first_day,
        Shown::Refused(one) => one.first_day,
    }
}

fn distance(shown: &Shown<'_>) -> Option<u32> {
    match shown {
        Shown::Listed(one) => one.distance_m,
        Shown::Refused(one) => one.distance_m,
    }
}

/// The figure that options are ordered by, by price.
fn price(listed: &Listed<'_>) -> Option<Amount> {
    Some(match listed.price {
        OfferPrice::Voucher { price, .. } => *price,
        OfferPrice::ClientFee { unit_cost, .. } => *unit_cost,
    })
}

fn client_pays(charges: Charges) -> Option<Amount> {
    charges.co_payment.plus(charges.client_fee)
}

fn sorted<T>(values: &[T], code: impl Fn(&T) -> &'static str) -> Vec<&'static str> {
    let mut codes: Vec<&'static str> = values.iter().map(code).collect();
    codes.sort_unstable();
    codes
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(n: u128) -> Offering {
        Id::new(Uuid::from_u128(n))
    }

    #[test]
    fn what_is_the_same_is_no_difference_and_figures_have_ends() {
        let values = |of: [Option<u32>; 3]| (1..).map(id).zip(of).collect::<Vec<_>>();
        assert_eq!(in_figures(Member::Queue, values([Some(2), Some(2), Some(2)])), None);
        assert_eq!(in_figures(Member::Queue, values([None, None, None])), None);
        assert_eq!(in_words(Member::Queue, values([None, None, None])), None);
        let differ = in_figures(Member::Queue, values([Some(2), Some(7), Some(2)])).unwrap();
        assert_eq!((differ.lowest, differ.highest, differ.not_known), (vec![id(1), id(3)], vec![id(2)], vec![]));
        let partly = in_figures(Member::Queue, values([Some(2), None, Some(2)])).unwrap();
        assert_eq!((partly.lowest, partly.highest, partly.not_known), (vec![], vec![], vec![id(2)]));
        let words = in_words(Member::StepFree, values([Some(1), None, Some(2)])).unwrap();
        assert_eq!((words.lowest, words.not_known), (vec![], vec![id(2)]));
        assert_eq!(in_words::<u32>(Member::StepFree, Vec::new()), None);
    }
}
