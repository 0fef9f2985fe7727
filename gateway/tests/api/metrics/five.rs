//! The object of the five metrics.

use serde_json::{Value, json};

use super::facts::{WEEK, a_week, change, deployment, failure};
use crate::world::{World, problem};

async fn dora(world: &World, query: &str) -> Value {
    world.get(&format!("/v1/metrics/dora?{query}")).await
}

/// The members of an object that are expected.
fn holds(object: &Value, expected: &Value) {
    for (name, value) in expected.as_object().expect("an object") {
        match (object[name].as_f64(), value.as_f64()) {
            (Some(found), Some(value)) => assert!((found - value).abs() < 1e-9, "{name}: {found}, not {value}"),
            _ => assert_eq!(&object[name], value, "{name} of {object}"),
        }
    }
}

#[tokio::test]
async fn a_week_of_facts_gives_the_numbers_that_a_hand_gives() {
    let world = World::new().await;
    world.sql(&a_week());
    let five = dora(&world, WEEK).await;
    holds(
        &five["deployment_frequency"],
        &json!({
            "n": 8, "per_day": 8.0 / 7.0, "value": 8.0 / 7.0, "unit": "per_day", "days": 7, "deploy_days": 4, "redeploys": 1,
            "rollbacks": 1, "hotfixes": 1, "failed_attempts": 1, "band": "elite", "score": 8.0,
            // Gaps of 2, 2, 20, 24, 1, 46 and 6 hours.
            "between_p50_s": 21_600.0,
        }),
    );
    holds(
        &five["lead_time"],
        &json!({
            "unit": "change", "n": 4, "p50_s": 9_000.0, "p75_s": 29_700.0, "p90_s": 63_720.0, "p95_s": 75_060.0, "mean_s": 27_000.0,
            "value": 9_000.0, "percentile": 50, "band": "elite", "score": 8.0,
        }),
    );
    holds(
        &five["lead_time"]["phases"],
        &json!({
            "coding_s": 600.0, "pickup_s": 1200.0, "review_s": 600.0, "merge_s": 0.0, "deploy_s": 1200.0
        }),
    );
    holds(
        &five["change_failure_rate"],
        &json!({
            "failed": 2, "deployments": 7, "rate": 2.0 / 7.0, "provisional": false, "band": "low"
        }),
    );
    holds(
        &five["recovery_time"],
        &json!({
            "n": 2, "p50_s": 5_400.0, "mean_s": 5_400.0, "open": 0, "oldest_open_s": null, "band": "high", "start": "finish"
        }),
    );
    holds(&five["rework_rate"], &json!({"rework": 2, "deployments": 8, "rate": 0.25, "band": "low"}));
    holds(&five["restore_time"], &json!({"n": 1, "p50_s": 1_800.0, "open": 1, "oldest_open_s": 223_200.0}));
    holds(
        &five["quality"],
        &json!({
            "unattributed_incidents": 1, "ancestry_gaps": 1, "negative_lead_times": 1, "deployments_without_sha": 1, "unmapped_events": 0
        }),
    );
    holds(&five["scores"]["own"], &json!({"lead_time": 8.0, "rework_rate": 7.5, "deployment_frequency": 8.0}));
    holds(&five["scores"]["industry_2025"], &json!({"overall": 6.72, "stability": 7.9}));
    assert_eq!(five["deployment_frequency"]["previous"]["n"], 0);
    assert_eq!(five["settled"], true, "nothing is owed");
}

#[tokio::test]
async fn options_change_what_they_say_and_nothing_else() {
    let world = World::new().await;
    world.sql(&a_week());
    let of = async |option: &str| dora(&world, &format!("{WEEK}&{option}")).await;
    let commits = of("lead_unit=commit").await;
    holds(&commits["lead_time"], &json!({"unit": "commit", "n": 2, "p50_s": 2_700.0, "phases": null}));
    holds(&of("exclude_bots=true").await["lead_time"], &json!({"n": 3, "p50_s": 7_200.0}));
    holds(&of("percentile=90").await["lead_time"], &json!({"value": 63_720.0, "p50_s": 9_000.0}));
    holds(&of("count_redeploys=false").await["deployment_frequency"], &json!({"n": 7, "deploy_days": 3}));
    holds(&of("working_days=true").await["deployment_frequency"], &json!({"n": 8, "days": 5, "per_day": 1.6}));
    holds(&of("count_failed_pipeline=true").await["change_failure_rate"], &json!({"failed": 3, "deployments": 8}));
    // One hour from the first incident; the other has none and keeps its own clock.
    holds(&of("fdrt_start=impact").await["recovery_time"], &json!({"p50_s": 3_600.0, "start": "impact"}));
    holds(&of("scheme=2021").await["change_failure_rate"], &json!({"band": "medium"}));
    holds(&of("scheme=2023").await, &json!({"scheme": "2023"}));
}

