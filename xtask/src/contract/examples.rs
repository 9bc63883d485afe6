//! Makes `openapi/examples.json` of calls that the acceptance suite has made and recorded: for each operation the ones that
//! show most of its shapes. The service puts them into the document; that they are of its shapes is for the linters to say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::changes::DOCUMENT;
use super::shape::{Document, Operation, name_of};
use crate::process::{Result, root};

const EXAMPLES: &str = "openapi/examples.json";
/// Longest example of a file.
const TEXT_CHARS_MAX: usize = 2_000;
/// Most items of a list in an answer.
const ITEMS_MAX: usize = 2;
/// Longest answer that is preferred for what it shows.
const ANSWER_CHARS_MAX: usize = 6_000;

/// What is nobody's example, and what stands in its place.
const SECRETS: [(&str, &str); 4] = [
    ("access_token", "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.e30.c2lnbmF0dXJl"),
    ("client_assertion", "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl"),
    ("client_secret", "a-secret-that-is-shown-once"),
    ("secret", "a-secret-that-is-shown-once"),
];

/// What stands for hosts that are addresses of the machine (RFC 2606).
const HOST: &str = "host.example";

/// A call as the suite writes it, one a line.
#[derive(Debug, Clone, Deserialize)]
struct Call {
    method: String,
    /// With its query.
    path: String,
    sent_type: Option<String>,
    sent: Option<String>,
    status: u16,
    answered_type: Option<String>,
    answered: String,
}

/// Writes the examples. Those that are there stay, unless they are asked for anew or their operation is gone.
pub(super) fn make(folder: &Path, anew: &[String]) -> Result<()> {
    let document: Value = parsed(DOCUMENT, &read(&root().join(DOCUMENT))?)?;
    let kept: Map<String, Value> = parsed(EXAMPLES, &read(&root().join(EXAMPLES))?)?;
    let calls = calls(folder)?;
    let (examples, missing) = examples(&document, kept, &calls, anew);
    let text = serde_json::to_string_pretty(&examples).map_err(|e| e.to_string())?;
    fs::write(root().join(EXAMPLES), format!("{text}\n")).map_err(|e| format!("{EXAMPLES}: {e}"))?;
    println!("{} calls; {} operations have examples", calls.len(), examples.len());
    if !missing.is_empty() {
        println!("none of the calls was of:\n  {}", missing.join("\n  "));
    }
    println!("now `cargo xtask openapi`, and `cargo xtask contract lint`");
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn parsed<T: for<'de> Deserialize<'de>>(path: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| format!("{path}: {e}"))
}

/// The recorded calls of every file in the folder.
fn calls(folder: &Path) -> Result<Vec<Call>> {
    let told = |e: std::io::Error| format!("{}: {e}", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.extension().is_some_and(|ending| ending == "ndjson") {
            for line in read(&path)?.lines() {
                found.push(parsed(&path.display().to_string(), line)?);
            }
        }
    }
    Ok(found)
}

/// The examples by operation, and the operations without.
fn examples(
    document: &Value,
    mut kept: Map<String, Value>,
    calls: &[Call],
    anew: &[String],
) -> (Map<String, Value>, Vec<String>) {
    let operations = Document(document).operations();
    let mut by_operation: BTreeMap<String, Vec<&Call>> = BTreeMap::new();
    for call in calls.iter().filter(|call| (200..300).contains(&call.status) && is_meant(call)) {
        if let Some(operation) = called(&operations, call) {
            by_operation.entry(id(operation)).or_default().push(call);
        }
    }
    let (mut examples, mut missing) = (Map::new(), Vec::new());
    for operation in &operations {
        let name = id(operation);
        let old = kept.remove(&name).filter(|_| !anew.contains(&name));
        let made = || by_operation.get(&name).map(|calls| example(operation.said, calls));
        match old.or_else(made) {
            Some(example) => {
                examples.insert(name, example);
            }
            None => missing.push(name),
        }
    }
    (examples, missing)
}

/// Whether a call was meant as it was sent: where empty texts are, a test wants a part of it refused, which an answer of 200
/// may tell of.
fn is_meant(call: &Call) -> bool {
    !call.sent.as_deref().is_some_and(|sent| sent.contains("\"\""))
}

fn id(operation: &Operation<'_>) -> String {
    operation.said.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The operation that a call is of: where several paths fit, the one with the fewest parameters.
fn called<'o, 'd>(operations: &'o [Operation<'d>], call: &Call) -> Option<&'o Operation<'d>> {
    let path = call.path.split('?').next().unwrap_or_default();
    let route = format!("{} {path}", call.method);
    let fits = |template: &str| {
        let (parts, wanted) = (route.split('/'), template.split('/'));
        parts.clone().count() == wanted.clone().count()
            && parts.zip(wanted).all(|(part, wanted)| wanted == "{}" || part == wanted)
    };
    let fitting = operations.iter().filter(|operation| fits(&operation.route()));
    fitting.min_by_key(|operation| operation.route().matches("{}").count())
}

