//! Whose things a caller may touch: one journey's objects, every role, the owner's and another's, as a table to read.

mod journey;
mod machines;
mod registry;
mod supervision;
mod vouchers;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use self::journey::{Journey, People, walk};
use self::vouchers::voucher;
use crate::support::{Answer, Resident, User, World};

/// Writes the table instead of comparing it.
const UPDATE: &str = "UPDATE_SNAPSHOTS";

/// An operation on the journey's objects: its name, and what more there is to say of the row; and how it is asked for.
type Row = (&'static str, fn(&Journey, &World, &User) -> Answer);

fn rows() -> impl Iterator<Item = &'static Row> {
    vouchers::ROWS.iter().chain(registry::ROWS).chain(supervision::ROWS).chain(machines::ROWS)
}

/// Operations that want a scope and are not in the table, and why. The list may only shrink.
const NOT_IN_THE_TABLE: &[(&str, &str)] = &[
    ("create_organiser", "what it makes belongs to no one before"),
    ("register_provider", "what it makes belongs to no one before"),
    ("publish_voucher_type", "it names nothing: what it makes is the caller's own organiser's"),
    ("register_client", "it names nothing: what it makes is the caller's own organiser's"),
    ("set_settlement_settings", "it names nothing: what it makes is the caller's own organiser's"),
];

#[test]
fn every_operation_that_wants_a_scope_is_in_the_table() {
    let world = World::start();
    let document = world.api.anyone().get("/v1/openapi.json").ok();
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let scoped = operations.filter(|operation| operation["security"][0].get("bearer").is_some());
    let declared: BTreeSet<&str> = scoped.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    let in_table = rows().map(|(name, _)| name.split(' ').next().unwrap());
    let known: BTreeSet<&str> = in_table.chain(NOT_IN_THE_TABLE.iter().map(|(name, _)| *name)).collect();
    assert_eq!(declared, known);
}

/// What a cell says: the status; of a list how much of it is shown; of a file whether all of it was taken.
fn cell(answer: &Answer) -> String {
    let of = answer.body["items"].as_array().map(|items| if items.is_empty() { "none" } else { "some" });
    let taken = answer.body["refused"].as_u64().map(|refused| if refused == 0 { "taken" } else { "refused" });
    taken.or(of).map_or_else(|| answer.status.to_string(), |more| format!("{} {more}", answer.status))
}

/// Those who have nothing to do with the journey first, so that what they were let do would show; then its provider,
/// who asks for what its county decides. Where a caller may, but the state or the request is against it, stands 409 or
/// 422.
fn callers(people: &People) -> [(&'static str, &User); 19] {
    [
        ("operator", &people.operator),
        ("other officer", &people.other_county.officer),
        ("other case worker", &people.other_county.case_worker),
        ("other finance", &people.other_county.finance),
        ("other auditor", &people.other_county.auditor),
        ("other provider", &people.other_provider.user),
        ("other resident", &people.other_resident.user),
        ("own provider", &people.provider.user),
        ("own clerk", &people.clerk),
        ("own worker", &people.worker),
        ("own officer", &people.county.officer),
        ("own finance", &people.county.finance),
        ("own auditor", &people.county.auditor),
        // Acts for the resident by a mandate.
        ("representative", &people.representative.user),
        // Acts for the resident by a mandate that the token carries.
        ("by token", &people.portal_user),
        ("own resident", &people.resident.user),
        ("own case worker", &people.county.case_worker),
        // The provider has applied to this county too, which knows nothing of the first one's dealings with it.
        ("knowing officer", &people.knowing_county.officer),
        ("knowing auditor", &people.knowing_county.auditor),
    ]
}

#[test]
fn the_table_of_whose_is_as_it_was_agreed() {
    let world = World::start();
    let (journey, people) = walk(&world);
    let callers = callers(&people);
    let mut table = format!("{:<41}", "operation");
    for (name, _) in callers {
        write!(table, "{name:<19}").unwrap();
    }
    for (name, ask) in rows() {
        write!(table, "\n{name:<41}").unwrap();
        for (_, user) in callers {
            let answer = ask(&journey, &world, user);
            // A row that is never let through because it asks wrongly says nothing.
            assert!(![400, 415, 428].contains(&answer.status), "{name}: {}", answer.text);
            write!(table, "{:<19}", cell(&answer)).unwrap();
        }
    }
    let table: String = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    compare(&table);
    world.audit_rows();
    world.ledger_balances();
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
    let (journey, People { other_county, other_provider, .. }) = walk(&world);
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
    for (place, id) in [
        ("providers/{}/private", &journey.provider),
        ("providers/{}/members", &journey.provider),
        ("providers/{}/evidence", &journey.provider),
        ("service-units/{}/history", &journey.unit),
        ("offerings/{}/history", &journey.offering),
        ("applications/{}", &journey.application),
        ("approvals/{}", &journey.approval),
        ("evidence/{}", &journey.evidence),
        ("attachments/{}", &journey.attachment),
        ("findings/{}", &journey.finding),
        ("measures/{}", &journey.measure),
    ] {
        let path = |id: &str| format!("/v1/{}", place.replace("{}", id));
        let (hidden, missing) = (path(id), path(&world.unknown_id()));
        for user in [&other_county.officer, &other_provider.user] {
            let (hidden, missing) = (user.get(&hidden), user.get(&missing));
            assert_eq!(told(hidden.refused(404, "not_found").body), told(missing.refused(404, "not_found").body));
        }
    }
}

#[test]
fn another_county_may_have_the_same_person_as_a_client_and_sees_nothing_of_the_first() {
    let world = World::start();
    let (journey, People { other_county, resident, .. }) = walk(&world);
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
