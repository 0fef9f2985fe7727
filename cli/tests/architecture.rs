//! The graph of crates is law: who may use whom, and which library belongs to which room.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Our crates from the ground up. A crate may use only crates of lower rows.
const RANKS: &[&[&str]] = &[
    &["domain"],
    &["integrations", "store", "bus", "outbound"],
    &["relay", "slack", "actions", "boot"],
    &["show", "policies", "models"],
    &["summaries", "knowledge"],
    &["ask"],
    &["gateway", "worker"],
    &["em-agent", "bench"],
];

/// Tests only: anybody may use it for tests, nobody otherwise. The benchmarks are no part of what is shipped and may.
const TESTKIT: &str = "testkit";

/// Libraries that only some crates may use: everybody else goes through those crates.
const ROOMS: &[(&str, &[&str])] = &[
    ("diesel", &["store", "testkit"]),
    ("diesel_migrations", &["store"]),
    ("async-nats", &["bus", "testkit"]),
    ("actix-web", &["gateway", "bench"]),
    ("reqwest", &["outbound", "testkit"]),
    ("genai", &["models"]),
    ("libc", &["boot"]),
    ("cel", &["domain"]),
    ("governor", &["gateway"]),
    ("hmac", &["integrations", "actions"]),
    ("jaq-core", &["integrations"]),
    ("jaq-std", &["integrations"]),
];

/// What the pure crates may not touch: I/O, clocks, other people's runtimes.
const PURE: &[(&str, &[&str])] =
    &[("domain", &["tokio", "tracing", "metrics"]), ("integrations", &["tokio", "tracing", "metrics"])];

/// Package → its direct dependencies as (name, kind).
fn dependencies() -> BTreeMap<String, BTreeSet<(String, String)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root)
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
    let text = |value: &Value| value.as_str().unwrap_or("normal").to_owned();
    let of = |package: &Value| {
        let list = package["dependencies"].as_array().expect("a list");
        list.iter().map(|one| (text(&one["name"]), text(&one["kind"]))).collect()
    };
    let packages = metadata["packages"].as_array().expect("a list");
    packages.iter().map(|package| (text(&package["name"]), of(package))).collect()
}

fn rank(name: &str) -> Option<usize> {
    RANKS.iter().position(|row| row.contains(&name))
}

#[test]
fn every_crate_uses_only_crates_below_it() {
    let all = dependencies();
    let ranked: BTreeSet<&str> = RANKS.iter().flat_map(|row| row.iter().copied()).chain([TESTKIT]).collect();
    assert_eq!(
        all.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        ranked,
        "a crate has no rank: give it one here"
    );
    for (package, uses) in &all {
        for (used, kind) in uses {
            if used == TESTKIT && package != "bench" {
                assert_eq!(kind, "dev", "{package} uses the test kit outside tests");
            }
            // Tests look down from above, and so does the kit that they are made with.
            if let (Some(mine), Some(theirs)) = (rank(package), rank(used))
                && kind != "dev"
            {
                assert!(theirs < mine, "{package} reaches past its rank to {used}");
            }
        }
    }
}

#[test]
fn every_library_stays_in_its_room() {
    for (package, uses) in &dependencies() {
        for (used, _) in uses.iter().filter(|(_, kind)| kind != "dev") {
            if let Some((_, rooms)) = ROOMS.iter().find(|(library, _)| library == used) {
                assert!(rooms.contains(&package.as_str()), "{package} uses {used}: go through {rooms:?}");
            }
            if let Some((_, banned)) = PURE.iter().find(|(pure, _)| pure == package) {
                assert!(!banned.contains(&used.as_str()), "{package} is pure and must not use {used}");
            }
        }
    }
}

#[test]
fn files_open_with_what_their_room_does_and_stay_readable() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in ["cli", "gateway", "integrations", "worker", "crates", "bench", "fuzz/src", "fuzz/fuzz_targets"] {
        collect(&root.join(folder), &mut files);
    }
    assert!(files.len() > 50, "found only {} files", files.len());
    for file in &files {
        let text = std::fs::read_to_string(file).expect("a file of ours");
        let name = file.display();
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! ") && first.len() > 12, "{name} does not say what it is for");
        let before_tests = text.split("#[cfg(test)]").next().unwrap_or_default().lines().count();
        assert!(before_tests <= 350, "{name} has {before_tests} lines before its tests: two ideas in one room?");
    }
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of ours").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
