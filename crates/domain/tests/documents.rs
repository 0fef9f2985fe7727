//! What the documentation shows is read by what it documents.

use domain::policy::Policy;
use domain::signals::{KINDS, Rules};
use serde_json::Value;

fn page(name: &str) -> String {
    let path = format!("{}/../../docs/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml_of(page: &str) -> Value {
    let block = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example in YAML");
    serde_norway::from_str(block).expect("YAML")
}

#[test]
fn the_example_of_a_policy_passes_its_own_tests() {
    let policy = Policy::read(&yaml_of(&page("POLICY.md"))).expect("a policy");
    let report = policy.run_tests();
    assert!(report.passed() && report.untested.is_empty() && report.results.len() == 6, "{report:#?}");
}

#[test]
fn the_example_of_rules_is_one() {
    let rules = Rules::read(&yaml_of(&page("SIGNALS.md"))).expect("rules");
    assert_eq!(rules.rules.len(), 4);
}

#[test]
fn every_kind_of_signal_stands_in_the_documentation_as_it_is() {
    let page = page("SIGNALS.md");
    for kind in KINDS {
        let parameters = kind.parameters.iter().map(|parameter| match parameter.default {
            "" => format!("`{}`", parameter.name),
            default => format!("`{}` ({default})", parameter.name),
        });
        let row = format!("| `{}` | {} | {} | ", kind.name, kind.about, parameters.collect::<Vec<_>>().join(", "));
        assert!(page.contains(&row), "docs/SIGNALS.md lacks this row:\n{row}");
    }
}
