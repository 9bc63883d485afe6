//! What everyone may read and mirror: lists now and as of a day, in three representations.

mod feed;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use valinta_domain::approval::{Interruption, InterruptionCause, VouchersInUse};
use valinta_domain::registry_change::RegistryChange;
use valinta_domain::{Day, Id};
use valinta_persistence::{approvals, offerings, providers, registry};
use valinta_service::clock::new_uuid;

use crate::support::{Answer, County, Provider, User, VoucherType, World, home_care_terms, price};

/// Lists that have no days.
const TIMELESS: [&str; 2] = ["/v1/organisers", "/v1/voucher-types"];
const LISTS: [&str; 4] = ["/v1/providers", "/v1/service-units", "/v1/offerings", "/v1/approvals/public"];
const CSV: &str = "text/csv";
const NDJSON: &str = "application/x-ndjson";

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn accepting(anyone: &User, path: &str, accept: &str) -> Answer {
    anyone.send("GET", path, &[("Accept", accept)], None)
}

/// Whether a cache is told that there are several representations.
fn varies(answer: &Answer) -> bool {
    answer.headers.get_all("vary").iter().any(|vary| vary.as_bytes().eq_ignore_ascii_case(b"accept"))
}

/// All items of a list, page by page.
fn items(anyone: &User, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let separator = if path.contains('?') { '&' } else { '?' };
        let page = anyone.get(&format!("{path}{separator}limit=2{cursor}")).ok();
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

/// The lines of a CSV file, each by the names of its columns.
fn lines(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|line| line.unwrap()).collect()
}

/// A county with home care, and an approved provider that offers it.
struct Scene {
    world: World,
    county: County,
    home_care: VoucherType,
    provider: Provider,
    offering: String,
}

impl Scene {
    fn set() -> Self {
        let world = World::start();
        let county = County::found(&world);
        let home_care = county.publish("home-care", "hour", &home_care_terms());
        let (provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("40.00"));
        Self { world, county, home_care, provider, offering }
    }

    fn anyone(&self) -> User {
        self.world.api.anyone()
    }

    /// Lets it be another day, for those who act too.
    fn set_day(&mut self, day: &str) {
        self.world.set_day(day.parse().unwrap());
        self.county.renew_tokens();
        self.provider.renew_token();
    }

    fn unit(&self) -> String {
        let offering = self.anyone().get(&format!("/v1/offerings/{}", self.offering)).ok();
        offering["unit"].as_str().unwrap().to_owned()
    }

    fn approval(&self) -> String {
        items(&self.anyone(), "/v1/approvals/public")[0]["id"].as_str().unwrap().to_owned()
    }

    /// Replaces something of the provider's, of the version that is there.
    fn put(&self, path: &str, body: &Value) {
        self.provider.user.send("PUT", path, &[("If-Match", "*")], Some(&body.to_string())).ok();
    }

    /// Has the provider's name or sector changed: by an admin, and an officer who agrees.
    fn agree(&self, field: &str, value: &str, from: Option<&str>) {
        let mut change = json!({"field": field, "value": value});
        if let Some(from) = from {
            change["valid_from"] = json!(from);
        }
        let asked = self.provider.user.post(&format!("/v1/providers/{}/changes", self.provider.id), &change);
        assert!(matches!(asked.status, 200 | 201), "{}", asked.text);
        let id = asked.body["change"]["id"].as_str().or(asked.body["id"].as_str()).unwrap().to_owned();
        let decision = json!({"outcome": "confirmed"});
        self.county.officer.post(&format!("/v1/provider-changes/{id}/decision"), &decision).ok();
    }

