//! Callers of EM Agent 1: their requests, as they send them, are taken, and the members that they read are there.
//! What differs stands in docs/migrating-from-em-agent-1.md.

use gateway::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::people::{added, decision, proposed, ran};
use crate::world::World;

/// A request that must succeed, and what must be in its answer, as pointers.
struct Call {
    role: Role,
    method: Method,
    path: String,
    body: Value,
    members: &'static [&'static str],
}

fn get(path: &str, members: &'static [&'static str]) -> Call {
    Call { role: Role::Viewer, method: Method::GET, path: path.to_owned(), body: Value::Null, members }
}

fn post(path: impl Into<String>, body: Value, members: &'static [&'static str]) -> Call {
    Call { role: Role::Operator, method: Method::POST, path: path.into(), body, members }
}

impl Call {
    async fn made(self, world: &World) -> Value {
        let Self { role, method, path, body, members } = self;
        let request = world.request_as(role, method, &path);
        let request = if body.is_null() { request } else { request.json(&body) };
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let told: Value = answer.json().await.expect("json");
        assert!(status.is_success(), "{path}: {status} {told}");
        for member in members {
            assert!(told.pointer(member).is_some(), "{path} has no {member}: {told}");
        }
        told
    }
}

#[tokio::test]
async fn what_only_reads_is_answered_with_the_members_that_they_know() {
    let world = World::new().await;
    for call in [
        get("/", &["/service", "/status"]),
        get("/health", &["/status", "/db/ok", "/db/details"]),
        get("/ready", &["/ready"]),
        get("/v1/auth/me", &["/sub", "/role", "/auth_disabled"]),
        get("/v1/metrics/quotas", &["/ok", "/quota/slack_posts", "/quota/limits/max_daily_slack_posts"]),
        get("/v1/metrics/dora/lead-time?days=30", &["/data"]),
        get("/v1/metrics/dora/deployment-frequency", &["/data"]),
        get("/v1/metrics/dora/change-fail-rate", &["/data"]),
        get("/v1/metrics/dora/mttr", &["/data"]),
        get("/v1/metrics/code-quality", &["/data"]),
        post("/v1/policy/evaluate", json!({"kind": "stale_pr"}), &["/allow", "/action", "/policy"]),
        post("/v1/signals/evaluate", json!({"rules": []}), &["/results"]),
        post("/v1/signals/evaluate", json!({"yaml": "- {name: stale48h, kind: stale_pr}"}), &["/results/stale48h"]),
        post(
            "/v1/signals/evaluate",
            json!({"rules": [{"kind": "no_ticket_link", "ticket_pattern": "[A-Z]+-[0-9]+"}]}),
            &["/results/no_ticket_link"],
        ),
        post(
            "/v1/reports/standup",
            Value::Null,
            &["/report/stale_pr_count", "/report/stale_pr_top", "/report/wip_open_prs"],
        ),
        post(
            "/v1/reports/standup",
            json!({"older_than_hours": 72}),
            &["/report/pr_without_review_count", "/report/deployments_last_24h"],
        ),
        post(
            "/v1/reports/sprint-health",
            json!({"days": 7}),
            &["/report/window_days", "/report/total_deploys", "/report/avg_daily_deploys", "/report/latest_wip"],
        ),
        post("/v1/rag/search", json!({"q": "architecture", "top_k": 3, "include_meta": true}), &["/results"]),
        post("/v1/agent/run", json!({"query": "stale prs"}), &["/plan", "/result"]),
        post("/v1/agent/run", json!({"query": "label missing ticket PRs"}), &["/plan", "/proposed", "/candidates"]),
        post("/v1/slack/commands", json!({"text": "triage"}), &["/ok", "/message"]),
    ] {
        call.made(&world).await;
    }
}

