//! Dependencies that are there and wrong. What `em-agent check`, the log, `/health` and `/ready` say is the same sentence and
//! names what to do; senders are told the truth; what is mended heals without a restart.

mod bus;
mod database;

use std::time::Duration;

use serde_json::Value;
use testkit::folder::Folder;
use testkit::senders::{Sender, deployment_succeeded};

use crate::support::{Role, World, eventually};

const PATIENCE: Duration = Duration::from_secs(40);

/// A gateway whose log can be read.
struct Watched {
    world: World,
    log: Folder,
    sender: Sender,
    _role: Role,
}

impl Watched {
    fn start(mut world: World) -> Self {
        let log = Folder::fresh();
        world.settings.extend([("LOG_LEVEL", "info".to_owned()), ("LOG_FORMAT", "json".to_owned())]);
        world.log = Some(log.path().join("gateway"));
        let role = world.gateway();
        Self { sender: Sender::new(world.base(), "github"), world, log, _role: role }
    }

    async fn get(&self, path: &str) -> Value {
        self.sender.get(path).await.unwrap_or(Value::Null)
    }

    /// Sends one deployment; the status and the answer.
    async fn send(&self, number: u64) -> (u16, Value) {
        let key = format!("d-{number}");
        self.sender.send("deployment_status", &key, &deployment_succeeded(number)).await.expect("an answer")
    }

    /// What `em-agent check` prints with the same settings.
    fn check(&self) -> String {
        let output = self.world.run(&["check"]);
        format!("{:?} {}", output.status.code(), String::from_utf8_lossy(&output.stdout))
    }

    async fn logs(&self, part: &str) {
        let there = || async { self.log.read("gateway").contains(part) };
        eventually(&format!("the log says {part:?}"), PATIENCE, there).await;
    }

    /// How often the log has it.
    fn times(&self, part: &str) -> usize {
        self.log.read("gateway").matches(part).count()
    }
}
