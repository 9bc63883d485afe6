//! What a draft would change, computed over a county's own services, vouchers and offerings: to the cent, and without
//! telling of single clients.

use serde_json::{Value, json};

use crate::support::{
    Answer, County, Provider, User, VoucherType, World, home_care_terms, localized, price, public_price, terms_with,
};

/// Care at a flat 30 € an hour, at prices up to 48 €.
fn terms(value: &str, ceiling: &str) -> Value {
    terms_with(&json!({"value": {"flat": {"value": value}}, "price_ceiling": {"amount": ceiling}}))
}

/// A county with a company at 42 €, an association at 36 € and a public unit.
struct Scene {
    world: World,
    county: County,
    care: VoucherType,
    providers: [(Provider, String); 3],
}

impl Scene {
    fn set() -> Self {
        let world = World::start();
        let county = County::found(&world);
        let care = county.publish("care", "hour", &terms("30.00", "48.00"));
        let providers = [
            Provider::approved(&county, 1, "company", &care, &price("42.00")),
            Provider::approved(&county, 2, "ngo", &care, &price("36.00")),
            Provider::approved(&county, 3, "public", &care, &public_price("12.40", "58.00")),
        ];
        Self { world, county, care, providers }
    }

    /// So many clients of a provider, each of whom is served for so long.
    fn serve(&self, provider: usize, clients: usize, hours: &str) {
        let (provider, offering) = &self.providers[provider];
        for _ in 0..clients {
            let voucher = self.county.chosen_voucher(&self.county.client(), &self.care, "20", offering);
            provider.record(voucher["id"].as_str().unwrap(), hours).created();
        }
    }

    fn draft(&self, terms: &Value) -> String {
        self.county.draft_rulebook(&self.care.id, terms)
    }

    fn impact(&self, rulebook: &str) -> Value {
        simulate(&self.county.officer, rulebook, &json!({})).ok()
    }
}

fn simulate(user: &User, rulebook: &str, body: &Value) -> Answer {
    user.send("POST", &format!("/v1/rulebooks/{rulebook}/impact"), &[], Some(&body.to_string()))
}

/// Before and after.
fn pair(figure: &Value) -> (&str, &str) {
    let amount = |when: &str| figure[when]["amount"].as_str().unwrap_or_else(|| panic!("{figure}"));
    (amount("before"), amount("after"))
}

fn of<'a>(impact: &'a Value, sector: &str) -> &'a Value {
    impact["sectors"].as_array().unwrap().iter().find(|row| row["sector"] == sector).unwrap()
}

#[test]
fn who_gains_who_loses_and_what_it_costs_is_told_to_the_cent() {
    let scene = Scene::set();
    scene.serve(0, 6, "2");
    scene.serve(1, 6, "1");
    scene.serve(2, 5, "1");
    let before = scene.world.audit_rows();
    let impact = scene.impact(&scene.draft(&terms("34.00", "40.00")));
    // 2 h: 84.00, of which 60.00 + 24.00; at the new ceiling 80.00, of which 68.00 + 12.00.
    let company = of(&impact, "company");
    assert_eq!(
        (&company["clients"], &company["events"], &company["events_over_ceiling"]),
        (&json!(6), &json!(6), &json!(6))
    );
    assert_eq!(pair(&company["organiser_cost"]), ("360.00", "408.00"));
    assert_eq!(pair(&company["client_pays"]), ("144.00", "72.00"));
    // 1 h: 36.00, of which 30.00 + 6.00; then 34.00 + 2.00.
    let ngo = of(&impact, "ngo");
    assert_eq!(pair(&ngo["organiser_cost"]), ("180.00", "204.00"));
    assert_eq!((pair(&ngo["client_pays"]), &ngo["events_over_ceiling"]), (("36.00", "12.00"), &json!(0)));
    let public = of(&impact, "public");
    assert_eq!((pair(&public["client_pays"]), pair(&public["organiser_cost"])), (("62.00", "62.00"), ("0.00", "0.00")));
    let total = &impact["total"];
    assert_eq!(pair(&total["organiser_cost"]), ("540.00", "612.00"));
    assert_eq!(pair(&total["client_pays"]), ("242.00", "146.00"));
    assert_eq!((&total["gain"], &total["unchanged"], &total["lose"]), (&json!(12), &json!(5), &json!(0)));
    let changes: Vec<u64> =
        total["changes"].as_array().unwrap().iter().map(|b| b["clients"].as_u64().unwrap()).collect();
    assert_eq!(changes, [0, 0, 6, 6, 5, 0, 0, 0, 0]);
    assert_eq!(total["changes"][2]["from"]["amount"], "-50.00");
    assert_eq!(total["suppressed"], false);
    let vouchers = &impact["vouchers"];
    assert_eq!((&vouchers["live"], &vouchers["rise"], &vouchers["fall"]), (&json!(17), &json!(17), &json!(0)));
    assert_eq!(impact["offerings"]["by_sector"], json!({"public": 0, "company": 1, "ngo": 0}));
    let offering = &impact["offerings"]["items"][0];
    assert_eq!(
        (&offering["offering"], &offering["code"]),
        (&json!(scene.providers[0].1), &json!("price_over_ceiling"))
    );
    assert_eq!(impact["clients_without_provider"], json!({"count": 0, "suppressed": false}));
    assert_eq!((&impact["left_out"], &impact["purse_ran_out"]["count"]), (&json!([]), &json!(0)));
    // Nothing has changed but that it is on record: the draft and the look at it.
    assert_eq!(scene.world.audit_rows(), before + 2);
    scene.world.ledger_balances();
}