    /// Interrupts the approval on these days, as a condition that is not shown to hold does.
    fn interrupt(&self, from: &str, to: &str) {
        let (approval, now) = (self.approval().parse().unwrap(), self.world.clock.now());
        let (from, to) = (day(from), day(to));
        let organiser = self.county.id.parse().unwrap();
        let write = move |c: &mut valinta_persistence::Conn| {
            let interruption = Interruption {
                id: Id::new(new_uuid(now)),
                approval,
                cause: InterruptionCause::Lapsed { requirement: "liability_insurance".to_owned() },
                vouchers_in_use: VouchersInUse::MayFinish,
                from,
                to: Some(to),
                told_at: None,
            };
            approvals::insert_interruption(c, organiser, &interruption)?;
            registry::touch(c, &BTreeSet::from([RegistryChange::approval(approval, Some(organiser))]), now)
        };
        self.world.db.as_ref().unwrap().write_blocking(write).unwrap();
    }
}

#[test]
fn the_three_representations_carry_the_same_rows() {
    let scene = Scene::set();
    let (public, _) = Provider::approved(
        &scene.county,
        2,
        "public",
        &scene.home_care,
        &json!({"charging": "client_fee", "client_fee": "12.40", "unit_cost": "38.00"}),
    );
    let third = Provider::approved(&scene.county, 3, "ngo", &scene.home_care, &price("39.50"));
    let anyone = scene.anyone();
    for list in LISTS {
        for path in [list.to_owned(), format!("{list}?as_of=2026-11-11"), format!("{list}?as_of=2027-01-01")] {
            let json = items(&anyone, &path);
            assert_eq!(json.len(), 3, "{path}");
            let ndjson = accepting(&anyone, &path, NDJSON);
            assert_eq!(ndjson.header("content-type"), Some(NDJSON));
            let rows: Vec<Value> = ndjson.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(rows, json, "{path}");
            let csv = accepting(&anyone, &path, CSV);
            assert!(csv.header("content-type").unwrap().starts_with("text/csv"), "{path}");
            assert!(csv.header("content-disposition").unwrap().ends_with(".csv\""), "{path}");
            let ids: Vec<String> = lines(&csv.text).into_iter().map(|mut line| line.remove("id").unwrap()).collect();
            assert_eq!(ids, json.iter().map(|item| item["id"].as_str().unwrap()).collect::<Vec<_>>(), "{path}");
            assert!(csv.text.contains("\r\n"), "{path}");
            for answer in [&ndjson, &csv, &anyone.get(&path)] {
                assert!(varies(answer), "{path}");
                assert_eq!(answer.header("cache-control"), Some("public, no-cache"));
                assert!(answer.header("registry-revision").is_some());
            }
        }
    }
    for path in TIMELESS {
        let json = anyone.get(path).ok()["items"].clone();
        let rows: Vec<Value> =
            accepting(&anyone, path, NDJSON).text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(json, json!(rows));
        let csv = lines(&accepting(&anyone, path, CSV).text);
        assert_eq!((csv.len(), csv[0]["id"].as_str()), (1, json[0]["id"].as_str().unwrap()));
        assert_eq!(csv[0]["name_sv"], json[0]["name"]["sv"].as_str().unwrap());
    }
    let offered = lines(&accepting(&anyone, "/v1/offerings", CSV).text);
    let cells = |line: usize, names: [&str; 6]| names.map(|name| offered[line][name].clone());
    let names = ["provider_name", "sector", "price", "client_fee", "unit_cost", "currency"];
    assert_eq!(cells(0, names), ["Provider 1", "company", "40.00", "", "", "EUR"]);
    assert_eq!(cells(1, names), ["Provider 2", "public", "", "12.40", "38.00", "EUR"]);
    let of_sector = items(&anyone, "/v1/offerings?sector=ngo");
    assert_eq!(of_sector.len(), 1);
    assert_eq!(of_sector[0]["id"], third.1);
    let none = items(&anyone, "/v1/service-units?municipality=091");
    assert!(none.is_empty(), "{none:?}");
    assert_eq!(items(&anyone, "/v1/service-units?municipality=684").len(), 3);
    assert_eq!(items(&anyone, &format!("/v1/service-units?provider={}", public.id)).len(), 1);
    assert_eq!(items(&anyone, &format!("/v1/providers?voucher_type={}", scene.home_care.id)).len(), 3);
    assert!(items(&anyone, &format!("/v1/providers?voucher_type={}", scene.world.unknown_id())).is_empty());
}

