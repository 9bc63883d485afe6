//! Rows on approvals, findings and measures.

use serde_json::json;

use super::Row;
use crate::support::localized;

/// Reads first; then commands, the one that ends the approval last.
pub(super) const ROWS: &[Row] = &[
    ("show_approval", |j, _, user| user.get(&format!("/v1/approvals/{}", j.approval))),
    ("list_findings", |_, _, user| user.get("/v1/findings")),
    ("list_findings of the provider", |j, _, user| user.get(&format!("/v1/findings?provider={}", j.provider))),
    ("show_finding", |j, _, user| user.get(&format!("/v1/findings/{}", j.finding))),
    ("list_measures", |_, _, user| user.get("/v1/measures")),
    ("list_measures on the approval", |j, _, user| user.get(&format!("/v1/measures?approval={}", j.supervised))),
    ("show_measure", |j, _, user| user.get(&format!("/v1/measures/{}", j.measure))),
    ("open_finding", |j, _, user| {
        let body = json!({"provider": j.provider, "subject": "other", "description": "Something"});
        user.post("/v1/findings", &body)
    }),
    ("answer_finding", |j, _, user| {
        user.post(&format!("/v1/findings/{}/answer", j.finding), &json!({"text": "Two were hired"}))
    }),
    ("close_finding", |j, _, user| {
        user.post_seen(&format!("/v1/findings/{}/close", j.finding), "*", &json!({"conclusion": "In order now"}))
    }),
    ("open_measure", |j, _, user| {
        let body = json!({"step": "notice", "grounds": "breach", "reasons": localized("As it was found")});
        user.post_seen(&format!("/v1/approvals/{}/measures", j.approval), "*", &body)
    }),
    ("reply_to_measure", |j, _, user| {
        user.post(&format!("/v1/measures/{}/reply", j.measure), &json!({"text": "We have put it right"}))
    }),
    ("decide_measure", |j, _, user| {
        let body = json!({"outcome": "imposed", "reasons": localized("Nothing has changed")});
        user.post_seen(&format!("/v1/measures/{}/decision", j.measure), "*", &body)
    }),
    ("withdraw_measure", |j, _, user| user.post(&format!("/v1/measures/{}/withdraw", j.measure), &json!({}))),
    ("resume_approval", |j, _, user| {
        let body = json!({"reasons": localized("All is well again")});
        user.post_seen(&format!("/v1/approvals/{}/resume", j.approval), "*", &body)
    }),
    ("end_approval", |j, world, user| {
        let from = world.today().plus_days(60).to_string();
        user.post(&format!("/v1/approvals/{}/end", j.approval), &json!({"from": from}))
    }),
];
