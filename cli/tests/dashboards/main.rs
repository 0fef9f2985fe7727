//! The dashboards of Grafana: made of their sources, sound as JSON, and every query of theirs run as Grafana would run it.
//!
//! There is no Grafana here: `expand` does what it documents of variables and macros. The PromQL of the same dashboards is
//! run by `cli/tests/whole/dashboards.rs`, against a Prometheus that scraped a real run.

mod expand;
mod kinds;
mod make;
mod queries;
mod sound;
mod source;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder of everything that Grafana reads, in the repository.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../grafana").join(name)
}

/// Every dashboard by the name of its file, as Grafana reads it.
fn dashboards() -> BTreeMap<String, Value> {
    let entries = std::fs::read_dir(folder("dashboards")).expect("the dashboards").flatten();
    let read = |path: PathBuf| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a dashboard");
        (name, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    };
    entries.map(|entry| read(entry.path())).collect()
}

/// Panels of a dashboard that show something.
fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    dashboard["panels"].as_array().into_iter().flatten().filter(|panel| panel["type"] != "row")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// With EM_WRITE_DASHBOARDS set, writes them.
#[test]
fn the_files_are_current() {
    let shared = source::shared();
    let writes = boot::environment::variables().contains_key("EM_WRITE_DASHBOARDS");
    let made: BTreeMap<String, Value> =
        source::dashboards().into_iter().map(|(name, source)| (name, make::dashboard(&shared, &source))).collect();
    assert!(made.len() >= 10, "{:?}", made.keys());
    for (name, dashboard) in made.iter().filter(|_| writes) {
        let text = serde_json::to_string_pretty(dashboard).expect("JSON");
        std::fs::write(folder("dashboards").join(format!("{name}.json")), text + "\n").expect("a file");
    }
    let files = dashboards();
    let names = |all: &BTreeMap<String, Value>| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&files), names(&made), "a dashboard without a source, or the other way round");
    for (name, dashboard) in &made {
        assert!(
            files[name] == *dashboard,
            "grafana/dashboards/{name}.json is not what its source says: see docs/DASHBOARDS.md"
        );
    }
}
