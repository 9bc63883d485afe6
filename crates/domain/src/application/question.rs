//! What an organiser has asked of an application, and whether it was answered: in words, or by other evidence for each of
//! the requirements that it asked about. Whether the answer will do, a person decides.

use super::stated::Evidence;

/// What is left of a question: nothing where it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswered<'a> {
    /// It was not about any requirement, and wants words.
    Words,
    /// It was about requirements, of which this is the first for which nothing else is stated now.
    Evidence {
        /// The requirement's code.
        requirement: &'a str,
    },
}

/// What is left of a question about requirements, which may be none. `before` is what was stated when it was asked, `now`
/// what is stated with the answer.
pub fn unanswered<'a>(
    asked: &'a [String],
    (before, now): (&[Evidence], &[Evidence]),
    answer: Option<&str>,
) -> Option<Unanswered<'a>> {
    if answer.is_some() {
        return None;
    }
    if asked.is_empty() {
        return Some(Unanswered::Words);
    }
    let stated = |of: &[Evidence], code: &str| of.iter().find(|one| one.requirement == code).cloned();
    let is_same = |code: &&String| stated(now, code).is_none_or(|one| stated(before, code).as_ref() == Some(&one));
    asked.iter().find(is_same).map(|requirement| Unanswered::Evidence { requirement })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(requirement: &str, reference: &str) -> Evidence {
        Evidence { requirement: requirement.to_owned(), reference: reference.to_owned(), ..Evidence::default() }
    }

    fn codes(of: &[&str]) -> Vec<String> {
        of.iter().map(|code| (*code).to_owned()).collect()
    }

    #[test]
    fn a_question_wants_words_or_other_evidence_for_all_that_was_asked_about() {
        let before = [stated("insurance", "Policy 1"), stated("register", "Entry 1")];
        let one = [stated("insurance", "Policy 2"), stated("register", "Entry 1")];
        let both = [stated("insurance", "Policy 2"), stated("register", "Entry 2")];
        let (none, asked) = (codes(&[]), codes(&["insurance", "register"]));
        let left = |asked: &[String], now: &[Evidence], answer| unanswered(asked, (&before, now), answer).is_some();
        assert_eq!(unanswered(&none, (&before, &both), None), Some(Unanswered::Words));
        assert!(!left(&none, &before, Some("It is the same firm")) && !left(&asked, &before, Some("See the register")));
        assert_eq!(
            unanswered(&asked, (&before, &before), None),
            Some(Unanswered::Evidence { requirement: "insurance" })
        );
        assert_eq!(unanswered(&asked, (&before, &one), None), Some(Unanswered::Evidence { requirement: "register" }));
        assert!(!left(&asked, &both, None));
        // Taking the evidence away is no answer; showing it for the first time is.
        assert!(left(&asked, &one[..1], None));
        assert_eq!(unanswered(&asked, (&[], &both), None), None);
    }
}
