//! Calls of every operation that nobody thought of: schemathesis makes them of the document, right ones and wrong ones, in turn
//! and in sequence, and holds each answer to it. Owns who calls what and for how long; the service is a demo county of its own.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::{changes, tools};
use crate::openapi;
use crate::process::{Result, capture, root, run as run_command};
use crate::service::{Folder, Service, bare};

/// Whose tokens an operation is called with: the first one whose scopes are enough. Nobody comes first.
const CALLERS: [&str; 7] = ["case-worker", "officer", "finance", "auditor", "provider", "resident", "operator"];

/// What answers are held to.
const SETTINGS: &str = "contract/schemathesis.toml";

/// How files are sent.
const HOOKS: &str = "contract/schemathesis_hooks.py";

/// Phases of schemathesis, and how many of the seconds for an operation they may take. The first ones end by themselves, far
/// earlier; the others go on for as long as they may.
const TURNS: [(&str, u32); 2] = [("examples,coverage", 10), ("fuzzing,stateful", 1)];

/// For how long an operation is called at random, if nobody says otherwise.
pub(super) const SECONDS_EACH: u32 = 1;

const TURN_SECONDS_MIN: u32 = 10;

/// What a change is held to: the same calls as the one before it, so that it is not refused for what was there already.
pub(super) const SEED: u64 = 20_260_101;

/// Calls every operation, for about so many seconds each. Without a seed they are calls that were never made before.
pub(super) fn make(seconds_each: u32, seed: Option<u64>) -> Result<()> {
    let text = fs::read_to_string(root().join(changes::DOCUMENT)).map_err(|e| format!("{}: {e}", changes::DOCUMENT))?;
    let document: Value = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", changes::DOCUMENT))?;
    let mut left = operations(&document);
    let binary = openapi::built_for_tests()?;
    let folder = Folder::new("contract")?;
    // A line for each of the calls would hide what is found.
    let service = Service::start(&binary, &folder.0, &[("VALINTA_LOG", "warn")])?;
    service.ready()?;
    let mut refused = Vec::new();
    for caller in std::iter::once(None).chain(CALLERS.map(Some)) {
        let token = caller.map(|role| token(&binary, &folder.0, role)).transpose()?;
        let scopes = token.as_deref().map(scopes).transpose()?.unwrap_or_default();
        let (own, others): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|operation| operation.scopes.is_subset(&scopes));
        left = others;
        let who = caller.unwrap_or("nobody");
        if own.is_empty() {
            println!("{who}: nothing that an earlier caller may not call");
            continue;
        }
        for (phases, times) in TURNS {
            println!("\n{who}: {phases} of {} operations", own.len());
            let seconds = seconds(&own, seconds_each.saturating_mul(times));
            if let Err(why) = called(&service.authority, &own, token.as_deref(), (phases, seconds, seed)) {
                println!("{why}");
                refused.push(format!("{who} ({phases})"));
            }
        }
    }
    service.stop()?;
    let uncalled: Vec<&str> = left.iter().map(|operation| operation.id.as_str()).collect();
    match (refused.as_slice(), uncalled.as_slice()) {
        ([], []) => Ok(()),
        ([], _) => Err(format!("no caller may call {}", uncalled.join(", "))),
        _ => Err(format!("the service and its document disagree for {}; see above", refused.join(", "))),
    }
}

struct Operation {
    id: String,
    scopes: BTreeSet<String>,
}

/// Every operation, and the scopes that it asks for.
fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let of_paths = paths.flat_map(|(_, methods)| methods.as_object().into_iter().flatten());
    of_paths
        .filter_map(|(_, operation)| {
            let scopes = operation["security"].as_array()?.iter().filter_map(|one| one["bearer"].as_array()).flatten();
            let scopes = scopes.filter_map(Value::as_str).map(str::to_owned).collect();
            Some(Operation { id: operation["operationId"].as_str()?.to_owned(), scopes })
        })
        .collect()
}

fn token(binary: &Path, folder: &Path, role: &str) -> Result<String> {
    Ok(capture(bare(binary, folder).args(["token", role]))?.trim().to_owned())
}

/// What a token is good for, as it says itself.
fn scopes(token: &str) -> Result<BTreeSet<String>> {
    let unreadable = || "the service's own token cannot be read".to_owned();
    let claims = token.split('.').nth(1).ok_or_else(unreadable)?;
    let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| unreadable())?;
    let claims: Value = serde_json::from_slice(&claims).map_err(|_| unreadable())?;
    let scope = claims.get("scope").and_then(Value::as_str).ok_or_else(unreadable)?;
    Ok(scope.split(' ').map(str::to_owned).collect())
}

/// Never so few that a turn of a few operations does not begin.
fn seconds(own: &[Operation], each: u32) -> u32 {
    u32::try_from(own.len()).unwrap_or(u32::MAX).saturating_mul(each).max(TURN_SECONDS_MIN)
}

fn called(
    authority: &str,
    own: &[Operation],
    token: Option<&str>,
    (phases, seconds, seed): (&str, u32, Option<u64>),
) -> Result<()> {
    let mut command = tools::python("schemathesis");
    command.env("SCHEMATHESIS_HOOKS", root().join(HOOKS));
    command.arg("--config-file").arg(root().join(SETTINGS)).arg("run").arg(root().join(changes::DOCUMENT));
    command.args(["--url", &format!("http://{authority}"), "--phases", phases, "--max-time", &seconds.to_string()]);
    command.args(["--warnings", "off", "--generation-database", "none"]);
    if let Some(seed) = seed {
        command.args(["--seed", &seed.to_string()]);
    }
    command.args(own.iter().flat_map(|operation| ["--include-operation-id", &operation.id]));
    if let Some(token) = token {
        command.arg("--header").arg(format!("Authorization: Bearer {token}"));
    }
    run_command(&mut command)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{operations, scopes};

    #[test]
    fn an_operation_asks_for_the_scopes_of_its_security() {
        let document = json!({"paths": {"/v1/a": {
            "get": {"operationId": "show_a", "security": []},
            "post": {"operationId": "make_a", "security": [{"bearer": ["a:write"]}]},
        }}});
        let found: Vec<_> = operations(&document).into_iter().map(|o| (o.id, o.scopes.into_iter().collect())).collect();
        let expected: Vec<(String, Vec<String>)> =
            vec![("show_a".into(), vec![]), ("make_a".into(), vec!["a:write".into()])];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_tokens_scopes_are_those_of_its_claims() {
        // {"scope":"a:read b:write"}
        let found = scopes("e30.eyJzY29wZSI6ImE6cmVhZCBiOndyaXRlIn0.c2ln").unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a:read", "b:write"]);
        assert!(scopes("nothing").is_err());
    }
}
