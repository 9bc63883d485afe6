//! Holds the document against that of the last release: whatever is gone or other in it must have been announced, in
//! `openapi/deprecations.json`. What counts as a change is the business of `compare`.

use std::fs;

use serde::Deserialize;
use serde_json::Value;

use super::compare::{Change, GONE, changes};
use super::shape::Document;
use crate::process::{Result, root};

/// The document as it is now.
pub(super) const DOCUMENT: &str = "openapi/valinta.json";
/// The document of the last release.
const RELEASED: &str = "openapi/released.json";
const DEPRECATIONS: &str = "openapi/deprecations.json";

/// What goes, or has gone.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Deprecation {
    /// An operation, such as `GET /v1/vouchers/{id}`, or a schema and its way, such as `VoucherView answered`.
    place: String,
    /// The change, in the words of this check; of an operation that goes, `is gone`.
    what: String,
    /// The release that announced it.
    since: String,
    /// The last release that has it.
    removed_after: String,
    /// Why, and what to use instead.
    why: String,
}

/// Fails on what has changed without being announced.
pub(super) fn check() -> Result<()> {
    let (released, document) = (read(RELEASED)?, read(DOCUMENT)?);
    let listed = fs::read_to_string(root().join(DEPRECATIONS)).map_err(|e| format!("{DEPRECATIONS}: {e}"))?;
    let deprecations: Vec<Deprecation> = serde_json::from_str(&listed).map_err(|e| format!("{DEPRECATIONS}: {e}"))?;
    let findings = findings(&released, &document, &deprecations)?;
    let operations = Document(&released).operations().len();
    if findings.is_empty() {
        println!("all {operations} operations of {} are kept or announced to go", version_of(&released)?);
        return Ok(());
    }
    Err(format!(
        "{DOCUMENT} breaks what {RELEASED} promises ({} findings):\n  {}\n\
         Keep it, or announce it in {DEPRECATIONS}: place, what, since, removed_after and why.",
        findings.len(),
        findings.join("\n  ")
    ))
}

/// Makes the present document that of the last release.
pub(super) fn release() -> Result<()> {
    check()?;
    let document = fs::read(root().join(DOCUMENT)).map_err(|e| format!("{DOCUMENT}: {e}"))?;
    fs::write(root().join(RELEASED), document).map_err(|e| format!("{RELEASED}: {e}"))?;
    println!("{RELEASED} is {DOCUMENT} now");
    Ok(())
}

fn read(path: &str) -> Result<Value> {
    let text = fs::read_to_string(root().join(path)).map_err(|e| format!("{path}: {e}"))?;
    serde_json::from_str(&text).map_err(|e| format!("{path}: {e}"))
}

/// Everything that is not as announced.
fn findings(released: &Value, document: &Value, deprecations: &[Deprecation]) -> Result<Vec<String>> {
    let (before, now) = (version_of(released)?, version_of(document)?);
    let mut findings = Vec::new();
    for change in changes(released, document) {
        let told = format!("{}: {}", change.place, change.what);
        let Some(entry) = deprecations.iter().find(|entry| entry.is_of(&change)) else {
            findings.push(told);
            continue;
        };
        let (since, last) = (numbers(&entry.since)?, numbers(&entry.removed_after)?);
        if since > numbers(before)? {
            findings.push(format!("{told}, and {} has not announced it yet: that is the last release", before));
        }
        if numbers(now)? <= last {
            findings.push(format!("{told} already, and is promised up to {}: this is {now}", entry.removed_after));
        }
        if change.what == GONE && !is_deprecated(released, &change.place) {
            findings.push(format!("{told}, and the last release did not say that it was deprecated"));
        }
    }
    for operation in Document(document).operations() {
        let name = operation.name();
        let is_listed = deprecations.iter().any(|entry| entry.place == name && entry.what == GONE);
        match (operation.is_deprecated(), is_listed) {
            (true, false) => findings.push(format!("{name}: is deprecated, and the list does not say until when")),
            (false, true) => {
                findings.push(format!("{name}: is on the list, and the document does not call it deprecated"))
            }
            (true, true) | (false, false) => {}
        }
    }
    for entry in deprecations {
        numbers(&entry.since)?;
        numbers(&entry.removed_after)?;
        if entry.why.trim().is_empty() {
            findings.push(format!("{}: is on the list without saying why", entry.place));
        }
        if !Document(released).has(&entry.place) && !Document(document).has(&entry.place) {
            findings.push(format!("{}: is on the list, and in neither document; take it off", entry.place));
        }
    }
    Ok(findings)
}

