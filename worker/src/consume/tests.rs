//! Consumers on a real PostgreSQL and a real JetStream.

use std::collections::BTreeMap;
use std::sync::Mutex;

use chrono::DateTime;
use diesel::sql_types::BigInt;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use domain::event::Event;
use domain::ids::{EventId, Mark, ReplayId};
use serde_json::json;
use store::marks::Failure;
use store::{Connection, Role, dead_letters};
use testkit::database::Database;
use testkit::nats::Stream;
use testkit::world::{event, minute, until};
use tokio::task::JoinHandle;

use super::*;
use crate::consumers::CONSUMERS;

/// How often each event was handled and stayed so, over all tests.
static HANDLED: Mutex<BTreeMap<EventId, u32>> = Mutex::new(BTreeMap::new());

fn handled(event: &Event) -> u32 {
    HANDLED.lock().expect("no panic inside").get(&event.id).copied().unwrap_or(0)
}

/// Handles as the entities do, refuses poison and counts what it was given alone or with healthy ones.
fn picky(conn: &mut Connection, events: &[&Event], now: DateTime<Utc>) -> Result<(), Failure> {
    crate::entities::handle(conn, events, now)?;
    assert!(events.iter().all(|event| !event.data.get().contains("explosive")), "it went off");
    if events.iter().any(|event| event.data.get().contains("poison")) {
        return Err(Failure::Event("it is poisoned".into()));
    }
    let mut handled = HANDLED.lock().expect("no panic inside");
    events.iter().for_each(|event| *handled.entry(event.id).or_default() += 1);
    Ok(())
}

static PICKY: ConsumerRow =
    ConsumerRow { name: "picky", types: &["deployment.*"], batch: 8, max_attempts: 2, handle: picky };

struct World {
    database: Database,
    store: Store,
    stream: Stream,
    bus: Bus,
    stop: CancellationToken,
}

impl World {
    async fn new() -> Self {
        let database = tokio::task::spawn_blocking(Database::fresh).await.expect("a database");
        let (store, stream) = (database.store(Role::App), Stream::fresh());
        let bus = stream.bus().await;
        bus.ensure_stream().await.expect("a stream");
        Self { database, store, stream, bus, stop: CancellationToken::new() }
    }

    fn work(&self, row: &'static ConsumerRow) -> JoinHandle<()> {
        tokio::spawn(run(self.store.clone(), self.bus.clone(), row, self.stop.clone()))
    }

    async fn publish(&self, event: &Event, replay: Option<ReplayId>, again: i16) {
        let mark = Mark { event: event.id, replay };
        self.bus.publish(event, mark, again).await.expect("sent").await.expect("acknowledged");
    }

    async fn count(&self, table: &'static str) -> i64 {
        self.store.call("count", move |conn| count(conn, table)).await.expect("a count")
    }

    async fn all_answered(&self, consumer: &'static str) {
        until("every message is answered", async || self.bus.consumer_lag(consumer).await.is_ok_and(|lag| lag == 0))
            .await;
    }

