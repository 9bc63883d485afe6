//! Rows on providers, their evidence, applications and offerings, on files of the registry and on worklists.

use serde_json::{Value, json};

use super::Row;
use super::journey::{Journey, hand_in};
use crate::support::{Answer, Provider, User, localized};

fn of_provider(journey: &Journey, what: &str) -> String {
    format!("/v1/providers/{}{what}", journey.provider)
}

/// Brings one row in.
fn bring(user: &User, kind: &str, row: &Value) -> Answer {
    user.send("POST", &format!("/v1/imports/{kind}"), &[], Some(&json!([row]).to_string()))
}

/// Reads first; then commands, the one that takes a thing back after those that need it.
pub(super) const ROWS: &[Row] = &[
    ("show_private_provider", |j, _, user| user.get(&of_provider(j, "/private"))),
    ("list_provider_tasks", |j, _, user| user.get(&of_provider(j, "/tasks"))),
    ("list_provider_members", |j, _, user| user.get(&of_provider(j, "/members"))),
    ("list_provider_changes", |j, _, user| user.get(&of_provider(j, "/changes"))),
    ("list_provider_versions", |j, _, user| user.get(&of_provider(j, "/history"))),
    ("show_private_service_unit", |j, _, user| user.get(&format!("/v1/service-units/{}/private", j.unit))),
    ("list_service_unit_versions", |j, _, user| user.get(&format!("/v1/service-units/{}/history", j.unit))),
    ("show_offering_history", |j, _, user| user.get(&format!("/v1/offerings/{}/history", j.offering))),
    ("list_evidence", |j, _, user| user.get(&of_provider(j, "/evidence"))),
    ("show_evidence", |j, _, user| user.get(&format!("/v1/evidence/{}", j.evidence))),
    ("show_attachment", |j, _, user| user.get(&format!("/v1/attachments/{}", j.attachment))),
    ("show_application that is a draft", |j, _, user| user.get(&format!("/v1/applications/{}", j.draft_application))),
    ("show_application_document", |j, _, user| user.get(&format!("/v1/applications/{}/document", j.application))),
    ("show_desk", |_, _, user| user.get("/v1/desk")),
    ("list_desk_applications", |_, _, user| user.get("/v1/desk/applications")),
    ("list_desk_changes", |_, _, user| user.get("/v1/desk/changes")),
    ("list_desk_deadlines", |_, _, user| user.get("/v1/desk/deadlines")),
    ("list_desk_evidence", |_, _, user| user.get("/v1/desk/evidence?list=to_check")),
    ("list_desk_prices", |_, _, user| user.get("/v1/desk/prices")),
    ("list_known_providers", |_, _, user| user.get("/v1/providers/known")),
    ("export_registry", |_, _, user| user.get("/v1/exports/providers")),
    ("export_registry of prices", |_, _, user| user.get("/v1/exports/prices")),
    ("export_registry of the provider", |j, _, user| {
        user.get(&format!("/v1/exports/providers?provider={}", j.provider))
    }),
    ("update_provider", |j, _, user| {
        user.put_seen(&of_provider(j, ""), "*", &json!({"email": "new@provider.example", "languages": ["fi"]}))
    }),
    ("replace_provider_contacts", |j, _, user| {
        let contact = json!({"purpose": "county", "function": "Manager", "email": "manager@provider.example"});
        user.put_seen(&of_provider(j, "/contacts"), "*", &json!({"contacts": [contact]}))
    }),
    ("replace_service_unit", |j, _, user| {
        user.put_seen(&format!("/v1/service-units/{}", j.unit), "*", &Provider::unit_request("Renamed"))
    }),
    ("replace_offering", |j, _, user| {
        user.put_seen(&format!("/v1/offerings/{}", j.offering), "*", &json!({"accepts_new_clients": true, "queue": 1}))
    }),
    ("import_registry", |j, world, user| {
        let from = world.today().plus_days(30).to_string();
        let row = json!({
            "source_id": "P1", "offering": j.offering, "charging": "voucher", "price": "35.00", "valid_from": from,
        });
        bring(user, "prices", &row)
    }),
    ("import_registry for the provider", |j, _, user| {
        bring(user, &format!("prices?provider={}", j.provider), &json!({"source_id": "P2"}))
    }),
    ("put_provider_member", |j, _, user| {
        user.post(&of_provider(j, "/members"), &json!({"subject": "another", "role": "admin"}))
    }),
    ("remove_provider_member", |j, _, user| {
        user.post(&of_provider(j, "/members/remove"), &json!({"subject": "leaving"}))
    }),
    ("propose_provider_change", |j, _, user| {
        user.post(&of_provider(j, "/changes"), &json!({"field": "sector", "value": "ngo"}))
    }),
    ("withdraw_provider_change", |j, _, user| {
        user.post(&format!("/v1/provider-changes/{}/withdraw", j.name_change), &json!({}))
    }),
    ("decide_provider_change", |j, _, user| {
        user.post(&format!("/v1/provider-changes/{}/decision", j.iban_change), &json!({"outcome": "confirmed"}))
    }),
    ("hand_in_attachment", |j, world, user| hand_in(user, &j.provider, &world.unknown_id())),
    // A piece of evidence names it: it stays, whoever may.
    ("remove_attachment", |j, _, user| user.send("DELETE", &format!("/v1/attachments/{}", j.attachment), &[], None)),
    ("give_evidence", |j, _, user| {
        user.post(&of_provider(j, "/evidence"), &json!({"kind": "tax_certificate", "reference": "Certificate 1"}))
    }),
    ("check_evidence", |j, _, user| {
        user.post(&format!("/v1/evidence/{}/checks", j.evidence), &json!({"outcome": "accepted"}))
    }),
    ("withdraw_evidence", |j, _, user| user.post(&format!("/v1/evidence/{}/withdraw", j.evidence), &json!({}))),
    ("replace_application", |j, _, user| {
        user.put_seen(&format!("/v1/applications/{}", j.draft_application), "*", &json!({}))
    }),
    ("submit_application that is a draft", |j, _, user| {
        user.post(&format!("/v1/applications/{}/submit", j.draft_application), &json!({}))
    }),
    ("request_application_information", |j, world, user| {
        let body = json!({"text": "Which year is it of?", "due": world.today().plus_days(14).to_string()});
        user.post_seen(&format!("/v1/applications/{}/information-request", j.waiting_application), "*", &body)
    }),
    ("decide_application that waits", |j, _, user| {
        let body = json!({"outcome": "approved", "reasons": localized("As the evidence shows")});
        user.post_seen(&format!("/v1/applications/{}/decision", j.waiting_application), "*", &body)
    }),
];