/// What the calls of one operation show: of each status and media type the fullest answer, and what was sent to get the
/// fullest of all.
fn example(operation: &Value, calls: &[&Call]) -> Value {
    let mut request = Map::new();
    let mut answers: Map<String, Value> = Map::new();
    let mut ordered: Vec<&&Call> = calls.iter().collect();
    ordered.sort_by_key(|call| std::cmp::Reverse(fullness(operation, call)));
    for call in ordered {
        let sent = call.sent.as_deref().zip(media_type(call.sent_type.as_deref()));
        if let Some((text, media_type)) = sent
            && let Some(content) = content(operation.get("requestBody"), &media_type)
            && !request.contains_key(&media_type)
        {
            request.insert(media_type.clone(), shown(content, &media_type, text, usize::MAX));
        }
        let status = call.status.to_string();
        let declared = operation.get("responses").and_then(|answers| answers.get(&status));
        if let Some(media_type) = media_type(call.answered_type.as_deref())
            && let Some(content) = content(declared, &media_type)
            && let Some(of_status) = answers.entry(status).or_insert_with(|| json!({})).as_object_mut()
            && !of_status.contains_key(&media_type)
        {
            of_status.insert(media_type.clone(), shown(content, &media_type, &call.answered, ITEMS_MAX));
        }
    }
    json!({"request": request, "answers": answers})
}

/// How much a call shows: names of fields, then brevity. Too long an answer shows less than any other.
fn fullness(operation: &Value, call: &Call) -> (bool, usize, std::cmp::Reverse<usize>, std::cmp::Reverse<String>) {
    let answered = media_type(call.answered_type.as_deref()).and_then(|media_type| {
        let declared = operation.get("responses")?.get(call.status.to_string())?;
        Some(shown(content(Some(declared), &media_type)?, &media_type, &call.answered, ITEMS_MAX))
    });
    let sent: Value = call.sent.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let (mut names, answered) = (BTreeSet::new(), answered.unwrap_or_default());
    names_in(&answered, "", &mut names);
    names_in(&sent, "sent", &mut names);
    let length = answered.to_string().len();
    (length <= ANSWER_CHARS_MAX, names.len(), std::cmp::Reverse(length), std::cmp::Reverse(call.answered.clone()))
}

fn names_in(value: &Value, at: &str, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let place = format!("{at}/{name}");
                names_in(member, &place, names);
                names.insert(place);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names_in(item, at, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A media type without its parameters.
fn media_type(header: Option<&str>) -> Option<String> {
    header?.split(';').next().map(|name| name.trim().to_ascii_lowercase())
}

fn content<'d>(declared: Option<&'d Value>, media_type: &str) -> Option<&'d Value> {
    declared?.get("content")?.get(media_type)
}

/// A body as an example of its content.
fn shown(content: &Value, media_type: &str, text: &str, items_max: usize) -> Value {
    let schema = content.get("schema").unwrap_or(&Value::Null);
    let is_file = name_of(schema).is_some_and(|name| ["FileText", "FileBytes", "RowsText"].contains(&name));
    let value = match media_type {
        "application/x-www-form-urlencoded" => form(text),
        // A line is of the shape.
        "application/x-ndjson" if !is_file => text.lines().last().and_then(|line| serde_json::from_str(line).ok()),
        json if json.ends_with("json") && !is_file => serde_json::from_str(text).ok(),
        _ => None,
    };
    match value {
        Some(value) => fit(value, items_max),
        // Of a file that is no text, only its first characters are any.
        None => json!(
            text.chars().take_while(|c| !c.is_control() || c.is_whitespace()).take(TEXT_CHARS_MAX).collect::<String>()
        ),
    }
}

