//! Bringing a registry in and out as files.

mod limits;
mod refused;
mod units;
mod whose;

use std::thread;

use serde_json::{Value, json};
use valinta_domain::policy::Role;

use crate::support::{Answer, County, Provider, User, World, oid};

const PROVIDERS: &str = "source_id,business_id,name,sector,sector_since,oid,email,phone,website,languages";
const UNITS: &str = "source_id,provider,name,oid,street_address,postal_code,postal_place,municipality,latitude,longitude,\
    languages,modes,service_area,step_free,accessible_toilet,lift,accessible_parking,induction_loop,sign_language,\
    opening_hours,soteri_state,soteri_services,soteri_valid_from,soteri_valid_until,self_monitoring_address,\
    self_monitoring_published_on,self_monitoring_followed_up_on,closed_from";
const OFFERINGS: &str =
    "source_id,unit,organiser,voucher_type,accepts_new_clients,earliest_start,queue,languages,modes,places";
const PRICES: &str =
    "source_id,offering,charging,price,client_fee,unit_cost,items,only_items,valid_from,valid_until,reason";
const KINDS: [&str; 4] = ["providers", "service-units", "offerings", "prices"];

/// The business id of the nth provider.
fn business_id(n: u32) -> String {
    Provider::registration(n, "x", "company")["business_id"].as_str().unwrap().to_owned()
}

fn send(user: &User, path: &str, body: &str) -> Answer {
    user.send("POST", &format!("/v1/imports/{path}"), &[("Content-Type", "text/csv")], Some(body))
}

/// Brings rows in.
fn import(user: &User, path: &str, columns: &str, rows: &[String]) -> Value {
    told(send(user, path, &format!("{columns}\r\n{}\r\n", rows.join("\r\n"))))
}

/// What an import came to, whether it was stored or refused whole.
fn told(answer: Answer) -> Value {
    if answer.status == 422 && answer.body["import"].is_object() {
        return answer.body["import"].clone();
    }
    answer.ok()
}

