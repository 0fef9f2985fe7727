//! Somebody who types what the README says, one command after the other, and looks whether the answer is the one shown.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use boot::private::{Nats, Postgres, PostgresPlan};
use testkit::folder::Folder;
use testkit::{ports, servers};
use uuid::Uuid;

use crate::blocks::Step;
use crate::clone::FreshClone;
use crate::elsewhere::{self, Door, Instead};
use crate::shell::{Answer, Shell};
use crate::shown::{fits, ids, with_id};

/// How long a server may take to serve, and an answer to become the one shown where something works in the background.
const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(100);

/// The PostgreSQL and NATS that people have already. This PostgreSQL is durable: `em-agent check` asks for it.
struct Theirs {
    postgres: Postgres,
    nats: Nats,
    _folder: Folder,
}

impl Theirs {
    async fn start() -> Self {
        let folder = Folder::fresh();
        let plan = PostgresPlan { durable: true, ..servers::postgres_plan(folder.path()) };
        let postgres = Postgres::start(&plan).await.expect("a PostgreSQL");
        let nats = Nats::start(&servers::nats_plan(folder.path())).await.expect("a NATS");
        Self { postgres, nats, _folder: folder }
    }
}

pub(crate) struct Reader {
    shell: Shell,
    clone: FreshClone,
    theirs: Theirs,
    port: u16,
    status_port: u16,
    /// What serves, with its process group.
    serving: Vec<(Door, u32)>,
    /// The last id of the answer before.
    id: Option<String>,
}

impl Reader {
    pub(crate) async fn sit_down() -> Self {
        let (clone, port, status_port) = (FreshClone::fresh(), ports::free(), ports::free());
        let variables = [
            ("HOME", clone.path().display().to_string()),
            ("PORT", port.to_string()),
            ("METRICS_ADDR", format!("127.0.0.1:{status_port}")),
            // A reader is not as quick.
            ("RATE_LIMIT_ENABLED", "false".to_owned()),
        ];
        let shell = Shell::start(clone.path(), &variables);
        Self { shell, clone, theirs: Theirs::start().await, port, status_port, serving: Vec::new(), id: None }
    }

    /// Does what a step says.
    pub(crate) async fn takes(&mut self, step: &Step) {
        let command = self.filled(&step.command);
        match elsewhere::of(step) {
            None => self.runs(step, &command, |code| code == 0).await,
            Some(Instead::Fails) => self.runs(step, &command, |code| code != 0).await,
            Some(Instead::Serves(door)) => self.starts(step, &command, door).await,
            Some(Instead::Checked(words)) => {
                let checked = self.shell.run(&command.replace("./dev run", "ENV=development em-agent check"));
                assert!(checked.code == 0 && checked.text.contains(words), "line {}: {}", step.line, checked.text);
            }
            Some(Instead::Elsewhere(_)) => {}
        }
    }

    /// A file that a command has written.
    pub(crate) fn file(&self, name: &str) -> String {
        self.clone.read(name)
    }

    /// Ends what still serves.
    pub(crate) async fn leaves(mut self) {
        for (_, group) in std::mem::take(&mut self.serving) {
            assert_eq!(self.shell.end(group).code, 0, "it ends in order");
        }
        drop(self.shell);
        self.theirs.postgres.stop(PATIENCE).await;
        self.theirs.nats.stop(PATIENCE).await;
    }

    /// A command with what the README leaves open.
    fn filled(&self, command: &str) -> String {
        let mut command = with_id(&self.here(command), self.id.as_deref())
            .replace("postgresql://…", &self.theirs.postgres.url())
            .replace("nats://…", self.theirs.nats.url());
        while command.contains('…') {
            let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
            command = command.replacen('…', &secret, 1);
        }
        command
    }

    fn here(&self, text: &str) -> String {
        text.replace("127.0.0.1:8000", &format!("127.0.0.1:{}", self.port))
    }

    /// Runs it to its end. What only reads is read again until it is as shown: what it shows may be written just now.
    async fn runs(&mut self, step: &Step, command: &str, ended: impl Fn(i32) -> bool) {
        let shown = self.here(&step.shown);
        let only_reads = command.starts_with("curl ") && !command.contains(" -d ");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let Answer { code, text } = self.shell.run(command);
            let good = ended(code) && (shown.is_empty() || fits(&shown, &text));
            if good {
                self.id = ids(&text).pop();
                return;
            }
            let again = only_reads && Instant::now() < deadline;
            assert!(again, "line {} of the README: {command}\nshown: {shown}\nexit code {code}: {text}", step.line);
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Starts what serves until it is stopped, in the place of what has its port.
    async fn starts(&mut self, step: &Step, command: &str, door: Door) {
        let in_the_way = |held: Door| (held == Door::Status) == (door == Door::Status);
        while let Some(at) = self.serving.iter().position(|(held, _)| in_the_way(*held)) {
            let (_, group) = self.serving.remove(at);
            assert_eq!(self.shell.end(group).code, 0, "it ends in order");
        }
        let log: PathBuf = self.clone.path().join(format!("log-{}", step.line));
        let group = self.shell.start_beside(command, &log);
        self.serving.push((door, group));
        let port = if door == Door::Status { self.status_port } else { self.port };
        let asked = format!("target/debug/em-agent healthcheck --to http://127.0.0.1:{port}");
        let day = format!("curl -s 'http://127.0.0.1:{port}/v1/metrics/dora/deployment-frequency?days=7&wait=30'");
        let shown = self.here(&step.shown);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            let is_said = shown.is_empty() || said.lines().any(|line| fits(&shown, line));
            let is_sent = door != Door::Demo || said.contains("the demo's day was sent");
            if is_said && is_sent && self.shell.run(&asked).code == 0 {
                let counted = door != Door::Demo || self.shell.run(&day).text.contains("\"settled\":true");
                if counted {
                    return;
                }
            }
            assert!(Instant::now() < deadline, "line {} of the README does not serve: {command}\n{said}", step.line);
            tokio::time::sleep(GLANCE).await;
        }
    }
}
