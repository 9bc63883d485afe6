//! A JSON document between syntax and meaning: read whole first, then read into a shape.
//!
//! So that broken JSON is always told from JSON that does not fit; that a field given twice is noticed; that an object is
//! asked for where a shape is one: serde alone would also take its fields from an array, by their order; and that where
//! an object is one of several by its only name, a second name is not passed over.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer, StringDeserializer};
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::Number;

use super::failures::escaped;

/// A JSON value that keeps every field in the order it came.
pub(super) enum Tree {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Tree {
    /// Where a text holds a character that is none to be seen: of the control characters only the end of a line and the
    /// tab are let in. One database does not store a zero, and none of them belongs in a name.
    pub(super) fn control_character(&self) -> Option<String> {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) => None,
            Self::String(text) => text
                .chars()
                .any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t'))
                .then(String::new),
            Self::List(items) => items
                .iter()
                .enumerate()
                .find_map(|(index, item)| item.control_character().map(|rest| format!("/{index}{rest}"))),
            Self::Object(fields) => fields
                .iter()
                .find_map(|(name, value)| value.control_character().map(|rest| format!("/{}{rest}", escaped(name)))),
        }
    }

    /// Where an object has a name that it has already, however little the shape makes of that object's names.
    pub(super) fn repeated_name(&self) -> Option<String> {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => None,
            Self::List(items) => items
                .iter()
                .enumerate()
                .find_map(|(index, item)| item.repeated_name().map(|rest| format!("/{index}{rest}"))),
            Self::Object(fields) => {
                let mut names = HashSet::with_capacity(fields.len());
                fields.iter().find_map(|(name, value)| {
                    let rest = if names.insert(name) { value.repeated_name()? } else { String::new() };
                    Some(format!("/{}{rest}", escaped(name)))
                })
            }
        }
    }
}

/// Why a document does not fit: in serde's words or, for a name too many, in our own.
#[derive(Debug)]
pub(super) struct Unfit {
    said: String,
    /// The name that is one too many in the object at hand.
    too_many: Option<String>,
}

impl Unfit {
    /// The name that is one too many, below the place that serde knows.
    pub(super) fn name_too_many(&self) -> Option<&str> {
        self.too_many.as_deref()
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl std::error::Error for Unfit {}

impl de::Error for Unfit {
    fn custom<T: fmt::Display>(said: T) -> Self {
        Self { said: said.to_string(), too_many: None }
    }
}

/// The most values that a document may have: of small ones, each takes many times the room here that it takes as text.
const VALUES_MAX: usize = 1_000_000;
/// What is said of a document that has more.
pub(super) const TOO_MANY_VALUES: &str = "the document has more than 1000000 values";

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Grower { left: &Cell::new(VALUES_MAX) }.deserialize(deserializer)
    }
}

#[derive(Clone, Copy)]
struct Grower<'a> {
    /// How many values there may still be.
    left: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Grower<'_> {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| D::Error::custom(TOO_MANY_VALUES))?;
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Grower<'_> {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Tree, E> {
        Number::from_f64(value).map(Tree::Number).ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut object = Vec::new();
        while let Some(name) = entries.next_key()? {
            object.push((name, entries.next_value_seed(self)?));
        }
        Ok(Tree::Object(object))
    }
}

impl<'de> IntoDeserializer<'de, Unfit> for Tree {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Tree {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Number(value) => value.deserialize_any(visitor).map_err(Unfit::custom),
            Self::String(value) => visitor.visit_string(value),
            Self::List(items) => {
                let mut items = SeqDeserializer::new(items.into_iter());
                let value = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(value)
            }
            Self::Object(fields) => visitor.visit_map(MapDeserializer::new(fields.into_iter())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        if matches!(self, Self::Null) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        if matches!(self, Self::List(_)) {
            return Err(Unfit::invalid_type(Unexpected::Seq, &"an object"));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        match self {
            Self::String(variant) => variant.into_deserializer().deserialize_enum(name, variants, visitor),
            Self::Object(mut fields) => match (fields.len(), fields.pop()) {
                (1, Some((name, body))) => visitor.visit_enum(Named { name, body }),
                (_, Some(last)) => {
                    fields.push(last);
                    Err(beside(name, variants, &fields))
                }
                (_, None) => Err(Unfit::invalid_type(Unexpected::Map, &visitor)),
            },
            value @ (Self::Null | Self::Bool(_) | Self::Number(_) | Self::List(_)) => value.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

/// What is wrong where several names stand in an object that is one of several by its only name.
fn beside(shape: &str, variants: &[&str], fields: &[(String, Tree)]) -> Unfit {
    let is_known = |name: &str| variants.contains(&name);
    let names = || fields.iter().map(|(name, _)| name.as_str());
    let first = names().find(|name| is_known(name)).or_else(|| names().next()).unwrap_or_default();
    let others = || names().filter(|name| *name != first);
    let other = others().find(|name| !is_known(name)).or_else(|| others().next()).unwrap_or_default();
    let what = match shape {
        "ValueRule" => "a block",
        "Condition" => "a condition",
        _ => "this",
    };
    Unfit { said: format!("{what} has one name; `{other}` stands beside `{first}`"), too_many: Some(other.to_owned()) }
}

/// One of several shapes, by the name that its object has.
struct Named {
    name: String,
    body: Tree,
}

impl<'de> EnumAccess<'de> for Named {
    type Error = Unfit;
    type Variant = Body;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Body), Unfit> {
        let name: StringDeserializer<Unfit> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, Body(self.body)))
    }
}

/// What stands under the name.
struct Body(Tree);

impl<'de> VariantAccess<'de> for Body {
    type Error = Unfit;

    fn unit_variant(self) -> Result<(), Unfit> {
        Err(Unfit::invalid_type(Unexpected::Map, &"a string"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Unfit> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unfit> {
        self.0.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Unfit> {
        self.0.deserialize_struct("", fields, visitor)
    }
}
