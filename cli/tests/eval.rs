//! `em-agent eval` from the outside: by rule it needs nothing, with a model it says what it needs and why.

mod running;

use running::{em_agent, text};

#[test]
fn by_rule_it_needs_nothing_and_is_good_enough() {
    let output = em_agent(&["eval", "--json"], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert!(report["scores"].as_array().is_some_and(|scores| scores.len() >= 30), "{report}");
    assert_eq!(report["cost_micro_usd"], 0);
}

#[test]
fn with_a_model_it_says_why_it_needs_the_database() {
    let output = em_agent(&["eval", "--live"], &[("AGENT_LLM_ENABLED", "true"), ("OPENAI_API_KEY", "sk-not-real")]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("DATABASE_URL") && said.contains("budgets"), "{said}");
    assert!(!said.contains("sk-not-real") && output.stdout.is_empty(), "{said}");
}