#[test]
fn what_is_not_approved_and_what_is_nobodys_business_is_not_shown() {
    let scene = Scene::set();
    let waiting = Provider::register(&scene.world, 9, "Not approved Oy", "company");
    let unit = waiting.unit();
    waiting.apply(&unit, &scene.home_care);
    for list in LISTS {
        let all = accepting(&scene.anyone(), list, NDJSON).text + &accepting(&scene.anyone(), list, CSV).text;
        for secret in [
            "Not approved",
            "reasons",
            "As the evidence",
            "Policy 1",
            "liability",
            "provider-1",
            "decision",
            "contacts",
            "iban",
        ] {
            assert!(!all.contains(secret), "{list} tells {secret}: {all}");
        }
    }
    let feed = scene.anyone().get("/v1/changes").ok();
    assert!(!feed.to_string().contains("Not approved"), "{feed}");
    let change = feed["items"].as_array().unwrap().iter().find(|change| change["id"] == waiting.id.as_str()).unwrap();
    assert_eq!((change.get("item"), change.get("href")), (None, None));
}

#[test]
fn a_past_day_is_shown_as_it_was() {
    let mut scene = Scene::set();
    let unit = scene.unit();
    scene.set_day("2026-11-15");
    scene.agree("name", "Renamed Ry", None);
    scene.agree("sector", "ngo", Some("2026-11-16"));
    let mut request = Provider::unit_request("Moved");
    request["municipality"] = json!("684");
    request["service_area"] = json!([]);
    scene.put(&format!("/v1/service-units/{unit}"), &request);
    scene.put(&format!("/v1/offerings/{}", scene.offering), &json!({"accepts_new_clients": false, "queue": 7}));
    let priced = json!({"price": price("41.00"), "from": "2026-12-01", "reason": "Wages rise"});
    scene.provider.user.post(&format!("/v1/offerings/{}/prices", scene.offering), &priced).created();
    scene.set_day("2026-12-05");
    let one = |list: &str, as_of: &str| -> Value {
        let mut found = items(&scene.anyone(), &format!("{list}?as_of={as_of}"));
        assert_eq!(found.len(), 1, "{list} {as_of}");
        found.remove(0)
    };
    for list in LISTS {
        assert!(items(&scene.anyone(), &format!("{list}?as_of=2026-11-10")).is_empty(), "{list}");
    }
    let then = one("/v1/providers", "2026-11-14");
    assert_eq!(
        (&then["name"], &then["sector"], &then["version"]),
        (&json!("Provider 1"), &json!("company"), &json!(1))
    );
    assert_eq!(then["units"][0]["name"], "Provider 1, Pori");
    let after = one("/v1/providers", "2026-11-15");
    assert_eq!((&after["name"], &after["sector"]), (&json!("Renamed Ry"), &json!("company")));
    assert_eq!(after["units"][0]["name"], "Moved, Pori");
    for as_of in ["2026-11-16", "2026-12-05", "2027-06-01"] {
        let later = one("/v1/providers", as_of);
        assert_eq!((&later["sector"], &later["sector_since"]), (&json!("ngo"), &json!("2026-11-16")), "{as_of}");
    }
    assert_eq!(one("/v1/service-units", "2026-11-14")["municipality"], "609");
    assert_eq!(one("/v1/service-units", "2026-11-15")["municipality"], "684");
    let in_pori = |as_of| items(&scene.anyone(), &format!("/v1/offerings?municipality=609&as_of={as_of}")).len();
    assert_eq!((in_pori("2026-11-14"), in_pori("2026-11-15")), (1, 0));
    let then = one("/v1/offerings", "2026-11-14");
    assert_eq!((&then["provider_name"], &then["unit_name"]), (&json!("Provider 1"), &json!("Provider 1, Pori")));
    assert_eq!((&then["accepts_new_clients"], then.get("queue")), (&json!(true), None));
    assert_eq!((&then["takes_new_choices"], &then["sector"]), (&json!(true), &json!("company")));
    assert_eq!(then["prices"][0]["price"]["price"]["amount"], "40.00");
    assert_eq!((&then["prices"][1]["from"], &then["prices"][0]["until"]), (&json!("2026-12-01"), &json!("2026-11-30")));
    let after = one("/v1/offerings", "2026-11-30");
    assert_eq!(
        (&after["queue"], &after["takes_new_choices"], &after["approved"]),
        (&json!(7), &json!(false), &json!(true))
    );
    assert_eq!(after["prices"][0]["price"]["price"]["amount"], "40.00");
    let present = one("/v1/offerings", "2026-12-01");
    assert_eq!(present["prices"][0]["price"]["price"]["amount"], "41.00");
    assert_eq!(present["prices"].as_array().unwrap().len(), 1);
    let line = lines(&accepting(&scene.anyone(), "/v1/offerings?as_of=2026-11-20", CSV).text).remove(0);
    assert_eq!((line["price"].as_str(), line["next_price"].as_str()), ("40.00", "41.00"));
    assert_eq!((line["price_until"].as_str(), line["next_price_from"].as_str()), ("2026-11-30", "2026-12-01"));
}

