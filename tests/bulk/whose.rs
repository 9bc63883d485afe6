//! Whose things a file may change.

use serde_json::json;
use valinta_domain::policy::Role;

use super::{
    PRICES, PROVIDERS, UNITS, brought_in, business_id, errors, export, figures, import, price, provider, unit,
};
use crate::support::{County, Provider, World};

#[test]
fn what_somebody_else_has_registered_is_linked_and_stays_as_it_is() {
    let world = World::start();
    let county = County::found(&world);
    let own = Provider::register(&world, 1, "Oma Nimi", "company");
    let rows = [provider("P1", 1, "Toinen Nimi")];
    assert_eq!(figures(&import(&county.officer, "providers", PROVIDERS, &rows)), [0, 0, 0, 1, 0]);
    assert_eq!(figures(&import(&county.officer, "providers", PROVIDERS, &rows)), [0, 0, 1, 0, 0]);
    assert_eq!(own.user.get("/v1/providers/mine").ok()["items"][0]["name"], "Oma Nimi");
    // Its units are for itself to add.
    let told = import(&county.officer, "service-units", UNITS, &[unit("U1", "P1", "Yksikkö")]);
    assert_eq!(errors(&told), [(1, "provider".into(), "not_yours".into())]);
    // To point to a provider is not to know it: a file opens nobody's doors.
    assert_eq!(export(&county.officer, "providers", "text/csv").lines().count(), 1);
    // One name for one thing.
    let told = import(&county.officer, "providers", PROVIDERS, &[provider("P2", 1, "Oma Nimi")]);
    assert_eq!(errors(&told), [(1, "business_id".into(), "duplicate".into())]);
    let told = import(&county.officer, "providers", PROVIDERS, &[provider("P1", 2, "Oma Nimi")]);
    assert_eq!(errors(&told), [(1, "business_id".into(), "duplicate".into())]);
}

#[test]
fn one_county_does_not_change_what_another_brought_in() {
    let world = World::start();
    let first = brought_in(&world, 1);
    let second = County::found_as(&world, 1, &[]);
    let rows = [provider("X1", 1, "Eri Nimi")];
    assert_eq!(figures(&import(&second.officer, "providers", PROVIDERS, &rows)), [0, 0, 0, 1, 0]);
    assert!(export(&first.officer, "providers", "text/csv").contains("Hoiva 1"));
    // Its own names mean its own things.
    let told = import(&second.officer, "service-units", UNITS, &[unit("U1", "P1", "Yksikkö")]);
    assert_eq!(errors(&told), [(1, "provider".into(), "unknown".into())]);
    let told = import(&second.officer, "prices", PRICES, &[price("H1", "O1", "1.00", "2027-01-01")]);
    assert_eq!(errors(&told), [(1, "offering".into(), "unknown".into())]);
}

#[test]
fn a_provider_that_has_its_own_admin_by_now_is_not_changed_any_more() {
    let world = World::start();
    let county = brought_in(&world, 1);
    let id = id_of(&county, &business_id(1));
    let made =
        county.officer.post(&format!("/v1/providers/{id}/members"), &json!({"subject": "anna", "role": "admin"}));
    assert!(matches!(made.status, 200 | 201 | 204), "{}", made.text);
    let anna = world.user(Role::Provider, "anna", None, None);
    assert_eq!(anna.get("/v1/providers/mine").ok()["items"][0]["name"], "Hoiva 1");
    let told = import(&county.officer, "providers", PROVIDERS, &[provider("P1", 1, "Toinen Nimi")]);
    assert_eq!(errors(&told), [(1, "source_id".into(), "not_yours".into())]);
    assert_eq!(
        figures(&import(&county.officer, "providers", PROVIDERS, &[provider("P1", 1, "Hoiva 1")])),
        [0, 0, 1, 0, 0]
    );
    let told = import(&county.officer, "service-units", UNITS, &[unit("U1", "P1", "Toinen")]);
    assert_eq!(errors(&told), [(1, "source_id".into(), "not_yours".into())]);
    let later = world.today().plus_days(30).to_string();
    let told = import(&county.officer, "prices", PRICES, &[price("H2", "O1", "45.00", &later)]);
    assert_eq!(errors(&told), [(1, "offering".into(), "not_yours".into())]);
    // It brings its own in, under its own names, by the same rules as anywhere else.
    let offering = anna.get("/v1/offerings").ok()["items"][0]["id"].as_str().unwrap_or_default().to_owned();
    if !offering.is_empty() {
        let told = import(&anna, "prices", PRICES, &[price("H1", &offering, "44.00", "2026-01-01")]);
        assert_eq!(errors(&told), [(1, "valid_from".into(), "in_the_past".into())]);
    }
}

