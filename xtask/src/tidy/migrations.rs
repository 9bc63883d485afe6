//! The two migration trees tell the same history, can be undone, and hold SQLite to its column types. Whether they make
//! the same tables is for the parity test of the persistence crate.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, SourceFile};

const TREES: [&str; 2] = ["migrations/sqlite/", "migrations/postgres/"];

/// Checks the trees against each other and SQLite's tables one by one.
pub(super) fn check(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut found_in: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut parts: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
    for file in files {
        for tree in TREES {
            let Some(inside) = file.path.strip_prefix(tree) else {
                continue;
            };
            match inside.split_once('/') {
                Some((folder, part @ ("up.sql" | "down.sql" | "metadata.toml"))) => {
                    found_in.entry(folder).or_default().insert(tree);
                    parts.insert((tree, folder, part));
                }
                _ => findings.push(Finding::new(&file.path, "is no part of a migration")),
            }
        }
        if file.path.starts_with("migrations/sqlite/") {
            let loose = loose_tables(&file.text);
            findings.extend(loose.iter().map(|table| Finding::new(&file.path, format!("{table} is not STRICT"))));
        }
    }
    for (folder, trees) in &found_in {
        for tree in TREES {
            if !trees.contains(tree) {
                findings.push(Finding::new(format!("{tree}{folder}"), "is missing; the other database has it"));
                continue;
            }
            for part in ["up.sql", "down.sql"] {
                if !parts.contains(&(tree, *folder, part)) {
                    findings.push(Finding::new(format!("{tree}{folder}"), format!("has no {part}")));
                }
            }
        }
    }
    findings
}

/// The beginnings of CREATE TABLE statements without STRICT.
fn loose_tables(sql: &str) -> Vec<String> {
    let plain = without_comments_and_strings(sql);
    plain.split(';').filter_map(loose_table).collect()
}

fn loose_table(statement: &str) -> Option<String> {
    let words: Vec<String> = statement.split_whitespace().map(str::to_ascii_uppercase).collect();
    let creates = match words.as_slice() {
        [create, table, ..] if create == "CREATE" && table == "TABLE" => true,
        [create, temporary, table, ..] => {
            create == "CREATE" && ["TEMP", "TEMPORARY"].contains(&temporary.as_str()) && table == "TABLE"
        }
        _ => false,
    };
    let options = statement.rsplit(')').next().unwrap_or_default();
    let strict = options.split([',', ' ', '\n', '\r', '\t']).any(|word| word.eq_ignore_ascii_case("strict"));
    (creates && !strict).then(|| {
        let head = statement.split('(').next().unwrap_or_default();
        head.split_whitespace().collect::<Vec<_>>().join(" ")
    })
}

/// What is left may be split at semicolons and brackets.
fn without_comments_and_strings(sql: &str) -> String {
    let mut plain = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (opening, closing) = match first {
            '-' if rest.starts_with("--") => ("--", "\n"),
            '/' if rest.starts_with("/*") => ("/*", "*/"),
            '\'' => ("'", "'"),
            _ => {
                plain.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
                continue;
            }
        };
        let after = rest.strip_prefix(opening).unwrap_or_default();
        rest = after.split_once(closing).map_or("", |(_, following)| following);
        plain.push(' ');
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{SourceFile, check, loose_tables};

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<SourceFile> = files
            .iter()
            .map(|(path, text)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() })
            .collect();
        check(&files).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn equal_trees_are_accepted() {
        let files = [
            ("migrations/sqlite/0001_a/up.sql", "CREATE TABLE a (b text) STRICT;"),
            ("migrations/sqlite/0001_a/down.sql", "DROP TABLE a;"),
            ("migrations/postgres/0001_a/up.sql", "CREATE TABLE a (b text);"),
            ("migrations/postgres/0001_a/down.sql", "DROP TABLE a;"),
        ];
        assert_eq!(found(&files), Vec::<String>::new());
    }

    #[test]
    fn a_migration_of_one_database_alone_is_found() {
        let found = found(&[("migrations/sqlite/0001_a/up.sql", ""), ("migrations/sqlite/0001_a/down.sql", "")]);
        assert_eq!(found, ["migrations/postgres/0001_a: is missing; the other database has it"]);
    }

    #[test]
    fn a_migration_that_cannot_be_undone_is_found() {
        let files = [
            ("migrations/sqlite/0001_a/up.sql", ""),
            ("migrations/sqlite/0001_a/down.sql", ""),
            ("migrations/postgres/0001_a/up.sql", ""),
        ];
        assert_eq!(found(&files), ["migrations/postgres/0001_a: has no down.sql"]);
    }

    #[test]
    fn a_stray_file_is_found() {
        assert_eq!(found(&[("migrations/sqlite/notes.txt", "")]).len(), 1);
    }

    #[test]
    fn a_table_without_strict_is_found() {
        assert_eq!(loose_tables("CREATE TABLE a (b text CHECK (b <> ';)'))"), ["CREATE TABLE a"]);
        assert_eq!(loose_tables("create temp table if not exists a (b)"), ["create temp table if not exists a"]);
        assert_eq!(loose_tables("CREATE TABLE a (b) -- STRICT\n;"), ["CREATE TABLE a"]);
        assert_eq!(loose_tables("CREATE TABLE a (strict text);"), ["CREATE TABLE a"]);
    }

    #[test]
    fn strict_tables_and_other_statements_are_accepted() {
        let sql = "CREATE TABLE a (b text, CHECK (b <> ')')) STRICT, WITHOUT ROWID;\n/* ; */ CREATE INDEX i ON a (b);
            CREATE TRIGGER t BEFORE DELETE ON a BEGIN SELECT RAISE(ABORT, 'a; b'); END;
            CREATE TABLE c (d text) WITHOUT ROWID,STRICT;";
        assert_eq!(loose_tables(sql), Vec::<String>::new());
    }
}
