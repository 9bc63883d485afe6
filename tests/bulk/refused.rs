//! Files that are none, and rows that make no sense.

use super::{
    OFFERINGS, PRICES, PROVIDERS, UNITS, brought_in, errors, figures, import, offering, price, provider, send,
    told as came_to, unit,
};
use crate::support::{Answer, County, User, World};

fn send_bytes(user: &User, kind: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let bearer = format!("Bearer {}", user.token.as_ref().unwrap());
    let mut all = headers.to_vec();
    all.push(("Authorization", &bearer));
    user.api.send("POST", &format!("/v1/imports/{kind}"), &all, Some(body)).unwrap()
}

#[test]
fn a_file_that_is_none_is_refused_whole() {
    let world = World::start();
    let officer = County::found(&world).officer;
    let csv = [("Content-Type", "text/csv")];
    let picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01";
    send_bytes(&officer, "providers", &csv, picture).refused(422, "invalid_input").at("", "not_utf8");
    let packed = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0";
    send_bytes(&officer, "providers", &csv, packed).refused(422, "invalid_input").at("", "not_utf8");
    let headers = [("Content-Type", "text/csv"), ("Content-Encoding", "gzip")];
    send_bytes(&officer, "providers", &headers, packed).refused(415, "unsupported_media_type");
    send_bytes(&officer, "providers", &[("Content-Type", "image/png")], picture).refused(415, "unsupported_media_type");
    let latin = [("Content-Type", "text/csv; charset=iso-8859-1")];
    send_bytes(&officer, "providers", &latin, b"x").refused(415, "unsupported_media_type");
    send_bytes(&officer, "providers", &csv, b"source_id,name\nP1,\xc4iti\n").refused(422, "invalid_input");
    let json = [("Content-Type", "application/json")];
    send_bytes(&officer, "providers", &json, b"[{").refused(400, "malformed_json");
    send_bytes(&officer, "providers", &json, b"{}").refused(422, "invalid_input");
    send_bytes(&officer, "nothing", &csv, b"x").refused(404, "not_found").saying("service-units");
}

#[test]
fn a_file_is_as_large_as_the_limit_and_no_larger() {
    let world = World::start();
    let officer = County::found(&world).officer;
    let csv = [("Content-Type", "text/csv")];
    let mut bytes = format!("{PROVIDERS}\n").into_bytes();
    bytes.resize(16 * 1024 * 1024, b'\n');
    assert_eq!(send_bytes(&officer, "providers", &csv, &bytes).ok()["rows"], 0);
    bytes.push(b'\n');
    send_bytes(&officer, "providers", &csv, &bytes).refused(413, "payload_too_large");
    let rows = |many: usize| format!("{PROVIDERS}\n{}", ",,,,,,,,,\n".repeat(many)).into_bytes();
    let told = send_bytes(&officer, "providers?dry_run=true", &csv, &rows(50_000)).ok();
    assert_eq!((told["refused"].as_u64(), told["error_count"].as_u64()), (Some(50_000), Some(200_000)));
    assert_eq!(told["errors"].as_array().map(Vec::len), Some(1_000));
    send_bytes(&officer, "providers", &csv, &rows(50_001)).refused(413, "payload_too_large");
}

#[test]
fn columns_are_those_of_the_kind() {
    let world = World::start();
    let officer = County::found(&world).officer;
    let problem = send(&officer, "providers", "source_id,business_id,nmae,name\n").refused(422, "invalid_input");
    problem.at("/columns/2", "unknown_column").at("/columns", "missing_column").saying("nmae").saying("sector");
    let twice = format!("{PROVIDERS},name\n");
    send(&officer, "providers", &twice).refused(422, "invalid_input").at("/columns/10", "duplicate_column");
    // In any order, with a mark of the byte order, and as spreadsheets write it where the comma is for decimals.
    let told = send(&officer, "providers", &format!("\u{feff}{}\n", PROVIDERS.replace(',', ";"))).ok();
    assert_eq!(told["rows"], 0);
    let body = "[{\"source_id\": \"P1\", \"name\": \"x\", \"name\": \"y\", \"nmae\": 1.5, \"languages\": [1]}]";
    let answer = officer.send("POST", "/v1/imports/providers", &[("Content-Type", "application/json")], Some(body));
    let told = errors(&came_to(answer));
    for wrong in
        [("name", "duplicate_column"), ("nmae", "unknown_column"), ("languages", "invalid_type"), ("sector", "missing")]
    {
        assert!(told.contains(&(1, wrong.0.into(), wrong.1.into())), "{wrong:?}: {told:?}");
    }
    // A name that is told again is legible.
    let body = "[{\"na\\u001bme\": \"x\"}]";
    let answer = officer.send("POST", "/v1/imports/providers", &[("Content-Type", "application/json")], Some(body));
    let told = errors(&came_to(answer));
    assert!(told.contains(&(1, "na\u{fffd}me".into(), "unknown_column".into())), "{told:?}");
    let problem = send(&officer, "providers", "source_id,na\u{1b}me\n").refused(422, "invalid_input");
    problem.at("/columns/1", "unknown_column").saying("“na\u{fffd}me”");
    let short = errors(&came_to(send(&officer, "providers", &format!("{PROVIDERS}\nP1,x\n"))));
    assert_eq!(short, [(1, String::new(), "cells".into())]);
}

