//! The plugins that are shipped: each reads, makes of its examples what is expected, and believes only what is signed.
//!
//! `EM_ACCEPT=1 cargo test -p integrations --test plugins` writes what is expected anew: read the difference.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use domain::rules::Rules;
use integrations::{Case, Plugin, noun_fields};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

fn plugins() -> Vec<Plugin> {
    let files = entries(&folder()).into_iter().filter(|file| name(file).ends_with(".toml"));
    let read = |file: PathBuf| {
        let text = fs::read_to_string(&file).expect("a text");
        let plugin = Plugin::read(&text).unwrap_or_else(|fault| panic!("{}: {fault}", file.display()));
        assert_eq!(format!("{}.toml", plugin.name()), name(&file));
        plugin
    };
    files.map(read).collect()
}

fn accepted() -> bool {
    option_env!("EM_ACCEPT").is_some()
}

#[test]
fn every_example_makes_its_events() {
    let plugins = plugins();
    assert!(plugins.len() >= 3);
    for plugin in plugins {
        let mut seen = BTreeSet::new();
        for kind in entries(&folder().join(plugin.name())).iter().filter(|path| path.is_dir()) {
            let mut expectations: BTreeSet<String> =
                entries(kind).iter().map(|file| name(file)).filter(|file| file.ends_with(".events.json")).collect();
            for file in entries(kind).iter().filter(|file| {
                let file = name(file);
                file.ends_with(".json") && !file.ends_with(".events.json")
            }) {
                let headers = fs::read_to_string(file.with_extension("headers")).unwrap_or_default();
                let body = fs::read(file).expect("a body");
                let case = Case { folder: &name(kind), headers: &headers, body: &body };
                let events = plugin.try_case(&case, &Rules::default());
                let events = events.unwrap_or_else(|what| panic!("{}: {what}", file.display()));
                let beside = file.with_extension("events.json");
                if accepted() {
                    let text = serde_json::to_string_pretty(&events).expect("JSON");
                    fs::write(&beside, format!("{text}\n")).expect("written");
                }
                let expected = fs::read_to_string(&beside).unwrap_or_default();
                let expected: Value = serde_json::from_str(&expected).expect("the expected events");
                assert_eq!(events, expected, "{}", file.display());
                expectations.remove(&name(&beside));
                seen.extend(events.as_array().into_iter().flatten().map(|event| event["type"].to_string()));
            }
            assert!(expectations.is_empty(), "{}: nothing makes {expectations:?}", kind.display());
        }
        assert!(!seen.is_empty(), "{}: no example makes an event", plugin.name());
        let folders: BTreeSet<String> = entries(&folder().join(plugin.name())).iter().map(|path| name(path)).collect();
        for kind in plugin.mappings().kinds().filter(|kind| *kind != "*") {
            assert!(folders.contains(&integrations::folder(kind)), "{}: no example of {kind}", plugin.name());
        }
    }
}

#[test]
fn every_proof_is_proved() {
    for plugin in plugins() {
        let text = fs::read_to_string(folder().join(plugin.name()).join("vectors.toml")).expect("vectors");
        assert_eq!(plugin.try_vectors(&text), Vec::<String>::new(), "{}", plugin.name());
    }
}

fn guide() -> String {
    fs::read_to_string(folder().join("../docs/PLUGINS.md")).expect("the guide")
}

/// The blocks of the guide in that language, in order.
fn blocks(language: &str) -> Vec<String> {
    let guide = guide();
    let open = format!("   ```{language}\n");
    let block = |rest: &str| rest.split("   ```\n").next().unwrap_or_default().replace("\n   ", "\n");
    guide.split(&open).skip(1).map(|rest| block(rest.trim_start_matches("   "))).collect()
}

#[test]
fn the_guide_is_true() {
    let (toml, json) = (blocks("toml"), blocks("json"));
    let plugin = Plugin::read(&toml[0]).expect("the plugin of the guide");
    let case = Case { folder: "released", headers: "x-harbour-delivery: 1", body: json[0].as_bytes() };
    let expected: Value = serde_json::from_str(&json[1]).expect("JSON");
    assert_eq!(plugin.try_case(&case, &Rules::default()), Ok(expected));
    assert_eq!(plugin.try_vectors(&toml[1]), Vec::<String>::new());
}

#[test]
fn the_guide_lists_every_field_of_every_noun() {
    let guide = guide();
    for (noun, fields) in noun_fields() {
        let row = format!("| `{noun}` | `{}` |", fields.join("` `"));
        assert!(guide.contains(&row), "docs/PLUGINS.md lacks the row {row}");
    }
}
