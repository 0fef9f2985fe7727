//! Several gateways and workers on one database and one stream work as one, and `wait` waits for all of them.

use std::collections::BTreeSet;

use testkit::database::Database;
use testkit::senders::{Sender, deployment_succeeded};
use testkit::servers;

use crate::support::World;
use crate::support::books::{counted, counted_once, walk};

const TASKS: usize = 64;
const KEYS: u64 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_deliveries_at_two_gateways_are_one_row_one_id_and_counted_once() {
    let database = Database::fresh();
    let one = World::on(database.url.clone(), servers::nats_url());
    let other = one.beside();
    let _gateways = (one.gateway(), other.gateway());
    let _workers = (one.spawn("worker"), one.spawn("worker"));
    let senders = [&one, &other].map(|world| Sender::new(world.base(), "github"));

    for number in 1..=KEYS {
        let sending = (0..TASKS).map(|task| {
            let sender = senders[task % 2].clone();
            let deliver = async move {
                let (key, body) = (format!("delivery-{number}"), deployment_succeeded(number));
                sender.send("deployment_status", &key, &body).await.expect("an answer")
            };
            tokio::spawn(deliver)
        });
        let (mut ids, mut firsts) = (BTreeSet::new(), 0);
        for task in sending.collect::<Vec<_>>() {
            let (status, answer) = task.await.expect("a sender");
            assert_eq!(status, 200, "{answer}");
            ids.insert(answer["id"].as_str().expect("an id").to_owned());
            firsts += usize::from(answer["status"] == "ok");
        }
        assert_eq!((ids.len(), firsts), (1, 1), "all hear of the same delivery, and one of them was the first");
    }
    for sender in &senders {
        assert_eq!(walk(sender, "/v1/deliveries").await.len() as u64, KEYS);
        counted_once(sender, KEYS as usize).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_is_answered_when_everything_received_is_counted() {
    let database = Database::fresh();
    let world = World::on(database.url.clone(), servers::nats_url());
    let _gateway = world.gateway();
    let sender = Sender::new(world.base(), "github");
    for number in 1..=3 {
        let sent = sender.send("deployment_status", &format!("k{number}"), &deployment_succeeded(number)).await;
        assert_eq!(sent.expect("an answer").0, 200);
    }
    assert_eq!(counted(&sender, 0).await, (0, false), "without a worker nothing is counted, and it is said so");
    assert_eq!(counted(&sender, 1).await, (0, false), "waiting ends when its time is up");

    let _worker = world.spawn("worker");
    assert_eq!(counted(&sender, 30).await, (3, true), "one answer, once it is all there");
    let sent = sender.send("deployment_status", "k4", &deployment_succeeded(4)).await;
    assert_eq!(sent.expect("an answer").0, 200);
    let begun = std::time::Instant::now();
    assert_eq!(counted(&sender, 30).await, (4, true), "also what came just now");
    assert!(begun.elapsed().as_secs() < 25, "it does not wait longer than it must");
}
