//! What of a document that programs rest on is gone or other in a later one. Additions are nothing to them: new operations,
//! fields of answers and words of enumerations may come at any time. Knows no list of exceptions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::shape::{Document, Operation, Plain, members, name_of, texts};

/// What is said of an operation that the later document does not have.
pub(super) const GONE: &str = "is gone";

/// Something that is gone or other, and of what: an operation, or a schema and the way it goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Change {
    pub(super) place: String,
    pub(super) what: String,
}

/// The way that a value goes: what is sent may be asked for less, what is answered may say more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Sent,
    Answered,
}

/// Limits that are narrower when they are lower, and those that are narrower when they are higher.
const MOST: [&str; 5] = ["maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties"];
const LEAST: [&str; 5] = ["minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties"];

/// Every change, each once.
pub(super) fn changes(old: &Value, new: &Value) -> Vec<Change> {
    let (old, new) = (Document(old), Document(new));
    let mut comparison = Comparison { old, new, seen: BTreeSet::new(), waiting: Vec::new(), found: BTreeSet::new() };
    let later: BTreeMap<String, Operation<'_>> =
        new.operations().into_iter().map(|operation| (operation.route(), operation)).collect();
    for operation in old.operations() {
        let place = Place { of: operation.name(), at: String::new() };
        match later.get(&operation.route()) {
            None => comparison.note(&place, GONE),
            Some(later) => comparison.operations(&place, operation.said, later.said),
        }
    }
    while let Some((name, way)) = comparison.waiting.pop() {
        let went = if way == Way::Sent { "sent" } else { "answered" };
        let place = Place { of: format!("{name} {went}"), at: String::new() };
        if let (Some(old), Some(new)) = (old.named(&name), new.named(&name)) {
            comparison.shapes(&place, old, new, way);
        }
    }
    comparison.found.into_iter().collect()
}

/// What is looked at: an operation or a schema, and where in it.
#[derive(Clone)]
struct Place {
    of: String,
    at: String,
}

impl Place {
    fn under(&self, step: &str) -> Self {
        Self { of: self.of.clone(), at: format!("{}{step}", self.at) }
    }
}

struct Comparison<'d> {
    old: Document<'d>,
    new: Document<'d>,
    /// Pairs that have been looked at, or are to be: names, or the schemas themselves.
    seen: BTreeSet<(String, String, Way)>,
    /// Schemas that go by the same name in both, and are still to be looked at.
    waiting: Vec<(String, Way)>,
    found: BTreeSet<Change>,
}

