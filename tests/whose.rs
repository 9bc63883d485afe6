//! Whose things a caller may touch: one journey's objects, every role, the owner's and another's, as a table to read.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Answer, County, Provider, Resident, User, VoucherType, World, localized, price};

/// Writes the table instead of comparing it.
const UPDATE: &str = "UPDATE_SNAPSHOTS";

/// A finished journey: everything in it is this county's, this provider's and this resident's.
struct Journey {
    home_care: VoucherType,
    voucher: Value,
    offering: String,
    unit: String,
    application: String,
    service_event: String,
    information: String,
    grant_decision: String,
    application_decision: String,
    client: String,
    identity_code: String,
    provider: String,
}

/// Operations that want a scope and are not in the table, and why. The list may only shrink.
const NOT_IN_THE_TABLE: &[(&str, &str)] = &[
    ("create_organiser", "what it makes belongs to no one before"),
    ("register_provider", "what it makes belongs to no one before"),
    ("publish_voucher_type", "it names nothing: what it makes is the caller's own organiser's"),
    ("register_client", "it names nothing: what it makes is the caller's own organiser's"),
];

/// An operation on the journey's objects.
type Ask = fn(&Journey, &World, &User) -> Answer;

fn voucher(journey: &Journey, verb: &str) -> String {
    format!("/v1/vouchers/{}{verb}", journey.voucher["id"].as_str().unwrap())
}

