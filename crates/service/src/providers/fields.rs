//! How single fields of providers and units are read: what a derived check of a shape cannot say.

use std::collections::HashSet;
use std::hash::Hash;

use valinta_domain::identifiers::{BusinessId, Oid};
use valinta_persistence::{Conn, DbError, providers};

use crate::http::{Errors, Problem, ProblemKind};

/// A name that says something.
pub(crate) fn not_blank(text: &str) -> Result<String, &'static str> {
    // Marks that show nothing, such as those that turn the direction of writing, make no name either.
    if text.chars().any(char::is_alphanumeric) { Ok(text.to_owned()) } else { Err("a letter or a digit is wanted") }
}

/// Clients follow the address: it may be no script.
pub(super) fn web_address(text: &str) -> Result<String, &'static str> {
    if text.starts_with("https://") || text.starts_with("http://") {
        Ok(text.to_owned())
    } else {
        Err("an address on the internet begins with https:// or http://")
    }
}

/// Notes a failure at everything that is listed again.
pub(crate) fn each_once<T: Eq + Hash>(errors: &mut Errors, pointer: &str, items: &[T]) {
    let mut seen = HashSet::new();
    for (i, item) in items.iter().enumerate() {
        if !seen.insert(item) {
            errors.fail(&format!("{pointer}/{i}"), "duplicate", "it is listed twice");
        }
    }
}

/// Goes on if an OID that is new to a provider or unit is nobody's.
pub(crate) fn oid_is_free(c: &mut Conn, before: Option<&Oid>, after: Option<&Oid>) -> Result<(), Problem> {
    match after {
        Some(oid) if before != Some(oid) && providers::oid_is_taken(c, oid)? => Err(oid_taken()),
        Some(_) | None => Ok(()),
    }
}

/// Goes on if an OID that is new to a provider or to one of its units is built on the provider's business id: nobody takes
/// the name that another is to have.
pub(crate) fn oid_is_theirs(
    business_id: &BusinessId,
    before: Option<&Oid>,
    after: Option<&Oid>,
) -> Result<(), Problem> {
    match after {
        Some(oid) if before != Some(oid) => oid
            .check_built_on(business_id)
            .map_err(|foreign| Problem::invalid(Vec::new()).at("/oid", "not_of_business_id", foreign)),
        Some(_) | None => Ok(()),
    }
}

/// What the database refused, where another one may have taken the OID in between.
pub(crate) fn unless_oid_taken(error: DbError) -> Problem {
    if error.is_unique("providers_oid") || error.is_unique("service_units_oid") { oid_taken() } else { error.into() }
}

fn oid_taken() -> Problem {
    Problem::new(ProblemKind::Duplicate, "There is a provider or a unit of this OID.").at(
        "/oid",
        "duplicate",
        "another provider or unit has this OID",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_no_web_page_is_refused() {
        assert!(web_address("https://example.fi/hoiva").is_ok());
        for bad in ["javascript:alert(1)", "ftp://example.fi", "data:text/html,x", "example.fi"] {
            assert!(web_address(bad).is_err(), "{bad}");
        }
    }
}
