//! From a proposal to its end.

use gateway::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::{audited, counts, decision, metrics, post, proposed, sent, told, usual};
use crate::world::{World, problem};

const APPROVER: (&str, Role) = ("the approver", Role::Approver);

#[tokio::test]
async fn what_an_approver_allows_becomes_a_job_and_stays_allowed() {
    let world = World::new().await;
    let what = json!({"subject": " acme/shop#12 ", "action": "merge", "reason": "a fix", "payload": {"sha": "c3d4"},
        "expires_in": 3600});
    let asked = || post(&world, Role::Operator, "/v1/approvals/propose", &what).header("idempotency-key", "k1");
    let first = told(asked(), 201).await;
    assert_eq!((&first["status"], &first["action_id"]), (&json!("pending"), &first["approval_id"]), "{first}");
    let again = sent(asked()).await;
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    assert_eq!(again.json::<Value>().await.expect("json"), first);
    let id = first["approval_id"].as_str().expect("an id");

    let path = format!("/v1/approvals/{id}");
    let shown = world.get(&path).await;
    assert_eq!((&shown["subject"], &shown["requested_by"]), (&json!("acme/shop#12"), &json!("the operator")));
    assert_eq!((&shown["requires"], &shown["payload"]), (&json!("1 approver"), &json!({"sha": "c3d4"})), "{shown}");

    let approve = json!({"decision": "approve", "content_hash": shown["content_hash"]});
    let decided = told(decision(&world, APPROVER, id, &approve), 200).await;
    assert_eq!((&decided["status"], &decided["decided_by"]), (&json!("approved"), &json!("the approver")));
    // The same way again, by whomever, is so already; the other way is not, before anything else.
    let same = told(decision(&world, ("the admin", Role::Admin), id, &approve), 200).await;
    assert_eq!(same["job_id"], decided["job_id"]);
    let other = sent(decision(&world, ("github:robo[bot]", Role::Approver), id, &json!({"decision": "reject"}))).await;
    problem(other, 409, "decided-otherwise").await;

    let job = world.get(&format!("/v1/jobs/{}", decided["job_id"].as_str().expect("a job"))).await;
    assert_eq!((&job["status"], &job["params"]["action"]), (&json!("queued"), &json!("merge")), "{job}");
    let shown = world.get(&path).await;
    assert_eq!((&shown["votes"][0]["vote"], &shown["votes"][0]["via"]), (&json!("approve"), &json!("api")));
    assert_eq!((&shown["effect"]["status"], &shown["job_id"]), (&json!("pending"), &decided["job_id"]), "{shown}");
    let trace = audited(&world, id).await;
    assert_eq!(
        trace[..3],
        ["approval.proposed the operator", "approval.vote the approver", "approval.approved the approver"]
    );
    assert_eq!(trace[3..], ["approval.refused github:robo[bot]"]);
    let metrics = metrics(&world).await;
    for series in [
        "approvals_decisions_total{status=\"approved\"} ",
        "approvals_latency_seconds_count ",
        "workflows_auto_vs_hitl_total{mode=\"hitl\"} ",
    ] {
        assert!(counts(&metrics, series), "{series}: {metrics}");
    }
}

