//! A private NATS with JetStream on the loopback address, at a port that the kernel picks.
//!
//! The server writes the port it got into a file when it is ready. JetStream's own loose fsync is left as it is:
//! PostgreSQL is the truth, and what the stream loses is published again from there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::time::Instant;

use super::PrivateError;
use super::children::{GLANCE, Server, Signal};
use super::premises::Premises;
use super::programs;
use crate::Settings;

/// How long reading a large store may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What to start and where.
#[derive(Clone, Debug)]
pub struct NatsPlan {
    /// Everything is in `data_dir/nats`.
    pub data_dir: PathBuf,
    /// The `nats-server` program; searched for when `None`.
    pub bin: Option<PathBuf>,
    pub search_path: Vec<PathBuf>,
}

impl NatsPlan {
    pub fn of(settings: &Settings) -> Self {
        Self {
            data_dir: settings.data_dir.clone(),
            bin: settings.nats_bin.clone(),
            search_path: settings.search_path.clone(),
        }
    }

    /// The program that a start would use; fails as the start would.
    pub async fn find(&self) -> Result<PathBuf, PrivateError> {
        programs::nats(self.bin.as_deref(), &self.search_path).await
    }
}

/// A running server of ours. Dropping it asks it to stop without waiting.
#[derive(Debug)]
pub struct Nats {
    server: Server,
    url: String,
    /// Given back last.
    _premises: Premises,
}

impl Nats {
    /// Starts the server and waits until it takes connections.
    pub async fn start(plan: &NatsPlan) -> Result<Self, PrivateError> {
        let premises = Premises::open(&plan.data_dir, "nats")?;
        let program = plan.find().await?;
        if let Some(owner) = &premises.owner {
            owner.must_reach(&program, "set EM_NATS_BIN to a program that is open to all")?;
        }
        let ports = premises.folder.join("ports");
        if ports.exists() {
            fs::remove_dir_all(&ports).map_err(PrivateError::io("remove", &ports))?;
        }
        let store = premises.folder.join("store");
        for folder in [&premises.folder, &store, &ports] {
            premises.own_folder(folder)?;
        }
        let config = premises.folder.join("nats.conf");
        fs::write(&config, config_text(&store, &ports)).map_err(PrivateError::io("write", &config))?;
        premises.give(&config)?;

        let (log, log_end) = premises.open_log()?;
        let mut command = Command::new(&program);
        command.arg("--config").arg(&config).current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::from(log));
        let mut server = Server::start(command, premises.owner.as_ref(), Signal::Terminate, Signal::Kill)
            .map_err(PrivateError::io("start", &program))?;
        match ready_url(&mut server, &ports).await {
            Some(url) => Ok(Self { server, url, _premises: premises }),
            None => {
                let (log, tail) = (premises.log.clone(), premises.tail(log_end));
                Err(PrivateError::DidNotStart { program: "nats-server", log, tail })
            }
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// False once the server ended by itself.
    pub fn is_running(&mut self) -> bool {
        self.server.ended().is_none()
    }

    /// Stops the server. False: it had to be killed.
    pub async fn stop(mut self, patience: Duration) -> bool {
        self.server.stop(patience).await
    }
}

fn config_text(store: &Path, ports: &Path) -> String {
    // JSON strings are valid in NATS configuration, with the same escapes.
    let quoted = |path: &Path| serde_json::Value::from(path.to_string_lossy()).to_string();
    format!(
        "host: \"127.0.0.1\"\nport: -1\nmax_payload: 8MB\nports_file_dir: {}\njetstream {{ store_dir: {} }}\n",
        quoted(ports),
        quoted(store)
    )
}

/// Waits for the file in which the server says where it listens. `None`: it ended, or takes too long.
async fn ready_url(server: &mut Server, ports: &Path) -> Option<String> {
    let file = |pid: u32| ports.join(format!("nats-server_{pid}.ports"));
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline && server.ended().is_none() {
        let text = fs::read_to_string(file(server.pid())).unwrap_or_default();
        // Half a file is no JSON: it is read again.
        let listening: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        if let Some(url) = listening["nats"][0].as_str() {
            return Some(url.to_owned());
        }
        tokio::time::sleep(GLANCE).await;
    }
    None
}
