//! The policy in force: asked, and followed by what is proposed.

use gateway::access::Role;
use serde_json::{Value, json};

use super::{Document, added, audited, decision, post, proposed, told};
use crate::world::{World, problem};

const OURS: &str = r#"
version: 1
name: ours
groups: {sre: ["github:grace", "linus"]}
rules:
  - {name: small, kinds: [deploy], when: "facts.lines < 10", then: {auto_approve: true}}
  - {name: shop, kinds: [deploy], when: "service == 'shop'", then: {require: [{votes: 2, group: sre}], expires: 2h, reason: {reject: true}}}
  - {name: reminders, kinds: [stale_pr], then: {action: nudge}}
"#;

async fn said(world: &World, input: &Value) -> Value {
    told(post(world, Role::Viewer, "/v1/policy/evaluate", input), 200).await
}

#[tokio::test]
async fn the_shipped_policy_answers_and_says_why() {
    let world = World::new().await;
    let stale = said(&world, &json!({"kind": "stale_pr", "subject": "acme/shop#1"})).await;
    assert_eq!((&stale["action"], &stale["requires_approval"]), (&json!("nudge"), &json!(false)), "{stale}");
    assert!(stale["policy"].as_str().is_some_and(|policy| policy.starts_with("default@")), "{stale}");
    let unknown = said(&world, &json!({"kind": "launch"})).await;
    assert_eq!((&unknown["action"], &unknown["requires_approval"]), (&json!("block"), &json!(true)), "{unknown}");
    assert!(unknown["reason"].as_str().is_some_and(|reason| reason.contains("launch")), "{unknown}");
    for unfit in [json!({}), json!([1]), json!({"kind": 5}), json!({"kind": "deploy", "now": "soon"})] {
        let answer = post(&world, Role::Viewer, "/v1/policy/evaluate", &unfit).send().await.expect("an answer");
        problem(answer, 400, "invalid-request").await;
    }
}

#[tokio::test]
async fn a_document_of_ones_own_decides_who_is_asked() {
    let document = Document::new(OURS);
    let world = document.world().await;
    let shop = said(&world, &json!({"kind": "deploy", "service": "shop", "lines": 50})).await;
    assert_eq!((&shop["rule"], &shop["effect"]["expires_seconds"]), (&json!("shop"), &json!(7200)), "{shop}");

    let small = json!({"subject": "acme/shop", "action": "deploy", "payload": {"service": "shop", "lines": 3}});
    let by_itself = told(post(&world, Role::Operator, "/v1/approvals/propose", &small), 201).await;
    assert!(by_itself["status"] == "approved" && by_itself["job_id"].is_string(), "{by_itself}");
    let id = by_itself["approval_id"].as_str().expect("an id");
    let trace = audited(&world, id).await;
    assert!(trace.len() == 2 && trace[1].starts_with("approval.approved policy:ours@"), "{trace:?}");

    // The time is ours: what a payload says of it moves nothing.
    let large = json!({"subject": "acme/shop", "action": "deploy", "expires_in": 2_592_000,
        "payload": {"service": "shop", "lines": 50, "now": "2020-01-01T00:00:00Z"}});
    let id = proposed(&world, &large).await;
    let shown = world.get(&format!("/v1/approvals/{id}")).await;
    assert_eq!((&shown["requires"], &shown["status"]), (&json!("2 of @sre"), &json!("pending")), "{shown}");
    let moment = |name: &str| shown[name].as_str().expect("a time").parse::<chrono::DateTime<chrono::Utc>>();
    let waits = moment("expires_at").expect("a time") - moment("created_at").expect("a time");
    assert_eq!(waits.num_hours(), 2, "a requester cannot make it wait for longer");
}

#[tokio::test]
async fn so_many_of_a_group_decide_and_each_counts_once() {
    let document = Document::new(OURS);
    let world = document.world().await;
    added(&world, &json!({"external_type": "github", "external_id": "grace", "user_id": "grace"})).await;
    added(&world, &json!({"external_type": "email", "external_id": "grace@acme.io", "user_id": "grace"})).await;
    let what = json!({"subject": "acme/shop", "action": "deploy", "payload": {"service": "shop", "lines": 50}});
    let id = proposed(&world, &what).await;
    let approve = json!({"decision": "approve"});
    let first = told(decision(&world, ("github:grace", Role::Approver), &id, &approve), 200).await;
    assert_eq!((&first["status"], &first["votes"]), (&json!("pending"), &json!({"given": 1, "needed": 2})));
    let same_person = told(decision(&world, ("grace@acme.io", Role::Approver), &id, &approve), 200).await;
    assert_eq!(same_person["votes"]["given"], 1, "{same_person}");
    let stranger = decision(&world, ("github:mallory", Role::Approver), &id, &approve).send().await;
    let refused = problem(stranger.expect("an answer"), 403, "may-not-decide").await;
    assert!(refused["detail"].as_str().is_some_and(|text| text.contains("2 of @sre")), "{refused}");
    let second = told(decision(&world, ("linus", Role::Approver), &id, &approve), 200).await;
    assert!(second["status"] == "approved" && second["job_id"].is_string(), "{second}");
}

#[tokio::test]
async fn a_rejection_says_why_where_the_policy_asks_for_it() {
    let document = Document::new(OURS);
    let world = document.world().await;
    let what = json!({"subject": "acme/shop", "action": "deploy", "payload": {"service": "shop", "lines": 50}});
    let id = proposed(&world, &what).await;
    let linus = ("linus", Role::Approver);
    let silent = decision(&world, linus, &id, &json!({"decision": "reject", "reason": "  "})).send().await;
    let refused = problem(silent.expect("an answer"), 400, "invalid-request").await;
    assert_eq!(refused["errors"][0]["pointer"], "/reason");
    let said = json!({"decision": "decline", "reason": "not on a Friday"});
    let rejected = told(decision(&world, linus, &id, &said), 200).await;
    assert_eq!((&rejected["status"], &rejected["reason"]), (&json!("rejected"), &json!("not on a Friday")));
    assert_eq!(rejected.get("job_id"), None, "nothing follows");
}