/// The id of a provider, as an officer finds it.
fn id_of(county: &County, business_id: &str) -> String {
    let found = county.officer.get(&format!("/v1/providers/known?business_id={business_id}")).ok();
    found["items"][0]["provider"]["id"].as_str().unwrap().to_owned()
}

#[test]
fn an_officer_finds_who_was_brought_in_and_names_the_first_admin() {
    let world = World::start();
    let county = County::found(&world);
    let told = import(&county.officer, "providers", PROVIDERS, &[provider("P1", 1, "Hoiva 1")]);
    let item = &told["items"][0];
    assert_eq!((item["row"].as_u64(), item["source_id"].as_str()), (Some(1), Some("P1")), "{told}");
    assert_eq!(item["outcome"], "created");
    let id = item["id"].as_str().unwrap();
    import(&county.officer, "service-units", UNITS, &[unit("U1", "P1", "Yksi"), unit("U2", "P1", "Kaksi")]);
    // The same id in the list of those that the organiser knows, and in its files.
    let known = county.officer.get("/v1/providers/known").ok();
    let only = &known["items"][0];
    assert_eq!((only["provider"]["id"].as_str(), only["source_id"].as_str()), (Some(id), Some("P1")), "{known}");
    assert_eq!((only["brought_in"].as_bool(), only["has_admin"].as_bool()), (Some(true), Some(false)));
    assert_eq!((only["provider"]["unit_count"].as_u64(), only["provider"].get("units")), (Some(2), None));
    let private = county.officer.get(&format!("/v1/providers/{id}/private")).ok();
    assert_eq!(private["profile"]["units"].as_array().map(Vec::len), Some(2), "{private}");
    let file = export(&county.officer, "providers", "application/x-ndjson");
    let row: serde_json::Value = serde_json::from_str(file.lines().next().unwrap()).unwrap();
    assert_eq!(row["id"], id);
    // Who would register it is told whom to ask.
    let anna = world.user(Role::Provider, "anna", None, None);
    let refused = anna.post("/v1/providers", &Provider::registration(1, "Hoiva 1", "company"));
    refused.refused(409, "duplicate").at("/business_id", "duplicate").saying("first admin");
    let member = json!({"subject": "anna", "role": "admin"});
    county.officer.post(&format!("/v1/providers/{id}/members"), &member).created();
    assert_eq!(anna.get("/v1/providers/mine").ok()["items"][0]["id"], id);
    let other = world.user(Role::Provider, "ville", None, None);
    let refused = other.post("/v1/providers", &Provider::registration(1, "Hoiva 1", "company"));
    refused.refused(409, "duplicate").saying("its members act for it");
    // Another organiser has nothing to do with it.
    let second = County::found_as(&world, 1, &[]);
    let path = format!("/v1/providers/known?business_id={}", business_id(1));
    assert_eq!(second.officer.get(&path).ok()["items"].as_array().map(Vec::len), Some(0));
    other.get("/v1/providers/known").refused(404, "not_found");
}

#[test]
fn a_worker_and_another_countys_officer_bring_nothing_in() {
    let world = World::start();
    County::found(&world);
    let own = Provider::register(&world, 2, "Hoiva", "company");
    let made =
        own.user.post(&format!("/v1/providers/{}/members", own.id), &json!({"subject": "ville", "role": "worker"}));
    assert!(matches!(made.status, 200 | 201 | 204), "{}", made.text);
    let ville = world.user(Role::Provider, "ville", None, None);
    super::send(&ville, "service-units", &format!("{UNITS}\n")).refused(403, "forbidden");
}