/// Fit to be shown: short lists, no secrets, and no addresses of the machine that the suite ran on.
fn fit(value: Value, items_max: usize) -> Value {
    match value {
        Value::Array(items) => items.into_iter().take(items_max).map(|item| fit(item, items_max)).collect(),
        Value::Object(members) => {
            let fitted = members.into_iter().map(|(name, member)| {
                let secret = SECRETS.iter().find(|(secret, _)| *secret == name && member.is_string());
                let member = secret.map_or_else(|| fit(member, items_max), |(_, instead)| json!(instead));
                (name, member)
            });
            Value::Object(fitted.collect())
        }
        Value::String(text) => Value::String(elsewhere(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// An address on this machine as one of a host that is nobody's; any other text as it is.
fn elsewhere(text: String) -> String {
    let Some((_, after)) = text.split_once("://") else { return text };
    let (host, path) = after.split_at(after.find('/').unwrap_or(after.len()));
    let name = host.strip_prefix('[').and_then(|rest| rest.split(']').next()).or_else(|| host.split(':').next());
    match name {
        Some("127.0.0.1" | "localhost" | "::1") => format!("https://{HOST}{path}"),
        Some(_) | None => text,
    }
}

/// The fields of a form.
fn form(text: &str) -> Option<Value> {
    let fields = text.split('&').map(|pair| {
        let (name, value) = pair.split_once('=')?;
        Some((decoded(name)?, json!(decoded(value)?)))
    });
    fields.collect::<Option<Map<String, Value>>>().map(Value::Object)
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        let thing = json!({"content": {"application/json": {"schema": {"type": "object"}}}});
        json!({"paths": {
            "/v1/things": {"post": {"operationId": "make_thing", "requestBody": thing, "responses": {"201": thing}}},
            "/v1/things/{id}": {"get": {"operationId": "show_thing", "responses": {"200": thing}}},
            "/v1/things/lost": {"get": {"operationId": "list_lost", "responses": {"200": {"content": {
                "text/csv": {"schema": {"$ref": "#/components/schemas/FileText"}}}}}}},
        }})
    }

    fn call(method: &str, path: &str, status: u16, sent: Option<Value>, answered_type: &str, answered: &str) -> Call {
        Call {
            method: method.to_owned(),
            path: path.to_owned(),
            sent_type: sent.as_ref().map(|_| "application/json".to_owned()),
            sent: sent.map(|sent| sent.to_string()),
            status,
            answered_type: Some(answered_type.to_owned()),
            answered: answered.to_owned(),
        }
    }

    fn made(calls: &[Call]) -> (Value, Vec<String>) {
        let (examples, missing) = examples(&document(), Map::new(), calls, &[]);
        (Value::Object(examples), missing)
    }

    #[test]
    fn the_fullest_call_is_shown_with_what_was_sent() {
        let make = |name: &str, answered: &str| {
            call("POST", "/v1/things", 201, Some(json!({"name": name})), "application/json; charset=utf-8", answered)
        };
        let (examples, missing) = made(&[
            make("a", r#"{"id": 1}"#),
            make("b", r#"{"id": 2, "items": [{"x": 1}, {"x": 2}, {"x": 3}]}"#),
            call("POST", "/v1/things", 422, Some(json!({})), "application/problem+json", "{}"),
        ]);
        let example = &examples["make_thing"];
        assert_eq!(example["request"]["application/json"], json!({"name": "b"}));
        assert_eq!(example["answers"]["201"]["application/json"], json!({"id": 2, "items": [{"x": 1}, {"x": 2}]}));
        assert_eq!(missing, ["list_lost", "show_thing"]);
    }

    #[test]
    fn a_call_with_empty_texts_is_no_example_however_full_its_answer_is() {
        let make = |name: &str, answered: &str| {
            call("POST", "/v1/things", 201, Some(json!({"name": name})), "application/json", answered)
        };
        let (examples, _) = made(&[make("", r#"{"id": 1, "errors": ["name"]}"#), make("b", r#"{"id": 2}"#)]);
        assert_eq!(examples["make_thing"]["request"]["application/json"], json!({"name": "b"}));
        assert_eq!(made(&[make("", r#"{"id": 1}"#)]).1.len(), 3);
    }

    #[test]
    fn a_call_is_of_the_path_that_names_it() {
        let (examples, _) = made(&[
            call("GET", "/v1/things/lost?limit=1", 200, None, "text/csv; charset=utf-8", "id,name\n1,a\n"),
            call("GET", "/v1/things/7", 200, None, "application/json", r#"{"secret": "s"}"#),
        ]);
        assert_eq!(examples["list_lost"]["answers"]["200"]["text/csv"], "id,name\n1,a\n");
        let shown = examples["show_thing"]["answers"]["200"]["application/json"]["secret"].as_str().unwrap();
        assert!(shown.len() > 1, "a secret is shown");
    }

    #[test]
    fn examples_stay_until_they_are_asked_for_anew_or_their_operation_is_gone() {
        let kept = || json!({"show_thing": {"request": {}}, "gone": {}}).as_object().cloned().unwrap();
        let calls = [call("GET", "/v1/things/7", 200, None, "application/json", "{}")];
        let (same, _) = examples(&document(), kept(), &calls, &[]);
        assert_eq!(Value::Object(same), json!({"show_thing": {"request": {}}}));
        let (other, _) = examples(&document(), kept(), &calls, &["show_thing".to_owned()]);
        assert!(other["show_thing"]["answers"]["200"].is_object());
    }

    #[test]
    fn addresses_of_the_machine_are_not_shown() {
        let shown = |text: &str| fit(json!({"url": text}), 1)["url"].clone();
        assert_eq!(shown("http://127.0.0.1:41234/hook"), "https://host.example/hook");
        assert_eq!(shown("http://[::1]:8080"), "https://host.example");
        for other in ["https://county.example/hook", "localhost", "127.0.0.1"] {
            assert_eq!(shown(other), other);
        }
    }

    #[test]
    fn a_form_is_an_object_of_its_fields() {
        let fields = form("grant_type=client_credentials&scope=a%3Ab+c&client_secret=s").unwrap();
        assert_eq!((&fields["scope"], &fields["client_secret"]), (&json!("a:b c"), &json!("s")));
        assert_ne!(fit(fields, 1)["client_secret"], "s");
    }
}
