//! What is not on offer, and each reason why.

use super::*;

/// Home care for those who are served in their language.
fn terms() -> Value {
    let criterion = json!({
        "code": "own_language",
        "met_if": {"in_common": {"fact": "languages", "with": "client_language"}},
        "text": localized("The unit serves in the client's language"),
        "source": "The county's own condition",
    });
    with(home_care_terms(), &json!({"eligibility": {"offering": [criterion]}}))
}

fn measure(scene: &Scene, one: &Offered, step: &str) {
    let approvals = one.provider.user.get("/v1/approvals").ok();
    let path = format!("/v1/approvals/{}/measures", id(&approvals["items"][0]));
    let mut body = json!({"step": step, "grounds": "danger", "reasons": localized("As it was found")});
    if step == "suspension" {
        body["vouchers_in_use"] = json!("may_finish");
    }
    scene.county.officer.post_seen(&path, "*", &body).created();
}

fn mine(resident: &Resident, voucher: &str, query: &str) -> Value {
    resident.user.get(&format!("/v1/vouchers/{voucher}/choices?not_choosable=true&limit=100{query}")).ok()
}

/// The codes by which a single look and a choice of an offering that cannot be chosen say why.
fn told_of_one(resident: &Resident, voucher: &str, offering: &str) -> Vec<String> {
    let shown = resident.user.get(&format!("/v1/vouchers/{voucher}/choices/{offering}")).ok();
    let codes = |of: &Value| -> Vec<String> {
        of.as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
    };
    let unmet = shown["findings"].as_array().unwrap().iter().filter(|finding| finding["standing"] == "not_met");
    assert!(shown["choosable"] == false && unmet.count() > 0 && shown.get("option").is_none(), "{shown}");
    let refused = resident.choose(voucher, offering).refused(422, "not_choosable");
    assert_eq!(codes(&refused.body["errors"]), codes(&shown["reasons"]), "{}", refused.body);
    assert!(refused.body["errors"].as_array().unwrap().iter().all(|error| error["pointer"] == "/offering"));
    codes(&shown["reasons"])
}

#[test]
fn each_reason_is_told_of_what_cannot_be_chosen() {
    let mut scene = Scene::under(&terms());
    let nothing = json!({});
    let mut cancelled = scene.offers(2, "company", &price("36.00"), &nothing, &nothing);
    // What ends on its first day never was.
    scene.world.set_day(scene.world.today().plus_days(1));
    scene.county.renew_tokens();
    cancelled.provider.renew_token();
    measure(&scene, &cancelled, "cancellation");
    let plain = |n: u32, offering: &Value| scene.offers(n, "company", &price("36.00"), &nothing, offering);
    let good = plain(1, &nothing);
    let suspended = plain(3, &nothing);
    measure(&scene, &suspended, "suspension");
    let unpriced = plain(4, &json!({"price_from": scene.day(30)}));
    let full = plain(5, &json!({"accepts_new_clients": false, "price_from": scene.day(30)}));
    let late = plain(6, &json!({"earliest_start": scene.day(60)}));
    let swedish = scene.offers(7, "ngo", &price("36.00"), &json!({"languages": ["sv"]}), &nothing);
    let elsewhere = scene.offers_in(&json!(["684"]), 8, "ngo", &price("36.00"), &nothing, &nothing);
    // Never approved: nobody's business.
    let hidden = Provider::register(&scene.world, 9, "Hidden", "company");
    let unit = scene.unit_of(&hidden, &nothing);
    let _ = scene.offer(&hidden, &unit, &price("36.00"), &nothing);

    let (resident, voucher) = scene.client();
    let list = mine(&resident, &voucher, "");
    let expected = [
        (&cancelled, vec!["not_approved"]),
        (&suspended, vec!["interrupted"]),
        (&unpriced, vec!["no_price"]),
        (&full, vec!["no_price", "not_taking_clients"]),
        (&late, vec!["outside_validity"]),
        (&swedish, vec!["criteria"]),
        (&elsewhere, vec!["not_in_area"]),
    ];
    for (one, codes) in &expected {
        assert_eq!(reasons(&list, &one.offering), *codes, "{list}");
    }
    assert_eq!((&list["total"], refused(&list).len(), list["items"].as_array().unwrap().len()), (&json!(7), 7, 0));
    let choosable = resident.user.get(&format!("/v1/vouchers/{voucher}/choices")).ok();
    assert_eq!(offerings(&choosable), [good.offering.as_str()]);
    assert!(choosable.get("not_choosable").is_none());
    // The single look and the choice itself tell the same.
    resident.accept(&voucher);
    for (one, codes) in &expected {
        assert_eq!(told_of_one(&resident, &voucher, &one.offering), *codes);
    }

    // Of nobody in particular is asked neither language nor municipality; nor has anyone a validity.
    let anonymous = scene.list("&not_choosable=true");
    let mut listed = refused(&anonymous);
    listed.sort();
    let mut expected: Vec<String> = [&cancelled, &suspended, &unpriced, &full].map(|one| one.offering.clone()).to_vec();
    expected.sort();
    assert_eq!(listed, expected);
    let in_pori = scene.list("&not_choosable=true&municipality=609&sector=ngo");
    assert_eq!(reasons(&in_pori, &elsewhere.offering), ["not_in_area"]);

    let criterion = mine(&resident, &voucher, "&sector=ngo&language=sv");
    let of_swedish = criterion["not_choosable"].as_array().unwrap();
    let of_swedish = of_swedish.iter().find(|one| one["offering"] == swedish.offering.as_str()).unwrap();
    assert_eq!(of_swedish["reasons"][0]["criterion"], "own_language");
    let text = of_swedish["reasons"][0]["text"].as_str().unwrap();
    assert!(text.contains("The unit serves in the client's language (fi)"), "{text}");
}

