//! What counts as a change, and what does not.

use serde_json::{Value, json};

use super::changes;

/// A document with one operation, whose body is `sent` and whose answer is `answered`.
fn document(sent: &Value, answered: &Value) -> Value {
    json!({
        "paths": {"/v1/things/{id}": {"put": {
            "operationId": "put_thing",
            "security": [{"bearer": ["things:write"]}],
            "parameters": [
                {"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}},
                {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}},
            ],
            "requestBody": {"required": true, "content": {"application/json": {"schema": sent}}},
            "responses": {"200": {
                "description": "Put.",
                "headers": {"ETag": {"schema": {"type": "string"}}},
                "content": {"application/json": {"schema": answered}},
            }},
        }}},
        "components": {"schemas": {}},
    })
}

fn plain() -> Value {
    document(&json!({"type": "object"}), &json!({"type": "object"}))
}

/// What changes in the one operation, without its name.
fn found(old: &Value, new: &Value) -> Vec<String> {
    changes(old, new).into_iter().map(|change| change.what).collect()
}

fn changed(change: impl Fn(&mut Value)) -> Vec<String> {
    let mut new = plain();
    change(&mut new["paths"]["/v1/things/{id}"]["put"]);
    found(&plain(), &new)
}

fn sent(old: Value, new: Value) -> Vec<String> {
    let of = |schema| document(&schema, &json!({"type": "object"}));
    found(&of(old), &of(new)).into_iter().map(|what| what.replace("body application/json", "")).collect()
}

fn answered(old: Value, new: Value) -> Vec<String> {
    let of = |schema| document(&json!({"type": "object"}), &schema);
    found(&of(old), &of(new)).into_iter().map(|what| what.replace("200 application/json", "")).collect()
}

fn thing(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

#[test]
fn what_is_the_same_has_no_changes() {
    assert_eq!(found(&plain(), &plain()), Vec::<String>::new());
}

#[test]
fn an_operation_that_is_gone_or_moved_is_told_of() {
    let mut moved = plain();
    let item = moved["paths"]["/v1/things/{id}"].take();
    moved["paths"] = json!({"/v1/stuff/{id}": item});
    let changes = changes(&plain(), &moved);
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].place.as_str(), changes[0].what.as_str()), ("PUT /v1/things/{id}", "is gone"));
}

#[test]
fn an_operation_that_is_new_or_names_its_path_otherwise_is_no_change() {
    let mut new = plain();
    let mut item = new["paths"]["/v1/things/{id}"].take();
    item["put"]["parameters"][0]["name"] = json!("thing");
    new["paths"] = json!({"/v1/things/{thing}": item, "/v1/others": {"get": {}}});
    assert_eq!(found(&plain(), &new), Vec::<String>::new());
}

#[test]
fn names_scopes_answers_and_headers_are_kept() {
    assert_eq!(changed(|put| put["operationId"] = json!("replace_thing")), ["is called replace_thing now"]);
    assert_eq!(changed(|put| put["security"] = json!([{"bearer": ["things:all"]}])), ["asks for things:all now"]);
    assert_eq!(changed(|put| put["security"] = json!([])), Vec::<String>::new());
    assert_eq!(changed(|put| put["responses"] = json!({})), ["200 is no longer answered"]);
    assert_eq!(changed(|put| put["responses"]["200"]["headers"] = json!({})), ["200 has no ETag any more"]);
    assert_eq!(changed(|put| put["responses"]["404"] = json!({"description": "None."})), Vec::<String>::new());
    let other = json!({"text/csv": {}});
    let gone = changed(|put| put["responses"]["200"]["content"] = other.clone());
    assert_eq!(gone, ["200 application/json is no longer told"]);
    assert_eq!(
        changed(|put| put["requestBody"]["content"] = other.clone()),
        ["body application/json is no longer taken"]
    );
}

#[test]
fn parameters_stay_and_stay_optional() {
    assert_eq!(changed(|put| put["parameters"][1]["required"] = json!(true)), ["query `limit` is required now"]);
    assert_eq!(changed(|put| put["parameters"][1]["name"] = json!("most")), ["query `limit` is no longer taken"]);
    let narrower = changed(|put| put["parameters"][1]["schema"]["maximum"] = json!(50));
    assert_eq!(narrower, ["query `limit` has maximum 50 now"]);
    let more = json!({"name": "If-Match", "in": "header", "required": true});
    assert_eq!(
        changed(|put| put["parameters"].as_array_mut().unwrap().push(more.clone())),
        ["header `If-Match` is required now"]
    );
}

#[test]
fn of_what_is_sent_nothing_more_may_be_asked() {
    let (name, size) = (json!({"type": "string", "maxLength": 64}), json!({"type": "integer"}));
    let one = thing(&json!({"name": name}), &[]);
    let two = thing(&json!({"name": name, "size": size}), &[]);
    assert_eq!(sent(one.clone(), two.clone()), Vec::<String>::new());
    assert_eq!(sent(two.clone(), one.clone()), ["/size is no longer taken"]);
    assert_eq!(sent(one, thing(&json!({"name": name, "size": size}), &["size"])), ["/size is required now"]);
    assert_eq!(sent(json!({"type": "object"}), thing(&json!({}), &[])), [" takes no other names now"]);
}

