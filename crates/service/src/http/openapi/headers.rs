//! Describes the headers that the plumbing adds to answers: when to try again, and who may read from a page.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Header, RefOr};

use super::callers;

/// Refusals that say when to try again.
const LATER: [&str; 2] = ["429", "503"];
/// Longest time that is told, in seconds: an hour.
const LATER_SECONDS_MAX: i32 = 3_600;

/// Adds them to the answers of an operation that is served by these methods.
pub(super) fn add(operation: &mut Operation, methods: &[HttpMethod]) {
    let is_read_from_pages = methods.contains(&HttpMethod::Get) && callers::is_open(operation);
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if LATER.contains(&status.as_str()) {
            response.headers.entry("Retry-After".to_owned()).or_insert_with(|| retry_after().into());
        }
        if is_read_from_pages {
            response.headers.entry("Access-Control-Allow-Origin".to_owned()).or_insert_with(|| any_origin().into());
        }
    }
}

fn retry_after() -> Header {
    let seconds =
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(LATER_SECONDS_MAX)).build();
    HeaderBuilder::new().schema(Some(seconds)).description(Some("After how many seconds to try again.")).build()
}

fn any_origin() -> Header {
    let any = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["*"])).build();
    let description = "Pages of any origin may read it, where no token is sent along.";
    HeaderBuilder::new().schema(Some(any)).description(Some(description)).build()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn headers(method: HttpMethod, security: Value, status: &str) -> Value {
        let responses = json!({"200": {"description": "It."}, "429": {"description": "Later."}});
        let mut operation: Operation =
            serde_json::from_value(json!({"responses": responses, "security": security})).unwrap();
        add(&mut operation, &[method]);
        serde_json::to_value(operation).unwrap()["responses"][status]["headers"].clone()
    }

    #[test]
    fn a_refusal_for_now_says_when_to_try_again() {
        let closed = json!([{"bearer": ["a"]}]);
        assert!(headers(HttpMethod::Post, closed.clone(), "429")["Retry-After"].is_object());
        assert_eq!(headers(HttpMethod::Get, closed, "200"), Value::Null);
    }

    #[test]
    fn what_everyone_may_read_is_open_to_all_origins() {
        for status in ["200", "429"] {
            assert!(headers(HttpMethod::Get, json!([{}]), status)["Access-Control-Allow-Origin"].is_object());
            assert!(headers(HttpMethod::Post, json!([{}]), status)["Access-Control-Allow-Origin"].is_null());
        }
    }
}
