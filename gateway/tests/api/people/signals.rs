//! Rules evaluated on what is known.

use chrono::{TimeDelta, Utc};
use gateway::access::Role;
use serde_json::{Value, json};

use super::{Document, post, sent, told};
use crate::metrics::facts;
use crate::world::{World, problem};

/// One thing of every kind that a signal is about, three days old.
async fn happened(world: &World) {
    let at = (Utc::now() - TimeDelta::days(3)).to_rfc3339();
    let change = |number: &str, title: &str, extra: &[(&str, &str)]| {
        let usual = [
            ("tenant_id", "default"),
            ("repo", "acme/shop"),
            ("number", number),
            ("title", title),
            ("registers", "{}"),
        ];
        facts::insert("changes", &[&usual[..], &[("opened_at", at.as_str())]].concat(), extra)
    };
    world.sql(&change("1", "SHOP-1 a fix", &[("ticket_keys", "{SHOP-1}")]));
    world.sql(&change("2", "no ticket", &[("author", "ada")]));
    world.sql(&change("3", "merged", &[("merged_at", &at)]));
    world.sql(&change("4", "of a bot", &[("is_bot", "true")]));
    world.sql(&facts::deployment("1", &at, &[("team", "web")]));
    world.sql(&facts::failure("1", &at, None, &[]));
    world.sql(&facts::incident("1", &at, None, &[("attributed", "false")]));
    for (number, sha, outcome) in [(1, "a", "failure"), (2, "a", "success"), (3, "b", "success")] {
        world.sql(&format!(
            "insert into events (tenant_id, id, delivery_id, integration, source, type, subject, time, repo, data)
             values ('default', gen_random_uuid(), gen_random_uuid(), 'github', '/github/acme/shop', 'build.finished', 'ci/{number}',
                     '{at}', 'acme/shop', json_build_object('name', 'ci', 'head_sha', '{sha}', 'outcome', '{outcome}'))"
        ));
    }
}

fn subjects(results: &Value, rule: &str) -> Vec<String> {
    let rows = results["results"][rule].as_array().expect("rows").iter();
    rows.filter_map(|row| row["subject"].as_str().map(str::to_owned)).collect()
}

async fn evaluated(world: &World, what: &Value) -> Value {
    told(post(world, Role::Viewer, "/v1/signals/evaluate", what), 200).await
}

#[tokio::test]
async fn every_kind_is_found_in_what_is_known() {
    let world = World::with(&[("GITHUB_WEBHOOK_SECRET", "a secret")]).await;
    happened(&world).await;
    world.sql(&format!(
        "insert into deliveries (tenant_id, id, received_at, source, kind, key, key_hash, result, scheme, secret, mapping_version,
           event_count, headers, body, body_encoding, body_bytes)
         values ('default', gen_random_uuid(), '{}', 'github', 'push', '1', '', 'accepted', 'github', 'active', 1, 1, '[]', '', 0, 0)",
        (Utc::now() - TimeDelta::hours(30)).to_rfc3339()
    ));
    let rules = json!({"rules": [
        {"kind": "stale_pr"}, {"kind": "wip_limit_exceeded", "limit": 1}, {"kind": "no_ticket_link"},
        {"kind": "pr_without_review", "team": "web"}, {"kind": "failed_deployment_open"},
        {"kind": "incident_unattributed"}, {"kind": "flaky_pipeline", "limit": 1}, {"kind": "source_silent"},
        {"name": "elsewhere", "kind": "stale_pr", "repo": "other/*"},
    ]});
    let found = evaluated(&world, &rules).await;
    for (rule, expected) in [
        ("stale_pr", vec!["acme/shop#1", "acme/shop#2"]),
        ("wip_limit_exceeded", vec!["wip:all"]),
        ("no_ticket_link", vec!["acme/shop#2"]),
        ("pr_without_review", vec!["acme/shop#1", "acme/shop#2"]),
        ("failed_deployment_open", vec!["deployment:shop/production"]),
        ("incident_unattributed", vec!["incident:pagerduty/1"]),
        ("flaky_pipeline", vec!["pipeline:acme/shop/ci"]),
        ("source_silent", vec!["source:github"]),
        ("elsewhere", vec![]),
    ] {
        assert_eq!(subjects(&found, rule), expected, "{rule}: {found}");
    }
}

