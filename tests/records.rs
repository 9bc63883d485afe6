//! What stays behind: the audit trail of every change and every look at a person's data, and no plain word of a person.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use valinta_persistence::DatabaseUrl;

use crate::support::{Answer, County, Provider, Resident, World, home_care_terms, identity_code, localized, price};

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

/// Does something that must leave so many rows in the audit trail.
#[track_caller]
fn leaves(world: &World, rows: u64, what: &str, done: impl FnOnce() -> Answer) -> Value {
    let before = world.audit_rows();
    let answer = done();
    assert!(answer.status < 300, "{what}: {}", answer.text);
    assert_eq!(world.audit_rows() - before, rows, "{what}");
    answer.body
}

#[test]
fn every_change_and_every_look_at_a_person_leaves_a_row() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (provider, offering) = the_registry_leaves_rows(&world, &county, &home_care.id);
    let resident = county.client();

    let request = county.voucher_request(&resident, &home_care, "20", "1650.00");
    let issued = leaves(&world, 1, "issue_voucher", || county.case_worker.post_keyed("/v1/vouchers", "one", &request));
    leaves(&world, 1, "a repetition, which shows the answer again", || {
        county.case_worker.post_keyed("/v1/vouchers", "one", &request)
    });
    let voucher = id(&issued["voucher"]).to_owned();
    let at = |verb: &str| format!("/v1/vouchers/{voucher}{verb}");

    let told =
        leaves(&world, 1, "give_information", || resident.user.post(&at("/information"), &json!({"language": "fi"})));
    let accept = json!({"information": told["id"]});
    leaves(&world, 1, "accept_voucher", || resident.user.post(&at("/accept"), &accept));
    leaves(&world, 1, "list_choices", || resident.user.get(&at("/choices")));
    leaves(&world, 1, "choose_provider", || resident.choose(&voucher, &offering));
    let number = json!({"number": issued["voucher"]["number"]});
    leaves(&world, 1, "look_up_voucher", || provider.user.post("/v1/vouchers/lookup", &number));
    leaves(&world, 1, "record_service_event", || provider.record(&voucher, "1"));
    leaves(&world, 1, "show_voucher", || county.finance.get(&at("")));
    leaves(&world, 1, "list_vouchers", || county.case_worker.get("/v1/vouchers"));
    leaves(&world, 1, "list_my_vouchers", || resident.user.get("/v1/me/vouchers"));
    leaves(&world, 1, "show_ledger", || county.finance.get(&at("/ledger")));
    leaves(&world, 1, "list_service_events", || provider.user.get("/v1/service-events"));
    leaves(&world, 1, "show_client", || county.case_worker.get(&format!("/v1/clients/{}", resident.client)));
    let decision = issued["decision"].as_str().unwrap();
    leaves(&world, 1, "show_decision", || county.auditor.get(&format!("/v1/decisions/{decision}")));
    leaves(&world, 1, "show_access_log", || resident.user.get("/v1/me/access-log"));
    leaves(&world, 1, "list_audit_rows", || county.auditor.get("/v1/audit"));
    let reasons = json!({"reasons": localized("Moved away")});
    leaves(&world, 1, "cancel_voucher", || county.case_worker.post(&at("/cancel"), &reasons));
    let second = id(&county.issue(&resident, &home_care, "5")).to_owned();
    leaves(&world, 1, "refuse_voucher", || resident.user.post(&format!("/v1/vouchers/{second}/refuse"), &json!({})));

    the_auditor_finds_them_all(&county, &voucher);
}

fn the_registry_leaves_rows(world: &World, county: &County, voucher_type: &str) -> (Provider, String) {
    let draft = json!({"voucher_type": voucher_type, "terms": home_care_terms()});
    leaves(world, 1, "draft_rulebook", || county.officer.post("/v1/rulebooks", &draft));
    let user = world.user(valinta_domain::policy::Role::Provider, "provider-1", None, None);
    let registration = Provider::registration(1, "Provider 1", "company");
    let registered = leaves(world, 1, "register_provider", || user.post("/v1/providers", &registration));
    let provider = Provider {
        site: world.site.clone(),
        user: user.clone(),
        subject: "provider-1".into(),
        id: id(&registered).to_owned(),
        name: "Provider 1".into(),
    };
    let path = format!("/v1/providers/{}/units", provider.id);
    let unit = leaves(world, 1, "add_service_unit", || user.post(&path, &Provider::unit_request("Provider 1")));
    let evidence = json!([
        {"requirement": "prepayment_register", "reference": "r"},
        {"requirement": "liability_insurance", "reference": "p", "valid_until": "2027-12-31"},
    ]);
    let begin = json!({"unit": unit["id"], "voucher_type": voucher_type, "evidence": evidence});
    // Each piece of evidence that is given with it leaves a row of its own.
    let begun = leaves(world, 3, "begin_application", || user.post("/v1/applications", &begin));
    let submit = format!("/v1/applications/{}/submit", id(&begun));
    leaves(world, 1, "submit_application", || user.post(&submit, &json!({})));
    leaves(world, 1, "decide_application", || county.decide(id(&begun), "approved"));
    let offering = json!({"unit": unit["id"], "voucher_type": voucher_type, "price": price("36.00")});
    let offering = leaves(world, 1, "publish_offering", || user.post("/v1/offerings", &offering));
    let later = json!({"price": price("37.00"), "from": "2026-12-01"});
    let prices = format!("/v1/offerings/{}/prices", id(&offering));
    leaves(world, 1, "set_offering_price", || user.post(&prices, &later));
    // What everyone may see leaves nothing.
    for open in ["/v1/organisers", "/v1/providers", "/v1/offerings", "/v1/voucher-types"] {
        leaves(world, 0, open, || world.api.anyone().get(open));
    }
    (provider, id(&offering).to_owned())
}

