//! Says of an operation who may call it: in its description, which the scheme of bearer tokens leaves for people to guess, and
//! with no requirement at all where no token is looked at.

use utoipa::openapi::path::Operation;

use super::BEARER;

const OPEN: &str = "Open to everyone: no token is needed.";

/// Adds it as the last paragraph. An empty requirement, which is how the macro writes that there is none, is one that a token
/// may come with to generators of clients.
pub(super) fn describe(operation: &mut Operation) {
    let told = match scope(operation) {
        Some(scope) => format!("Needs a token with the scope `{scope}`."),
        None => {
            operation.security.iter_mut().for_each(Vec::clear);
            OPEN.to_owned()
        }
    };
    let description = match operation.description.as_deref() {
        None | Some("") => told,
        Some(before) => format!("{before}\n\n{told}"),
    };
    operation.description = Some(description);
}

/// Whether anyone may call it.
pub(super) fn is_open(operation: &Operation) -> bool {
    scope(operation).is_none()
}

/// The scope that an operation asks for, as the document says it.
fn scope(operation: &Operation) -> Option<String> {
    let requirements = serde_json::to_value(&operation.security).ok()?;
    let scope = requirements.get(0)?.get(BEARER)?.get(0)?.as_str()?;
    Some(scope.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(security: serde_json::Value, before: Option<&str>) -> Operation {
        let operation = json!({"responses": {}, "security": security, "description": before});
        let mut operation: Operation = serde_json::from_value(operation).unwrap();
        describe(&mut operation);
        operation
    }

    fn described(security: serde_json::Value, before: Option<&str>) -> String {
        told(security, before).description.unwrap()
    }

    #[test]
    fn the_scope_is_told_after_what_the_operation_says_itself() {
        let asked = json!([{BEARER: ["vouchers:read"]}]);
        assert_eq!(described(asked.clone(), None), "Needs a token with the scope `vouchers:read`.");
        assert_eq!(described(asked, Some("More.")), "More.\n\nNeeds a token with the scope `vouchers:read`.");
    }

    #[test]
    fn what_asks_for_nothing_is_open() {
        let open = told(json!([{}]), None);
        assert_eq!(open.description.as_deref(), Some(OPEN));
        assert_eq!(serde_json::to_value(open.security).unwrap(), json!([]));
    }
}
