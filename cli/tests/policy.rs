//! `em-agent policy` and `em-agent audit` from the outside.

mod running;

use running::{em_agent, text};
use serde_json::Value;
use testkit::database::Database;
use testkit::folder::Folder;

const PAGE: &str = include_str!("../../docs/POLICY.md");

/// The exit code, standard output and standard error.
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let output = em_agent(arguments, variables);
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn example() -> &'static str {
    let (_, rest) = PAGE.split_once("```yaml\n").expect("an example");
    rest.split_once("```").expect("its end").0
}

#[test]
fn the_tests_of_a_document_are_run_and_what_differs_is_told() {
    let folder = Folder::fresh();
    let path = folder.path().join("policy.yaml");
    let path = path.to_str().expect("a path");
    folder.write("policy.yaml", example());
    let (code, told, said) = run(&["policy", "test", path], &[]);
    assert_eq!(code, Some(0), "{told}{said}");
    assert!(told.lines().all(|line| line.starts_with("ok\t")) && said.contains("6 tests, 0 failed"), "{told}{said}");

    folder.write("policy.yaml", &example().replace("expect: {action: nudge,", "expect: {action: escalate,"));
    let (code, told, said) = run(&["policy", "test", path], &[]);
    assert_eq!(code, Some(1), "{told}{said}");
    assert!(told.contains("FAILED\ta reminder\n\taction: expected escalate, got nudge"), "{told}");

    folder.write("policy.yaml", "version: 2\nrules: []");
    let (code, _, said) = run(&["policy", "test", path], &[]);
    assert_eq!(code, Some(2));
    assert!(said.contains("/version: "), "{said}");
}

#[test]
fn a_policy_is_tried_and_the_audit_proved_with_the_database_alone() {
    let database = Database::fresh();
    let here = [("DATABASE_URL", database.url.as_str())];
    let (code, told, said) = run(&["policy", "simulate", "--days", "7", "--json"], &here);
    assert_eq!(code, Some(0), "{said}");
    let told: Value = serde_json::from_str(&told).expect("json");
    assert_eq!(told["decided"], 0, "{told}");
    let (code, _, said) = run(&["audit", "verify"], &here);
    assert_eq!((code, said.as_str()), (Some(0), "em-agent: the audit is whole: 0 rows\n"));

    let row = "insert into audit_log (tenant_id, seq, at, actor, action, subject, detail, prev_hash, hash)
               values ('default', 1, now(), 'mallory', 'x', 'y', '{}', '', '')";
    store::migrate::execute(&database.url, row).expect("a row");
    let (code, _, said) = run(&["audit", "verify"], &here);
    assert!(code == Some(1) && said.contains("does not hold at row 1"), "{said}");
    let (code, _, said) = run(&["audit", "verify", "--tenant", "nobody"], &here);
    assert!(code == Some(2) && said.contains("no tenant 'nobody'"), "{said}");
}
