//! Conditions mean what a stranger's CEL says that they mean: `oracles/cel_conditions.py` holds the same file against PyPI
//! cel-python. Where that is not as CEL's specification says, the case has what it says (`cel_python`) and why. Optional
//! values (`facts.?lines`) are not among them: that engine does not know them.

use std::collections::BTreeSet;
use std::path::Path;

use domain::policy::{Input, Policy};
use policies::yaml;
use serde::Deserialize;
use serde_json::{Value, json};

const CASES: &str = include_str!("fixtures/cel.json");

/// An expression over an input; `value` is null where it cannot be evaluated to true or false.
#[derive(Debug, Deserialize)]
struct Case {
    when: String,
    input: Value,
    value: Option<bool>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(CASES).expect("cases")
}

fn evaluated(case: &Case) -> Option<bool> {
    let policy = json!({"version": 1, "rules": [{"name": "r", "when": case.when, "then": {"action": "label"}}],
        "default": {"action": "nudge"}});
    let policy = Policy::read(&policy).unwrap_or_else(|faults| panic!("{}: {faults:?}", case.when));
    let decision = policy.decide(&Input::read(&case.input).expect("an input"));
    if decision.error.is_some() { None } else { Some(decision.action == "label") }
}

#[test]
fn both_engines_say_the_same() {
    let cases = cases();
    let differ: Vec<String> = cases
        .iter()
        .map(|case| (case, evaluated(case)))
        .filter(|(case, found)| *found != case.value)
        .map(|(case, found)| format!("{} over {}: {found:?}, not {:?}", case.when, case.input, case.value))
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    let distinct: BTreeSet<&str> = cases.iter().map(|case| case.when.as_str()).collect();
    assert!(distinct.len() >= 50, "only {} expressions", distinct.len());
}

fn conditions(document: &Value) -> Vec<String> {
    let rules = document["rules"].as_array().expect("rules").iter();
    rules.filter_map(|rule| rule["when"].as_str().map(str::to_owned)).collect()
}

#[test]
fn what_is_shipped_and_what_the_docs_show_is_among_them() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/POLICY.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let example = page.split("```yaml").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let example = yaml::read(example).expect("YAML");
    let known: BTreeSet<String> = cases().into_iter().map(|case| case.when).collect();
    let wanted = conditions(Policy::shipped().document()).into_iter().chain(conditions(&example));
    let missing: Vec<String> = wanted.filter(|when| !known.contains(when)).collect();
    assert!(missing.is_empty(), "tests/fixtures/cel.json has no case of {missing:?}");
    // The example is whole: it passes its own tests.
    let report = Policy::read(&example).expect("a policy").run_tests();
    assert!(report.passed(), "{report:?}");
}
