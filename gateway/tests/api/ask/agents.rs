//! Runs of agents over HTTP: what is queued, what is answered at once, and what is proposed and by whom.

use gateway::access::Role;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{WEEK, cites, known_world};
use crate::metrics::facts;
use crate::people::{counts, metrics};
use crate::world::{World, problem};

async fn run(world: &World, role: Role, body: &Value) -> Response {
    world.request_as(role, Method::POST, "/v1/agent/run").json(body).send().await.expect("an answer")
}

fn open_change(number: &str, extra: &[(&str, &str)]) -> String {
    let usual = [
        ("tenant_id", "default"),
        ("repo", "acme/shop"),
        ("number", number),
        ("registers", "{}"),
        ("opened_at", "2026-11-01T09:00:00Z"),
        ("title", "Waits"),
    ];
    facts::insert("changes", &usual, extra)
}

#[tokio::test]
async fn a_run_is_queued_and_asked_for_at_both_paths() {
    let world = known_world(&[]).await;
    for (path, body, mode) in [
        ("/v1/agent/run", json!({"tool": "dora", "input": {"service": "shop"}}), "tool"),
        ("/agent/run", json!({"mode": "agent", "prompt": "mttr"}), "agent"),
    ] {
        let queued = world.request_as(Role::Viewer, Method::POST, path).json(&body).send().await.expect("an answer");
        assert_eq!(queued.status(), 202);
        let queued: Value = queued.json().await.expect("json");
        assert_eq!(queued["status"], "queued");
        let id = queued["job_id"].as_str().expect("an id");
        for status in ["/v1/agent/status/", "/agent/status/"] {
            let told = world.get(&format!("{status}{id}")).await;
            assert_eq!((&told["status"], &told["mode"], &told["steps"]), (&json!("queued"), &json!(mode), &json!([])));
        }
    }
    problem(world.answer("/v1/agent/status/019a0000-0000-7000-8000-000000000000").await, 404, "not-found").await;
    for body in [
        json!({}),
        json!({"tool": "web_search", "input": {"q": "x"}}),
        json!({"tool": "dora", "input": {"tenant": "acme"}}),
        json!({"tool": "dora", "mode": "else"}),
        json!({"mode": "agent"}),
        json!({"query": ""}),
        json!({"query": "mttr", "tool": "dora"}),
        json!({"query": "comment a summary on the PR"}),
    ] {
        problem(run(&world, Role::Operator, &body).await, 400, "invalid-request").await;
    }
}

#[tokio::test]
async fn a_query_that_reads_is_answered_at_once() {
    let world = known_world(&[]).await;
    let answer = run(&world, Role::Viewer, &json!({"query": format!("lead time of shop {WEEK}")})).await;
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.expect("json");
    assert_eq!(answer["plan"], json!(["dora"]));
    assert!(cites(&answer["result"], 11), "{answer}");
}

#[tokio::test]
async fn a_query_that_writes_is_proposed_for_real_changes_and_never_done() {
    let world = known_world(&[]).await;
    world.sql(&open_change("20", &[]));
    world.sql(&open_change("21", &[("ticket_keys", "{PAY-9}")]));
    world.sql(&open_change("22", &[("draft", "true")]));
    problem(run(&world, Role::Viewer, &json!({"query": "label PRs without ticket"})).await, 403, "forbidden").await;
    for (query, subjects, action) in [
        (json!({"query": "label PRs without ticket"}), vec!["acme/shop#20"], "label"),
        (
            json!({"query": "assign reviewers", "reviewer": "bob"}),
            vec!["acme/shop#20", "acme/shop#21"],
            "assign_reviewer",
        ),
        (json!({"query": "create missing tickets"}), vec!["acme/shop#20"], "issue_create"),
        (json!({"query": "nudge stale PRs"}), vec!["acme/shop#20", "acme/shop#21"], "nudge"),
        (json!({"query": "comment a summary on PR acme/shop#21"}), vec!["acme/shop#21"], "comment"),
    ] {
        let answer = run(&world, Role::Operator, &query).await;
        assert_eq!(answer.status(), 200);
        let answer: Value = answer.json().await.expect("json");
        assert_eq!(answer["proposed"], json!(subjects.len()), "{answer}");
        let approvals = answer["approvals"].as_array().expect("approvals");
        for (id, subject) in approvals.iter().zip(subjects) {
            let approval = world.get(&format!("/v1/approvals/{}", id.as_str().expect("an id"))).await;
            let told = (&approval["status"], &approval["subject"], &approval["action"]);
            assert_eq!(told, (&json!("pending"), &json!(subject), &json!(action)), "{approval}");
        }
    }
    let jobs = world.get("/v1/workflows/jobs").await;
    assert_eq!(jobs["data"], json!([]), "nothing is done before people decide");
}

#[tokio::test]
async fn what_is_asked_for_already_is_named_and_not_asked_for_twice() {
    let world = known_world(&[]).await;
    world.sql(&open_change("20", &[]));
    let query = json!({"query": "label PRs without ticket"});
    let ask = async || -> Value { run(&world, Role::Operator, &query).await.json().await.expect("json") };
    // Two at once, and one after them.
    let (one, other) = tokio::join!(ask(), ask());
    let later = ask().await;
    let count = |answer: &Value| answer["proposed"].as_u64().expect("a number");
    assert_eq!((count(&one) + count(&other), count(&later)), (1, 0), "{one} {other} {later}");
    assert_eq!((&one["approvals"], &other["approvals"]), (&later["approvals"], &later["approvals"]));
    assert_eq!(later["already_open"], later["approvals"]);
    let all = world.get("/v1/approvals").await;
    assert_eq!(all["data"].as_array().map(Vec::len), Some(1), "{all}");
    assert!(counts(&metrics(&world).await, "workflows_auto_vs_hitl_total{mode=\"hitl\"} "));

    // What nobody may decide any more keeps nobody from asking.
    world.sql("update approvals set expires_at = created_at + interval '1 microsecond'");
    assert_eq!(count(&ask().await), 1);
}
