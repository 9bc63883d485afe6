//! Every fault at its place.

use super::*;

/// Each rule has exactly the fault that stands beside it.
pub(super) fn refuses<const N: usize>(table: [(Value, &str, &str); N]) {
    for (value, pointer, code) in table {
        assert_eq!(found(value.clone()), [(pointer.to_owned(), code)], "{value}");
    }
}

pub(super) fn passes<const N: usize>(table: [Value; N]) {
    for value in table {
        assert_eq!(faults(value.clone()), [], "{value}");
    }
}

#[test]
fn a_fact_must_be_known_and_of_the_kind_that_is_read() {
    let row = || json!([{"up_to": "10", "then": flat("5.00")}]);
    refuses([
        (bands("Age", row()), "/bands/fact", "bad_name"),
        (bands("shoe_size", row()), "/bands/fact", "unknown_fact"),
        (bands("care", row()), "/bands/fact", "wrong_kind"),
        (cases("age", json!([{"is": ["old"], "then": flat("1.00")}]), None), "/cases/fact", "wrong_kind"),
        (cases("procedures", json!([{"is": ["SFA10"], "then": flat("1.00")}]), None), "/cases/fact", "wrong_kind"),
        (
            listed("veteran", "amounts", json!([{"code": "true", "is": "1.00"}]), flat("0.00")),
            "/listed/fact",
            "wrong_kind",
        ),
        (json!({"fact": {"name": "care", "missing": flat("1.00")}}), "/fact/name", "wrong_kind"),
        (json!({"fact": {"name": "rent_", "missing": flat("1.00")}}), "/fact/name", "unknown_fact"),
    ]);
    let by_item = cases("item", json!([{"is": ["short"], "then": flat("1.00")}]), Some(flat("2.00")));
    let without_items = check(&rule(by_item.clone()), FactTerms::new(&declared()), "/value");
    assert_eq!(without_items.len(), 1);
    assert_eq!((without_items[0].pointer.as_str(), without_items[0].code), ("/value/cases/fact", "unknown_fact"));
    passes([by_item]);
}

#[test]
fn bands_have_one_edge_each_and_ascend_within_what_the_fact_can_be() {
    let table = |edges: Value| {
        let rows = edges.as_array().unwrap().iter().map(|edge| {
            let mut row = edge.clone();
            row["then"] = flat("5.00");
            row
        });
        bands("age", json!(rows.collect::<Vec<_>>()))
    };
    refuses([
        (bands("age", json!([])), "/bands/bands", "bad_length"),
        (table(json!([{}])), "/bands/bands/0", "one_edge"),
        (table(json!([{"up_to": "10", "below": "12"}])), "/bands/bands/0", "one_edge"),
        (table(json!([{"up_to": "10"}, {"up_to": "10"}])), "/bands/bands/1/up_to", "unreachable"),
        (table(json!([{"up_to": "10"}, {"below": "11"}])), "/bands/bands/1/below", "unreachable"),
        (table(json!([{"below": "0"}])), "/bands/bands/0/below", "unreachable"),
        (table(json!([{"up_to": "121"}])), "/bands/bands/0/up_to", "unreachable"),
        (table(json!([{"up_to": "17.5"}])), "/bands/bands/0/up_to", "too_precise"),
        (table(json!([{"up_to": "17"}, {"from": "17.5", "up_to": "20"}])), "/bands/bands/1/from", "too_precise"),
        (table(json!([{"up_to": "17"}, {"from": "19", "up_to": "20"}])), "/bands/bands/1/from", "gap"),
        (table(json!([{"up_to": "17"}, {"from": "17", "up_to": "20"}])), "/bands/bands/1/from", "overlap"),
        (table(json!([{"from": "1", "up_to": "17"}])), "/bands/bands/0/from", "gap"),
    ]);
    passes([
        table(json!([{"from": "0", "below": "18"}, {"from": "18", "up_to": "64"}, {"from": "65", "below": "121"}])),
        table(json!([{"up_to": "0"}, {"up_to": "120.0"}])),
    ]);
}

