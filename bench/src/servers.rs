//! What is measured: the release build's processes on their own PostgreSQL and NATS, all ended with the run.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use boot::private::{Nats, NatsPlan, Postgres, PostgresPlan};
use boot::settings::{Env, Settings};
use store::{Role, Store, StoreOptions};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::bodies::SECRET;

/// Write-ahead log files of 16 MB that one run uses.
const LOG_FILES: usize = 120;

/// PostgreSQL and NATS with durable settings in a folder of their own.
pub(crate) struct Servers {
    pub(crate) postgres: Postgres,
    pub(crate) nats: Nats,
    pub(crate) store: Store,
    pub(crate) database_url: String,
}

impl Servers {
    pub(crate) async fn start(folder: &Path) -> Result<Self> {
        let (mut settings, _) = Settings::from_process(&[], Env::Development).map_err(|bad| {
            anyhow::anyhow!("settings: {}", bad.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        })?;
        settings.data_dir = folder.to_owned();
        let mut plan = PostgresPlan::of(&settings);
        plan.options.push("min_wal_size=2GB".to_owned());
        let postgres = Postgres::start(&plan).await?;
        let nats = Nats::start(&NatsPlan::of(&settings)).await?;
        let admin = postgres.url();
        let database_url = tokio::task::spawn_blocking(move || {
            let url = store::migrate::ensure_database(&admin, "em_agent")?;
            store::migrate::prepare(&url, true, chrono::Utc::now())?;
            age(&url)?;
            Ok::<_, store::StoreError>(url)
        })
        .await??;
        let options = StoreOptions {
            url: database_url.clone(),
            pool_size: 1,
            pool_timeout: Duration::from_secs(5),
            role: Role::Owner,
        };
        Ok(Self { postgres, nats, store: Store::connect(&options)?, database_url })
    }

    /// Starts `em-agent <role>` against these servers and waits until it is ready on `port`.
    pub(crate) async fn em_agent(&self, role: &str, port: u16) -> Result<Child> {
        let child = Command::new(program("em-agent")?)
            .arg(role)
            .env("ENV", "development")
            .env("DATABASE_URL", &self.database_url)
            .env("NATS_URL", self.nats.url())
            .env("GITHUB_WEBHOOK_SECRET", SECRET)
            .env("PORT", port.to_string())
            .env("METRICS_ADDR", if role == "worker" { format!("127.0.0.1:{port}") } else { String::new() })
            .env("RATE_LIMIT_ENABLED", "false")
            .env("LOG_LEVEL", "warn")
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("em-agent {role} does not start"))?;
        ready(port).await?;
        Ok(child)
    }

    pub(crate) async fn stop(self) {
        self.nats.stop(Duration::from_secs(10)).await;
        self.postgres.stop(Duration::from_secs(30)).await;
    }
}

/// Makes the server one that has run for a while: its log files exist and are used again. On a new cluster each 16 MB
/// of log begin with a new file, which holds commits up for some 50 ms; that is a matter of its first minutes.
fn age(url: &str) -> Result<(), store::StoreError> {
    for _ in 0..LOG_FILES {
        store::migrate::execute(url, "select pg_logical_emit_message(true, 'bench', 'x')")?;
        store::migrate::execute(url, "select pg_switch_wal()")?;
    }
    store::migrate::execute(url, "checkpoint")
}

/// Starts this program's baseline server; returns it with its address.
pub(crate) async fn baseline() -> Result<(Child, String)> {
    let mut child =
        Command::new(program("bench")?).arg("baseline").stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let stdout = child.stdout.take().context("the baseline's output")?;
    let address = BufReader::new(stdout).lines().next_line().await?.context("the baseline's address")?;
    Ok((child, address))
}

/// A program that was built beside this one.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    Ok(std::env::current_exe()?.parent().context("the folder of this program")?.join(name))
}

async fn ready(port: u16) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(30);
    while Instant::now() < deadline {
        if answers_ready(port).await.unwrap_or(false) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("nothing is ready on port {port} after 30 s")
}

async fn answers_ready(port: u16) -> Result<bool> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut answer = [0u8; 12];
    stream.read_exact(&mut answer).await?;
    Ok(&answer == b"HTTP/1.1 200")
}
