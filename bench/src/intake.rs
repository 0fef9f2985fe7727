//! Deliveries a second, from a signed request to a committed and published event, on this machine's cores alone.
//!
//! One run: the baseline (verify and answer), the gateway with the worker stopped, the gateway with the worker running, and the
//! gateway at about 1 000 deliveries/s. Rows are counted in the database, not answers; publishing must have caught up.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use store::statistics::{self, Statistics};
use testkit::ports;
use tokio::process::Child;

use crate::bodies;
use crate::processes::cpu_seconds;
use crate::servers::{Servers, baseline};
use crate::wrk::{self, Load, Seen};

/// Connections at full load: enough to fill batches, few enough for an honest latency.
const CONNECTIONS: u32 = 128;
const QUIET_SECONDS: u64 = 10;

pub(crate) async fn run(seconds: u64) -> Result<()> {
    ensure!((1..=300).contains(&seconds), "full load is measured for 1 to 300 seconds");
    let folder = std::env::temp_dir().join(format!("em-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = measure(&folder, seconds).await;
    std::fs::remove_dir_all(&folder)?;
    result
}

async fn measure(folder: &Path, seconds: u64) -> Result<()> {
    let file = folder.join("bodies");
    let body_bytes = bodies::write(&file)?;
    let servers = Servers::start(folder).await?;
    println!("intake: signed GitHub pushes, mean body {body_bytes} bytes, {CONNECTIONS} connections, {seconds} s each");
    println!("{HEADER}");

    let bench = Bench { folder, bodies: &file, servers: &servers };
    let (base, address) = baseline().await?;
    let load = bench.load(&address, "warm-up-baseline", 2, 0, CONNECTIONS);
    wrk::run(folder, &load).await?;
    let baseline = wrk::run(folder, &bench.load(&address, "baseline", seconds, 0, CONNECTIONS)).await?;
    drop(base);
    println!("{}", row("baseline: verify and answer", &baseline));

    let port = ports::free();
    let gateway = servers.em_agent("gateway", port).await?;
    let address = format!("127.0.0.1:{port}");
    wrk::run(folder, &bench.load(&address, "warm-up", 3, 0, CONNECTIONS)).await?;
    bench.published().await?;

    // Before the full load: half a minute after it the disk writes back what was left, and whoever commits waits for it.
    let quiet = wrk::run(folder, &bench.load(&address, "quiet", QUIET_SECONDS, 10, 12)).await?;
    println!("{}", row("gateway at about 1 000/s", &quiet));
    let alone = bench.full_load(&address, "alone", seconds, &[("gateway", &gateway)]).await?;

    let worker_port = ports::free();
    let worker = servers.em_agent("worker", worker_port).await?;
    let both = bench.full_load(&address, "worker", seconds, &[("gateway", &gateway), ("worker", &worker)]).await?;

    println!(
        "ratio to the baseline: {:.2} alone, {:.2} with the worker",
        alone / baseline.per_second(),
        both / baseline.per_second()
    );
    drop((gateway, worker));
    servers.stop().await;
    Ok(())
}

const HEADER: &str = "                              deliveries/s     p50 ms     p99 ms     max ms   not 2xx";

fn row(name: &str, seen: &Seen) -> String {
    format!(
        "{name:<30}{:>12.0}{:>11.2}{:>11.2}{:>11.2}{:>10}",
        seen.per_second(),
        seen.p50_ms,
        seen.p99_ms,
        seen.max_ms,
        seen.refused + seen.broken
    )
}

struct Bench<'a> {
    folder: &'a Path,
    bodies: &'a Path,
    servers: &'a Servers,
}

impl Bench<'_> {
    fn load<'b>(&'b self, address: &'b str, run: &'b str, seconds: u64, pause_ms: u32, connections: u32) -> Load<'b> {
        Load { address, bodies: self.bodies, run, connections, seconds, pause_ms }
    }

    async fn statistics(&self) -> Result<Statistics> {
        Ok(self.servers.store.call("statistics", statistics::read).await?)
    }

    /// Waits until the bus has acknowledged everything.
    async fn published(&self) -> Result<Duration> {
        let started = Instant::now();
        while self.statistics().await?.outbox_rows > 0 {
            ensure!(started.elapsed() < Duration::from_secs(120), "the outbox is not empty after two minutes");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(started.elapsed())
    }

    /// Full load; prints its rows; returns durable, published deliveries a second.
    async fn full_load(&self, address: &str, run: &str, seconds: u64, ours: &[(&str, &Child)]) -> Result<f64> {
        let pids: Vec<(&str, u32)> = ours
            .iter()
            .filter_map(|(name, child)| Some((*name, child.id()?)))
            .chain([("postgres", self.servers.postgres.pid()), ("nats-server", self.servers.nats.pid())])
            .collect();
        let cpu = || pids.iter().map(|(_, pid)| cpu_seconds(*pid)).collect::<Result<Vec<_>>>();
        let (before, cpu_before) = (self.statistics().await?, cpu()?);
        let seen = wrk::run(self.folder, &self.load(address, run, seconds, 0, CONNECTIONS)).await?;
        let catching_up = self.published().await?;
        let (after, cpu_after) = (self.statistics().await?, cpu()?);

        let kept = after.deliveries - before.deliveries;
        ensure!(kept as u64 >= seen.answers - seen.refused, "{kept} rows for {} answers", seen.answers);
        let told = after.events - before.events;
        ensure!(told == kept, "every push is one event, but there are {told} events for {kept} deliveries");
        let per_second = kept as f64 / (seen.seconds + catching_up.as_secs_f64());
        println!("{}", row(if ours.len() == 1 { "gateway, worker stopped" } else { "gateway, worker running" }, &seen));
        println!(
            "  {kept} rows, {per_second:.0} durable and published/s (the bus was {} ms behind), {} bytes of WAL and {} bytes on disk a delivery",
            catching_up.as_millis(),
            (after.wal_bytes - before.wal_bytes) / kept.max(1),
            (after.database_bytes - before.database_bytes) / kept.max(1),
        );
        let costs = pids.iter().zip(cpu_before.iter().zip(&cpu_after));
        let costs =
            costs.map(|((name, _), (before, after))| format!("{name} {:.0} µs", (after - before) * 1e6 / kept as f64));
        println!("  CPU a delivery: {}", costs.collect::<Vec<_>>().join(", "));
        Ok(per_second)
    }
}
