//! The structured difference between two versions of a rulebook, and how a version is made from another one by parts.
//!
//! Works on the documents as they are written, so that every new member of the terms is compared without new code.

mod changes;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use changes::{GeneralChanges, TermsChanges};

/// Members by which an entry of a list is known from one version to another, the first that all entries have.
const NAMES: [&str; 4] = ["code", "name", "item", "municipality"];

/// The top-level members of the terms by part, in the order in which they are told.
const MEMBERS: [(&str, Part); 21] = [
    ("requirements", Part::General),
    ("recording", Part::General),
    ("supervision", Part::General),
    ("clauses", Part::General),
    ("texts", Part::General),
    ("sources", Part::General),
    ("facts", Part::Service),
    ("items", Part::Service),
    ("eligibility", Part::Service),
    ("grant", Part::Service),
    ("free_of_charge", Part::Service),
    ("issued_vouchers", Part::Service),
    ("choosing", Part::Service),
    ("accounting", Part::Service),
    ("value", Part::Prices),
    ("co_payment", Part::Prices),
    ("price_unit", Part::Prices),
    ("price_ceiling", Part::Prices),
    ("vat", Part::Prices),
    ("price_changes", Part::Prices),
    ("public_service", Part::Prices),
];

/// A part of a rulebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// What an organiser asks of every provider of its services and tells every client.
    General,
    /// What is asked and granted in this service.
    Service,
    /// The annex of prices: values, co-payments, ceilings.
    Prices,
}

/// The part that a top-level member of the terms belongs to; none if the terms have no such member.
pub fn part_of(member: &str) -> Option<Part> {
    MEMBERS.iter().find(|(name, _)| *name == member).map(|(_, part)| *part)
}

/// What happened to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is in the newer document only.
    Added,
    /// It is in the older document only.
    Removed,
    /// It is in both, with another value.
    Changed,
    /// A list has the same entries in another order.
    Reordered,
}

/// One difference between two documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = RulebookChange)]
pub struct Change {
    /// In which part of the rulebook.
    pub part: Part,
    /// Where, in the newer document; of what was removed, in the older one.
    #[schema(max_length = 1000)]
    pub pointer: String,
    /// Where it stood in the older document, if that was elsewhere: entries of a list are known by their code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub pointer_before: Option<String>,
    /// What happened.
    pub change: ChangeKind,
    /// What was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What is there now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// Everything in which the newer of two documents of terms differs from the older one: by part, member and place.
///
/// A member that is not there and one that is null are the same. Nothing means that both say the same.
pub fn difference(before: &Value, after: &Value) -> Vec<Change> {
    let empty = Map::new();
    let (before, after) = (before.as_object().unwrap_or(&empty), after.as_object().unwrap_or(&empty));
    let mut found = Vec::new();
    for (member, part) in MEMBERS {
        let mut comparison = Comparison { part, found: &mut found };
        let place = Place::of_member(member);
        comparison.compare(&place, before.get(member), after.get(member));
    }
    found
}

/// Where something stands in both documents.
#[derive(Clone)]
struct Place {
    before: String,
    after: String,
}

impl Place {
    fn of_member(member: &str) -> Self {
        let pointer = format!("/{}", escaped(member));
        Self { before: pointer.clone(), after: pointer }
    }

    fn member(&self, name: &str) -> Self {
        let name = escaped(name);
        Self { before: format!("{}/{name}", self.before), after: format!("{}/{name}", self.after) }
    }

    fn entry(&self, before: usize, after: usize) -> Self {
        Self { before: format!("{}/{before}", self.before), after: format!("{}/{after}", self.after) }
    }
}

/// The places of a list's entries by their names.
type ByName<'a> = BTreeMap<&'a str, usize>;

struct Comparison<'a> {
    part: Part,
    found: &'a mut Vec<Change>,
}

impl Comparison<'_> {
    fn compare(&mut self, place: &Place, before: Option<&Value>, after: Option<&Value>) {
        let (before, after) = (present(before), present(after));
        match (before, after) {
            (None, None) => {}
            (Some(before), Some(after)) if before == after => {}
            (Some(Value::Object(before)), Some(Value::Object(after))) => self.compare_members(place, before, after),
            (Some(Value::Array(before)), Some(Value::Array(after))) => self.compare_entries(place, before, after),
            (Some(_), Some(_)) => self.note(place, ChangeKind::Changed, before, after),
            (None, Some(_)) => self.note(place, ChangeKind::Added, None, after),
            (Some(_), None) => self.note(place, ChangeKind::Removed, before, None),
        }
    }

    fn compare_members(&mut self, place: &Place, before: &Map<String, Value>, after: &Map<String, Value>) {
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            self.compare(&place.member(name), before.get(name), after.get(name));
        }
    }

    fn compare_entries(&mut self, place: &Place, before: &[Value], after: &[Value]) {
        match by_name(before, after) {
            Some((old, new)) => self.compare_named(place, (before, &old), (after, &new)),
            None => {
                for index in 0..before.len().max(after.len()) {
                    self.compare(&place.entry(index, index), before.get(index), after.get(index));
                }
            }
        }
    }

    fn compare_named(
        &mut self,
        place: &Place,
        (before, old): (&[Value], &ByName<'_>),
        (after, new): (&[Value], &ByName<'_>),
    ) {
        let mut in_order: Vec<(usize, Option<usize>)> =
            new.iter().map(|(name, index)| (*index, old.get(name).copied())).collect();
        in_order.sort_unstable();
        for (index, earlier) in &in_order {
            let here = place.entry(earlier.unwrap_or(*index), *index);
            self.compare(&here, earlier.and_then(|earlier| before.get(earlier)), after.get(*index));
        }
        let mut gone: Vec<usize> =
            old.iter().filter(|(name, _)| !new.contains_key(*name)).map(|(_, index)| *index).collect();
        gone.sort_unstable();
        for index in gone {
            self.compare(&place.entry(index, index), before.get(index), None);
        }
        if !in_order.iter().filter_map(|(_, earlier)| *earlier).is_sorted() {
            self.note(place, ChangeKind::Reordered, None, None);
        }
    }

    fn note(&mut self, place: &Place, change: ChangeKind, before: Option<&Value>, after: Option<&Value>) {
        let (pointer, elsewhere) = match change {
            ChangeKind::Removed => (&place.before, None),
            ChangeKind::Added => (&place.after, None),
            ChangeKind::Changed | ChangeKind::Reordered => {
                (&place.after, Some(&place.before).filter(|before| **before != place.after))
            }
        };
        self.found.push(Change {
            part: self.part,
            pointer: pointer.clone(),
            pointer_before: elsewhere.cloned(),
            change,
            before: before.cloned(),
            after: after.cloned(),
        });
    }
}

fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

/// The entries of both lists by the name that each has, where all have one of their own.
fn by_name<'a>(before: &'a [Value], after: &'a [Value]) -> Option<(ByName<'a>, ByName<'a>)> {
    NAMES.into_iter().find_map(|member| Some((names(before, member)?, names(after, member)?)))
}

fn names<'a>(list: &'a [Value], member: &str) -> Option<ByName<'a>> {
    let mut names = BTreeMap::new();
    for (index, entry) in list.iter().enumerate() {
        let name = entry.as_object()?.get(member)?.as_str()?;
        if names.insert(name, index).is_some() {
            return None;
        }
    }
    Some(names)
}

/// A name as a pointer's token (RFC 6901).
fn escaped(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}
