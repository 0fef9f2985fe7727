//! Reports by rule over HTTP.

use chrono::{TimeDelta, Utc};
use gateway::access::Role;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::metrics::facts;
use crate::world::{World, problem};

async fn post(world: &World, role: Role, path: &str, body: &Value) -> Response {
    let request = world.request_as(role, Method::POST, path);
    let request = if body.is_null() { request } else { request.json(body) };
    request.send().await.expect("an answer")
}

async fn report(world: &World, path: &str, body: &Value) -> Value {
    let answer = post(world, Role::Viewer, path, body).await;
    assert_eq!(answer.status(), 200);
    answer.json::<Value>().await.expect("json")["report"].clone()
}

#[tokio::test]
async fn a_standup_has_emagents_fields_and_the_events_behind_its_items() {
    let world = World::new().await;
    let ago = |hours| (Utc::now() - TimeDelta::hours(hours)).to_rfc3339();
    let usual =
        [("tenant_id", "default"), ("repo", "acme/shop"), ("number", "1"), ("title", "Old"), ("registers", "{}")];
    world.sql(&facts::insert("changes", &usual, &[("opened_at", &ago(60)), ("subject", "acme/shop#1")]));
    world.sql(&facts::deployment("1", &ago(3), &[]));
    world.sql(
        "insert into events (tenant_id, id, delivery_id, integration, source, type, subject, time, data)
         values ('default', '019a0000-0000-7000-8000-000000000001', gen_random_uuid(), 'github', '/', 'change.opened', 'acme/shop#1', now(), '{}'),
                ('acme', '019a0000-0000-7000-8000-000000000002', gen_random_uuid(), 'github', '/', 'change.opened', 'acme/shop#1', now(), '{}')",
    );
    let made = report(&world, "/v1/reports/standup", &Value::Null).await;
    assert_eq!(
        (
            &made["stale_pr_count"],
            &made["wip_open_prs"],
            &made["pr_without_review_count"],
            &made["deployments_last_24h"]
        ),
        (&json!(1), &json!(1), &json!(1), &json!(1)),
        "{made}"
    );
    assert_eq!(made["stale_pr_top"][0]["subject"], "acme/shop#1");
    assert_eq!(
        made["stale_pr_top"][0]["event_ids"],
        json!(["019a0000-0000-7000-8000-000000000001"]),
        "and no other tenant's"
    );
    let none = report(&world, "/v1/reports/standup", &json!({"older_than_hours": 72, "hours": 2})).await;
    assert_eq!((&none["stale_pr_count"], &none["deployments_last_24h"]), (&json!(0), &json!(1)));
    assert!(
        none["sections"].as_array().is_some_and(|all| all.iter().all(|one| one["kind"] != "deployments")),
        "{none}"
    );
}

#[tokio::test]
async fn a_sprint_has_emagents_fields_and_null_for_what_nobody_knows() {
    let world = World::new().await;
    let none = report(&world, "/v1/reports/sprint-health", &json!({})).await;
    assert_eq!((&none["window_days"], &none["total_deploys"]), (&json!(14), &json!(0)));
    for name in ["avg_daily_deploys", "avg_change_fail_rate", "latest_wip", "avg_wip"] {
        assert_eq!(none[name], Value::Null, "{name}");
    }
    world.sql(&facts::deployment("1", &(Utc::now() - TimeDelta::hours(3)).to_rfc3339(), &[]));
    let made = report(&world, "/v1/reports/sprint-health", &json!({"days": 2})).await;
    assert_eq!((&made["total_deploys"], &made["avg_daily_deploys"]), (&json!(1), &json!(0.5)));
    assert_eq!(made["avg_change_fail_rate"], 0.0, "one that did not fail");
    assert_eq!(made["numbers"].as_array().map(Vec::len), Some(5));
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let world = World::new().await;
    for (body, pointer) in [
        (json!({"older_than_hours": 0}), "/older_than_hours"),
        (json!({"hours": 100_000}), "/hours"),
        (json!({"older_than_hours": "48"}), ""),
        (json!({"days": 3}), ""),
    ] {
        let told =
            problem(post(&world, Role::Viewer, "/v1/reports/standup", &body).await, 400, "invalid-request").await;
        assert_eq!(told["errors"][0]["pointer"], pointer, "{told}");
    }
    let told = post(&world, Role::Operator, "/v1/reports/sprint-health/post", &json!({"channel": "#ops"})).await;
    let told = problem(told, 409, "conflict").await;
    assert!(told["detail"].as_str().is_some_and(|why| why.contains("SLACK_BOT_TOKEN")), "{told}");
}

#[tokio::test]
async fn a_report_is_posted_through_the_queue() {
    let world = World::with(&[("SLACK_BOT_TOKEN", "xoxb-000000000000-notreal")]).await;
    let told = post(&world, Role::Operator, "/v1/reports/standup/post", &json!({})).await;
    let told = problem(told, 400, "invalid-request").await;
    assert_eq!(told["errors"][0]["pointer"], "/channel");
    let answers = [0, 1].map(async |_| {
        let request = world.request_as(Role::Operator, Method::POST, "/v1/reports/standup/post");
        let request = request.header("Idempotency-Key", "monday").json(&json!({"channel": "#C0123456789"}));
        request.send().await.expect("an answer").json::<Value>().await.expect("json")
    });
    let [one, again] = answers;
    let (one, again) = (one.await, again.await);
    assert_eq!(one, again, "the same key is one posting");
    assert_eq!((&one["posted"]["channel"], &one["posted"]["messages"]), (&json!("C0123456789"), &json!(1)), "{one}");
    let key = one["posted"]["key"].as_str().expect("a key").to_owned();
    let store = world.database.store(store::Role::App);
    let look = move |conn: &mut store::Connection| {
        store::slack_messages::said(conn, &domain::ids::TenantId::default(), &key, "C0123456789")
    };
    let said = store.call("test", look).await.expect("read").expect("it is queued");
    assert_eq!((said.state.as_str(), said.channel), ("waiting", None));
}
