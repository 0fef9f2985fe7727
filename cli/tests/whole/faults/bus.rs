//! A NATS that lets us not in, is too old, has no JetStream or no room, or has a stream that is not ours.

use std::path::PathBuf;

use bus::{Bus, BusOptions};
use testkit::database::Database;
use testkit::servers::{self, nats_plan};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::{PATIENCE, Watched};
use crate::support::servers::{Folder, Nats};
use crate::support::{World, eventually};

struct Own {
    folder: Folder,
    program: PathBuf,
    port: u16,
    database: Database,
}

impl Own {
    async fn prepared() -> Self {
        let folder = Folder::new();
        let program = nats_plan(&folder.0).find().await.expect("a nats-server");
        Self { program, folder, port: testkit::ports::free(), database: Database::fresh() }
    }

    fn nats(&self, extra: &str) -> Nats {
        Nats::start(&self.program, self.port, &self.folder.0.join("nats"), extra)
    }

    fn url(&self, login: &str) -> String {
        format!("nats://{login}127.0.0.1:{}", self.port)
    }
}

/// Everybody who can be asked says this of the bus; deliveries are kept all the same.
async fn all_say(watched: &Watched, sentence: &str) {
    let (status, answer) = watched.send(1).await;
    assert_eq!(status, 200, "the bus is not needed to keep a delivery: {answer}");
    watched.logs(sentence).await;
    let told = || async {
        let health = watched.get("/health").await;
        health["status"] == "degraded" && health["bus"]["details"].as_str().is_some_and(|said| said.contains(sentence))
    };
    eventually(&format!("the health says {sentence:?}"), PATIENCE, told).await;
    assert_eq!(watched.get("/ready").await["ready"], true);
    let said = watched.check();
    assert!(said.contains("BROKEN NATS") && said.contains(sentence), "{said}");
}

async fn heals(watched: &Watched) {
    let well = || async { watched.get("/health").await["status"] == "ok" };
    eventually("the health is well again", PATIENCE, well).await;
    let published = || async { watched.metric("outbox_rows").await == Some(0.0) };
    eventually("what was owed is published", PATIENCE, published).await;
}

impl Watched {
    async fn metric(&self, name: &str) -> Option<f64> {
        let page = outbound::Outbound::new(PATIENCE, 1 << 22).expect("a client");
        let answer = page.send(outbound::Request::get(format!("{}/metrics", self.world.base()))).await.ok()?;
        answer.text().lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_there_and_a_login_that_is_refused_are_told_apart_and_heal() {
    let own = Own::prepared().await;
    let watched = Watched::start(World::on(own.database.url.clone(), own.url("em:hunter2@")));
    all_say(&watched, "nobody answers at NATS_URL; check it, and that nats-server runs").await;
    let other = own.nats("authorization { user: em, password: another }");
    all_say(&watched, "NATS refuses the login; check the user, password or token in NATS_URL, or NATS_CREDS_FILE")
        .await;
    drop(other);
    let _nats = own.nats("authorization { user: em, password: hunter2 }");
    heals(&watched).await;
    watched.logs("NATS is connected again").await;
    assert!(watched.times("it is tried again in the background") <= 6, "{}", watched.log.read("gateway"));
    assert_eq!(watched.times("hunter2"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_too_old_stops_the_start() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let info = r#"INFO {"server_id":"X","version":"2.9.10","proto":1,"host":"127.0.0.1","port":4222,"headers":true,"max_payload":1048576}"#;
            let _ = stream.write_all(format!("{info}\r\nPONG\r\n").as_bytes()).await;
            tokio::spawn(async move { tokio::io::copy(&mut stream, &mut tokio::io::sink()).await });
        }
    });
    let database = Database::fresh();
    let world = World::on(database.url.clone(), format!("nats://127.0.0.1:{port}"));
    for command in ["gateway", "worker"] {
        let output = world.run(&[command]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{command}: {said}");
        assert!(said.contains("nats-server 2.9.10 is too old: 2.10 or newer is needed"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_jetstream_is_told_and_heals() {
    let own = Own::prepared().await;
    let plain = Nats::without_jetstream(&own.program, own.port, &own.folder.0.join("nats"));
    let watched = Watched::start(World::on(own.database.url.clone(), own.url("")));
    all_say(&watched, "JetStream refused a request about the stream; check that it is enabled for this account").await;
    drop(plain);
    let _nats = own.nats("");
    heals(&watched).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_somebody_else_is_told() {
    let database = Database::fresh();
    let world = World::on(database.url.clone(), servers::nats_url());
    let (url, stream) = (world.nats_url.clone(), world.stream.clone());
    let theirs = BusOptions { url, creds_file: None, stream, subject_prefix: format!("x{}", world.port) };
    let theirs = Bus::connect(&theirs).await.expect("a bus");
    theirs.ensure_stream().await.expect("a stream");
    let watched = Watched::start(world);
    all_say(&watched, "cannot be used: its subjects do not hold").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_without_room_is_told_and_what_is_owed_is_published_once_there_is() {
    let own = Own::prepared().await;
    let folder = own.folder.0.join("nats");
    let full = Nats::with_room(&own.program, own.port, &folder, 1024);
    let watched = Watched::start(World::on(own.database.url.clone(), own.url("em:x@")));
    for number in 1..=10 {
        let (status, answer) = watched.send(number).await;
        assert_eq!(status, 200, "{answer}");
    }
    let told = || async {
        let health = watched.get("/health").await;
        let said = health["bus"]["details"].as_str().unwrap_or_default();
        said.starts_with("JetStream did not take the message; look for a full disk")
    };
    eventually("the health shows it", PATIENCE, told).await;
    watched.logs("nothing can be published; what is committed waits for it").await;
    drop(full);
    let _nats = Nats::with_room(&own.program, own.port, &folder, 1 << 30);
    heals(&watched).await;
}
