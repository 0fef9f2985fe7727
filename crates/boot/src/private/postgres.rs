//! A private PostgreSQL cluster on a unix socket: no port, no password, nobody else can reach it.
//!
//! In order: take the place, find the programs of the version that made the data, `initdb` once (into a folder that
//! gets its name only when it is complete), start, wait until the server says that it is ready. A server that was
//! killed together with us leaves a process id and shared memory behind for about a second: the start is tried again.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::time::Instant;

use super::PrivateError;
use super::children::{self, GLANCE, Server, Signal};
use super::premises::Premises;
use super::programs::{self, PostgresPrograms};
use crate::Settings;

/// How long what a killed server left behind may stand in the way.
const LEFTOVERS: Duration = Duration::from_secs(15);
/// How long recovery after a crash may take.
const RECOVERY: Duration = Duration::from_secs(120);

/// What to start and where.
#[derive(Clone, Debug)]
pub struct PostgresPlan {
    /// The cluster is in `data_dir/postgres`.
    pub data_dir: PathBuf,
    /// The folder of PostgreSQL's programs; searched for when `None`.
    pub bin: Option<PathBuf>,
    pub search_path: Vec<PathBuf>,
    /// False trades the data's life for speed: only for tests.
    pub durable: bool,
    /// More server settings, as `name=value`.
    pub options: Vec<String>,
}

impl PostgresPlan {
    pub fn of(settings: &Settings) -> Self {
        Self {
            data_dir: settings.data_dir.clone(),
            bin: settings.pg_bin.clone(),
            search_path: settings.search_path.clone(),
            durable: true,
            options: Vec::new(),
        }
    }

    /// The folder of the programs that a start would use; fails as the start would.
    pub async fn find(&self) -> Result<PathBuf, PrivateError> {
        Ok(self.programs(&self.data_dir.join("postgres")).await?.folder)
    }

    async fn programs(&self, data: &Path) -> Result<PostgresPrograms, PrivateError> {
        programs::postgres(self.bin.as_deref(), &self.search_path, made_by(data).as_deref(), data).await
    }
}

/// A running server of ours. Dropping it asks it to stop without waiting.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
    socket_folder: SocketFolder,
    /// Given back last.
    _premises: Premises,
}

impl Postgres {
    /// Starts the cluster and waits until it takes connections.
    pub async fn start(plan: &PostgresPlan) -> Result<Self, PrivateError> {
        let premises = Premises::open(&plan.data_dir, "postgres")?;
        let programs = plan.programs(&premises.folder).await?;
        if let Some(owner) = &premises.owner {
            owner.must_reach(&programs.folder.join("postgres"), "set EM_PG_BIN to a folder that is open to all")?;
        }
        if made_by(&premises.folder).is_none() {
            initialize(plan, &premises, &programs).await?;
        }
        let socket_folder = SocketFolder::make(&premises)?;
        let options = options(plan, &premises, &programs).await;
        let server = launch(&premises, || {
            let mut command = base_command(&programs.folder.join("postgres"));
            command.arg("-D").arg(&premises.folder).arg("-k").arg(&socket_folder.0).args(["-p", "5432"]);
            command.args(options.iter().flat_map(|option| ["-c", option]));
            command
        })
        .await?;
        Ok(Self { server, socket_folder, _premises: premises })
    }

    /// The URL of the maintenance database, as libpq takes it.
    pub fn url(&self) -> String {
        format!("postgresql://postgres@/postgres?host={}", self.socket_folder.0.display())
    }

    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// False once the server ended by itself.
    pub fn is_running(&mut self) -> bool {
        self.server.ended().is_none()
    }

    /// Ends all sessions, writes everything and stops. False: it had to be forced and will recover at the next start.
    pub async fn stop(mut self, patience: Duration) -> bool {
        self.server.stop(patience).await
    }
}

/// The folder of the socket, closed to others. Removed with the server.
#[derive(Debug)]
struct SocketFolder(PathBuf);

impl SocketFolder {
    fn make(premises: &Premises) -> Result<Self, PrivateError> {
        let beside = premises.folder.with_extension("socket");
        let folder = Self(if is_fit_for_a_socket(&beside) { beside } else { short_folder(&premises.folder) });
        premises.own_folder(&folder.0)?;
        Ok(folder)
    }
}

/// A socket's path may have 107 bytes, and the folder stands in a URL and in a list with commas.
fn is_fit_for_a_socket(folder: &Path) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"/._-".contains(&c);
    let path = folder.as_os_str().as_encoded_bytes();
    path.len() < 80 && path.iter().copied().all(plain)
}

/// Where the data is in a place with a long name: the same folder for the same data.
fn short_folder(data: &Path) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    PathBuf::from(format!("/tmp/em-{:016x}", hasher.finish()))
}