fn the_auditor_finds_them_all(county: &County, voucher: &str) {
    let rows = county.auditor.get("/v1/audit?limit=100").ok();
    let rows = rows["items"].as_array().unwrap();
    let actions: BTreeSet<&str> = rows.iter().map(|row| row["action"].as_str().unwrap()).collect();
    for action in [
        "create_organiser",
        "publish_voucher_type",
        "draft_rulebook",
        "adopt_rulebook",
        "submit_application",
        "decide_application",
        "publish_offering",
        "set_offering_price",
        "register_client",
        "show_client",
        "issue_voucher",
        "give_information",
        "accept_voucher",
        "refuse_voucher",
        "list_choices",
        "choose_provider",
        "look_up_voucher",
        "record_service_event",
        "show_voucher",
        "list_vouchers",
        "list_my_vouchers",
        "show_ledger",
        "list_service_events",
        "show_decision",
        "list_audit_rows",
        "cancel_voucher",
    ] {
        assert!(actions.contains(action), "{action} is not among {actions:?}");
    }
    let about = county.auditor.get(&format!("/v1/audit?target={voucher}&limit=100")).ok();
    let about = about["items"].as_array().unwrap();
    assert!(about.len() >= 8 && about.iter().all(|row| row["target"] == voucher));
    let moments: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert!(moments.is_sorted_by(|a, b| a >= b), "latest first");
    let by_worker = county.auditor.get("/v1/audit?actor=case-worker-0&action=show_client").ok();
    assert_eq!(by_worker["items"].as_array().unwrap().len(), 1);
}

#[test]
fn residents_see_who_looked_and_auditors_only_their_own_county() {
    let world = World::start();
    let county = County::found(&world);
    let other = County::found_as(&world, 1, &[("743", "Seinäjoki", "Seinäjoki")]);
    let home_care = county.home_care();
    let (resident, another) = (county.client(), county.client());
    let voucher = county.issue(&resident, &home_care, "20");
    county.case_worker.get(&format!("/v1/clients/{}", resident.client)).ok();

    let log = resident.user.get("/v1/me/access-log").ok();
    let seen: Vec<(&str, &str)> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["role"].as_str().unwrap(), row["action"].as_str().unwrap()))
        .collect();
    let by_worker = |action| ("case-worker", action);
    assert_eq!(seen, [by_worker("show_client"), by_worker("issue_voucher"), by_worker("register_client")]);
    assert_eq!(another.user.get("/v1/me/access-log").ok()["items"].as_array().unwrap().len(), 1);

    for query in [format!("person={}", resident.person), format!("target={}", id(&voucher))] {
        assert_eq!(other.auditor.get(&format!("/v1/audit?{query}")).ok()["items"], json!([]));
        assert!(!county.auditor.get(&format!("/v1/audit?{query}")).ok()["items"].as_array().unwrap().is_empty());
    }
    let of_other = other.auditor.get("/v1/audit?limit=100").ok();
    let actors: BTreeSet<&str> =
        of_other["items"].as_array().unwrap().iter().map(|row| row["actor"].as_str().unwrap()).collect();
    assert_eq!(actors, BTreeSet::from(["auditor-1", "operator"]));
}