/// Reads first; then commands, those that the owners are refused by state before the one that ends the voucher.
const OPERATIONS: &[(&str, Ask)] = &[
    ("show_client", |j, _, user| user.get(&format!("/v1/clients/{}", j.client))),
    ("show_voucher", |j, _, user| user.get(&voucher(j, ""))),
    ("list_vouchers", |_, _, user| user.get("/v1/vouchers")),
    ("list_my_vouchers", |_, _, user| user.get("/v1/me/vouchers")),
    ("show_access_log", |_, _, user| user.get("/v1/me/access-log")),
    ("list_own_providers", |_, _, user| user.get("/v1/providers/mine")),
    ("list_choices", |j, _, user| user.get(&voucher(j, "/choices"))),
    ("show_choice", |j, _, user| user.get(&voucher(j, &format!("/choices/{}", j.offering)))),
    ("show_ledger", |j, _, user| user.get(&voucher(j, "/ledger"))),
    ("look_up_client", |j, _, user| {
        user.post("/v1/clients/lookup", &json!({"personal_identity_code": j.identity_code}))
    }),
    ("look_up_voucher", |j, _, user| user.post("/v1/vouchers/lookup", &json!({"number": j.voucher["number"]}))),
    ("list_service_events", |_, _, user| user.get("/v1/service-events")),
    ("list_service_events of the voucher", |j, _, user| {
        user.get(&format!("/v1/service-events?voucher={}", j.voucher["id"].as_str().unwrap()))
    }),
    ("show_service_event", |j, _, user| user.get(&format!("/v1/service-events/{}", j.service_event))),
    ("show_information", |j, _, user| user.get(&voucher(j, &format!("/information/{}", j.information)))),
    ("show_decision on the voucher", |j, _, user| user.get(&format!("/v1/decisions/{}", j.grant_decision))),
    ("show_decision on the application", |j, _, user| user.get(&format!("/v1/decisions/{}", j.application_decision))),
    ("show_decision on the rulebook", |j, _, user| {
        user.get(&format!("/v1/decisions/{}", j.home_care.adoption.as_deref().unwrap()))
    }),
    ("show_application", |j, _, user| user.get(&format!("/v1/applications/{}", j.application))),
    ("show_application_eligibility", |j, _, user| user.get(&format!("/v1/applications/{}/eligibility", j.application))),
    ("list_applications", |_, _, user| user.get("/v1/applications")),
    ("list_approvals", |_, _, user| user.get("/v1/approvals")),
    ("show_rulebook", |j, _, user| user.get(&format!("/v1/rulebooks/{}", j.home_care.rulebook))),
    ("list_rulebooks", |_, _, user| user.get("/v1/rulebooks")),
    ("show_rulebook_difference", |j, _, user| {
        user.get(&format!("/v1/rulebooks/{0}/difference?from={0}", j.home_care.rulebook))
    }),
    ("list_audit_rows on the voucher", |j, _, user| {
        user.get(&format!("/v1/audit?target={}", j.voucher["id"].as_str().unwrap()))
    }),
    ("adopt_rulebook", |j, world, user| {
        let body = json!({"in_force_from": world.today().to_string(), "reasons": localized("Again")});
        user.post(&format!("/v1/rulebooks/{}/adopt", j.home_care.rulebook), &body)
    }),
    ("draft_rulebook", |j, _, user| {
        let body = json!({"voucher_type": j.home_care.id, "terms": crate::support::home_care_terms()});
        user.post("/v1/rulebooks", &body)
    }),
    ("draft_rulebook from another version", |j, _, user| {
        let changes = json!({"sources": ["Another source"]});
        user.post("/v1/rulebooks", &json!({"based_on": j.home_care.rulebook, "changes": changes}))
    }),
    ("draft_general_part", |_, _, user| {
        user.post("/v1/rulebooks/general", &json!({"members": {"sources": ["Another source"]}}))
    }),
    ("replace_rulebook_terms", |j, _, user| {
        let body = json!({"terms": crate::support::home_care_terms()}).to_string();
        let path = format!("/v1/rulebooks/{}/terms", j.home_care.rulebook);
        user.send("PUT", &path, &[("If-Match", "*")], Some(&body))
    }),
    ("propose_rulebook", |j, _, user| {
        user.post(&format!("/v1/rulebooks/{}/propose", j.home_care.rulebook), &json!({}))
    }),
    ("return_rulebook", |j, _, user| {
        user.post(&format!("/v1/rulebooks/{}/return", j.home_care.rulebook), &json!({"reasons": "Again"}))
    }),
    ("add_service_unit", |j, _, user| {
        user.post(&format!("/v1/providers/{}/units", j.provider), &Provider::unit_request("Another"))
    }),
    ("begin_application", |j, _, user| {
        user.post("/v1/applications", &json!({"unit": j.unit, "voucher_type": j.home_care.id, "evidence": []}))
    }),
    ("submit_application", |j, _, user| user.post(&format!("/v1/applications/{}/submit", j.application), &json!({}))),
    ("withdraw_application", |j, _, user| {
        user.post(&format!("/v1/applications/{}/withdraw", j.application), &json!({}))
    }),
    ("decide_application", |j, _, user| {
        let body = json!({"outcome": "approved", "reasons": localized("Again")});
        user.post_seen(&format!("/v1/applications/{}/decision", j.application), "*", &body)
    }),
    ("publish_offering", |j, _, user| {
        user.post("/v1/offerings", &json!({"unit": j.unit, "voucher_type": j.home_care.id, "price": price("30.00")}))
    }),
    ("set_offering_price", |j, _, user| {
        let body = json!({"price": price("36.50"), "from": "2026-12-01"});
        user.post(&format!("/v1/offerings/{}/prices", j.offering), &body)
    }),
    ("issue_voucher", |j, world, user| {
        let today = world.today();
        user.post(
            "/v1/vouchers",
            &json!({
                "client": j.client,
                "voucher_type": j.home_care.id,
                "quantity": "1",
                "valid_from": today.to_string(),
                "valid_until": today.to_string(),
            }),
        )
    }),
    ("give_information", |j, _, user| user.post(&voucher(j, "/information"), &json!({"language": "fi"}))),
    ("accept_voucher", |j, world, user| user.post(&voucher(j, "/accept"), &json!({"information": world.unknown_id()}))),
    ("refuse_voucher", |j, _, user| user.post(&voucher(j, "/refuse"), &json!({}))),
    ("choose_provider", |j, _, user| user.put(&voucher(j, "/choice"), &json!({"offering": j.offering}))),
    ("record_service_event", |j, world, user| {
        let day = world.today().to_string();
        user.post("/v1/service-events", &json!({"voucher": j.voucher["id"], "day": day, "quantity": "1"}))
    }),
    ("simulate_impact", |j, _, user| user.post(&format!("/v1/rulebooks/{}/impact", j.home_care.rulebook), &json!({}))),
    ("cancel_voucher", |j, _, user| user.post(&voucher(j, "/cancel"), &json!({"reasons": localized("Ended")}))),
];

#[test]
fn every_operation_that_wants_a_scope_is_in_the_table() {
    let world = World::start();
    let document = world.api.anyone().get("/v1/openapi.json").ok();
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let scoped = operations.filter(|operation| operation["security"][0].get("bearer").is_some());
    let declared: BTreeSet<&str> = scoped.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    let in_table = OPERATIONS.iter().map(|(name, _)| name.split(' ').next().unwrap());
    let known: BTreeSet<&str> = in_table.chain(NOT_IN_THE_TABLE.iter().map(|(name, _)| *name)).collect();
    assert_eq!(declared, known);
}

/// What a cell says: the status, and of a list how much of it is shown.
fn cell(answer: &Answer) -> String {
    match answer.body["items"].as_array() {
        Some(items) if items.is_empty() => format!("{} none", answer.status),
        Some(_) => format!("{} some", answer.status),
        None => answer.status.to_string(),
    }
}