impl Drop for SocketFolder {
    fn drop(&mut self) {
        // What stays is taken over by the next start.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The major version that made the data; `None` where there is none yet.
fn made_by(data: &Path) -> Option<String> {
    fs::read_to_string(data.join("PG_VERSION")).ok().map(|text| text.trim().to_owned())
}

/// A command that depends on nothing of the folder and the environment that we happen to be in.
fn base_command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    for name in ["PGDATA", "PGPORT", "PGHOST", "PGUSER", "PGDATABASE", "PGOPTIONS", "LANG", "LC_ALL"] {
        command.env_remove(name);
    }
    command
}

/// Makes the cluster beside its place and then moves it there, so that half a cluster is never started.
async fn initialize(plan: &PostgresPlan, premises: &Premises, programs: &PostgresPrograms) -> Result<(), PrivateError> {
    let unfinished = premises.folder.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(PrivateError::io("remove", &unfinished))?;
    }
    premises.own_folder(&unfinished)?;
    let initdb = programs.folder.join("initdb");
    let (log, log_end) = premises.open_log()?;
    let mut command = base_command(&initdb);
    command.arg("-D").arg(&unfinished);
    command.args(["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-instructions"]);
    if !plan.durable {
        command.arg("--no-sync");
    }
    command.stderr(Stdio::from(log));
    children::become_owner(&mut command, premises.owner.as_ref());
    let mut command = tokio::process::Command::from(command);
    let status = command.kill_on_drop(true).status().await.map_err(PrivateError::io("start", &initdb))?;
    if !status.success() {
        let tail = premises.tail(log_end);
        return Err(PrivateError::DidNotStart { program: "initdb", log: premises.log.clone(), tail });
    }
    fs::rename(&unfinished, &premises.folder).map_err(PrivateError::io("move into place", &premises.folder))
}

/// The server's settings: durable, sized for one machine that does other things too.
async fn options(plan: &PostgresPlan, premises: &Premises, programs: &PostgresPrograms) -> Vec<String> {
    let on = if plan.durable { "on" } else { "off" };
    let mut options: Vec<String> = [
        "listen_addresses=",
        "unix_socket_permissions=0700",
        "wal_level=replica",
        "max_wal_size=4GB",
        // Old log files are used again: making new ones in the middle of load holds commits up.
        "min_wal_size=1GB",
        "checkpoint_timeout=15min",
        "checkpoint_completion_target=0.9",
        "jit=off",
        // Solid-state disks: a range of an index beats the whole table.
        "random_page_cost=1.1",
        "timezone=UTC",
        "log_timezone=UTC",
        "log_checkpoints=off",
        "logging_collector=off",
    ]
    .map(str::to_owned)
    .to_vec();
    options.extend(["fsync", "synchronous_commit", "full_page_writes"].map(|name| format!("{name}={on}")));
    options.push(format!("shared_buffers={}MB", shared_buffers_megabytes()));
    for (name, otherwise) in [("wal_compression", "on"), ("default_toast_compression", "pglz")] {
        let value = if takes(premises, programs, name, "lz4").await { "lz4" } else { otherwise };
        options.push(format!("{name}={value}"));
    }
    options.extend(plan.options.iter().cloned());
    options
}

/// Whether this server was built so that it takes a value.
async fn takes(premises: &Premises, programs: &PostgresPrograms, name: &str, value: &str) -> bool {
    let mut command = base_command(&programs.folder.join("postgres"));
    command.arg("-C").arg(name).arg("-D").arg(&premises.folder).arg("-c").arg(format!("{name}={value}"));
    children::become_owner(&mut command, premises.owner.as_ref());
    let status = tokio::process::Command::from(command).kill_on_drop(true).status().await;
    status.is_ok_and(|status| status.success())
}

/// 256 MB, or a quarter of a small machine's memory.
fn shared_buffers_megabytes() -> u64 {
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total =
        memory.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    total.map_or(256, |kilobytes| (kilobytes / 1024 / 4).clamp(16, 256))
}

/// Starts the server, again for as long as what a killed one left behind is in the way.
async fn launch(premises: &Premises, command: impl Fn() -> Command) -> Result<Server, PrivateError> {
    let deadline = Instant::now() + LEFTOVERS;
    loop {
        let (log, log_end) = premises.open_log()?;
        let mut command = command();
        command.stderr(Stdio::from(log));
        let program = PathBuf::from(command.get_program());
        let mut server = Server::start(command, premises.owner.as_ref(), Signal::Interrupt, Signal::Quit)
            .map_err(PrivateError::io("start", program))?;
        if is_ready(&mut server, &premises.folder).await {
            return Ok(server);
        }
        let tail = premises.tail(log_end);
        let in_the_way = tail.contains("lock file") || tail.contains("shared memory block");
        if !in_the_way || Instant::now() > deadline {
            return Err(PrivateError::DidNotStart { program: "postgres", log: premises.log.clone(), tail });
        }
        tokio::time::sleep(GLANCE * 10).await;
    }
}

/// Waits until the server has written "ready" beside its own process id. False: it ended, or recovers for too long.
async fn is_ready(server: &mut Server, data: &Path) -> bool {
    let deadline = Instant::now() + RECOVERY;
    while Instant::now() < deadline && server.ended().is_none() {
        let text = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        if lines.first() == Some(&server.pid().to_string().as_str()) && lines.get(7) == Some(&"ready") {
            return true;
        }
        tokio::time::sleep(GLANCE).await;
    }
    false
}
