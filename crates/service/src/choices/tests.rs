//! The anonymous list over HTTP in the demo county: its pages, its cursors, its entity tag. Cursors by themselves.

use std::collections::BTreeSet;

use actix_web::FromRequest;
use actix_web::dev::{Payload, Service};
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, init_service, read_body};
use actix_web::web;
use chrono::TimeDelta;
use serde_json::Value;
use utoipa::IntoParams;
use uuid::Uuid;
use valinta_domain::choice::SortKey;
use valinta_domain::valuation::Worth;
use valinta_domain::{Amount, Day, Id, Moment};
use valinta_persistence::testing::TestDatabase;
use valinta_persistence::voucher_types;

use super::cursor::{Cursor, List, Of};
use super::public_list::CompareFilter;
use super::wish::{ChoiceFilter, Wish};
use crate::app::App;
use crate::clock::Clock;
use crate::http::limits::CURSOR_CHARS_MAX;
use crate::http::server::web_app;
use crate::http::{Named, Page, Problem, Query};
use crate::keys::Keys;
use crate::tokens::Tokens;

struct County {
    app: App,
    home_care: String,
    _database: TestDatabase,
}

struct Answer {
    status: StatusCode,
    etag: Option<String>,
    keeping: String,
    body: Value,
}

impl Answer {
    fn offerings(&self) -> Vec<&str> {
        self.body["items"].as_array().unwrap().iter().map(|item| item["offering"].as_str().unwrap()).collect()
    }

    /// The pointer and the code of the only failure.
    fn failure(&self) -> (&str, &str) {
        assert_eq!(self.status, StatusCode::UNPROCESSABLE_ENTITY, "{:#}", self.body);
        let failure = &self.body["errors"][0];
        (failure["pointer"].as_str().unwrap(), failure["code"].as_str().unwrap())
    }
}

impl County {
    async fn load() -> Self {
        web::block(|| {
            let database = TestDatabase::create().unwrap();
            let db = database.open().unwrap();
            let keys = Keys::generate();
            let tokens = Tokens::new("https://id.example", "valinta", &keys, None).unwrap();
            let clock = Clock::fixed(Moment::from_micros(1_790_000_000_000_000).unwrap());
            let app = App::new(db, tokens, clock, &keys).unwrap();
            assert!(crate::demo::load_if_empty(&app).unwrap());
            app.refresh_blocking().unwrap();
            let types = app.db().read_blocking(|c| voucher_types::list(c, None, None, 100)).unwrap();
            let home_care = types.iter().find(|kind| kind.code == "home-care").unwrap().id.to_string();
            Self { app, home_care, _database: database }
        })
        .await
        .unwrap()
    }

    async fn get(&self, rest: &str, known: Option<&str>) -> Answer {
        let mut request = TestRequest::get().uri(&format!("/v1/choices?voucher_type={}{rest}", self.home_care));
        if let Some(tag) = known {
            request = request.insert_header(("if-none-match", tag));
        }
        let service = init_service(web_app(self.app.clone())).await;
        let response = service.call(request.to_request()).await.unwrap();
        let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (etag, keeping) = (header("etag"), header("cache-control").unwrap_or_default());
        let status = response.status();
        let body = serde_json::from_slice(&read_body(response).await).unwrap_or_default();
        Answer { status, etag, keeping, body }
    }
}

#[actix_web::test]
async fn the_anonymous_list_goes_on_across_midnight_and_not_longer() {
    let county = County::load().await;
    let whole = county.get("&limit=100", None).await;
    let first = county.get("&limit=2", None).await;
    let cursor = first.body["next"].as_str().unwrap().to_owned();
    let rest = format!("&limit=100&cursor={cursor}");
    assert_eq!(county.get(&rest, None).await.offerings(), whole.offerings()[2..]);
    county.app.clock().advance(TimeDelta::days(1));
    let tomorrow = county.get(&rest, None).await;
    assert_eq!(tomorrow.offerings(), whole.offerings()[2..]);
    assert_eq!(tomorrow.body["day"], whole.body["day"]);
    assert_ne!(county.get("", None).await.body["day"], whole.body["day"]);
    county.app.clock().advance(TimeDelta::days(1));
    assert_eq!(county.get(&rest, None).await.failure(), ("/query/cursor", "too_old"));
}

#[actix_web::test]
async fn an_order_by_what_is_not_known_and_a_cursor_of_another_order_are_refused() {
    let county = County::load().await;
    assert_eq!(county.get("&order=co_payment", None).await.failure(), ("/query/order", "no_value"));
    let estimated = "&order=co_payment&gross_income=1650.00&household=1&limit=2";
    let first = county.get(estimated, None).await;
    assert_eq!((first.status, first.keeping.as_str()), (StatusCode::OK, "no-store"));
    let cursor = first.body["next"].as_str().unwrap();
    let second = county.get(&format!("{estimated}&cursor={cursor}"), None).await;
    assert_eq!(second.status, StatusCode::OK);
    let another_income = estimated.replace("1650.00", "1500.00");
    for other in ["&order=price", "", &another_income] {
        let refused = county.get(&format!("{other}&cursor={cursor}"), None).await;
        assert_eq!(refused.failure(), ("/query/cursor", "invalid"), "{other}");
    }
}