#[test]
fn the_rulebook_in_force_changes_nothing() {
    let scene = Scene::set();
    scene.serve(0, 5, "1.25");
    let impact = scene.impact(&scene.care.rulebook);
    let total = &impact["total"];
    for figure in [&total["organiser_cost"], &total["client_pays"]] {
        let (before, after) = pair(figure);
        assert_eq!(before, after);
    }
    assert_eq!((&total["unchanged"], &impact["vouchers"]["unchanged"]), (&json!(5), &json!(5)));
    assert_eq!(impact["offerings"]["total"], 0);
}

#[test]
fn few_clients_are_kept_back_and_so_is_what_they_would_follow_from() {
    let scene = Scene::set();
    scene.serve(0, 7, "1");
    scene.serve(1, 2, "1");
    let impact = scene.impact(&scene.draft(&terms("34.00", "48.00")));
    for sector in ["company", "ngo"] {
        let row = of(&impact, sector);
        assert_eq!(row["suppressed"], true, "{row}");
        for figure in ["clients", "events", "organiser_cost", "client_pays"] {
            assert!(row[figure].is_null(), "{sector} {figure}: {row}");
        }
        let told = |figure: &Value| !figure.is_null();
        let changes = row["changes"].as_array().unwrap();
        assert!(!["gain", "unchanged", "lose"].map(|figure| &row[figure]).into_iter().any(told), "{row}");
        assert!(!changes.iter().any(|bucket| told(&bucket["clients"])), "{row}");
    }
    let total = &impact["total"];
    assert_eq!((&total["clients"], &total["gain"]), (&json!(9), &json!(9)));
    // 7 × (12.00 → 8.00) and 2 × (6.00 → 2.00).
    assert_eq!(pair(&total["client_pays"]), ("96.00", "60.00"));
}

#[test]
fn clients_who_would_have_nowhere_to_go_are_counted() {
    let scene = Scene::set();
    scene.serve(0, 5, "1");
    let draft = scene.draft(&terms("30.00", "20.00"));
    // The public unit has no price that a ceiling could refuse.
    assert_eq!(scene.impact(&draft)["clients_without_provider"]["count"], 0);
    let mut in_english = terms("30.00", "48.00");
    in_english["eligibility"] = json!({"offering": [{
        "code": "english",
        "met_if": {"one_of": {"fact": "languages", "words": ["en"]}},
        "text": localized("The unit serves in English"),
        "source": "Own condition",
    }]});
    let impact = scene.impact(&scene.draft(&in_english));
    assert_eq!(impact["clients_without_provider"], json!({"count": 5, "suppressed": false}));
}

#[test]
fn services_that_a_draft_cannot_value_are_told_by_reason() {
    let scene = Scene::set();
    scene.serve(0, 5, "1");
    let by_time = terms_with(&json!({"value": {"time_bands": {
        "bands": [{"on": ["sunday"], "from": "18:00", "then": {"flat": {"value": "60.00"}}}],
        "otherwise": {"flat": {"value": "30.00"}},
        "missing": {"flat": {"value": "30.00"}},
    }}}));
    let impact = scene.impact(&scene.draft(&by_time));
    assert_eq!(impact["left_out"], json!([{"reason": "time_missing", "events": 5, "suppressed": false}]));
    assert_eq!(impact["total"]["events"], 0);
}

#[test]
fn asked_for_lines_it_tells_how_far_it_is_and_ends_with_the_same_result() {
    let scene = Scene::set();
    scene.serve(1, 5, "1");
    let draft = scene.draft(&terms("34.00", "48.00"));
    let path = format!("/v1/rulebooks/{draft}/impact");
    let answer = scene.county.officer.send("POST", &path, &[("Accept", "application/x-ndjson")], Some("{}"));
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-ndjson")));
    let lines: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, news) = lines.split_last().unwrap();
    assert_eq!(last["result"], scene.impact(&draft));
    assert!(news.contains(&json!({"progress": {"done": 5, "of": 5, "what": "events"}})), "{news:?}");
    assert!(news.contains(&json!({"progress": {"done": 5, "of": 5, "what": "vouchers"}})), "{news:?}");
}

#[test]
fn only_the_organisers_own_officers_are_told() {
    let scene = Scene::set();
    let other = County::found_as(&scene.world, 1, &[("743", "Seinäjoki", "Seinäjoki")]);
    let draft = scene.draft(&home_care_terms());
    simulate(&scene.world.api.anyone(), &draft, &json!({})).refused(401, "unauthenticated");
    simulate(&other.officer, &draft, &json!({})).refused(404, "not_found");
    simulate(&scene.county.case_worker, &draft, &json!({})).refused(403, "forbidden");
    simulate(&scene.county.officer, &scene.world.unknown_id(), &json!({})).refused(404, "not_found");
    let today = scene.world.today();
    for day in [today.plus_days(1), today.plus_days(-731)] {
        let body = json!({"events_from": day.to_string()});
        let refused = simulate(&scene.county.officer, &draft, &body).refused(422, "invalid_input");
        refused.at("/events_from", "out_of_range");
    }
    simulate(&scene.county.officer, &draft, &json!({"from": "2026-01-01"}))
        .refused(422, "invalid_input")
        .at("/from", "unknown_field");
    let seen = scene.county.auditor.get(&format!("/v1/audit?target={draft}")).ok();
    let simulated = seen["items"].as_array().unwrap().iter().filter(|row| row["action"] == "simulate_impact");
    assert_eq!(simulated.count(), 0, "what was refused is not on record");
    scene.impact(&draft);
    let seen = scene.county.auditor.get(&format!("/v1/audit?target={draft}")).ok();
    assert!(seen["items"].as_array().unwrap().iter().any(|row| row["action"] == "simulate_impact"), "{seen}");
}