#[test]
fn a_row_of_a_unit_or_an_offering_that_makes_no_sense_is_told_by_its_columns() {
    let world = World::start();
    let county = brought_in(&world, 2);
    let rows = [
        unit("U9", "nobody", "Yksikkö"),
        "U8,P1,Yksikkö,,Rantatie 1,2810,Pori,999,61.5,,fi,,,,,,,,,monday 08:00-25:00,registered,,,,,,,".to_owned(),
        "U7,P1,Yksikkö,,Rantatie 1,28100,Pori,111,,,fi,at_home,,,,,,,,,,,,,,,,".to_owned(),
        unit("U1", "P2", "Yksikkö 1"),
    ];
    let told = errors(&import(&county.officer, "service-units", UNITS, &rows));
    let codes = |row: u64| {
        told.iter()
            .filter(|error| error.0 == row)
            .map(|(_, column, code)| format!("{column} {code}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(1), ["provider unknown"]);
    assert_eq!(
        codes(2),
        [
            "postal_code invalid",
            "longitude missing",
            "modes missing",
            "soteri_services missing",
            "soteri_valid_from missing"
        ]
    );
    assert_eq!(codes(3), ["municipality unknown"]);
    assert_eq!(codes(4), ["provider duplicate"]);
    let rows = [
        offering("O9", "nobody"),
        "O8,U1,county-0,gardening,true,,,,,".to_owned(),
        "O7,U1,county-0,home-care,true,,,,,".to_owned(),
        "O1,U1,county-0,home-care,yes,,many,,,0".to_owned(),
        "O1b,U1,county-1,home-care,true,,,,,".to_owned(),
        "O2,U2,county-0,home-care,true,,,sv,on_site,".to_owned(),
    ];
    let told = errors(&import(&county.officer, "offerings", OFFERINGS, &rows));
    let told: Vec<String> = told.iter().map(|(row, column, code)| format!("{row} {column} {code}")).collect();
    assert_eq!(
        told,
        [
            "1 unit unknown",
            "2 voucher_type unknown",
            "3 unit duplicate",
            "4 accepts_new_clients invalid",
            "4 queue invalid",
            "4 places invalid",
            "5 organiser not_yours",
            "6 languages not_of_unit",
            "6 modes not_of_unit"
        ]
    );
}

#[test]
fn a_price_keeps_to_the_rulebook_of_its_first_day_and_what_has_held_stays() {
    let world = World::start();
    let county = brought_in(&world, 2);
    let (today, later) = (world.today().to_string(), world.today().plus_days(30).to_string());
    let rows = [
        price("A", "O1", "48.01", &later),
        price("B", "nobody", "40.00", &later),
        price("C", "O1", "39.00", &today),
        format!("D,O1,client_fee,,12.40,50.00,,,{later},,"),
        format!("E,O1,voucher,,1.00,,,,{later},,"),
        format!("F,O1,voucher,40.00,,,sauna=1.00,,{later},,"),
        price("G", "O1", "99.00", "2020-01-01"),
        "H1,O2,voucher,40.00,,,,,2026-11-11,,".to_owned(),
    ];
    let told = import(&county.officer, "prices?mode=rows", PRICES, &rows);
    let shown: Vec<String> = errors(&told).iter().map(|(row, column, code)| format!("{row} {column} {code}")).collect();
    assert_eq!(
        shown,
        [
            "1 price price_over_ceiling",
            "2 offering unknown",
            "3 valid_from duplicate",
            "4 charging client_fee_not_public",
            "5 price missing",
            "5 client_fee not_for_charging",
            "6 items unknown_item",
            "8 offering duplicate"
        ]
    );
    // What was asked years ago is history, whatever the ceiling is today.
    assert_eq!(figures(&told), [1, 0, 0, 0, 7]);
    // What was to come can be replaced under its own name, what has held cannot.
    let coming = import(&county.officer, "prices", PRICES, &[price("K", "O1", "45.00", &later)]);
    assert_eq!(figures(&coming), [1, 0, 0, 0, 0]);
    let replaced = import(&county.officer, "prices", PRICES, &[price("K", "O1", "44.00", &later)]);
    assert_eq!(figures(&replaced), [0, 1, 0, 0, 0], "{replaced}");
    let again = import(&county.officer, "prices", PRICES, &[price("K", "O1", "44.00", &later)]);
    assert_eq!(figures(&again), [0, 0, 1, 0, 0], "{again}");
    let past = import(&county.officer, "prices", PRICES, &[price("G", "O1", "98.00", "2020-01-01")]);
    assert_eq!(errors(&past), [(1, "source_id".into(), "final".into())]);
    let inside = format!("M,O1,voucher,40.00,,,,,{today},{later},");
    assert_eq!(
        errors(&import(&county.officer, "prices", PRICES, &[inside])),
        [(1, "valid_from".into(), "duplicate".into())]
    );
}

#[test]
fn a_formula_comes_in_as_text_and_goes_out_guarded() {
    let world = World::start();
    let county = County::found(&world);
    let told = import(
        &county.officer,
        "providers",
        PROVIDERS,
        &[provider("P1", 1, "=HYPERLINK(1)"), provider("P2", 2, "'+1 Hoiva")],
    );
    assert_eq!(figures(&told), [2, 0, 0, 0, 0]);
    let out = super::export(&county.officer, "providers", "text/csv");
    assert!(out.contains(",'=HYPERLINK(1),") && out.contains(",'+1 Hoiva,"), "{out}");
    let json = super::export(&county.officer, "providers", "application/json");
    assert!(json.contains("\"=HYPERLINK(1)\"") && json.contains("\"+1 Hoiva\""), "{json}");
}
