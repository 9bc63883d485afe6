//! The page to print.

use proptest::prelude::*;
use valinta_domain::{Amount, Language};

use super::samples::{all, head, odd, taxed_and_exempt};
use super::statements;
use crate::statements::documents::printed::page;

const LANGUAGES: [Language; 3] = [Language::Fi, Language::Sv, Language::En];

#[test]
fn a_page_is_in_one_language_and_complete_in_itself() {
    for (language, title, payable) in [
        (Language::Fi, "Tilitys T-2026-10-000005", "Maksetaan"),
        (Language::Sv, "Redovisning T-2026-10-000005", "Betalas"),
        (Language::En, "Statement T-2026-10-000005", "Payable"),
    ] {
        let page = page(&taxed_and_exempt(), language);
        assert!(page.starts_with("<!DOCTYPE html>"));
        assert!(page.contains(&format!("<html lang=\"{}\">", language.code())));
        assert!(page.contains(&format!("<title>{title}</title>")) && page.contains(&format!("<h1>{title}</h1>")));
        assert!(page.contains(payable));
        for outside in ["<script", "src=", "href=", "url(", "@import"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(!page.contains("FI2112345600000785"));
    }
}

#[test]
fn figures_are_written_as_the_language_writes_them() {
    let page_in = |language| page(&odd(), language);
    let (finnish, english) = ("9\u{a0}876\u{a0}543,21", "9876543.21");
    assert!(page_in(Language::Fi).contains(finnish) && page_in(Language::Sv).contains(finnish));
    assert!(page_in(Language::En).contains(english));
    assert!(page_in(Language::En).contains("\u{2212}36.00"));
}

#[test]
fn what_could_be_markup_is_shown_as_it_is() {
    for language in LANGUAGES {
        let page = page(&odd(), language);
        assert!(page.contains("&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains("<i>"));
    }
}

#[test]
fn tables_name_their_columns_and_rows() {
    let page = page(&taxed_and_exempt(), Language::En);
    assert_eq!(page.matches("<table").count(), 5);
    assert_eq!(page.matches("<th>").count(), 0);
    assert_eq!(page.matches("<caption").count(), 5);
    assert_eq!(page.matches("scope=\"col\"").count(), 17);
}

#[test]
fn a_statement_that_only_carries_on_has_a_page() {
    let statement =
        valinta_domain::statement::Statement::new(head("T-1"), Vec::new(), Amount::from_minor(-50)).unwrap();
    for (language, said) in LANGUAGES.into_iter().zip(["ei ole rivejä", "inga rader", "no lines"]) {
        assert!(page(&statement, language).contains(said));
    }
}

proptest! {
    #[test]
    fn every_element_is_closed(statement in statements()) {
        for language in LANGUAGES {
            let page = page(&statement, language);
            for name in ["html", "body", "main", "table", "tr", "td", "th", "dl", "dd", "span", "div"] {
                let opened = page.matches(&format!("<{name}>")).count() + page.matches(&format!("<{name} ")).count();
                prop_assert_eq!(opened, page.matches(&format!("</{name}>")).count(), "{}", name);
            }
        }
    }
}

#[test]
fn every_example_has_a_page() {
    for (name, statement) in all() {
        assert!(page(&statement, Language::Fi).ends_with("</html>"), "{name}");
    }
}
