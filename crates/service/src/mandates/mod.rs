//! What lets a person act for an organiser's client: recorded, listed, ended, found when the person calls, and noted with
//! what is done by it.

mod end;
mod in_force;
mod list;
mod noted;
mod record;
mod view;

pub(crate) use in_force::of_caller;
pub(crate) use noted::{issuer_of, noted, recorded_of};

use valinta_domain::behalf::BEHALF_NOTE_CHARS_MAX;

use crate::http::Errors;
use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![record::record_mandate, list::list_mandates, end::end_mandate]
}

/// A note that says something; one is wanted where nothing else says what it is about.
pub(crate) fn note(errors: &mut Errors, pointer: &str, note: Option<&str>, is_wanted: bool) -> Option<Option<String>> {
    match note {
        Some(text) if text.trim().is_empty() || text.chars().count() > BEHALF_NOTE_CHARS_MAX => {
            let detail = format!("a text of 1 to {BEHALF_NOTE_CHARS_MAX} characters is wanted");
            errors.take_as::<(), _>(pointer, "length", Err(detail));
            None
        }
        Some(text) => Some(Some(text.to_owned())),
        None if is_wanted => {
            errors.fail(pointer, "required", "where it is something else, the note says what");
            None
        }
        None => Some(None),
    }
}
