//! OPA in the place of the document: wherever the gateway asks what may happen.

use gateway::access::Role;
use serde_json::{Value, json};
use testkit::opa::Opa;

use super::{post, ran, told};
use crate::world::World;

#[tokio::test]
async fn everything_that_asks_the_policy_asks_opa() {
    let opa = Opa::start().await;
    let world = World::with(&[("OPA_URL", opa.url().as_str())]).await;
    opa.decides(&json!({"allow": false, "reason": "a freeze", "rule": "freeze"}));
    let said = told(post(&world, Role::Viewer, "/v1/policy/evaluate", &json!({"kind": "stale_pr"})), 200).await;
    assert_eq!(
        (&said["action"], &said["reason"], &said["rule"]),
        (&json!("block"), &json!("a freeze"), &json!("freeze"))
    );
    let waits = ran(&world, &json!({"rule_kind": "stale_pr", "subject": "acme/shop#1", "payload": {"lines": 5}})).await;
    assert_eq!((&waits["status"], &waits["reason"]), (&json!("awaiting_approval"), &json!("a freeze")), "{waits}");
    opa.decides(&json!({"auto_approve": true}));
    let proposal = json!({"subject": "acme/shop#1", "action": "merge"});
    assert_eq!(told(post(&world, Role::Operator, "/v1/approvals/propose", &proposal), 201).await["status"], "approved");
    let kinds: Vec<Value> =
        opa.asked().into_iter().map(|input| json!([input["kind"], input["facts"]["lines"]])).collect();
    assert_eq!(kinds, [json!(["stale_pr", null]), json!(["stale_pr", 5]), json!(["merge", null])]);
}

#[tokio::test]
async fn while_opa_is_away_people_are_asked() {
    let world = World::with(&[("OPA_URL", "http://127.0.0.1:1")]).await;
    let waits = ran(&world, &json!({"rule_kind": "stale_pr", "subject": "acme/shop#1"})).await;
    assert_eq!(waits["status"], "awaiting_approval", "{waits}");
    let reason = waits["reason"].as_str().expect("a reason");
    assert_eq!(reason, "OPA does not answer (no connection); it needs approval until it can be asked");
}
