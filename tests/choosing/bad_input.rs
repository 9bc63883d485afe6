//! What lists and comparisons refuse, each with its place and a word.

use super::*;

#[test]
fn both_lists_refuse_what_makes_no_sense_with_its_place() {
    let scene = Scene::new();
    let (resident, voucher) = scene.client();
    let (yesterday, far) = (scene.day(-1), scene.day(367));
    let cases = [
        ("municipality=60", "/query/municipality", "invalid", "three digits"),
        ("sector=church", "/query/sector", "unknown_value", ""),
        ("language=de", "/query/language", "unknown_value", ""),
        ("mode=boat", "/query/mode", "unknown_value", ""),
        ("step_free=perhaps", "/query/step_free", "invalid", ""),
        ("counts=1", "/query/counts", "invalid", ""),
        ("starts_by=soon", "/query/starts_by", "invalid", ""),
        ("starts_by=2020-01-01", "/query/starts_by", "contradictory", "is before"),
        ("near=61.4851", "/query/near", "invalid", "61.4851,21.7974"),
        ("near=6e1,21", "/query/near", "invalid", ""),
        ("near=61.48511111,21", "/query/near", "invalid", "six decimals"),
        ("near=91,21", "/query/near", "out_of_range", "between -90 and 90"),
        ("near=61,-180.1", "/query/near", "out_of_range", "between -180 and 180"),
        ("near=61,21&near=61,22", "/query/near", "invalid", "once"),
        ("near=61,21&near_municipality=609", "/query/near_municipality", "contradictory", "two places"),
        ("near_municipality=999", "/query/near_municipality", "unknown", "no centre is known"),
        ("near_municipality=6x9", "/query/near_municipality", "invalid", ""),
        ("within_km=10", "/query/within_km", "no_place", "near_municipality"),
        ("near=61,21&within_km=0", "/query/within_km", "range", "between 1 and 200"),
        ("near=61,21&within_km=201", "/query/within_km", "range", "between 1 and 200"),
        ("near=61,21&within_km=-5", "/query/within_km", "invalid", ""),
        ("order=best", "/query/order", "unknown_value", ""),
        ("order=distance", "/query/order", "no_place", "near_municipality"),
        ("order=price&not_choosable=true", "/query/order", "contradictory", "neutral order"),
        ("counts=true&not_choosable=true", "/query/counts", "contradictory", ""),
        ("limit=0", "/query/limit", "range", "between 1 and 100"),
        ("limit=101", "/query/limit", "range", "between 1 and 100"),
        ("cursor=abc", "/query/cursor", "invalid", "same list"),
        ("best_first=true", "/query/best_first", "unknown_field", ""),
        (&format!("day={yesterday}"), "/query/day", "past", &yesterday.replace(&scene.day(-1), &scene.day(0))),
        (&format!("day={far}"), "/query/day", "too_late", "366 days"),
    ];
    for (query, pointer, code, words) in cases {
        scene.ask(&format!("&{query}")).refused(422, "invalid_input").at(pointer, code).saying(words);
        let mine = resident.user.get(&format!("/v1/vouchers/{voucher}/choices?{query}"));
        mine.refused(422, "invalid_input").at(pointer, code).saying(words);
    }
    // All at once, where each is told by itself.
    let many = scene.ask("&within_km=500&near_municipality=1&municipality=1&limit=0").refused(422, "invalid_input");
    for pointer in ["/query/within_km", "/query/near_municipality", "/query/municipality", "/query/limit"] {
        assert!(many.errors().iter().any(|(at, _)| at == pointer), "{pointer}: {:?}", many.errors());
    }
}

#[test]
fn what_is_unknown_or_another_s_is_not_found() {
    let scene = Scene::new();
    let (_, voucher) = scene.client();
    let stranger = scene.county.client();
    let compared = json!({"offerings": [scene.world.unknown_id()]});
    for (user, voucher) in [(&stranger.user, voucher), (&stranger.user, scene.world.unknown_id())] {
        user.get(&format!("/v1/vouchers/{voucher}/choices?not_choosable=true")).refused(404, "not_found");
        user.post(&format!("/v1/vouchers/{voucher}/choices/compare"), &compared).refused(404, "not_found");
    }
    let anyone = scene.world.api.anyone();
    let unknown = scene.world.unknown_id();
    anyone.get(&format!("/v1/choices?voucher_type={unknown}")).refused(404, "not_found");
    anyone.get("/v1/choices").refused(422, "invalid_input").at("/query/voucher_type", "missing_field");
}

