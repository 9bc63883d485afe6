//! The least that a unit is worth to anyone, item by item: what a price is held against where a service is free by law.
//! Knows no voucher and no provider.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::calendar::Holiday;
use crate::money::Amount;
use crate::rulebook::RulebookTerms;
use crate::rules::{
    At, DayKind, FactKind, FactTerm, FactValue, Facts, Given, ITEM, Occasion, TimeBands, TimeOfDay, ValueRule,
    evaluate, facts_asked_for,
};
use crate::time::Day;

/// Most evaluations that are made for one rulebook. A value that would take more is not known beforehand.
const EVALUATIONS_MAX: usize = 100_000;

/// The least that a unit is worth, at any time and with any facts of a service. `None` where that is not known before
/// there is a client or a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LowestValues {
    /// Of what is paid for as no item.
    pub(crate) otherwise: Option<Amount>,
    /// Of each item of the price list, in its order.
    pub(crate) of_items: Vec<Option<Amount>>,
}

/// Finds the least values of a rulebook.
pub(crate) fn lowest_values(terms: &RulebookTerms) -> LowestValues {
    let Some(search) = Search::of(terms) else {
        return LowestValues { otherwise: None, of_items: vec![None; terms.items.len()] };
    };
    let not_given = search.by_time(None);
    LowestValues {
        otherwise: not_given.get(&None).copied().or_else(|| search.quoted(None)),
        of_items: terms.items.iter().map(|item| search.of_item(&item.code, &not_given)).collect(),
    }
}

/// The least values, by the item that the time of a service is paid for as.
type ByItem = BTreeMap<Option<String>, Amount>;

/// Everything that the value can depend on without a client.
struct Search<'t> {
    terms: &'t RulebookTerms,
    /// Whether the rule reads the item itself.
    reads_item: bool,
    times: Vec<At>,
    /// The other facts of a service, in every way in which they can be given.
    ways: Vec<Facts>,
}

impl<'t> Search<'t> {
    fn of(terms: &'t RulebookTerms) -> Option<Self> {
        let mut ways = vec![Facts::default()];
        let asked_for = facts_asked_for(&terms.value);
        for name in asked_for.iter().filter(|name| **name != ITEM) {
            let values = values_of(terms.fact_terms().find(name)?)?;
            let with = |value: FactValue| Facts::new([((*name).to_owned(), value)]);
            let given: Vec<Facts> = values.into_iter().map(with).collect();
            if ways.len().saturating_mul(given.len().saturating_add(1)) > EVALUATIONS_MAX {
                return None;
            }
            ways = ways
                .iter()
                .flat_map(|way| std::iter::once(way.clone()).chain(given.iter().map(|one| way.with(one))))
                .collect();
        }
        let reads_item = asked_for.contains(ITEM);
        let times = times_of(&terms.value);
        let rounds = if reads_item { terms.items.len().saturating_add(1) } else { 1 };
        let evaluations = ways.len().saturating_mul(times.len().saturating_add(1)).saturating_mul(rounds);
        (evaluations <= EVALUATIONS_MAX).then_some(Self { terms, reads_item, times, ways })
    }

    fn of_item(&self, item: &str, not_given: &ByItem) -> Option<Amount> {
        let by_time = tables_of(&self.terms.value).flat_map(|table| &table.bands);
        // An item that some times are paid for as cannot be given at other times, and any other cannot be at those.
        let paid_as = by_time.filter_map(|band| band.item.as_deref()).find(|named| *named == item).map(str::to_owned);
        let given = self.reads_item.then(|| self.by_time(Some(item)));
        let of_times = given.as_ref().and_then(|given| given.get(&paid_as).copied());
        let of_times_alone = not_given.get(&paid_as).copied().filter(|_| paid_as.is_some() || !self.reads_item);
        of_times.into_iter().chain(of_times_alone).min().or_else(|| self.quoted(Some(item)))
    }

    /// Over all times, where an item is given or none.
    fn by_time(&self, given: Option<&str>) -> ByItem {
        let mut least = ByItem::new();
        for facts in self.facts(given) {
            for at in &self.times {
                if let Some((item, value)) = self.evaluated(&facts, Some(*at)) {
                    least.entry(item).and_modify(|known| *known = value.min(*known)).or_insert(value);
                }
            }
        }
        least
    }

    /// Where the time makes no difference, or none is paid for so.
    fn quoted(&self, given: Option<&str>) -> Option<Amount> {
        self.facts(given).filter_map(|facts| self.evaluated(&facts, None)).map(|(_, value)| value).min()
    }

