//! The row calls.

use serde_json::{Value, json};

use super::facts::{WEEK, a_week, deployment, insert};
use crate::world::{World, problem};

const ALL: [&str; 11] = [
    "/v1/metrics/dora/deployment-frequency",
    "/v1/metrics/dora/lead-time",
    "/v1/metrics/dora/change-fail-rate",
    "/v1/metrics/dora/mttr",
    "/v1/metrics/dora/rework-rate",
    "/v1/metrics/code-quality",
    "/v1/metrics/wip",
    "/v1/metrics/aging-wip",
    "/v1/metrics/pr-idle-time",
    "/v1/metrics/review-time",
    "/v1/deployments",
];

async fn rows(world: &World, path: &str) -> Vec<Value> {
    world.get(path).await["data"].as_array().expect("rows").clone()
}

/// All rows, a page at a time.
async fn walk(world: &World, path: &str, limit: u32) -> Vec<Value> {
    let mut all = Vec::new();
    let mut next = format!("{path}&limit={limit}");
    loop {
        let page = world.get(&next).await;
        all.extend(page["data"].as_array().expect("rows").clone());
        let Some(cursor) = page["next_cursor"].as_str() else { return all };
        next = format!("{path}&limit={limit}&cursor={cursor}");
        assert!(all.len() < 1000, "the walk ends");
    }
}

#[tokio::test]
async fn every_call_takes_the_same_filters_and_refuses_others() {
    let world = World::new().await;
    world.sql(&a_week());
    for path in ALL {
        let filters = "service=a,b&team=c&repo=d/e&environment=f&tier=staging&tz=Asia/Tokyo&wait=0&limit=5";
        let page = world.get(&format!("{path}?{WEEK}&{filters}")).await;
        assert_eq!((&page["data"], &page["settled"]), (&json!([]), &json!(true)), "{path}");
        for bad in
            ["sauce=x", "limit=0", "tier=x", "tz=x", "to=-262143-01-01", "from=-262143-01-01", "wait=x", "team=%00"]
        {
            problem(world.answer(&format!("{path}?{bad}")).await, 400, "invalid-request").await;
        }
        problem(world.answer(&format!("{path}?cursor=x")).await, 400, "invalid-cursor").await;
    }
}

#[tokio::test]
async fn pages_are_the_whole_in_pieces() {
    let world = World::new().await;
    world.sql(&a_week());
    for n in 0..7 {
        // Equal times: only the tie tells them apart.
        world.sql(&deployment(&format!("same {n}"), "2026-11-03T10:00:00Z", &[]));
        world.sql(&super::facts::change(&format!("{}", 100 + n), "d4", "2026-11-03T10:00:00Z", 5.0, &[]));
    }
    for path in [
        "/v1/deployments",
        "/v1/metrics/dora/lead-time",
        "/v1/metrics/dora/deployment-frequency",
        "/v1/metrics/dora/lead-time/explain",
    ] {
        let path = format!("{path}?{WEEK}");
        let whole = rows(&world, &path).await;
        assert!(whole.len() >= 4, "{path}");
        for limit in [1, 3] {
            assert_eq!(walk(&world, &path, limit).await, whole, "{path}");
        }
    }
    let page = world.get(&format!("/v1/deployments?{WEEK}&limit=2")).await;
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let other = format!("/v1/deployments?{WEEK}&failed=true&cursor={cursor}");
    problem(world.answer(&other).await, 400, "invalid-cursor").await;
}

#[tokio::test]
async fn lead_time_rows_are_those_of_the_headline() {
    let world = World::new().await;
    world.sql(&a_week());
    world.sql(
        "insert into changes (tenant_id, repo, number, title, landed_sha, subject, registers)
         values ('default', 'acme/shop', '1', 'Faster', 'beef', 'acme/shop#1', '{}');
         insert into events (tenant_id, id, delivery_id, integration, source, type, subject, time, data)
         values ('default', '01938f5e-3f0a-7c11-9d4e-000000000009', gen_random_uuid(), 'github', '/github/acme/shop', 'change.merged',
                 'acme/shop#1', '2026-11-02T11:00:00Z', '{}')",
    );
    let found = rows(&world, &format!("/v1/metrics/dora/lead-time?{WEEK}")).await;
    assert_eq!(found.len(), 4, "what is negative is not among them");
    let first = found.iter().find(|row| row["pr_number"] == 1).expect("the change");
    for (name, expected) in [
        ("repo", json!("acme/shop")),
        ("lead_time_hours", json!(1.0)),
        ("commit_sha", json!("beef")),
        ("title", json!("Faster")),
        ("deployment_id", json!("d2")),
        ("deployment", json!("github:d2")),
        ("first_deploy_after_merge", json!("2026-11-02T12:00:00Z")),
        ("pickup_s", json!(1200.0)),
        ("events", json!(["01938f5e-3f0a-7c11-9d4e-000000000009"])),
    ] {
        assert_eq!(first[name], expected, "{name}");
    }
    assert_eq!(rows(&world, &format!("/v1/metrics/dora/lead-time?{WEEK}&exclude_bots=true")).await.len(), 3);
}