/// A file without the ids that things have in one installation alone.
fn without_ids(file: &str) -> String {
    let rows = file.lines().map(|line| match line.strip_suffix(",id") {
        Some(columns) => columns,
        None => line.get(..line.len().saturating_sub(37)).filter(|_| is_id(line)).unwrap_or(line),
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// Whether a line ends with an id.
fn is_id(line: &str) -> bool {
    let last = line.rsplit(',').next().unwrap_or_default();
    last.len() == 36 && last.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

fn export(user: &User, kind: &str, media_type: &str) -> String {
    let answer = user.send("GET", &format!("/v1/exports/{kind}"), &[("Accept", media_type)], None);
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

/// Created, changed, unchanged, linked, refused.
fn figures(answer: &Value) -> [u64; 5] {
    ["created", "changed", "unchanged", "linked", "refused"].map(|name| answer[name].as_u64().unwrap())
}

/// Row, column and code of each error.
fn errors(answer: &Value) -> Vec<(u64, String, String)> {
    let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    let errors = answer["errors"].as_array().unwrap();
    errors.iter().map(|error| (error["row"].as_u64().unwrap(), text(error, "column"), text(error, "code"))).collect()
}

fn provider(source_id: &str, n: u32, name: &str) -> String {
    format!("{source_id},{},{name},company,2020-01-01,,,,,", business_id(n))
}

fn unit(source_id: &str, provider: &str, name: &str) -> String {
    format!("{source_id},{provider},{name},,Rantatie 1,28100,Pori,609,,,fi,at_home,,,,,,,,,,,,,,,,")
}

fn offering(source_id: &str, unit: &str) -> String {
    format!("{source_id},{unit},county-0,home-care,true,,,,,")
}

fn price(source_id: &str, offering: &str, amount: &str, from: &str) -> String {
    format!("{source_id},{offering},voucher,{amount},,,,,{from},,")
}

/// A county with home care, and so many providers, units, offerings and prices of today brought in.
fn brought_in(world: &World, many: u32) -> County {
    let county = County::found(world);
    county.home_care();
    let rows = |row: &dyn Fn(u32) -> String| (1..=many).map(row).collect::<Vec<_>>();
    let officer = &county.officer;
    import(officer, "providers", PROVIDERS, &rows(&|n| provider(&format!("P{n}"), n, &format!("Hoiva {n}"))));
    import(
        officer,
        "service-units",
        UNITS,
        &rows(&|n| unit(&format!("U{n}"), &format!("P{n}"), &format!("Yksikkö {n}"))),
    );
    import(officer, "offerings", OFFERINGS, &rows(&|n| offering(&format!("O{n}"), &format!("U{n}"))));
    let today = world.today().to_string();
    let told =
        import(officer, "prices", PRICES, &rows(&|n| price(&format!("H{n}"), &format!("O{n}"), "40.00", &today)));
    assert_eq!(figures(&told), [u64::from(many), 0, 0, 0, 0], "{told}");
    county
}

#[test]
fn the_same_file_again_changes_nothing_and_what_differs_is_changed() {
    let world = World::start();
    let county = County::found(&world);
    let officer = &county.officer;
    let rows = [provider("P1", 1, "Hoiva Yksi"), provider("P2", 2, "Hoiva Kaksi")];
    let told = import(officer, "providers", PROVIDERS, &rows);
    assert_eq!((figures(&told), told["stored"].as_bool()), ([2, 0, 0, 0, 0], Some(true)), "{told}");
    let audited = world.audit_rows();
    let told = import(officer, "providers", PROVIDERS, &rows);
    assert_eq!((figures(&told), told["stored"].as_bool()), ([0, 0, 2, 0, 0], Some(false)), "{told}");
    assert_eq!(world.audit_rows(), audited, "what changes nothing is nothing to note");
    let told = import(officer, "providers", PROVIDERS, &[rows[0].clone(), provider("P2", 2, "Hoiva Kolme")]);
    assert_eq!(figures(&told), [0, 1, 1, 0, 0], "{told}");
    assert!(export(officer, "providers", "text/csv").contains("Hoiva Kolme"));
}

#[test]
fn what_is_only_tried_is_told_and_not_stored() {
    let world = World::start();
    let county = County::found(&world);
    for mode in ["all", "rows"] {
        let path = format!("providers?mode={mode}&dry_run=true");
        let told = import(&county.officer, &path, PROVIDERS, &[provider("P1", 1, "Hoiva"), provider("P1", 2, "Apu")]);
        assert_eq!(figures(&told), [1, 0, 0, 0, 1], "{told}");
        assert_eq!((told["dry_run"].as_bool(), told["stored"].as_bool()), (Some(true), Some(false)));
        assert_eq!(errors(&told), [(2, "source_id".into(), "duplicate".into())]);
    }
    assert_eq!(export(&county.officer, "providers", "text/csv").lines().count(), 1);
    assert_eq!(world.audit_rows(), 1, "the county's foundation");
}

#[test]
fn all_or_nothing_stores_nothing_and_row_by_row_what_is_sound() {
    let world = World::start();
    let county = County::found(&world);
    let rows = [provider("P1", 1, "Hoiva"), "P2,0737546-1,=Apu,club,2020-13-01,1.2,x,,ftp://x,fi|fi".to_owned()];
    let told = import(&county.officer, "providers", PROVIDERS, &rows);
    assert_eq!((figures(&told), told["stored"].as_bool()), ([1, 0, 0, 0, 1], Some(false)), "{told}");
    let wrong = ["business_id", "email", "languages", "oid", "sector", "sector_since", "website"];
    let mut columns: Vec<String> = errors(&told).into_iter().map(|(row, column, _)| format!("{row}{column}")).collect();
    columns.sort();
    assert_eq!(columns, wrong.map(|column| format!("2{column}")));
    assert_eq!(told["error_count"], 7);
    assert_eq!(export(&county.officer, "providers", "text/csv").lines().count(), 1);
    let told = import(&county.officer, "providers?mode=rows", PROVIDERS, &rows);
    assert_eq!((figures(&told), told["stored"].as_bool()), ([1, 0, 0, 0, 1], Some(true)), "{told}");
    assert_eq!(export(&county.officer, "providers", "text/csv").lines().count(), 2);
}

#[test]
fn a_long_file_tells_how_far_it_is() {
    let world = World::start();
    let county = County::found(&world);
    let mut rows: Vec<String> = (1..=1_100).map(|n| provider(&format!("P{n}"), n, "Hoiva")).collect();
    rows[1] = rows[0].clone();
    rows[7] = provider("P8", 8, "");
    let body = format!("{PROVIDERS}\n{}\n", rows.join("\n"));
    let headers = [("Content-Type", "text/csv"), ("Accept", "application/x-ndjson")];
    let answer = county.officer.send("POST", "/v1/imports/providers?mode=rows", &headers, Some(&body));
    let lines: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["progress"], json!({"done": 500, "of": 1_100, "stored": 498}), "refused rows are not stored");
    assert_eq!(lines.last().unwrap()["result"]["created"], 1_098);
    assert_eq!(export(&county.officer, "providers", "text/csv").lines().count(), 1_099);
}

#[test]
fn what_is_brought_in_cannot_be_chosen_before_it_is_approved() {
    let world = World::start();
    let county = brought_in(&world, 1);
    let types = county.officer.get("/v1/voucher-types").ok();
    let home_care = types["items"][0]["id"].as_str().unwrap();
    let choices = world.api.anyone().get(&format!("/v1/choices?voucher_type={home_care}")).ok();
    assert_eq!(choices["items"].as_array().map(Vec::len), Some(0), "{choices}");
}

#[test]
fn what_is_handed_out_and_brought_into_an_empty_registry_is_handed_out_the_same() {
    let world = World::start();
    let county = brought_in(&world, 3);
    let officer = &county.officer;
    awkward(&world, officer);
    let other = World::start();
    let elsewhere = County::found(&other);
    elsewhere.home_care();
    for kind in KINDS {
        let file = export(officer, kind, "text/csv");
        assert!(file.lines().count() > 4, "{kind}: {file}");
        let told = send(&elsewhere.officer, kind, &file).ok();
        let made = u64::try_from(officer_rows(officer, kind)).unwrap();
        assert_eq!(figures(&told), [made, 0, 0, 0, 0], "{kind}: {told}\n{file}");
        assert_eq!(without_ids(&export(&elsewhere.officer, kind, "text/csv")), without_ids(&file), "{kind}");
        // The other forms say the same, and their own county knows it all.
        for media_type in ["application/json", "application/x-ndjson"] {
            let file = export(officer, kind, media_type);
            let told =
                officer.send("POST", &format!("/v1/imports/{kind}"), &[("Content-Type", media_type)], Some(&file));
            assert_eq!(figures(&told.ok()), [0, 0, made, 0, 0], "{kind} {media_type}");
        }
    }
}

fn officer_rows(officer: &User, kind: &str) -> usize {
    export(officer, kind, "application/x-ndjson").lines().count()
}

/// What files are broken by: quotes, commas, ends of lines, formulas, letters, empty cells, old and coming prices.
fn awkward(world: &World, officer: &User) {
    let rows = [format!(
        "P9,{},\"\"\"Åsa & Ämmä\"\", Oy\n=1+1;@SUM(A1)\",ngo,2019-05-01,{},hoiva@provider.example,\
         '+358 50 000 0000,https://provider.example/?a=1;b=2,fi|sv",
        business_id(9),
        oid(&business_id(9), 0)
    )];
    assert_eq!(figures(&import(officer, "providers", PROVIDERS, &rows)), [1, 0, 0, 0, 0]);
    let rows = [format!(
        "U9,P9,'-Käpy; 'x,{},\"Rantatie 1, 2. krs\",28100,Pori,609,61.4851,-21.7974,fi|sv|en,\
                 at_home|remote,684,true,false,,true,,false,monday 08:00-12:00|monday 13:00-24:00,registered,\
                 home_care|cleaning,2024-01-01,,https://plan.example/x,2024-02-01,2026-10-01,2027-12-31",
        oid(&business_id(9), 1)
    )];
    let told = import(officer, "service-units", UNITS, &rows);
    assert_eq!(figures(&told), [1, 0, 0, 0, 0], "{told}");
    let rows = ["O9,U9,county-0,home-care,false,2025-01-01,12,sv,remote,7".to_owned()];
    assert_eq!(figures(&import(officer, "offerings", OFFERINGS, &rows)), [1, 0, 0, 0, 0]);
    let rows = [
        price("H9c", "O9", "44.00", &world.today().plus_days(60).to_string()),
        "H9a,O9,voucher,39.90,,,bath=12.00|meal=3.50,true,2024-01-01,2024-12-31,".to_owned(),
        "H9b,O9,voucher,41,,,,false,2025-01-01,,\"Costs, \"\"all\"\" of them\"".to_owned(),
        "H9z,O9,client_fee,,12.40,51.00,,,2023-01-01,2023-06-30,".to_owned(),
    ];
    let told = import(officer, "prices", PRICES, &rows);
    assert_eq!(figures(&told), [4, 0, 0, 0, 0], "{told}");
}

#[test]
fn a_providers_own_file_comes_back_as_its_own() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (own, _) =
        Provider::approved(&county, 30, "company", &home_care, &json!({"charging": "voucher", "price": "40.00"}));
    for (kind, rows) in KINDS.into_iter().zip([1, 1, 1, 1]) {
        let file = export(&own.user, kind, "text/csv");
        assert_eq!(officer_rows(&own.user, kind), rows, "{file}");
        if kind == "providers" {
            send(&own.user, kind, &file).refused(403, "forbidden");
            continue;
        }
        let told = send(&own.user, kind, &file).ok();
        let same = figures(&told);
        assert_eq!((same[0], same[1], same[4]), (0, 0, 0), "{kind}: {told}");
        assert_eq!(export(&own.user, kind, "text/csv"), file, "{kind}");
    }
    // A change of its own, by the id that it was handed out under.
    let file = export(&own.user, "service-units", "text/csv").replace("Esimerkkikatu 1", "Esimerkkikatu 2");
    assert_eq!(figures(&send(&own.user, "service-units", &file).ok()), [0, 1, 0, 0, 0]);
    assert!(export(&own.user, "service-units", "text/csv").contains("Esimerkkikatu 2"));
}

#[test]
fn two_imports_of_one_file_at_once_make_everything_once() {
    let world = World::start();
    let county = County::found(&world);
    let rows: Vec<String> = (1..=200).map(|n| provider(&format!("P{n}"), n, "Hoiva")).collect();
    let body = format!("{PROVIDERS}\n{}\n", rows.join("\n"));
    let told: Vec<Value> = thread::scope(|scope| {
        let at_once: Vec<_> = (0..2).map(|_| scope.spawn(|| send(&county.officer, "providers", &body).ok())).collect();
        at_once.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let sum = |name: &str| told.iter().map(|one| one[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("created"), sum("unchanged"), sum("refused")), (200, 200, 0), "{told:?}");
    assert_eq!(export(&county.officer, "providers", "text/csv").lines().count(), 201);
}

#[test]
fn a_provider_that_acts_for_several_says_for_which() {
    let world = World::start();
    let first = Provider::register(&world, 40, "Ensimmäinen", "company");
    let second = first.user.post("/v1/providers", &Provider::registration(41, "Toinen", "company")).created();
    let rows = [unit("U1", &business_id(41), "Yksikkö")];
    let body = format!("{UNITS}\n{}\n", rows[0]);
    // The municipalities come with the county.
    County::found(&world);
    send(&first.user, "service-units", &body).refused(422, "invalid_input").at("/query/provider", "missing_field");
    let path = format!("service-units?provider={}", second["id"].as_str().unwrap());
    assert_eq!(figures(&send(&first.user, &path, &body).ok()), [1, 0, 0, 0, 0]);
    let path = format!("service-units?provider={}", first.id);
    assert_eq!(errors(&told(send(&first.user, &path, &body))), [(1, "provider".into(), "unknown".into())]);
    let stranger = world.user(Role::Provider, "stranger", None, None);
    send(&stranger, &path, &body).refused(404, "not_found");
}