impl Deprecation {
    fn is_of(&self, change: &Change) -> bool {
        self.place == change.place && self.what == change.what
    }
}

fn is_deprecated(document: &Value, place: &str) -> bool {
    Document(document).operations().iter().any(|operation| operation.name() == place && operation.is_deprecated())
}

fn version_of(document: &Value) -> Result<&str> {
    let version = document.get("info").and_then(|info| info.get("version")).and_then(Value::as_str);
    version.ok_or_else(|| "a document says no version".to_owned())
}

/// A version of three numbers, to be compared.
fn numbers(version: &str) -> Result<Vec<u32>> {
    let numbers: std::result::Result<Vec<u32>, _> = version.split('.').map(str::parse).collect();
    match numbers {
        Ok(numbers) if numbers.len() == 3 => Ok(numbers),
        _ => Err(format!("`{version}` is no version such as 0.1.0")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OLD: &str = "GET /v1/old";

    /// A document of a version, with the old operation where `old` says how it stands.
    fn document(version: &str, old: Option<bool>) -> Value {
        let mut document = json!({"info": {"version": version}, "paths": {"/v1/new": {"get": {}}}});
        if let Some(deprecated) = old {
            document["paths"]["/v1/old"] = json!({"get": {"deprecated": deprecated}});
        }
        document
    }

    fn goes(place: &str, since: &str, removed_after: &str) -> Deprecation {
        let (since, removed_after) = (since.to_owned(), removed_after.to_owned());
        Deprecation { place: place.to_owned(), what: GONE.to_owned(), since, removed_after, why: "/v1/new".to_owned() }
    }

    fn found(released: &Value, document: &Value, deprecations: &[Deprecation]) -> Vec<String> {
        findings(released, document, deprecations).unwrap()
    }

    #[test]
    fn what_goes_unannounced_is_found() {
        let found = found(&document("0.2.0", Some(false)), &document("0.3.0", None), &[]);
        assert_eq!(found, ["GET /v1/old: is gone"]);
    }

    #[test]
    fn what_was_announced_goes_after_its_last_release() {
        let list = [goes(OLD, "0.2.0", "0.2.1")];
        let released = document("0.2.1", Some(true));
        assert_eq!(found(&released, &document("0.3.0", None), &list), Vec::<String>::new());
        let early = found(&released, &document("0.2.1", None), &list);
        assert!(early.len() == 1 && early[0].contains("promised up to 0.2.1"), "{early:?}");
    }

    #[test]
    fn a_release_must_have_called_it_deprecated() {
        let list = [goes(OLD, "0.2.0", "0.2.0")];
        let silent = found(&document("0.2.0", Some(false)), &document("0.3.0", None), &list);
        assert!(silent.len() == 1 && silent[0].contains("did not say"), "{silent:?}");
        let later = found(&document("0.1.0", Some(true)), &document("0.3.0", None), &list);
        assert!(later.len() == 1 && later[0].contains("has not announced it yet"), "{later:?}");
    }

    #[test]
    fn the_list_and_the_document_say_the_same() {
        let (before, now) = (document("0.1.0", Some(false)), document("0.2.0", Some(true)));
        assert_eq!(found(&before, &now, &[goes(OLD, "0.2.0", "0.4.0")]), Vec::<String>::new());
        assert_eq!(found(&before, &now, &[]).len(), 1);
        assert_eq!(found(&before, &before, &[goes(OLD, "0.2.0", "0.4.0")]).len(), 1);
    }

    #[test]
    fn what_is_in_neither_document_is_taken_off_the_list() {
        let now = document("0.2.0", None);
        let found = found(&now, &now, &[goes("GET /v1/older", "0.1.0", "0.1.0")]);
        assert!(found.len() == 1 && found[0].contains("take it off"), "{found:?}");
    }

    #[test]
    fn versions_are_compared_by_number() {
        assert!(numbers("0.10.0").unwrap() > numbers("0.9.1").unwrap());
        for bad in ["1.0", "1.0.x", "v1.0.0", ""] {
            assert!(numbers(bad).is_err(), "{bad}");
        }
    }
}
