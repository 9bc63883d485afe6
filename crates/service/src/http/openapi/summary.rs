//! What an operation does, in one sentence for lists of operations; all that follows it is its description.

use utoipa::openapi::path::Operation;

/// Leaves the first sentence in the summary and puts the rest before the description.
pub(super) fn shorten(operation: &mut Operation) {
    let Some((first, rest)) = operation.summary.as_deref().and_then(first_sentence) else { return };
    let description = match operation.description.as_deref() {
        None | Some("") => rest.to_owned(),
        Some(more) => format!("{rest}\n\n{more}"),
    };
    operation.summary = Some(first.to_owned());
    operation.description = Some(description);
}

/// The first sentence of a text and what follows it, if anything does. A sentence begins with a capital.
fn first_sentence(text: &str) -> Option<(&str, &str)> {
    text.match_indices(". ").find_map(|(at, _)| {
        let (first, rest) = text.split_at_checked(at.saturating_add(1))?;
        let rest = rest.trim_start();
        rest.starts_with(char::is_uppercase).then_some((first, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sentence_is_the_summary_and_nothing_is_lost() {
        let mut operation = Operation::new();
        operation.summary = Some("Shows a unit, e.g. its address. One that is new is hidden. So it is.".to_owned());
        operation.description = Some("More.".to_owned());
        shorten(&mut operation);
        assert_eq!(operation.summary.as_deref(), Some("Shows a unit, e.g. its address."));
        assert_eq!(operation.description.as_deref(), Some("One that is new is hidden. So it is.\n\nMore."));
        let before = operation.clone();
        shorten(&mut operation);
        assert!(operation == before, "a single sentence stays");
    }
}