#[tokio::test]
async fn what_is_not_known_is_null_and_its_band_unknown() {
    let world = World::new().await;
    for query in
        [WEEK, "service=nobody", "from=2026-11-02&to=2026-11-02", "days=36500", "from=0000-01-01&to=9999-12-31"]
    {
        let five = dora(&world, query).await;
        holds(&five["deployment_frequency"], &json!({"n": 0, "per_day": null, "band": "unknown", "score": null}));
        holds(&five["lead_time"], &json!({"n": 0, "p50_s": null, "mean_s": null, "band": "unknown"}));
        holds(&five["change_failure_rate"], &json!({"failed": 0, "deployments": 0, "rate": null, "band": "unknown"}));
        holds(&five["recovery_time"], &json!({"n": 0, "p50_s": null, "open": 0, "band": "unknown"}));
        holds(&five["rework_rate"], &json!({"rework": 0, "deployments": 0, "rate": null, "band": "unknown"}));
        for metric in ["deployment_frequency", "lead_time", "change_failure_rate", "recovery_time", "rework_rate"] {
            let points = five[metric]["trend"].as_array().expect("a trend").len();
            assert!((1..=400).contains(&points), "{metric} of {query}: {points}");
        }
    }
}

#[tokio::test]
async fn a_trend_has_a_point_for_every_bucket_and_adds_up() {
    let world = World::new().await;
    world.sql(&a_week());
    let five = dora(&world, WEEK).await;
    let counts = |five: &Value, metric: &str, name: &str| -> Vec<i64> {
        let points = five[metric]["trend"].as_array().expect("a trend").iter();
        points.map(|point| point[name].as_i64().expect("a count")).collect()
    };
    assert_eq!(five["bucket"], "day");
    assert_eq!(counts(&five, "deployment_frequency", "n"), [3, 1, 2, 0, 2, 0, 0]);
    assert_eq!(counts(&five, "lead_time", "n"), [2, 0, 1, 0, 1, 0, 0]);
    assert_eq!(counts(&five, "change_failure_rate", "deployments"), [2, 1, 2, 0, 2, 0, 0]);
    assert_eq!(counts(&five, "recovery_time", "n"), [1, 0, 1, 0, 0, 0, 0]);
    holds(&five["lead_time"]["trend"][0], &json!({"at": "2026-11-02T00:00:00Z", "p50_s": 5_400.0}));
    holds(&five["lead_time"]["trend"][1], &json!({"n": 0, "p50_s": null}));
    holds(&five["change_failure_rate"]["trend"][3], &json!({"rate": null}));
    let weeks = dora(&world, "from=2026-10-28&to=2026-11-18&bucket=week&tz=America/New_York").await;
    holds(&weeks["deployment_frequency"]["trend"][1], &json!({"at": "2026-11-02T05:00:00Z", "n": 8}));
    assert_eq!(counts(&weeks, "deployment_frequency", "n"), [0, 8, 0, 0]);
}