#[test]
fn the_table_of_whose_is_as_it_was_agreed() {
    let world = World::start();
    let county = County::found(&world);
    let other_county = County::found_as(&world, 1, &[("743", "Seinäjoki", "Seinäjoki")]);
    let (journey, provider, resident) = walk(&county);
    // The other provider serves the same voucher type; the other resident holds such a voucher, unchosen.
    let (other_provider, _) = Provider::approved(&county, 2, "ngo", &journey.home_care, &price("30.00"));
    let other_resident = county.client();
    county.issue(&other_resident, &journey.home_care, "20");
    let callers: [(&str, &User); 12] = [
        ("other officer", &other_county.officer),
        ("other case worker", &other_county.case_worker),
        ("other finance", &other_county.finance),
        ("other auditor", &other_county.auditor),
        ("other provider", &other_provider.user),
        ("other resident", &other_resident.user),
        ("own officer", &county.officer),
        ("own finance", &county.finance),
        ("own auditor", &county.auditor),
        ("own provider", &provider.user),
        ("own resident", &resident.user),
        ("own case worker", &county.case_worker),
    ];
    let mut table = format!("{:<36}", "operation");
    for (name, _) in callers {
        write!(table, "{name:<19}").unwrap();
    }
    for (name, ask) in OPERATIONS {
        write!(table, "\n{name:<36}").unwrap();
        for (_, user) in callers {
            write!(table, "{:<19}", cell(&ask(&journey, &world, user))).unwrap();
        }
    }
    let table: String = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    compare(&table);
}

fn walk(county: &County) -> (Journey, Provider, Resident) {
    let home_care = county.home_care();
    let provider = Provider::register(&county.site, 1, "Provider 1", "company");
    let unit = provider.unit();
    let application = provider.apply(&unit, &home_care);
    let decided = county.decide(&application, "approved").ok();
    let offering = provider.offer(&unit, &home_care, &price("36.00")).created()["id"].as_str().unwrap().to_owned();
    let resident = county.client();
    let voucher = county.chosen_voucher(&resident, &home_care, "20", &offering);
    let id = voucher["id"].as_str().unwrap();
    let recorded = provider.record(id, "1").created();
    let told = resident.user.post(&format!("/v1/vouchers/{id}/information"), &json!({"language": "sv"})).created();
    let journey = Journey {
        service_event: recorded["event"]["id"].as_str().unwrap().to_owned(),
        information: told["id"].as_str().unwrap().to_owned(),
        grant_decision: voucher["decision"].as_str().unwrap().to_owned(),
        application_decision: decided["decision"].as_str().unwrap().to_owned(),
        client: resident.client.clone(),
        identity_code: resident.identity_code.clone(),
        provider: provider.id.clone(),
        home_care,
        voucher,
        offering,
        unit,
        application,
    };
    (journey, provider, resident)
}

fn compare(table: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/whose.txt");
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&file, table).unwrap();
    }
    let agreed = fs::read_to_string(&file).unwrap_or_default();
    assert!(table == agreed, "not as in {}; if it is right, run with {UPDATE}=1:\n{table}", file.display());
}

#[test]
fn what_is_hidden_is_answered_like_what_does_not_exist() {
    let world = World::start();
    let county = County::found(&world);
    let other_county = County::found_as(&world, 1, &[("743", "Seinäjoki", "Seinäjoki")]);
    let (journey, ..) = walk(&county);
    let told = |mut body: Value| {
        body["instance"] = Value::Null;
        body
    };
    for (hidden, missing) in [
        (voucher(&journey, ""), format!("/v1/vouchers/{}", world.unknown_id())),
        (voucher(&journey, "/ledger"), format!("/v1/vouchers/{}/ledger", world.unknown_id())),
        (format!("/v1/clients/{}", journey.client), format!("/v1/clients/{}", world.unknown_id())),
        (format!("/v1/decisions/{}", journey.grant_decision), format!("/v1/decisions/{}", world.unknown_id())),
    ] {
        let worker = &other_county.case_worker;
        let (hidden, missing) = (worker.get(&hidden), worker.get(&missing));
        assert_eq!(told(hidden.refused(404, "not_found").body), told(missing.refused(404, "not_found").body));
    }
}

#[test]
fn another_county_may_have_the_same_person_as_a_client_and_sees_nothing_of_the_first() {
    let world = World::start();
    let county = County::found(&world);
    let other_county = County::found_as(&world, 1, &[("743", "Seinäjoki", "Seinäjoki")]);
    let (journey, _, resident) = walk(&county);
    let registration = Resident::registration(&resident.identity_code, "Another spelling");
    let made = other_county.case_worker.post("/v1/clients", &registration).created();
    assert_eq!(made["person"], resident.person.as_str());
    assert_ne!(made["id"], resident.client.as_str());
    other_county.case_worker.get(&voucher(&journey, "")).refused(404, "not_found");
    other_county.case_worker.get(&format!("/v1/clients/{}", resident.client)).refused(404, "not_found");
    let list = format!("/v1/vouchers?client={}", resident.client);
    assert_eq!(other_county.case_worker.get(&list).ok()["items"], json!([]));
    // The person sees what both counties did.
    let log = resident.user.get("/v1/me/access-log?limit=100").ok();
    let registered = log["items"].as_array().unwrap().iter().filter(|row| row["action"] == "register_client").count();
    assert_eq!(registered, 2);
}
