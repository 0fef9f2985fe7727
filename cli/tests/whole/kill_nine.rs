//! Gateway and worker are killed again and again in the middle of load. Then the books must balance: every delivery
//! that was answered with 200 is there once, was published at least once, and is counted once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bus::ConsumerSpec;
use testkit::database::Database;
use testkit::senders::{Sender, deployment_succeeded};
use testkit::servers;

use crate::support::{World, books, eventually};

const SENDERS: usize = 8;
/// Of each process; ten times as many in a long run.
const KILLS: usize = 6;
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends deployments until told to stop, each one again and again with the same id until it is answered with 200.
async fn send_until(stop: Arc<AtomicBool>, numbers: Arc<AtomicU64>, sender: Sender) -> BTreeMap<String, String> {
    let mut acked = BTreeMap::new();
    while !stop.load(Ordering::Relaxed) {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        let (key, body) = (format!("delivery-{number}"), deployment_succeeded(number));
        // The last one may stay without an answer: nothing was promised for it.
        while !stop.load(Ordering::Relaxed) {
            match sender.send("deployment_status", &key, &body).await {
                Ok((200, answer)) => {
                    acked.insert(key, answer["id"].as_str().expect("an id").to_owned());
                    break;
                }
                Ok((503, _)) | Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
                Ok((status, answer)) => panic!("{status}: {answer}"),
            }
        }
    }
    acked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_with_200_is_kept_published_and_counted_once_whatever_is_killed() {
    let database = Database::fresh();
    let world = World::on(database.url.clone(), servers::nats_url());
    let (mut gateway, mut worker) = (world.gateway(), world.spawn("worker"));
    let (stop, numbers) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(1)));
    let sender = Sender::new(world.base(), "github");
    let senders: Vec<_> =
        (0..SENDERS).map(|_| tokio::spawn(send_until(stop.clone(), numbers.clone(), sender.clone()))).collect();

    let kills = if servers::is_long_run() { KILLS * 10 } else { KILLS };
    for _ in 0..kills {
        let reached = numbers.load(Ordering::Relaxed) + 100;
        let more = || async { numbers.load(Ordering::Relaxed) >= reached };
        eventually("a hundred more deliveries", PATIENCE, more).await;
        gateway.kill_nine();
        gateway = world.gateway();
        worker.kill_nine();
        worker = world.spawn("worker");
    }
    stop.store(true, Ordering::Relaxed);
    let mut acked = BTreeMap::new();
    for sender in senders {
        acked.extend(sender.await.expect("a sender"));
    }
    assert!(acked.len() > kills * 100 / 2, "only {} deliveries were answered", acked.len());

    let kept = books::kept_once(&sender, &acked).await;
    published(&world, &sender, kept).await;
    books::counted_once(&sender, kept).await;
    drop((gateway, worker));
}

async fn published(world: &World, sender: &Sender, kept: usize) {
    let events: BTreeSet<String> =
        books::walk(sender, "/v1/events").await.iter().map(|event| books::text(event, "id")).collect();
    assert_eq!(events.len(), kept, "every delivery is one event");
    let mut consumer = world.bus().await.consume(ConsumerSpec { name: "judge", types: &[], batch: 256 });
    let mut seen = BTreeSet::new();
    let deadline = std::time::Instant::now() + PATIENCE;
    while !seen.is_superset(&events) {
        assert!(std::time::Instant::now() < deadline, "{} of {} events were published", seen.len(), events.len());
        for message in consumer.next_batch(tokio::time::sleep(Duration::from_secs(2))).await {
            seen.insert(message.event.id.to_string());
            message.ack().await.expect("an acknowledgement");
        }
    }
}