#[test]
fn the_history_of_approvals_is_told_without_reasons() {
    let mut scene = Scene::set();
    scene.interrupt("2026-11-13", "2026-11-16");
    // Another cause, at once after it, is not to be told from it.
    scene.interrupt("2026-11-16", "2026-11-18");
    scene.interrupt("2026-12-24", "2026-12-27");
    let one = |scene: &Scene, query: &str| -> Value {
        let mut found = items(&scene.anyone(), &format!("/v1/approvals/public{query}"));
        assert_eq!(found.len(), 1, "{query}");
        found.remove(0)
    };
    assert_eq!(one(&scene, "")["no_new_choices"], json!([]), "what is to come is not told");
    scene.set_day("2026-11-20");
    let paused = json!([{"from": "2026-11-13", "until": "2026-11-17"}]);
    let shown = one(&scene, &format!("?organiser={}&unit={}", scene.county.id, scene.unit()));
    assert_eq!(shown["no_new_choices"], paused);
    let keys: BTreeSet<&str> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    let known = [
        "id",
        "organiser",
        "voucher_type",
        "provider",
        "business_id",
        "provider_name",
        "unit",
        "unit_name",
        "area",
        "from",
        "no_new_choices",
    ];
    assert_eq!(keys, BTreeSet::from(known));
    let line = lines(&accepting(&scene.anyone(), "/v1/approvals/public", CSV).text).remove(0);
    assert_eq!(line["no_new_choices"], "2026-11-13/2026-11-17");
    let choosable = |as_of: &str| {
        let offering = items(&scene.anyone(), &format!("/v1/offerings?as_of={as_of}")).remove(0);
        (offering["approved"].as_bool().unwrap(), offering["takes_new_choices"].as_bool().unwrap())
    };
    assert_eq!(choosable("2026-11-12"), (true, true));
    assert_eq!(choosable("2026-11-13"), (true, false));
    assert_eq!(choosable("2026-11-18"), (true, true));
    // The provider ends it; what was, stays.
    let path = format!("/v1/approvals/{}/end", shown["id"].as_str().unwrap());
    scene.provider.user.post(&path, &json!({"from": "2027-02-01"})).ok();
    assert_eq!(one(&scene, "?as_of=2027-01-31")["until"], "2027-01-31");
    assert!(items(&scene.anyone(), "/v1/approvals/public?as_of=2027-02-01").is_empty());
    for list in LISTS {
        assert!(items(&scene.anyone(), &format!("{list}?as_of=2027-02-01")).is_empty(), "{list}");
        assert_eq!(items(&scene.anyone(), list).len(), 1, "{list}: it has been approved");
    }
}

