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

/// What an answer is held to. Left out: `unsupported_method`, since `/v1/vouchers/lookup` is a voucher's path too and answers
/// another method as such; `positive_data_acceptance`, since a county may refuse what is of the right shape; what needs
/// servers that forget nothing.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,negative_data_rejection,missing_required_header";

/// One turn of schemathesis: every kind of call alone, which ends by itself, or calls at random and in sequence.
const TURNS: [&str; 2] = ["examples,coverage", "fuzzing,stateful"];

/// Calls every operation, for about so many seconds each.
pub(super) fn make(seconds_each: u32) -> Result<()> {
    let text = fs::read_to_string(root().join(changes::DOCUMENT)).map_err(|e| format!("{}: {e}", changes::DOCUMENT))?;
    let document: Value = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", changes::DOCUMENT))?;
    let mut left = operations(&document);
    let binary = openapi::built_for_tests()?;
    let folder = Folder::new("contract")?;
    let service = Service::start(&binary, &folder.0)?;
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
        for turn in TURNS {
            println!("\n{who}: {turn} of {} operations", own.len());
            if let Err(why) = called(&service.authority, &own, token.as_deref(), turn, seconds_each) {
                println!("{why}");
                refused.push(format!("{who} ({turn})"));
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

fn called(authority: &str, own: &[Operation], token: Option<&str>, turn: &str, seconds_each: u32) -> Result<()> {
    let seconds = u32::try_from(own.len()).unwrap_or(u32::MAX).saturating_mul(seconds_each);
    let mut command = tools::python("schemathesis");
    command.arg("run").arg(root().join(changes::DOCUMENT)).arg("--url").arg(format!("http://{authority}"));
    command.args(["--phases", turn, "--checks", CHECKS, "--continue-on-failure", "--warnings", "off"]);
    command.args(["--max-time", &seconds.to_string()]);
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
            "get": {"operationId": "show_a", "security": [{}]},
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