#[test]
fn the_published_table_of_exact_edges_meets_to_the_cent() {
    let table = |second: &str| {
        bands(
            "net_income_per_month",
            json!([
                {"from": "0", "up_to": "900.00", "then": flat("3300.00")},
                {"from": second, "up_to": "1000.00", "then": flat("3200.00")},
            ]),
        )
    };
    passes([table("900.01")]);
    refuses([
        (table("900.02"), "/bands/bands/1/from", "gap"),
        (table("900.00"), "/bands/bands/1/from", "overlap"),
        (table("900.001"), "/bands/bands/1/from", "too_precise"),
    ]);
}

#[test]
fn a_table_within_a_table_has_no_rows_that_the_outer_one_excludes() {
    let inner = |edges: Value| bands("age", edges);
    let outer =
        |inner: Value| bands("age", json!([{"up_to": "17", "then": flat("1.00")}, {"up_to": "64", "then": inner}]));
    passes([outer(inner(json!([{"up_to": "30", "then": flat("3.00")}, {"up_to": "70", "then": flat("4.00")}])))]);
    let at = "/bands/bands/1/then/bands/bands";
    refuses([
        (outer(inner(json!([{"up_to": "17", "then": flat("3.00")}]))), &format!("{at}/0/up_to"), "unreachable"),
        (
            outer(inner(json!([{"up_to": "64", "then": flat("3.00")}, {"up_to": "70", "then": flat("4.00")}]))),
            &format!("{at}/1/up_to"),
            "unreachable",
        ),
        (
            json!({"bands": {"fact": "age", "bands": [{"up_to": "9", "then": flat("1.00")}], "above": flat("1.00"),
                "missing": bands("age", json!([{"up_to": "9", "then": flat("1.00")}]))}}),
            "/bands/missing/bands/fact",
            "unreachable",
        ),
        (
            json!({"fact": {"name": "rent", "missing": {"fact": {"name": "rent", "missing": flat("1.00")}}}}),
            "/fact/missing/fact/name",
            "unreachable",
        ),
    ]);
}

#[test]
fn cases_name_every_word_once_or_say_what_holds_otherwise() {
    let case = |words: Value| json!({"is": words, "then": flat("1.00")});
    passes([
        cases("care", json!([case(json!(["at_home"])), case(json!(["day", "night"]))]), None),
        cases("care", json!([case(json!(["at_home"]))]), Some(flat("3.00"))),
        cases("veteran", json!([case(json!(["true"])), case(json!(["false"]))]), None),
    ]);
    let all = json!(["at_home", "day", "night"]);
    refuses([
        (cases("care", json!([case(json!(["at_home", "day"]))]), None), "/cases/cases", "gap"),
        (cases("veteran", json!([case(json!(["true"]))]), None), "/cases/cases", "gap"),
        (cases("care", json!([case(all.clone())]), Some(flat("3.00"))), "/cases/otherwise", "unreachable"),
        (cases("care", json!([case(all.clone()), case(json!(["day"]))]), None), "/cases/cases/1/is/0", "unreachable"),
        (cases("care", json!([case(all.clone()), case(json!([]))]), None), "/cases/cases/1/is", "bad_length"),
        (cases("care", json!([]), Some(flat("1.00"))), "/cases/cases", "bad_length"),
        (cases("care", json!([case(json!(["at_sea"]))]), Some(flat("3.00"))), "/cases/cases/0/is/0", "unknown_word"),
        (cases("veteran", json!([case(json!(["yes"]))]), Some(flat("3.00"))), "/cases/cases/0/is/0", "unknown_word"),
    ]);
    let gap = faults(cases("care", json!([case(json!(["day"]))]), None));
    assert_eq!(gap[0].detail, "no case is for at_home, night, and nothing is said otherwise");
}

