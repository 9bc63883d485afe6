//! The plumbing as a client meets it: a few operations of the tests' own behind the real middleware.

use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::test::{TestRequest, init_service, read_body};
use actix_web::{Error, HttpResponse, get, post, web};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempDir;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::policy::{Role, Scope};
use valinta_domain::{Amount, Id, Moment};
use valinta_persistence::{Db, DbError};

use super::permit::{AuditRead, VouchersWrite};
use super::server::web_app_of;
use super::*;
use crate::app::App;
use crate::clock::Clock;
use crate::keys::Keys;
use crate::routes;
use crate::tokens::{Grant, Tokens};

#[derive(Debug, Clone, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Line {
    /// What.
    #[validate(length(min = 1, max = 5))]
    #[schema(min_length = 1, max_length = 5)]
    name: String,
    /// For how much.
    #[schema(max_length = 20)]
    price: String,
}

/// An order.
#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NewOrder {
    #[validate(length(min = 1, max = 3), nested)]
    #[schema(min_items = 1, max_items = 3)]
    lines: Vec<Line>,
    count: Option<u8>,
}

impl Parse for NewOrder {
    type Into = Vec<Amount>;

    fn parse(&self, errors: &mut Errors) -> Option<Vec<Amount>> {
        errors.each("/lines", &self.lines, |line, errors| errors.take("/price", line.price.parse()))
    }
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Order {
    #[schema(max_length = 20)]
    total: String,
    #[schema(max_length = 200)]
    by: String,
}

/// Takes an order.
#[utoipa::path(
    tag = "orders",
    params(IdempotencyKey),
    responses((status = 201, description = "The order.", body = Order)),
    security(("bearer" = ["vouchers:write"])),
)]
#[post("/v1/orders")]
async fn place_order(
    permit: Permit<VouchersWrite>,
    key: IdempotencyKey,
    body: Json<NewOrder>,
) -> Result<HttpResponse, Problem> {
    assert!(!key.as_str().is_empty() && body.request().count.is_none_or(|count| count > 0));
    let total = body.into_inner().into_iter().try_fold(Amount::ZERO, Amount::plus);
    let total = total.ok_or(Problem::new(ProblemKind::RuleError, "The sum is too large."))?;
    Ok(HttpResponse::Created().json(Order { total: total.to_string(), by: permit.caller().subject.clone() }))
}

/// Lists orders.
#[utoipa::path(
    tag = "orders",
    params(PageQuery),
    responses((status = 200, description = "Orders.", body = Page<Order>)),
    security(("bearer" = ["audit:read"])),
)]
#[get("/v1/orders")]
async fn list_orders(_permit: Permit<AuditRead>, query: Paged<page::NoFilters>) -> Result<Page<Order>, Problem> {
    let (page, _) = query.into_parts();
    let from = page.after::<u32>()?.unwrap_or(0);
    let numbers: Vec<u32> = (from + 1..=from + 1 + u32::from(page.limit())).collect();
    Ok(Page::cut(numbers, &page, |n| *n).map(|n| Order { total: n.to_string(), by: "x".into() }))
}

/// Shows an order.
#[utoipa::path(
    tag = "orders",
    responses((status = 200, description = "The order.", body = Order)),
    security(()),
)]
#[get("/v1/orders/{id}")]
async fn show_order(id: PathId<kind::Voucher>) -> HttpResponse {
    HttpResponse::Ok().json(Order { total: id.id().to_string(), by: "x".into() })
}

/// Falls over.
#[utoipa::path(tag = "orders", responses((status = 200, description = "Never.")), security(()))]
#[get("/v1/orders/broken")]
async fn break_order() -> HttpResponse {
    panic!("a secret in a panic")
}

/// Finds the database away.
#[utoipa::path(tag = "orders", responses((status = 200, description = "Never.")), security(()))]
#[get("/v1/orders/away")]
async fn lose_order() -> Result<HttpResponse, Problem> {
    Err(DbError::Unavailable { reason: "secret host".into() }.into())
}

fn test_routes() -> Vec<openapi::Route> {
    routes![show_order, place_order, list_orders, break_order, lose_order]
}