#[test]
fn of_what_is_sent_no_value_may_be_lost() {
    let text = |said: Value| {
        json!({"type": "string"})
            .as_object()
            .cloned()
            .map(|mut text| {
                text.extend(said.as_object().cloned().unwrap());
                Value::Object(text)
            })
            .unwrap()
    };
    let narrower = [
        (json!({"enum": ["a", "b"]}), json!({"enum": ["a"]}), " no longer takes \"b\""),
        (json!({}), json!({"enum": ["a"]}), " takes certain values only now"),
        (json!({"maxLength": 64}), json!({"maxLength": 32}), " has maxLength 32 now"),
        (json!({}), json!({"minLength": 1}), " has minLength 1 now"),
        (json!({}), json!({"pattern": "^a$"}), " has another pattern now"),
        (json!({}), json!({"format": "uuid"}), " is written as uuid now"),
    ];
    for (old, new, told) in narrower {
        assert_eq!(sent(text(old.clone()), text(new.clone())), [told]);
        if !told.contains("pattern") {
            assert_eq!(sent(text(new), text(old)), Vec::<String>::new(), "{told}, the other way round");
        }
    }
    assert_eq!(sent(json!({"type": "string"}), json!({"type": "integer"})), [" is no longer string, when sent"]);
    let nullable = json!({"type": ["string", "null"]});
    assert_eq!(sent(nullable, json!({"type": "string"})), [" is no longer null, when sent"]);
}

#[test]
fn answers_may_say_more_and_not_less() {
    let (name, size) = (json!({"type": "string"}), json!({"type": "integer"}));
    let one = thing(&json!({"name": name}), &["name"]);
    let two = thing(&json!({"name": name, "size": size}), &["name", "size"]);
    assert_eq!(answered(one.clone(), two.clone()), Vec::<String>::new());
    assert_eq!(answered(two, one.clone()), ["/size is no longer told"]);
    assert_eq!(answered(one.clone(), thing(&json!({"name": name}), &[])), ["/name may be left out now"]);
    let absent = thing(&json!({"name": {"type": ["string", "null"]}}), &["name"]);
    assert_eq!(answered(one.clone(), absent.clone()), ["/name may be null now"]);
    assert_eq!(answered(absent, one), Vec::<String>::new());
    let word = |words: Value| json!({"type": "string", "enum": words});
    assert_eq!(answered(word(json!(["a"])), word(json!(["a", "b"]))), Vec::<String>::new());
}

#[test]
fn a_form_is_recognised_by_its_tag_or_its_fields() {
    let form = |tag: &str, more: Value| {
        let mut form = thing(&json!({"kind": {"type": "string", "enum": [tag]}}), &["kind"]);
        form["properties"].as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        form
    };
    let size = json!({"size": {"type": "integer"}});
    let two = json!({"oneOf": [form("a", json!({})), form("b", size.clone())]});
    let more = json!({"oneOf": [form("c", json!({})), form("b", size.clone()), form("a", json!({}))]});
    assert_eq!(sent(two.clone(), more), Vec::<String>::new());
    assert_eq!(sent(two.clone(), form("a", json!({}))), [" is no longer object of kind, size, when sent"]);
    assert_eq!(sent(two, json!({"oneOf": [form("a", json!({})), form("b", json!({}))]})), ["/size is no longer taken"]);
}

#[test]
fn what_is_referred_to_is_told_of_once_under_its_name() {
    let of = |schema: Value| {
        let list = json!({"type": "array", "items": {"$ref": "#/components/schemas/Thing"}});
        let mut document = document(&list, &list);
        document["components"]["schemas"]["Thing"] = schema;
        document
    };
    let with_itself = |more: Value| {
        let mut thing = thing(&json!({"within": {"$ref": "#/components/schemas/Thing"}}), &[]);
        thing["properties"].as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        thing
    };
    let changes = changes(&of(with_itself(json!({"name": {"type": "string"}}))), &of(with_itself(json!({}))));
    let told: Vec<(&str, &str)> = changes.iter().map(|change| (change.place.as_str(), change.what.as_str())).collect();
    assert_eq!(told, [("Thing answered", "/name is no longer told"), ("Thing sent", "/name is no longer taken")]);
}

#[test]
fn a_shape_may_get_a_name() {
    let thing = thing(&json!({"name": {"type": "string"}}), &["name"]);
    let mut named = document(&json!({"type": "object"}), &json!({"$ref": "#/components/schemas/Thing"}));
    named["components"]["schemas"]["Thing"] = thing.clone();
    assert_eq!(found(&document(&json!({"type": "object"}), &thing), &named), Vec::<String>::new());
}

#[test]
fn a_shape_may_lead_back_to_itself_by_what_may_be_absent_or_one_of_several() {
    let of = |name: Value| {
        let mut document = document(&json!({"$ref": "#/components/schemas/Thing"}), &json!({"type": "object"}));
        let itself = json!({"$ref": "#/components/schemas/Thing"});
        let fields = json!({
            "next": {"oneOf": [{"type": "null"}, itself]},
            "either": {"oneOf": [itself, {"type": "boolean"}, {"type": "string"}]},
            "name": name,
        });
        document["components"]["schemas"]["Thing"] = thing(&fields, &[]);
        document
    };
    let text = json!({"type": "string"});
    let changes = changes(&of(text.clone()), &of(json!({"type": "string", "maxLength": 9})));
    let told: Vec<String> = changes.iter().map(|change| format!("{}: {}", change.place, change.what)).collect();
    assert!(told.contains(&"Thing sent: /name has maxLength 9 now".to_owned()), "{told:?}");
    assert_eq!(found(&of(text.clone()), &of(text)), Vec::<String>::new());
}

#[test]
fn the_same_change_in_two_places_is_told_of_both() {
    let two = |most: u32| {
        let mut document = plain();
        let query = json!({"name": "most", "in": "query", "schema": {"type": "integer", "maximum": most}});
        for path in ["/v1/one", "/v1/two"] {
            document["paths"][path] = json!({"get": {"parameters": [query], "responses": {}}});
        }
        document
    };
    assert_eq!(changes(&two(9), &two(8)).len(), 2);
}
