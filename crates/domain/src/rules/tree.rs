//! A rule as a tree: the rules directly within one, and where each stands.

use std::fmt;

use super::value_rule::ValueRule;

/// Where a rule stands within another. It is written as a JSON pointer below the other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    member: &'static str,
    index: Option<usize>,
    tail: &'static str,
}

impl Place {
    const fn at(member: &'static str) -> Self {
        Self { member, index: None, tail: "" }
    }

    const fn nth(member: &'static str, index: usize, tail: &'static str) -> Self {
        Self { member, index: Some(index), tail }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "{}/{index}{}", self.member, self.tail),
            None => f.write_str(self.member),
        }
    }
}

impl ValueRule {
    /// The rules that stand directly within this one, each with its place.
    pub fn children(&self) -> Vec<(Place, &Self)> {
        match self {
            Self::Flat { .. }
            | Self::Number { .. }
            | Self::Price { .. }
            | Self::IncomeReduction(_)
            | Self::NotEligible { .. } => Vec::new(),
            Self::Fact { missing, .. } => vec![(Place::at("/fact/missing"), missing)],
            Self::Bands { bands, above, missing, .. } => {
                numbered(bands.iter().map(|band| &band.then), "/bands/bands", "/then")
                    .chain([
                        (Place::at("/bands/above"), above.as_ref()),
                        (Place::at("/bands/missing"), missing.as_ref()),
                    ])
                    .collect()
            }
            Self::Cases { cases, otherwise, missing, .. } => {
                numbered(cases.iter().map(|case| &case.then), "/cases/cases", "/then")
                    .chain(otherwise.as_deref().map(|rule| (Place::at("/cases/otherwise"), rule)))
                    .chain([(Place::at("/cases/missing"), missing.as_ref())])
                    .collect()
            }
            Self::Listed { missing, .. } => vec![(Place::at("/listed/missing"), missing)],
            Self::TimeBands(times) => numbered(times.bands.iter().map(|band| &band.then), "/time_bands/bands", "/then")
                .chain(times.otherwise.as_deref().map(|rule| (Place::at("/time_bands/otherwise"), rule)))
                .chain([(Place::at("/time_bands/missing"), times.missing.as_ref())])
                .collect(),
            Self::Sum { of } => numbered(of.iter(), "/sum/of", "").collect(),
            Self::Difference { of, less } => [(Place::at("/difference/of"), of.as_ref())]
                .into_iter()
                .chain(numbered(less.iter(), "/difference/less", ""))
                .collect(),
            Self::Product { of } => numbered(of.iter(), "/product/of", "").collect(),
            Self::Least { of } => numbered(of.iter(), "/least/of", "").collect(),
            Self::Greatest { of } => numbered(of.iter(), "/greatest/of", "").collect(),
            Self::Clamp { of, .. } => vec![(Place::at("/clamp/of"), of)],
            Self::Round { of, .. } => vec![(Place::at("/round/of"), of)],
            Self::Individual { missing, .. } => vec![(Place::at("/individual/missing"), missing)],
            Self::Named { of, .. } => vec![(Place::at("/named/of"), of)],
        }
    }

    /// This rule and all that stand within it.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        let mut left = vec![self];
        std::iter::from_fn(move || {
            let rule = left.pop()?;
            left.extend(rule.children().into_iter().map(|(_, child)| child));
            Some(rule)
        })
    }

    /// This rule and all that stand within it, each with its JSON pointer below `pointer`, outer ones first.
    pub fn walk(&self, pointer: &str) -> Vec<(String, &Self)> {
        let mut found = vec![(pointer.to_owned(), self)];
        let mut next = 0;
        while let Some((at, rule)) = found.get(next).cloned() {
            found.extend(rule.children().into_iter().map(|(place, child)| (format!("{at}{place}"), child)));
            next += 1;
        }
        found
    }
}

fn numbered<'r>(
    rules: impl Iterator<Item = &'r ValueRule>,
    member: &'static str,
    tail: &'static str,
) -> impl Iterator<Item = (Place, &'r ValueRule)> {
    rules.enumerate().map(move |(i, rule)| (Place::nth(member, i, tail), rule))
}