#[test]
fn a_day_is_within_the_vouchers_validity_and_not_before_the_first_day_of_a_choice() {
    let scene = Scene::new();
    let one = scene.offers(1, "company", &price("36.00"), &json!({}), &json!({}));
    let (resident, voucher) = scene.client();
    let of = |days: i64| resident.user.get(&format!("/v1/vouchers/{voucher}/choices?day={}", scene.day(days)));
    assert_eq!(of(49).ok()["total"], 1);
    of(50).refused(422, "invalid_input").at("/query/day", "outside_validity").saying(&scene.day(49));
    resident.accept(&voucher);
    resident.choose(&voucher, &one.offering).ok();
    one.provider.record(&voucher, "1").created();
    // Services are being delivered: another choice begins tomorrow.
    of(0).refused(422, "invalid_input").at("/query/day", "too_early").saying(&scene.day(1));
    assert_eq!(of(1).ok()["total"], 1);
}

#[test]
fn a_cursor_of_another_query_is_refused() {
    let scene = Scene::new();
    for n in 1..=3 {
        scene.offers(n, "company", &price(&format!("3{n}.00")), &json!({}), &json!({}));
    }
    let (resident, voucher) = scene.client();
    let near = "&near=61,21&order=distance";
    let first = scene.list(&format!("{near}&limit=1"));
    let cursor = first["next"].as_str().unwrap();
    assert_eq!(
        scene.list(&format!("{near}&limit=2&counts=true&cursor={cursor}"))["items"].as_array().unwrap().len(),
        2
    );
    for other in [
        "",
        "&order=price",
        "&near=61,22&order=distance",
        "&near=61,21",
        "&near=61,21&within_km=200&order=distance",
        "&near=61,21&order=distance&sector=company",
        "&near=61,21&order=distance&step_free=true",
        &format!("&near=61,21&order=distance&day={}", scene.day(1)),
        "&not_choosable=true",
    ] {
        let refused = scene.ask(&format!("{other}&cursor={cursor}")).refused(422, "invalid_input");
        refused.at("/query/cursor", "invalid").saying("same filters");
    }
    let of_mine = format!("/v1/vouchers/{voucher}/choices?near=61,21&order=distance&cursor={cursor}");
    resident.user.get(&of_mine).refused(422, "invalid_input").at("/query/cursor", "invalid");
}

/// What a list shows is sent back as it stands; what is not of that form is told of where it stands.
#[test]
fn the_price_that_was_shown_is_sent_back_as_it_was_shown() {
    let scene = Scene::new();
    for (n, sector, asked) in [(1, "company", price("36.00")), (2, "public", public_price("12.40", "44.70"))] {
        scene.offers(n, sector, &asked, &json!({}), &json!({}));
    }
    let (resident, voucher) = scene.client();
    resident.accept(&voucher);
    let choice = format!("/v1/vouchers/{voucher}/choice");
    let list = resident.user.get(&format!("/v1/vouchers/{voucher}/choices?order=name")).ok();
    let items = list["items"].as_array().unwrap();
    for item in items {
        let chosen = resident.user.put(&choice, &json!({"offering": item["offering"], "price": item["price"]})).ok();
        assert_eq!(chosen["choice"]["price"], item["price"]);
    }
    let voucher_price = |amount: Value| json!({"charging": "voucher", "price": amount});
    let shown = |amount: &str, currency: &str| json!({"amount": amount, "currency": currency});
    let cases = [
        (voucher_price(shown("36.00", "SEK")), 422, "/price/price/currency"),
        (voucher_price(shown("36,00", "EUR")), 422, "/price/price"),
        (voucher_price(json!(36)), 422, "/price/price"),
        (
            with(voucher_price(json!("36.00")), &json!({"items": {"a": shown("1.00", "SEK")}})),
            422,
            "/price/items/a/currency",
        ),
        (with(voucher_price(json!("36.00")), &json!({"unit_cost": "1.00"})), 422, "/price"),
        (json!({"charging": "client_fee", "client_fee": "12.40"}), 422, "/price"),
        (with(voucher_price(json!("36.00")), &json!({"discount": "1.00"})), 422, "/price/discount"),
        (voucher_price(shown("35.99", "EUR")), 409, "/price"),
    ];
    for (price, status, pointer) in cases {
        let body = json!({"offering": items[0]["offering"], "price": price});
        let answer = resident.user.put(&choice, &body);
        assert_eq!((answer.status, &answer.body["errors"][0]["pointer"]), (status, &json!(pointer)), "{}", answer.text);
    }
    let as_text = json!({"offering": items[0]["offering"], "price": voucher_price(json!("36.00"))});
    resident.user.put(&choice, &as_text).ok();
}
