//! Runs the real binary's roles as processes of their own, against servers of the test kit or of the test itself.

pub(crate) mod books;
pub(crate) mod servers;

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use bus::{Bus, BusOptions};
use testkit::senders::SECRET;
use testkit::{kill, ports};

/// The servers and names that one test's processes use.
pub(crate) struct World {
    pub(crate) database_url: String,
    pub(crate) nats_url: String,
    pub(crate) stream: String,
    pub(crate) port: u16,
    /// Settings beside or instead of the usual ones.
    pub(crate) settings: Vec<(&'static str, String)>,
    /// Where a role's log goes, instead of to the test's own.
    pub(crate) log: Option<PathBuf>,
}

impl World {
    /// On these servers, with a stream of its own.
    pub(crate) fn on(database_url: String, nats_url: String) -> Self {
        let stream = format!("T{}", uuid::Uuid::new_v4().simple());
        Self { database_url, nats_url, stream, port: ports::free(), settings: Vec::new(), log: None }
    }

    /// The same world at another port, for one more gateway.
    pub(crate) fn beside(&self) -> Self {
        let (database_url, nats_url) = (self.database_url.clone(), self.nats_url.clone());
        let (stream, settings) = (self.stream.clone(), self.settings.clone());
        Self { database_url, nats_url, stream, port: ports::free(), settings, log: self.log.clone() }
    }

    pub(crate) fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts `em-agent <role>`. It listens on the world's port when it is a gateway.
    pub(crate) fn spawn(&self, role: &str) -> Role {
        let mut command = self.command(&[role]);
        if let Some(log) = &self.log {
            command.stderr(File::create(log).expect("a log"));
        }
        Role(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("em-agent starts"))
    }

    /// Runs another command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("em-agent runs")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_em-agent"));
        command
            .args(arguments)
            .env("ENV", "development")
            .env("DATABASE_URL", &self.database_url)
            .env("NATS_URL", &self.nats_url)
            .env("NATS_STREAM", &self.stream)
            .env("NATS_SUBJECT_PREFIX", self.stream.to_lowercase())
            .env("PORT", self.port.to_string())
            .env("GITHUB_WEBHOOK_SECRET", SECRET)
            .env("RATE_LIMIT_ENABLED", "false")
            .env("LOG_LEVEL", "off")
            .envs(self.settings.iter().cloned());
        command
    }

    /// Starts a gateway and waits until it takes connections.
    pub(crate) fn gateway(&self) -> Role {
        let mut role = self.spawn("gateway");
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        let deadline = Instant::now() + Duration::from_secs(30);
        while std::net::TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "the gateway does not listen");
            assert!(role.0.try_wait().expect("a process").is_none(), "the gateway ended at its start");
            std::thread::yield_now();
        }
        role
    }

    pub(crate) async fn bus(&self) -> Bus {
        let options = BusOptions {
            url: self.nats_url.clone(),
            creds_file: None,
            stream: self.stream.clone(),
            subject_prefix: self.stream.to_lowercase(),
        };
        Bus::connect(&options).await.expect("the bus")
    }
}

/// A process that is killed with the test.
pub(crate) struct Role(Child);

impl Role {
    /// SIGKILL: no handler runs, nothing is flushed.
    pub(crate) fn kill_nine(mut self) {
        self.0.kill().expect("a running process");
        self.0.wait().expect("an ended process");
    }

    /// SIGTERM: the process has to end by itself, in the time that container runtimes give it.
    pub(crate) async fn terminate(mut self) -> ExitStatus {
        assert!(kill::send("TERM", &self.0.id().to_string()), "the process was gone already");
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(status) = self.0.try_wait().expect("a process") {
                return status;
            }
            assert!(Instant::now() < deadline, "10 seconds after SIGTERM it still runs");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for a condition; fails the test, saying what was waited for, when it does not come true in time.
pub(crate) async fn eventually<F: Future<Output = bool>>(
    what: &str,
    patience: Duration,
    mut condition: impl FnMut() -> F,
) {
    let deadline = Instant::now() + patience;
    while !condition().await {
        assert!(Instant::now() < deadline, "not in {patience:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
