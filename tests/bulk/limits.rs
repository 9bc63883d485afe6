//! What a file may take of what all share.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;
use valinta_domain::policy::Role;

use super::{PRICES, PROVIDERS, brought_in, errors, figures, import, price, provider, send, told};
use crate::support::{County, Provider, World};

#[test]
fn an_offering_has_so_many_prices_to_come_and_none_in_the_far_future() {
    let world = World::start();
    let county = brought_in(&world, 1);
    let on = |ahead: i64| world.today().plus_days(ahead).to_string();
    let rows: Vec<String> = (1..=101).map(|n| price(&format!("N{n}"), "O1", "40.00", &on(n))).collect();
    let came_to = import(&county.officer, "prices?mode=rows", PRICES, &rows);
    assert_eq!(figures(&came_to), [100, 0, 0, 0, 1], "{came_to}");
    assert_eq!(errors(&came_to), [(101, "valid_from".into(), "too_many".into())]);
    // One that is there can still be replaced, and what is history is brought in.
    let again = [price("N7", "O1", "41.00", &on(7)), price("Old", "O1", "20.00", "2020-01-01")];
    assert_eq!(figures(&import(&county.officer, "prices", PRICES, &again)), [1, 1, 0, 0, 0]);
    let far = import(&county.officer, "prices", PRICES, &[price("Far", "O1", "40.00", &on(801))]);
    assert_eq!(errors(&far), [(1, "valid_from".into(), "too_far_ahead".into())]);
}

#[test]
fn a_price_that_is_set_keeps_to_the_same_bounds() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (own, offering) =
        Provider::approved(&county, 7, "company", &home_care, &json!({"charging": "voucher", "price": "40.00"}));
    let far = json!({"price": {"charging": "voucher", "price": "39.00"}, "from": world.today().plus_days(801)});
    let path = format!("/v1/offerings/{offering}/prices");
    own.user.post(&path, &far).refused(422, "invalid_input").at("/from", "too_far_ahead");
}

#[test]
fn a_providers_own_file_is_shorter_than_an_officers() {
    let world = World::start();
    let own = Provider::register(&world, 3, "Hoiva", "company");
    let body = |rows: usize| format!("{PRICES}\n{}", ",,,,,,,,,,\n".repeat(rows));
    let path = "prices?dry_run=true";
    assert_eq!(send(&own.user, path, &body(5_000)).ok()["refused"], 5_000);
    send(&own.user, path, &body(5_001)).refused(413, "payload_too_large");
}

#[test]
fn a_file_is_not_taken_in_from_one_who_may_not_bring_it_or_does_not_say_how_long_it_is() {
    let world = World::start();
    let county = County::found(&world);
    // The file is not there yet: the refusal does not wait for it.
    let head = |token: &str, length: &str| {
        format!(
            "POST /v1/imports/prices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: text/csv\r\n{length}\r\n\r\n"
        )
    };
    let address = world.api.address();
    let asked = |token: &str, length: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream.write_all(head(token, length).as_bytes()).unwrap();
        let mut begin = [0; 12];
        stream.read_exact(&mut begin).unwrap();
        String::from_utf8_lossy(&begin).into_owned()
    };
    let nobody = world.user(Role::Provider, "nobody-at-all", None, None);
    assert_eq!(asked(nobody.token.as_deref().unwrap(), "Content-Length: 16000000"), "HTTP/1.1 404");
    let officer = county.officer.token.as_deref().unwrap();
    assert_eq!(asked(officer, "Transfer-Encoding: chunked"), "HTTP/1.1 411");
}

#[test]
fn a_file_that_is_refused_whole_is_a_problem_and_says_what_it_would_have_come_to() {
    let world = World::start();
    let county = County::found(&world);
    let rows = [provider("P1", 1, "Hoiva"), "P2,0737546-1,Apu,club,,,,,,".to_owned()];
    let body = format!("{PROVIDERS}\n{}\n", rows.join("\n"));
    let answer = send(&county.officer, "providers", &body);
    let import = told(answer.clone());
    answer.refused(422, "invalid_input").at("/1/business_id", "invalid").at("/1/sector", "invalid");
    assert_eq!((figures(&import), import["stored"].as_bool()), ([1, 0, 0, 0, 1], Some(false)));
    assert!(import["items"][0]["id"].is_null(), "what is not stored has no id: {import}");
    assert_eq!(send(&county.officer, "providers?dry_run=true", &body).ok()["refused"], 1);
}

#[test]
fn columns_that_need_not_be_given_can_be_left_out() {
    let world = World::start();
    let county = County::found(&world);
    let row = provider("P1", 1, "Hoiva").split(',').take(4).collect::<Vec<_>>().join(",");
    let came_to = import(&county.officer, "providers", "source_id,business_id,name,sector", &[row]);
    assert_eq!(figures(&came_to), [1, 0, 0, 0, 0], "{came_to}");
}

#[test]
fn one_who_sends_files_slowly_keeps_nobody_else_from_handing_one_in() {
    let world = World::start();
    let (slow, other) =
        (Provider::register(&world, 4, "Hidas", "company"), Provider::register(&world, 5, "Muu", "company"));
    let path = |of: &Provider| format!("/v1/providers/{}/attachments?name=policy.pdf", of.id);
    // One more than there are places for one caller.
    let held: Vec<TcpStream> = (0..3)
        .map(|n| {
            let mut stream = TcpStream::connect(world.api.address()).unwrap();
            let (path, token) = (path(&slow), slow.user.token.as_deref().unwrap());
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: slow-{n}\r\n\
                 Content-Type: application/pdf\r\nContent-Length: 1000\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
            stream
        })
        .collect();
    // The one that is refused says that the others have their places.
    let answered = |stream: &TcpStream| stream.peek(&mut [0]).is_ok();
    assert!((0..1_000).any(|_| held.iter().any(answered)));
    let hand_in = |of: &Provider, key: &str| {
        let headers = [("Content-Type", "application/pdf"), ("Idempotency-Key", key)];
        of.user.send("POST", &path(of), &headers, Some("%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"))
    };
    let crowded = hand_in(&slow, "quick");
    assert!(crowded.header("Retry-After").is_some());
    crowded.refused(429, "too_many_requests");
    hand_in(&other, "other").created();
    drop(held);
}
