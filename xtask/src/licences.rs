//! Checks that every package in the dependency tree may be used under a permissive licence. Holds the list of accepted
//! licences (`deny.toml` states the same for cargo-deny) and reads SPDX expressions; it does not read licence texts.

use std::collections::BTreeMap;

use cargo_metadata::{CargoOpt, MetadataCommand};

use crate::process::{Result, root};

/// The product's own licence, accepted for the members of the workspace alone.
const OWN: &str = "EUPL-1.2";

/// Accepted for others' work. Every entry is needed by some package, or `run` says that it is not.
const ACCEPTED: &[&str] = &[
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    // Of the list of root certificates, which is data.
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "PostgreSQL",
    "Unicode-3.0",
    "Zlib",
];

/// Accepted besides in the workspace of the fuzz targets, of which nothing is built into the product.
const ACCEPTED_IN_FUZZ: &[&str] = &["NCSA"];

/// Checks both workspaces.
pub(crate) fn run() -> Result<()> {
    tree("Cargo.toml", ACCEPTED, ACCEPTED)?;
    tree("fuzz/Cargo.toml", &[ACCEPTED, ACCEPTED_IN_FUZZ].concat(), ACCEPTED_IN_FUZZ)
}

/// Checks a whole tree, for every platform and with every feature, and that each licence of `needed` is.
fn tree(manifest: &str, accepted: &[&str], needed: &[&str]) -> Result<()> {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join(manifest))
        .features(CargoOpt::AllFeatures)
        .exec()
        .map_err(|e| e.to_string())?;
    let mut expressions: BTreeMap<String, usize> = BTreeMap::new();
    let mut refused = Vec::new();
    for package in &metadata.packages {
        let who = format!("{} {}", package.name, package.version);
        let Some(expression) = package.license.as_deref() else {
            refused.push(format!("{who}: names no licence"));
            continue;
        };
        // A package without a source stands in this repository.
        let own = package.source.is_none();
        let verdict =
            if own { Ok(expression == OWN) } else { satisfied(expression, &|licence| accepted.contains(&licence)) };
        match verdict {
            Ok(true) => {
                let count = expressions.entry(expression.to_owned()).or_default();
                *count = count.saturating_add(1);
            }
            Ok(false) => refused.push(format!("{who}: {expression} is not accepted")),
            Err(why) => refused.push(format!("{who}: {expression}: {why}")),
        }
    }
    for licence in needed {
        if !expressions.keys().any(|expression| tokens(expression).contains(licence)) {
            refused.push(format!("{licence} is on the list and no package needs it"));
        }
    }
    println!("{manifest}:");
    for (expression, count) in &expressions {
        println!("{count:5}  {expression}");
    }
    if refused.is_empty() { Ok(()) } else { Err(format!("licences of {manifest}:\n  {}", refused.join("\n  "))) }
}

/// Whether a licence expression can be met by accepted licences alone: every side of an AND, one side of an OR.
fn satisfied(expression: &str, accepted: &dyn Fn(&str) -> bool) -> std::result::Result<bool, String> {
    let tokens = tokens(expression);
    let mut reader = Reader { rest: &tokens, accepted };
    let met = reader.any()?;
    match reader.rest {
        [] => Ok(met),
        [extra, ..] => Err(format!("`{extra}` is not expected here")),
    }
}

/// Words and brackets; the slash of older manifests stands alone and means OR.
fn tokens(expression: &str) -> Vec<&str> {
    expression
        .split_whitespace()
        .flat_map(|word| word.split_inclusive(['(', ')', '/']))
        .flat_map(|piece| match piece.char_indices().next_back() {
            Some((at, '(' | ')' | '/')) => [piece.get(..at), piece.get(at..)],
            _ => [Some(piece), None],
        })
        .flatten()
        .filter(|token| !token.is_empty())
        .collect()
}

struct Reader<'t> {
    rest: &'t [&'t str],
    accepted: &'t dyn Fn(&str) -> bool,
}

