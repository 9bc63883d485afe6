//! Who sees what of a provider: everyone what is or was approved, members and counties that know it the whole, and nobody
//! outside of a county the names of its officials.

use serde_json::{Value, json};

use super::{at, known_to, own_oid, tag};
use crate::support::{County, Provider, World, price};

#[test]
fn a_unit_that_was_never_approved_is_not_public_whatever_else_of_its_provider_is() {
    let world = World::start();
    let county = County::found(&world);
    let stranger = County::found_as(&world, 1, &[("079", "Harjavalta", "Harjavalta")]);
    let home_care = county.home_care();
    let (provider, _) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    let home = provider.unit();
    let anyone = world.api.anyone();
    let path = format!("/v1/service-units/{home}");
    anyone.get(&path).refused(404, "not_found");
    assert_eq!(anyone.get(&at(&provider, "")).ok()["units"].as_array().unwrap().len(), 1);
    for list in
        ["/v1/service-units", "/v1/providers", "/v1/service-units?as_of=2026-11-11", "/v1/providers?as_of=2026-11-11"]
    {
        assert!(!anyone.get(list).text.contains(&home), "{list}");
    }

    // Its members and those who know its provider see it, with the tag that a change of it names.
    let private = format!("{path}/private");
    for reader in [&provider.user, &county.officer, &county.auditor] {
        assert_eq!(reader.get(&private).ok()["id"], json!(home));
        let whole = reader.get(&at(&provider, "/private")).ok();
        assert_eq!(whole["profile"]["units"].as_array().unwrap().len(), 2);
    }
    stranger.officer.get(&private).refused(404, "not_found");
    let mut unit = Provider::unit_request("Provider 1");
    unit["oid"] = json!(own_oid(1, 1));
    provider.user.put_seen(&path, &tag(&provider.user.get(&private)), &unit).ok();
}

#[test]
fn a_provider_is_read_by_its_members_and_by_the_county_it_applies_to_before_it_is_approved() {
    let world = World::start();
    let county = County::found(&world);
    let provider = known_to(&county);
    world.api.anyone().get(&at(&provider, "")).refused(404, "not_found");
    for reader in [&provider.user, &county.officer] {
        let whole = reader.get(&at(&provider, "/private")).ok();
        assert_eq!(whole["profile"]["name"], "Provider 1");
        assert_eq!(whole["profile"]["units"].as_array().unwrap().len(), 1);
    }
    let listed = county.officer.get("/v1/applications").ok();
    let applicant = &listed["items"][0]["applicant"];
    assert_eq!((&applicant["name"], &applicant["sector"]), (&json!("Provider 1"), &json!("company")));
    assert!(applicant["business_id"].is_string() && applicant["unit_name"].is_string(), "{applicant}");
}

#[test]
fn a_county_whose_application_has_come_to_nothing_knows_the_provider_no_more() {
    let world = World::start();
    let county = County::found(&world);
    let provider = Provider::register(&world, 1, "Provider 1", "company");
    let application = provider.apply(&provider.unit(), &county.home_care());
    county.officer.get(&at(&provider, "/members")).ok();
    let change = json!({"field": "name", "value": "Provider One"});
    let asked = provider.user.post(&at(&provider, "/changes"), &change).created();
    county.decide(&application, "rejected").ok();
    for what in ["/members", "/private", "/changes", "/history", "/evidence"] {
        county.officer.get(&at(&provider, what)).refused(404, "not_found");
        county.auditor.get(&at(&provider, what)).refused(404, "not_found");
    }
    let decision = format!("/v1/provider-changes/{}/decision", asked["change"]["id"].as_str().unwrap());
    county.officer.post(&decision, &json!({"outcome": "confirmed"})).refused(404, "not_found");
    // What it decided stays with it.
    county.officer.get(&format!("/v1/applications/{application}")).ok();
}

#[test]
fn an_officials_name_is_told_to_the_own_county_alone() {
    let world = World::start();
    let county = County::found(&world);
    let other = County::found_as(&world, 1, &[("079", "Harjavalta", "Harjavalta")]);
    let provider = known_to(&county);
    provider.apply(&provider.unit(), &other.home_care());
    let change = json!({"field": "name", "value": "Provider One"});
    let asked = provider.user.post(&at(&provider, "/changes"), &change).created();
    let decision = format!("/v1/provider-changes/{}/decision", asked["change"]["id"].as_str().unwrap());
    let decided = county.officer.post(&decision, &json!({"outcome": "confirmed"})).ok();
    let official = decided["decided_by"].clone();
    assert!(official.is_string(), "{decided}");

    let first = |user: &crate::support::User, what: &str| user.get(&at(&provider, what)).ok()["items"][0].clone();
    for (own, reader) in
        [(true, &county.officer), (true, &county.auditor), (false, &provider.user), (false, &other.officer)]
    {
        let (change, version) = (first(reader, "/changes"), first(reader, "/history"));
        let told = |name: &Value| if own { *name == official } else { name.is_null() };
        assert!(told(&change["decided_by"]) && told(&version["by"]), "{change} {version}");
        assert_eq!((&change["decided_for"], &version["organiser"]), (&json!(county.id), &json!(county.id)));
    }
}
