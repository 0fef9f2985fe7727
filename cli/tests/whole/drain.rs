//! SIGTERM in the middle of work: processes end in order and in time, and nothing that was answered is lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use store::{Role, outbox};
use testkit::database::Database;
use testkit::locks::Held;
use testkit::senders::{Sender, deployment_succeeded};
use testkit::servers;

use crate::support::books::{PATIENCE, counted, counted_once, kept_once};
use crate::support::{World, eventually};

const SENDERS: usize = 8;

/// Sends deployments until told to stop; which were answered with 200, key → id. Other answers than 200, 503 and a
/// closed connection are a failure.
async fn send_until(stop: Arc<AtomicBool>, numbers: Arc<AtomicU64>, sender: Sender) -> BTreeMap<String, String> {
    let mut acked = BTreeMap::new();
    while !stop.load(Ordering::Relaxed) {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        let key = format!("delivery-{number}");
        match sender.send("deployment_status", &key, &deployment_succeeded(number)).await {
            Ok((200, answer)) => {
                acked.insert(key, answer["id"].as_str().expect("an id").to_owned());
            }
            Ok((503, _)) => {}
            Ok((status, answer)) => panic!("{status}: {answer}"),
            Err(error) if error.is_timeout() => panic!("a sender was left without an answer: {error:?}"),
            // Closed, or nobody listens any more.
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
    acked
}

/// Senders at work.
struct Load {
    stop: Arc<AtomicBool>,
    numbers: Arc<AtomicU64>,
    senders: Vec<tokio::task::JoinHandle<BTreeMap<String, String>>>,
}

impl Load {
    fn on(sender: &Sender) -> Self {
        let (stop, numbers) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(1)));
        let senders =
            (0..SENDERS).map(|_| tokio::spawn(send_until(stop.clone(), numbers.clone(), sender.clone()))).collect();
        Self { stop, numbers, senders }
    }

    async fn more(&self, deliveries: u64) {
        let reached = self.numbers.load(Ordering::Relaxed) + deliveries;
        eventually("more deliveries", PATIENCE, || async { self.numbers.load(Ordering::Relaxed) >= reached }).await;
    }

    async fn end(self) -> BTreeMap<String, String> {
        self.stop.store(true, Ordering::Relaxed);
        let mut acked = BTreeMap::new();
        for sender in self.senders {
            acked.extend(sender.await.expect("a sender that saw only what it may see"));
        }
        acked
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_is_told_to_stop_under_load_keeps_and_publishes_what_it_answered() {
    let database = Database::fresh();
    let world = World::on(database.url.clone(), servers::nats_url());
    let gateway = world.gateway();
    let load = Load::on(&Sender::new(world.base(), "github"));
    load.more(200).await;
    let ended = gateway.terminate().await;
    let acked = load.end().await;
    assert!(ended.success(), "{ended}");
    assert!(acked.len() >= 100, "only {} deliveries were answered", acked.len());
    let owed = database.store(Role::App).call("backlog", outbox::backlog).await.expect("a backlog");
    assert_eq!(owed.rows, 0, "the drain publishes what was committed");

    let _gateway = world.gateway();
    let sender = Sender::new(world.base(), "github");
    let kept = kept_once(&sender, &acked).await;
    assert!(kept <= acked.len() + SENDERS, "{kept} were kept and {} answered", acked.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_delivery_of_a_new_installation_is_published_before_its_gateway_ends() {
    let database = Database::fresh();
    let world = World::on(database.url.clone(), servers::nats_url());
    let gateway = world.gateway();
    let sender = Sender::new(world.base(), "github");
    let (status, answer) =
        sender.send("deployment_status", "first", &deployment_succeeded(1)).await.expect("an answer");
    assert_eq!(status, 200, "{answer}");
    gateway.terminate().await;
    let owed = database.store(Role::App).call("backlog", outbox::backlog).await.expect("a backlog");
    assert_eq!(owed.rows, 0, "also when nobody has made the stream yet");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_told_to_stop_in_the_middle_leaves_nothing_uncounted_or_counted_twice() {
    let database = Database::fresh();
    let world = World::on(database.url.clone(), servers::nats_url());
    let _gateway = world.gateway();
    let sender = Sender::new(world.base(), "github");
    let load = Load::on(&sender);
    let mut worker = world.spawn("worker");
    for _ in 0..3 {
        let (before, _) = counted(&sender, 0).await;
        let on = || async { counted(&sender, 0).await.0 > before };
        eventually("the worker counts", PATIENCE, on).await;
        let ended = worker.terminate().await;
        assert!(ended.success(), "{ended}");
        load.more(50).await;
        worker = world.spawn("worker");
    }
    let acked = load.end().await;
    let kept = kept_once(&sender, &acked).await;
    counted_once(&sender, kept).await;
    // Sooner than the bus would deliver again what nobody answered: what was in hand was answered or given back.
    assert_eq!(counted(&sender, 15).await, (kept as u64, true));
    drop(worker);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_whose_transaction_hangs_ends_in_time_and_the_next_one_counts_once() {
    let database = Database::fresh();
    let world = World::on(database.url.clone(), servers::nats_url());
    let _gateway = world.gateway();
    let sender = Sender::new(world.base(), "github");
    let held = Held::table(&database.url, "deployments");
    let worker = world.spawn("worker");
    for number in 1..=20 {
        let sent = sender.send("deployment_status", &format!("k{number}"), &deployment_succeeded(number)).await;
        assert_eq!(sent.expect("an answer").0, 200);
    }
    eventually("the worker waits in its transaction", PATIENCE, || async { somebody_waits(&database).await }).await;
    let ended = worker.terminate().await;
    assert!(ended.success(), "{ended}");
    held.release();
    let _worker = world.spawn("worker");
    counted_once(&sender, 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_whose_commit_hangs_ends_in_time_and_nobody_was_told_that_it_is_kept() {
    let database = Database::fresh();
    let world = World::on(database.url.clone(), servers::nats_url());
    let gateway = world.gateway();
    let held = Held::table(&database.url, "deliveries");
    let sender = Sender::new(world.base(), "github");
    let sending = tokio::spawn({
        let sender = sender.clone();
        async move { sender.send("deployment_status", "k", &deployment_succeeded(1)).await }
    });
    eventually("the commit waits", PATIENCE, || async { somebody_waits(&database).await }).await;
    let ended = gateway.terminate().await;
    assert!(ended.success(), "{ended}");
    let told = sending.await.expect("a sender").map_or(0, |(status, _)| status);
    assert!([0, 503].contains(&told), "{told}");
    held.release();

    let _gateway = world.gateway();
    let again = sender.send("deployment_status", "k", &deployment_succeeded(1)).await.expect("an answer");
    assert_eq!(again.0, 200, "{}", again.1);
    assert_eq!(kept_once(&sender, &BTreeMap::new()).await, 1);
}

/// Whether a session of this database waits for a lock.
async fn somebody_waits(database: &Database) -> bool {
    let ask = "do $$ begin
                 if not exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') then
                   raise 'nobody waits';
                 end if;
               end $$";
    let url = database.url.clone();
    let asked = tokio::task::spawn_blocking(move || store::migrate::execute(&url, ask));
    asked.await.expect("no panic").is_ok()
}