impl<'t> Reader<'t> {
    fn takes(&mut self, wanted: &[&str]) -> bool {
        match self.rest {
            [first, rest @ ..] if wanted.contains(first) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn any(&mut self) -> std::result::Result<bool, String> {
        let mut met = self.all()?;
        while self.takes(&["OR", "/"]) {
            met |= self.all()?;
        }
        Ok(met)
    }

    fn all(&mut self) -> std::result::Result<bool, String> {
        let mut met = self.one()?;
        while self.takes(&["AND"]) {
            met &= self.one()?;
        }
        Ok(met)
    }

    fn one(&mut self) -> std::result::Result<bool, String> {
        if self.takes(&["("]) {
            let met = self.any()?;
            return if self.takes(&[")"]) { Ok(met) } else { Err("a bracket is not closed".to_owned()) };
        }
        let licence = self.name()?;
        if self.takes(&["WITH"]) {
            // An exception only adds permissions, so the licence without it decides.
            self.name()?;
        }
        Ok((self.accepted)(licence))
    }

    fn name(&mut self) -> std::result::Result<&'t str, String> {
        match self.rest {
            [] => Err("it ends too early".to_owned()),
            [word @ ("AND" | "OR" | "WITH" | "/" | "(" | ")"), ..] => {
                Err(format!("`{word}` stands where a licence should"))
            }
            [name, rest @ ..] => {
                self.rest = rest;
                Ok(name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{satisfied, tokens};

    fn accepts(expression: &str) -> Result<bool, String> {
        satisfied(expression, &|licence| ["MIT", "Apache-2.0", "Zlib"].contains(&licence))
    }

    #[test]
    fn expressions_fall_into_words_brackets_and_slashes() {
        assert_eq!(tokens("(MIT/Zlib) AND  GPL-2.0+"), ["(", "MIT", "/", "Zlib", ")", "AND", "GPL-2.0+"]);
        assert_eq!(tokens("Apache-2.0 / MIT"), ["Apache-2.0", "/", "MIT"]);
    }

    #[test]
    fn one_accepted_side_of_an_or_is_enough() {
        for expression in ["MIT", "MIT OR GPL-3.0", "GPL-3.0 OR MIT", "GPL-3.0/MIT", "GPL-3.0 / MIT"] {
            assert_eq!(accepts(expression), Ok(true), "{expression}");
        }
        assert_eq!(accepts("GPL-3.0 OR LGPL-2.1"), Ok(false));
    }

    #[test]
    fn both_sides_of_an_and_are_needed() {
        assert_eq!(accepts("MIT AND Zlib"), Ok(true));
        assert_eq!(accepts("MIT AND GPL-3.0"), Ok(false));
    }

    #[test]
    fn and_binds_closer_than_or_and_brackets_closest() {
        assert_eq!(accepts("MIT OR GPL-3.0 AND AGPL-3.0"), Ok(true));
        assert_eq!(accepts("(MIT OR GPL-3.0) AND AGPL-3.0"), Ok(false));
        assert_eq!(accepts("((MIT OR GPL-3.0)) AND (Zlib)"), Ok(true));
    }

    #[test]
    fn an_exception_leaves_the_licence_to_decide() {
        assert_eq!(accepts("Apache-2.0 WITH LLVM-exception OR GPL-2.0"), Ok(true));
        assert_eq!(accepts("GPL-2.0 WITH Classpath-exception-2.0"), Ok(false));
    }

    #[test]
    fn names_are_compared_whole() {
        assert_eq!(accepts("MIT-0"), Ok(false));
        assert_eq!(accepts("mit"), Ok(false));
    }

    #[test]
    fn a_malformed_expression_is_refused() {
        for expression in ["", "MIT OR", "OR MIT", "(MIT", "MIT)", "MIT Zlib", "MIT WITH", "()"] {
            assert!(accepts(expression).is_err(), "{expression}");
        }
    }
}