#[test]
fn who_has_it_already_is_told_so_until_something_or_the_day_changes() {
    let mut scene = Scene::set();
    let anyone = scene.anyone();
    let mut tags = BTreeSet::new();
    for list in LISTS {
        for accept in ["application/json", CSV, NDJSON] {
            for query in ["", "?as_of=2026-11-11"] {
                let path = format!("{list}{query}");
                let tag = accepting(&anyone, &path, accept).header("etag").unwrap().to_owned();
                let again = anyone.send("GET", &path, &[("Accept", accept), ("If-None-Match", &tag)], None);
                assert_eq!((again.status, again.text.as_str()), (304, ""), "{path} {accept}");
                assert_eq!(again.header("etag"), Some(tag.as_str()));
                assert_eq!(again.header("cache-control"), Some("public, no-cache"));
                assert!(varies(&again));
                assert!(tags.insert(tag), "{path} {accept} has a tag of its own");
            }
        }
    }
    let tag = anyone.get("/v1/providers").header("etag").unwrap().to_owned();
    let again = |tag: &str| anyone.send("GET", "/v1/providers", &[("If-None-Match", tag)], None);
    assert_eq!(again(&tag).status, 304);
    scene.put(&format!("/v1/offerings/{}", scene.offering), &json!({"accepts_new_clients": false}));
    let tag = again(&tag).header("etag").unwrap().to_owned();
    assert_eq!(again(&tag).status, 304);
    // Midnight in Finland is ten in the evening by the world's clock.
    scene.world.set_moment("2026-11-11T21:59:00Z");
    assert_eq!(again(&tag).status, 304);
    scene.world.set_moment("2026-11-11T22:01:00Z");
    assert_eq!(again(&tag).status, 200);
    scene.set_day("2026-11-12");
}

#[test]
fn what_is_not_to_be_had_is_refused() {
    let scene = Scene::set();
    let anyone = scene.anyone();
    for list in LISTS {
        let refused = accepting(&anyone, list, "application/xml");
        assert!(varies(&refused), "{list}");
        refused.refused(406, "not_acceptable").saying("text/csv");
        assert_eq!(accepting(&anyone, list, "text/html, */*;q=0.1").status, 200);
        accepting(&anyone, &format!("{list}?limit=2"), CSV).refused(422, "invalid_input");
        anyone.get(&format!("{list}?as_of=yesterday")).refused(422, "invalid_input");
        anyone.get(&format!("{list}?asof=2026-11-11")).refused(422, "invalid_input");
    }
    for bad in ["after=x", "after=-1", "after=1.2.3", "limit=0", "limit=101", "after=999999"] {
        anyone.get(&format!("/v1/changes?{bad}")).refused(422, "invalid_input");
    }
}

#[test]
fn no_name_becomes_a_formula_and_none_is_changed_in_json() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.publish("home-care", "hour", &home_care_terms());
    let names = ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "=1;=2", "'=1", "Plain, \"quoted\" Oy"];
    for (n, name) in (1..).zip(names) {
        let provider = Provider::register(&world, n, name, "company");
        let unit = provider.unit();
        let application = provider.apply(&unit, &home_care);
        county.decide(&application, "approved");
        provider.offer(&unit, &home_care, &price("40.00")).created();
    }
    let anyone = world.api.anyone();
    for (list, column) in LISTS.into_iter().zip(["name", "name", "provider_name", "provider_name"]) {
        let shown: Vec<Value> = items(&anyone, list);
        let cells = lines(&accepting(&anyone, list, CSV).text);
        for ((item, line), name) in shown.iter().zip(&cells).zip(names) {
            assert!(item[column].as_str().unwrap().starts_with(name), "{list}: {item}");
            for cell in line.values() {
                let formula = cell.split(';').any(|part| part.starts_with(['=', '+', '-', '@', '\t', '\r']));
                assert!(!formula, "{list}: {cell}");
            }
            assert!(
                line[column]
                    .trim_start_matches('\'')
                    .starts_with(name.trim_start_matches('\'').split(';').next().unwrap())
            );
        }
        assert_eq!(cells.len(), names.len());
    }
    assert_eq!(lines(&accepting(&anyone, "/v1/providers", CSV).text)[0]["name"], "'=cmd|' /C calc'!A0");
}

