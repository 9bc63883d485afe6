//! Rows on rules, on applications as far as a voucher needs them, and on vouchers and what follows from them.

use serde_json::json;

use super::Row;
use super::journey::Journey;
use crate::support::{Provider, home_care_terms, identity_code, localized, price};

/// The path of something of the voucher's.
pub(super) fn voucher(journey: &Journey, verb: &str) -> String {
    format!("/v1/vouchers/{}{verb}", journey.voucher["id"].as_str().unwrap())
}

/// The path of something of the service event's.
fn event(journey: &Journey, verb: &str) -> String {
    format!("/v1/service-events/{}{verb}", journey.service_event)
}

/// The path of something of the draft's.
fn draft(journey: &Journey, verb: &str) -> String {
    format!("/v1/service-event-drafts/{}{verb}", journey.event_draft)
}

/// The path of something of the statement's.
fn statement(journey: &Journey, verb: &str) -> String {
    format!("/v1/statements/{}{verb}", journey.statement)
}

/// Reads first; then commands, those that the owners are refused by state before the one that ends the voucher.
pub(super) const ROWS: &[Row] = &[
    ("show_client", |j, _, user| user.get(&format!("/v1/clients/{}", j.client))),
    ("list_mandates", |j, _, user| user.get(&format!("/v1/clients/{}/mandates", j.client))),
    ("show_voucher", |j, _, user| user.get(&voucher(j, ""))),
    ("list_vouchers", |_, _, user| user.get("/v1/vouchers")),
    ("list_voucher_batches", |_, _, user| user.get("/v1/voucher-batches")),
    ("show_voucher_batch", |j, _, user| user.get(&format!("/v1/voucher-batches/{}", j.voucher_batch))),
    ("list_voucher_batch_rows", |j, _, user| user.get(&format!("/v1/voucher-batches/{}/rows", j.voucher_batch))),
    ("start_voucher_batch", |_, _, user| user.post("/v1/voucher-batches?dry_run=true", &json!({"rows": [{}]}))),
    ("list_my_vouchers", |_, _, user| user.get("/v1/me/vouchers")),
    ("list_events", |_, _, user| user.get("/v1/events")),
    ("show_access_log", |_, _, user| user.get("/v1/me/access-log")),
    ("list_own_providers", |_, _, user| user.get("/v1/providers/mine")),
    ("list_choices", |j, _, user| user.get(&voucher(j, "/choices"))),
    ("show_choice", |j, _, user| user.get(&voucher(j, &format!("/choices/{}", j.offering)))),
    ("compare_voucher_offerings", |j, _, user| {
        user.post(&voucher(j, "/choices/compare"), &json!({"offerings": [j.offering]}))
    }),
    ("list_shown_lists", |j, _, user| user.get(&voucher(j, "/shown-lists"))),
    ("replay_shown_list", |j, _, user| user.get(&format!("/v1/shown-lists/{}", j.shown_list))),
    ("show_ledger", |j, _, user| user.get(&voucher(j, "/ledger"))),
    ("look_up_client", |j, _, user| {
        user.post("/v1/clients/lookup", &json!({"personal_identity_code": j.identity_code}))
    }),
    ("look_up_voucher", |j, _, user| user.post("/v1/vouchers/lookup", &json!({"number": j.voucher["number"]}))),
    ("list_service_events", |_, _, user| user.get("/v1/service-events")),
    ("list_service_events of the voucher", |j, _, user| {
        user.get(&format!("/v1/service-events?voucher={}", j.voucher["id"].as_str().unwrap()))
    }),
    ("show_service_event", |j, _, user| user.get(&event(j, ""))),
    ("list_settlements", |_, _, user| user.get("/v1/settlements")),
    ("show_settlement", |j, _, user| user.get(&format!("/v1/settlements/{}", j.settlement))),
    ("show_settlement_payments", |j, _, user| user.get(&format!("/v1/settlements/{}/payments", j.settlement))),
    ("show_settlement_settings", |_, _, user| user.get("/v1/settlement-settings")),
    ("list_statements", |_, _, user| user.get("/v1/statements")),
    ("show_statement", |j, _, user| user.get(&statement(j, ""))),
    ("show_statement_lines", |j, _, user| user.get(&statement(j, "/lines"))),
    ("show_statement_page", |j, _, user| user.get(&statement(j, "/page"))),
    ("show_statement_invoice", |j, _, user| user.get(&statement(j, "/invoice"))),
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
        let body = json!({"voucher_type": j.home_care.id, "terms": home_care_terms()});
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
        let body = json!({"terms": home_care_terms()}).to_string();
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
                "duplicate": true,
            }),
        )
    }),
    ("record_mandate", |j, _, user| {
        let body = json!({
            "representative": {"personal_identity_code": identity_code(77), "name": "Testi Edustaja"},
            "scope": "vouchers_read",
            "basis": "parent",
        });
        user.post(&format!("/v1/clients/{}/mandates", j.client), &body)
    }),
    ("end_mandate", |j, _, user| {
        let body = json!({"reason": "withdrawn"});
        user.post(&format!("/v1/clients/{}/mandates/{}/end", j.client, j.mandate), &body)
    }),
    ("give_information", |j, _, user| user.post(&voucher(j, "/information"), &json!({"language": "fi"}))),
    ("accept_voucher", |j, world, user| user.post(&voucher(j, "/accept"), &json!({"information": world.unknown_id()}))),
    ("refuse_voucher", |j, _, user| user.post(&voucher(j, "/refuse"), &json!({}))),
    ("choose_provider", |j, _, user| user.put(&voucher(j, "/choice"), &json!({"offering": j.offering}))),
    ("list_choice_requests", |_, _, user| user.get("/v1/choice-requests")),
    ("refuse_choice_request", |j, _, user| {
        user.post(&format!("/v1/choice-requests/{}/refuse", j.choice_request), &json!({"reason": "Nobody is free"}))
    }),
    ("confirm_choice_request", |j, _, user| {
        user.post(&format!("/v1/choice-requests/{}/confirm", j.choice_request), &json!({}))
    }),
    ("withdraw_choice_request", |j, _, user| {
        user.post(&format!("/v1/choice-requests/{}/withdraw", j.choice_request), &json!({}))
    }),
    ("record_service_event", |j, world, user| {
        let day = world.today().to_string();
        user.post("/v1/service-events", &json!({"voucher": j.voucher["id"], "day": day, "quantity": "1"}))
    }),
    ("record_service_events", |j, world, user| {
        let row = json!({
            "voucher": j.voucher["id"], "day": world.today().to_string(), "quantity": "1", "reference": "whose",
        });
        user.post("/v1/service-events/batch?mode=per_row&dry_run=true", &json!({"rows": [row]}))
    }),
    ("begin_service_event_draft", |j, _, user| {
        user.post(&format!("/v1/service-event-drafts?provider={}", j.provider), &json!({}))
    }),
    ("list_service_event_drafts", |_, _, user| user.get("/v1/service-event-drafts")),
    ("show_service_event_draft", |j, _, user| user.get(&draft(j, ""))),
    ("replace_service_event_draft", |j, _, user| user.send("PUT", &draft(j, ""), &[("If-Match", "*")], Some("{}"))),
    ("record_service_event_draft", |j, _, user| user.post(&draft(j, "/record"), &json!({}))),
    ("discard_service_event_draft", |j, _, user| user.post(&draft(j, "/discard"), &json!({}))),
    ("contest_service_event", |j, _, user| user.post(&event(j, "/contest"), &json!({"reason": "Nobody came"}))),
    ("answer_service_event", |j, _, user| user.post(&event(j, "/answer"), &json!({"text": "We came"}))),
    ("resolve_service_event", |j, _, user| {
        user.post(&event(j, "/resolve"), &json!({"outcome": "dismissed", "reason": "They came"}))
    }),
    ("query_service_event", |j, _, user| user.post(&event(j, "/query"), &json!({"text": "Who came?"}))),
    ("accept_service_event", |j, _, user| user.post(&event(j, "/accept"), &json!({}))),
    ("credit_service_event", |j, _, user| {
        user.post(&event(j, "/credit"), &json!({"reason_code": "not_given", "reason": "Nobody came"}))
    }),
    ("withdraw_service_event", |j, _, user| user.post(&event(j, "/withdraw"), &json!({"reason_code": "not_given"}))),
    ("start_settlement", |_, world, user| {
        user.post("/v1/settlements", &json!({"month": world.today().first_of_month()}))
    }),
    ("approve_statement", |j, _, user| user.post(&statement(j, "/approve"), &json!({}))),
    ("send_statement", |j, _, user| user.post(&statement(j, "/send"), &json!({}))),
    ("pay_statement", |j, _, user| user.post(&statement(j, "/paid"), &json!({"payment_reference": "RF1"}))),
    ("list_deliveries", |_, _, user| user.get("/v1/deliveries")),
    ("show_delivery", |j, _, user| user.get(&format!("/v1/deliveries/{}", j.delivery))),
    ("replay_delivery", |j, _, user| user.post(&format!("/v1/deliveries/{}/replay", j.delivery), &json!({}))),
    ("list_jobs", |_, _, user| user.get("/v1/jobs")),
    ("simulate_impact", |j, _, user| user.post(&format!("/v1/rulebooks/{}/impact", j.home_care.rulebook), &json!({}))),
    ("extend_voucher", |j, world, user| {
        let body = json!({"to": world.today().to_string(), "reasons": localized("Longer")});
        user.post(&voucher(j, "/extend"), &body)
    }),
    ("raise_voucher", |j, world, user| {
        let body = json!({"from": world.today().to_string(), "reasons": localized("More")});
        user.post(&voucher(j, "/raise"), &body)
    }),
    ("reduce_voucher", |j, world, user| {
        let body = json!({"quantity": "0", "from": world.today().to_string(), "reasons": localized("Less")});
        user.post(&voucher(j, "/reduce"), &body)
    }),
    ("reissue_voucher", |j, world, user| {
        let body = json!({"valid_until": world.today().plus_days(-1).to_string(), "reasons": localized("Lost")});
        user.post(&voucher(j, "/reissue"), &body)
    }),
    ("set_accounting_code", |j, _, user| {
        user.put(&voucher(j, "/accounting-code"), &json!({"accounting_code": "4310-609"}))
    }),
    ("cancel_voucher", |j, _, user| user.post(&voucher(j, "/cancel"), &json!({"reasons": localized("Ended")}))),
];
