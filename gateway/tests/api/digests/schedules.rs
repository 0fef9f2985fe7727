//! Schedules over HTTP.

use gateway::access::Role;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::post;
use crate::world::{World, problem};

const ALL: &str = "/v1/digests/schedules";

async fn patch(world: &World, path: &str, body: &Value) -> Response {
    world.request_as(Role::Operator, Method::PATCH, path).json(body).send().await.expect("an answer")
}

#[tokio::test]
async fn a_schedule_is_kept_changed_and_deleted() {
    let world = World::with(&[("SLACK_BOT_TOKEN", "xoxb-000000000000-notreal")]).await;
    let body =
        json!({"kind": "standup", "cron": "0 9 * * 1-5", "timezone": "Europe/Berlin", "deliver": {"slack": "#shop"}});
    problem(post(&world, Role::Viewer, ALL, &body).await, 403, "forbidden").await;
    let answer = post(&world, Role::Operator, ALL, &body).await;
    assert_eq!(answer.status(), 201);
    let made: Value = answer.json().await.expect("json");
    assert!(made["next_at"].is_string() && made["enabled"] == true && made["deliver"]["slack"] == "#shop", "{made}");
    let path = format!("{ALL}/{}", made["id"].as_str().expect("an id"));
    assert_eq!(world.get(&path).await, made);
    assert_eq!(world.get(ALL).await["data"], json!([made]));
    assert_eq!(world.get(&format!("{path}/runs")).await["data"], json!([]));
    let paused: Value = patch(&world, &path, &json!({"enabled": false})).await.json().await.expect("json");
    assert_eq!((&paused["next_at"], &paused["cron"]), (&Value::Null, &made["cron"]));
    let again: Value =
        patch(&world, &path, &json!({"enabled": true, "kind": "weekly"})).await.json().await.expect("json");
    assert_eq!((&again["next_at"], &again["kind"]), (&made["next_at"], &json!("weekly")));
    let delete = || world.request_as(Role::Operator, Method::DELETE, &path).send();
    assert_eq!(delete().await.expect("an answer").status(), 204);
    problem(delete().await.expect("an answer"), 404, "not-found").await;
    problem(world.answer(&path).await, 404, "not-found").await;
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_with_the_field_named() {
    let world = World::new().await;
    for (body, pointer) in [
        (json!({"cron": "0 9 * * 1"}), "/kind"),
        (json!({"kind": "weekly"}), "/cron"),
        (json!({"kind": "weekly", "cron": "9"}), "/cron"),
        (json!({"kind": "weekly", "cron": "* * * * *"}), "/cron"),
        (json!({"kind": "weekly", "cron": "0 9 30 2 *"}), "/cron"),
        (json!({"kind": "weekly", "cron": "0 9 * * 1", "timezone": "Mars/Base"}), "/timezone"),
        (json!({"kind": "release", "cron": "0 9 * * 1"}), "/subject"),
        (json!({"kind": "weekly", "cron": "0 9 * * 1", "deliver": {"webhook": "x"}}), "/deliver/webhook"),
    ] {
        let told = problem(post(&world, Role::Operator, ALL, &body).await, 400, "invalid-request").await;
        assert_eq!(told["errors"][0]["pointer"], pointer, "{body}: {told}");
    }
    let body = json!({"kind": "weekly", "cron": "0 9 * * 1", "deliver": {"slack": "#ops"}});
    problem(post(&world, Role::Operator, ALL, &body).await, 409, "conflict").await;
}
