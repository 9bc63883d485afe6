//! What passes the check evaluates for every client, service, price and time; and nothing at all makes either panic.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;
use crate::calendar::Holiday;
use crate::rules::evaluate::{At, EvaluateError, Occasion, Outcome, evaluate, facts_asked_for};
use crate::rules::fact_terms::{FactKind, INDIVIDUAL_VALUE, UnfitFact, known_facts};
use crate::rules::facts::{FactValue, Facts};
use crate::rules::time_bands::{DayKind, TimeBand, TimeBands, TimeOfDay};
use crate::rules::value_rule::{
    Band, Case, FurtherPerson, HouseholdTerm, IncomeReduction, ListedEntry, ListedKind, Rounding,
};
use crate::text::Localized;
use crate::time::Day;

type Rules = BoxedStrategy<ValueRule>;

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![0_i64..20_000, 0_i64..3_000_000].prop_map(Amount::from_minor)
}

fn plain() -> Rules {
    let number = (0_i64..30_000, proptest::option::of(1_i64..2_000));
    let number = number.prop_map(|(is, over)| ValueRule::Number {
        is: Decimal::new(is, 4),
        over: over.map(|over| Decimal::new(over, 2)),
    });
    let fact = (select(vec!["age", "hours", "support", "household_size"]), number.clone());
    let fact = fact.prop_map(|(name, missing)| ValueRule::Fact { name: name.into(), missing: Box::new(missing) });
    prop_oneof![number, fact].boxed()
}

fn numbers() -> Rules {
    plain().prop_recursive(2, 8, 3, |inner| branching(inner, ListedKind::Numbers)).boxed()
}

fn money() -> Rules {
    let leaf = prop_oneof![
        4 => amount().prop_map(|value| ValueRule::Flat { value }),
        1 => amount().prop_map(|at_most| ValueRule::Price { at_most }),
        1 => (select(vec!["rent", "net_income_per_month"]), amount()).prop_map(|(name, value)| ValueRule::Fact {
            name: name.into(),
            missing: Box::new(ValueRule::Flat { value }),
        }),
        1 => (amount(), amount(), amount()).prop_map(|(minimum, maximum, value)| ValueRule::Individual {
            minimum,
            maximum,
            missing: Box::new(ValueRule::Flat { value }),
        }),
        1 => reduction().prop_map(ValueRule::IncomeReduction),
        1 => Just(ValueRule::NotEligible { reason: "too_rich".into(), text: None }),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let text = Localized::new("a", "b", "c");
        let how = select(vec![Rounding::HalfUp, Rounding::Up, Rounding::Down]);
        prop_oneof![
            3 => branching(inner.clone(), ListedKind::Amounts),
            1 => (inner, numbers(), any::<bool>()).prop_map(|(a, b, first)| ValueRule::Product {
                of: if first { vec![a, b] } else { vec![b, a] },
            }),
            1 => (boxed.clone(), proptest::option::of(amount()), proptest::option::of(amount()))
                .prop_map(|(of, minimum, maximum)| ValueRule::Clamp { of, minimum, maximum }),
            1 => (boxed.clone(), 0_i64..500, how)
                .prop_map(|(of, to, how)| ValueRule::Round { of, to: Amount::from_minor(to), how }),
            1 => boxed.prop_map(move |of| ValueRule::Named { text: text.clone(), source: None, of }),
        ]
    })
    .boxed()
}

/// Blocks that take money as well as plain numbers.
fn branching(inner: Rules, entries_are: ListedKind) -> Rules {
    let several = proptest::collection::vec(inner.clone(), 1..4);
    let boxed = inner.clone().prop_map(Box::new);
    let entries = proptest::collection::vec(0_i64..30_000, 2);
    prop_oneof![
        3 => tables(inner.clone()),
        2 => choices(inner.clone()),
        2 => times(inner),
        1 => (entries, boxed.clone()).prop_map(move |(of, missing)| ValueRule::Listed {
            fact: "procedures".into(),
            entries_are,
            entries: ["SFA10", "SFA20"]
                .into_iter()
                .zip(of)
                .map(|(code, is)| ListedEntry { code: code.into(), is: Decimal::new(is, 2) })
                .collect(),
            missing,
        }),
        1 => several.clone().prop_map(|of| ValueRule::Sum { of }),
        1 => (boxed, several.clone()).prop_map(|(of, less)| ValueRule::Difference { of, less }),
        1 => several.clone().prop_map(|of| ValueRule::Least { of }),
        1 => several.prop_map(|of| ValueRule::Greatest { of }),
    ]
    .boxed()
}