impl Comparison<'_> {
    fn note(&mut self, place: &Place, what: impl AsRef<str>) {
        let what = format!("{} {}", place.at.trim_end(), what.as_ref()).trim_start().to_owned();
        self.found.insert(Change { place: place.of.clone(), what });
    }

    fn operations(&mut self, place: &Place, old: &Value, new: &Value) {
        if old.get("operationId") != new.get("operationId") {
            self.note(place, format!("is called {} now", shown(new.get("operationId"))));
        }
        let (before, now) = (scopes(old), scopes(new));
        if !now.is_subset(&before) {
            self.note(place, format!("asks for {} now", now.into_iter().collect::<Vec<_>>().join(", ")));
        }
        self.parameters(place, old, new);
        self.bodies(place, old.get("requestBody"), new.get("requestBody"));
        for (status, old) in object(old, "responses") {
            let answer = place.under(&format!("{status} "));
            match new.get("responses").and_then(|answers| answers.get(status)) {
                None => self.note(&answer, "is no longer answered"),
                Some(new) => {
                    for (name, _) in
                        object(old, "headers").filter(|(name, _)| object(new, "headers").all(|(n, _)| n != *name))
                    {
                        self.note(&answer, format!("has no {name} any more"));
                    }
                    self.contents(&answer, old, new, Way::Answered);
                }
            }
        }
    }

    fn parameters(&mut self, place: &Place, old: &Value, new: &Value) {
        let (before, now) = (parameters(old), parameters(new));
        for (key, old) in &before {
            let at = place.under(&format!("{} `{}`", key.0, key.1));
            match now.get(key) {
                None => self.note(&at, "is no longer taken"),
                Some(new) => {
                    if is_required(new) && !is_required(old) {
                        self.note(&at, "is required now");
                    }
                    if let (Some(old), Some(new)) = (old.get("schema"), new.get("schema")) {
                        self.schemas(&at, old, new, Way::Sent);
                    }
                }
            }
        }
        for (key, _) in now.iter().filter(|(key, new)| is_required(new) && !before.contains_key(*key)) {
            self.note(&place.under(&format!("{} `{}`", key.0, key.1)), "is required now");
        }
    }

    fn bodies(&mut self, place: &Place, old: Option<&Value>, new: Option<&Value>) {
        let at = place.under("body ");
        match (old, new) {
            (None, None) => {}
            (Some(_), None) => self.note(&at, "is no longer taken"),
            (None, Some(new)) if is_required(new) => self.note(&at, "is required now"),
            (None, Some(_)) => {}
            (Some(old), Some(new)) => {
                if is_required(new) && !is_required(old) {
                    self.note(&at, "is required now");
                }
                self.contents(&at, old, new, Way::Sent);
            }
        }
    }

    fn contents(&mut self, place: &Place, old: &Value, new: &Value, way: Way) {
        for (media_type, old) in object(old, "content") {
            let at = place.under(media_type);
            match new.get("content").and_then(|contents| contents.get(media_type)) {
                None => self.note(&at, gone(way)),
                Some(new) => {
                    if let (Some(old), Some(new)) = (old.get("schema"), new.get("schema")) {
                        self.schemas(&at, old, new, way);
                    }
                }
            }
        }
    }

    /// What is referred to by one name is told of once, under that name.
    fn schemas(&mut self, place: &Place, old: &Value, new: &Value, way: Way) {
        let ((old, was_null), (new, is_null)) = (without_null(old), without_null(new));
        match way {
            Way::Sent if was_null && !is_null => self.note(place, "is no longer null, when sent"),
            Way::Answered if is_null && !was_null => self.note(place, "may be null now"),
            // That an answer is never absent any more is nothing to those who expected it.
            Way::Sent | Way::Answered => {}
        }
        let key = |schema: &Value| name_of(schema).map_or_else(|| schema.to_string(), str::to_owned);
        if (leads_on(&old) || leads_on(&new)) && !self.seen.insert((key(&old), key(&new), way)) {
            return;
        }
        match (name_of(&old), name_of(&new)) {
            (Some(before), Some(now)) if before == now => self.waiting.push((now.to_owned(), way)),
            _ => self.shapes(place, &old, &new, way),
        }
    }

    fn shapes(&mut self, place: &Place, old: &Value, new: &Value, way: Way) {
        let (before, now) = (self.old.alternatives(old), self.new.alternatives(new));
        for old in &before {
            match now.iter().filter(|new| same_type(old, new)).max_by_key(|new| likeness(old, new)) {
                Some(new) if likeness(old, new) >= 0 => self.plain(place, old, new, way),
                Some(_) | None => {
                    let form = shown_form(old);
                    self.note(
                        place,
                        format!("is no longer {form}{}", if way == Way::Sent { ", when sent" } else { "" }),
                    );
                }
            }
        }
        for new in now.iter().filter(|new| way == Way::Answered && !before.iter().any(|old| same_type(old, new))) {
            self.note(place, format!("may be {} now", kind(new)));
        }
    }

    fn plain(&mut self, place: &Place, old: &Plain, new: &Plain, way: Way) {
        let (before, now) = (old.get("format"), new.get("format"));
        if before != now && (way == Way::Sent || before.is_some()) && now.is_some() {
            self.note(place, format!("is written as {} now", shown(now)));
        }
        if way == Way::Sent {
            self.narrower(place, old, new);
        }
        let (needed_before, needed) = (texts(old, "required"), texts(new, "required"));
        for (name, old) in members(old, "properties") {
            let at = place.under(&format!("/{name}"));
            let Some((_, new)) = members(new, "properties").find(|(other, _)| *other == name) else {
                self.note(&at, gone(way));
                continue;
            };
            if way == Way::Answered && needed_before.contains(name.as_str()) && !needed.contains(name.as_str()) {
                self.note(&at, "may be left out now");
            }
            self.schemas(&at, old, new, way);
        }
        if way == Way::Sent {
            for name in needed.difference(&needed_before) {
                self.note(&place.under(&format!("/{name}")), "is required now");
            }
        }
        for (word, step) in [("items", "/*"), ("additionalProperties", "/{}")] {
            if let (Some(old), Some(new)) = (old.get(word), new.get(word))
                && old.is_object()
                && new.is_object()
            {
                self.schemas(&place.under(step), old, new, way);
            }
        }
    }

    /// What is taken no longer of what was taken.
    fn narrower(&mut self, place: &Place, old: &Plain, new: &Plain) {
        if let Some(now) = new.get("enum").and_then(Value::as_array) {
            match old.get("enum").and_then(Value::as_array) {
                None => self.note(place, "takes certain values only now"),
                Some(before) => {
                    for gone in before.iter().filter(|value| !now.contains(value)) {
                        self.note(place, format!("no longer takes {gone}"));
                    }
                }
            }
        }
        if new.get("pattern").is_some_and(|now| old.get("pattern") != Some(now)) {
            self.note(place, "has another pattern now");
        }
        if is_closed(new) && !is_closed(old) && kind(old) == "object" {
            self.note(place, "takes no other names now");
        }
        let number = |plain: &Plain, word: &str| plain.get(word).and_then(Value::as_f64);
        for word in MOST.iter().chain(&LEAST) {
            let (before, now) = (number(old, word), number(new, word));
            let is_narrower = |now: f64, before: f64| if MOST.contains(word) { now < before } else { now > before };
            if now.is_some_and(|now| before.is_none_or(|before| is_narrower(now, before))) {
                self.note(place, format!("has {word} {} now", shown(new.get(*word))));
            }
        }
    }
}

