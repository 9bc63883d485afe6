//! Offerings side by side, and the public service beside them.

use super::*;

fn side_by_side(scene: &Scene, offerings: &[&str], more: &Value) -> Answer {
    let body = with(json!({"voucher_type": scene.kind.id, "offerings": offerings}), more);
    scene.world.api.anyone().post("/v1/choices/compare", &body)
}

fn difference<'a>(compared: &'a Value, member: &str) -> Option<&'a Value> {
    compared["differences"].as_array().unwrap().iter().find(|one| one["member"] == member)
}

/// A company, a public unit, and an association that takes nobody.
fn three() -> (Scene, [Offered; 3]) {
    let scene = Scene::new();
    let nothing = json!({});
    let company = scene.offers(1, "company", &price("36.00"), &nothing, &nothing);
    let public = scene.offers(2, "public", &public_price("12.40", "44.70"), &json!({"step_free": null}), &nothing);
    let full = scene.offers(3, "ngo", &price("30.00"), &nothing, &json!({"accepts_new_clients": false}));
    (scene, [company, public, full])
}

#[test]
fn a_voucher_compares_up_to_five_with_the_totals_of_a_month_and_the_public_service() {
    let (scene, [company, public, full]) = three();
    let (resident, voucher) = scene.client();
    let path = format!("/v1/vouchers/{voucher}/choices/compare");
    let named = [&full.offering, &public.offering, &company.offering];
    let compare =
        |offerings: &[&String]| resident.user.post(&path, &json!({"offerings": offerings, "near": "61.4851,21.7974"}));
    let compared = compare(&named).ok();

    // The voucher's neutral order, in whatever order they were named.
    assert_eq!(compared["ordered"]["order"], "neutral");
    let order = offerings(&compared);
    assert_eq!(offerings(&compare(&[&company.offering, &full.offering, &public.offering]).ok()), order);
    let listed = offerings(&resident.user.get(&format!("/v1/vouchers/{voucher}/choices")).ok());
    assert_eq!(order.iter().filter(|one| **one != full.offering).cloned().collect::<Vec<_>>(), listed);

    let item = |offering: &str| {
        compared["items"].as_array().unwrap().iter().find(|item| item["offering"] == offering).unwrap().clone()
    };
    let shares =
        |of: &Value| ["organiser_pays", "client_pays"].map(|name| of[name]["amount"].as_str().unwrap().to_owned());
    let (company_shown, public_shown) = (item(&company.offering), item(&public.offering));
    assert_eq!(shares(&company_shown["option"]["per_unit"]), ["28.45", "7.55"]);
    assert_eq!(shares(&company_shown["option"]["for_quantity"]), ["569.00", "151.00"]);
    assert_eq!(shares(&public_shown["option"]["for_quantity"]), ["0.00", "248.00"]);
    assert_eq!(company_shown["option"]["distance_m"], 0);
    let full_shown = item(&full.offering);
    assert_eq!(
        (full_shown.get("option"), &full_shown["not_choosable"]["reasons"][0]["code"]),
        (None, &json!("not_taking_clients"))
    );

    assert_eq!(
        (&compared["totals"]["basis"], &compared["totals"]["quantity"]),
        (&json!("granted_per_month"), &json!("20"))
    );
    let fee = &compared["public_service"];
    assert_eq!(
        (&fee["client_fee"]["amount"], &fee["client_fee_for_quantity"]["amount"]),
        (&json!("12.40"), &json!("248.00"))
    );

    let ends = |member: &str| {
        let one = difference(&compared, member).unwrap_or_else(|| panic!("{member}: {compared}"));
        (one["lowest"].clone(), one["highest"].clone())
    };
    let (a, b) = (json!([company.offering]), json!([public.offering]));
    assert_eq!(ends("price"), (a.clone(), b.clone()));
    assert_eq!(ends("client_pays"), (a.clone(), b.clone()));
    assert_eq!(ends("organiser_pays_for_quantity"), (b, a));
    assert_eq!(difference(&compared, "step_free").unwrap()["not_known"], json!([public.offering]));
    assert!(difference(&compared, "sector").is_some() && difference(&compared, "choosable").is_some());
    for same in ["municipality", "languages", "modes", "first_day", "distance_m", "queue"] {
        assert_eq!(difference(&compared, same), None, "{compared}");
    }
}

#[test]
fn a_comparison_for_a_voucher_is_noted_and_a_refused_one_is_not() {
    let (scene, [company, ..]) = three();
    let (resident, voucher) = scene.client();
    let path = format!("/v1/vouchers/{voucher}/choices/compare");
    let before = scene.world.audit_rows();
    resident.user.post(&path, &json!({"offerings": [scene.world.unknown_id()]})).refused(404, "not_found");
    assert_eq!(scene.world.audit_rows(), before);
    resident.user.post(&path, &json!({"offerings": [company.offering]})).ok();
    assert_eq!(scene.world.audit_rows(), before + 1);
    let rows = scene.county.auditor.get(&format!("/v1/audit?target={voucher}")).ok();
    assert!(rows.to_string().contains("compare_voucher_offerings"), "{rows}");
}

