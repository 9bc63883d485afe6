//! Every list that was shown for a voucher is noted, and an auditor makes it again: the same options in the same order,
//! whatever has become of the registry, the rulebook and the client since.

use serde_json::{Value, json};
use valinta_persistence::DatabaseUrl;

use super::{Scene, id, offerings, refused};
use crate::support::{County, User, home_care_terms, price};

/// The lists that were shown for a voucher, first one first, each made again.
fn replayed(auditor: &User, voucher: &str) -> Vec<Value> {
    let shown = auditor.get(&format!("/v1/vouchers/{voucher}/shown-lists?limit=100")).ok();
    let mut lists: Vec<Value> = shown["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|list| auditor.get(&format!("/v1/shown-lists/{}", id(list))).ok())
        .collect();
    lists.reverse();
    lists
}

fn strings(of: &Value) -> Vec<String> {
    of.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

#[test]
fn whatever_was_shown_comes_out_the_same_again_after_the_registry_has_changed() {
    let mut scene = Scene::new();
    let offered: Vec<_> = (1..=6)
        .map(|n| {
            let sector = if n % 2 == 0 { "company" } else { "ngo" };
            let asked = price(&format!("{}.00", 35 + n));
            scene.offers(n, sector, &asked, &json!({}), &json!({"accepts_new_clients": n != 6}))
        })
        .collect();
    let (resident, voucher) = scene.client();
    let path = format!("/v1/vouchers/{voucher}/choices");
    let mut expected = Vec::new();
    let mut page = resident.user.get(&format!("{path}?limit=3")).ok();
    expected.push(offerings(&page));
    let next = page["next"].as_str().unwrap().to_owned();
    page = resident.user.get(&format!("{path}?limit=3&cursor={next}")).ok();
    expected.push(offerings(&page));
    for query in ["?order=price", "?order=co_payment&sector=ngo", "?order=name", "?near=61.4851,21.7974&order=distance"]
    {
        expected.push(offerings(&resident.user.get(&format!("{path}{query}")).ok()));
    }
    expected.push(refused(&resident.user.get(&format!("{path}?not_choosable=true")).ok()));
    let two = json!({"offerings": [offered[0].offering, offered[5].offering]});
    let compared = resident.user.post(&format!("{path}/compare"), &two).ok();
    expected.push(offerings(&compared));
    assert_eq!(expected[0].len() + expected[1].len(), 5);
    assert_eq!(expected[6], [offered[5].offering.clone()]);

    // All that can change, changes: prices, whether clients are taken, approval, and the rulebook from tomorrow on.
    let prices = format!("/v1/offerings/{}/prices", offered[0].offering);
    offered[0].provider.user.post(&prices, &json!({"price": price("30.00"), "from": scene.day(0)})).created();
    scene.offers(7, "company", &price("34.00"), &json!({}), &json!({}));
    let mut terms = home_care_terms();
    terms["price_ceiling"] = json!({"amount": "36.50"});
    scene.county.adopt(&scene.kind.id, &terms, scene.world.today().plus_days(1));
    scene.world.set_day(scene.world.today().plus_days(2));
    scene.county.renew_tokens();
    let lists = replayed(&scene.county.auditor, &voucher);
    assert_eq!(lists.len(), expected.len(), "each page is noted once");
    for (list, expected) in lists.iter().zip(&expected) {
        assert_eq!(list["is_same"], true, "{list}");
        assert_eq!(&strings(&list["shown"]["offerings"]), expected);
        assert_eq!(list["again"]["offerings"], list["shown"]["offerings"]);
        assert_eq!(list["shown"]["rule"], "lot-2");
        assert_eq!(list["shown"]["shown_as"], "resident");
    }
    let now = scene.county.case_worker.get(&format!("{path}?limit=3")).ok();
    assert_ne!(offerings(&now), expected[0], "the present list is another one");
}

#[test]
fn a_list_that_is_not_what_the_rules_make_of_the_registry_is_told_from_one_that_is() {
    let scene = Scene::new();
    for n in 1..=4 {
        scene.offers(n, "company", &price("36.00"), &json!({}), &json!({}));
    }
    let (resident, voucher) = scene.client();
    resident.user.get(&format!("/v1/vouchers/{voucher}/choices")).ok();
    assert_eq!(replayed(&scene.county.auditor, &voucher)[0]["is_same"], true);
    // Somebody who can write to the table pretends that one was not shown, or another order.
    scene.world.tamper(match scene.world.database.url() {
        DatabaseUrl::Postgres(_) => "ALTER TABLE shown_lists DISABLE TRIGGER USER",
        DatabaseUrl::Sqlite(_) => "DROP TRIGGER shown_lists_no_update",
    });
    scene.world.tamper("UPDATE shown_lists SET total = 3");
    assert_eq!(replayed(&scene.county.auditor, &voucher)[0]["is_same"], false);
    scene.world.tamper("UPDATE shown_lists SET total = 4");
    assert_eq!(replayed(&scene.county.auditor, &voucher)[0]["is_same"], true);
    scene.world.tamper(match scene.world.database.url() {
        DatabaseUrl::Postgres(_) => {
            "UPDATE shown_lists SET offerings = substr(offerings, 17) || substr(offerings, 1, 16)"
        }
        DatabaseUrl::Sqlite(_) => {
            "UPDATE shown_lists SET offerings = CAST(substr(offerings, 17) || substr(offerings, 1, 16) AS BLOB)"
        }
    });
    let moved = &replayed(&scene.county.auditor, &voucher)[0];
    assert_eq!(
        (&moved["is_same"], &moved["again"]["total"]),
        (&json!(false), &json!(4)),
        "the first was moved to the end"
    );
}

#[test]
fn a_list_that_was_drawn_by_another_key_is_not_made_again_and_says_so() {
    let scene = Scene::new();
    scene.offers(1, "company", &price("36.00"), &json!({}), &json!({}));
    let (resident, voucher) = scene.client();
    let path = format!("/v1/vouchers/{voucher}/choices");
    resident.user.get(&path).ok();
    let shown = scene.county.auditor.get(&format!("/v1/vouchers/{voucher}/shown-lists")).ok();
    let one = format!("/v1/shown-lists/{}", id(&shown["items"][0]));
    assert_eq!(scene.county.auditor.get(&one).ok()["shown"]["asked"]["drawn_by"].as_str().unwrap().len(), 16);
    scene.world.tamper(match scene.world.database.url() {
        DatabaseUrl::Postgres(_) => "ALTER TABLE shown_lists DISABLE TRIGGER USER",
        DatabaseUrl::Sqlite(_) => "DROP TRIGGER shown_lists_no_update",
    });
    scene.world.tamper("UPDATE shown_lists SET rule = 'lot-0'");
    scene.county.auditor.get(&one).refused(409, "wrong_state");
}

#[test]
fn what_is_refused_is_not_noted_and_only_the_countys_own_auditor_reads_what_is() {
    let scene = Scene::new();
    scene.offers(1, "company", &price("36.00"), &json!({}), &json!({}));
    let (resident, voucher) = scene.client();
    let path = format!("/v1/vouchers/{voucher}/choices");
    resident.user.get(&format!("{path}?cursor=nonsense")).refused(422, "invalid_input");
    resident.user.get(&format!("{path}?starts_by={}", scene.day(-3))).refused(422, "invalid_input");
    let shown = format!("/v1/vouchers/{voucher}/shown-lists");
    assert_eq!(scene.county.auditor.get(&shown).ok()["items"], json!([]));
    resident.user.get(&path).ok();
    let lists = scene.county.auditor.get(&shown).ok();
    assert_eq!(lists["items"].as_array().unwrap().len(), 1);
    let one = format!("/v1/shown-lists/{}", id(&lists["items"][0]));
    for user in [&resident.user, &scene.county.officer, &scene.county.case_worker] {
        user.get(&one).refused(403, "forbidden");
        user.get(&shown).refused(403, "forbidden");
    }
    let other = County::found_as(&scene.world, 2, &[("743", "Seinäjoki", "Seinäjoki")]);
    other.auditor.get(&one).refused(404, "not_found");
    other.auditor.get(&shown).refused(404, "not_found");
}
