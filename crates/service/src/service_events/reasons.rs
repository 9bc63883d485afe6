//! What people say of why something is done about a service event: a code, and words.

use crate::http::Errors;

/// Most characters of what is said.
pub(super) const REASON_CHARS_MAX: u64 = 2_000;

/// What is said, without blanks around it.
pub(super) fn said(errors: &mut Errors, pointer: &str, text: &str) -> Option<String> {
    let text = text.trim();
    errors.take(pointer, if text.is_empty() { Err("a reason is wanted") } else { Ok(text.to_owned()) })
}

/// What may be said, without blanks around it.
pub(super) fn may_be_said(errors: &mut Errors, pointer: &str, text: Option<&str>) -> Option<Option<String>> {
    text.map_or(Some(None), |text| said(errors, pointer, text).map(Some))
}
