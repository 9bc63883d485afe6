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
    let out = export(&county.officer, "providers", "application/x-ndjson");
    let listed: serde_json::Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert_eq!(listed["business_id"], business_id(1));
    let id = id_of(&world);
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

/// The id of the one provider there is.
fn id_of(world: &World) -> String {
    let all = world
        .db
        .as_ref()
        .unwrap()
        .read_blocking(|c| valinta_persistence::bulk::providers_by_business_id(c, &[business_id(1).as_str()]));
    all.unwrap()[&business_id(1)].id.to_string()
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