#[test]
fn cases_within_cases_need_only_the_words_that_are_left() {
    let case = |words: Value, then: Value| json!({"is": words, "then": then});
    let inner = |of: Value, otherwise| cases("care", of, otherwise);
    let outer = |inner: Value| cases("care", json!([case(json!(["at_home"]), flat("1.00"))]), Some(inner));
    let one = |word: &str| case(json!([word]), flat("5.00"));
    passes([
        outer(inner(json!([one("day"), one("night")]), None)),
        outer(inner(json!([one("day")]), Some(flat("4.00")))),
    ]);
    refuses([
        (outer(inner(json!([one("day")]), None)), "/cases/otherwise/cases/cases", "gap"),
        (
            outer(inner(json!([one("at_home"), one("day"), one("night")]), None)),
            "/cases/otherwise/cases/cases/0/is/0",
            "unreachable",
        ),
        (
            outer(inner(json!([one("day"), one("night")]), Some(flat("1.00")))),
            "/cases/otherwise/cases/otherwise",
            "unreachable",
        ),
    ]);
}

#[test]
fn a_list_has_each_code_once_and_lacks_none() {
    let of = |entries: Value| listed("procedures", "amounts", entries, flat("0.00"));
    let entry = |code: &str, is: &str| json!({"code": code, "is": is});
    passes([of(json!([entry("SFA10", "25.00"), entry("SFA20", "50")]))]);
    refuses([
        (of(json!([entry("SFA10", "25.00")])), "/listed/entries", "gap"),
        (
            of(json!([entry("SFA10", "1"), entry("SFA20", "1"), entry("SFA10", "1")])),
            "/listed/entries/2/code",
            "duplicate",
        ),
        (
            of(json!([entry("SFA10", "1"), entry("SFA20", "1"), entry("sfa10", "1")])),
            "/listed/entries/2/code",
            "unknown_word",
        ),
        (of(json!([entry("SFA10", "1.005"), entry("SFA20", "1")])), "/listed/entries/0/is", "too_precise"),
    ]);
    let none = json!({"not_eligible": {"reason": "no_procedure"}});
    let numbers = |first: &str| {
        let entries = json!([entry("SFA10", first), entry("SFA20", "1")]);
        json!({"product": {"of": [flat("25.00"), listed("procedures", "numbers", entries, none.clone())]}})
    };
    passes([numbers("1.0005")]);
    refuses([(numbers("1.00005"), "/product/of/1/listed/entries/0/is", "too_precise")]);
}

