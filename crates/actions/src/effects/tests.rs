//! Actions as they are read and described.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn faults(kind: &str, subject: &str, payload: &Value) -> Vec<String> {
    let faults = Action::read(kind, subject, payload).expect_err("faults");
    faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.detail)).collect()
}

fn examples() -> Vec<(&'static str, Value)> {
    vec![
        ("nudge", json!({"channel": "#dev", "text": "hello"})),
        ("label", json!({"repo": "acme/shop", "number": 7, "labels": ["a", "b"]})),
        ("comment", json!({"target": "acme/shop#7", "text": "hello"})),
        ("assign_reviewer", json!({"target": "acme/shop#7", "reviewers": ["ada", "acme/rust"], "most": 3})),
        ("issue_create", json!({"repo": "acme/shop", "title": "t", "text": "x", "labels": ["a"], "assignees": ["b"]})),
        (
            "dispatch_workflow",
            json!({"repo": "acme/shop", "workflow": "ci.yml", "ref": "main", "inputs": {"a": true},
            "key_input": "k"}),
        ),
        (
            "deployment_protection",
            json!({"repo": "acme/shop", "run_id": 7, "environment": "prod", "state": "rejected",
            "comment": "no", "callback_url": "https://api.github.com/x"}),
        ),
        (
            "page",
            json!({"summary": "s", "severity": "warning", "source": "shop", "component": "db", "dedup_key": "k",
            "details": {"a": 1}}),
        ),
        (
            "webhook",
            json!({"url": "https://a.example/secret/path?t=sesame", "type": "a.b",
            "timestamp": "2026-11-21T12:00:00Z", "data": {"a": 1}}),
        ),
    ]
}

#[test]
fn every_kind_is_read_written_and_read_again() {
    let examples = examples();
    assert_eq!(examples.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), KINDS.map(|(kind, _)| kind));
    for (kind, payload) in examples {
        let action = Action::read(kind, "", &payload).expect(kind);
        assert_eq!(action.kind(), kind);
        let written = serde_json::to_value(&action).expect("JSON");
        assert_eq!(written["kind"], kind);
        assert_eq!(Action::read(kind, "", &written).expect(kind), action);
    }
}

#[test]
fn the_subject_says_what_the_payload_leaves_out() {
    let comment = Action::read("comment", "acme/shop#12", &json!({"text": "x"})).expect("an action");
    let Action::Comment(comment) = comment else { panic!("a comment") };
    assert_eq!(comment.at.to_string(), "acme/shop#12");
    let issue = Action::read("issue_create", "acme/shop#12", &json!({"title": "x"})).expect("an action");
    assert!(matches!(issue, Action::IssueCreate(IssueCreate { repo, .. }) if repo.to_string() == "acme/shop"));
}

#[test]
fn what_is_wrong_is_said_at_once_and_by_name() {
    assert!(faults("dance", "", &json!({}))[0].starts_with("/kind no action is called so: nudge, label"));
    assert_eq!(faults("comment", "x", &json!([])), [" the payload is no object"]);
    let said = faults("comment", "wip:all", &json!({"txet": "x", "number": 0}));
    assert_eq!(
        said,
        [
            "/number takes a whole number from 1 to 18446744073709551615",
            "/target is missing: owner/name#number here, or `repo` and `number`, or as the job's subject",
            "/text is missing: a text of 1 to 60000 characters",
            "/txet is unknown: this action takes target, repo, number, text",
        ]
    );
    let one = |kind: &str, payload: Value| faults(kind, "acme/shop#7", &payload).join("; ");
    assert!(one("nudge", json!({"channel": "a", "user": "b", "text": "x"})).contains("one of both"));
    assert!(one("label", json!({})).contains("/labels is missing"));
    assert!(one("comment", json!({"repo": "acme/shop", "text": "x"})).contains("/target"), "half a target is none");
    assert!(one("assign_reviewer", json!({"reviewers": ["other/team"]})).contains("got other/team"));
    assert!(one("assign_reviewer", json!({"reviewers": ["a b"]})).contains("got a b"));
    assert!(one("dispatch_workflow", json!({"workflow": "a/b", "ref": "x"})).contains("without the folder"));
    assert!(one("dispatch_workflow", json!({"workflow": "a", "ref": "x", "inputs": {"a": []}})).contains("/inputs"));
    assert!(
        one(
            "deployment_protection",
            json!({"repo": "a/b", "run_id": 1, "environment": "p", "comment": "x",
        "state": "maybe"})
        )
        .contains("/state takes approved, rejected")
    );
    assert!(one("page", json!({"event": "resolve"})).contains("/dedup_key is missing"));
    assert!(one("page", json!({"summary": "x".repeat(1_025)})).contains("1 to 1024 characters"));
    assert!(one("webhook", json!({"url": "https://a", "type": "a b"})).contains("/type takes letters"));
    assert!(one("webhook", json!({"url": "https://a", "type": "a", "timestamp": "x"})).contains("/timestamp"));
}

