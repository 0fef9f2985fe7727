//! A policy tried on what happened.

use chrono::{TimeDelta, Utc};
use gateway::access::Role;
use serde_json::{Value, json};

use super::{post, sent, told};
use crate::metrics::facts;
use crate::world::{World, problem};

/// A deployment to production yesterday, one long ago, and a change that was merged yesterday.
async fn world() -> World {
    let world = World::new().await;
    let (yesterday, long_ago) = (Utc::now() - TimeDelta::days(1), Utc::now() - TimeDelta::days(90));
    let (yesterday, long_ago) = (yesterday.to_rfc3339(), long_ago.to_rfc3339());
    let change = [("tenant_id", "default"), ("repo", "acme/shop"), ("number", "7"), ("registers", "{}")];
    let times = [("opened_at", long_ago.as_str()), ("merged_at", yesterday.as_str())];
    world.sql(&(facts::deployment("1", &yesterday, &[]) + &facts::deployment("2", &long_ago, &[])));
    world.sql(&facts::insert("changes", &change, &times));
    world
}

async fn tried(world: &World, trial: &Value) -> Value {
    told(post(world, Role::Viewer, "/v1/policy/simulate", trial), 200).await
}

#[tokio::test]
async fn the_policy_in_force_is_tried_on_the_last_days() {
    let world = world().await;
    let month = tried(&world, &json!({})).await;
    assert_eq!((&month["decided"], &month["truncated"]), (&json!(2), &json!(false)), "{month}");
    assert_eq!((&month["by_action"], &month["requires_approval"]), (&json!({"block": 2}), &json!(2)), "{month}");
    let rules = month["by_rule"].as_array().expect("rules");
    let of = |rule: Value| rules.iter().find(|row| row["rule"] == rule).map(|row| row["n"].clone());
    assert_eq!((of(json!("deploy-production")), of(Value::Null)), (Some(json!(1)), Some(json!(1))), "{month}");
    let kinds: Vec<&str> =
        month["rows"].as_array().expect("rows").iter().filter_map(|row| row["kind"].as_str()).collect();
    assert_eq!(kinds.len(), 2, "{month}");
    let quarter = tried(&world, &json!({"days": 120})).await;
    assert_eq!(quarter["decided"], 3, "{quarter}");
}

#[tokio::test]
async fn a_document_is_tried_before_it_is_in_force_and_its_faults_are_told() {
    let world = world().await;
    let rules = "version: 1\nname: mine\nrules:\n  - {name: merges, kinds: [merge], when: \"facts.repo == 'acme/shop'\", then: {auto_approve: true}}\n  - {name: large, kinds: [deploy], when: facts.lines > 5, then: {action: allow}}\n";
    let mine = tried(&world, &json!({"policy": rules})).await;
    assert!(mine["policy"].as_str().is_some_and(|policy| policy.starts_with("mine@")), "{mine}");
    assert_eq!((&mine["auto_approve"], &mine["errors"]), (&json!(1), &json!(1)), "what is not known is told: {mine}");
    for (unfit, pointer) in [
        (json!({"days": 0}), "/days"),
        (json!({"policy": "rules: ["}), "/policy"),
        (json!({"policy": {"version": 2}}), "/policy/version"),
        (json!({"policies": {}}), ""),
    ] {
        let answer = sent(post(&world, Role::Viewer, "/v1/policy/simulate", &unfit)).await;
        assert_eq!(problem(answer, 400, "invalid-request").await["errors"][0]["pointer"], pointer);
    }
}
