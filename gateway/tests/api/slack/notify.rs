//! `POST /v1/approvals/{id}/notify`: posts again, and says what is missing.

use gateway::access::Role;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::Office;
use crate::people::proposed;
use crate::world::{World, problem};

async fn notified(world: &World, id: &str, body: &Value) -> Response {
    let request = world.request_as(Role::Operator, Method::POST, &format!("/v1/approvals/{id}/notify"));
    request.json(body).send().await.expect("an answer")
}

#[tokio::test]
async fn an_approval_is_posted_again_where_it_is_wanted() {
    let office = Office::new().await;
    let id = office.merge().await;
    for (body, channel) in [(json!({}), "#deploys"), (json!({"channel": "#C0123456789"}), "C0123456789")] {
        let answer = notified(&office.world, &id, &body).await;
        assert_eq!(answer.status(), 202);
        let told: Value = answer.json().await.expect("json");
        assert_eq!(told, json!({"ok": true, "posted": {"channel": channel, "state": "queued"}}));
    }
    let missing = notified(&office.world, "01938f5e-3f0a-7c11-9d4e-2f0a6b1c7e55", &json!({})).await;
    problem(missing, 404, "not-found").await;
    office.world.sql("update approvals set status = 'cancelled', decided_at = now()");
    problem(notified(&office.world, &id, &json!({})).await, 409, "conflict").await;
}

#[tokio::test]
async fn what_is_not_set_is_named() {
    let office = Office::with(&[("SLACK_DEFAULT_CHANNEL", "")]).await;
    let id = office.merge().await;
    let told = problem(notified(&office.world, &id, &json!({})).await, 400, "invalid-request").await;
    assert!(told["detail"].as_str().is_some_and(|text| text.contains("SLACK_DEFAULT_CHANNEL")), "{told}");
    let world = World::new().await;
    let id = proposed(&world, &json!({"subject": "a", "action": "merge"})).await;
    let told = problem(notified(&world, &id, &json!({"channel": "#a"})).await, 409, "conflict").await;
    assert!(told["detail"].as_str().is_some_and(|text| text.contains("SLACK_BOT_TOKEN")), "{told}");
}
