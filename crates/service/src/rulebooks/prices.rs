//! Which prices an adopted version no longer allows, and from which day. What was agreed and delivered stays as it is.

use std::borrow::Borrow;

use valinta_domain::offering::{OfferPrice, PriceCheck};
use valinta_domain::provider::Sector;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::time::Timeline;
use valinta_domain::{Day, Period};

/// Why and when a price is not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotAllowed {
    /// The days.
    pub(crate) period: Period,
    /// What is wrong, as a code.
    pub(crate) code: &'static str,
    /// What is wrong, in words.
    pub(crate) detail: String,
}

/// The first days, of those that are not over before a day, on which a price is not allowed by the version that is in
/// force then.
pub(crate) fn not_allowed<'a, T: Borrow<RulebookTerms> + 'a>(
    period: Period,
    price: &OfferPrice,
    sectors: &Timeline<Sector>,
    versions: impl IntoIterator<Item = (Period, &'a PriceCheck<T>)>,
    today: Day,
) -> Option<NotAllowed> {
    let rest = common(period, Period::starting(today))?;
    let mut refused: Vec<NotAllowed> = Vec::new();
    for (in_force, check) in versions {
        for (of_sector, sector) in sectors.entries() {
            // Whether it concerns anyone is a matter of the days to come; since when it holds may be longer ago.
            let days = common(period, in_force).and_then(|days| common(days, *of_sector));
            let Some(days) = days.filter(|days| days.overlaps(rest)) else { continue };
            if let Err(why) = check.check(price, *sector) {
                refused.push(NotAllowed { period: days, code: why.code(), detail: why.to_string() });
            }
        }
    }
    refused.sort_by_key(|one| one.period.from());
    let mut refused = refused.into_iter();
    let mut first = refused.next()?;
    for next in refused {
        if first.period.to() != Some(next.period.from()) {
            break;
        }
        first.period = Period::new(first.period.from(), next.period.to()).unwrap_or(first.period);
    }
    Some(first)
}

/// The first days from a day on which any of an offering's prices is not allowed.
pub(crate) fn any_not_allowed<T: Borrow<RulebookTerms>>(
    prices: &Timeline<OfferPrice>,
    sectors: &Timeline<Sector>,
    version: (Period, &PriceCheck<T>),
) -> Option<NotAllowed> {
    let from = version.0.from();
    prices.entries().iter().find_map(|(period, price)| not_allowed(*period, price, sectors, [version], from))
}

/// The days that two periods share.
fn common(one: Period, other: Period) -> Option<Period> {
    let from = one.from().max(other.from());
    let to = match (one.to(), other.to()) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    Period::new(from, to).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use valinta_domain::Amount;

    use super::*;

    fn day(n: i64) -> Day {
        Day::ymd(2026, 1, 1).unwrap().plus_days(n)
    }

    fn days(from: i64, to: Option<i64>) -> Period {
        Period::new(day(from), to.map(day)).unwrap()
    }

    fn terms(ceiling: &str) -> PriceCheck<RulebookTerms> {
        let text = |words: &str| -> Value { json!({"fi": words, "sv": words, "en": words}) };
        let terms = json!({
            "value": {"flat": {"value": "30.00"}},
            "price_ceiling": {"amount": ceiling},
            "public_service": {"client_fee": "12.00", "basis": text("b")},
            "grant": {"per": "month", "quantity_max": "10", "validity_days_max": 365},
            "recording": {"days_after_month": 60},
            "requirements": [],
            "texts": {"status": text("s"), "co_payment": text("c"), "alternatives": text("a"), "appeal": text("r")},
            "sources": [],
        });
        PriceCheck::under(serde_json::from_value(terms).unwrap())
    }

    fn price(minor: i64) -> OfferPrice {
        OfferPrice::voucher(Amount::from_minor(minor))
    }

    fn sectors() -> Timeline<Sector> {
        Timeline::new(vec![(days(0, None), Sector::Company)]).unwrap()
    }

    #[test]
    fn a_price_is_not_allowed_from_the_first_day_of_the_version_with_the_lower_ceiling_to_its_last() {
        let (high, low) = (terms("48.00"), terms("35.00"));
        let versions = [(days(0, Some(10)), &high), (days(10, Some(20)), &low), (days(20, None), &high)];
        let found =
            |today: i64, minor: i64| not_allowed(days(0, None), &price(minor), &sectors(), versions, day(today));
        let refused = found(5, 3600).unwrap();
        assert_eq!((refused.period, refused.code), (days(10, Some(20)), "price_over_ceiling"));
        assert!(refused.detail.contains("35.00"), "{}", refused.detail);
        // Told with its first day as long as it lasts, and not when it is over.
        assert_eq!(found(19, 3600).unwrap().period, days(10, Some(20)));
        assert_eq!(found(20, 3600), None);
        assert_eq!(found(5, 3500), None);
    }

    #[test]
    fn versions_that_follow_each_other_are_told_as_one_time() {
        let (low, lower) = (terms("35.00"), terms("34.00"));
        let versions = [(days(10, Some(20)), &low), (days(20, None), &lower)];
        let refused = not_allowed(days(0, None), &price(3600), &sectors(), versions, day(0)).unwrap();
        assert_eq!(refused.period, days(10, None));
    }

    #[test]
    fn a_price_that_ends_before_the_version_begins_is_not_touched_and_one_that_begins_later_is_from_then() {
        let low = terms("35.00");
        let prices = |first_ends: i64| {
            Timeline::new(vec![(days(0, Some(first_ends)), price(3600)), (days(first_ends, None), price(3500))])
                .unwrap()
        };
        let version = (days(10, None), &low);
        assert_eq!(any_not_allowed(&prices(10), &sectors(), version), None);
        assert_eq!(any_not_allowed(&prices(12), &sectors(), version).unwrap().period, days(10, Some(12)));
        let later = Timeline::new(vec![(days(15, None), price(3600))]).unwrap();
        assert_eq!(any_not_allowed(&later, &sectors(), version).unwrap().period, days(15, None));
    }

    #[test]
    fn a_sector_that_is_not_charged_for_so_is_told_from_its_first_day() {
        let sectors =
            Timeline::new(vec![(days(0, Some(5)), Sector::Company), (days(5, None), Sector::Public)]).unwrap();
        let high = terms("48.00");
        let refused = not_allowed(days(0, None), &price(3600), &sectors, [(days(0, None), &high)], day(0)).unwrap();
        assert_eq!((refused.period, refused.code), (days(5, None), "voucher_price_of_public"));
    }
}