#[test]
fn a_long_list_is_sent_whole_and_paged_without_gaps() {
    const MORE: usize = 2_100;
    let scene = Scene::set();
    let (unit, approval, offering) =
        (scene.unit().parse().unwrap(), scene.approval().parse().unwrap(), scene.offering.parse().unwrap());
    let now = scene.world.clock.now();
    let add = move |c: &mut valinta_persistence::Conn| {
        let unit = providers::find_unit(c, unit)?.unwrap();
        let approval = approvals::find(c, approval)?.unwrap();
        let offering = offerings::find(c, offering)?.unwrap();
        for _ in 0..MORE {
            let another = providers::ServiceUnit { id: Id::new(new_uuid(now)), ..unit.clone() };
            providers::insert_unit(c, &another)?;
            approvals::insert(
                c,
                &approvals::Approval { id: Id::new(new_uuid(now)), unit: another.id, ..approval.clone() },
            )?;
            let of_it = offerings::Offering { id: Id::new(new_uuid(now)), unit: another.id, ..offering.clone() };
            offerings::insert(c, &of_it)?;
        }
        registry::touch(c, &BTreeSet::from([RegistryChange::provider(unit.provider, None)]), now)
    };
    scene.world.db.as_ref().unwrap().write_blocking(add).unwrap();
    let anyone = scene.anyone();
    for list in ["/v1/service-units", "/v1/offerings", "/v1/approvals/public"] {
        let csv = lines(&accepting(&anyone, list, CSV).text);
        assert_eq!(csv.len(), MORE + 1, "{list}");
        let ids: BTreeSet<&str> = csv.iter().map(|line| line["id"].as_str()).collect();
        assert_eq!(ids.len(), MORE + 1, "{list}");
        assert_eq!(accepting(&anyone, list, NDJSON).text.lines().count(), MORE + 1, "{list}");
    }
    let (mut paged, mut path) = (Vec::new(), "/v1/offerings?limit=100".to_owned());
    loop {
        let answer = anyone.get(&path);
        let link = answer.header("link").map(|link| link.split(['<', '>']).nth(1).unwrap().to_owned());
        paged.extend(
            answer.ok()["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()),
        );
        match link {
            Some(next) => path = next,
            None => break,
        }
    }
    assert_eq!(paged.len(), MORE + 1);
    assert!(paged.is_sorted());
    // A filter that leaves out all but the last still comes to it.
    let (last, _) = Provider::approved(
        &scene.county,
        2,
        "public",
        &scene.home_care,
        &json!({"charging": "client_fee", "client_fee": "12.40", "unit_cost": "38.00"}),
    );
    assert_eq!(items(&anyone, "/v1/offerings?sector=public")[0]["provider"], last.id.as_str());
}

#[test]
fn organisers_with_their_area_and_voucher_types_are_shown_to_everyone_one_by_one() {
    let world = World::start();
    let county = County::found(&world);
    let care = county.home_care();
    let anyone = world.api.anyone();
    for (list, id) in [("/v1/organisers", &county.id), ("/v1/voucher-types", &care.id)] {
        let listed = anyone.get(list).ok()["items"].as_array().unwrap().clone();
        let shown = anyone.get(&format!("{list}/{id}")).ok();
        assert!(shown["id"] == id.as_str() && listed.contains(&shown), "{shown} is not in {listed:?}");
        anyone.get(&format!("{list}/{}", world.unknown_id())).refused(404, "not_found");
    }
    let area = anyone.get(&format!("/v1/organisers/{}/municipalities", county.id)).ok();
    let codes: BTreeSet<&str> =
        area["items"].as_array().unwrap().iter().map(|municipality| municipality["code"].as_str().unwrap()).collect();
    assert!(codes.contains("609") && codes.contains("684"), "{area}");
    anyone.get(&format!("/v1/organisers/{}/municipalities", world.unknown_id())).refused(404, "not_found");
}
