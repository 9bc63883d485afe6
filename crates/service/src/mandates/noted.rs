//! How the audit trail names the mandate by which something was done: a recorded one by its id; of one that a token carried,
//! which is nowhere else, what it said.

use serde_json::{Value, json};
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::{Mandate, MandateSource};

const ISSUER: &str = "issuer";

/// What is noted of a mandate.
pub(crate) fn noted(mandate: &Mandate) -> Value {
    match &mandate.source {
        MandateSource::Recorded { id, .. } => json!(id),
        MandateSource::Token(of_token) => {
            let mut of = json!({ISSUER: of_token.issuer, "scope": mandate.scope, "ends_at": of_token.ends_at});
            if let (Some(person), Some(members)) = (of_token.representative, of.as_object_mut()) {
                members.insert("representative".to_owned(), json!(person));
            }
            of
        }
    }
}

/// Which mandate was noted, if it is a recorded one.
pub(crate) fn recorded_of(noted: &Value) -> Option<Id<kind::Mandate>> {
    noted.as_str().and_then(|id| id.parse().ok())
}

/// Who issued the token whose mandate was noted, if a token carried it.
pub(crate) fn issuer_of(noted: &Value) -> Option<String> {
    noted.get(ISSUER).and_then(Value::as_str).map(str::to_owned)
}
