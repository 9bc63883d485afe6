//! Each filter and each order of both lists, and what is counted.

use super::*;

/// Four offerings that differ in everything that can be asked for, in the order of their distance from Pori.
fn market() -> (Scene, [Offered; 4]) {
    let scene = Scene::new();
    let at = |latitude: &str, longitude: &str| json!({"latitude": latitude, "longitude": longitude});
    let nothing = json!({});
    let a = scene.offers(1, "company", &price("40.00"), &json!({"name": "Beta", "modes": ["on_site"]}), &nothing);
    let b = scene.offers(
        2,
        "ngo",
        &price("30.00"),
        &json!({
            "name": "alfa", "municipality": "684", "service_area": [], "coordinates": at("61.128", "21.511"),
            "languages": ["fi"], "step_free": false,
        }),
        &json!({"earliest_start": scene.day(10)}),
    );
    let c = scene.offers(
        3,
        "public",
        &public_price("12.40", "44.70"),
        &json!({"name": "Gamma", "coordinates": at("60.1699", "24.9384"), "languages": ["sv"], "step_free": null}),
        &json!({"earliest_start": scene.day(3), "queue": 4}),
    );
    let d = scene.offers(
        4,
        "company",
        &price("36.00"),
        &json!({"name": "Delta", "coordinates": null, "modes": ["remote", "at_home"], "service_area": []}),
        &nothing,
    );
    (scene, [a, b, c, d])
}

const PORI: &str = "&near=61.4851,21.7974";

/// What is listed for a query, as numbers in the market, in their order.
fn found(list: &Value, market: &[Offered; 4]) -> Vec<usize> {
    let place = |offering: &String| market.iter().position(|one| one.offering == *offering).unwrap();
    offerings(list).iter().map(place).collect()
}

#[test]
fn every_filter_leaves_what_it_names_in_both_lists() {
    let (scene, market) = market();
    let (resident, voucher) = scene.client();
    let (day3, day2) = (format!("&starts_by={}", scene.day(3)), format!("&starts_by={}", scene.day(2)));
    let cases: [(String, &[usize]); 18] = [
        (String::new(), &[0, 1, 2, 3]),
        ("&municipality=684".into(), &[0, 1, 2]),
        ("&municipality=609".into(), &[0, 2, 3]),
        ("&municipality=051".into(), &[]),
        ("&sector=company".into(), &[0, 3]),
        ("&sector=public".into(), &[2]),
        ("&language=sv".into(), &[0, 2, 3]),
        ("&mode=at_home".into(), &[1, 2, 3]),
        ("&mode=remote".into(), &[3]),
        ("&step_free=true".into(), &[0, 3]),
        ("&step_free=false".into(), &[0, 1, 2, 3]),
        (day3, &[0, 2, 3]),
        (day2, &[0, 3]),
        (PORI.into(), &[0, 1, 2, 3]),
        (format!("{PORI}&within_km=1"), &[0]),
        (format!("{PORI}&within_km=50"), &[0, 1]),
        ("&near_municipality=091&within_km=40".into(), &[2]),
        (format!("{PORI}&within_km=50&sector=ngo&language=fi&municipality=684"), &[1]),
    ];
    for (query, expected) in cases {
        let mine = resident.user.get(&format!("/v1/vouchers/{voucher}/choices?limit=100{query}")).ok();
        for list in [scene.list(&query), mine] {
            let mut listed = found(&list, &market);
            listed.sort_unstable();
            assert_eq!(listed, expected, "{query}");
            assert_eq!(list["total"], expected.len(), "{query}");
        }
    }
}

#[test]
fn every_order_is_what_it_says_in_both_lists() {
    let (scene, market) = market();
    let (resident, voucher) = scene.client();
    let by_income = "&gross_income=1650.00&household=1";
    let cases: [(&str, &str, &[usize]); 4] = [
        ("price", "", &[1, 3, 0, 2]),
        ("co_payment", by_income, &[1, 3, 0, 2]),
        ("name", "", &[1, 0, 3, 2]),
        ("distance", PORI, &[0, 1, 2, 3]),
    ];
    for (order, more, expected) in cases {
        let mine = if order == "co_payment" { String::new() } else { more.to_owned() };
        let mine = resident.user.get(&format!("/v1/vouchers/{voucher}/choices?order={order}{mine}")).ok();
        for list in [scene.list(&format!("&order={order}{more}")), mine] {
            assert_eq!(found(&list, &market), expected, "{order}");
            assert_eq!(list["ordered"]["order"], order);
        }
    }
    let by_start = scene.list("&order=earliest_start");
    assert_eq!(found(&by_start, &market)[2..], [2, 1]);
    let days: Vec<&str> =
        by_start["items"].as_array().unwrap().iter().map(|i| i["first_day"].as_str().unwrap()).collect();
    assert_eq!(days, [scene.day(0), scene.day(0), scene.day(3), scene.day(10)]);
}

