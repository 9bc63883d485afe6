//! Which terms can be saved, and what is wrong with the others, at its place.

use serde_json::{Value, json};

use super::*;

fn text() -> Value {
    json!({"fi": "a", "sv": "b", "en": "c"})
}

fn flat(value: &str) -> Value {
    json!({"flat": {"value": value}})
}

/// The least that a rulebook says.
fn plain() -> Value {
    json!({
        "value": flat("36.00"),
        "price_ceiling": null,
        "free_of_charge": null,
        "public_service": {"client_fee": "12.00", "basis": text()},
        "grant": {"per": "month", "quantity_max": "40", "validity_days_max": 365},
        "recording": {"days_after_month": 60},
        "requirements": [],
        "texts": {"status": text(), "co_payment": text(), "alternatives": text(), "appeal": text()},
        "sources": [],
    })
}

/// The plain rulebook with other members.
fn with(members: Value) -> RulebookTerms {
    let mut terms = plain();
    for (name, value) in members.as_object().unwrap() {
        terms[name.as_str()] = value.clone();
    }
    serde_json::from_value(terms).unwrap_or_else(|why| panic!("{why}: {members}"))
}

fn found(members: Value) -> Vec<(String, &'static str)> {
    with(members).check().into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

/// Each set of members has exactly the fault that stands beside it.
fn refuses<const N: usize>(table: [(Value, &str, &str); N]) {
    for (members, pointer, code) in table {
        assert_eq!(found(members.clone()), [(pointer.to_owned(), code)], "{members}");
    }
}

fn passes<const N: usize>(table: [Value; N]) {
    for members in table {
        assert_eq!(with(members.clone()).check(), [], "{members}");
    }
}

fn by_care(fact: &str) -> Value {
    json!({"cases": {"fact": fact, "cases": [{"is": ["day"], "then": flat("1.00")}],
        "otherwise": flat("2.00"), "missing": flat("3.00")}})
}

fn on_sundays(item: &str) -> Value {
    json!({"time_bands": {"bands": [{"on": ["sunday"], "item": item, "then": flat("72.00")}],
        "otherwise": flat("36.00"), "missing": flat("36.00")}})
}

fn items(codes: &[&str]) -> Value {
    codes.iter().map(|code| json!({"code": code, "text": text()})).collect()
}

#[test]
fn stored_terms_of_the_previous_release_still_parse_and_pass() {
    passes([plain()]);
    let terms = with(json!({}));
    assert_eq!((terms.grant.measure, terms.grant.unused), (Measure::Quantity, Unused::Lapses));
    assert_eq!(terms.issued_vouchers, IssuedVouchers::Keep);
}

#[test]
fn a_fact_that_stored_terms_ask_for_without_declaring_it_is_a_plain_number() {
    let by_age = json!({"bands": {"fact": "age", "bands": [{"up_to": "64", "then": flat("30.00")}],
        "above": flat("36.00"), "missing": flat("20.00")}});
    let terms = with(json!({"value": by_age}));
    let facts: Facts = serde_json::from_value(json!({"age": 80})).unwrap();
    let asked_for = facts_asked_for(&terms.value);
    assert_eq!(terms.fact_terms().check(&facts, &asked_for, Some(Given::WithRequest)), []);
    let evaluation = evaluate(&terms.value, terms.fact_terms(), &Occasion::of(&facts)).unwrap();
    assert_eq!(evaluation.value().unwrap().to_string(), "36.00");
    let steps = evaluation.steps("/value");
    assert!(steps[0].text.en.contains("Age") && steps[0].text.en.contains("80"), "{:?}", steps[0]);
    assert_eq!(evaluation.steps_of_service("/value").len(), 1, "what the client's facts led to is not told");
    // To be saved again it is declared.
    refuses([(json!({"value": by_age}), "/value/bands/fact", "unknown_fact")]);
}

#[test]
fn what_is_told_in_steps_is_short() {
    let text = |chars: usize| json!({"fi": "ä".repeat(chars), "sv": "b", "en": "c"});
    let fact = |of: usize, word: usize| {
        let words = json!([{"code": "day", "text": text(word)}]);
        json!({"facts": [{"name": "care", "kind": "word", "text": text(of), "words": words}]})
    };
    let item = |chars: usize| json!({"items": [{"code": "short", "text": text(chars)}]});
    let clause = json!({"clauses": [{"code": "long", "text": text(4_000), "source": "569/2009"}]});
    passes([fact(300, 300), item(300), clause]);
    refuses([
        (fact(301, 1), "/facts/0/text/fi", "bad_length"),
        (fact(1, 301), "/facts/0/words/0/text/fi", "bad_length"),
        (item(301), "/items/0/text/fi", "bad_length"),
    ]);
    let row = json!({"sum": {"of": vec![flat("1.00"); 49]}});
    let many = json!({"sum": {"of": [row, row, row]}});
    let fee = json!({"client_fee": "1.00", "client_fee_rule": many, "basis": text(4_000)});
    refuses([
        (json!({"co_payment": many}), "/co_payment", "too_many_steps"),
        (json!({"public_service": fee}), "/public_service/client_fee_rule", "too_many_steps"),
    ]);
}

#[test]
fn unknown_members_are_refused() {
    let mut terms = plain();
    terms["valeu"] = flat("1.00");
    assert!(serde_json::from_value::<RulebookTerms>(terms).is_err());
}

#[test]
fn facts_are_declared_once_and_in_order() {
    let fact = |members: Value| {
        let mut fact = json!({"name": "care", "kind": "whole", "text": text()});
        for (name, value) in members.as_object().unwrap() {
            fact[name.as_str()] = value.clone();
        }
        json!({"facts": [fact]})
    };
    let word = |code: &str| json!({"code": code, "text": text()});
    let words = |words: Value| fact(json!({"kind": "word", "words": words}));
    passes([fact(json!({"minimum": "1", "maximum": "1"})), words(json!([word("day"), word("SFA10"), word("h-1.5")]))]);
    refuses([
        (fact(json!({"name": "Care"})), "/facts/0/name", "bad_name"),
        (fact(json!({"name": "household_size"})), "/facts/0/name", "built_in"),
        (fact(json!({"name": "item"})), "/facts/0/name", "built_in"),
        (fact(json!({"minimum": "3", "maximum": "2"})), "/facts/0/minimum", "minimum_above_maximum"),
        (fact(json!({"minimum": "1000001"})), "/facts/0/minimum", "minimum_above_maximum"),
        (fact(json!({"maximum": "1000000001"})), "/facts/0/maximum", "out_of_range"),
        (fact(json!({"maximum": "1.5"})), "/facts/0/maximum", "too_precise"),
        (fact(json!({"kind": "flag", "maximum": "1"})), "/facts/0/maximum", "contradiction"),
        (fact(json!({"words": [word("day")]})), "/facts/0/words", "contradiction"),
        (fact(json!({"kind": "words"})), "/facts/0/words", "bad_length"),
        (words(json!([word("day"), word("day")])), "/facts/0/words/1/code", "duplicate"),
        (words(json!([word("day"), word("1_000")])), "/facts/0/words/1/code", "bad_name"),
        (words(json!([word("every day")])), "/facts/0/words/0/code", "bad_name"),
        (fact(json!({"text": {"fi": "a", "sv": "", "en": "c"}})), "/facts/0/text/sv", "bad_length"),
    ]);
    let of_one_name = fact(json!({}))["facts"][0].clone();
    refuses([(json!({"facts": [of_one_name, of_one_name]}), "/facts/1/name", "duplicate")]);
    let many: Vec<_> = (0..51).map(|i| json!({"name": format!("f{i}"), "kind": "flag", "text": text()})).collect();
    refuses([(json!({"facts": many}), "/facts", "bad_length")]);
}

#[test]
fn rules_ask_for_facts_that_are_declared() {
    let care = json!([{"name": "care", "kind": "word", "words": items(&["day", "night"]), "text": text()}]);
    passes([json!({"facts": care, "value": by_care("care"), "co_payment": by_care("care")})]);
    refuses([
        (json!({"value": by_care("care")}), "/value/cases/fact", "unknown_fact"),
        (json!({"co_payment": by_care("care")}), "/co_payment/cases/fact", "unknown_fact"),
        (
            json!({"public_service": {"client_fee": "1.00", "client_fee_rule": by_care("care"), "basis": text()}}),
            "/public_service/client_fee_rule/cases/fact",
            "unknown_fact",
        ),
        (json!({"value": by_care("item")}), "/value/cases/fact", "unknown_fact"),
        (json!({"items": items(&["night"]), "value": by_care("item")}), "/value/cases/cases/0/is/0", "unknown_word"),
    ]);
    passes([json!({"items": items(&["day", "night"]), "value": by_care("item")})]);
}

#[test]
fn times_and_ceilings_name_items_that_there_are() {
    let ceiling = |items: Value| json!({"amount": "40.00", "items": items});
    let of = |item: &str, amount: &str| json!({"item": item, "amount": amount});
    passes([
        json!({"items": items(&["sunday"]), "value": on_sundays("sunday"), "price_ceiling": ceiling(json!([of("sunday", "80.00")]))}),
    ]);
    refuses([
        (json!({"value": on_sundays("sunday")}), "/value/time_bands/bands/0/item", "unknown_item"),
        (json!({"co_payment": on_sundays("sunday")}), "/co_payment/time_bands/bands/0/item", "unknown_item"),
        (
            json!({"value": {"sum": {"of": [flat("1.00"), on_sundays("sunday")]}}}),
            "/value/sum/of/1/time_bands/bands/0/item",
            "unknown_item",
        ),
        (json!({"items": items(&["sunday", "sunday"])}), "/items/1/code", "duplicate"),
        (json!({"items": items(&["Sunday"])}), "/items/0/code", "bad_name"),
        (json!({"items": items(&["2026"])}), "/items/0/code", "bad_name"),
        (json!({"price_ceiling": {"amount": "0.00"}}), "/price_ceiling/amount", "out_of_range"),
        (
            json!({"price_ceiling": ceiling(json!([of("sunday", "1.00")]))}),
            "/price_ceiling/items/0/item",
            "unknown_item",
        ),
        (
            json!({"items": items(&["sunday"]), "price_ceiling": ceiling(json!([of("sunday", "0.00")]))}),
            "/price_ceiling/items/0/amount",
            "out_of_range",
        ),
        (
            json!({"items": items(&["sunday"]), "price_ceiling": ceiling(json!([of("sunday", "1.00"), of("sunday", "2.00")]))}),
            "/price_ceiling/items/1/item",
            "duplicate",
        ),
    ]);
}

#[test]
fn what_the_organiser_fixes_is_an_amount_for_everyone_at_any_price() {
    let price = json!({"price": {"at_most": "36.00"}});
    let none = json!({"not_eligible": {"reason": "too_rich"}});
    let by_income = |then: Value| {
        json!({"bands": {"fact": "net_income_per_month", "bands": [{"up_to": "900.00", "then": flat("1.00")}],
            "above": then, "missing": flat("1.00")}})
    };
    let fee = |rule: Value| json!({"public_service": {"client_fee": "1.00", "client_fee_rule": rule, "basis": text()}});
    passes([
        json!({"value": price}),
        json!({"value": by_income(none.clone()), "co_payment": by_income(flat("9.00"))}),
        fee(by_income(flat("20.00"))),
    ]);
    refuses([
        (json!({"co_payment": by_income(none.clone())}), "/co_payment/bands/above", "contradiction"),
        (fee(by_income(none)), "/public_service/client_fee_rule/bands/above", "contradiction"),
        (json!({"co_payment": price}), "/co_payment", "contradiction"),
        (fee(price.clone()), "/public_service/client_fee_rule", "contradiction"),
        (
            json!({"value": {"least": {"of": [price]}}, "co_payment": flat("1.00")}),
            "/value/least/of/0",
            "contradiction",
        ),
        (
            json!({"price_ceiling": {"amount": "40.00", "co_payment": "excluded"}}),
            "/price_ceiling/co_payment",
            "contradiction",
        ),
    ]);
    passes([json!({"price_ceiling": {"amount": "40.00", "co_payment": "excluded"}, "co_payment": flat("4.00")})]);
}

#[test]
fn what_is_free_by_law_costs_nothing_and_has_one_value_for_all() {
    let free = |members: Value| {
        let mut all = json!({"free_of_charge": {"source": "734/1992 § 4"}, "public_service": {"client_fee": "0.00", "basis": text()}});
        for (name, value) in members.as_object().unwrap() {
            all[name.as_str()] = value.clone();
        }
        all
    };
    let by_income = json!({"bands": {"fact": "net_income_per_month", "bands": [{"up_to": "900.00", "then": flat("1.00")}],
        "above": flat("2.00"), "missing": flat("3.00")}});
    passes([
        free(json!({})),
        free(json!({"co_payment": flat("0.00")})),
        free(json!({"items": items(&["sunday"]), "value": on_sundays("sunday")})),
        free(json!({"items": items(&["day", "night"]), "value": by_care("item")})),
    ]);
    refuses([
        (free(json!({"free_of_charge": {"source": " "}})), "/free_of_charge/source", "bad_length"),
        (
            free(json!({"public_service": {"client_fee": "1.00", "basis": text()}})),
            "/public_service/client_fee",
            "contradiction",
        ),
        (
            free(json!({"public_service": {"client_fee": "0.00", "client_fee_rule": flat("1.00"), "basis": text()}})),
            "/public_service/client_fee_rule",
            "contradiction",
        ),
        (free(json!({"co_payment": flat("0.01")})), "/co_payment", "contradiction"),
        (free(json!({"value": by_income})), "/free_of_charge", "contradiction"),
        (free(json!({"value": by_care("care")})), "/value/cases/fact", "unknown_fact"),
    ]);
}

#[test]
fn the_value_without_facts_is_the_one_that_everyone_is_quoted() {
    let value = |members: Value| with(members).value_without_facts().map(|value| value.to_string());
    assert_eq!(value(json!({})).as_deref(), Some("36.00"));
    assert_eq!(value(json!({"value": on_sundays("sunday")})).as_deref(), Some("36.00"));
    assert_eq!(value(json!({"value": {"price": {"at_most": "9.00"}}})).as_deref(), Some("9.00"));
    assert_eq!(value(json!({"items": items(&["day"]), "value": by_care("item")})).as_deref(), Some("3.00"));
    assert_eq!(value(json!({"value": by_care("care")})), None);
    assert_eq!(
        value(json!({"value": {"individual": {"minimum": "1.00", "maximum": "2.00", "missing": flat("1.00")}}})),
        None
    );
    assert_eq!(value(json!({"value": {"not_eligible": {"reason": "none"}}})), None);
}

#[test]
fn prices_by_the_day_go_with_vouchers_by_the_month() {
    refuses([(json!({"price_unit": "hour"}), "/price_unit", "contradiction")]);
    let by_day = with(json!({"price_unit": "day"}));
    assert_eq!(by_day.check_for(Unit::Month), []);
    for unit in Unit::ALL.into_iter().filter(|unit| *unit != Unit::Month) {
        let faults = by_day.check_for(unit);
        assert_eq!((faults.len(), faults[0].pointer.as_str(), faults[0].code), (1, "/price_unit", "contradiction"));
        assert_eq!(with(json!({})).check_for(unit), []);
    }
}

#[test]
fn what_is_granted_and_its_time_limits_are_in_order() {
    let grant = |members: Value| {
        let mut grant = json!({"per": "month", "quantity_max": "40", "validity_days_max": 365});
        for (name, value) in members.as_object().unwrap() {
            grant[name.as_str()] = value.clone();
        }
        json!({"grant": grant})
    };
    passes([
        grant(json!({"measure": "money", "quantity_max": "114.50", "per": "quarter", "unused": "carries_over"})),
        grant(json!({"per": "voucher", "measure": "money"})),
        grant(json!({"quantity_max": "0.2525"})),
    ]);
    refuses([
        (grant(json!({"quantity_max": "0"})), "/grant/quantity_max", "out_of_range"),
        (grant(json!({"measure": "money", "quantity_max": "114.505"})), "/grant/quantity_max", "too_precise"),
        (grant(json!({"per": "voucher", "unused": "carries_over"})), "/grant/unused", "contradiction"),
        (grant(json!({"validity_days_max": 0})), "/grant/validity_days_max", "out_of_range"),
        (grant(json!({"validity_days_max": 1831})), "/grant/validity_days_max", "out_of_range"),
        (grant(json!({"retroactive_days_max": 367})), "/grant/retroactive_days_max", "out_of_range"),
        (grant(json!({"expiry_remind_days": 367})), "/grant/expiry_remind_days", "out_of_range"),
        (
            json!({"accounting": {"municipalities": [
                {"municipality": "609", "accounting_code": "a"}, {"municipality": "609", "accounting_code": "b"},
            ]}}),
            "/accounting/municipalities/1/municipality",
            "duplicate",
        ),
        (json!({"recording": {"days_after_month": 0}}), "/recording/days_after_month", "out_of_range"),
        (json!({"recording": {"days_after_month": 367}}), "/recording/days_after_month", "out_of_range"),
    ]);
}

#[test]
fn criteria_ask_for_facts_of_their_own_kind_and_share_no_code() {
    let criterion = |code: &str, fact: &str, word: &str| json!({"code": code, "met_if": {"one_of": {"fact": fact, "words": [word]}}, "text": text(), "source": "§ 3"});
    let facts = json!([
        {"name": "alone", "kind": "flag", "text": text()},
        {"name": "urgent", "kind": "flag", "given": "with_service", "text": text()},
    ]);
    let eligibility = |members: Value| json!({"facts": facts, "eligibility": members});
    passes([eligibility(json!({
        "client": [criterion("alone", "alone", "true")],
        "unit": [criterion("private", "sector", "company")],
        "offering": [criterion("open", "accepts_new_clients", "true")],
    }))]);
    let met_if = "met_if/one_of/fact";
    refuses([
        (
            eligibility(json!({"client": [criterion("urgent", "urgent", "true")]})),
            &format!("/eligibility/client/0/{met_if}"),
            "given_with_service",
        ),
        (
            eligibility(json!({"client": [criterion("private", "sector", "ngo")]})),
            &format!("/eligibility/client/0/{met_if}"),
            "unknown_fact",
        ),
        (
            eligibility(json!({"unit": [criterion("alone", "alone", "true")]})),
            &format!("/eligibility/unit/0/{met_if}"),
            "unknown_fact",
        ),
        (
            eligibility(json!({"unit": [criterion("speaks", "client_language", "fi")]})),
            &format!("/eligibility/unit/0/{met_if}"),
            "unknown_fact",
        ),
        (
            eligibility(json!({
                "client": [criterion("it", "alone", "true")], "offering": [criterion("it", "step_free", "true")],
            })),
            "/eligibility/offering/0/code",
            "duplicate",
        ),
    ]);
}

#[test]
fn requirements_clauses_and_texts_are_whole() {
    let requirement =
        |code: &str, source: &str| json!({"code": code, "text": text(), "source": source, "expires": false});
    let clause = |code: &str, source: &str| json!({"code": code, "text": text(), "source": source});
    let long = "x".repeat(301);
    refuses([
        (
            json!({"requirements": [requirement("a", "§ 5"), requirement("a", "§ 5")]}),
            "/requirements/1/code",
            "duplicate",
        ),
        (json!({"requirements": [requirement("A", "§ 5")]}), "/requirements/0/code", "bad_name"),
        (json!({"requirements": [requirement("a", &long)]}), "/requirements/0/source", "bad_length"),
        (json!({"clauses": [clause("a", "§ 5"), clause("a", "§ 5")]}), "/clauses/1/code", "duplicate"),
        (json!({"clauses": [clause("a", "")]}), "/clauses/0/source", "bad_length"),
        (json!({"sources": ["a", long]}), "/sources/1", "bad_length"),
        (json!({"sources": vec!["a"; 21]}), "/sources", "bad_length"),
    ]);
    let mut texts = plain()["texts"].clone();
    texts["appeal"]["en"] = json!("x".repeat(4_001));
    refuses([(json!({"texts": texts}), "/texts/appeal/en", "bad_length")]);
}

fn requirement(code: &str, members: Value) -> Value {
    let mut requirement = json!({"code": code, "text": text(), "source": "s", "expires": false});
    requirement.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    requirement
}

#[test]
fn requirements_ask_for_one_kind_of_evidence_once() {
    let two = |kind: &str| {
        let of = |code| requirement(code, json!({"kind": kind}));
        json!({"requirements": [of("a"), of("b")]})
    };
    let one = |members: Value| json!({"requirements": [requirement("a", members)]});
    refuses([
        (two("soteri"), "/requirements/1/kind", "duplicate"),
        (one(json!({"kind": "tax_certificate", "services": ["care"]})), "/requirements/0/services", "contradiction"),
        (one(json!({"kind": "soteri", "services": ["Home care"]})), "/requirements/0/services/0", "bad_name"),
        (one(json!({"kind": "soteri", "services": ["a", "a"]})), "/requirements/0/services/1", "duplicate"),
        (one(json!({"issued_within_months": 0})), "/requirements/0/issued_within_months", "out_of_range"),
        (one(json!({"issued_within_months": 121})), "/requirements/0/issued_within_months", "out_of_range"),
    ]);
    passes([
        two("other"),
        two("staff_competence"),
        one(json!({"kind": "soteri"})),
        one(json!({"kind": "soteri", "services": ["home_care", "70"], "issued_within_months": 120})),
    ]);
}

#[test]
fn changes_of_prices_choosing_and_supervision_keep_to_their_ranges() {
    let change = |terms: Value| json!({"price_changes": terms});
    let choosing = |terms: Value| json!({"choosing": terms});
    let supervision = |terms: Value| json!({"supervision": terms});
    refuses([
        (change(json!({"raises_per_year": 13})), "/price_changes/raises_per_year", "out_of_range"),
        (change(json!({"notice_days": 367})), "/price_changes/notice_days", "out_of_range"),
        (change(json!({"days": ["02-29"]})), "/price_changes/days/0", "bad_day"),
        (change(json!({"days": ["01-01", "1-1"]})), "/price_changes/days/1", "bad_day"),
        (change(json!({"days": ["01-01", "01-01"]})), "/price_changes/days/1", "duplicate"),
        (change(json!({"raises_per_year": 0, "days": ["01-01"]})), "/price_changes/days", "contradiction"),
        (change(json!({"raises_per_year": 0, "notice_days": 30})), "/price_changes/notice_days", "contradiction"),
        (choosing(json!({"answer_days": 0})), "/choosing/answer_days", "out_of_range"),
        (choosing(json!({"answer_days": 61})), "/choosing/answer_days", "out_of_range"),
        (choosing(json!({"change_notice_days": 91})), "/choosing/change_notice_days", "out_of_range"),
        (supervision(json!({"hearing_days": 0})), "/supervision/hearing_days", "out_of_range"),
        (supervision(json!({"ladder_months": 121})), "/supervision/ladder_months", "out_of_range"),
        (supervision(json!({"end_notice_days": 367})), "/supervision/end_notice_days", "out_of_range"),
        (supervision(json!({"remind_days": [30, 0]})), "/supervision/remind_days/1", "out_of_range"),
        (supervision(json!({"remind_days": [30, 30]})), "/supervision/remind_days/1", "duplicate"),
        (supervision(json!({"remind_days": [1, 2, 3, 4, 5, 6]})), "/supervision/remind_days", "bad_length"),
    ]);
    passes([
        change(json!({"raises_per_year": 0})),
        change(json!({"raises_per_year": 2, "days": ["01-01", "12-31"], "notice_days": 366, "reason_needed": true})),
        choosing(json!({"answer_days": 60, "change_notice_days": 90})),
        choosing(json!({"answer_days": 1})),
        choosing(json!({})),
        supervision(json!({"hearing_days": 90, "ladder_months": 1, "end_notice_days": 60, "remind_days": []})),
    ]);
}

#[test]
fn faults_of_all_parts_are_told_at_once() {
    let faults = found(json!({
        "value": {"clamp": {"of": by_care("care")}},
        "co_payment": {"number": {"is": "2"}},
        "price_unit": "visit",
        "grant": {"per": "voucher", "unused": "carries_over", "quantity_max": "0", "validity_days_max": 1},
        "sources": [""],
    }));
    let wanted = [
        ("/value/clamp", "no_limits"),
        ("/value/clamp/of/cases/fact", "unknown_fact"),
        ("/co_payment", "not_money"),
        ("/price_unit", "contradiction"),
        ("/grant/quantity_max", "out_of_range"),
        ("/grant/unused", "contradiction"),
        ("/sources/0", "bad_length"),
    ];
    assert_eq!(faults, wanted.map(|(pointer, code)| (pointer.to_owned(), code)));
}