/// Whether a schema is another one, or has it among its parts or forms, and so may lead back to itself.
fn leads_on(schema: &Value) -> bool {
    let parts = ["allOf", "oneOf", "anyOf"].iter().filter_map(|word| schema.get(*word)?.as_array()).flatten();
    name_of(schema).is_some() || parts.into_iter().any(|part| name_of(part).is_some())
}

/// A schema without the possibility of null, and whether it had that.
fn without_null(schema: &Value) -> (Value, bool) {
    let is_null = |form: &Value| form.get("type").and_then(Value::as_str) == Some("null");
    for word in ["oneOf", "anyOf"] {
        let forms = schema.get(word).and_then(Value::as_array).map(Vec::as_slice);
        if let Some([one, other]) = forms
            && is_null(one) != is_null(other)
        {
            return (if is_null(one) { other.clone() } else { one.clone() }, true);
        }
    }
    let (mut schema, mut had_null) = (schema.clone(), false);
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        let count = types.len();
        types.retain(|name| name != "null");
        had_null = types.len() < count;
    }
    (schema, had_null)
}

/// How sure it is that one form became the other: negative where it did not.
fn likeness(old: &Plain, new: &Plain) -> i64 {
    let tags = |plain: &Plain| -> BTreeMap<String, Value> {
        let only = |(name, field): (&String, &Value)| match field.get("enum").and_then(Value::as_array)?.as_slice() {
            [only] => Some((name.clone(), only.clone())),
            _ => None,
        };
        members(plain, "properties").filter_map(only).collect()
    };
    let (before, now) = (tags(old), tags(new));
    if before.iter().any(|(name, tag)| now.get(name).is_some_and(|other| other != tag)) {
        return -1;
    }
    let fields = members(old, "properties").count();
    let common =
        members(old, "properties").filter(|(name, _)| members(new, "properties").any(|(n, _)| n == *name)).count();
    let others = members(new, "properties").count().saturating_sub(common);
    if fields > 0 && common == 0 {
        return -1;
    }
    let score = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    score(common).saturating_mul(1_000).saturating_sub(score(others)).max(0)
}

fn same_type(old: &Plain, new: &Plain) -> bool {
    kind(old) == kind(new)
}

fn kind(plain: &Plain) -> &str {
    plain.get("type").and_then(Value::as_str).unwrap_or("anything")
}

/// A type, and for one of several forms its fields.
fn shown_form(plain: &Plain) -> String {
    let fields: Vec<&str> = members(plain, "properties").map(|(name, _)| name.as_str()).collect();
    if fields.is_empty() { kind(plain).to_owned() } else { format!("{} of {}", kind(plain), fields.join(", ")) }
}

fn gone(way: Way) -> &'static str {
    match way {
        Way::Sent => "is no longer taken",
        Way::Answered => "is no longer told",
    }
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn is_closed(plain: &Plain) -> bool {
    plain.get("additionalProperties") == Some(&Value::Bool(false))
}

fn is_required(said: &Value) -> bool {
    said.get("required") == Some(&Value::Bool(true))
}

/// The scopes that an operation asks for.
fn scopes(operation: &Value) -> BTreeSet<&str> {
    let requirements = operation.get("security").and_then(Value::as_array).into_iter().flatten();
    let schemes = requirements.filter_map(Value::as_object).flat_map(|requirement| requirement.values());
    schemes.filter_map(Value::as_array).flatten().filter_map(Value::as_str).collect()
}

/// Parameters by place and name; those of the path by their order.
fn parameters(operation: &Value) -> BTreeMap<(String, String), &Value> {
    let listed = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let mut in_path = 0_usize;
    let mut keyed = |parameter: &Value| {
        let text = |word: &str| parameter.get(word).and_then(Value::as_str).unwrap_or_default().to_owned();
        if text("in") == "path" {
            in_path = in_path.saturating_add(1);
            return ("path".to_owned(), in_path.to_string());
        }
        (text("in"), text("name"))
    };
    listed.map(|parameter| (keyed(parameter), parameter)).collect()
}

fn object<'v>(value: &'v Value, word: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value.get(word).and_then(Value::as_object).into_iter().flatten()
}

#[cfg(test)]
mod tests;
