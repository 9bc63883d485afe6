//! What is kept of an application as it was handed in: canonical JSON (RFC 8785) and its hash, which stand for a signature.
//!
//! Whoever has the document can compute the hash again, with whatever program.

use std::fmt::Write;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// A document and its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The text, to the byte.
    pub text: String,
    /// SHA-256 of the text, in hexadecimal.
    pub sha256: String,
}

/// Writes a document in its canonical form and hashes it.
pub fn kept(document: &Value) -> Kept {
    let text = canonical(document);
    let mut sha256 = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a string does not fail.
        let _ = write!(sha256, "{byte:02x}");
    }
    Kept { text, sha256 }
}

/// JSON without spaces, members in order of their names. Numbers are whole ones, names are plain ASCII: where both are
/// so, this is RFC 8785.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (i, (name, member)) in members.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(&Value::String(name.clone()), out);
                out.push(':');
                write(member, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => out.push_str(&value.to_string()),
    }
}
