//! Alert rules, the metrics that the program exports, the unit tests of the rules and the runbooks are held against each
//! other; Prometheus' own promtool runs the unit tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use boot::metrics::{Kind, METRICS};
use serde_norway::Value;

const RUNBOOKS: &str = "docs/OPERATIONS.md";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn yaml(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_norway::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).expect("a folder of ours").flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    found.sort();
    assert!(!found.is_empty(), "{folder} is empty");
    found
}

fn list(value: &Value) -> &[Value] {
    value.as_sequence().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Every alert by its name.
fn alerts() -> BTreeMap<String, Value> {
    let documents: Vec<Value> = files("prometheus/rules").iter().map(|file| yaml(file)).collect();
    let groups = documents.iter().flat_map(|document| list(&document["groups"]));
    let rules: Vec<&Value> = groups.flat_map(|group| list(&group["rules"])).collect();
    let named: BTreeMap<String, Value> =
        rules.iter().map(|rule| (text(&rule["alert"]).to_owned(), (*rule).clone())).collect();
    assert_eq!(named.len(), rules.len(), "two alerts have the same name, or one has none");
    named
}

/// What is read in an expression: names of series, and the labels in their matchers and groupings.
fn selected(expression: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    const BETWEEN: [&str; 4] = ["and", "or", "unless", "offset"];
    const GROUPING: [&str; 4] = ["by", "without", "on", "ignoring"];
    let in_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let without_texts: String = expression.split('"').step_by(2).collect();
    let (mut series, mut labels) = (BTreeSet::new(), BTreeSet::new());
    let (mut among_labels, mut rest) = (false, without_texts.as_str());
    while let Some(start) = rest.find(in_word) {
        let (before, from) = rest.split_at(start);
        among_labels = match before.rfind(['{', '}', ')']).map(|at| &before[at..=at]) {
            None => among_labels,
            Some(last) => last == "{",
        };
        let (word, after) = from.split_at(from.find(|character| !in_word(character)).unwrap_or(from.len()));
        let next = after.trim_start();
        if GROUPING.contains(&word) {
            among_labels = true;
        } else if among_labels {
            labels.insert(word.to_owned());
        } else if word.starts_with(|first: char| first.is_ascii_lowercase())
            && !BETWEEN.contains(&word)
            && !next.starts_with('(')
            && !next.starts_with("by")
        {
            series.insert(word.to_owned());
        }
        rest = after;
    }
    (series, labels)
}

/// The metric behind a series: histograms are exported as three.
fn exported(series: &str) -> Option<&'static boot::metrics::Metric> {
    let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|end| series.strip_suffix(end));
    METRICS.iter().find(|metric| match metric.kind {
        Kind::Histogram => Some(metric.name) == of_histogram,
        Kind::Counter | Kind::Gauge => metric.name == series,
    })
}

#[test]
fn every_alert_is_made_of_metrics_that_are_exported() {
    for (alert, rule) in alerts() {
        let (series, labels) = selected(text(&rule["expr"]));
        assert!(!series.is_empty(), "{alert} selects nothing");
        let metrics = series.iter().map(|name| exported(name).ok_or(name)).collect::<Result<Vec<_>, _>>();
        let metrics = metrics.unwrap_or_else(|name| panic!("{alert} reads {name}, which is no metric of ours"));
        for label in labels.iter().filter(|label| *label != "le") {
            assert!(metrics.iter().any(|metric| metric.labels.contains(&label.as_str())), "{alert}: no label {label}");
        }
    }
}

#[test]
fn every_alert_says_what_to_do_and_every_runbook_has_its_alert() {
    let page = std::fs::read_to_string(root().join(RUNBOOKS)).expect("the page");
    let headings: BTreeSet<String> =
        page.lines().filter_map(|line| line.strip_prefix("### EmAgent")).map(|name| format!("EmAgent{name}")).collect();
    let alerts = alerts();
    assert_eq!(headings, alerts.keys().cloned().collect(), "### headings of {RUNBOOKS} and alerts");
    for (alert, rule) in &alerts {
        let notes = &rule["annotations"];
        assert_eq!(text(&notes["runbook"]), format!("{RUNBOOKS}#{}", alert.to_lowercase()));
        assert!(!text(&notes["summary"]).is_empty() && !text(&notes["description"]).is_empty(), "{alert} says nothing");
        assert!(["critical", "warning"].contains(&text(&rule["labels"]["severity"])), "{alert} has no severity");
    }
}

#[test]
fn every_alert_is_tried_firing_and_silent() {
    let mut tried: BTreeMap<String, [bool; 2]> = BTreeMap::new();
    for document in files("prometheus/tests").iter().map(|file| yaml(file)) {
        for case in list(&document["tests"]).iter().flat_map(|test| list(&test["alert_rule_test"])) {
            let fires = !list(&case["exp_alerts"]).is_empty();
            tried.entry(text(&case["alertname"]).to_owned()).or_default()[usize::from(fires)] = true;
        }
    }
    let wanted: BTreeMap<String, [bool; 2]> = alerts().into_keys().map(|alert| (alert, [true, true])).collect();
    assert_eq!(tried, wanted, "per alert: tried silent, tried firing");
}

#[test]
fn promtool_takes_the_configuration_and_the_rules_do_as_their_tests_say() {
    let promtool = testkit::prometheus::promtool();
    let run = |arguments: &[&str], files: &[PathBuf]| {
        let output = Command::new(&promtool).args(arguments).args(files).output().expect("promtool runs");
        let told = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "promtool {arguments:?}: {}", String::from_utf8_lossy(&told));
    };
    run(&["check", "config"], &[root().join("prometheus/prometheus.yml")]);
    run(&["check", "rules"], &files("prometheus/rules"));
    run(&["test", "rules"], &files("prometheus/tests"));
}

#[test]
fn an_expression_is_taken_apart() {
    let (series, labels) =
        selected("sum by (source) (increase(a_total{result=\"x_y\"}[5m] offset 7d)) > 0 and absent(b)");
    assert_eq!(series.into_iter().collect::<Vec<_>>(), ["a_total", "b"]);
    assert_eq!(labels.into_iter().collect::<Vec<_>>(), ["result", "source"]);
}