#[test]
fn anyone_compares_without_a_token_with_an_estimate_and_a_quantity() {
    let (scene, [company, public, full]) = three();
    let named = [company.offering.as_str(), public.offering.as_str(), full.offering.as_str()];
    let plain = side_by_side(&scene, &named, &json!({})).ok();
    assert_eq!((plain.get("value"), &plain["totals"]["basis"]), (None, &json!("not_given")));
    assert!(plain["public_service"].get("client_fee_for_quantity").is_none());
    assert!(difference(&plain, "client_pays").is_none() && difference(&plain, "price").is_some());

    let more = json!({"gross_income": "1650.00", "household": 1, "quantity": "20", "near_municipality": "609"});
    let answer = side_by_side(&scene, &named, &more);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let compared = answer.ok();
    assert_eq!((&compared["value"]["amount"], &compared["totals"]["basis"]), (&json!("28.45"), &json!("given")));
    assert_eq!(compared["public_service"]["client_fee_for_quantity"]["amount"], "248.00");
    let items = compared["items"].as_array().unwrap();
    let of_company = items.iter().find(|item| item["offering"] == company.offering.as_str()).unwrap();
    assert_eq!(of_company["option"]["for_quantity"]["client_pays"]["amount"], "151.00");
    assert!(of_company["option"]["distance_m"].as_u64().is_some());
    // The day's order is the list's.
    let listed = offerings(&scene.list(""));
    let shown = offerings(&compared);
    assert_eq!(shown.iter().filter(|one| **one != full.offering).cloned().collect::<Vec<_>>(), listed);

    let swedish = scene.world.api.anyone().send(
        "POST",
        "/v1/choices/compare",
        &[("Accept-Language", "sv")],
        Some(&json!({"voucher_type": scene.kind.id, "offerings": named, "quantity": "20"}).to_string()),
    );
    assert_eq!(swedish.header("content-language"), Some("sv"));
    let swedish = swedish.ok();
    assert_eq!(swedish["totals"]["text"], "Summorna gäller den mängd som angavs i begäran.");
    assert_eq!(swedish["public_service"]["basis"], "The fee of the public service (sv)");
}

#[test]
fn what_cannot_be_compared_is_refused_with_its_place() {
    let (scene, [company, ..]) = three();
    let (resident, voucher) = scene.client();
    let unknown = scene.world.unknown_id();
    let hidden = Provider::register(&scene.world, 9, "Hidden", "company");
    let unit = scene.unit_of(&hidden, &json!({}));
    let _ = scene.offer(&hidden, &unit, &price("36.00"), &json!({}));
    let six: Vec<String> = (0..6).map(|_| scene.world.unknown_id()).collect();
    let one = company.offering.as_str();
    let yesterday = scene.day(-1);
    let cases = [
        (json!({"offerings": []}), "/offerings", "length"),
        (json!({"offerings": six}), "/offerings", "length"),
        (json!({"offerings": [one, one]}), "/offerings/1", "duplicate"),
        (json!({"offerings": ["x"]}), "/offerings/0", "invalid"),
        (json!({"offerings": [one], "near": "99,1"}), "/near", "out_of_range"),
        (
            json!({"offerings": [one], "near": "61,1", "near_municipality": "609"}),
            "/near_municipality",
            "contradictory",
        ),
        (json!({"offerings": [one], "near_municipality": "998"}), "/near_municipality", "unknown"),
        (json!({"offerings": [one], "day": yesterday}), "/day", "past"),
        (json!({"offerings": [one], "sector": "ngo"}), "/sector", "unknown_field"),
    ];
    for (body, pointer, code) in cases {
        let mine = resident.user.post(&format!("/v1/vouchers/{voucher}/choices/compare"), &body);
        mine.refused(422, "invalid_input").at(pointer, code);
        let anonymous = with(body, &json!({"voucher_type": scene.kind.id}));
        scene
            .world
            .api
            .anyone()
            .post("/v1/choices/compare", &anonymous)
            .refused(422, "invalid_input")
            .at(pointer, code);
    }
    let zero = json!({"quantity": "0"});
    side_by_side(&scene, &[one], &zero).refused(422, "invalid_input").at("/quantity", "zero");
    let other_type = json!({"voucher_type": unknown, "offerings": [one]});
    let refused = scene.world.api.anyone().post("/v1/choices/compare", &other_type);
    refused.refused(404, "not_found").at("/voucher_type", "unknown");
    let strangers = [one, unknown.as_str(), six[0].as_str()];
    let mine = json!({"offerings": strangers});
    let mine = resident.user.post(&format!("/v1/vouchers/{voucher}/choices/compare"), &mine);
    for refused in [mine, side_by_side(&scene, &strangers, &json!({}))] {
        refused.refused(404, "not_found").at("/offerings/1", "unknown").at("/offerings/2", "unknown");
    }
}
