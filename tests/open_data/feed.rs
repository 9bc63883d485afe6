//! Who reads from elsewhere: pages of other origins, and a mirror that follows the feed of changes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{CSV, LISTS, Scene, items};
use crate::support::{Provider, User, home_care_terms, price};

#[test]
fn pages_of_other_origins_may_read_without_credentials() {
    let scene = Scene::set();
    let anyone = scene.anyone();
    let origin = ("Origin", "https://elsewhere.example");
    for (path, accept, status) in [
        ("/v1/providers", "application/json", 200),
        ("/v1/offerings", CSV, 200),
        ("/v1/providers", "image/png", 406),
        ("/v1/providers?sort=name", "application/json", 422),
        ("/v1/nothing", "application/json", 404),
        ("/v1/estimates", "application/json", 405),
        ("/v1/approvals", "application/json", 401),
        ("/v1/openapi.json", "application/json", 200),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = anyone.send(method, path, &[origin, ("Accept", accept)], None);
            assert_eq!(answer.status, status, "{method} {path}");
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{method} {path}");
            assert_eq!(answer.header("access-control-allow-credentials"), None);
            let exposed = answer.header("access-control-expose-headers").unwrap();
            assert!(exposed.contains("etag") && exposed.contains("link"), "{exposed}");
        }
    }
    let preflight = |method: &str, headers: &str| {
        let asked = [origin, ("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", headers)];
        anyone.send("OPTIONS", "/v1/providers", &asked, None)
    };
    let allowed = preflight("GET", "if-none-match");
    assert_eq!((allowed.status, allowed.text.as_str()), (204, ""));
    assert_eq!(allowed.header("access-control-allow-origin"), Some("*"));
    assert_eq!(allowed.header("access-control-allow-methods"), Some("GET, HEAD"));
    assert_eq!(allowed.header("access-control-allow-headers"), Some("accept, if-none-match"));
    for (method, headers) in [("POST", ""), ("GET", "authorization"), ("PUT", "content-type")] {
        let refused = preflight(method, headers);
        assert!(!refused.header("access-control-allow-methods").unwrap_or_default().contains("P"), "{method}");
        assert!(!refused.header("access-control-allow-headers").unwrap_or_default().contains("authorization"));
        assert_eq!(refused.header("access-control-allow-credentials"), None);
    }
    // What is a caller's own is not opened, nor is anything that changes something.
    let own = scene.county.officer.send("GET", "/v1/approvals", &[origin], None);
    assert_eq!((own.status, own.header("access-control-allow-origin")), (200, None));
    let posted = anyone.send("POST", "/v1/providers", &[origin], Some("{}"));
    assert_eq!(posted.header("access-control-allow-origin"), None);
    anyone.send("OPTIONS", "/v1/providers", &[], None).refused(405, "method_not_allowed");
}

/// One who knows the registry by the feed alone.
struct Mirror {
    anyone: User,
    cursor: Option<String>,
    things: BTreeMap<(String, String), Value>,
}

impl Mirror {
    fn catch_up(&mut self, limit: usize) {
        loop {
            let after = self.cursor.as_ref().map(|cursor| format!("&after={cursor}")).unwrap_or_default();
            let page = self.anyone.get(&format!("/v1/changes?limit={limit}{after}")).ok();
            for change in page["items"].as_array().unwrap() {
                let key = (change["kind"].as_str().unwrap().to_owned(), change["id"].as_str().unwrap().to_owned());
                match change.get("item") {
                    Some(item) => {
                        assert_eq!(item["id"], change["id"]);
                        self.things.insert(key, item.clone())
                    }
                    None => self.things.remove(&key),
                };
            }
            self.cursor = Some(page["next"].as_str().unwrap().to_owned());
            if page["more"] == false {
                return;
            }
        }
    }

    fn of_kind(&self, kind: &str) -> Vec<&Value> {
        self.things.iter().filter(|((of, _), _)| of == kind).map(|(_, item)| item).collect()
    }

