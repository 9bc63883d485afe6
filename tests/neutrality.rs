//! The neutral order over HTTP: the same for one voucher however often it is asked, another for another voucher.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{County, Provider, Resident, World, price, public_price};

fn order(resident: &Resident, voucher: &Value, query: &str) -> (Vec<String>, Option<String>) {
    let list = resident.user.get(&format!("/v1/vouchers/{}/choices{query}", voucher["id"].as_str().unwrap())).ok();
    let items = list["items"].as_array().unwrap();
    let offerings = items.iter().map(|item| item["offering"].as_str().unwrap().to_owned()).collect();
    (offerings, list["next"].as_str().map(str::to_owned))
}

#[test]
fn one_voucher_has_one_order_and_another_voucher_another() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    for (n, sector) in (1..).zip(["company", "ngo", "public", "company", "ngo", "public", "company"]) {
        let asked = if sector == "public" { public_price("12.40", "44.70") } else { price("36.00") };
        Provider::approved(&county, n, sector, &home_care, &asked);
    }
    let resident = county.client();
    let vouchers: Vec<Value> = (0..8).map(|_| county.issue(&resident, &home_care, "1")).collect();
    let mut firsts = BTreeSet::new();
    for voucher in &vouchers {
        let (whole, next) = order(&resident, voucher, "");
        assert_eq!((whole.len(), next), (7, None));
        assert_eq!(order(&resident, voucher, "").0, whole);
        let mut paged = Vec::new();
        let mut query = "?limit=3".to_owned();
        loop {
            let (page, next) = order(&resident, voucher, &query);
            paged.extend(page);
            match next {
                Some(next) => query = format!("?limit=3&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(paged, whole, "pages continue one order");
        firsts.insert(whole[0].clone());
    }
    assert!(firsts.len() >= 2, "eight vouchers, all with the same first place");
}

#[test]
fn what_others_offer_later_does_not_move_those_who_were_there() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    for n in 1..=5 {
        Provider::approved(&county, n, "company", &home_care, &price("36.00"));
    }
    let resident = county.client();
    let voucher = county.issue(&resident, &home_care, "1");
    let before = order(&resident, &voucher, "").0;
    let (_, added) = Provider::approved(&county, 6, "ngo", &home_care, &price("20.00"));
    let after: Vec<String> = order(&resident, &voucher, "").0;
    assert!(after.contains(&added), "the list follows the registry at once");
    assert_eq!(after.into_iter().filter(|offering| *offering != added).collect::<Vec<_>>(), before);
}