#[tokio::test]
async fn what_people_keep_is_written_by_the_same_bodies() {
    let world = World::new().await;
    let id = |told: &Value| told["id"].as_str().expect("an id").to_owned();
    let project = json!({"key": "core", "name": "Core Platform"});
    post("/v1/projects", project, &["/id", "/key", "/created_at", "/updated_at"]).made(&world).await;

    let outage = json!({"title": "Production API outage", "severity": "critical"});
    let incident = id(&post("/v1/incidents", outage, &["/status", "/title"]).made(&world).await);
    let note = json!({"text": "A leak", "author": "alice@example.com"});
    post(format!("/v1/incidents/{incident}/note"), note, &["/ok", "/timeline_id"]).made(&world).await;
    post(format!("/v1/incidents/{incident}/severity"), json!({"severity": "low"}), &["/severity"]).made(&world).await;
    post(format!("/v1/incidents/{incident}/close"), Value::Null, &["/id", "/status"]).made(&world).await;
    assert_eq!(post("/v1/incidents", json!({}), &[]).made(&world).await["title"], "Untitled Incident");

    let plan = id(&post("/v1/onboarding/plans", json!({"title": "New"}), &["/title", "/status"]).made(&world).await);
    let task = json!({"title": "Laptop", "assignee": "john@example.com", "due_date": "2025-01-15"});
    let task = id(&post(format!("/v1/onboarding/plans/{plan}/tasks"), task, &[]).made(&world).await);
    post(format!("/v1/onboarding/tasks/{task}/done"), Value::Null, &["/ok"]).made(&world).await;

    let objective = json!({"title": "Faster", "owner": "Platform Team", "period": "Q1 2025"});
    let objective = id(&post("/v1/okr/objectives", objective, &["/title"]).made(&world).await);
    let result = json!({"title": "p95", "target": 200, "unit": "ms"});
    let result = id(&post(format!("/v1/okr/objectives/{objective}/krs"), result, &[]).made(&world).await);
    post(format!("/v1/okr/krs/{result}/progress"), json!({"current": 75}), &["/ok"]).made(&world).await;

    let document = json!({"id": "1", "content": "Hello RAG World", "meta": {"source": "ci"}});
    post("/v1/rag/index", document.clone(), &["/indexed"]).made(&world).await;
    let documents = json!({"docs": [document], "chunk_size": 100, "overlap": 10});
    post("/v1/rag/index/bulk", documents, &["/indexed"]).made(&world).await;
    let members = ["/results/0/id", "/results/0/parent_id", "/results/0/score", "/results/0/snippet"];
    let found = post("/v1/rag/search", json!({"q": "world"}), &[]).made(&world).await;
    assert!(members.iter().all(|member| found.pointer(member).is_some()), "{found}");
    added(&world, &json!({"external_type": "github", "external_id": "octocat"})).await;
}

#[tokio::test]
async fn an_action_called_block_waits_for_an_approval_and_is_then_what_the_policy_says() {
    let world = World::new().await;
    let blocked = json!({"rule_kind": "stale_pr", "subject": "pr:ci-approve", "action": "block"});
    let waiting = ran(&world, &blocked).await;
    assert_eq!((&waiting["status"], waiting.get("job_id")), (&json!("awaiting_approval"), None), "{waiting}");
    let id = waiting["action_id"].as_str().expect("an id");
    let approve = json!({"decision": "approve", "reason": "ok"});
    let decided = decision(&world, ("the approver", Role::Approver), id, &approve).send().await.expect("an answer");
    let decided: Value = decided.json().await.expect("json");
    assert_eq!((&decided["status"], &decided["reason"]), (&json!("approved"), &json!("ok")), "{decided}");
    let job = world.get(&format!("/v1/workflows/jobs/{}", decided["job_id"].as_str().expect("a job"))).await;
    assert_eq!((&job["action"], &job["subject"]), (&json!("nudge"), &json!("pr:ci-approve")), "{job}");
    // Without it the policy lets the same through, under each name that the kind has had.
    for named in ["rule_kind", "kind", "rule"] {
        assert_eq!(ran(&world, &json!({named: "stale_pr", "subject": "pr:ci"})).await["status"], "queued", "{named}");
    }
}

#[tokio::test]
async fn a_decision_called_decline_rejects() {
    let world = World::new().await;
    let id = proposed(&world, &json!({"subject": "deploy:prod", "action": "deploy", "payload": {"v": "1"}})).await;
    let decline = json!({"decision": "decline"});
    let told = decision(&world, ("the approver", Role::Approver), &id, &decline).send().await.expect("an answer");
    assert_eq!(told.json::<Value>().await.expect("json")["status"], "rejected");
}

#[tokio::test]
async fn what_needs_approval_is_not_allowed_and_what_does_not_is() {
    let world = World::new().await;
    for (kind, allow) in [("stale_pr", true), ("wip_limit_exceeded", true), ("nobody_knows", false)] {
        let told = post("/v1/policy/evaluate", json!({"kind": kind}), &[]).made(&world).await;
        assert_eq!((&told["allow"], &told["requires_approval"]), (&json!(allow), &json!(!allow)), "{told}");
    }
}

#[tokio::test]
async fn a_caller_is_told_who_they_are() {
    let world = World::new().await;
    let me = world.get("/v1/auth/me").await;
    assert_eq!(me, json!({"sub": "the viewer", "tenant": "default", "role": "viewer", "auth_disabled": false}));
    assert_eq!(world.answer("/v1/auth/me?verbose=1").await.status(), 400, "an unknown parameter is named, not ignored");
    let open = World::with(&[("AUTH_ENABLED", "false")]).await;
    let anybody = open.request(Method::GET, "/v1/auth/me").send().await.expect("an answer");
    let anybody: Value = anybody.json().await.expect("json");
    assert_eq!(anybody, json!({"sub": "anonymous", "tenant": "default", "role": "admin", "auth_disabled": true}));
}
