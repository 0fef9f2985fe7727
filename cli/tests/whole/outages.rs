//! PostgreSQL and NATS stop in the middle and come back: senders are told the truth, nothing that was answered is lost.

use std::time::Duration;

use boot::private::Postgres;
use serde_json::Value;
use testkit::database::Database;
use testkit::senders::{Sender, deployment_succeeded};
use testkit::servers::{self, nats_plan, postgres_plan};

use crate::support::servers::{Folder, Nats};
use crate::support::{World, eventually};

const PATIENCE: Duration = Duration::from_secs(60);

/// Sends one deployment; the status, 0 when there was no answer.
async fn send(sender: &Sender, number: u64) -> u16 {
    let body = deployment_succeeded(number);
    sender.send("deployment_status", &format!("d-{number}"), &body).await.map_or(0, |(status, _)| status)
}

async fn count(sender: &Sender, path: &str) -> usize {
    let answer = sender.get(path).await.unwrap_or(Value::Null);
    answer["data"].as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_postgres_senders_get_503_and_what_was_answered_before_and_after_is_there() {
    let folder = Folder::new();
    let mut plan = postgres_plan(&folder.0);
    plan.durable = true;
    let postgres = Postgres::start(&plan).await.expect("a PostgreSQL");
    let admin = postgres.url();
    let url = tokio::task::spawn_blocking(move || {
        let url = store::migrate::ensure_database(&admin, "outage").expect("a database");
        store::migrate::apply(&url, true).expect("migrations");
        url
    });
    let world = World::on(url.await.expect("a url"), servers::nats_url());
    let gateway = world.gateway();
    let sender = Sender::new(world.base(), "github");
    for number in 1..=5 {
        assert_eq!(send(&sender, number).await, 200);
    }

    postgres.stop(Duration::from_secs(10)).await;
    let refused = sender.send("deployment_status", "d-6", &deployment_succeeded(6)).await.expect("an answer");
    assert_eq!(refused.0, 503, "{}", refused.1);
    assert_eq!(refused.1["type"], "urn:em-agent:problem:not-kept");
    assert!(!refused.1.to_string().to_lowercase().contains("socket"), "no inside shows: {}", refused.1);
    assert_eq!(sender.get("/ready").await.expect("an answer")["ready"], false);
    assert_eq!(sender.get("/health").await.expect("an answer")["status"], "degraded", "and it is alive");

    let postgres = Postgres::start(&plan).await.expect("the PostgreSQL comes back on its data");
    let ready = || async { sender.get("/ready").await.is_ok_and(|answer| answer["ready"] == true) };
    eventually("readiness, though nobody sends anything", PATIENCE, ready).await;
    assert_eq!(send(&sender, 6).await, 200);
    assert_eq!(count(&sender, "/v1/deliveries").await, 6, "each is there once");
    drop(gateway);
    postgres.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_nats_deliveries_are_taken_and_counted_when_it_is_back_even_with_its_stream_gone() {
    let (folder, database) = (Folder::new(), Database::fresh());
    let program = nats_plan(&folder.0).find().await.expect("a nats-server");
    let port = testkit::ports::free();
    let nats = Nats::start(&program, port, &folder.0.join("first"), "");
    let world = World::on(database.url.clone(), format!("nats://127.0.0.1:{port}"));
    let (gateway, worker) = (world.gateway(), world.spawn("worker"));
    let sender = Sender::new(world.base(), "github");
    let counted = |expected: u64| {
        let sender = sender.clone();
        move || {
            let sender = sender.clone();
            async move {
                let path = "/v1/metrics/dora/deployment-frequency?from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z";
                let answer = sender.get(path).await.unwrap_or(Value::Null);
                answer["data"][0]["total_deployments"].as_u64() == Some(expected)
            }
        }
    };
    assert_eq!(send(&sender, 1).await, 200);
    eventually("the first is counted", PATIENCE, counted(1)).await;

    drop(nats);
    for number in 2..=20 {
        assert_eq!(send(&sender, number).await, 200, "the bus is not needed to keep a delivery");
    }
    assert_eq!(sender.get("/ready").await.expect("an answer")["ready"], true);
    // It comes back empty, as after a lost disk.
    let nats = Nats::start(&program, port, &folder.0.join("second"), "");
    eventually("all of them are counted", PATIENCE, counted(20)).await;
    drop((gateway, worker, nats));
}
