//! The facts on a real PostgreSQL, by the worker's own task: events are processed as the consumer does, and whoever is rung
//! reckons what they touched.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use store::facts::{ServiceOf, Step};
use testkit::history::History;
use testkit::world::until;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

fn facts(service: &str) -> Vec<Value> {
    vec![
        json!({"kind": "commit", "repo": service, "sha": "a", "parents": [], "committed_at": "2026-03-02T01:00:00Z"}),
        json!({"kind": "commit", "repo": service, "sha": "b", "parents": ["a"], "committed_at": "2026-03-02T02:00:00Z"}),
        json!({"kind": "change", "repo": service, "id": 1, "title": "One", "base": "main", "head": "one", "landed_sha": "b",
            "opened_at": "2026-03-02T01:30:00Z", "merged_at": "2026-03-02T02:00:00Z"}),
        deployed(service, "d1", "a", "2026-03-02T03:00:00Z"),
        deployed(service, "d2", "b", "2026-03-02T04:00:00Z"),
    ]
}

fn deployed(service: &str, id: &str, sha: &str, at: &str) -> Value {
    json!({"kind": "deployment", "id": format!("{service} {id}"), "service": service, "env": "production", "status": "success",
        "finished_at": at, "components": [{"repo": service, "sha": sha}]})
}

fn step(except: HashSet<ServiceOf>) -> Step {
    Step { usual_window: TimeDelta::hours(24), limit: 64, except, now: Utc::now() }
}

async fn history() -> History {
    tokio::task::spawn_blocking(History::fresh).await.expect("a history")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_task_reckons_what_it_is_rung_for_until_nothing_is_dirty() {
    let mut history = history().await;
    let (rung, stop) = (Arc::new(Notify::new()), CancellationToken::new());
    let window = TimeDelta::hours(24);
    let task = tokio::spawn(worker::dora::run(history.store(), window, rung.clone(), stop.clone()));
    history.tell(&facts("shop"));
    rung.notify_one();
    until("nothing is dirty", async || history.lines("select 'dirty' as line from dora_dirty").is_empty()).await;
    assert_eq!(history.lines("select deployment_id as line from dora_changes"), ["shop d2"]);
    history.tell(&facts("warehouse"));
    until("the clock has rung", async || history.lines("select 'dirty' as line from dora_dirty").is_empty()).await;
    stop.cancel();
    task.await.expect("it ends");
    history.assert_settled();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_cannot_be_reckoned_does_not_hold_up_the_others() {
    let mut history = history().await;
    history.tell(&facts("shop"));
    history.tell(&facts("warehouse"));
    // A row that the rules refuse to have written: the database says so for one service alone.
    history.owner("alter table dora_deployments add constraint spoiled check (service <> 'shop')");
    let done = worker::dora::reckon_once(&history.store(), step(HashSet::new())).await.expect("a step");
    assert_eq!(done.services, 1);
    let failed: Vec<&str> = done.failed.iter().map(|(of, _)| of.service.as_str()).collect();
    assert_eq!(failed, ["shop"]);
    assert!(done.failed[0].1.contains("spoiled"), "{:?}", done.failed);
    let dirty = "select distinct service as line from dora_dirty";
    assert_eq!(history.lines(dirty), ["shop"], "what failed stays");
    let except = done.failed.into_iter().map(|(of, _)| of).collect();
    let idle = worker::dora::reckon_once(&history.store(), step(except)).await.expect("a step");
    assert_eq!((idle.services, idle.failed.len()), (0, 0));
    history.owner("alter table dora_deployments drop constraint spoiled");
    history.reckon();
    history.assert_settled();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_and_a_consumer_at_the_same_time_end_with_what_a_rebuild_makes() {
    let mut history = history().await;
    let (rung, stop) = (Arc::new(Notify::new()), CancellationToken::new());
    let window = TimeDelta::hours(24);
    let run = || tokio::spawn(worker::dora::run(history.store(), window, rung.clone(), stop.clone()));
    let tasks = [run(), run()];
    for number in 0..6 {
        let all = facts(&format!("service-{}", number % 3));
        for fact in if number % 2 == 0 { all } else { all.into_iter().rev().collect() } {
            history.tell(&[fact]);
            rung.notify_waiters();
        }
    }
    until("nothing is dirty", async || history.lines("select 'dirty' as line from dora_dirty").is_empty()).await;
    stop.cancel();
    for task in tasks {
        task.await.expect("it ends");
    }
    assert_eq!(history.lines("select count(*)::text as line from dora_changes"), ["3"]);
    history.assert_settled();
}