fn tables(inner: Rules) -> Rules {
    let facts = select(vec![("age", 0_i64, 120_i64), ("hours", 1, 200), ("gross_income_per_month", 0, 5_000)]);
    facts
        .prop_flat_map(move |(fact, first, last)| {
            let edges = proptest::collection::btree_set(first..=last, 1..4);
            let rows = proptest::collection::vec((inner.clone(), any::<bool>()), 3);
            (Just(fact), edges, rows, inner.clone(), inner.clone())
        })
        .prop_map(|(fact, edges, rows, above, missing)| {
            let band = |(edge, (then, inside)): (i64, (ValueRule, bool))| {
                let edge = Some(Decimal::from(edge));
                let (up_to, below) = if inside { (edge, None) } else { (None, edge) };
                Band { from: None, up_to, below, then }
            };
            let bands = edges.into_iter().zip(rows).map(band).collect();
            ValueRule::Bands { fact: fact.into(), bands, above: Box::new(above), missing: Box::new(missing) }
        })
        .boxed()
}

fn choices(inner: Rules) -> Rules {
    let facts = select(vec![
        ("care", vec!["at_home", "day", "night"]),
        ("veteran", vec!["true", "false"]),
        ("item", vec!["short", "long"]),
    ]);
    (facts, proptest::collection::vec(inner.clone(), 2), inner.clone(), inner, 1_usize..3)
        .prop_map(|((fact, words), thens, otherwise, missing, named)| {
            let all = named == words.len();
            let case = |(word, then): (&&str, ValueRule)| Case { is: vec![(*word).to_owned()], then };
            ValueRule::Cases {
                fact: fact.into(),
                cases: words.iter().take(named).zip(thens).map(case).collect(),
                otherwise: (!all).then(|| Box::new(otherwise)),
                missing: Box::new(missing),
            }
        })
        .boxed()
}

fn times(inner: Rules) -> Rules {
    let on = subsequence(DayKind::ALL.to_vec(), 1..=9);
    (on, 0_u16..1440, 1_u16..=1440, inner.clone(), inner.clone(), inner, any::<bool>())
        .prop_map(|(on, from, length, then, otherwise, missing, is_whole_day)| {
            let until = TimeOfDay::from_minute((from + length).min(1440));
            let (from, until) = if is_whole_day { (None, None) } else { (TimeOfDay::from_minute(from), until) };
            let eves_of =
                if on.contains(&DayKind::Eve) { vec![Holiday::ChristmasDay, Holiday::Epiphany] } else { vec![] };
            ValueRule::TimeBands(TimeBands {
                eves_of,
                bands: vec![TimeBand { on, from, until, item: None, then }],
                otherwise: Some(Box::new(otherwise)),
                missing: Box::new(missing),
            })
        })
        .boxed()
}

fn reduction() -> impl Strategy<Value = IncomeReduction> {
    let households = proptest::collection::vec((0_i64..400_000, 0_i64..4_000), 1..7);
    let further = proptest::option::of((0_i64..60_000, 0_i64..300));
    (amount(), amount(), 1_u16..=1000, households, further, proptest::option::of(1_i64..3_000)).prop_map(
        |(one, other, divisor, mut households, further, index)| {
            households.sort_unstable();
            let term = |(limit, percent)| HouseholdTerm {
                income_limit: Amount::from_minor(limit),
                percent: Decimal::new(percent, 2),
            };
            IncomeReduction {
                minimum: one.min(other),
                maximum: one.max(other),
                divisor,
                households: households.into_iter().map(term).collect(),
                further_person: further.map(|(limit, percent)| FurtherPerson {
                    income_limit_step: Amount::from_minor(limit),
                    percent_step: Decimal::new(percent, 2),
                }),
                index: index.map(|index| Decimal::new(index, 3)),
            }
        },
    )
}

