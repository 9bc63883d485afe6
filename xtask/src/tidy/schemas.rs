//! Names of schemas: of two types with one name, the document would have whichever comes last, and be wrong about the other.

use std::collections::BTreeMap;

use super::{Finding, SourceFile};

const DERIVED: &str = "ToSchema";
const NAMED: &str = "schema(as = ";

/// What several types of the product are called in the document.
pub(super) fn check(files: &[SourceFile]) -> Vec<Finding> {
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    let mut findings = Vec::new();
    let of_product = |path: &str| path.starts_with("crates/") && path.ends_with(".rs");
    for file in files.iter().filter(|file| of_product(&file.path)) {
        for (line, name) in schemas(&file.text) {
            let here = format!("{}:{line}", file.path);
            if let Some(other) = first.get(&name) {
                let what = format!("the schema {name} is that of {other} too: give one a name by `#[schema(as = …)]`");
                findings.push(Finding::new(here, what));
            } else {
                first.insert(name, here);
            }
        }
    }
    findings
}

/// The schemas that are derived in a file, each with the line on which it begins. What a macro names is left out.
fn schemas(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if !(line.trim_start().starts_with("#[derive(") && line.contains(DERIVED)) {
            continue;
        }
        let mut name = None;
        for (_, line) in lines.by_ref() {
            let line = line.trim_start();
            name = name.or_else(|| line.split_once(NAMED).map(|(_, after)| word(after)));
            if let Some((_, after)) = line.split_once("struct ").or_else(|| line.split_once("enum "))
                && !line.starts_with(['#', '/'])
            {
                name = name.or_else(|| Some(word(after)));
                break;
            }
        }
        found.extend(name.filter(|name| !name.is_empty()).map(|name| (at + 1, name)));
    }
    found
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<SourceFile> = files
            .iter()
            .map(|(path, text)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() })
            .collect();
        check(&files).into_iter().map(|finding| finding.to_string()).collect()
    }

    const KIND: &str = "//! Kinds.\n\n/// A kind.\n#[derive(Debug, utoipa::ToSchema)]\n#[serde(x)]\npub enum Kind {\n";

    #[test]
    fn two_types_with_one_name_are_found_where_the_second_is() {
        let told =
            found(&[("crates/a/src/kind.rs", KIND), ("crates/b/src/kind.rs", KIND), ("xtask/src/kind.rs", KIND)]);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("crates/b/src/kind.rs:4: the schema Kind is that of crates/a/src/kind.rs:4 too"));
    }

    #[test]
    fn a_type_is_called_what_its_schema_says() {
        let other = KIND.replace("#[serde(x)]", "#[schema(as = OtherKind)]");
        assert!(found(&[("crates/a/src/kind.rs", KIND), ("crates/a/src/other.rs", &other)]).is_empty());
        assert_eq!(found(&[("crates/a/src/one.rs", &other), ("crates/a/src/two.rs", &other)]).len(), 1);
    }

    #[test]
    fn what_has_no_schema_or_is_named_by_a_macro_is_passed_over() {
        let (bare, by_macro) = (KIND.replace(", utoipa::ToSchema", ""), KIND.replace("Kind", "$name"));
        for text in [bare, by_macro] {
            assert!(found(&[("crates/a/src/one.rs", &text), ("crates/a/src/two.rs", &text)]).is_empty());
        }
    }
}
