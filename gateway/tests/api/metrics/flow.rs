//! How work flows, and whether everything is computed.

use serde_json::{Value, json};

use super::facts::{deployment, insert};
use crate::world::World;

fn change(number: &str, times: &[(&str, &str)]) -> String {
    let usual = [("tenant_id", "default"), ("repo", "acme/shop"), ("number", number), ("registers", "{}")];
    insert("changes", &usual, times)
}

async fn rows(world: &World, path: &str) -> Vec<Value> {
    world.get(path).await["data"].as_array().expect("rows").clone()
}

fn some_changes() -> String {
    [
        change("1", &[("opened_at", "2026-10-30T12:00:00Z")]),
        change(
            "2",
            &[
                ("opened_at", "2026-11-02T12:00:00Z"),
                ("first_review_at", "2026-11-02T15:00:00Z"),
                ("approved_at", "2026-11-03T15:00:00Z"),
                ("merged_at", "2026-11-03T16:00:00Z"),
            ],
        ),
        change("3", &[("opened_at", "2026-10-20T12:00:00Z"), ("closed_at", "2026-11-02T08:00:00Z")]),
        change("4", &[("opened_at", "2026-11-04T12:00:00Z"), ("is_bot", "true")]),
        change("5", &[("opened_at", "2026-11-03T23:30:00Z"), ("repo", "acme/pay")]),
    ]
    .concat()
}

#[tokio::test]
async fn work_in_progress_is_what_was_open_on_a_day() {
    let world = World::new().await;
    world.sql(&some_changes());
    let path = "/v1/metrics/wip?from=2026-11-01&to=2026-11-05";
    let wip = |rows: &[Value]| -> Vec<(String, i64)> {
        rows.iter().map(|row| (row["day"].as_str().unwrap_or("").into(), row["wip"].as_i64().unwrap_or(-1))).collect()
    };
    let day = |day: u32, wip| (format!("2026-11-0{day}"), wip);
    assert_eq!(wip(&rows(&world, path).await), [day(4, 3), day(3, 3), day(2, 3), day(1, 2)]);
    assert_eq!(wip(&rows(&world, &format!("{path}&exclude_bots=true")).await)[0], day(4, 2));
    assert_eq!(
        wip(&rows(&world, &format!("{path}&repo=acme/pay")).await),
        [day(4, 1), day(3, 1), day(2, 0), day(1, 0)]
    );
    let berlin = rows(&world, &format!("{path}&repo=acme/pay&tz=Europe/Berlin")).await;
    assert_eq!(wip(&berlin)[..3], [day(5, 1), day(4, 1), day(3, 0)]);
    let mut paged = Vec::new();
    let mut next = format!("{path}&limit=1");
    loop {
        let page = world.get(&next).await;
        paged.extend(page["data"].as_array().expect("rows").clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("{path}&limit=1&cursor={cursor}");
    }
    assert_eq!(wip(&paged), [day(4, 3), day(3, 3), day(2, 3), day(1, 2)]);
}

#[tokio::test]
async fn a_change_belongs_to_who_deploys_its_repository() {
    let world = World::new().await;
    world.sql(&some_changes());
    world.sql(&deployment("p1", "2026-01-01T00:00:00Z", &[("service", "pay"), ("repo", "acme/pay"), ("team", "blue")]));
    for named in ["service=pay", "team=blue", "service=pay&team=blue"] {
        let found = rows(&world, &format!("/v1/metrics/aging-wip?to=2026-11-05&{named}")).await;
        assert_eq!(found.len(), 1, "{named}");
        assert_eq!((&found[0]["repo"], &found[0]["pr_number"]), (&"acme/pay".into(), &5.into()));
    }
    assert_eq!(rows(&world, "/v1/metrics/aging-wip?to=2026-11-05&service=shop").await.len(), 0);
}

#[tokio::test]
async fn ages_and_waits_are_those_of_the_clock() {
    let world = World::new().await;
    world.sql(&some_changes());
    let aging = rows(&world, "/v1/metrics/aging-wip?to=2026-11-05").await;
    let ages: Vec<_> = aging.iter().map(|row| (row["pr_number"].clone(), row["age_days"].clone())).collect();
    assert_eq!(ages[0], (json!(1), json!(5.5)), "the oldest first");
    assert_eq!(ages.len(), 3);
    assert_eq!(aging[0]["end_at"], Value::Null);
    let second = world.get("/v1/metrics/aging-wip?to=2026-11-05&limit=1").await;
    let cursor = second["next_cursor"].as_str().expect("a cursor");
    let rest = rows(&world, &format!("/v1/metrics/aging-wip?to=2026-11-05&limit=1&cursor={cursor}")).await;
    assert_eq!(rest[0]["pr_number"], 5);
    let idle = rows(&world, "/v1/metrics/pr-idle-time?from=2026-11-01&to=2026-11-05").await;
    let waits: Vec<_> = idle.iter().map(|row| (row["pr_number"].clone(), row["idle_hours"].clone())).collect();
    assert_eq!(waits, [(json!(4), Value::Null), (json!(5), Value::Null), (json!(2), json!(3.0))]);
    let reviews = rows(&world, "/v1/metrics/review-time?from=2026-11-01&to=2026-11-05").await;
    assert_eq!(reviews.len(), 1, "one was closed without being merged");
    for (name, hours) in [("pickup_hours", 3.0), ("review_hours", 24.0), ("merge_hours", 1.0), ("total_hours", 28.0)] {
        assert_eq!(reviews[0][name], hours, "{name}");
    }
}

#[tokio::test]
async fn settled_is_when_nothing_is_left_to_reckon() {
    let world = World::new().await;
    let settled = async || world.get("/v1/metrics/dora?days=1").await["settled"].clone();
    assert_eq!(settled().await, true);
    world.sql("insert into dora_dirty (tenant_id, service, contents_from, created_at) values ('default', 'shop', now(), now())");
    assert_eq!(settled().await, false);
    assert_eq!(world.get("/v1/metrics/wip?days=1").await["settled"], false);
    assert_eq!(world.get("/v1/metrics/dora/lead-time/explain?days=1&wait=0").await["settled"], false);
    world.sql("update dora_dirty set tenant_id = 'acme'");
    assert_eq!(settled().await, true, "others' marks are theirs");
    world.sql("update dora_dirty set tenant_id = 'default'");
    let waiting = world.get("/v1/metrics/dora?days=1&wait=20");
    let reckoned = async {
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        world.sql("delete from dora_dirty");
    };
    let (answer, ()) = tokio::join!(waiting, reckoned);
    assert_eq!(answer["settled"], true);
}
