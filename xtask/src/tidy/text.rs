//! What every text file keeps to: sources open by saying what they own, stay short and finished, and nothing names the
//! machine that it was written on. Reads lines, not Rust: a rule that needs more belongs to clippy.

use super::{Finding, SourceFile};

const LINES_MAX: usize = 500;

/// Sources that are longer than `LINES_MAX`, and how long they are. The list may only shrink, and so may its numbers.
const TOLERATED: &[(&str, usize)] = &[];

/// Folders whose Rust sources are held to the rules for sources.
const SOURCE_FOLDERS: [&str; 5] = ["bench/", "crates/", "fuzz/", "tests/", "xtask/"];

/// Work that is not finished. Spelt in halves, as below, or this file would be a finding.
const UNFINISHED: [&str; 3] = [concat!("todo", "!"), concat!("unimplemented", "!"), concat!("dbg", "!")];

/// Folders of the machine and hosts that packages come from: the product is built anywhere.
const MACHINE: [&str; 7] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("crates", ".io/api"),
    concat!("static", ".crates"),
    concat!("npm", "js"),
    concat!("python", "hosted"),
    concat!("deb", ".debian"),
];

/// Checks each file by itself.
pub(super) fn check(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = files.iter().flat_map(check_file).collect();
    for (path, _) in TOLERATED {
        if !files.iter().any(|file| file.path == *path) {
            findings.push(Finding::new(*path, "is tolerated but does not exist; take it off the list"));
        }
    }
    findings
}

fn check_file(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let source = file.path.ends_with(".rs") && SOURCE_FOLDERS.iter().any(|folder| file.path.starts_with(folder));
    let plain = [".rs", ".md", ".sql"].iter().any(|ending| file.path.ends_with(ending));
    if source {
        if !file.text.starts_with("//!") {
            findings.push(Finding::new(&file.path, "does not open with `//!`"));
        }
        let tolerated = TOLERATED.iter().find(|(path, _)| *path == file.path).map(|(_, lines)| *lines);
        findings.extend(length(file.text.lines().count(), tolerated).map(|what| Finding::new(&file.path, what)));
    }
    for (line, number) in file.text.lines().zip(1_usize..) {
        if source {
            let unfinished = UNFINISHED.iter().filter(|word| line.contains(*word));
            findings.extend(unfinished.map(|word| Finding::at(&file.path, number, format!("holds `{word}`"))));
        }
        let machine = MACHINE.iter().filter(|word| line.contains(*word));
        findings.extend(machine.map(|word| Finding::at(&file.path, number, format!("names `{word}`"))));
        if plain && line.ends_with([' ', '\t']) {
            findings.push(Finding::at(&file.path, number, "ends in white space"));
        }
        if plain && line.contains('\t') {
            findings.push(Finding::at(&file.path, number, "holds a tab"));
        }
    }
    findings
}

fn length(lines: usize, tolerated: Option<usize>) -> Option<String> {
    match tolerated {
        None if lines > LINES_MAX => Some(format!("has {lines} lines; {LINES_MAX} is the most")),
        Some(_) if lines <= LINES_MAX => Some("is short enough now; take it off the tolerated list".to_owned()),
        Some(most) if lines > most => Some(format!("has {lines} lines; it was tolerated with {most}")),
        Some(most) if lines < most => Some(format!("has {lines} lines; lower its tolerated {most}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{MACHINE, SourceFile, UNFINISHED, check, length};

    fn found(path: &str, text: &str) -> Vec<String> {
        check(&[SourceFile { path: path.to_owned(), text: text.to_owned() }]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_source_must_say_what_it_owns() {
        assert_eq!(found("crates/a/src/b.rs", "use c;\n"), ["crates/a/src/b.rs: does not open with `//!`"]);
        assert_eq!(found("crates/a/src/b.rs", "//! B.\n"), Vec::<String>::new());
        assert_eq!(found("docs/example.rs", "use c;\n"), Vec::<String>::new());
    }

    #[test]
    fn unfinished_work_is_found_with_its_line() {
        for word in UNFINISHED {
            let found = found("tests/a.rs", &format!("//! A.\nfn a() {{ {word}() }}\n"));
            assert_eq!(found, [format!("tests/a.rs:2: holds `{word}`")]);
        }
    }

    #[test]
    fn the_machine_is_named_nowhere() {
        for word in MACHINE {
            assert_eq!(found("deploy/a.yaml", &format!("x: {word}y\n")), [format!("deploy/a.yaml:1: names `{word}`")]);
        }
    }

    #[test]
    fn white_space_is_checked_in_what_people_read() {
        assert_eq!(found("a.md", "a \n\tb\n").len(), 2);
        assert_eq!(found("a.csv", "a \n\tb\n"), Vec::<String>::new());
    }

    #[test]
    fn every_finding_of_a_file_is_reported() {
        let text = format!("a \n{}\n{}\n", UNFINISHED[0], MACHINE[0]);
        assert_eq!(found("xtask/a.rs", &text).len(), 4);
    }

    #[test]
    fn a_long_file_is_found_and_a_tolerated_one_may_only_shrink() {
        assert_eq!(length(500, None), None);
        assert!(length(501, None).is_some());
        assert_eq!(length(600, Some(600)), None);
        for (lines, tolerated) in [(601, 600), (599, 600), (500, 600)] {
            assert!(length(lines, Some(tolerated)).is_some());
        }
    }
}
