//! Slices and windows: what adds up, and what must not change.

use serde_json::Value;

use super::facts::{WEEK, a_week, change, deployment, failure, incident};
use crate::world::World;

async fn dora(world: &World, query: &str) -> Value {
    world.get(&format!("/v1/metrics/dora?{query}")).await
}

/// The counts that add up over disjoint windows and slices.
fn counts(five: &Value) -> Vec<i64> {
    [
        ("deployment_frequency", "n"),
        ("deployment_frequency", "rollbacks"),
        ("lead_time", "n"),
        ("change_failure_rate", "failed"),
        ("change_failure_rate", "deployments"),
        ("recovery_time", "n"),
        ("rework_rate", "rework"),
        ("rework_rate", "deployments"),
        ("restore_time", "n"),
    ]
    .map(|(metric, name)| five[metric][name].as_i64().expect("a count"))
    .to_vec()
}

fn sum(parts: &[Vec<i64>]) -> Vec<i64> {
    let zero = vec![0; parts[0].len()];
    parts.iter().fold(zero, |sum, part| sum.iter().zip(part).map(|(a, b)| a + b).collect())
}

/// P7.
#[tokio::test]
async fn windows_add_up() {
    let world = World::new().await;
    world.sql(&a_week());
    let whole = counts(&dora(&world, WEEK).await);
    for cut in ["2026-11-02T12:00:00Z", "2026-11-04T10:00:00Z", "2026-11-04T10:07:00Z", "2026-11-06T00:00:00Z"] {
        let first = counts(&dora(&world, &format!("from=2026-11-02&to={cut}")).await);
        let second = counts(&dora(&world, &format!("from={cut}&to=2026-11-09")).await);
        assert_eq!(sum(&[first, second]), whole, "{cut}");
    }
}

/// P6, P8, P13.
#[tokio::test]
async fn slices_add_up_and_pool_their_raw_values() {
    let world = World::new().await;
    world.sql(&a_week());
    let before = counts(&dora(&world, &format!("{WEEK}&service=shop")).await);
    let pay = [("service", "pay"), ("repo", "acme/pay"), ("team", "blue")];
    let mut sql = deployment("p1", "2026-11-03T10:00:00Z", &[&pay[..], &[("failed", "true")]].concat());
    for (number, lead) in [("1", 60.0), ("2", 120.0), ("3", 180.0)] {
        sql += &change(number, "p1", "2026-11-03T10:00:00Z", lead, &pay);
    }
    let of_service = [("service", "pay"), ("team", "blue")];
    sql += &failure("p1", "2026-11-03T10:00:00Z", Some("2026-11-03T10:10:00Z"), &of_service);
    sql += &incident("i9", "2026-11-03T10:00:00Z", Some("2026-11-03T10:10:00Z"), &of_service);
    world.sql(&sql);
    let shop = dora(&world, &format!("{WEEK}&service=shop")).await;
    assert_eq!(counts(&shop), before, "another service changes nothing");
    for named in ["service=pay", "team=blue", "service=pay&team=blue"] {
        let pay = dora(&world, &format!("{WEEK}&{named}")).await;
        assert_eq!(counts(&pay), [1, 0, 3, 1, 1, 1, 0, 1, 1], "{named}");
    }
    let both = dora(&world, &format!("{WEEK}&service=pay,shop,unknown")).await;
    let of_pay = dora(&world, &format!("{WEEK}&service=pay")).await;
    assert_eq!(counts(&both), sum(&[counts(&shop), counts(&of_pay)]));
    // 60, 120, 180, 3600, 7200, 10800, 86400: not the mean of the medians.
    assert_eq!(both["lead_time"]["p50_s"], 3600.0);
    let of_repo = dora(&world, &format!("{WEEK}&repo=acme/pay")).await;
    assert_eq!(counts(&of_repo), [1, 0, 3, 1, 1, 1, 0, 1, 0], "the incident names no repository");
}

/// P9.
#[tokio::test]
async fn other_tiers_and_other_tenants_change_nothing() {
    let world = World::new().await;
    world.sql(&a_week());
    let before = dora(&world, WEEK).await;
    let staging = [("tier", "staging"), ("environment", "stage")];
    let sql = deployment("s1", "2026-11-03T10:00:00Z", &staging)
        + &change("1", "s1", "2026-11-03T10:00:00Z", 1.0, &staging)
        + &failure("s1", "2026-11-03T10:00:00Z", Some("2026-11-03T10:10:00Z"), &staging)
        + &deployment("d1", "2026-11-03T10:00:00Z", &[("tenant_id", "acme")])
        + &change("1", "d1", "2026-11-03T10:00:00Z", 1.0, &[("tenant_id", "acme")]);
    world.sql("insert into tenants (tenant_id, name) values ('acme', 'Acme')");
    world.sql(&sql);
    assert_eq!(dora(&world, WEEK).await, before);
    let theirs = world.get_of("acme", &format!("/v1/metrics/dora?{WEEK}")).await;
    assert_eq!(theirs["deployment_frequency"]["n"], 1);
}

/// P11.
#[tokio::test]
async fn a_time_zone_moves_days_and_nothing_else() {
    let world = World::new().await;
    world.sql(&a_week());
    let utc = dora(&world, WEEK).await;
    for zone in ["Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati", "US/Eastern"] {
        let there = dora(&world, &format!("{WEEK}&tz={zone}")).await;
        assert_eq!(counts(&there), counts(&utc), "{zone}");
        for metric in ["lead_time", "recovery_time"] {
            assert_eq!(there[metric]["p50_s"], utc[metric]["p50_s"]);
        }
        let points = there["deployment_frequency"]["trend"].as_array().expect("a trend").iter();
        assert_eq!(points.map(|point| point["n"].as_i64().unwrap_or(0)).sum::<i64>(), 8, "{zone}");
    }
    // Clocks go back in that night: 23:30 and 00:30 local time are two days, an hour apart.
    let sql = deployment("x1", "2026-10-24T21:30:00Z", &[]) + &deployment("x2", "2026-10-24T22:30:00Z", &[]);
    world.sql(&sql);
    let berlin = dora(&world, "from=2026-10-23T22:00:00Z&to=2026-10-25T23:00:00Z&tz=Europe/Berlin").await;
    assert_eq!(berlin["deployment_frequency"]["deploy_days"], 2);
    assert_eq!(berlin["deployment_frequency"]["per_day"], 1.0, "49 hours are two days");
    let begins: Vec<&str> = berlin["deployment_frequency"]["trend"]
        .as_array()
        .expect("a trend")
        .iter()
        .map(|point| point["at"].as_str().expect("a time"))
        .collect();
    assert_eq!(begins, ["2026-10-23T22:00:00Z", "2026-10-24T22:00:00Z"]);
}