#[test]
fn time_bands_meet_cover_the_week_and_do_not_overlap() {
    let band =
        |on: Value, from: &str, until: &str| json!({"on": on, "from": from, "until": until, "then": flat("1.00")});
    let days = || json!(WEEKDAYS);
    let holiday = || json!({"on": ["public_holiday", "eve"], "then": flat("3.00")});
    passes([
        week(json!([{"on": days(), "then": flat("1.00")}]), None, json!([])),
        week(json!([band(days(), "00:00", "18:00"), band(days(), "18:00", "24:00")]), None, json!([])),
        week(json!([{"on": days(), "then": flat("1.00")}, holiday()]), None, json!(["christmas_day"])),
        week(json!([band(json!(["sunday"]), "00:00", "24:00")]), Some(flat("1.00")), json!([])),
    ]);
    refuses([
        (week(json!([]), Some(flat("1.00")), json!([])), "/time_bands/bands", "bad_length"),
        (week(json!([band(days(), "00:00", "18:00")]), None, json!([])), "/time_bands/bands", "gap"),
        (
            week(json!([{"on": ["public_holiday", "sunday"], "then": flat("1.00")}]), None, json!([])),
            "/time_bands/bands",
            "gap",
        ),
        (
            week(json!([{"on": days(), "then": flat("1.00")}]), Some(flat("1.00")), json!([])),
            "/time_bands/otherwise",
            "unreachable",
        ),
        (
            week(json!([band(days(), "00:00", "18:30"), band(days(), "18:00", "24:00")]), None, json!([])),
            "/time_bands/bands/1",
            "overlap",
        ),
        (
            week(json!([{"on": days(), "then": flat("1.00")}, holiday()]), None, json!([])),
            "/time_bands/eves_of",
            "contradiction",
        ),
        (
            week(json!([{"on": days(), "then": flat("1.00")}]), None, json!(["christmas_day"])),
            "/time_bands/eves_of",
            "unreachable",
        ),
        (
            week(json!([{"on": days(), "then": flat("1.00")}, holiday()]), None, json!(["epiphany", "boxing_day"])),
            "/time_bands/eves_of/1",
            "unreachable",
        ),
        (
            week(json!([{"on": days(), "then": flat("1.00")}, holiday()]), None, json!(["epiphany", "epiphany"])),
            "/time_bands/eves_of/1",
            "duplicate",
        ),
        (
            week(json!([{"on": ["sunday", "sunday"], "then": flat("1.00")}]), Some(flat("1.00")), json!([])),
            "/time_bands/bands/0/on/1",
            "duplicate",
        ),
        (
            week(json!([{"on": [], "then": flat("1.00")}]), Some(flat("1.00")), json!([])),
            "/time_bands/bands/0/on",
            "bad_length",
        ),
        (
            week(json!([band(json!(["sunday"]), "22:00", "06:00")]), Some(flat("1.00")), json!([])),
            "/time_bands/bands/0/until",
            "not_ascending",
        ),
        (
            week(json!([{"on": ["sunday"], "item": "Sunday", "then": flat("1.00")}]), Some(flat("1.00")), json!([])),
            "/time_bands/bands/0/item",
            "bad_name",
        ),
    ]);
    let details = |value| faults(value).remove(0).detail;
    let uncovered = week(
        json!([band(json!(&WEEKDAYS[..6]), "00:00", "24:00"), band(json!(["sunday"]), "06:00", "24:00")]),
        None,
        json!([]),
    );
    assert_eq!(details(uncovered), "no band is for Sunday from 00:00, and nothing is said otherwise");
    let meeting = week(json!([band(days(), "00:00", "18:30"), band(days(), "18:00", "24:00")]), None, json!([]));
    assert_eq!(details(meeting), "Monday from 18:00 would be of band 0 as well as of this one, counted from 0");
    let eve = week(
        json!([{"on": days(), "then": flat("1.00")}, band(json!(["eve"]), "18:00", "24:00")]),
        None,
        json!(["epiphany"]),
    );
    assert_eq!(details(eve), "no band is for an eve from 00:00, and nothing is said otherwise");
}

#[test]
fn money_and_plain_numbers_are_not_mixed() {
    let number = || json!({"number": {"is": "1.15"}});
    let support = || json!({"fact": {"name": "support", "missing": number()}});
    let rent = || json!({"fact": {"name": "rent", "missing": flat("1.00")}});
    passes([
        json!({"product": {"of": [flat("36.00"), support(), {"number": {"is": "365", "over": "12"}}]}}),
        json!({"least": {"of": [rent(), flat("100.00"), {"not_eligible": {"reason": "none"}}]}}),
        json!({"difference": {"of": flat("9.00"), "less": [rent(), flat("1.00")]}}),
    ]);
    refuses([
        (number(), "", "not_money"),
        (support(), "", "not_money"),
        (json!({"not_eligible": {"reason": "nobody"}}), "", "not_money"),
        (json!({"sum": {"of": [flat("1.00"), number()]}}), "/sum/of/1", "mixed_kinds"),
        (json!({"difference": {"of": flat("1.00"), "less": [number()]}}), "/difference/less/0", "mixed_kinds"),
        (json!({"product": {"of": [flat("1.00"), number(), rent()]}}), "/product/of/2", "mixed_kinds"),
        (json!({"fact": {"name": "rent", "missing": number()}}), "/fact/missing", "mixed_kinds"),
        (json!({"clamp": {"of": number(), "minimum": "1.00"}}), "/clamp/of", "mixed_kinds"),
        (json!({"round": {"of": number(), "to": "1.00", "how": "up"}}), "/round/of", "mixed_kinds"),
        (
            json!({"individual": {"minimum": "1.00", "maximum": "2.00", "missing": number()}}),
            "/individual/missing",
            "mixed_kinds",
        ),
        (
            bands("age", json!([{"up_to": "9", "then": flat("1.00")}, {"up_to": "19", "then": number()}])),
            "/bands/bands/1/then",
            "mixed_kinds",
        ),
        (
            cases("veteran", json!([{"is": ["true"], "then": flat("1.00")}]), Some(number())),
            "/cases/otherwise",
            "mixed_kinds",
        ),
        (
            week(json!([{"on": ["sunday"], "then": flat("1.00")}]), Some(number()), json!([])),
            "/time_bands/otherwise",
            "mixed_kinds",
        ),
    ]);
}

