//! The database answers, but not in time: somebody holds what intake needs.

use std::time::{Duration, Instant};

use crate::world::{World, problem};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use testkit::locks::Held;
use testkit::world::until;

async fn deliver(world: &World) -> Response {
    let fact = json!({"kind": "deployment", "id": "d1", "service": "shop", "env": "production", "status": "success",
                      "finished_at": "2026-11-20T10:00:00Z"});
    world.request(Method::POST, "/webhooks/generic").json(&fact).send().await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_table_is_held_senders_are_told_to_come_again_and_then_it_is_kept_once() {
    let world = World::new().await;
    let held = Held::table(&world.database.url, "deliveries");
    let begun = Instant::now();
    let refused = deliver(&world).await;
    assert!(begun.elapsed() < Duration::from_secs(10), "a sender is not left waiting: {:?}", begun.elapsed());
    let retry_after = refused.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    assert!(retry_after.is_some_and(|seconds| (1..=60).contains(&seconds)), "{refused:?}");
    problem(refused, 503, "not-kept").await;

    held.release();
    let mut ids = Vec::new();
    until("it is taken when it comes again", async || {
        let answer = deliver(&world).await;
        let taken = answer.status() == 200;
        ids.extend(taken.then_some(answer.json::<Value>().await.expect("json")["id"].clone()));
        taken
    })
    .await;
    let kept = world.get("/v1/deliveries").await;
    let kept: Vec<&Value> = kept["data"].as_array().expect("rows").iter().map(|row| &row["id"]).collect();
    assert_eq!(kept, ids.iter().collect::<Vec<_>>(), "it is there, once, under the id that was told");
}
