//! Rows that are inserted: what is empty in one is NULL. Otherwise each set of empty columns makes a statement of its own, that is
//! written and planned anew, and several rows are no statement at all on SQLite.

use super::{Finding, SourceFile};

const DERIVED: &str = "Insertable";
const SAID: &str = "treat_none_as_default_value = false";

/// What is inserted and does not say so.
pub(super) fn check(files: &[SourceFile]) -> Vec<Finding> {
    let of_product = |file: &&SourceFile| file.path.starts_with("crates/") && file.path.ends_with(".rs");
    files.iter().filter(of_product).flat_map(|file| of_file(&file.path, &file.text)).collect()
}

fn of_file(path: &str, text: &str) -> Vec<Finding> {
    let mut lines = text.lines().enumerate();
    let mut findings = Vec::new();
    while let Some((at, line)) = lines.next() {
        if !(line.starts_with("#[derive(") && line.contains(DERIVED)) {
            continue;
        }
        let mut attributes = lines.by_ref().map(|(_, line)| line).take_while(|line| !line.contains("struct "));
        if !attributes.any(|line| line.contains(SAID)) {
            findings.push(Finding::at(path, at + 1, format!("what is inserted says `{SAID}`")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inserted_says_that_empty_is_null() {
        let row =
            |said: &str| format!("#[derive(Queryable, Insertable)]\n#[diesel(table_name = a{said})]\nstruct Row {{\n");
        assert!(of_file("crates/a/src/a.rs", &row(", treat_none_as_default_value = false")).is_empty());
        let two = row("") + "}\n" + &row(", treat_none_as_default_value = false");
        let [told] = &of_file("crates/a/src/a.rs", &two)[..] else { panic!("one is not as wanted") };
        assert!(told.to_string().starts_with("crates/a/src/a.rs:1: "), "{told}");
    }
}
