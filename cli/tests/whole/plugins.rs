//! Plugins while gateway and worker run: a file that appears is a source, one that breaks changes nothing, one that is
//! gone takes its source with it. The plugin is that of `docs/PLUGINS.md`.

use std::path::Path;
use std::time::Duration;

use integrations::Plugin;
use serde_json::{Value, json};
use testkit::database::Database;
use testkit::folder::Folder;
use testkit::senders::{SECRET, Sender, deployment_succeeded};
use testkit::servers;

use crate::support::books::{counted_once, walk};
use crate::support::{Role, World, eventually};

const PATIENCE: Duration = Duration::from_secs(20);
const FILE: &str = "harbour.toml";

/// The first block of the guide in that language.
fn of_the_guide(language: &str) -> String {
    let guide = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/PLUGINS.md"));
    let guide = guide.expect("the guide");
    let block = guide.lines().skip_while(|line| line.trim() != format!("```{language}")).skip(1);
    let lines: Vec<&str> =
        block.take_while(|line| line.trim() != "```").map(|line| line.strip_prefix("   ").unwrap_or(line)).collect();
    lines.join("\n")
}

struct Harbour {
    folder: Folder,
    log: Folder,
    world: World,
    _roles: (Role, Role),
    sender: Sender,
    _database: Database,
}

impl Harbour {
    /// A gateway and a worker with an empty folder of plugins. The secret is set already.
    fn start() -> Self {
        let (database, folder, log) = (Database::fresh(), Folder::fresh(), Folder::fresh());
        let mut world = World::on(database.url.clone(), servers::nats_url());
        world.settings = vec![
            ("PLUGINS_DIR", folder.name()),
            ("HARBOUR_WEBHOOK_SECRET", SECRET.to_owned()),
            ("LOG_LEVEL", "error".to_owned()),
        ];
        world.log = Some(log.path().join("worker"));
        let worker = world.spawn("worker");
        world.log = Some(log.path().join("gateway"));
        let gateway = world.gateway();
        let plugin = Plugin::read(&of_the_guide("toml")).expect("the plugin of the guide");
        let sender = Sender::of(world.base(), plugin.integration());
        Self { folder, log, world, _roles: (worker, gateway), sender, _database: database }
    }

    async fn send(&self, key: &str, body: &Value) -> (u16, Value) {
        self.sender.send("released", key, body).await.expect("an answer")
    }

    /// What is known of a delivery that was taken.
    async fn kept(&self, key: &str, body: &Value) -> Value {
        let (status, answer) = self.send(key, body).await;
        assert_eq!((status, &answer["status"]), (200, &json!("ok")), "{answer}");
        let path = format!("/v1/deliveries/{}", answer["id"].as_str().expect("an id"));
        self.sender.get(&path).await.expect("the delivery")
    }

    async fn row(&self) -> Option<Value> {
        let sources = self.sender.get("/v1/sources").await.expect("a list");
        sources["data"].as_array()?.iter().find(|row| row["name"] == "harbour").cloned()
    }

    /// Waits until the sources have the plugin in that version of its mapping.
    async fn has_version(&self, version: i32) {
        let there = || async { self.row().await.is_some_and(|row| row["mapping_version"] == version) };
        eventually("the plugin among the sources", PATIENCE, there).await;
    }

    async fn events(&self, kind: &str) -> Vec<Value> {
        let page = self.sender.get(&format!("/v1/events?type={kind}")).await.expect("a list");
        page["data"].as_array().expect("rows").clone()
    }

    fn renormalize(&self, more: &[&str]) -> Value {
        let arguments: Vec<&str> = ["renormalize", "--json", "--source", "harbour", "--from", "2026-01-01"]
            .iter()
            .chain(more)
            .copied()
            .collect();
        let output = self.world.run(&arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("one JSON object")
    }
}

fn release(number: u64) -> Value {
    let mut body: Value = serde_json::from_str(&of_the_guide("json")).expect("the body of the guide");
    body["release"]["id"] = number.into();
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_makes_a_source_a_broken_one_changes_nothing_and_without_it_the_source_is_gone() {
    let harbour = Harbour::start();
    assert_eq!(harbour.send("k0", &release(1)).await.0, 404);
    assert_eq!(harbour.row().await, None);

    harbour.folder.write(FILE, &of_the_guide("toml"));
    harbour.has_version(1).await;
    let row = harbour.row().await.expect("a row");
    assert_eq!((&row["origin"], &row["secret_configured"]), (&json!("plugin"), &json!(true)), "{row}");
    let delivery = harbour.kept("k1", &release(1)).await;
    assert_eq!((&delivery["result"], &delivery["verification"]["secret"]), (&json!("accepted"), &json!("active")));
    let event = harbour.events("deployment.finished").await.remove(0);
    assert_eq!(
        (&event["source"], &event["subject"]),
        (&json!("/harbour/acme/shop"), &json!("shop/prod-eu:1")),
        "{event}"
    );
    assert_eq!(harbour.send("k1", &release(1)).await.1["status"], "duplicate");
    let other = Sender::new(harbour.world.base(), "github").send("push", "k", &json!({})).await.expect("an answer");
    assert_eq!(other.0, 200, "other sources go on");

    harbour.folder.write(FILE, "name = 7");
    let told = || async { harbour.log.read("gateway").contains("line 1: ") };
    eventually("the broken file in the log", PATIENCE, told).await;
    assert_eq!(harbour.kept("k2", &release(2)).await["result"], "accepted", "what it was before goes on");

    harbour.folder.remove(FILE);
    eventually("the source is gone", PATIENCE, || async { harbour.row().await.is_none() }).await;
    assert_eq!(harbour.send("k3", &release(3)).await.0, 404);
    assert_eq!(walk(&harbour.sender, "/v1/deliveries").await.len(), 3, "what came stays");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mapping_that_fails_keeps_the_delivery_and_a_better_one_reads_it_again() {
    let harbour = Harbour::start();
    let good = of_the_guide("toml");
    // It forgets when it was.
    harbour.folder.write(FILE, &good.replace("outcome: (if", "verdict: (if"));
    harbour.has_version(1).await;
    let delivery = harbour.kept("k1", &release(1)).await;
    assert_eq!(delivery["result"], "unmapped");
    assert!(delivery["reason"].as_str().is_some_and(|reason| reason.contains("verdict")), "{delivery}");
    let unmapped = harbour.events("harbour.unmapped").await;
    assert_eq!(unmapped.len(), 1, "{unmapped:?}");
    let github = Sender::new(harbour.world.base(), "github");
    let sent = github.send("deployment_status", "k", &deployment_succeeded(1)).await.expect("an answer");
    assert_eq!(sent.0, 200, "other sources go on");
    counted_once(&github, 1).await;

    harbour.folder.write(FILE, &good.replace("mapping_version = 1", "mapping_version = 2"));
    harbour.has_version(2).await;
    let report = harbour.renormalize(&[]);
    assert_eq!(report["report"]["deliveries"]["read_again"], 1, "{report}");
    let applied = harbour.renormalize(&["--apply"]);
    assert_eq!(applied["job"]["status"], "succeeded", "{applied}");
    assert_eq!(harbour.events("harbour.unmapped").await.len(), 0);
    let events = harbour.events("deployment.finished").await;
    assert_eq!(events.iter().filter(|event| event["source"] == "/harbour/acme/shop").count(), 1, "{events:?}");
    counted_once(&github, 2).await;
}