    async fn end(self, work: JoinHandle<()>) {
        self.stop.cancel();
        let ended = tokio::time::timeout(Duration::from_secs(5), work).await;
        ended.expect("the drain ends in time").expect("no panic");
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

fn count(conn: &mut Connection, table: &str) -> Result<i64, StoreError> {
    Ok(sql_query(format!("select count(*) as rows from {table}")).get_result::<Count>(conn)?.rows)
}

fn deployment(number: i64, word: &str) -> Event {
    let data = json!({
        "repo": "acme/shop", "environment": "production", "environment_tier": "production", "state": word,
        "deployment_id": format!("d{number}"), "outcome": "success", "at": minute(number), "commit_sha": format!("{number}c"),
    });
    event("deployment.finished", number, &data)
}

#[tokio::test]
async fn a_message_is_processed_once_however_often_it_comes_and_a_replay_once_more() {
    let world = World::new().await;
    let work = world.work(&PICKY);
    let told = deployment(1, "success");
    let replay = ReplayId::new(minute(2), [7; 16]);
    for (replay, again) in [(None, 0), (None, 1), (None, 2), (Some(replay), 0), (Some(replay), 1)] {
        world.publish(&told, replay, again).await;
    }
    world.all_answered("picky").await;
    assert_eq!(handled(&told), 2, "once for itself, once for the replay");
    assert_eq!(world.count("consumer_marks").await, 2);
    assert_eq!(world.count("deployments where outcome = 'success'").await, 1);
    assert_eq!(world.count("consumer_attempts").await, 0);
    world.end(work).await;
}

#[tokio::test]
async fn what_cannot_be_processed_becomes_a_dead_letter_alone_and_the_others_proceed() {
    let world = World::new().await;
    let healthy: Vec<Event> = (0..9).map(|number| deployment(number, "success")).collect();
    let spoiled = [deployment(20, "poison"), deployment(21, "explosive")];
    for told in healthy[..5].iter().chain(&spoiled).chain(&healthy[5..]) {
        world.publish(told, None, 0).await;
    }
    let work = world.work(&PICKY);
    world.all_answered("picky").await;
    assert!(healthy.iter().all(|told| handled(told) == 1), "the healthy ones are processed once");
    assert_eq!(world.count("deployments").await, 9, "nothing of the spoiled ones stays");
    let letters = world
        .store
        .call("letters", |conn| dead_letters::list(conn, &Default::default(), None, 10))
        .await
        .expect("letters");
    let mut errors: Vec<_> =
        letters.iter().map(|letter| (EventId(letter.event_id), letter.attempts, letter.error.as_str())).collect();
    errors.sort_by_key(|(_, _, error)| error.len());
    assert_eq!(errors, [(spoiled[0].id, 2, "it is poisoned"), (spoiled[1].id, 2, "the handler panicked: it went off")]);
    assert_eq!(world.count("consumer_attempts").await, 0, "what is over is not counted any more");
    assert_eq!(world.count("consumer_marks").await, 11);
    world.end(work).await;
}

#[tokio::test]
async fn consuming_goes_on_after_the_stream_was_lost() {
    let world = World::new().await;
    let work = world.work(&PICKY);
    let (before, after) = (deployment(1, "success"), deployment(2, "success"));
    world.publish(&before, None, 0).await;
    world.all_answered("picky").await;
    world.stream.lose().await;
    until("the stream is there again", async || world.bus.ensure_stream().await.is_ok()).await;
    world.publish(&before, None, 1).await;
    world.publish(&after, None, 0).await;
    until("the later message is processed", async || handled(&after) == 1).await;
    assert_eq!(handled(&before), 1, "what was processed before the loss is not processed again");
    world.end(work).await;
}

#[tokio::test]
async fn while_the_store_is_away_the_batch_is_held_and_no_try_is_counted() {
    let world = World::new().await;
    let allow = |yes: bool| {
        let (admin, url) = (testkit::servers::database_url(), world.database.url.clone());
        let name = url.split('?').next().and_then(|address| address.rsplit('/').next()).expect("a name").to_owned();
        let sql = format!(
            "alter database {name} with allow_connections {yes}; \
            select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
        );
        tokio::task::spawn_blocking(move || store::migrate::execute(&admin, &sql).expect("done"))
    };
    let told = deployment(1, "success");
    allow(false).await.expect("closed");
    let work = world.work(&PICKY);
    world.publish(&told, None, 0).await;
    until("the message is in hand", async || world.bus.consumer_lag("picky").await.is_ok_and(|lag| lag == 1)).await;
    allow(true).await.expect("open");
    world.all_answered("picky").await;
    assert_eq!(handled(&told), 1);
    assert_eq!(world.count("consumer_attempts").await + world.count("dead_letters").await, 0);
    world.end(work).await;
}

#[tokio::test]
async fn what_is_left_at_the_stop_is_processed_by_the_next_worker() {
    let world = World::new().await;
    let told: Vec<Event> = (0..60).map(|number| deployment(number, "success")).collect();
    for one in &told {
        world.publish(one, None, 0).await;
    }
    let first = world.work(&PICKY);
    until("the first has begun", async || world.count("consumer_marks").await > 0).await;
    world.stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), first).await.expect("in time").expect("no panic");
    let world = World { stop: CancellationToken::new(), ..world };
    let second = world.work(&PICKY);
    world.all_answered("picky").await;
    assert!(told.iter().all(|one| handled(one) == 1), "each is processed once by one of both");
    world.end(second).await;
}

#[tokio::test]
async fn the_real_consumer_takes_what_it_says_and_leaves_the_rest() {
    let world = World::new().await;
    let work = world.work(&CONSUMERS[0]);
    world.publish(&event("ticket.created", 1, &json!({"key": "A-1"})), None, 0).await;
    world.publish(&deployment(1, "success"), None, 0).await;
    let push = json!({"repo": "acme/shop", "ref": "main", "before": "a1", "after": "b1", "commits": [{"sha": "b1"}]});
    world.publish(&event("commits.pushed", 2, &push), None, 0).await;
    let change = json!({"repo": "acme/shop", "number": 7, "title": "a change"});
    world.publish(&event("change.opened", 3, &change), None, 0).await;
    until("all three have their rows", async || world.count("consumer_marks").await == 3).await;
    let tables = [
        "commits",
        "commit_edges",
        "ref_moves",
        "changes",
        "deployments",
        "deployment_statuses",
        "deployment_components",
    ];
    for table in tables {
        assert_eq!(world.count(table).await, 1, "{table}");
    }
    world.end(work).await;
}