    fn facts(&self, given: Option<&str>) -> impl Iterator<Item = Facts> {
        let item = Facts::new(given.map(|item| (ITEM.to_owned(), FactValue::Word(item.to_owned()))));
        self.ways.iter().map(move |way| way.with(&item))
    }

    fn evaluated(&self, facts: &Facts, at: Option<At>) -> Option<(Option<String>, Amount)> {
        let occasion = Occasion { facts, price: None, at };
        let evaluation = evaluate(&self.terms.value, self.terms.fact_terms(), &occasion).ok()?;
        Some((evaluation.item().map(str::to_owned), evaluation.value()?))
    }
}

/// Everything that a fact of a service can be. `None` where that is not a short list, or the fact is the client's.
fn values_of(term: &FactTerm) -> Option<Vec<FactValue>> {
    match (term.given, term.kind) {
        (Given::WithService, FactKind::Flag) => Some(vec![FactValue::Flag(false), FactValue::Flag(true)]),
        (Given::WithService, FactKind::Word) => {
            Some(term.words.iter().map(|word| FactValue::Word(word.code.clone())).collect())
        }
        (Given::WithService, FactKind::Money | FactKind::Number | FactKind::Whole | FactKind::Words)
        | (Given::WithRequest, _) => None,
    }
}

fn tables_of(rule: &ValueRule) -> impl Iterator<Item = &TimeBands> {
    rule.all().filter_map(|rule| if let ValueRule::TimeBands(bands) = rule { Some(bands) } else { None })
}

/// Times of which every combination of bands, and of what lies between them, has at least one: at every edge of any
/// table, on every sort of day that the tables together tell apart.
fn times_of(rule: &ValueRule) -> Vec<At> {
    let tables: Vec<&TimeBands> = tables_of(rule).collect();
    if tables.is_empty() {
        return Vec::new();
    }
    let edges = tables.iter().flat_map(|table| &table.bands).flat_map(|band| <[u16; 2]>::from(band.minutes()));
    let edges: BTreeSet<TimeOfDay> = edges.chain([0]).filter_map(TimeOfDay::from_minute).collect();
    let mut seen: BTreeSet<Vec<DayKind>> = BTreeSet::new();
    let days = DAYS.iter().filter(|day| seen.insert(tables.iter().map(|table| table.kind_of(**day)).collect()));
    let within = |day: &Day| {
        let day = *day;
        edges.iter().filter(|time| **time < TimeOfDay::END).map(move |time| At { day, time: Some(*time) })
    };
    days.flat_map(within).collect()
}

/// Years in which every holiday of a fixed date falls on every weekday.
const YEARS: std::ops::Range<i32> = 2001..2029;