#[test]
fn a_later_rulebook_stands_in_the_way_of_a_price_as_of_its_day() {
    let scene = Scene::new();
    let one = scene.offers(1, "company", &price("36.00"), &json!({}), &json!({}));
    let mut lower = home_care_terms();
    lower["price_ceiling"]["amount"] = json!("35.00");
    scene.county.adopt(&scene.kind.id, &lower, scene.world.today().plus_days(10));
    assert_eq!(offerings(&scene.list(&format!("&day={}", scene.day(9)))), [one.offering.as_str()]);
    let then = scene.list(&format!("&day={}&not_choosable=true", scene.day(10)));
    assert_eq!(reasons(&then, &one.offering), ["price_not_allowed"]);
}

#[test]
fn what_becomes_free_by_law_is_not_free_at_a_higher_price() {
    let scene = Scene::under(&assistance_terms());
    let one = scene.offers(1, "company", &price("21.00"), &json!({}), &json!({}));
    let mut lower = assistance_terms();
    lower["value"] = json!({"flat": {"value": "20.00"}});
    scene.county.adopt(&scene.kind.id, &lower, scene.world.today().plus_days(10));
    let then = scene.list(&format!("&day={}&not_choosable=true", scene.day(10)));
    assert_eq!(reasons(&then, &one.offering), ["not_free"]);
}

/// One rule: the list, the reasons and what is told of a single offering.
#[test]
fn the_list_the_reasons_and_the_single_offering_agree() {
    let scene = Scene::under(&terms());
    let all: Vec<Offered> = (1..=6)
        .map(|n| {
            let languages = if n % 2 == 0 { json!(["sv"]) } else { json!(["fi"]) };
            let offering = json!({"accepts_new_clients": n % 3 != 0});
            scene.offers(n, "ngo", &price("36.00"), &json!({"languages": languages}), &offering)
        })
        .collect();
    let (resident, voucher) = scene.client();
    let listed = offerings(&resident.user.get(&format!("/v1/vouchers/{voucher}/choices")).ok());
    let refused = refused(&mine(&resident, &voucher, ""));
    assert_eq!((listed.len(), refused.len()), (2, 4));
    for one in &all {
        let shown = resident.user.get(&format!("/v1/vouchers/{voucher}/choices/{}", one.offering)).ok();
        assert_eq!(shown["choosable"], listed.contains(&one.offering), "{shown}");
        assert_eq!(shown["choosable"], !refused.contains(&one.offering), "{shown}");
    }
}

#[test]
fn what_cannot_be_chosen_is_paged_in_the_neutral_order() {
    let scene = Scene::new();
    for n in 1..=5 {
        scene.offers(n, "company", &price("36.00"), &json!({}), &json!({"accepts_new_clients": false}));
    }
    let (resident, voucher) = scene.client();
    let whole = refused(&mine(&resident, &voucher, ""));
    assert_eq!(whole.len(), 5);
    assert_eq!(refused(&mine(&resident, &voucher, "")), whole);
    let path = format!("/v1/vouchers/{voucher}/choices?not_choosable=true&limit=2");
    let (mut paged, mut next) = (Vec::new(), path.clone());
    loop {
        let page = resident.user.get(&next).ok();
        assert_eq!((&page["total"], &page["ordered"]["order"]), (&json!(5), &json!("neutral")));
        paged.extend(refused(&page));
        match page["next"].as_str() {
            Some(cursor) => next = format!("{path}&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(paged, whole);
}