struct World {
    app: App,
    _folder: TempDir,
}

impl World {
    fn new() -> Self {
        let world = Self::without_tables();
        world.app.db().migrate().unwrap();
        assert!(world.app.open_up().unwrap());
        world
    }

    fn without_tables() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let db = Db::open(&url.parse().unwrap()).unwrap();
        let keys = Keys::generate();
        let tokens = Tokens::new("https://id.example", "valinta", &keys, None).unwrap();
        let clock = Clock::fixed(Moment::from_micros(1_790_000_000_000_000).unwrap());
        Self { app: App::new(db, tokens, clock, &keys).unwrap(), _folder: folder }
    }

    fn token(&self, role: Role, scopes: &[Scope]) -> String {
        let grant = Grant {
            subject: "somebody".into(),
            role,
            organiser: role.is_county_staff().then(|| Id::new(uuid::Uuid::from_u128(1))),
            person: None,
            scopes: scopes.to_vec(),
            lifetime: TimeDelta::hours(1),
            client_id: "test".into(),
        };
        format!("Bearer {}", self.app.tokens().mint(&grant, self.app.clock().now()))
    }

    fn case_worker(&self) -> String {
        self.token(Role::CaseWorker, &[Scope::VouchersWrite])
    }

    fn order(&self) -> TestRequest {
        TestRequest::post()
            .uri("/v1/orders")
            .insert_header((header::AUTHORIZATION, self.case_worker()))
            .insert_header(("Idempotency-Key", "k"))
            .insert_header((header::CONTENT_TYPE, "application/json; charset=utf-8"))
    }

    async fn send(&self, request: TestRequest) -> Answer {
        let service = init_service(web_app_of(self.app.clone(), test_routes())).await;
        answer(service.call(request.to_request()).await).await
    }
}

struct Answer {
    status: StatusCode,
    headers: header::HeaderMap,
    json: Value,
    text: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn errors(&self) -> Vec<(&str, &str)> {
        let errors = self.json["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().map(|e| (e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap())).collect()
    }

    #[track_caller]
    fn is_problem(&self, kind: ProblemKind) {
        assert_eq!(self.json["type"], kind.uri(), "{}", self.text);
        assert_eq!(self.status, kind.status());
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.json["instance"], format!("urn:uuid:{}", self.header("x-request-id")));
    }
}

async fn answer<B: actix_web::body::MessageBody>(sent: Result<ServiceResponse<B>, Error>) -> Answer {
    match sent {
        Ok(response) => {
            let (status, headers) = (response.status(), response.headers().clone());
            let text = String::from_utf8(read_body(response).await.to_vec()).unwrap();
            Answer { status, headers, json: serde_json::from_str(&text).unwrap_or_default(), text }
        }
        Err(error) => {
            let response = error.error_response();
            let (status, headers) = (response.status(), response.headers().clone());
            let body = actix_web::body::to_bytes(response.into_body()).await.unwrap();
            let text = String::from_utf8(body.to_vec()).unwrap();
            Answer { status, headers, json: serde_json::from_str(&text).unwrap_or_default(), text }
        }
    }
}

#[actix_web::test]
async fn a_good_request_is_answered_under_its_id_and_may_not_be_stored() {
    let world = World::new();
    let body = json!({"lines": [{"name": "a", "price": "1.50"}, {"name": "b", "price": "2"}]});
    let answer = world.send(world.order().set_payload(body.to_string())).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.json, json!({"total": "3.50", "by": "somebody"}));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("x-request-id").len(), 36);
}

#[actix_web::test]
async fn what_is_wrong_in_form_and_in_meaning_is_told_at_once() {
    let world = World::new();
    let body = json!({"lines": [
        {"name": "", "price": "1"}, {"name": "b", "price": "1,50"}, {"name": "too long", "price": "1.505"},
    ]});
    let answer = world.send(world.order().set_payload(body.to_string())).await;
    answer.is_problem(ProblemKind::InvalidInput);
    let expected = [
        ("/lines/0/name", "length"),
        ("/lines/2/name", "length"),
        ("/lines/1/price", "invalid"),
        ("/lines/2/price", "invalid"),
    ];
    assert_eq!(answer.errors(), expected);
}

