//! Rows on programs that get tokens of their own, and on webhooks: a provider's, and the county's.

use serde_json::{Value, json};

use super::Row;
use super::journey::Journey;
use crate::support::{Provider, User, World, id_of};

/// Nobody has this name, ever.
const NOWHERE: &str = "https://county.invalid/hear";

/// A program of the provider's, with a secret.
pub(super) fn of_provider(provider: &Provider) -> (String, String) {
    with_secret(
        &provider.user,
        &program(
            &json!({"provider": provider.id, "role": "provider", "member_role": "worker"}),
            "service-events:write",
        ),
    )
}

/// A program of the county's, with a secret.
pub(super) fn of_county(world: &World, county: &str) -> (String, String) {
    with_secret(&world.operator(), &program(&json!({"organiser": county, "role": "case-worker"}), "vouchers:write"))
}

fn with_secret(user: &User, program: &Value) -> (String, String) {
    let client = id_of(&user.post("/v1/machine-clients", program).created());
    let secret = user.post(&credentials(&client), &json!({"secret_days": 30})).created();
    (client, id_of(&secret))
}

fn program(of: &Value, scope: &str) -> Value {
    let mut body = of.clone();
    body["name"] = json!("A program");
    body["scopes"] = json!([scope]);
    body
}

/// A webhook of the county's case workers. Nobody is there.
pub(super) fn webhook(worker: &User) -> String {
    id_of(&worker.post("/v1/webhooks", &json!({"url": NOWHERE})).created())
}

/// A path of something of the webhook's.
fn of_webhook(journey: &Journey, more: &str) -> String {
    format!("/v1/webhooks/{}{more}", journey.webhook)
}

fn place(client: &str) -> String {
    format!("/v1/machine-clients/{client}")
}

fn credentials(client: &str) -> String {
    format!("{}/credentials", place(client))
}

fn end_credential((client, credential): &(String, String)) -> String {
    format!("{}/{credential}/end", credentials(client))
}

/// Reads first; then commands, what ends a program after what is done with it.
pub(super) const ROWS: &[Row] = &[
    ("list_machine_clients", |_, _, user| user.get("/v1/machine-clients")),
    ("show_machine_client", |j, _, user| user.get(&place(&j.program.0))),
    ("show_machine_client of the county", |j, _, user| user.get(&place(&j.county_program.0))),
    ("register_machine_client", |j, _, user| {
        let of = json!({"provider": j.provider, "role": "provider", "member_role": "worker"});
        user.post("/v1/machine-clients", &program(&of, "service-events:write"))
    }),
    ("register_machine_client of the county", |j, _, user| {
        let of = json!({"organiser": j.county, "role": "case-worker"});
        user.post("/v1/machine-clients", &program(&of, "vouchers:write"))
    }),
    ("add_machine_credential", |j: &Journey, _, user| {
        user.post(&credentials(&j.program.0), &json!({"secret_days": 1}))
    }),
    ("add_machine_credential of the county", |j, _, user| {
        user.post(&credentials(&j.county_program.0), &json!({"secret_days": 1}))
    }),
    ("end_machine_credential", |j, _, user| user.post(&end_credential(&j.program), &json!({}))),
    ("end_machine_credential of the county", |j, _, user| user.post(&end_credential(&j.county_program), &json!({}))),
    ("end_machine_client", |j, _, user| user.post(&format!("{}/end", place(&j.program.0)), &json!({}))),
    ("end_machine_client of the county", |j, _, user| {
        user.post(&format!("{}/end", place(&j.county_program.0)), &json!({}))
    }),
    ("list_webhooks", |_, _, user| user.get("/v1/webhooks")),
    ("show_webhook", |j, _, user| user.get(&of_webhook(j, ""))),
    ("list_webhook_calls", |j, _, user| user.get(&of_webhook(j, "/calls"))),
    ("make_webhook of the provider", |j, _, user| {
        user.post("/v1/webhooks", &json!({"url": NOWHERE, "provider": j.provider}))
    }),
    ("set_webhook_position", |j, _, user| user.put(&of_webhook(j, "/position"), &json!({"after": "now"}))),
    ("rotate_webhook_secret", |j, _, user| user.post(&of_webhook(j, "/secrets"), &json!({}))),
    ("enable_webhook", |j, _, user| user.post(&of_webhook(j, "/enable"), &json!({}))),
    ("end_webhook", |j, _, user| user.post(&of_webhook(j, "/end"), &json!({}))),
];