#[tokio::test]
async fn lists_are_narrowed_and_walked() {
    let world = World::new().await;
    for number in 1..=3 {
        let what = json!({"subject": format!("acme/shop#{number}"), "action": "merge"});
        let id = proposed(&world, &what).await;
        if number == 2 {
            told(decision(&world, APPROVER, &id, &json!({"decision": "reject"})), 200).await;
        }
    }
    let subjects = |page: &Value| -> Vec<String> {
        let rows = page["data"].as_array().expect("rows").iter();
        rows.filter_map(|row| row["subject"].as_str().map(str::to_owned)).collect()
    };
    let first = world.get("/v1/approvals?limit=2").await;
    assert_eq!(subjects(&first), ["acme/shop#3", "acme/shop#2"]);
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    let rest = world.get(&format!("/v1/approvals?limit=2&cursor={cursor}")).await;
    assert_eq!((subjects(&rest), &rest["next_cursor"]), (vec!["acme/shop#1".to_owned()], &Value::Null));
    assert_eq!(subjects(&world.get("/v1/approvals?status=rejected").await), ["acme/shop#2"]);
    assert_eq!(subjects(&world.get("/v1/approvals?subject=acme/shop%233&status=pending").await), ["acme/shop#3"]);
    let other = world.answer(&format!("/v1/approvals?status=pending&cursor={cursor}")).await;
    problem(other, 400, "invalid-cursor").await;
    problem(world.answer("/v1/approvals?status=maybe").await, 400, "invalid-request").await;
    let page = told(world.request_as(Role::Admin, Method::GET, "/v1/audit?limit=1"), 200).await;
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let next =
        told(world.request_as(Role::Admin, Method::GET, &format!("/v1/audit?limit=1&cursor={cursor}")), 200).await;
    assert_eq!(page["data"][0]["seq"].as_i64(), next["data"][0]["seq"].as_i64().map(|seq| seq + 1));
    let unread = world.request_as(Role::Admin, Method::GET, "/v1/audit?cursor=x");
    problem(sent(unread).await, 400, "invalid-cursor").await;
}

#[tokio::test]
async fn an_override_is_for_who_may_and_says_why() {
    let world = World::new().await;
    let id = usual(&world).await;
    let with = json!({"decision": "override", "reason": "the shop is down"});
    problem(sent(decision(&world, APPROVER, &id, &with)).await, 403, "may-not-decide").await;
    let admin = ("the admin", Role::Admin);
    let silent = sent(decision(&world, admin, &id, &json!({"decision": "override"}))).await;
    assert_eq!(problem(silent, 400, "invalid-request").await["errors"][0]["pointer"], "/reason");
    let overridden = told(decision(&world, admin, &id, &with), 200).await;
    assert_eq!((&overridden["status"], &overridden["reason"]), (&json!("approved"), &json!("the shop is down")));
    assert_eq!(world.get(&format!("/v1/approvals/{id}")).await["overridden"], true);
    assert!(counts(&metrics(&world).await, "approvals_override_total{from=\"pending\",to=\"approved\"} "));
}

#[tokio::test]
async fn a_request_is_taken_back_by_who_made_it() {
    let world = World::new().await;
    let id = usual(&world).await;
    let path = format!("/v1/approvals/{id}/cancel");
    let bearer = crate::world::token_of("another", domain::ids::TenantId::default(), Role::Operator);
    let another = world.request(Method::POST, &path).bearer_auth(bearer).json(&json!({}));
    problem(sent(another).await, 403, "may-not-decide").await;
    let mine = told(post(&world, Role::Operator, &path, &json!({"reason": "not needed"})), 200).await;
    assert_eq!((&mine["status"], &mine["reason"]), (&json!("cancelled"), &json!("not needed")));
    assert_eq!(told(post(&world, Role::Operator, &path, &json!({})), 200).await["reason"], "not needed");
    problem(sent(decision(&world, APPROVER, &id, &json!({"decision": "approve"}))).await, 409, "decided-otherwise")
        .await;
}

#[tokio::test]
async fn with_open_access_anybody_decides_as_nobody_and_the_audit_says_so() {
    let world = World::with(&[("AUTH_ENABLED", "false")]).await;
    let what = json!({"subject": "acme/shop#12", "action": "merge"});
    let asked = told(world.request(Method::POST, "/v1/approvals/propose").json(&what), 201).await;
    let id = asked["approval_id"].as_str().expect("an id");
    let path = format!("/v1/approvals/{id}/decision");
    let decided = told(world.request(Method::POST, &path).json(&json!({"decision": "approve"})), 200).await;
    assert_eq!((&decided["status"], &decided["decided_by"]), (&json!("approved"), &json!("anonymous")));
    let trace = audited(&world, id).await;
    assert_eq!(trace[1..], ["approval.vote anonymous", "approval.approved anonymous"]);
}
