//! The registry's way over HTTP, refusals included: an organiser and its rules, a provider, its approval, its price.

use actix_web::body::to_bytes;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::test::{TestRequest, init_service};
use actix_web::{Error, web};
use chrono::TimeDelta;
use serde_json::{Value, json};
use valinta_domain::policy::Role;
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::testing::TestDatabase;

use crate::app::App;
use crate::clock::Clock;
use crate::http::server::web_app;
use crate::keys::Keys;
use crate::tokens::{Grant, Tokens};

struct World {
    app: App,
    _database: TestDatabase,
}

struct Answer {
    status: u16,
    body: Value,
    etag: Option<String>,
}

impl Answer {
    #[track_caller]
    fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {:#}", self.status, self.body);
        self.body
    }

    /// The status, the kind's name and each failure's pointer and code.
    fn refusal(&self) -> (u16, String, Vec<String>) {
        let kind = self.body["type"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();
        let failures = self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default().iter();
        let places = failures.map(|f| format!("{} {}", f["pointer"].as_str().unwrap(), f["code"].as_str().unwrap()));
        (self.status, kind, places.collect())
    }

    #[track_caller]
    fn refused(&self, status: u16, kind: &str, places: &[&str]) {
        let places: Vec<String> = places.iter().map(|place| (*place).to_owned()).collect();
        assert_eq!(self.refusal(), (status, kind.to_owned(), places), "{:#}", self.body);
    }
}

impl World {
    async fn new() -> Self {
        let opening = || {
            let database = TestDatabase::create().unwrap();
            let db = database.open().unwrap();
            (db, database)
        };
        let (db, database) = web::block(opening).await.unwrap();
        let keys = Keys::generate();
        let tokens = Tokens::new("https://id.example", "valinta", &keys, None).unwrap();
        let clock = Clock::fixed(Moment::from_micros(1_790_000_000_000_000).unwrap());
        Self { app: App::new(db, tokens, clock, &keys).unwrap(), _database: database }
    }

    fn today(&self) -> Day {
        Day::new(self.app.clock().now().utc().date_naive())
    }

    fn day(&self, from_today: i64) -> String {
        self.today().plus_days(from_today).to_string()
    }

    fn token(&self, role: Role, subject: &str, organiser: Option<&str>) -> String {
        let grant = Grant {
            subject: subject.into(),
            role,
            organiser: organiser.map(|id| Id::new(id.parse().unwrap())),
            person: None,
            scopes: role.scopes(),
            lifetime: TimeDelta::hours(1),
            client_id: "test".into(),
        };
        format!("Bearer {}", self.app.tokens().mint(&grant, self.app.clock().now()))
    }

    async fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        let key = crate::clock::new_uuid(self.app.clock().now()).to_string();
        let request = TestRequest::post().uri(path).insert_header(("authorization", token));
        // Decisions want to know what was seen: whatever it is by now.
        let request = request.insert_header(("idempotency-key", key)).insert_header(("if-match", "*"));
        self.send(request.set_json(body)).await
    }

    async fn get(&self, token: Option<&str>, path: &str) -> Answer {
        let request = TestRequest::get().uri(path);
        self.send(match token {
            Some(token) => request.insert_header(("authorization", token)),
            None => request,
        })
        .await
    }

    async fn send(&self, request: TestRequest) -> Answer {
        let service = init_service(web_app(self.app.clone())).await;
        answer(service.call(request.to_request()).await).await
    }
}

async fn answer<B: actix_web::body::MessageBody>(sent: Result<ServiceResponse<B>, Error>) -> Answer {
    let (status, etag, bytes) = match sent {
        Ok(response) => {
            let etag = response.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
            (response.status(), etag, actix_web::test::read_body(response).await)
        }
        Err(error) => {
            let response = error.error_response();
            (response.status(), None, to_bytes(response.into_body()).await.unwrap())
        }
    };
    Answer { status: status.as_u16(), body: serde_json::from_slice(&bytes).unwrap_or_default(), etag }
}