#[actix_web::test]
async fn who_has_the_list_is_told_so_until_the_registry_or_the_day_changes() {
    let county = County::load().await;
    let first = county.get("", None).await;
    let tag = first.etag.clone().unwrap();
    assert_eq!(first.keeping, "no-cache");
    let again = county.get("", Some(&tag)).await;
    assert_eq!((again.status, again.etag.as_deref()), (StatusCode::NOT_MODIFIED, Some(tag.as_str())));
    let now = county.app.clock().now();
    county.app.db().write(move |c| valinta_persistence::registry::touch(c, &BTreeSet::new(), now)).await.unwrap();
    county.app.refresh().await.unwrap();
    let changed = county.get("", Some(&tag)).await;
    assert_eq!(changed.status, StatusCode::OK);
    county.app.clock().advance(TimeDelta::days(1));
    assert_eq!(county.get("", changed.etag.as_deref()).await.status, StatusCode::OK);
}

fn key(name: &str) -> SortKey {
    let offering = Uuid::from_u128(u128::MAX);
    serde_json::from_value(serde_json::json!({
        "figure": i64::MAX, "name": name, "drawn": vec![255; 16], "offering": offering,
    }))
    .unwrap()
}

fn wish(query: &str) -> Wish {
    let request = TestRequest::with_uri(&format!("/?{query}")).to_http_request();
    Query::<ChoiceFilter>::from_request(&request, &mut Payload::None).into_inner().unwrap().into_inner()
}

fn pointer(refused: Result<impl std::fmt::Debug, Problem>) -> String {
    refused.unwrap_err().failures()[0].pointer.clone()
}

#[test]
fn a_cursor_leads_on_in_its_own_list_only() {
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let today = Day::ymd(2026, 11, 21).unwrap();
    let list = |of| List::new(of, &wish("order=price"), None).unwrap();
    let of_voucher = list(Of::Voucher(Id::new(one)));
    let cursor = of_voucher.next(Some(key(""))).unwrap();
    assert_eq!(of_voucher.resume(Some(cursor.clone())).unwrap(), Some(key("")));
    assert_eq!(of_voucher.resume(None).unwrap(), None);
    assert!(of_voucher.next(None).is_none());
    for strange in [
        list(Of::Voucher(Id::new(other))),
        list(Of::VoucherType(Id::new(one), today)),
        List::new(Of::Voucher(Id::new(one)), &wish("order=name"), None).unwrap(),
        List::new(Of::Voucher(Id::new(one)), &wish("order=price&sector=ngo"), None).unwrap(),
        List::new(Of::Voucher(Id::new(one)), &wish("order=price&near=61,21"), None).unwrap(),
    ] {
        assert_eq!(pointer(strange.resume(Some(cursor.clone()))), "/query/cursor");
    }
    assert_eq!(pointer(cursor.day(today)), "/query/cursor");
    // A voucher may be worth something later; of a voucher type nothing is known.
    assert!(List::new(Of::Voucher(Id::new(one)), &wish("order=co_payment"), None).is_ok());
    let of_everyone = List::new(Of::VoucherType(Id::new(one), today), &wish("order=co_payment"), None);
    assert_eq!(pointer(of_everyone), "/query/order");
    let of_day = |day| list(Of::VoucherType(Id::new(one), day)).next(Some(key(""))).unwrap().day(today);
    assert_eq!((of_day(today).unwrap(), of_day(today.plus_days(-1)).unwrap()), (today, today.plus_days(-1)));
    assert_eq!(pointer(of_day(today.plus_days(-2))), "/query/cursor");
    assert_eq!(pointer(of_day(today.plus_days(1))), "/query/cursor");
}

#[test]
fn a_wish_has_a_name_of_its_own_by_whatever_decides_what_is_listed() {
    let named: BTreeSet<String> = [
        "",
        "municipality=609",
        "sector=ngo",
        "language=sv",
        "mode=remote",
        "step_free=true",
        "starts_by=2026-12-01",
        "day=2026-12-01",
        "near=61,21",
        "near=21,61",
        "near_municipality=609",
        "near=61,21&within_km=1",
        "near=61,21&within_km=2",
        "not_choosable=true",
    ]
    .iter()
    .map(|query| wish(query).name())
    .collect();
    assert_eq!(named.len(), 14);
    assert_eq!(wish("step_free=false&counts=true").name(), wish("").name());
    assert_eq!(wish("near=61.0,21").name(), wish("near=61,21.000000").name());
}

#[test]
fn the_parameters_that_are_the_comparisons_own_are_all_named() {
    let own: Vec<String> = CompareFilter::into_params(|| None).into_iter().map(|one| one.name).collect();
    assert_eq!(own, CompareFilter::NAMES);
    let shared = ChoiceFilter::into_params(|| None);
    assert!(shared.iter().all(|one| !CompareFilter::NAMES.contains(&one.name.as_str())));
}

#[test]
fn the_longest_cursor_is_within_the_limit() {
    let of = Of::VoucherType(Id::new(Uuid::nil()), Day::ymd(2026, 11, 21).unwrap());
    let most = Amount::from_minor(1_000_000_000);
    let list = List::new(of, &wish("order=co_payment"), Some(Worth { value: most, co_payment: Some(most) })).unwrap();
    // JSON writes a control character as six bytes, and any other as at most four.
    let cursor: Option<Cursor> = list.next(Some(key(&"\u{1}".repeat(200))));
    let text = Page::<()>::cursor(cursor).unwrap();
    assert!(text.len() <= CURSOR_CHARS_MAX, "{}", text.len());
}