#[tokio::test]
async fn the_period_before_is_as_long_and_ends_where_this_one_begins() {
    let world = World::new().await;
    world.sql(&a_week());
    let later = dora(&world, "from=2026-11-09&to=2026-11-16").await;
    holds(&later, &json!({"previous_from": "2026-11-02T00:00:00Z"}));
    let this = dora(&world, WEEK).await;
    for metric in ["deployment_frequency", "lead_time", "change_failure_rate", "recovery_time", "rework_rate"] {
        let expected = this[metric].as_object().expect("an object").iter();
        let expected: serde_json::Map<String, Value> = expected
            .filter(|(name, _)| !["trend", "previous"].contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        assert_eq!(later[metric]["previous"], Value::Object(expected), "{metric}");
    }
}

#[tokio::test]
async fn failures_belong_to_the_window_in_which_they_recovered_and_are_open_before() {
    let world = World::new().await;
    let sql =
        deployment("d1", "2026-10-20T00:00:00Z", &[("failed", "true"), ("provisional_until", "2999-01-01T00:00:00Z")])
            + &failure("d1", "2026-10-20T00:00:00Z", Some("2026-11-03T00:00:00Z"), &[]);
    world.sql(&sql);
    let october = dora(&world, "from=2026-10-01&to=2026-11-01").await;
    holds(&october["recovery_time"], &json!({"n": 0, "open": 1, "oldest_open_s": 12.0 * 86_400.0}));
    holds(&october["change_failure_rate"], &json!({"failed": 1, "deployments": 1, "provisional": true}));
    let november = dora(&world, "from=2026-11-01&to=2026-12-01").await;
    holds(&november["recovery_time"], &json!({"n": 1, "p50_s": 14.0 * 86_400.0, "open": 0, "band": "low"}));
}

/// The daily counts that GitLab's documentation reckons with: an average over all days of the range.
#[tokio::test]
async fn the_frequency_divides_by_all_days_of_the_range() {
    let world = World::new().await;
    let mut sql = String::new();
    for (day, count) in [("2022-01-25", 2), ("2022-01-28", 5), ("2022-02-07", 9), ("2022-03-01", 1)] {
        for n in 0..count {
            sql += &deployment(&format!("{day} {n}"), &format!("{day}T0{n}:00:00Z"), &[]);
        }
    }
    sql += &deployment("staged", "2022-02-01T00:00:00Z", &[("tier", "staging"), ("environment", "stage")]);
    world.sql(&sql);
    for (range, n, days) in [
        ("from=2022-01-20&to=2022-03-04", 17, 43.0),
        ("from=2022-01-20&to=2022-02-01", 7, 12.0),
        ("from=2022-02-01&to=2022-03-01", 9, 28.0),
        ("from=2022-03-01&to=2022-03-04", 1, 3.0),
    ] {
        let five = dora(&world, range).await;
        holds(&five["deployment_frequency"], &json!({"n": n, "per_day": f64::from(n) / days}));
    }
    for named in ["tier=staging", "environment=stage", "environment=stage&tier=staging,testing"] {
        let staged = dora(&world, &format!("from=2022-01-20&to=2022-03-04&{named}")).await;
        holds(&staged["deployment_frequency"], &json!({"n": 1}));
    }
}

#[tokio::test]
async fn rollbacks_ship_nothing() {
    let world = World::new().await;
    world.sql(&a_week());
    world.sql(&change("9", "d3", "2026-11-02T14:00:00Z", 5.0, &[]));
    world.sql("update dora_deployments set changes = 1 where deployment_id = 'd3'");
    holds(&dora(&world, WEEK).await["lead_time"], &json!({"n": 4, "p50_s": 9_000.0}));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_name() {
    let world = World::new().await;
    for (query, name) in [
        ("days=0", "days"),
        ("days=1.5", "days"),
        ("days=3&from=2026-11-01", "days"),
        ("from=soon", "from"),
        ("from=2026-11-02&to=2026-11-01", "from"),
        ("tier=prod", "tier"),
        ("tz=Mars/North", "tz"),
        ("lead_unit=pr", "lead_unit"),
        ("exclude_bots=1", "exclude_bots"),
        ("percentile=100", "percentile"),
        ("scheme=2020", "scheme"),
        ("bucket=hour", "bucket"),
        ("fdrt_start=begin", "fdrt_start"),
        ("wait=31", "wait"),
        ("sauce=x", "sauce"),
        ("days=1&days=2", "days"),
    ] {
        for path in ["/v1/metrics/dora", "/v1/metrics/dora/lead-time/explain"] {
            if path.ends_with("explain") && name == "bucket" {
                continue;
            }
            let body = problem(world.answer(&format!("{path}?{query}")).await, 400, "invalid-request").await;
            assert_eq!(body["errors"][0]["pointer"], format!("/query/{name}"), "{query}: {body}");
        }
    }
    let several = problem(world.answer("/v1/metrics/dora?days=0&tz=x&tier=y").await, 400, "invalid-request").await;
    assert_eq!(several["errors"].as_array().map(Vec::len), Some(3));
}