#[test]
fn distances_are_told_from_a_point_or_from_a_municipalitys_centre() {
    let (scene, market) = market();
    let of = |list: &Value, n: usize| {
        let items = list["items"].as_array().unwrap();
        items.iter().find(|item| item["offering"] == market[n].offering.as_str()).unwrap()["distance_m"].as_u64()
    };
    let near = scene.list(&format!("{PORI}&order=distance"));
    assert_eq!((of(&near, 0), of(&near, 3)), (Some(0), None));
    assert!(of(&near, 1).is_some_and(|metres| (42_000..43_500).contains(&metres)), "{near}");
    let centre = scene.list("&near_municipality=684&order=distance");
    assert!(of(&centre, 1).unwrap() < of(&centre, 0).unwrap(), "{centre}");
    assert!(scene.list("")["items"][0].get("distance_m").is_none());
}

#[test]
fn counts_say_how_many_there_would_be_and_add_up() {
    let (scene, _) = market();
    let (resident, voucher) = scene.client();
    let sum = |counts: &Value| counts.as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum::<u64>();
    for (query, filter) in
        [("", ""), ("&sector=company", "sector"), ("&language=sv", "language"), ("&step_free=true", "")]
    {
        let mine = resident.user.get(&format!("/v1/vouchers/{voucher}/choices?counts=true{query}")).ok();
        for (list, is_mine) in [(scene.list(&format!("{query}&counts=true")), false), (mine, true)] {
            let counts = &list["counts"];
            // Each option has one sector: without the filter by it, there are as many as are counted.
            let without = if filter == "sector" { "" } else { query };
            assert_eq!(json!(sum(&counts["sectors"])), scene.list(without)["total"], "{list}");
            for (name, parameter) in [
                ("sectors", "sector"),
                ("municipalities", "municipality"),
                ("languages", "language"),
                ("modes", "mode"),
            ] {
                for (value, count) in counts[name].as_object().unwrap() {
                    let others = if filter == parameter { "" } else { query };
                    let asked = format!("{others}&{parameter}={value}");
                    let with = if is_mine {
                        resident.user.get(&format!("/v1/vouchers/{voucher}/choices?limit=100{asked}")).ok()
                    } else {
                        scene.list(&asked)
                    };
                    assert_eq!(with["total"], *count, "{query} {asked}");
                }
            }
        }
    }
    assert!(scene.list("").get("counts").is_none());
}

#[test]
fn a_list_of_a_later_day_shows_what_holds_then() {
    let scene = Scene::new();
    let one = scene.offers(1, "company", &price("36.00"), &json!({}), &json!({}));
    let raise = json!({"price": price("38.00"), "from": scene.day(20)});
    one.provider.user.post(&format!("/v1/offerings/{}/prices", one.offering), &raise).created();
    let (resident, voucher) = scene.client();
    for (days, asked) in [(19, "36.00"), (20, "38.00")] {
        let mine = resident.user.get(&format!("/v1/vouchers/{voucher}/choices?day={}", scene.day(days))).ok();
        for list in [scene.list(&format!("&day={}", scene.day(days))), mine] {
            assert_eq!(list["day"], scene.day(days));
            let option = &list["items"][0];
            assert_eq!(
                (&option["price"]["price"]["amount"], &option["first_day"]),
                (&json!(asked), &json!(scene.day(days)))
            );
        }
    }
    assert_eq!(scene.list("")["items"][0]["next_price"]["from"], scene.day(20));
}

#[test]
fn the_anonymous_list_says_what_the_co_payment_does_not_count_towards() {
    let scene = Scene::new();
    let list = scene.list("");
    assert_eq!(list["co_payment_basis"], "The co-payment counts towards no cap (fi)");
    assert_eq!(list["public_client_fee"]["amount"], "12.40");
}