/// Any value that a fact can have by its declaration, its edges often.
fn value_of(term: &FactTerm) -> BoxedStrategy<FactValue> {
    match term.kind {
        FactKind::Money | FactKind::Number | FactKind::Whole => {
            let (lowest, highest, grain) = (term.lowest(), term.highest(), term.grain());
            let steps = i64::try_from(((highest - lowest) / grain).trunc()).unwrap();
            let near = 0..=steps.min(600_000);
            prop_oneof![1 => Just(0), 1 => Just(steps), 4 => near, 2 => 0..=steps]
                .prop_map(move |step| FactValue::Number(lowest + grain * Decimal::from(step)))
                .boxed()
        }
        FactKind::Flag => any::<bool>().prop_map(FactValue::Flag).boxed(),
        FactKind::Word => select(codes(term)).prop_map(FactValue::Word).boxed(),
        FactKind::Words => proptest::collection::vec(select(codes(term)), 0..=100).prop_map(FactValue::Words).boxed(),
    }
}

fn codes(term: &FactTerm) -> Vec<String> {
    term.words.iter().map(|word| word.code.clone()).collect()
}

fn any_facts() -> BoxedStrategy<Facts> {
    let mut terms = with_items();
    terms.extend(known_facts().iter().filter(|known| known.name != "item").cloned());
    let one = |term: FactTerm| {
        let value = proptest::option::weighted(0.8, value_of(&term));
        value.prop_map(move |value| value.map(|value| (term.name.clone(), value)))
    };
    let all: Vec<_> = terms.into_iter().map(one).collect();
    all.prop_map(|facts| Facts::new(facts.into_iter().flatten())).boxed()
}

fn any_at() -> impl Strategy<Value = At> {
    let first = Day::ymd(2025, 12, 20).unwrap();
    (0_i64..400, proptest::option::of(0_u16..1440)).prop_map(move |(days, minute)| At {
        day: first.plus_days(days),
        time: minute.and_then(TimeOfDay::from_minute),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn what_passes_evaluates_for_every_client(
        rule in prop_oneof![9 => money(), 1 => numbers()],
        facts in any_facts(),
        price in proptest::option::of((0..=AMOUNT_MINOR_MAX).prop_map(Amount::from_minor)),
        at in proptest::option::of(any_at()),
    ) {
        let declared = with_items();
        let terms = FactTerms::new(&declared);
        let asked_for = facts_asked_for(&rule);
        let facts = facts.only(&asked_for);
        prop_assert_eq!(terms.check(&facts, &asked_for, None), vec![]);
        let faults = check(&rule, terms, "/value");
        let found = evaluate(&rule, terms, &Occasion { facts: &facts, price, at });
        if faults.is_empty() {
            match &found {
                Ok(evaluation) => {
                    if let Outcome::Value(value) = &evaluation.outcome {
                        prop_assert!((0..=AMOUNT_MINOR_MAX).contains(&value.minor()));
                    }
                }
                // Whoever decides is told of the limits: the rule means it so.
                Err(EvaluateError::Unfit(UnfitFact::OutOfRange { name, .. })) if name == INDIVIDUAL_VALUE => {}
                Err(error) => prop_assert!(false, "{error} in {}", serde_json::to_string(&rule).unwrap()),
            }
            prop_assert_eq!(&found, &evaluate(&rule, terms, &Occasion { facts: &facts, price, at }));
        }
        let written = serde_json::to_string(&rule).unwrap();
        prop_assert_eq!(serde_json::from_str::<ValueRule>(&written).unwrap(), rule.clone());
    }
}

/// The promise above is about something: many of the rules pass, and every block is among them.
#[test]
fn many_of_the_generated_rules_pass_and_have_every_block() {
    let declared = with_items();
    let mut runner = TestRunner::deterministic();
    let mut blocks = BTreeSet::new();
    let mut passed = 0;
    for _ in 0..1_000 {
        let rule = money().new_tree(&mut runner).unwrap().current();
        if check(&rule, FactTerms::new(&declared), "").is_empty() {
            passed += 1;
            let names = rule.walk("").into_iter().map(|(_, block)| serde_json::to_value(block).unwrap());
            blocks.extend(names.flat_map(|block| block.as_object().unwrap().keys().cloned().collect::<Vec<_>>()));
        }
    }
    assert!(passed > 300, "{passed} of 1000");
    assert_eq!(blocks.len(), 19, "{blocks:?}");
}
