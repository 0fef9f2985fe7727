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
