//! Units: replaced whole, kept as they were, and closed.

use serde_json::{Value, json};

use super::{at, member, tag};
use crate::support::{County, Provider, World, price};

/// A unit with everything that can be said of it.
fn told(provider: &Provider) -> Value {
    let mut unit = Provider::unit_request(&provider.name);
    unit["accessibility"] = json!({"lift": true, "induction_loop": false});
    unit["opening_hours"] = json!([
        {"day": "monday", "from": "08:00", "until": "12:00"},
        {"day": "monday", "from": "12:30", "until": "24:00"},
    ]);
    unit["soteri"] = json!({"state": "registered", "services": ["home_care"], "valid_from": "2026-01-01"});
    unit["self_monitoring"] = json!({"address": "https://provider.example/plan", "published_on": "2026-05-01"});
    unit
}

#[test]
fn a_unit_is_replaced_whole_and_what_it_was_is_kept() {
    let world = World::start();
    let county = County::found(&world);
    let stranger = County::found_as(&world, 1, &[("079", "Harjavalta", "Harjavalta")]);
    let home_care = county.home_care();
    let (provider, _) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    let anyone = world.api.anyone();
    let unit = anyone.get(&at(&provider, "")).ok()["units"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/service-units/{unit}");
    let shown = anyone.get(&path);
    let first = tag(&shown);
    assert_eq!(shown.ok()["opening_hours"], json!([]));

    let wanted = told(&provider);
    let replaced = provider.user.put_seen(&path, &first, &wanted);
    let second = tag(&replaced);
    let replaced = replaced.ok();
    for field in ["accessibility", "opening_hours", "soteri", "self_monitoring", "name", "step_free"] {
        assert_eq!(replaced[field], wanted[field], "{field}");
    }
    let again = anyone.get(&path);
    assert_eq!(tag(&again), second);
    assert_eq!(again.ok(), replaced);
    assert_eq!(anyone.send("GET", &path, &[("If-None-Match", &second)], None).status, 304);
    provider.user.put_seen(&path, &first, &wanted).refused(412, "precondition_failed");
    let worker = member(&provider, "worker", "worker");
    worker.put_seen(&path, "*", &wanted).refused(403, "forbidden");
    let other = Provider::register(&world, 2, "Provider 2", "ngo");
    other.user.put_seen(&path, "*", &wanted).refused(404, "not_found");

    let history = format!("{path}/history");
    for reader in [&provider.user, &county.officer, &county.auditor] {
        let versions = reader.get(&history).ok();
        let versions = versions["items"].as_array().unwrap();
        assert_eq!(versions.len(), 2);
        assert_eq!((&versions[0]["by"], &versions[0]["unit"]), (&json!("provider-1"), &replaced));
        assert_eq!((&versions[1]["unit"]["version"], &versions[1]["unit"]["opening_hours"]), (&json!(1), &json!([])));
    }
    for outsider in [&stranger.officer, &other.user] {
        outsider.get(&history).refused(404, "not_found");
    }
    // The registration is evidence now, which the county looks at.
    let evidence = county.officer.get(&format!("/v1/providers/{}/evidence", provider.id));
    assert_eq!(evidence.status, 200, "{}", evidence.text);
    let own = provider.user.get(&format!("/v1/providers/{}/evidence", provider.id)).ok();
    assert!(own["items"].as_array().unwrap().iter().any(|piece| piece["kind"] == "soteri"), "{own}");
}

#[test]
fn everything_that_is_wrong_with_a_unit_is_told_at_once_when_it_is_added_or_replaced() {
    let world = World::start();
    County::found(&world);
    let provider = Provider::register(&world, 1, "Provider 1", "company");
    let unit = provider.unit();
    let mut bad = told(&provider);
    bad["municipality"] = json!("x");
    bad["opening_hours"] = json!([
        {"day": "monday", "from": "08:00", "until": "12:00"},
        {"day": "monday", "from": "11:00", "until": "13:00"},
        {"day": "friday", "from": "16:00", "until": "08:00"},
        {"day": "friday", "from": "8", "until": "25:00"},
    ]);
    bad["soteri"] = json!({
        "state": "registered", "services": ["home_care", "home_care"],
        "valid_from": "2026-01-02", "valid_until": "2026-01-01",
    });
    bad["self_monitoring"] = json!({
        "address": "http://provider.example", "published_on": "2026-05-01", "followed_up_on": "2026-04-01",
    });
    let added = provider.user.post(&at(&provider, "/units"), &bad);
    let replaced = provider.user.put_seen(&format!("/v1/service-units/{unit}"), "*", &bad);
    for answer in [added, replaced] {
        answer
            .refused(422, "invalid_input")
            .at("/municipality", "invalid")
            .at("/opening_hours/1", "overlap")
            .at("/opening_hours/2/until", "order")
            .at("/opening_hours/3/from", "invalid")
            .at("/opening_hours/3/until", "invalid")
            .at("/soteri/services/1", "duplicate")
            .at("/soteri/valid_until", "order")
            .at("/self_monitoring/address", "invalid")
            .at("/self_monitoring/followed_up_on", "order");
    }
    // The unit of a provider that has never been approved is nobody's business.
    world.api.anyone().get(&format!("/v1/service-units/{unit}")).refused(404, "not_found");
    let mut unknown = told(&provider);
    unknown["service_area"] = json!(["684", "999"]);
    let unknown = provider.user.put_seen(&format!("/v1/service-units/{unit}"), "*", &unknown);
    unknown.refused(422, "invalid_input").at("/service_area/1", "unknown");
}

#[test]
fn a_closed_unit_takes_no_new_choices_from_its_day_on() {
    let world = World::start();
    let mut county = County::found(&world);
    let home_care = county.home_care();
    let (mut provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    let resident = county.client();
    let (now, later) = (county.issue(&resident, &home_care, "1"), county.issue(&resident, &home_care, "1"));
    let unit = world.api.anyone().get(&at(&provider, "")).ok()["units"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/service-units/{unit}");
    let today = world.today();
    let closing = |day: Option<valinta_domain::Day>| {
        let mut unit = Provider::unit_request("Provider 1");
        unit["closed_from"] = json!(day.map(|day| day.to_string()));
        unit
    };
    let too_late = provider.user.put_seen(&path, "*", &closing(Some(today.plus_days(-1))));
    too_late.refused(422, "invalid_input").at("/closed_from", "in_the_past");
    provider.user.put_seen(&path, "*", &closing(Some(today.plus_days(3)))).ok();
    for voucher in [&now, &later] {
        resident.accept(voucher["id"].as_str().unwrap());
    }
    resident.choose(now["id"].as_str().unwrap(), &offering).ok();

    world.set_day(today.plus_days(3));
    provider.renew_token();
    county.renew_tokens();
    let person = world.user(valinta_domain::policy::Role::Resident, "resident", None, Some(&resident.person));
    let list = person.get(&format!("/v1/vouchers/{}/choices", later["id"].as_str().unwrap())).ok();
    assert_eq!(list["items"], json!([]), "{list}");
    let choice = format!("/v1/vouchers/{}/choice", later["id"].as_str().unwrap());
    let refused = person.put(&choice, &json!({"offering": offering}));
    assert_eq!(refused.status, 422, "{}", refused.text);
    refused.refused(422, "not_choosable");
    // What has closed does not open again.
    provider.user.put_seen(&path, "*", &closing(None)).refused(409, "wrong_state").at("/closed_from", "closed");
}
