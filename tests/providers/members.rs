//! Members: who lets whom in, and that nothing is left to one who is out.

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};
use valinta_domain::Id;
use valinta_domain::policy::Role;
use valinta_domain::provider::{ProviderDetails, Sector};
use valinta_persistence::providers::{self, Provider as Stored};
use valinta_persistence::source_ids::{self, NamedKind, SourceName};
use valinta_service::clock::new_uuid;

use super::{at, member};
use crate::support::{County, Provider, User, World};

fn listed(user: &User, provider: &Provider) -> Vec<(String, String)> {
    let list = user.get(&at(provider, "/members")).ok();
    let text = |member: &Value, name: &str| member[name].as_str().unwrap().to_owned();
    list["items"].as_array().unwrap().iter().map(|member| (text(member, "subject"), text(member, "role"))).collect()
}

#[test]
fn members_come_change_and_go_and_nothing_is_left_to_one_who_is_out() {
    let world = World::start();
    let provider = Provider::register(&world, 1, "Provider 1", "company");
    let maija = member(&provider, "maija", "worker");
    assert_eq!(
        listed(&maija, &provider),
        [("maija", "worker"), ("provider-1", "admin")].map(|(a, b)| (a.into(), b.into()))
    );
    let changed = provider.user.post(&at(&provider, "/members"), &json!({"subject": "maija", "role": "clerk"})).ok();
    assert_eq!((&changed["role"], &changed["added_by"]), (&json!("clerk"), &json!("provider-1")));
    maija.put_seen(&at(&provider, ""), "*", &json!({})).ok();

    let removed = provider.user.post(&at(&provider, "/members/remove"), &json!({"subject": "maija"})).ok();
    assert_eq!(removed["subject"], "maija");
    // The same token is good for nothing there any more.
    maija.put_seen(&at(&provider, ""), "*", &json!({})).refused(404, "not_found");
    maija.get(&at(&provider, "/private")).refused(404, "not_found");
    assert_eq!(maija.get("/v1/providers/mine").ok()["items"], json!([]));
    let again = provider.user.post(&at(&provider, "/members/remove"), &json!({"subject": "maija"}));
    again.refused(404, "not_found").at("/subject", "unknown");
    let blank = provider.user.post(&at(&provider, "/members"), &json!({"subject": " maija", "role": "clerk"}));
    blank.refused(422, "invalid_input").at("/subject", "invalid");
    world.audit_rows();
}

#[test]
fn the_last_admin_stays() {
    let world = World::start();
    let provider = Provider::register(&world, 1, "Provider 1", "company");
    member(&provider, "clerk", "clerk");
    let (members, remove) = (at(&provider, "/members"), at(&provider, "/members/remove"));
    let own = json!({"subject": "provider-1"});
    provider.user.post(&remove, &own).refused(409, "conflict").at("/subject", "last_admin");
    let demotion = json!({"subject": "provider-1", "role": "clerk"});
    provider.user.post(&members, &demotion).refused(409, "conflict").at("/subject", "last_admin");
    member(&provider, "second", "admin");
    provider.user.post(&members, &demotion).ok();
    provider.user.post(&remove, &own).refused(403, "forbidden");
}

#[test]
fn of_two_admins_who_remove_each_other_at_once_one_stays() {
    let world = World::start();
    for n in 1..4 {
        let provider = Provider::register(&world, n, &format!("Provider {n}"), "company");
        let second = member(&provider, &format!("second-{n}"), "admin");
        let barrier = Barrier::new(2);
        let remove = |user: &User, subject: String| {
            barrier.wait();
            user.post(&at(&provider, "/members/remove"), &json!({"subject": subject})).status
        };
        let statuses = thread::scope(|scope| {
            let one = scope.spawn(|| remove(&provider.user, format!("second-{n}")));
            let two = scope.spawn(|| remove(&second, provider.subject.clone()));
            [one.join().unwrap(), two.join().unwrap()]
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        let left = if statuses[0] == 200 { &provider.user } else { &second };
        assert_eq!(listed(left, &provider).len(), 1);
    }
}

#[test]
fn an_officer_names_the_first_admin_of_a_provider_that_the_county_brought_in() {
    let world = World::start();
    let county = County::found(&world);
    let stranger = County::found_as(&world, 1, &[("079", "Harjavalta", "Harjavalta")]);
    let now = world.clock.now();
    let (id, organiser) = (new_uuid(now), county.id.parse::<Id<()>>().unwrap().uuid());
    let business_id = Provider::registration(9, "", "ngo")["business_id"].as_str().unwrap().to_owned();
    let db = world.db.clone().unwrap();
    db.write_blocking(move |c| {
        let details = ProviderDetails {
            name: "Brought in".into(),
            oid: None,
            email: None,
            phone: None,
            website: None,
            languages: vec![],
        };
        let business_id = business_id.parse().unwrap();
        let provider = Stored { id: Id::new(id), business_id, details, version: 1, created_at: now };
        let from = valinta_domain::Day::ymd(2026, 1, 1).unwrap();
        providers::insert_unclaimed(c, &provider, Sector::Ngo, from, new_uuid(now))?;
        let name = SourceName { name: "p-9".into(), subject: id, linked: false };
        source_ids::insert_all(c, organiser, NamedKind::Provider, &[name], now)
    })
    .unwrap();

    let members = format!("/v1/providers/{id}/members");
    let first = |subject: &str, role: &str| json!({"subject": subject, "role": role});
    stranger.officer.post(&members, &first("maija", "admin")).refused(404, "not_found");
    county.officer.post(&members, &first("maija", "clerk")).refused(403, "forbidden");
    county.officer.post(&members, &first("maija", "admin")).created();
    // From then on it governs itself, and is nothing to the county until it applies.
    county.officer.post(&members, &first("matti", "admin")).refused(404, "not_found");
    county.officer.post(&format!("{members}/remove"), &json!({"subject": "maija"})).refused(404, "not_found");
    let maija = world.user(Role::Provider, "maija", None, None);
    maija.post(&members, &first("matti", "worker")).created();

    // A provider that registered itself and applied is known, but it is not the county's to staff.
    let known = super::known_to(&county);
    county.officer.post(&at(&known, "/members"), &first("mole", "admin")).refused(403, "forbidden");
    county.auditor.post(&at(&known, "/members"), &first("mole", "admin")).refused(403, "forbidden");
}