#[test]
fn figures_and_limits_are_in_order() {
    let clamp = |limits: Value| {
        let mut block = limits;
        block["of"] = flat("1.00");
        json!({"clamp": block})
    };
    let times = |number: Value| json!({"product": {"of": [flat("1.00"), {"number": number}]}});
    refuses([
        (clamp(json!({})), "/clamp", "no_limits"),
        (clamp(json!({"minimum": "2.00", "maximum": "1.00"})), "/clamp/minimum", "minimum_above_maximum"),
        (json!({"round": {"of": flat("1.00"), "to": "0.00", "how": "up"}}), "/round/to", "out_of_range"),
        (
            json!({"individual": {"minimum": "3.00", "maximum": "2.00", "missing": flat("1.00")}}),
            "/individual/minimum",
            "minimum_above_maximum",
        ),
        (times(json!({"is": "1.00001"})), "/product/of/1/number/is", "too_precise"),
        (times(json!({"is": "1000001"})), "/product/of/1/number/is", "out_of_range"),
        (json!({"sum": {"of": []}}), "/sum/of", "bad_length"),
        (json!({"sum": {"of": vec![flat("1.00"); 51]}}), "/sum/of", "bad_length"),
        (json!({"difference": {"of": flat("1.00"), "less": []}}), "/difference/less", "bad_length"),
    ]);
    assert!(
        found(times(json!({"is": "1", "over": "0"}))).contains(&("/product/of/1/number/over".into(), "out_of_range"))
    );
}

#[test]
fn an_income_reduction_is_checked_with_its_index() {
    let reduction = |minimum: &str, index: Value, households: Value| {
        json!({"income_reduction": {"minimum": minimum, "maximum": "34.00", "divisor": 60, "households": households,
            "further_person": {"income_limit_step": "389.00", "percent_step": "1"}, "index": index}})
    };
    let household = |limit: &str, percent: &str| json!({"income_limit": limit, "percent": percent});
    let two = || json!([household("653.00", "35"), household("1205.00", "22")]);
    passes([
        reduction("8.40", json!("1.20"), two()),
        reduction("40.80", json!("1.20"), two()),
        reduction("34.00", json!(null), two()),
    ]);
    refuses([
        (reduction("40.81", json!("1.20"), two()), "/income_reduction/minimum", "minimum_above_maximum"),
        (reduction("17.01", json!("0.5"), two()), "/income_reduction/minimum", "minimum_above_maximum"),
        (reduction("1.00", json!("10.01"), two()), "/income_reduction/index", "out_of_range"),
        (reduction("1.00", json!("1.20001"), two()), "/income_reduction/index", "too_precise"),
        (reduction("1.00", json!(null), json!([])), "/income_reduction/households", "bad_length"),
        (
            reduction("1.00", json!(null), json!([household("653.00", "100.5")])),
            "/income_reduction/households/0/percent",
            "out_of_range",
        ),
        (
            reduction("1.00", json!(null), json!([household("653.00", "35"), household("652.99", "22")])),
            "/income_reduction/households/1/income_limit",
            "not_ascending",
        ),
    ]);
}

