//! Direction of the crates, as `cargo metadata` sees it: the engine knows nobody, nothing points back at it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use serde_json::Value;

use super::Finding;
use crate::process::{self, cargo};

/// What each crate of the workspace may use of the others.
const DIRECTION: &[(&str, &[&str])] = &[
    ("engine", &[]),
    ("eventlog", &["engine"]),
    ("measure", &["engine"]),
    ("sim", &["engine", "eventlog"]),
    ("server", &["engine", "eventlog", "measure"]),
    ("xtask", &[]),
];

/// What the engine may use from outside: encodings, hashes, a search for bytes in bytes, and the calendar. What in them could
/// ask the machine for something is banned by name in the engine's clippy.toml.
const ENGINE_MAY_USE: &[&str] = &[
    "borsh",
    "bytemuck",
    "jiff",
    "memchr",
    "serde",
    "serde_json",
    "sha2",
    "siphasher",
    "thiserror",
    "xxhash-rust",
];

/// What must not be anywhere below the engine: runtimes, clocks, chance, the network.
const NOT_BELOW_ENGINE: &[&str] = &[
    "tokio",
    "async-std",
    "smol",
    "rand",
    "rand_core",
    "getrandom",
    "fastrand",
    "chrono",
    "time",
    "mio",
    "socket2",
];

/// Everything cargo knows about the workspace and what it depends on.
pub(super) fn metadata() -> anyhow::Result<Value> {
    let text = process::output(&mut cargo(&["metadata", "--format-version=1"]))?;
    serde_json::from_str(&text).context("cargo metadata is not JSON")
}

pub(super) fn check(metadata: &Value) -> Vec<Finding> {
    let members: Vec<&Value> =
        list(&metadata["packages"]).filter(|package| package["source"].is_null()).collect();
    let names: BTreeSet<&str> = members.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut findings: Vec<Finding> = members.iter().flat_map(|package| direction(package, &names)).collect();
    if let Some(engine) = members.iter().find(|package| package["name"] == "engine") {
        findings.extend(engine_alone(engine, metadata));
    }
    findings
}

fn direction(package: &Value, members: &BTreeSet<&str>) -> Vec<Finding> {
    let name = package["name"].as_str().unwrap_or_default();
    let path =
        format!("{}/Cargo.toml", if name == "xtask" { "xtask".to_owned() } else { format!("crates/{name}") });
    let Some((_, allowed)) = DIRECTION.iter().find(|(member, _)| *member == name) else {
        let message = format!(
            "a new crate `{name}`: record why in docs/decisions, then give it its place in DIRECTION"
        );
        return vec![finding(&path, message)];
    };
    dependencies(package)
        .filter(|used| members.contains(used) && !allowed.contains(used))
        .map(|used| {
            finding(&path, format!("{name} may not use {used}: move what both need to the left of both"))
        })
        .collect()
}

fn engine_alone(engine: &Value, metadata: &Value) -> Vec<Finding> {
    let path = "crates/engine/Cargo.toml";
    let direct = dependencies(engine).filter(|used| !ENGINE_MAY_USE.contains(used)).map(|used| {
        let advice = "keep it out, or show that it is deterministic and add it to ENGINE_MAY_USE";
        finding(path, format!("engine uses {used}: {advice}"))
    });
    let below = below(engine, metadata);
    let banned = below.iter().filter(|used| NOT_BELOW_ENGINE.contains(used)).map(|used| {
        let advice = "the core has no runtime, clock, chance or network: drop the dependency or the feature that brings it";
        finding(path, format!("{used} is below engine: {advice}"))
    });
    direct.chain(banned).collect()
}

/// Names of the packages that a package's normal dependencies lead to.
fn below<'a>(package: &'a Value, metadata: &'a Value) -> BTreeSet<&'a str> {
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"]["nodes"]).filter_map(|node| Some((node["id"].as_str()?, node))).collect();
    let names: BTreeMap<&str, &str> = list(&metadata["packages"])
        .filter_map(|one| Some((one["id"].as_str()?, one["name"].as_str()?)))
        .collect();
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = package["id"].as_str().into_iter().collect();
    while let Some(id) = open.pop() {
        let used = nodes.get(id).map(|node| list(&node["deps"])).into_iter().flatten();
        for dependency in used.filter(|used| list(&used["dep_kinds"]).any(|kind| kind["kind"].is_null())) {
            let id = dependency["pkg"].as_str().unwrap_or_default();
            if reached.insert(id) {
                open.push(id);
            }
        }
    }
    reached.into_iter().filter_map(|id| names.get(id).copied()).collect()
}

/// Names of a package's own dependencies, those of its tests and build script left out.
fn dependencies(package: &Value) -> impl Iterator<Item = &str> {
    list(&package["dependencies"])
        .filter(|used| used["kind"].is_null())
        .filter_map(|used| used["name"].as_str())
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn finding(path: &str, message: String) -> Finding {
    Finding { path: path.to_owned(), line: 1, rule: "crates", message }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn member(name: &str, uses: &[&str]) -> Value {
        let dependencies: Vec<Value> = uses.iter().map(|name| json!({"name": name, "kind": null})).collect();
        json!({"name": name, "id": name, "source": null, "dependencies": dependencies})
    }

    fn messages(packages: &[Value], nodes: &Value) -> Vec<String> {
        let findings = check(&json!({"packages": packages, "resolve": {"nodes": nodes}}));
        findings.into_iter().map(|finding| format!("{}: {}", finding.path, finding.message)).collect()
    }

    #[test]
    fn arrows_that_point_left_are_fine() {
        let packages =
            [member("engine", &["serde"]), member("eventlog", &["engine"]), member("sim", &["eventlog"])];
        assert_eq!(messages(&packages, &json!([])), [""; 0]);
    }

    #[test]
    fn an_arrow_that_points_right_is_found() {
        let packages = [member("engine", &[]), member("measure", &["server"]), member("server", &["engine"])];
        let found = messages(&packages, &json!([]));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("crates/measure/Cargo.toml: measure may not use server"), "{found:?}");
    }

    #[test]
    fn a_new_crate_must_be_given_its_place() {
        let found = messages(&[member("shared", &[])], &json!([]));
        assert!(found.len() == 1 && found[0].contains("a new crate `shared`"), "{found:?}");
    }

    #[test]
    fn the_engine_is_held_to_its_list_and_to_what_is_below_it() {
        let packages =
            [member("engine", &["serde", "uuid"]), json!({"name": "getrandom", "id": "g", "source": "r"})];
        let normal = json!([{"kind": null}]);
        let nodes = json!([
            {"id": "engine", "deps": [{"pkg": "u", "dep_kinds": normal}]},
            {"id": "u", "deps": [{"pkg": "g", "dep_kinds": normal}]},
        ]);
        let found = messages(&packages, &nodes);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].contains("engine uses uuid") && found[1].contains("getrandom is below engine"),
            "{found:?}"
        );
    }

    #[test]
    fn what_only_the_engines_tests_use_is_their_affair() {
        let packages = [member("engine", &[]), json!({"name": "rand", "id": "r", "source": "r"})];
        let nodes = json!([{"id": "engine", "deps": [{"pkg": "r", "dep_kinds": [{"kind": "dev"}]}]}]);
        assert_eq!(messages(&packages, &nodes), [""; 0]);
    }
}
