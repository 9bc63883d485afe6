//! Arrows point down only: service → persistence → domain. Checked on what cargo resolved, so that a layer cannot be
//! left by way of somebody else's crate either.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata};

use super::Finding;
use crate::process::Result;

const DOMAIN: &str = "valinta-domain";
const PERSISTENCE: &str = "valinta-persistence";
const SERVICE: &str = "valinta-service";

/// Layers that a crate must not reach, neither itself nor through others. A name that ends in `*` is a beginning.
const UNREACHABLE: &[(&str, &[&str])] = &[
    (
        DOMAIN,
        &[PERSISTENCE, SERVICE, "actix*", "diesel*", "hyper", "libsqlite3-sys", "pq-sys", "r2d2", "tokio*", "ureq"],
    ),
    (PERSISTENCE, &[SERVICE, "actix*", "hyper", "ureq"]),
];

/// The database is spoken to by one crate. The acceptance suite may look behind the service's back, and the benchmarks
/// fill a database in bulk.
const DATABASE: &[&str] = &["diesel*", "libsqlite3-sys", "pq-sys", "r2d2"];
const MAY_NAME_DATABASE: &[&str] = &[PERSISTENCE, "acceptance", "valinta-bench"];

/// Who depends on whom, by name.
#[derive(Default)]
pub(super) struct Graph {
    members: BTreeSet<String>,
    /// What a crate is built from.
    built_from: BTreeMap<String, BTreeSet<String>>,
    /// What its tests use besides; known for members only.
    tested_with: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// Reads the resolved graph. Versions of one crate count as one.
    pub(super) fn of(metadata: &Metadata) -> Result<Self> {
        let resolve = metadata.resolve.as_ref().ok_or("cargo metadata resolved nothing")?;
        let names: BTreeMap<_, _> =
            metadata.packages.iter().map(|package| (&package.id, package.name.to_string())).collect();
        let mut graph = Self::default();
        for node in &resolve.nodes {
            let Some(name) = names.get(&node.id) else {
                continue;
            };
            if metadata.workspace_members.contains(&node.id) {
                graph.members.insert(name.clone());
            }
            for dependency in &node.deps {
                let Some(other) = names.get(&dependency.pkg) else {
                    continue;
                };
                let tests_only = dependency.dep_kinds.iter().all(|kind| kind.kind == DependencyKind::Development);
                let side = if tests_only { &mut graph.tested_with } else { &mut graph.built_from };
                side.entry(name.clone()).or_default().insert(other.clone());
            }
        }
        Ok(graph)
    }

    /// Everything that a crate is built from, with the crate that brings it in.
    fn closure(&self, start: &str) -> BTreeMap<&str, &str> {
        let mut reached: BTreeMap<&str, &str> = BTreeMap::new();
        let mut open = vec![start];
        while let Some(name) = open.pop() {
            let Some((by, others)) = self.built_from.get_key_value(name) else {
                continue;
            };
            for other in others {
                if !reached.contains_key(other.as_str()) {
                    reached.insert(other, by);
                    open.push(other);
                }
            }
        }
        reached
    }
}

/// Every arrow that points the wrong way.
pub(super) fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (layer, forbidden) in UNREACHABLE {
        if !graph.members.contains(*layer) {
            findings.push(Finding::new(*layer, "is not a member of the workspace"));
        }
        for (reached, by) in graph.closure(layer) {
            if named(reached, forbidden) {
                findings.push(Finding::new(*layer, format!("must not reach {reached} (through {by})")));
            }
        }
        for used in graph.tested_with.get(*layer).into_iter().flatten() {
            if [PERSISTENCE, SERVICE].contains(&used.as_str()) && named(used, forbidden) {
                findings.push(Finding::new(*layer, format!("must not test itself with {used}")));
            }
        }
    }
    for member in graph.members.iter().filter(|member| !MAY_NAME_DATABASE.contains(&member.as_str())) {
        let direct = [&graph.built_from, &graph.tested_with];
        for used in direct.iter().filter_map(|side| side.get(member)).flatten() {
            if named(used, DATABASE) {
                findings.push(Finding::new(member, format!("must not depend on {used}; only {PERSISTENCE} does")));
            }
        }
    }
    findings
}

fn named(name: &str, patterns: &[&str]) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == *pattern,
    })
}

#[cfg(test)]
mod tests {
    use super::{Graph, check};

    fn graph(arrows: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::default();
        for member in ["valinta-domain", "valinta-persistence", "valinta-service", "acceptance"] {
            graph.members.insert(member.to_owned());
        }
        for (from, to) in arrows {
            graph.built_from.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        graph
    }

    fn found(arrows: &[(&str, &str)]) -> Vec<String> {
        check(&graph(arrows)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn arrows_that_point_down_are_accepted() {
        let arrows = [
            ("valinta-service", "valinta-persistence"),
            ("valinta-service", "valinta-domain"),
            ("valinta-service", "actix-web"),
            ("valinta-persistence", "valinta-domain"),
            ("valinta-persistence", "diesel"),
            ("valinta-persistence", "tokio"),
            ("acceptance", "diesel"),
            ("valinta-domain", "serde"),
        ];
        assert_eq!(found(&arrows), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_that_points_up_is_found() {
        assert_eq!(found(&[("valinta-domain", "valinta-persistence")]).len(), 1);
        assert_eq!(found(&[("valinta-persistence", "valinta-service")]).len(), 1);
    }

    #[test]
    fn a_forbidden_crate_behind_another_is_found_with_who_brings_it() {
        let found = found(&[("valinta-domain", "helper"), ("helper", "tokio-util")]);
        assert_eq!(found, ["valinta-domain: must not reach tokio-util (through helper)"]);
    }

    #[test]
    fn only_persistence_depends_on_the_database() {
        let found = found(&[("valinta-service", "diesel_migrations")]);
        assert_eq!(found, ["valinta-service: must not depend on diesel_migrations; only valinta-persistence does"]);
    }

    #[test]
    fn a_layer_does_not_test_itself_with_the_one_above() {
        let mut graph = graph(&[]);
        let tests = graph.tested_with.entry("valinta-domain".to_owned()).or_default();
        tests.insert("valinta-persistence".to_owned());
        tests.insert("tokio".to_owned());
        assert_eq!(check(&graph).len(), 1);
    }

    #[test]
    fn a_circle_is_walked_once() {
        assert_eq!(found(&[("valinta-domain", "a"), ("a", "b"), ("b", "a")]), Vec::<String>::new());
    }
}
