//! compose/nats.conf, run by a nats-server: who shows the password of `.env` gets a stream in a file store, nobody else gets in.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bus::{Bus, BusOptions};
use testkit::folder::Folder;
use testkit::servers;

use crate::compose::{answers, filled, services};
use crate::files::{root, string, text};
use crate::program::STRONG;

const PATIENCE: Duration = Duration::from_secs(20);

/// Ends with the test.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The shipped configuration, with a port that the kernel picks and a store that goes with the test.
fn config(folder: &Path) -> String {
    let shipped = text(&root().join("compose/nats.conf"));
    let changed = shipped
        .replace("listen: 0.0.0.0:4222", "listen: \"127.0.0.1:-1\"")
        .replace("http: 127.0.0.1:8222", &format!("ports_file_dir: \"{}\"", folder.display()))
        .replace("store_dir: /data", &format!("store_dir: \"{}/data\"", folder.display()));
    assert_eq!(changed.matches(&folder.display().to_string()).count(), 2, "both places were found");
    changed
}

pub(crate) async fn start(folder: &Path) -> (Running, String) {
    let program = servers::nats_plan(folder).find().await.expect("nats-server is there");
    let file = folder.join("nats.conf");
    std::fs::write(&file, config(folder)).expect("written");
    // As in compose: in quotes, so that a password of digits is none.
    let password = filled(string(&services()["nats"]["environment"]["NATS_PASSWORD"]), &answers());
    let mut command = Command::new(program);
    command.arg("--config").arg(file).env("NATS_PASSWORD", password).stdout(Stdio::null()).stderr(Stdio::null());
    let server = Running(command.spawn().expect("nats-server starts"));
    let ports = folder.join(format!("nats-server_{}.ports", server.0.id()));
    let deadline = Instant::now() + PATIENCE;
    loop {
        let told = std::fs::read_to_string(&ports).unwrap_or_default();
        let listening: serde_json::Value = serde_json::from_str(&told).unwrap_or_default();
        if let Some(url) = listening["nats"][0].as_str() {
            return (server, url.trim_start_matches("nats://").to_owned());
        }
        assert!(Instant::now() < deadline, "nats-server does not start with compose/nats.conf");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn connect(url: String) -> Bus {
    let options =
        BusOptions { url, creds_file: None, stream: "EVENTS".to_owned(), subject_prefix: "events".to_owned() };
    Bus::connect(&options).await.expect("an address")
}

#[tokio::test]
async fn the_password_opens_and_nothing_else_does() {
    let folder = Folder::fresh();
    let (_server, address) = start(folder.path()).await;
    let bus = connect(format!("nats://em-agent:{STRONG}@{address}")).await;
    bus.ensure_stream().await.expect("a stream");
    assert!(folder.path().join("data/jetstream").is_dir(), "the stream is in the store that is a volume");
    for login in ["", "em-agent:wrong@", "em-agent@"] {
        let stranger = connect(format!("nats://{login}{address}")).await;
        assert!(!stranger.health().ok, "'{login}' gets in");
    }
}
