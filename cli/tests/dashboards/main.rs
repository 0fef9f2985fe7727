//! The dashboards of Grafana: made of their sources, sound as JSON, and every query of theirs run as Grafana would run it.
//!
//! There is no Grafana here: `testkit::grafana` does what it documents of variables and macros. The PromQL of the same dashboards is
//! run by `cli/tests/whole/dashboards.rs`, against a Prometheus that scraped a real run.

mod headlines;
mod kinds;
mod make;
mod queries;
mod sound;
mod source;

use std::collections::BTreeMap;

use serde_json::Value;
use testkit::grafana::{dashboards, folder};

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