#[tokio::test]
async fn weeks_hold_what_failed_and_what_was_rework() {
    let world = World::new().await;
    world.sql(&a_week());
    world.sql(&deployment("only a rollback", "2026-10-26T00:00:00Z", &[("kind", "rollback"), ("rework", "true")]));
    let failures = rows(&world, "/v1/metrics/dora/change-fail-rate?from=2026-10-01&to=2026-12-01").await;
    assert_eq!(
        failures,
        [
            json!({"week": "2026-11-02", "total_deployments": 7, "failed_deployments": 2, "rollbacks": 1, "provisional": false,
                   "change_fail_rate_pct": 2.0 / 7.0 * 100.0}),
            json!({"week": "2026-10-26", "total_deployments": 0, "failed_deployments": 0, "rollbacks": 1, "provisional": false,
                   "change_fail_rate_pct": null}),
        ]
    );
    // In New York that rollback was on Sunday, a week earlier.
    let rework = "/v1/metrics/dora/rework-rate?from=2026-10-01&to=2026-12-01&tz=America/New_York";
    let weeks = walk(&world, rework, 1).await;
    let brief: Vec<_> = weeks.iter().map(|row| (row["week"].clone(), row["rework_rate_pct"].clone())).collect();
    assert_eq!(brief, [(json!("2026-11-02"), json!(25.0)), (json!("2026-10-19"), json!(100.0))]);
    assert_eq!(weeks[0]["rework_deployments"], 2);
}

#[tokio::test]
async fn mttr_rows_are_incidents_with_their_deployments() {
    let world = World::new().await;
    world.sql(&a_week());
    world.sql(
        "insert into dora_links (tenant_id, integration, incident_id, deployment_integration, deployment_id, method)
         values ('default', 'pagerduty', 'i1', 'github', 'd2', 'window');
         insert into incidents (tenant_id, integration, incident_id, title, registers) values ('default', 'pagerduty', 'i1', 'Down', '{}')",
    );
    let found = rows(&world, &format!("/v1/metrics/dora/mttr?{WEEK}")).await;
    assert_eq!(found.len(), 1, "open ones and those that do not count are not among them");
    for (name, expected) in [
        ("incident_id", json!("i1")),
        ("source", json!("pagerduty")),
        ("title", json!("Down")),
        ("triggered_at", json!("2026-11-02T13:00:00Z")),
        ("resolved_at", json!("2026-11-02T13:30:00Z")),
        ("mttr_hours", json!(0.5)),
        ("mttr_minutes", json!(30.0)),
        ("deployment_id", json!("d2")),
        ("methods", json!(["window"])),
    ] {
        assert_eq!(found[0][name], expected, "{name}");
    }
}

#[tokio::test]
async fn frequency_rows_have_the_columns_that_em_agent_had() {
    let world = World::new().await;
    world.sql(&a_week());
    world.sql(&deployment("late", "2026-11-06T23:30:00Z", &[("integration", "generic")]));
    let path = format!("/v1/metrics/dora/deployment-frequency?{WEEK}");
    let found = rows(&world, &path).await;
    let totals: Vec<i64> = found.iter().map(|row| row["total_deployments"].as_i64().unwrap_or(-1)).collect();
    assert_eq!(totals, [3, 2, 1, 3]);
    assert_eq!(
        (&found[0]["github_deployments"], &found[0]["generic_deployments"], &found[0]["heroku_deployments"]),
        (&json!(2), &json!(1), &json!(0))
    );
    let berlin = rows(&world, &format!("{path}&tz=Europe/Berlin&count_redeploys=false")).await;
    assert_eq!(
        berlin.iter().map(|row| row["day"].as_str().unwrap_or("")).collect::<Vec<_>>(),
        ["2026-11-07", "2026-11-06", "2026-11-04", "2026-11-02"]
    );
}

#[tokio::test]
async fn coverage_is_averaged_by_week_and_project() {
    let world = World::new().await;
    for (n, at, project, coverage, passed) in [
        (1, "2026-11-02T10:00:00Z", "acme/shop", "80", "null"),
        (2, "2026-11-03T10:00:00Z", "acme/shop", "90", "true"),
        (3, "2026-11-04T10:00:00Z", "acme/shop", "null", "false"),
        (4, "2026-11-04T10:00:00Z", "acme/pay", "50", "null"),
        (5, "2026-10-26T10:00:00Z", "acme/shop", "70", "null"),
    ] {
        let id = format!("01938f5e-3f0a-7c11-9d4e-00000000000{n}");
        let usual = [("tenant_id", "default"), ("integration", "codecov"), ("event_id", id.as_str()), ("at", at)];
        world.sql(&insert(
            "quality_reports",
            &usual,
            &[("project", project), ("coverage_pct", coverage), ("passed", passed)],
        ));
    }
    let path = "/v1/metrics/code-quality?from=2026-10-01&to=2026-12-01";
    let mut found = walk(&world, path, 1).await;
    assert_eq!(found.len(), 3);
    assert_eq!(found[2]["week"], "2026-10-26");
    found.retain(|row| row["project"] == "acme/shop");
    for (name, expected) in [
        ("week", json!("2026-11-02")),
        ("source", json!("codecov")),
        ("avg_coverage", json!(85.0)),
        ("max_coverage", json!(90.0)),
        ("min_coverage", json!(80.0)),
        ("quality_status", json!("failed")),
        ("event_count", json!(3)),
    ] {
        assert_eq!(found[0][name], expected, "{name}");
    }
    assert_eq!(found[0]["events"].as_array().map(Vec::len), Some(3));
    assert_eq!(rows(&world, &format!("{path}&repo=acme/pay")).await.len(), 1);
}