#[tokio::test]
async fn rules_come_as_json_as_yaml_or_from_the_file_in_force() {
    let document = Document::new("rules: [{name: ours, kind: stale_pr, older_than_hours: 1}]");
    let world = World::with(&[("RULES_PATH", document.0.to_str().expect("a path"))]).await;
    happened(&world).await;
    assert_eq!(subjects(&evaluated(&world, &json!({})).await, "ours"), ["acme/shop#1", "acme/shop#2"]);
    for yaml in ["- {kind: stale_pr, older_than_hours: 100}", "rules: [{kind: stale_pr, older_than_hours: 100}]"] {
        assert_eq!(evaluated(&world, &json!({"yaml": yaml})).await["results"], json!({"stale_pr": []}));
    }
    for (unfit, pointer) in [
        (json!({"rules": [{"kind": "stale_prs"}]}), "/rules/0/kind"),
        (json!({"yaml": "- {kind: no_ticket_link, pattern: '('}"}), "/yaml/rules/0/pattern"),
        (json!({"yaml": "rules: ["}), "/yaml"),
        (json!({"yaml": "rules: []", "rules": []}), "/yaml"),
        (json!({"rule": []}), ""),
    ] {
        let answer = sent(post(&world, Role::Viewer, "/v1/signals/evaluate", &unfit)).await;
        assert_eq!(problem(answer, 400, "invalid-request").await["errors"][0]["pointer"], pointer);
    }
}

/// What a worker saw: three that are open, one that is over.
fn seen() -> String {
    let row = |n: usize, rule: &str, kind: &str, closed: &str| {
        format!(
            "insert into signal_states (tenant_id, id, rule, kind, subject, since, facts, opened_at, last_seen_at, closed_at, last_fired_at,
               fired, action, reason, policy, job_id)
             values ('default', gen_random_uuid(), '{rule}', '{kind}', 'acme/shop#{n}', '2026-11-01', '{{\"n\": {n}}}', '2026-11-02T00:00:0{n}Z',
               '2026-11-03', {closed}, '2026-11-02', 1, 'nudge', 'it waits', 'default@1', gen_random_uuid());"
        )
    };
    let never = "insert into signal_states (tenant_id, id, rule, kind, subject, since, facts, opened_at, last_seen_at, fired)
        values ('default', gen_random_uuid(), 'stale', 'stale_pr', 'acme/shop#9', '2026-11-01', '{}', '2026-11-01', '2026-11-03', 0);";
    row(1, "stale", "stale_pr", "null")
        + &row(2, "no-review", "pr_without_review", "null")
        + &row(3, "stale", "stale_pr", "'2026-11-03T10:00:00Z'")
        + never
}

#[tokio::test]
async fn what_workers_saw_is_listed_with_what_followed() {
    let world = World::new().await;
    world.sql(&seen());
    let of = |page: &Value| -> Vec<String> {
        let rows = page["data"].as_array().expect("rows").iter();
        rows.filter_map(|row| row["subject"].as_str().map(|subject| subject.replace("acme/shop#", ""))).collect()
    };
    for (query, expected) in [
        ("", vec!["2", "1", "9"]),
        ("?state=closed", vec!["3"]),
        ("?state=all", vec!["3", "2", "1", "9"]),
        ("?kind=stale_pr", vec!["1", "9"]),
        ("?rule=no-review", vec!["2"]),
        ("?subject=acme/shop%239", vec!["9"]),
        ("?limit=2", vec!["2", "1"]),
    ] {
        assert_eq!(of(&world.get(&format!("/v1/signals{query}")).await), expected, "{query}");
    }
    let page = world.get("/v1/signals?limit=2").await;
    let next = format!("/v1/signals?limit=2&cursor={}", page["next_cursor"].as_str().expect("a cursor"));
    let last = world.get(&next).await;
    assert_eq!((of(&last), &last["next_cursor"]), (vec!["9".to_owned()], &Value::Null));
    assert_eq!((&last["data"][0]["done"], &last["data"][0]["state"]), (&Value::Null, &json!("open")));
    let first = &page["data"][0];
    assert_eq!((&first["row"], &first["since"]), (&json!({"n": 2}), &json!("2026-11-01T00:00:00Z")), "{first}");
    assert_eq!((&first["done"]["action"], &first["done"]["times"]), (&json!("nudge"), &json!(1)), "{first}");
    assert!(first["done"]["job_id"].is_string() && first["done"]["approval_id"].is_null(), "{first}");
    for wrong in ["kind=stale", "state=new", "sort=kind"] {
        problem(world.answer(&format!("/v1/signals?{wrong}")).await, 400, "invalid-request").await;
    }
}