#[test]
fn a_plan_shows_what_would_be_sent_and_no_secret() {
    let plans = examples().into_iter().map(|(kind, payload)| {
        let action = Action::read(kind, "", &payload).expect(kind);
        action.plan(&effect_key("job", &action))
    });
    let plans: Vec<Plan> = plans.collect();
    let lines: Vec<String> =
        plans.iter().map(|plan| format!("{}: {} ({})", plan.system, plan.summary, plan.request)).collect();
    assert_eq!(
        lines,
        [
            "Slack: tell #dev (POST chat.postMessage)",
            "GitHub: label acme/shop#7 with a, b (POST /repos/acme/shop/issues/7/labels)",
            "GitHub: comment on acme/shop#7 (POST /repos/acme/shop/issues/7/comments)",
            "GitHub: ask ada, acme/rust to review acme/shop#7 (POST /repos/acme/shop/pulls/7/requested_reviewers)",
            "GitHub: create the issue \"t\" in acme/shop (POST /repos/acme/shop/issues)",
            "GitHub: start ci.yml of acme/shop on main (POST /repos/acme/shop/actions/workflows/ci.yml/dispatches)",
            "GitHub: reject the deployment of acme/shop to prod (run 7) \
             (POST /repos/acme/shop/actions/runs/7/deployment_protection_rule)",
            "PagerDuty: page: s (POST /v2/enqueue)",
            "Webhook: send a.b to a.example (POST https://a.example/…)",
        ]
    );
    let all = serde_json::to_string(&plans).expect("JSON");
    assert!(!all.contains("sesame") && !all.contains("secret"), "{all}");
}

#[test]
fn a_key_belongs_to_one_job_and_one_action() {
    let comment = |text: &str| Action::read("comment", "acme/shop#7", &json!({ "text": text })).expect("an action");
    let key = effect_key("1", &comment("x"));
    assert_eq!(key, effect_key("1", &comment("x")));
    assert_ne!(key, effect_key("2", &comment("x")));
    assert_ne!(key, effect_key("1", &comment("y")));
    assert!(key.as_str().len() == 32 && key.as_str().bytes().all(|byte| byte.is_ascii_hexdigit()));
}

proptest! {
    #[test]
    fn no_payload_stops_the_reader(
        place in 0..KINDS.len(), subject in ".{0,20}", name in "[a-z_]{1,10}", text in ".{0,40}", number in any::<i64>()
    ) {
        let (kind, known) = KINDS[place];
        let known = known[number.unsigned_abs() as usize % known.len()];
        for value in [json!(text), json!(number), json!([text]), json!({(text.clone()): text}), Value::Null] {
            let mut payload = json!({(name.clone()): value});
            payload[known] = value;
            if let Ok(action) = Action::read(kind, &subject, &payload) {
                action.plan(&effect_key("job", &action));
            }
        }
    }
}

#[test]
fn the_page_names_every_kind_with_everything_it_takes() {
    let page = include_str!("../../../../docs/ACTIONS.md");
    for ((kind, known), (_, payload)) in KINDS.iter().zip(examples()) {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{kind}` | `"))).expect(kind);
        let is_said = |name: &&&str| row.contains(&format!("`{name}`")) || ["repo", "number"].contains(*name);
        assert!(known.iter().all(|name| is_said(&name)), "{kind}: {known:?} in {row}");
        let action = Action::read(kind, "", &payload).expect(kind);
        let plan = action.plan(&effect_key("job", &action));
        assert!(plan.permissions.iter().all(|one| row.contains(one.trim_matches('`')) || row.contains("`chat:write`")));
    }
}