/// A day of every sort that tables of time bands can tell apart: by its weekday, whether it is a holiday, and whose eve.
static DAYS: LazyLock<Vec<Day>> = LazyLock::new(|| {
    let mut holidays: BTreeMap<Day, BTreeSet<Holiday>> = BTreeMap::new();
    for year in YEARS {
        for holiday in Holiday::ALL {
            if let Some(day) = holiday.day_in(year) {
                holidays.entry(day).or_default().insert(holiday);
            }
        }
    }
    // A week in February, far from all of them.
    let week = Day::ymd(2026, 2, 2).into_iter().flat_map(|first| (0..7).map(move |days| first.plus_days(days)));
    let mut seen = BTreeSet::new();
    let mut is_new = |day: &Day| {
        let is_holiday = holidays.contains_key(day);
        let eve_of = holidays.get(&day.plus_days(1)).filter(|_| !is_holiday);
        seen.insert((DayKind::weekday_of(*day), is_holiday, eve_of))
    };
    week.chain(holidays.keys().flat_map(|day| [day.plus_days(-1), *day])).filter(|day| is_new(day)).collect()
});

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn terms(value: Value, members: Value) -> RulebookTerms {
        let text = json!({"fi": "a", "sv": "b", "en": "c"});
        let item = |code: &str| json!({"code": code, "text": text});
        let mut terms = json!({
            "items": [item("evening"), item("sunday")],
            "value": value,
            "price_ceiling": null,
            "free_of_charge": {"source": "734/1992 § 4"},
            "public_service": {"client_fee": "0.00", "basis": text},
            "grant": {"per": "month", "quantity_max": "20", "validity_days_max": 365},
            "recording": {"days_after_month": 60},
            "requirements": [],
            "texts": {"status": text, "co_payment": text, "alternatives": text, "appeal": text},
            "sources": [],
        });
        for (name, value) in members.as_object().unwrap() {
            terms[name] = value.clone();
        }
        serde_json::from_value(terms).unwrap()
    }

    fn flat(value: &str) -> Value {
        json!({"flat": {"value": value}})
    }

    fn lowest(terms: &RulebookTerms) -> (Option<String>, Vec<Option<String>>) {
        let lowest = lowest_values(terms);
        let shown = |amount: Option<Amount>| amount.map(|amount| amount.to_string());
        (shown(lowest.otherwise), lowest.of_items.into_iter().map(shown).collect())
    }

    fn found(otherwise: &str, evening: &str, sunday: &str) -> (Option<String>, Vec<Option<String>>) {
        (Some(otherwise.to_owned()), vec![Some(evening.to_owned()), Some(sunday.to_owned())])
    }

    #[test]
    fn an_item_that_the_rule_reads_is_worth_what_its_own_case_says() {
        let by_item = json!({"cases": {"fact": "item", "missing": flat("30.00"), "otherwise": flat("30.00"), "cases": [
            {"is": ["evening"], "then": flat("25.00")}, {"is": ["sunday"], "then": flat("50.00")}]}});
        assert_eq!(lowest(&terms(by_item, json!({}))), found("30.00", "25.00", "50.00"));
    }

    #[test]
    fn an_item_that_times_are_paid_for_as_is_worth_what_those_times_are() {
        let bands = json!({"time_bands": {"missing": flat("36.00"), "otherwise": flat("30.00"), "bands": [
            {"on": ["sunday"], "item": "sunday", "then": flat("50.00")}]}});
        assert_eq!(lowest(&terms(bands, json!({}))), found("30.00", "30.00", "50.00"));
    }

    #[test]
    fn other_facts_of_a_service_are_tried_in_every_way_and_those_of_a_client_make_the_value_unknown() {
        let by_mode = json!({"cases": {"fact": "mode", "missing": flat("30.00"), "cases": [
            {"is": ["near"], "then": flat("28.00")}, {"is": ["far"], "then": flat("50.00")}]}});
        let text = json!({"fi": "a", "sv": "b", "en": "c"});
        let words = json!([{"code": "near", "text": text}, {"code": "far", "text": text}]);
        let fact = |given: &str| {
            json!({"facts": [
            {"name": "mode", "kind": "word", "given": given, "text": text, "words": words}]})
        };
        assert_eq!(lowest(&terms(by_mode.clone(), fact("with_service"))), found("28.00", "28.00", "28.00"));
        assert_eq!(lowest(&terms(by_mode, fact("with_request"))), (None, vec![None, None]));
    }

    #[test]
    fn tables_that_stand_side_by_side_are_looked_at_together() {
        // Neither table alone has an edge or a sort of day within which both are at their lowest.
        let table = |bands: Value| json!({"time_bands": {"missing": flat("20.00"), "otherwise": flat("20.00"), "bands": bands}});
        let hours = json!({"sum": {"of": [
            table(json!([{"on": ["monday"], "from": "06:00", "until": "10:00", "then": flat("5.00")}])),
            table(json!([{"on": ["monday"], "from": "08:00", "until": "09:00", "then": flat("1.00")}])),
        ]}});
        assert_eq!(lowest(&terms(hours, json!({}))).0.as_deref(), Some("6.00"));
        // The Mondays that are holidays: Easter Monday, and in some years others.
        let days = json!({"sum": {"of": [
            table(json!([{"on": ["public_holiday"], "then": flat("5.00")}])),
            table(json!([{"on": ["tuesday"], "then": flat("1.00")}])),
        ]}});
        assert_eq!(lowest(&terms(days, json!({}))).0.as_deref(), Some("6.00"), "a holiday on a Tuesday");
    }

    #[test]
    fn every_sort_of_day_of_fifty_years_is_among_the_few_that_are_looked_at() {
        let bands = |on: &[&str], eves_of: &[Holiday]| -> TimeBands {
            serde_json::from_value(json!({"missing": flat("1.00"), "otherwise": flat("1.00"), "eves_of": eves_of,
                "bands": [{"on": on, "then": flat("2.00")}]}))
            .unwrap()
        };
        let tables = [
            bands(&["public_holiday"], &[]),
            bands(&["eve"], &[Holiday::ChristmasDay, Holiday::MidsummerDay]),
            bands(&["eve", "public_holiday"], &[Holiday::NewYearsDay, Holiday::MayDay, Holiday::AscensionDay]),
            bands(&["sunday"], &[]),
        ];
        let kinds = |day: Day| tables.iter().map(|table| table.kind_of(day)).collect::<Vec<_>>();
        let known: BTreeSet<_> = DAYS.iter().map(|day| kinds(*day)).collect();
        let first = Day::ymd(2000, 1, 1).unwrap();
        assert!((0..18_262).map(|days| first.plus_days(days)).all(|day| known.contains(&kinds(day))));
        assert!(DAYS.len() < 100, "{}", DAYS.len());
    }
}
