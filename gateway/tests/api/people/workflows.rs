//! Workflows: what the policy lets through is queued, the rest waits for people.

use gateway::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Document, counts, decision, metrics, post, sent, told};
use crate::world::{World, problem};

fn run(world: &World, what: &Value) -> reqwest::RequestBuilder {
    post(world, Role::Operator, "/v1/workflows/run", what)
}

#[tokio::test]
async fn what_the_policy_lets_through_is_a_job_at_once() {
    let world = World::new().await;
    let stale = json!({"rule_kind": "stale_pr", "subject": "acme/shop#12", "payload": {"channel": "#shop"}});
    let first = told(run(&world, &stale).header("idempotency-key", "k1"), 202).await;
    assert_eq!((&first["status"], &first["action"]), (&json!("queued"), &json!("nudge")), "{first}");
    assert_eq!((&first["action_id"], first.get("approval_id")), (&first["job_id"], None), "{first}");
    assert_eq!(told(run(&world, &stale).header("idempotency-key", "k1"), 202).await, first, "the same request again");
    let mut job = world.get(&format!("/v1/workflows/jobs/{}", first["job_id"].as_str().expect("a job"))).await;
    assert_eq!(job.as_object_mut().and_then(|job| job.remove("log")), Some(json!([])), "nobody has tried it");
    assert_eq!((&job["status"], &job["rule_kind"]), (&json!("queued"), &json!("stale_pr")), "{job}");
    assert_eq!((&job["payload"], &job["attempts"]), (&json!({"channel": "#shop"}), &json!(0)), "{job}");
    let listed = world.get("/v1/workflows/jobs?status=queued").await;
    assert_eq!(listed["data"], json!([job]));
    let audit = told(world.request_as(Role::Admin, Method::GET, "/v1/audit?action=workflow.queued"), 200).await;
    assert_eq!(audit["data"][0]["detail"]["rule"], "stale-pr", "{audit}");
    assert!(counts(&metrics(&world).await, "workflows_auto_vs_hitl_total{mode=\"auto\"} "));
}

#[tokio::test]
async fn what_needs_people_waits_and_their_word_makes_the_job() {
    let world = World::new().await;
    let deploy = json!({"rule_kind": "deploy", "subject": "acme/shop", "action": "dispatch_workflow",
        "payload": {"environment": "production", "workflow": "deploy.yml"}});
    let waiting = told(run(&world, &deploy), 202).await;
    assert_eq!((&waiting["status"], waiting.get("job_id")), (&json!("awaiting_approval"), None), "{waiting}");
    assert_eq!(world.get("/v1/workflows/jobs").await["data"], json!([]));
    let id = waiting["approval_id"].as_str().expect("an id");
    let approve = json!({"decision": "approve"});
    let decided = told(decision(&world, ("the approver", Role::Approver), id, &approve), 200).await;
    let job = world.get(&format!("/v1/workflows/jobs/{}", decided["job_id"].as_str().expect("a job"))).await;
    assert_eq!((&job["action"], &job["approval_id"]), (&json!("dispatch_workflow"), &json!(id)), "{job}");
}

#[tokio::test]
async fn what_the_policy_approves_itself_is_kept_as_an_approval() {
    let rules = "version: 1\nrules: [{name: all, then: {auto_approve: true}}]";
    let document = Document::new(rules);
    let world = document.world().await;
    let started = told(run(&world, &json!({"rule_kind": "deploy", "subject": "acme/shop"})), 202).await;
    assert!(started["status"] == "queued" && started["job_id"].is_string(), "{started}");
    let id = started["approval_id"].as_str().expect("an id");
    assert_eq!(world.get(&format!("/v1/approvals/{id}")).await["status"], "approved");
}

#[tokio::test]
async fn what_does_not_fit_starts_nothing() {
    let world = World::new().await;
    for (unfit, pointer) in [
        (json!({"subject": "a"}), ""),
        (json!({"rule_kind": "", "subject": "a"}), "/rule_kind"),
        (json!({"rule_kind": "deploy", "subject": "a", "action": "x".repeat(65)}), "/action"),
        (json!({"rule_kind": "deploy", "subject": "a", "payload": {"team": 5}}), "/payload/team"),
    ] {
        let told = problem(sent(run(&world, &unfit)).await, 400, "invalid-request").await;
        assert_eq!(told["errors"][0]["pointer"], pointer, "{told}");
    }
    let what = json!({"rule_kind": "stale_pr", "subject": "a"});
    problem(sent(post(&world, Role::Approver, "/v1/workflows/run", &what)).await, 403, "forbidden").await;
    assert_eq!(world.get("/v1/workflows/jobs").await["data"], json!([]));
    problem(world.answer("/v1/workflows/jobs/x").await, 404, "not-found").await;
}

#[tokio::test]
async fn a_dry_run_asks_nobody() {
    let world = World::new().await;
    let payload = json!({"environment": "production", "workflow": "deploy.yml", "ref": "main"});
    for dry in [json!({"dry_run": true}), json!({"payload": {"dry_run": true}})] {
        let mut deploy =
            json!({"rule_kind": "deploy", "subject": "acme/shop", "action": "dispatch_workflow", "payload": payload});
        deploy["dry_run"] = dry["dry_run"].as_bool().unwrap_or(false).into();
        deploy["payload"]["dry_run"] = dry["payload"]["dry_run"].as_bool().unwrap_or(false).into();
        let started = told(run(&world, &deploy), 202).await;
        assert_eq!((&started["status"], started.get("approval_id")), (&json!("queued"), None), "{started}");
        let job = world.get(&format!("/v1/workflows/jobs/{}", started["job_id"].as_str().expect("a job"))).await;
        assert_eq!(job["payload"]["dry_run"], true, "{job}");
    }
    assert_eq!(world.get("/v1/approvals").await["data"], json!([]));
}

#[tokio::test]
async fn only_what_was_given_up_is_tried_anew() {
    let world = World::new().await;
    let what = json!({"rule_kind": "deploy", "subject": "acme/shop", "action": "comment",
        "payload": {"environment": "production", "text": "x"}});
    let waiting = told(run(&world, &what), 202).await;
    let id = waiting["approval_id"].as_str().expect("an id");
    let retry = |id: &str| post(&world, Role::Operator, &format!("/v1/approvals/{id}/retry"), &json!({}));
    problem(sent(retry(id)).await, 409, "decided-otherwise").await;
    told(decision(&world, ("the approver", Role::Approver), id, &json!({"decision": "approve"})), 200).await;
    let now = chrono::Utc::now();
    let give_up = move |conn: &mut store::Connection| {
        let taken = store::approvals::take_effects(conn, now, chrono::TimeDelta::seconds(60), 1)?.remove(0);
        store::approvals::effect_refused(conn, &taken, ("404", &json!({})), now)
    };
    let store = world.database.store(store::Role::App);
    assert!(store.call("test", give_up).await.expect("the store answers"));
    let revived = told(retry(id), 202).await;
    assert_eq!((&revived["effect"], &revived["id"]), (&json!("pending"), &json!(id)), "{revived}");
    assert_eq!(world.get(&format!("/v1/approvals/{id}")).await["effect"]["status"], "pending");
    problem(sent(retry(id)).await, 409, "decided-otherwise").await;
    problem(sent(retry("x")).await, 404, "not-found").await;
}
