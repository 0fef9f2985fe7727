//! Facts through the door until they are numbers: how many a second one worker reckons, how soon one is seen, and how
//! long a rebuild of everything takes.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chrono::Utc;
use outbound::{Outbound, Request};
use serde_json::{Value, json};
use testkit::ports;
use tokio::process::Command;

use super::story::Story;
use super::table::{Quantiles, quantiles};
use crate::servers::{Servers, program};

const SEED: u64 = 20_261_121;
const SERVICES: usize = 300;
/// Facts of one delivery while a backlog is told.
const DELIVERY: usize = 500;
const YEAR_SECONDS: i64 = 365 * 86_400;

/// A gateway that is told facts and asked for numbers.
pub(crate) struct Door {
    client: Outbound,
    base: String,
}

impl Door {
    pub(crate) fn new(port: u16) -> Result<Self> {
        let client = Outbound::new(Duration::from_secs(60), 16 << 20)?;
        Ok(Self { client, base: format!("http://127.0.0.1:{port}") })
    }

    pub(crate) async fn tell(&self, facts: &[Value]) -> Result<()> {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let body = serde_json::to_vec(facts)?;
        let answer = self.client.send(Request::post(format!("{}/webhooks/generic", self.base), headers, body)).await?;
        ensure!(answer.status.is_success(), "the gateway answered {}: {}", answer.status, answer.text());
        Ok(())
    }

    pub(crate) async fn ask(&self, path: &str) -> Result<Value> {
        let answer = self.client.send(Request::get(format!("{}{path}", self.base))).await?;
        ensure!(answer.status.is_success(), "{path} answered {}: {}", answer.status, answer.text());
        Ok(answer.json())
    }

    /// Waits until everything received is a number.
    async fn settled(&self, patience: Duration) -> Result<()> {
        let deadline = Instant::now() + patience;
        loop {
            if self.ask("/v1/metrics/dora?days=1&wait=20").await?["settled"] == true {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "not settled after {} s", patience.as_secs());
        }
    }
}

/// Facts that one worker reckons in a second, from a backlog.
pub(crate) async fn throughput(servers: &Servers, facts: usize) -> Result<()> {
    let port = ports::free();
    let gateway = servers.em_agent("gateway", port).await?;
    let door = Door::new(port)?;
    let mut story = Story::new("backlog", SEED, SERVICES, Utc::now().timestamp() - YEAR_SECONDS);
    let told = Instant::now();
    tell_all(&door, &mut story, facts).await?;
    println!("  {facts} facts told in {:.1} s, the worker stopped", told.elapsed().as_secs_f64());
    let worker_port = ports::free();
    let begun = Instant::now();
    let worker = servers.em_agent("worker", worker_port).await?;
    door.settled(Duration::from_secs(900)).await?;
    let seconds = begun.elapsed().as_secs_f64();
    println!("  one worker: {facts} facts reckoned in {seconds:.1} s, {:.0}/s", facts as f64 / seconds);
    drop((worker, gateway));
    Ok(())
}

async fn tell_all(door: &Door, story: &mut Story, facts: usize) -> Result<()> {
    let mut left = facts;
    while left > 0 {
        let count = left.min(DELIVERY);
        door.tell(&story.facts(count)).await?;
        left -= count;
    }
    Ok(())
}

/// How soon a deployment is in the API's number while `per_second` other facts come in.
pub(crate) async fn freshness(servers: &Servers, per_second: u32, seconds: u32) -> Result<()> {
    let (port, worker_port) = (ports::free(), ports::free());
    let gateway = servers.em_agent("gateway", port).await?;
    let worker = servers.em_agent("worker", worker_port).await?;
    let (door, probe) = (Door::new(port)?, Door::new(port)?);
    door.settled(Duration::from_secs(120)).await?;
    let start = Utc::now().timestamp() - 86_400;
    let load = tokio::spawn(async move {
        let mut story = Story::new("fresh", SEED + 1, SERVICES, start);
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        let ticks = seconds * 50;
        for _ in 0..ticks {
            tick.tick().await;
            door.tell(&story.facts((per_second / 50) as usize)).await?;
        }
        Ok::<_, anyhow::Error>(())
    });
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut waits = Vec::new();
    while !load.is_finished() {
        waits.push(seen(&probe, waits.len()).await?);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    load.await??;
    let Quantiles { p50, p95, p99, .. } = quantiles(&mut waits);
    println!(
        "  at {per_second} facts/s: a deployment is seen in the API after p50 {p50:.0} ms, p95 {p95:.0} ms, p99 {p99:.0} ms ({} tries)",
        waits.len()
    );
    drop((worker, gateway));
    Ok(())
}

/// Milliseconds from the beginning of a deployment's request until the API counts it.
async fn seen(door: &Door, number: usize) -> Result<f64> {
    let service = format!("probe-{number}");
    let fact = json!({"kind": "deployment", "id": service, "service": service, "env": "production", "tier": "production",
        "status": "success", "at": Utc::now().timestamp() - 5});
    let begun = Instant::now();
    door.tell(&[fact]).await?;
    let path = format!("/v1/metrics/dora?days=1&service={service}");
    while door.ask(&path).await?["deployment_frequency"]["n"] != 1 {
        ensure!(begun.elapsed() < Duration::from_secs(30), "{service} is not counted after 30 s");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(begun.elapsed().as_secs_f64() * 1000.0)
}

/// How long `em-agent rebuild dora` takes for so many events.
pub(crate) async fn rebuild(servers: &Servers, events: usize) -> Result<()> {
    let port = ports::free();
    let gateway = servers.em_agent("gateway", port).await?;
    let door = Door::new(port)?;
    let mut story = Story::new("rebuilt", SEED + 2, SERVICES, Utc::now().timestamp() - 2 * YEAR_SECONDS);
    tell_all(&door, &mut story, events).await?;
    drop(gateway);
    // Nobody has worked on them: the first rebuild begins with the events alone. The second finds everything right.
    for what in ["what was not there yet written and audited", "all of it right already"] {
        let begun = Instant::now();
        rebuild_once(servers).await?;
        println!("  rebuild of {events} events and what was there, {what}: {:.1} s", begun.elapsed().as_secs_f64());
    }
    Ok(())
}

async fn rebuild_once(servers: &Servers) -> Result<()> {
    let status = Command::new(program("em-agent")?)
        .args(["rebuild", "dora"])
        .env("ENV", "development")
        .env("DATABASE_URL", &servers.database_url)
        .env("NATS_URL", servers.nats.url())
        .env("LOG_LEVEL", "warn")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await
        .context("em-agent rebuild does not start")?;
    ensure!(status.success(), "the rebuild failed: {status}");
    Ok(())
}
