//! No real person's identity code is committed: only codes of test persons (individual numbers 900–999) may be. Knows
//! just enough of the code to tell one from other text; the parser that binds is the domain's.

use super::{Finding, SourceFile};

/// Letters that stand at the remainder of a division by 31.
const CHECK_CHARACTERS: &str = "0123456789ABCDEFHJKLMNPRSTUVWXY";
const CENTURY_SIGNS: &str = "+-ABCDEFUVWXY";
const LENGTH: usize = 11;

/// Examples that the authority itself publishes. Spelt in halves, or this file would be a finding.
const PUBLISHED: [&str; 3] = [concat!("131052", "-308T"), concat!("020516", "C903K"), concat!("010594", "Y9032")];

/// Every valid code of a person who may exist.
pub(super) fn check(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        for (line, number) in file.text.lines().zip(1_usize..) {
            for code in codes(line) {
                if !may_stand(&file.path, &code) {
                    findings.push(Finding::at(&file.path, number, "holds a personal identity code outside 900–999"));
                }
            }
        }
    }
    findings
}

fn may_stand(path: &str, code: &str) -> bool {
    let test_person = code.get(7..8) == Some("9");
    let example = path.starts_with("crates/domain/") && path.contains("identifier") && PUBLISHED.contains(&code);
    test_person || example
}

/// Valid codes that stand in a line as words of their own, in capital letters.
fn codes(line: &str) -> Vec<String> {
    let characters: Vec<char> = line.chars().collect();
    let mut found = Vec::new();
    for (at, window) in characters.windows(LENGTH).enumerate() {
        let before = at.checked_sub(1).and_then(|before| characters.get(before));
        let after = at.checked_add(LENGTH).and_then(|after| characters.get(after));
        let alone = [before, after].into_iter().flatten().all(|c| !c.is_ascii_alphanumeric());
        if alone {
            let word: String = window.iter().collect::<String>().to_ascii_uppercase();
            found.extend(is_code(&word).then_some(word));
        }
    }
    found
}

fn is_code(word: &str) -> bool {
    let parts = (word.get(..6), word.get(6..7), word.get(7..10), word.get(10..));
    let (Some(date), Some(sign), Some(individual), Some(check)) = parts else {
        return false;
    };
    let digits = format!("{date}{individual}");
    if !digits.bytes().all(|b| b.is_ascii_digit()) || !CENTURY_SIGNS.contains(sign) {
        return false;
    }
    let within = |range: Option<&str>, most: u32| {
        range.and_then(|n| n.parse::<u32>().ok()).is_some_and(|n| (1..=most).contains(&n))
    };
    let remainder = digits.parse::<u32>().ok().and_then(|n| n.checked_rem(31));
    let expected = remainder.and_then(|at| CHECK_CHARACTERS.chars().nth(usize::try_from(at).ok()?));
    within(date.get(..2), 31) && within(date.get(2..4), 12) && expected.is_some() && check.chars().next() == expected
}

#[cfg(test)]
mod tests {
    use super::{PUBLISHED, codes, is_code, may_stand};

    #[test]
    fn the_published_examples_are_codes() {
        for example in PUBLISHED {
            assert!(is_code(example), "{example}");
        }
    }

    #[test]
    fn a_wrong_check_character_or_date_is_no_code() {
        let [example, ..] = PUBLISHED;
        assert!(!is_code(&example.replace('T', "U")));
        assert!(!is_code(&example.replacen("13", "43", 1)));
    }

    #[test]
    fn codes_are_found_as_words_only_and_in_any_case() {
        let [example, ..] = PUBLISHED;
        assert_eq!(codes(&format!("\"{example}\"")), [example]);
        assert_eq!(codes(&format!("å{}.", example.to_lowercase())), [example]);
        assert_eq!(codes(&format!("1{example}")), Vec::<String>::new());
        assert_eq!(codes(&format!("{example}Z")), Vec::<String>::new());
    }

    #[test]
    fn test_persons_may_stand_anywhere_and_published_examples_in_the_domain() {
        let [real, test, _] = PUBLISHED;
        assert!(may_stand("README.md", test));
        assert!(!may_stand("README.md", real));
        assert!(may_stand("crates/domain/src/identifiers/person.rs", real));
        let other = concat!("131052", "-309U");
        assert!(!may_stand("crates/domain/src/identifiers/person.rs", other));
    }
}