#[actix_web::test]
async fn a_body_that_does_not_fit_its_shape_is_refused_at_its_place() {
    let world = World::new();
    let nested = format!("{{\"lines\": {}", "[".repeat(10_000));
    for (body, pointer, code) in [
        (r#"{"lines": [], "colour": 1}"#, "/colour", "unknown_field"),
        (r#"{"lines": [{"name": "a", "price": "1", "x": 1}]}"#, "/lines/0/x", "unknown_field"),
        (r#"{"lines": [{"name": 7, "price": "1"}]}"#, "/lines/0/name", "invalid_type"),
        (r#"{"lines": [{"name": "a"}]}"#, "/lines/0/price", "missing_field"),
        (r#"{"lines": [], "lines": []}"#, "/lines", "duplicate_field"),
        (r#"{"lines": [], "count": 300}"#, "/count", "out_of_range"),
        (r#"{"lines": [{"name": "a", "price": "1", "name": "b"}]}"#, "/lines/0/name", "duplicate_field"),
        (r#"{"lines": [], "colour": 1, "colour": 2}"#, "/colour", "duplicate_field"),
        (&nested, "", "too_deep"),
        ("[[], 7]", "", "invalid_type"),
        ("null", "", "invalid_type"),
        (r#"{"lines": [["a", "1"]]}"#, "/lines/0", "invalid_type"),
        (r#"{"lines": {}}"#, "/lines", "invalid_type"),
    ] {
        let answer = world.send(world.order().set_payload(body.to_owned())).await;
        answer.is_problem(ProblemKind::InvalidInput);
        assert_eq!(answer.errors(), [(pointer, code)], "{body}");
    }
}

#[actix_web::test]
async fn a_body_that_is_no_json_or_too_much_or_declared_otherwise_is_refused() {
    let world = World::new();
    for body in ["", "{", "{\"lines\": []} x", "{\"lines\": [1e999]}", "{\"colour\": 1", "\u{feff}{}"] {
        world.send(world.order().set_payload(body.to_owned())).await.is_problem(ProblemKind::MalformedJson);
    }
    let bytes = world.send(world.order().set_payload(vec![b'{', b'"', 0xFF, b'"', b':', b'1', b'}'])).await;
    bytes.is_problem(ProblemKind::MalformedJson);
    assert!(bytes.json["detail"].as_str().unwrap().contains("line 1, column"));

    let large = vec![b' '; limits::BODY_BYTES_MAX + 1];
    world.send(world.order().set_payload(large)).await.is_problem(ProblemKind::PayloadTooLarge);
    let declared = world.order().set_payload("{}").insert_header((header::CONTENT_LENGTH, "999999999"));
    world.send(declared).await.is_problem(ProblemKind::PayloadTooLarge);

    for content_type in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let request = world.order().insert_header((header::CONTENT_TYPE, content_type)).set_payload("{}");
        world.send(request).await.is_problem(ProblemKind::UnsupportedMediaType);
    }
    let compressed = world.order().insert_header((header::CONTENT_ENCODING, "gzip")).set_payload("{}");
    world.send(compressed).await.is_problem(ProblemKind::UnsupportedMediaType);
}

#[actix_web::test]
async fn the_caller_is_asked_for_before_anything_is_read() {
    let world = World::new();
    let broken = || TestRequest::post().uri("/v1/orders").set_payload("{");
    let anonymous = world.send(broken()).await;
    anonymous.is_problem(ProblemKind::Unauthenticated);
    assert_eq!(anonymous.header("www-authenticate"), "Bearer realm=\"valinta\"");

    for bad in ["Bearer nonsense", "Basic dXNlcjpwYXNz", "Bearer", "bearer  "] {
        let answer = world.send(broken().insert_header((header::AUTHORIZATION, bad))).await;
        answer.is_problem(ProblemKind::Unauthenticated);
        assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""), "{bad}");
    }
    let twice = broken()
        .append_header((header::AUTHORIZATION, world.case_worker()))
        .append_header((header::AUTHORIZATION, world.case_worker()));
    world.send(twice).await.is_problem(ProblemKind::Unauthenticated);

    let stale = world.case_worker();
    world.app.clock().advance(TimeDelta::hours(2));
    let expired = world.send(broken().insert_header((header::AUTHORIZATION, stale))).await;
    expired.is_problem(ProblemKind::Unauthenticated);
    assert!(!expired.text.contains("expired"), "the reason is for the log: {}", expired.text);
}

#[actix_web::test]
async fn a_token_without_the_scope_or_of_another_role_is_refused() {
    let world = World::new();
    for token in [
        world.token(Role::CaseWorker, &[Scope::VouchersRead]),
        world.token(Role::Auditor, &[Scope::VouchersWrite, Scope::AuditRead]),
    ] {
        let answer = world.send(TestRequest::post().uri("/v1/orders").insert_header(("authorization", token))).await;
        answer.is_problem(ProblemKind::Forbidden);
        let challenge = answer.header("www-authenticate");
        assert!(challenge.contains("error=\"insufficient_scope\"") && challenge.contains("scope=\"vouchers:write\""));
    }
}

#[actix_web::test]
async fn an_operation_that_creates_wants_an_idempotency_key() {
    let world = World::new();
    let request = TestRequest::post().uri("/v1/orders").insert_header(("authorization", world.case_worker()));
    world.send(request.set_payload("{")).await.is_problem(ProblemKind::IdempotencyKeyMissing);
}

#[actix_web::test]
async fn pages_lead_to_each_other() {
    let world = World::new();
    let list = |uri: &str| {
        let token = world.token(Role::Auditor, &[Scope::AuditRead]);
        world.send(TestRequest::get().uri(uri).insert_header(("authorization", token)))
    };
    let first = list("/v1/orders?limit=2").await;
    assert_eq!(first.json["items"].as_array().unwrap().len(), 2);
    let next = first.json["next"].as_str().unwrap();
    let link = first.header("link").strip_prefix('<').and_then(|l| l.strip_suffix(">; rel=\"next\"")).unwrap();
    assert_eq!(link, format!("/v1/orders?limit=2&cursor={next}"));
    let second = list(link).await;
    assert_eq!(second.json["items"][0]["total"], "3");
    let bad = list("/v1/orders?limit=0&cursor=%2F").await;
    bad.is_problem(ProblemKind::InvalidInput);
    assert_eq!(bad.errors(), [("/query/limit", "range"), ("/query/cursor", "invalid")]);
}

#[actix_web::test]
async fn wrong_paths_ids_and_methods_are_problems_too() {
    let world = World::new();
    for uri in ["/nowhere", "/v1", "/v1/orders/", "/v1/orders/7", "/v1/orders/0199A000-0000-7000-8000-000000000000"] {
        world.send(TestRequest::get().uri(uri)).await.is_problem(ProblemKind::NotFound);
    }
    let wrong = world.send(TestRequest::default().method(Method::DELETE).uri("/v1/orders")).await;
    wrong.is_problem(ProblemKind::MethodNotAllowed);
    assert_eq!(wrong.header("allow"), "GET, POST");
    let shown = world.send(TestRequest::get().uri("/v1/orders/0199a000-0000-7000-8000-000000000000")).await;
    assert_eq!(shown.status, 200);
}

#[actix_web::test]
async fn a_panic_and_a_lost_database_reach_the_client_as_problems_without_their_words() {
    let world = World::new();
    let broken = world.send(TestRequest::get().uri("/v1/orders/broken")).await;
    broken.is_problem(ProblemKind::Internal);
    let away = world.send(TestRequest::get().uri("/v1/orders/away")).await;
    away.is_problem(ProblemKind::Unavailable);
    assert!(!away.header("retry-after").is_empty());
    assert!(!broken.text.contains("secret") && !away.text.contains("secret"));
}

#[actix_web::test]
async fn the_document_is_made_of_the_same_routes_and_declares_what_the_plumbing_answers() {
    let document = serde_json::to_value(openapi::document_of(&test_routes())).unwrap();
    assert_eq!(document["openapi"].as_str().unwrap().get(..3), Some("3.1"));
    let place = &document["paths"]["/v1/orders"]["post"];
    assert_eq!(place["operationId"], "place_order");
    let body = &place["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    assert_eq!(body, "#/components/schemas/NewOrder", "{place:#}");
    let statuses: Vec<&str> = place["responses"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(statuses, ["201", "400", "401", "403", "404", "408", "409", "413", "415", "422", "429", "500", "503"]);
    assert_eq!(place["parameters"][0]["name"], "Idempotency-Key");
    let show = &document["paths"]["/v1/orders/{id}"]["get"];
    assert_eq!(show["parameters"][0]["schema"]["format"], "uuid");
    assert_eq!(show["security"], json!([]));
    assert!(show["responses"].get("404").is_some() && show["responses"].get("401").is_none());
    for name in ["NewOrder", "Line", "Order", "Problem", "Failure", "Page_Order"] {
        assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
    }
    let references = document.to_string();
    for reference in references.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document["components"]["schemas"].get(reference).is_some(), "{reference} is missing");
    }
}

#[actix_web::test]
async fn the_documents_for_people_are_served_from_the_binary() {
    let world = World::new();
    let get = |uri: &str| world.send(TestRequest::get().uri(uri));
    assert_eq!(get("/").await.header("location"), "/docs/");
    let page = get("/docs/").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("swagger-ui") && page.header("content-security-policy").contains("script-src 'self'"));
    assert!(get("/docs/swagger-initializer.js").await.text.contains("/v1/openapi.json"));
    let problems = get("/docs/problems").await;
    assert!(ProblemKind::ALL.iter().all(|kind| problems.text.contains(&format!("id=\"{}\"", kind.slug()))));
    let openapi = get("/v1/openapi.json").await;
    assert_eq!(openapi.json["info"]["title"], "Valinta");
    let known = TestRequest::get().uri("/v1/openapi.json").insert_header(("if-none-match", openapi.header("etag")));
    assert_eq!(world.send(known).await.status, 304);
}

#[actix_web::test]
async fn without_its_tables_the_service_says_that_it_waits_and_then_opens() {
    let world = World::without_tables();
    let mut routes = routes![crate::health::live::show_liveness, crate::health::ready::show_readiness];
    routes.extend(test_routes());
    let service = init_service(web_app_of(world.app.clone(), routes)).await;
    let get = async |uri: &str| answer(service.call(TestRequest::get().uri(uri).to_request()).await).await;
    assert_eq!(get("/health/live").await.json, json!({"status": "ok"}));
    let waits = !world.app.db().pending_migrations().unwrap().is_empty();
    assert!(waits, "a new database has no tables yet");
    get("/health/ready").await.is_problem(ProblemKind::Unavailable);
    get("/v1/orders").await.is_problem(ProblemKind::Unavailable);
    let app = world.app.clone();
    web::block(move || app.db().migrate().map(|_| app.open_up())).await.unwrap().unwrap().unwrap();
    get("/health/ready").await.is_problem(ProblemKind::Unavailable);
    world.app.refresh().await.unwrap();
    let ready = get("/health/ready").await.json;
    assert_eq!(ready, json!({"status": "ok", "choices": {"revision": 0, "age_seconds": 0}}));
}

#[actix_web::test]
async fn other_keys_than_the_datas_are_refused() {
    let world = World::new();
    let keys = Keys::generate();
    let tokens = Tokens::new("https://id.example", "valinta", &keys, None).unwrap();
    let other = App::new(world.app.db().clone(), tokens, world.app.clock().clone(), &keys);
    assert!(other.is_err_and(|reason| reason.contains("keys")));
}

#[actix_web::test]
async fn head_is_get_without_the_body() {
    let world = World::new();
    let routes = routes![crate::health::live::show_liveness];
    let service = init_service(web_app_of(world.app.clone(), routes)).await;
    let request = TestRequest::default().method(Method::HEAD).uri("/health/live").to_request();
    let response = service.call(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(read_body(response).await.is_empty());
}