    fn is_like_the_lists(&self) {
        let kinds = ["provider", "service_unit", "offering", "approval", "organiser", "voucher_type"];
        let lists = LISTS.into_iter().chain(["/v1/organisers", "/v1/voucher-types"]);
        for (kind, list) in kinds.into_iter().zip(lists) {
            let listed = match list {
                "/v1/organisers" => self.anyone.get(list).ok()["items"].as_array().unwrap().clone(),
                _ => items(&self.anyone, list),
            };
            assert!(!listed.is_empty(), "{list}");
            assert_eq!(self.of_kind(kind), listed.iter().collect::<Vec<_>>(), "{list}");
        }
    }
}

#[test]
fn a_mirror_that_follows_the_feed_alone_ends_with_what_the_lists_say() {
    let mut scene = Scene::set();
    let mut mirror = Mirror { anyone: scene.anyone(), cursor: None, things: BTreeMap::new() };
    let mut early = Mirror { anyone: scene.anyone(), cursor: None, things: BTreeMap::new() };
    early.catch_up(1);
    early.is_like_the_lists();
    let unit = scene.unit();
    scene.put(&format!("/v1/service-units/{unit}"), &Provider::unit_request("Moved"));
    mirror.catch_up(1);
    scene.agree("name", "Renamed Oy", None);
    let (second, of_second) = Provider::approved(&scene.county, 2, "ngo", &scene.home_care, &price("38.00"));
    mirror.catch_up(3);
    scene.put(&format!("/v1/offerings/{}", scene.offering), &json!({"accepts_new_clients": false}));
    scene.interrupt("2026-11-11", "2026-11-13");
    second.unit();
    mirror.catch_up(2);
    mirror.is_like_the_lists();
    scene.agree("sector", "ngo", None);
    let priced = json!({"price": price("37.00"), "from": "2026-11-12"});
    second.user.post(&format!("/v1/offerings/{of_second}/prices"), &priced).created();
    let mut lower = home_care_terms();
    lower["price_ceiling"] = json!({"amount": "39.00"});
    scene.county.adopt(&scene.home_care.id, &lower, scene.world.today().plus_days(60));
    let third = Provider::register(&scene.world, 3, "Later Oy", "company");
    let application = third.apply(&third.unit(), &scene.home_care);
    mirror.catch_up(100);
    assert!(!mirror.things.contains_key(&("provider".to_owned(), third.id.clone())));
    scene.county.decide(&application, "approved");
    for mirror in [&mut mirror, &mut early] {
        mirror.catch_up(2);
        mirror.is_like_the_lists();
    }
    assert_eq!(mirror.of_kind("rulebook").len(), 2);

    // Nothing has happened: the cursor is given nevertheless, and it holds for good.
    let path = format!("/v1/changes?after={}", mirror.cursor.as_ref().unwrap());
    let quiet = scene.anyone().get(&path);
    let tag = quiet.header("etag").unwrap().to_owned();
    let quiet = quiet.ok();
    assert_eq!((&quiet["items"], &quiet["more"]), (&json!([]), &json!(false)));
    assert_eq!(quiet["next"].as_str(), mirror.cursor.as_deref());
    let revision = scene.anyone().get("/v1/providers").header("registry-revision").unwrap().to_owned();
    assert_eq!((quiet["revision"].to_string(), quiet["next"].as_str()), (revision.clone(), Some(revision.as_str())));
    let again = || scene.anyone().send("GET", &path, &[("If-None-Match", &tag)], None);
    assert_eq!(again().status, 304);
    second.unit();
    let page = again().ok();
    let kinds: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|change| &change["kind"]).collect();
    assert_eq!(kinds, ["provider", "service_unit"], "a provider is shown with its units");
    let (shown, hidden) = (&page["items"][0], &page["items"][1]);
    assert!(shown["item"].is_object() && hidden["item"].is_null(), "a unit that was never approved is not public");
    assert_eq!(scene.anyone().get(shown["href"].as_str().unwrap()).ok()["id"], shown["id"]);
    scene.set_day("2026-11-12");
}
