//! Who may not, when it is too late, and what does not fit.

use gateway::access::Role;
use reqwest::Method;
use serde_json::json;

use super::{added, audited, counts, decision, metrics, post, proposed, sent, told, usual};
use crate::world::{World, problem};

const APPROVER: (&str, Role) = ("the approver", Role::Approver);

#[tokio::test]
async fn only_the_role_that_it_takes_may_ask_decide_or_look() {
    let world = World::new().await;
    let id = usual(&world).await;
    let what = json!({"subject": "acme/shop#12", "action": "merge"});
    problem(sent(post(&world, Role::Viewer, "/v1/approvals/propose", &what)).await, 403, "forbidden").await;
    let approve = json!({"decision": "approve"});
    for role in [Role::Viewer, Role::Operator] {
        problem(sent(decision(&world, ("somebody", role), &id, &approve)).await, 403, "forbidden").await;
    }
    let audit = sent(world.request_as(Role::Approver, Method::GET, "/v1/audit")).await;
    problem(audit, 403, "forbidden").await;
    assert_eq!(world.get(&format!("/v1/approvals/{id}")).await["status"], "pending");
}

#[tokio::test]
async fn who_asked_who_wrote_it_and_bots_decide_nothing() {
    let world = World::new().await;
    let what = json!({"subject": "acme/shop#12", "action": "merge", "authors": ["github:ada"]});
    let approve = json!({"decision": "approve"});
    let own = told(post(&world, Role::Admin, "/v1/approvals/propose", &what), 201).await;
    let own = own["approval_id"].as_str().expect("an id");
    let refused = sent(decision(&world, ("the admin", Role::Admin), own, &approve)).await;
    problem(refused, 403, "may-not-decide").await;

    // The author under another of her names.
    added(&world, &json!({"external_type": "github", "external_id": "ada", "user_id": 7})).await;
    added(&world, &json!({"external_type": "email", "external_id": "ada@acme.io", "user_id": 7})).await;
    added(&world, &json!({"external_type": "github", "external_id": "robo", "is_bot": true, "roles": ["approver"]}))
        .await;
    for (subject, why) in [("ada@acme.io", "You wrote some of this"), ("github:Robo", "A bot cannot decide this")] {
        let refused =
            problem(sent(decision(&world, (subject, Role::Approver), own, &approve)).await, 403, "may-not-decide")
                .await;
        assert!(refused["detail"].as_str().is_some_and(|text| text.contains(why)), "{refused}");
    }
    let trace = audited(&world, own).await;
    let refused = ["approval.refused the admin", "approval.refused 7", "approval.refused github:robo"];
    assert_eq!(trace[1..], refused);
    assert_eq!(world.get(&format!("/v1/approvals/{own}")).await["status"], "pending");
}

#[tokio::test]
async fn whoever_comes_too_late_is_told_so() {
    let world = World::new().await;
    let id = usual(&world).await;
    world.sql(
        "update approvals set expires_at = created_at,
         terms = jsonb_set(terms::jsonb, '{expires_at}', '\"2020-01-01T00:00:00Z\"')::json",
    );
    let late = sent(decision(&world, APPROVER, &id, &json!({"decision": "approve"}))).await;
    let late = problem(late, 409, "decided-otherwise").await;
    assert!(late["detail"].as_str().is_some_and(|text| text.contains("expired")), "{late}");
    let shown = world.get(&format!("/v1/approvals/{id}")).await;
    assert_eq!((&shown["status"], &shown["votes"]), (&json!("expired"), &json!([])));
    assert!(counts(&metrics(&world).await, "approvals_decisions_total{status=\"expired\"} "));
}

#[tokio::test]
async fn what_has_changed_since_it_was_looked_at_is_not_decided() {
    let world = World::new().await;
    let id = usual(&world).await;
    let stale = json!({"decision": "approve", "content_hash": "00"});
    problem(sent(decision(&world, APPROVER, &id, &stale)).await, 409, "decided-otherwise").await;
    assert_eq!(world.get(&format!("/v1/approvals/{id}")).await["status"], "pending");
}

#[tokio::test]
async fn what_does_not_fit_is_told_and_nothing_is_kept() {
    let world = World::new().await;
    for (unfit, pointer) in [
        (json!({"action": "merge"}), ""),
        (json!({"subject": " ", "action": "merge"}), "/subject"),
        (json!({"subject": "a", "action": "x".repeat(65)}), "/action"),
        (json!({"subject": "a", "action": "merge", "reason": "x".repeat(1001)}), "/reason"),
        (json!({"subject": "a", "action": "merge", "expires_in": 5}), "/expires_in"),
        (json!({"subject": "a", "action": "merge", "payload": {"environment": 5}}), "/payload/environment"),
        (json!({"subject": "a", "action": "merge", "payload": [1]}), ""),
        (json!({"subject": "a", "action": "merge", "authors": ["a\nb"]}), "/authors"),
        (json!({"subject": "a", "action": "merge", "because": "x"}), ""),
    ] {
        let answer = sent(post(&world, Role::Operator, "/v1/approvals/propose", &unfit)).await;
        let told = problem(answer, 400, "invalid-request").await;
        assert_eq!(told["errors"][0]["pointer"], pointer, "{told}");
    }
    assert_eq!(world.get("/v1/approvals").await["data"], json!([]));

    let id = proposed(&world, &json!({"subject": "a", "action": "merge"})).await;
    for unfit in [json!({}), json!({"decision": "modify"}), json!({"decision": "approve", "by": "me"})] {
        problem(sent(decision(&world, APPROVER, &id, &unfit)).await, 400, "invalid-request").await;
    }
    for nobodys in ["01938f5e-3f0a-7c11-9d4e-2f0a6b1c7e55", "12"] {
        let answer = sent(decision(&world, APPROVER, nobodys, &json!({"decision": "approve"}))).await;
        problem(answer, 404, "not-found").await;
        problem(world.answer(&format!("/v1/approvals/{nobodys}")).await, 404, "not-found").await;
    }
}