fn text(words: &str) -> Value {
    json!({"fi": words, "sv": words, "en": words})
}

fn terms(ceiling: &str) -> Value {
    json!({
        "value": {"flat": {"value": "30.00"}},
        "price_ceiling": {"amount": ceiling},
        "public_service": {"client_fee": "12.00", "basis": text("b")},
        "grant": {"per": "month", "quantity_max": "10", "validity_days_max": 365},
        "recording": {"days_after_month": 60},
        "requirements": [
            {"code": "register", "text": text("In the register"), "source": "569/2009 § 5", "expires": false},
            {"code": "insurance", "text": text("Insured"), "source": "569/2009 § 5", "expires": true},
        ],
        "texts": {"status": text("s"), "co_payment": text("c"), "alternatives": text("a"), "appeal": text("r")},
        "sources": ["fictional"],
    })
}

fn organiser(code: &str, business_id: &str, municipality: &str) -> Value {
    json!({
        "code": code,
        "name": text(code),
        "business_id": business_id,
        "currency": "EUR",
        "time_zone": "Europe/Helsinki",
        "municipalities": [{
            "code": municipality, "name_fi": "Pori", "name_sv": "Björneborg",
            "latitude": "61.4851", "longitude": "21.7974",
        }],
    })
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

/// An organiser with a voucher type in force: the ids, and an officer's token.
async fn founded(world: &World) -> (String, String, String) {
    let operator = world.token(Role::Operator, "operator", None);
    let made = world.post(&operator, "/v1/organisers", &organiser("satakunta", "0201256-6", "609")).await.ok();
    let officer = world.token(Role::Officer, "officer", Some(id(&made)));
    let kind = json!({"code": "home-care", "name": text("Home care"), "description": text("d"), "unit": "hour"});
    let kind = world.post(&officer, "/v1/voucher-types", &kind).await.ok();
    let drafted = json!({"voucher_type": id(&kind), "terms": terms("48.00")});
    let drafted = world.post(&officer, "/v1/rulebooks", &drafted).await.ok();
    let adopted = json!({"in_force_from": world.day(0), "reasons": text("r")});
    world.post(&officer, &format!("/v1/rulebooks/{}/propose", id(&drafted)), &json!({})).await.ok();
    world.post(&officer, &format!("/v1/rulebooks/{}/adopt", id(&drafted)), &adopted).await.ok();
    (id(&made).to_owned(), id(&kind).to_owned(), officer)
}

/// A registered provider with a unit: the ids, and its token.
async fn registered(world: &World) -> (String, String, String) {
    let token = world.token(Role::Provider, "kaisla", None);
    let provider = json!({"business_id": "0201256-6", "name": "Kaisla", "sector": "company"});
    let provider = world.post(&token, "/v1/providers", &provider).await.ok();
    let unit = json!({
        "name": "Kaisla Pori", "street_address": "Rantatie 1", "postal_code": "28100", "postal_place": "Pori",
        "municipality": "609", "languages": ["fi"], "modes": ["at_home"],
        "coordinates": {"latitude": "61.4851", "longitude": "21.7974"},
    });
    let unit = world.post(&token, &format!("/v1/providers/{}/units", id(&provider)), &unit).await.ok();
    assert_eq!(unit["coordinates"]["latitude"], "61.485100");
    (id(&provider).to_owned(), id(&unit).to_owned(), token)
}

/// The unit's application with evidence that holds until a day.
async fn applied(world: &World, token: &str, unit: &str, kind: &str, insured_until: i64) -> String {
    let application = json!({"unit": unit, "voucher_type": kind, "evidence": [
        {"requirement": "register", "reference": "entry 1"},
        {"requirement": "insurance", "reference": "policy 1", "valid_until": world.day(insured_until)},
    ]});
    let begun = world.post(token, "/v1/applications", &application).await.ok();
    world.post(token, &format!("/v1/applications/{}/submit", id(&begun)), &json!({})).await.ok();
    id(&begun).to_owned()
}

#[actix_web::test]
async fn an_organiser_is_founded_once_and_serves_its_municipalities_alone() {
    let world = World::new().await;
    let (organiser_id, ..) = founded(&world).await;
    let operator = world.token(Role::Operator, "operator", None);
    let again = world.post(&operator, "/v1/organisers", &organiser("satakunta", "0201256-6", "609")).await;
    let places = ["/code duplicate", "/business_id duplicate", "/municipalities/0/code duplicate"];
    again.refused(409, "duplicate", &places);

    let mut bad = organiser("no code", "0201256-7", "60");
    bad["time_zone"] = json!("Europe/Pori");
    bad["municipalities"][0]["latitude"] = json!("91");
    let bad = world.post(&operator, "/v1/organisers", &bad).await;
    let places = [
        "/code invalid",
        "/business_id invalid",
        "/time_zone invalid",
        "/municipalities/0/code invalid",
        "/municipalities/0/latitude invalid",
    ];
    bad.refused(422, "invalid_input", &places);

    let listed = world.get(None, "/v1/organisers").await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let served = world.get(None, &format!("/v1/organisers/{organiser_id}/municipalities")).await.ok();
    assert_eq!(served["items"][0]["longitude"], "21.797400");
    assert_eq!(world.get(None, &format!("/v1/organisers/{organiser_id}")).await.ok()["code"], "satakunta");
}

#[actix_web::test]
async fn a_rulebook_follows_another_by_a_decision_and_never_reaches_back() {
    let world = World::new().await;
    let (_, kind, officer) = founded(&world).await;
    let faulty = json!({"voucher_type": kind, "terms": terms("0.00")});
    let faulty = world.post(&officer, "/v1/rulebooks", &faulty).await;
    faulty.refused(422, "invalid_input", &["/terms/price_ceiling/amount out_of_range"]);

    let drafted = json!({"voucher_type": kind, "terms": terms("50.00")});
    let drafted = world.post(&officer, "/v1/rulebooks", &drafted).await.ok();
    assert_eq!(drafted["number"], 2);
    let path = format!("/v1/rulebooks/{}", id(&drafted));
    let shown = world.get(Some(&officer), &path).await;
    assert!(shown.etag.is_some() && shown.body["in_force_from"].is_null() && shown.body["terms"].is_object());
    let stranger = world.token(Role::Officer, "other", Some("01990000-0000-7000-8000-000000000000"));
    world.get(Some(&stranger), &path).await.refused(404, "not_found", &[]);

    let adopt = async |from: i64| {
        let body = json!({"in_force_from": world.day(from), "reasons": text("r")});
        world.post(&officer, &format!("{path}/adopt"), &body).await
    };
    adopt(10).await.refused(409, "wrong_state", &[]);
    world.post(&officer, &format!("{path}/propose"), &json!({})).await.ok();
    adopt(-1).await.refused(422, "invalid_input", &["/in_force_from in_the_past"]);
    adopt(0).await.refused(422, "invalid_input", &["/in_force_from not_after_current"]);
    let adopted = adopt(10).await.ok();
    assert!(adopted["decision"].is_string());
    adopt(11).await.refused(409, "wrong_state", &[]);

    let in_force =
        async |day: i64| world.get(None, &format!("/v1/voucher-types/{kind}/rulebook?as_of={}", world.day(day))).await;
    let first = in_force(9).await.ok();
    assert_eq!((&first["number"], &first["in_force_until"]), (&json!(1), &json!(world.day(9))));
    assert_eq!(in_force(10).await.ok()["terms"]["price_ceiling"]["amount"], "50.00");
    in_force(-1).await.refused(404, "not_found", &[]);
}

#[actix_web::test]
async fn a_provider_is_registered_once_and_shown_to_all_when_approved() {
    let world = World::new().await;
    let (_, kind, officer) = founded(&world).await;
    let (provider, unit, token) = registered(&world).await;
    let again = json!({"business_id": "0201256-6", "name": "Other", "sector": "ngo"});
    let stranger = world.token(Role::Provider, "stranger", None);
    world.post(&stranger, "/v1/providers", &again).await.refused(409, "duplicate", &["/business_id duplicate"]);
    let path = format!("/v1/providers/{provider}");
    let nowhere = json!({
        "name": "n", "street_address": "s", "postal_code": "28100", "postal_place": "p", "municipality": "999",
        "languages": ["fi"], "modes": ["remote"], "service_area": ["609", "998"],
    });
    let units = format!("{path}/units");
    let places = ["/municipality unknown", "/service_area/1 unknown"];
    world.post(&token, &units, &nowhere).await.refused(422, "invalid_input", &places);
    world.post(&stranger, &units, &nowhere).await.refused(404, "not_found", &[]);

    world.get(None, &path).await.refused(404, "not_found", &[]);
    let mine = world.get(Some(&token), "/v1/providers/mine").await.ok();
    assert_eq!((&mine["items"][0]["sector"], id(&mine["items"][0]["units"][0])), (&json!("company"), unit.as_str()));
    assert_eq!(world.get(Some(&stranger), "/v1/providers/mine").await.ok()["items"], json!([]));
    let application = applied(&world, &token, &unit, &kind, 100).await;
    let approve = json!({"outcome": "approved", "reasons": text("r")});
    world.post(&officer, &format!("/v1/applications/{application}/decision"), &approve).await.ok();
    assert_eq!(world.get(None, &path).await.ok()["sector_since"], world.day(0));
    assert_eq!(world.get(None, "/v1/providers").await.ok()["items"][0]["name"], "Kaisla");
}

#[actix_web::test]
async fn an_application_is_hidden_until_submitted_and_approved_only_when_all_is_met() {
    let world = World::new().await;
    let (organiser, kind, officer) = founded(&world).await;
    let (_, unit, token) = registered(&world).await;
    let bare = json!({"unit": unit, "voucher_type": kind, "evidence": []});
    let odd = json!({"unit": unit, "voucher_type": kind, "evidence": [{"requirement": "dog", "reference": "x"}]});
    let stranger = world.token(Role::Provider, "stranger", None);
    let foreign = world.post(&stranger, "/v1/applications", &bare).await;
    foreign.refused(404, "not_found", &["/unit unknown"]);
    let odd = world.post(&token, "/v1/applications", &odd).await;
    odd.refused(422, "invalid_input", &["/evidence/0/requirement unknown"]);
    let draft = world.post(&token, "/v1/applications", &bare).await.ok();
    world.post(&token, "/v1/applications", &bare).await.refused(409, "duplicate", &["/unit duplicate"]);
    let path = format!("/v1/applications/{}", id(&draft));
    world.get(Some(&officer), &path).await.refused(404, "not_found", &[]);
    assert_eq!(world.get(Some(&officer), "/v1/applications").await.ok()["items"], json!([]));
    let places = ["/evidence missing", "/evidence missing"];
    world.post(&token, &format!("{path}/submit"), &json!({})).await.refused(422, "invalid_input", &places);
    assert_eq!(world.post(&token, &format!("{path}/withdraw"), &json!({})).await.ok()["state"], "withdrawn");
    world.post(&token, &format!("{path}/submit"), &json!({})).await.refused(409, "wrong_state", &[]);

    let application = applied(&world, &token, &unit, &kind, -1).await;
    let auditor = world.token(Role::Auditor, "auditor", Some(&organiser));
    let listed = world.get(Some(&auditor), "/v1/applications?state=submitted").await.ok();
    assert_eq!(id(&listed["items"][0]), application);
    let path = format!("/v1/applications/{application}/decision");
    let approve = json!({"outcome": "approved", "reasons": text("r")});
    world.post(&officer, &path, &approve).await.refused(422, "rule_error", &["/outcome expired"]);
    let rejected = json!({"outcome": "rejected", "reasons": text("r")});
    assert_eq!(world.post(&officer, &path, &rejected).await.ok()["application"]["state"], "rejected");

    let application = applied(&world, &token, &unit, &kind, 100).await;
    let path = format!("/v1/applications/{application}/decision");
    let early = json!({"outcome": "approved", "reasons": text("r"), "valid_from": world.day(-1)});
    world.post(&officer, &path, &early).await.refused(422, "invalid_input", &["/valid_from in_the_past"]);
    let approved = world.post(&officer, &path, &approve).await.ok();
    assert_eq!(approved["approval"]["state"], "active");
    for caller in [&officer, &auditor, &token] {
        let approvals = world.get(Some(caller), "/v1/approvals").await.ok();
        assert_eq!(id(&approvals["items"][0]), id(&approved["approval"]));
    }
    assert_eq!(world.get(Some(&stranger), "/v1/approvals").await.ok()["items"], json!([]));
    world.post(&token, "/v1/applications", &bare).await.refused(409, "duplicate", &["/unit approved"]);
}

#[actix_web::test]
async fn a_price_needs_an_approval_and_keeps_to_the_ceiling() {
    let world = World::new().await;
    let (_, kind, officer) = founded(&world).await;
    let (provider, unit, token) = registered(&world).await;
    let offer = |price: Value| json!({"unit": unit, "voucher_type": kind, "price": price});
    let at = |price: &str| json!({"charging": "voucher", "price": price});
    world.post(&token, "/v1/offerings", &offer(at("40.00"))).await.refused(409, "wrong_state", &[]);
    let application = applied(&world, &token, &unit, &kind, 100).await;
    let approve = json!({"outcome": "approved", "reasons": text("r")});
    world.post(&officer, &format!("/v1/applications/{application}/decision"), &approve).await.ok();

    let over = world.post(&token, "/v1/offerings", &offer(at("48.01"))).await;
    over.refused(422, "price_over_ceiling", &["/price/price price_over_ceiling"]);
    let detail = over.body["detail"].as_str().unwrap();
    assert!(detail.contains("48.01") && detail.contains("48.00"), "{detail}");
    let fee = json!({"charging": "client_fee", "client_fee": "12.00", "unit_cost": "50.00"});
    let fee = world.post(&token, "/v1/offerings", &offer(fee)).await;
    fee.refused(422, "invalid_input", &["/price/charging client_fee_not_public"]);
    let offering = world.post(&token, "/v1/offerings", &offer(at("48.00"))).await.ok();
    world.post(&token, "/v1/offerings", &offer(at("40.00"))).await.refused(409, "duplicate", &["/unit duplicate"]);

    let prices = format!("/v1/offerings/{}/prices", id(&offering));
    let set = async |price: &str, from: i64| {
        world.post(&token, &prices, &json!({"price": at(price), "from": world.day(from)})).await
    };
    set("47.00", -1).await.refused(422, "invalid_input", &["/from in_the_past"]);
    set("48.50", 30).await.refused(422, "price_over_ceiling", &["/price/price price_over_ceiling"]);
    set("46.00", 30).await.ok();
    set("45.00", 20).await.ok();
    let stranger = world.token(Role::Provider, "stranger", None);
    let foreign = json!({"price": at("1.00"), "from": world.day(0)});
    world.post(&stranger, &prices, &foreign).await.refused(404, "not_found", &[]);

    let listed = world.get(None, &format!("/v1/offerings?provider={provider}&voucher_type={kind}")).await.ok();
    let expected = json!([
        {
            "from": world.day(0), "until": world.day(19),
            "price": {"charging": "voucher", "price": {"amount": "48.00", "currency": "EUR"}},
        },
        {"from": world.day(20), "price": {"charging": "voucher", "price": {"amount": "45.00", "currency": "EUR"}}},
    ]);
    assert_eq!(listed["items"][0]["prices"], expected, "{listed:#}");
    assert_eq!(world.get(None, &format!("/v1/offerings/{}", id(&offering))).await.ok()["provider_name"], "Kaisla");
}
