//! Somebody is called when something happens: in order, signed, once where they hear it, and without an end to what they miss.

mod failing;
mod keeping;
mod receiver;
mod verified;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};
use valinta_persistence::{Conn, outbox};
use valinta_service::app::App;
use valinta_service::deadlines::run_once;

use self::receiver::{Answers, Receiver};
use crate::support::{
    Answer, County, Provider, Resident, User, VoucherType, World, calling_this_machine, id_of, identity_code, price,
};

/// A county with home care, a provider of it and a resident. The service does nothing by itself: a test says when it calls.
struct Scene {
    world: World,
    county: County,
    care: VoucherType,
    provider: Provider,
    offering: String,
    resident: Resident,
}

impl Scene {
    fn new() -> Self {
        let mut world = World::start();
        world.restart();
        let county = County::found(&world);
        let care = county.home_care();
        let (provider, offering) = Provider::approved(&county, 1, "company", &care, &price("36.00"));
        let resident = county.client();
        let scene = Self { world, county, care, provider, offering, resident };
        scene.call();
        scene
    }

    fn app(&self) -> &App {
        self.world.apps.last().unwrap()
    }

    /// Gives places to what has happened, and calls everybody who is due.
    fn call(&self) {
        run_once(self.app()).unwrap();
    }

    /// Gives places to what has happened, and calls nobody.
    fn place(&self) {
        self.app().db().write_blocking(|c: &mut Conn| outbox::place_next(c, 100)).unwrap();
    }

    /// As [`Scene::call`], so much later.
    fn call_after(&self, by: TimeDelta) {
        self.world.clock.advance(by);
        self.call();
    }

    /// Has the case workers' system called there with everything that happens from now on.
    fn webhook(&self, receiver: &Receiver) -> Webhook {
        self.webhook_of(&self.county.case_worker, &json!({"url": receiver.url()}))
    }

    fn webhook_of(&self, user: &User, body: &Value) -> Webhook {
        let made = user.post("/v1/webhooks", body).created();
        Webhook { id: id_of(&made), secret: made["secret"].as_str().unwrap().to_owned(), user: user.clone() }
    }

    /// An offered voucher of another client: one event.
    fn offer(&self) {
        self.county.issue(&self.county.client(), &self.care, "20");
    }

    /// What the case workers can read of what has happened, after a place.
    fn events(&self, after: &str) -> Vec<Value> {
        let page = self.county.case_worker.get(&format!("/v1/events?after={after}&limit=100")).ok();
        page["items"].as_array().unwrap().clone()
    }

    /// The last place.
    fn now(&self) -> String {
        self.county.case_worker.get("/v1/events?after=now").ok()["next"].as_str().unwrap().to_owned()
    }
}

struct Webhook {
    id: String,
    secret: String,
    user: User,
}

impl Webhook {
    fn show(&self) -> Value {
        self.user.get(&format!("/v1/webhooks/{}", self.id)).ok()
    }

    fn does(&self, what: &str) -> Answer {
        self.user.post(&format!("/v1/webhooks/{}/{what}", self.id), &json!({}))
    }

    fn is_told_after(&self, place: &str) -> Answer {
        self.user.put(&format!("/v1/webhooks/{}/position", self.id), &json!({"after": place}))
    }

    /// What came of its calls, first call first: outcome and status.
    fn calls(&self) -> Vec<(String, Value)> {
        let page = self.user.get(&format!("/v1/webhooks/{}/calls?limit=100", self.id)).ok();
        let of = |call: &Value| (call["outcome"].as_str().unwrap().to_owned(), call["status"].clone());
        page["items"].as_array().unwrap().iter().rev().map(of).collect()
    }

    /// What was said of its last call.
    fn last_said(&self) -> String {
        let page = self.user.get(&format!("/v1/webhooks/{}/calls?limit=1", self.id)).ok();
        page["items"][0]["said"].as_str().unwrap_or_default().to_owned()
    }
}

#[test]
fn what_happens_is_told_in_order_as_it_can_be_read_and_without_personal_data() {
    let scene = Scene::new();
    let (receiver, of_provider, elsewhere) = (Receiver::start(), Receiver::start(), Receiver::start());
    let webhook = scene.webhook(&receiver);
    let another = County::found_as(&scene.world, 1, &[("091", "Helsinki", "Helsingfors")]);
    scene.webhook_of(&another.case_worker, &json!({"url": elsewhere.url()}));
    let body = json!({"url": of_provider.url(), "provider": scene.provider.id, "types": ["voucher.chosen"]});
    let provider_user = &scene.provider.user;
    let providers = scene.webhook_of(provider_user, &body);
    let before = scene.now();
    let voucher = scene.county.chosen_voucher(&scene.resident, &scene.care, "20", &scene.offering);
    scene.provider.record(voucher["id"].as_str().unwrap(), "2").created();
    assert!(receiver.heard().is_empty(), "nobody is called before it is due");
    scene.call();

    let (heard, events) = (receiver.heard(), scene.events(&before));
    assert_eq!(events.len(), 4);
    assert_eq!(heard.iter().map(|one| one.event()).collect::<Vec<_>>(), events);
    for (one, event) in heard.iter().zip(&events) {
        assert_eq!((one.line.as_str(), one.id()), ("POST /hear HTTP/1.1", event["id"].as_str().unwrap()));
        assert_eq!(one.headers["content-type"], "application/json");
        assert!(!one.headers.contains_key("authorization") && !one.headers.contains_key("cookie"));
        for personal in [identity_code(0).as_str(), scene.resident.person.as_str(), "Testi", "1650", "value"] {
            assert!(!one.body.contains(personal), "{personal} in {}", one.body);
        }
    }
    assert_eq!(of_provider.kinds(), ["voucher.chosen"]);
    assert_eq!(elsewhere.kinds(), Vec::<String>::new());
    assert_eq!(webhook.calls(), vec![("heard".to_owned(), json!(204)); 4]);
    assert_eq!(providers.calls().len(), 1);
    assert_eq!(webhook.show()["heard"], scene.now());

    // What was heard is not told again, whoever looks.
    scene.call();
    run_once(&scene.world.process()).unwrap();
    assert!(receiver.heard().is_empty());
    scene.world.audit_rows();
}

#[test]
fn two_processes_that_call_at_once_leave_nothing_out_and_note_each_event_once() {
    const EVENTS: usize = 12;
    let scene = Scene::new();
    let receiver = Receiver::start();
    let webhook = scene.webhook(&receiver);
    let before = scene.now();
    for _ in 0..EVENTS {
        scene.offer();
    }
    let another = calling_this_machine(scene.world.process());
    std::thread::scope(|scope| {
        // One may find that the other was first: it goes on from there in its next look.
        scope.spawn(|| run_once(scene.app()));
        scope.spawn(|| run_once(&another));
    });
    scene.call();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let events: Vec<String> = scene.events(&before).iter().map(|event| text(&event["id"])).collect();
    // What both have told is told twice with one id.
    let heard: BTreeSet<String> = receiver.heard().iter().map(|one| one.id().to_owned()).collect();
    let calls = webhook.user.get(&format!("/v1/webhooks/{}/calls?limit=100", webhook.id)).ok();
    let noted: Vec<String> = calls["items"].as_array().unwrap().iter().rev().map(|call| text(&call["event"])).collect();
    assert_eq!(events.len(), EVENTS);
    assert_eq!(heard, events.iter().cloned().collect(), "nothing is left out");
    assert_eq!(noted, events, "each is noted once, in order");
    assert_eq!(webhook.show()["heard"], scene.now());
}
