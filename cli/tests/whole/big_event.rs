//! Events that are larger than the bus takes: they are counted all the same, from what Postgres keeps.

use bus::ConsumerSpec;
use serde_json::{Value, json};
use testkit::database::Database;
use testkit::senders::Sender;
use testkit::servers::nats_plan;

use crate::support::books::{PATIENCE, counted_once};
use crate::support::servers::{Folder, Nats};
use crate::support::{World, eventually};

const MAX_PAYLOAD: usize = 16 << 10;

/// A deployment of so many components: about 70 bytes each in the event's data.
fn deployment(number: usize, components: usize) -> Value {
    let components: Vec<Value> =
        (0..components).map(|n| json!({"repo": "acme/shop", "sha": format!("{n:040x}")})).collect();
    json!({"kind": "deployment", "id": format!("d{number}"), "service": "shop", "env": "production",
           "status": "success", "finished_at": "2026-11-20T10:00:00Z", "components": components})
}

/// Bytes of the data of every event on the stream, as a consumer of it is given them.
async fn on_the_bus(world: &World, events: usize) -> Vec<usize> {
    let mut judge = world.bus().await.consume(ConsumerSpec { name: "judge", types: &[], batch: 64 });
    let mut sizes = Vec::new();
    let gather = async {
        while sizes.len() < events {
            for message in judge.next_batch(std::future::pending()).await {
                sizes.push(message.event.data.get().len());
                message.ack().await.expect("an acknowledgement");
            }
        }
    };
    tokio::time::timeout(PATIENCE, gather).await.expect("every event in time");
    sizes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_larger_than_the_bus_takes_is_counted_and_stops_no_other() {
    let (folder, database) = (Folder::new(), Database::fresh());
    let program = nats_plan(&folder.0).find().await.expect("a nats-server");
    let port = testkit::ports::free();
    let _nats = Nats::start(&program, port, &folder.0, &format!("max_payload: {MAX_PAYLOAD}"));
    let world = World::on(database.url.clone(), format!("nats://127.0.0.1:{port}"));
    let (_gateway, _worker) = (world.gateway(), world.spawn("worker"));
    let sender = Sender::new(world.base(), "generic");
    // Small, larger than fits, and every size around the limit, where the data fits and its headers do not.
    let components: Vec<usize> = [1, 1000, 2].into_iter().chain(205..=245).collect();
    for (number, components) in components.iter().enumerate() {
        let (status, answer) = sender
            .send("deployment", &format!("big-{number}"), &deployment(number, *components))
            .await
            .expect("an answer");
        assert_eq!(status, 200, "{answer}");
    }
    counted_once(&sender, components.len()).await;

    let sizes = on_the_bus(&world, components.len()).await;
    let without_data = sizes.iter().filter(|size| **size == "null".len()).count();
    assert!((2..components.len() - 2).contains(&without_data), "some were too large and some were not: {sizes:?}");
    let metrics = "/v1/metrics/dora/deployment-frequency?days=1&wait=1";
    let settled = || async { sender.get(metrics).await.is_ok_and(|answer| answer["settled"] == true) };
    eventually("nothing is owed to the bus any more", PATIENCE, settled).await;
}