#[test]
fn names_sources_and_reasons_have_words() {
    let text = |sv: &str| json!({"fi": "a", "sv": sv, "en": "c"});
    let named = |sv: &str, source: &str| json!({"named": {"text": text(sv), "source": source, "of": flat("1.00")}});
    let long = "x".repeat(301);
    refuses([
        (named("", "a § 1"), "/named/text/sv", "bad_length"),
        (named("b", ""), "/named/source", "bad_length"),
        (named("b", &long), "/named/source", "bad_length"),
        (
            json!({"greatest": {"of": [flat("1.00"), {"not_eligible": {"reason": "Too rich"}}]}}),
            "/greatest/of/1/not_eligible/reason",
            "bad_name",
        ),
        (
            json!({"greatest": {"of": [flat("1.00"), {"not_eligible": {"reason": "rich", "text": text(" ")}}]}}),
            "/greatest/of/1/not_eligible/text/sv",
            "bad_length",
        ),
    ]);
    passes([named("b", "a § 1")]);
}

#[test]
fn figures_that_could_leave_the_range_of_money_are_refused() {
    let support = |of: Value| json!({"product": {"of": [of, {"fact": {"name": "gross_income_per_month", "missing": flat("0.00")}}]}});
    let number = |n: &str| json!({"number": {"is": n}});
    passes([
        json!({"clamp": {"of": support(number("1000")), "maximum": "500.00"}}),
        support(number("10")),
        json!({"difference": {"of": flat("10000000.00"), "less": [flat("1.00")]}}),
    ]);
    refuses([
        (support(number("10.01")), "", "too_large"),
        (json!({"sum": {"of": [flat("10000000.00"), flat("0.01")]}}), "", "too_large"),
        (json!({"round": {"of": flat("10000000.00"), "to": "0.01", "how": "up"}}), "", "too_large"),
    ]);
    let huge = json!({"product": {"of": [flat("10000000.00"), number("1000000"), number("1000000")]}});
    assert_eq!(found(json!({"clamp": {"of": huge, "maximum": "1.00"}})), [("/clamp/of".to_owned(), "too_large")]);
    let tiny = json!({"number": {"is": "1", "over": "0.0001"}});
    let many = json!({"product": {"of": vec![tiny; 20]}});
    assert_eq!(found(json!({"product": {"of": [flat("1.00"), many]}})), [("/product/of/1".to_owned(), "too_large")]);
}

#[test]
fn everything_is_told_at_once() {
    let value = json!({"sum": {"of": [
        bands("agee", json!([{"up_to": "5", "then": flat("1.00")}, {"up_to": "4", "then": {"number": {"is": "1.00001"}}}])),
        cases("care", json!([{"is": ["day", "dya"], "then": {"clamp": {"of": flat("1.00")}}}]), None),
        week(json!([{"on": ["monday"], "from": "10:00", "until": "09:00", "then": flat("1.00")}]), None, json!([])),
    ]}});
    let wanted = [
        ("/sum/of/0/bands/fact", "unknown_fact"),
        ("/sum/of/0/bands/bands/1/up_to", "unreachable"),
        ("/sum/of/0/bands/bands/1/then/number/is", "too_precise"),
        ("/sum/of/0/bands/bands/1/then", "mixed_kinds"),
        ("/sum/of/1/cases/cases/0/is/1", "unknown_word"),
        ("/sum/of/1/cases/cases/0/then/clamp", "no_limits"),
        ("/sum/of/1/cases/cases", "gap"),
        ("/sum/of/2/time_bands/bands/0/until", "not_ascending"),
        ("/sum/of/2/time_bands/bands", "gap"),
    ];
    let mut found = found(value);
    found.sort();
    let mut wanted = wanted.map(|(pointer, code)| (pointer.to_owned(), code)).to_vec();
    wanted.sort();
    assert_eq!(found, wanted);
}