#[test]
fn no_plain_word_of_a_person_is_stored_anywhere() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    let resident: Resident = county.client();
    let voucher = county.chosen_voucher(&resident, &home_care, "20", &offering);
    provider.record(id(&voucher), "1").created();
    county.case_worker.get(&format!("/v1/clients/{}", resident.client)).ok();
    let (representative, note) = (identity_code(88), "Salainen muistiinpano");
    let mandate = json!({
        "representative": {"personal_identity_code": representative, "name": "Salainen Edustaja"},
        "scope": "vouchers",
        "basis": "guardian",
        "note": note,
    });
    county.case_worker.post(&format!("/v1/clients/{}/mandates", resident.client), &mandate).created();
    let consent = json!({"how": "phone", "given_on": world.today(), "note": note});
    let choice = json!({"offering": offering, "on_behalf": consent});
    county.case_worker.put(&format!("/v1/vouchers/{}/choice", id(&voucher)), &choice).ok();
    // Refused input is stored just as little.
    let again = Resident::registration(&resident.identity_code, &resident.name);
    county.case_worker.post("/v1/clients", &again).refused(409, "duplicate");

    assert!(is_stored(&world, "Esimerkkikatu 1"), "a unit's address is public: the search finds what is there");
    let without_mark = resident.identity_code.replace('-', "");
    let of_resident = [&resident.identity_code, &without_mark, &resident.name, "Salakuja 7"];
    for secret in of_resident.into_iter().chain([&representative, "Salainen Edustaja", note]) {
        assert!(!is_stored(&world, secret), "{secret:?} is stored in plain");
        assert!(!is_stored(&world, &secret.to_lowercase()), "{secret:?} is stored in plain");
    }
}

/// Whether a text is anywhere in the database: in the files of a SQLite, in any row of any table of a PostgreSQL.
fn is_stored(world: &World, text: &str) -> bool {
    match world.database.url() {
        DatabaseUrl::Sqlite(path) => fs::read_dir(path.parent().unwrap()).unwrap().any(|file| {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        }),
        DatabaseUrl::Postgres(_) => {
            let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
            let search = format!(
                "DO $$ DECLARE t record; found bigint; BEGIN \
                 FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP \
                   EXECUTE format('SELECT count(*) FROM %I AS r WHERE position(%L in r::text) > 0 \
                     OR position(%L in r::text) > 0', t.tablename, '{text}', '{hex}') INTO found; \
                   IF found > 0 THEN RAISE EXCEPTION 'stored in %', t.tablename; END IF; \
                 END LOOP; END $$"
            );
            match world.database.tamper(&search) {
                Ok(()) => false,
                Err(reason) => {
                    assert!(reason.contains("stored in"), "{reason}");
                    true
                }
            }
        }
    }
}

#[test]
fn what_was_decided_posted_told_and_audited_cannot_be_changed_or_removed() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    let resident = county.client();
    let voucher = county.chosen_voucher(&resident, &home_care, "20", &offering);
    provider.record(id(&voucher), "1").created();

    for (table, change) in [
        ("audit_log", "actor = 'nobody'"),
        ("decisions", "reasons_fi = 'other'"),
        ("ledger_entries", "amount_minor = 1"),
        ("information_given", "channel = 'other'"),
        ("rulebooks", "terms = '{}'"),
    ] {
        for sql in [format!("UPDATE {table} SET {change}"), format!("DELETE FROM {table}")] {
            let refused = world.database.tamper(&sql).expect_err(&sql);
            assert!(refused.contains("append-only"), "{sql}: {refused}");
        }
    }
    assert!(world.database.tamper("UPDATE allotments SET used_e4 = granted_e4 + 1").is_err());
    assert_eq!(resident.ledger(id(&voucher))["available"], "39");
    world.audit_rows();
}

#[test]
fn a_protected_address_is_shown_to_no_one() {
    let world = World::start();
    let county = County::found(&world);
    let mut registration = Resident::registration(&identity_code(60), "Testi Suojattu");
    registration["protected_address"] = json!(true);
    registration["contact"]["phone"] = json!("+358 50 000 0001");
    let made = county.case_worker.post("/v1/clients", &registration).created();
    for staff in [&county.case_worker, &county.auditor] {
        let shown = staff.get(&format!("/v1/clients/{}", id(&made))).ok();
        assert_eq!(shown["protected_address"], true);
        assert_eq!(shown["contact"]["phone"], "+358 50 000 0001");
        assert!(!shown.to_string().contains("Salakuja") && !shown.to_string().contains("28100"), "{shown}");
    }
    let by_auditor = county.auditor.get(&format!("/v1/clients/{}", id(&made))).ok();
    assert!(by_auditor.get("personal_identity_code").is_none());
}

#[test]
fn who_is_shown_an_answer_again_is_in_the_residents_access_log_too() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let resident = county.client();
    let request = county.voucher_request(&resident, &home_care, "20", "1650.00");
    let first = county.case_worker.post_keyed("/v1/vouchers", "one", &request).created();
    assert_eq!(county.case_worker.post_keyed("/v1/vouchers", "one", &request).created(), first);
    let found =
        county.case_worker.post("/v1/clients/lookup", &json!({"personal_identity_code": resident.identity_code}));
    assert_eq!(found.ok()["id"], resident.client);
    let log = resident.user.get("/v1/me/access-log").ok();
    let actions: Vec<&str> =
        log["items"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["look_up_client", "repeat_answer", "issue_voucher", "register_client"]);
}
