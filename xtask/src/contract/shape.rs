//! What a schema lets through, as a list of plain alternatives: references followed, parts put together, types and forms
//! told apart. Two schemas that say the same in other words come to the same alternatives. Compares nothing.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// One way of being of a schema: keywords, of which `type` is at most one name.
pub(super) type Plain = Map<String, Value>;

const PLACE: &str = "#/components/schemas/";
/// Deeper than any schema that is not a circle of references.
const DEPTH_MAX: usize = 64;

/// An OpenAPI document.
#[derive(Clone, Copy)]
pub(super) struct Document<'d>(pub(super) &'d Value);

impl<'d> Document<'d> {
    /// The schema of this name.
    pub(super) fn named(self, name: &str) -> Option<&'d Value> {
        self.0.get("components")?.get("schemas")?.get(name)
    }

    /// Whether the document has an operation or a schema that changes are told of under this name.
    pub(super) fn has(self, place: &str) -> bool {
        let schema = place.split_whitespace().next().unwrap_or_default();
        self.named(schema).is_some() || self.operations().iter().any(|operation| operation.name() == place)
    }

    /// Every operation, in the order of paths.
    pub(super) fn operations(self) -> Vec<Operation<'d>> {
        let paths = self.0.get("paths").and_then(Value::as_object);
        let items = paths.into_iter().flatten().filter_map(|(path, item)| Some((path, item.as_object()?)));
        items
            .flat_map(|(path, item)| {
                item.iter().map(move |(method, said)| Operation { method: method.to_uppercase(), path, said })
            })
            .collect()
    }

    /// The alternatives of a schema.
    pub(super) fn alternatives(self, schema: &Value) -> Vec<Plain> {
        self.alternatives_to(schema, DEPTH_MAX)
    }

    fn alternatives_to(self, schema: &Value, depth: usize) -> Vec<Plain> {
        let Some(depth) = depth.checked_sub(1) else { return vec![Plain::new()] };
        if let Some(name) = name_of(schema) {
            return self.named(name).map_or_else(Vec::new, |named| self.alternatives_to(named, depth));
        }
        let Some(said) = schema.as_object() else { return vec![Plain::new()] };
        let mut own = said.clone();
        let parts = take_list(&mut own, "allOf");
        let forms: Vec<Vec<Value>> = ["oneOf", "anyOf"]
            .into_iter()
            .map(|word| take_list(&mut own, word))
            .filter(|forms| !forms.is_empty())
            .collect();
        let mut plain = of_each_type(own);
        for part in &parts {
            plain = together(&plain, &self.alternatives_to(part, depth));
        }
        for several in &forms {
            let several: Vec<Plain> = several.iter().flat_map(|form| self.alternatives_to(form, depth)).collect();
            plain = together(&plain, &several);
        }
        plain
    }
}

/// An operation as the document says it.
pub(super) struct Operation<'d> {
    method: String,
    path: &'d str,
    pub(super) said: &'d Value,
}

impl Operation<'_> {
    /// What changes of it are told under.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// What it is recognised by: what a parameter of the path is called is nothing to those who call.
    pub(super) fn route(&self) -> String {
        let parts = self.path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
        format!("{} {}", self.method, parts.collect::<Vec<_>>().join("/"))
    }

    pub(super) fn is_deprecated(&self) -> bool {
        self.said.get("deprecated") == Some(&Value::Bool(true))
    }
}

/// The name of the schema that is referred to.
pub(super) fn name_of(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(PLACE)
}

/// The texts of a list under a keyword.
pub(super) fn texts<'p>(plain: &'p Plain, word: &str) -> BTreeSet<&'p str> {
    plain.get(word).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The members of an object under a keyword.
pub(super) fn members<'p>(plain: &'p Plain, word: &str) -> impl Iterator<Item = (&'p String, &'p Value)> {
    plain.get(word).and_then(Value::as_object).into_iter().flatten()
}

fn take_list(schema: &mut Plain, word: &str) -> Vec<Value> {
    match schema.remove(word) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}

fn of_each_type(schema: Plain) -> Vec<Plain> {
    let Some(Value::Array(types)) = schema.get("type") else { return vec![schema] };
    let one = |name: &Value| {
        let mut one = schema.clone();
        one.insert("type".to_owned(), name.clone());
        one
    };
    types.iter().map(one).collect()
}

/// Every pair of both that can hold at once.
fn together(left: &[Plain], right: &[Plain]) -> Vec<Plain> {
    left.iter().flat_map(|left| right.iter().filter_map(|right| both(left, right))).collect()
}

fn both(left: &Plain, right: &Plain) -> Option<Plain> {
    if let (Some(one), Some(other)) = (left.get("type"), right.get("type"))
        && one != other
    {
        return None;
    }
    let mut both = left.clone();
    for (word, said) in right {
        let joined = match (word.as_str(), both.remove(word), said) {
            ("properties", Some(Value::Object(mut here)), Value::Object(there)) => {
                here.extend(there.clone());
                Value::Object(here)
            }
            ("required", Some(Value::Array(mut here)), Value::Array(there)) => {
                here.extend(there.iter().cloned());
                Value::Array(here)
            }
            // A part that is open does not open the whole.
            ("additionalProperties", Some(Value::Bool(false)), _) => json!(false),
            _ => said.clone(),
        };
        both.insert(word.clone(), joined);
    }
    Some(both)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alternatives(schema: &Value) -> Value {
        let document = json!({"components": {"schemas": {
            "Thing": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
            "Loop": {"$ref": "#/components/schemas/Loop"}}}});
        json!(Document(&document).alternatives(schema))
    }

    #[test]
    fn what_may_be_absent_is_told_in_one_way() {
        let thing = json!({"$ref": "#/components/schemas/Thing"});
        let found = alternatives(&json!({"oneOf": [{"type": "null"}, thing]}));
        assert_eq!((&found[0]["type"], &found[1]["required"]), (&json!("null"), &json!(["id"])));
        assert_eq!(alternatives(&json!({"type": ["string", "null"]})), json!([{"type": "string"}, {"type": "null"}]));
    }

    #[test]
    fn parts_are_put_together() {
        let more = json!({"type": "object", "required": ["more"], "properties": {"more": {"type": "boolean"}}});
        let found = alternatives(&json!({"allOf": [{"$ref": "#/components/schemas/Thing"}, more]}));
        assert_eq!(found[0]["required"], json!(["id", "more"]));
        assert_eq!(found[0]["properties"].as_object().unwrap().len(), 2);
        assert_eq!(found.as_array().unwrap().len(), 1);
    }

    #[test]
    fn a_circle_of_references_ends() {
        assert_eq!(alternatives(&json!({"$ref": "#/components/schemas/Loop"})), json!([{}]));
    }

    #[test]
    fn a_parameter_of_a_path_may_be_renamed() {
        let document = json!({"paths": {"/v1/a/{id}/b/{part}": {"get": {}}}});
        let operations = Document(&document).operations();
        assert_eq!(
            (operations[0].name(), operations[0].route()),
            ("GET /v1/a/{id}/b/{part}".into(), "GET /v1/a/{}/b/{}".into())
        );
    }
}
