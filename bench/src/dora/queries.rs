//! What people wait for: every query of every dashboard and the calls of the API over a million facts, each many times,
//! beside the queries that answer the same from all rows each time, as DevLake's dashboards do.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use chrono::{DateTime, SubsecRound, Utc};
use domain::ids::TenantId;
use testkit::facts::History;
use testkit::grafana::{Reader, dashboards, opened, queries};
use testkit::ports;

use super::flow::Door;
use super::table::quantiles;
use crate::servers::Servers;

/// Each query so often, after one time that is not counted.
const TIMES: usize = 20;
/// Milliseconds that half of `research`'s promise allows: 95 of 100 answers within it.
const PROMISED: f64 = 50.0;
const RANGES: [i64; 3] = [30, 90, 365];

/// Frequency, failures and lead time of a range from all rows, in the manner of DevLake's overview: a row a deployment by
/// grouping, the median as the last row whose rank is below a half.
const RECOMPUTED: &str = include_str!("recomputed.sql");

/// One thing asked, with the milliseconds that it took.
struct Asked {
    name: String,
    p50: f64,
    p95: f64,
}

pub(crate) async fn measure(servers: &Servers, deployments: u32) -> Result<()> {
    let until = Utc::now().trunc_subsecs(0);
    let history = History { deployments, ..History::million(until) };
    let url = servers.database_url.clone();
    let facts = tokio::task::spawn_blocking(move || seed(&history, &url)).await??;
    println!("  queries over {facts} facts of {} services and a year, {TIMES} times each:", history.services);
    let url = servers.database_url.clone();
    tokio::task::spawn_blocking(move || of_dashboards(&url, until)).await??;
    of_the_api(servers).await
}

fn seed(history: &History, url: &str) -> Result<i64> {
    history.write(url, &TenantId::default())?;
    store::migrate::execute(url, "vacuum analyze")?;
    let count = "select (select count(*) from dora_v_deployments) + (select count(*) from dora_v_changes)
        + (select count(*) from dora_v_failures) + (select count(*) from dora_v_incidents) as n";
    let rows = Reader::connect(url).rows(count).map_err(|why| anyhow!(why))?;
    rows[0]["n"].as_i64().context("a number")
}

fn of_dashboards(url: &str, until: DateTime<Utc>) -> Result<()> {
    let mut reader = Reader::connect(url);
    for days in RANGES {
        let mut all = Vec::new();
        for (name, dashboard) in dashboards() {
            let view = opened(&dashboard, until, days);
            for (place, sql) in queries(&dashboard) {
                let sql = view.sql(&sql).map_err(|why| anyhow!("{name}, {place}: {why}"))?;
                all.push(asked(&mut reader, format!("{name}, {place}"), &sql)?);
            }
        }
        tell(&format!("panels, all services, {days} days"), &mut all);
        let range = BTreeMap::from([(":from", until - chrono::TimeDelta::days(days)), (":to", until)]);
        let quoted =
            |sql: &str, (word, at): (&&str, &DateTime<Utc>)| sql.replace(word, &format!("'{}'", at.to_rfc3339()));
        let sql = range.iter().fold(RECOMPUTED.to_owned(), |sql, one| quoted(&sql, one));
        let panels = ["Deployment frequency", "Lead time", "Change failure rate"];
        let ours: f64 = panels.iter().filter_map(|title| first(&all, title)).sum();
        match asked(&mut reader, "from all rows".to_owned(), &sql) {
            Ok(peer) => println!(
                "    the same three headlines from all rows: p50 {:.0} ms; the three panels: {ours:.0} ms, {:.1} times as fast",
                peer.p50,
                peer.p50 / ours
            ),
            // The login of dashboards waits no longer than ten seconds.
            Err(error) => println!("    the three panels: {ours:.0} ms; the same from all rows: {error:.90}"),
        }
    }
    Ok(())
}

fn first(all: &[Asked], title: &str) -> Option<f64> {
    all.iter().find(|one| one.name == format!("overview, {title}")).map(|one| one.p50)
}

fn asked(reader: &mut Reader, name: String, sql: &str) -> Result<Asked> {
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..=TIMES {
        let begun = Instant::now();
        reader.rows(sql).map_err(|why| anyhow!("{name}: {why}"))?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(counted(name, times))
}

/// The first time is no measure: nothing is in memory yet.
fn counted(name: String, mut times: Vec<f64>) -> Asked {
    times.remove(0);
    let found = quantiles(&mut times);
    Asked { name, p50: found.p50, p95: found.p95 }
}

fn tell(what: &str, all: &mut [Asked]) {
    let within = all.iter().filter(|one| one.p95 < PROMISED).count();
    let mut medians: Vec<f64> = all.iter().map(|one| one.p95).collect();
    let middle = quantiles(&mut medians).p50;
    println!("    {what}: {within} of {} with p95 < {PROMISED:.0} ms; half of them under {middle:.1} ms", all.len());
    all.sort_by(|one, other| other.p95.total_cmp(&one.p95));
    for one in all.iter().take(3).chain(all.iter().skip(3).filter(|one| one.p95 >= PROMISED)) {
        println!("      {:<60} p50 {:>6.1} ms  p95 {:>6.1} ms", one.name, one.p50, one.p95);
    }
}

const CALLS: [&str; 12] = [
    "/v1/metrics/dora?days={days}",
    "/v1/metrics/dora?days={days}&service=service-007",
    "/v1/metrics/dora?days={days}&team=team-03",
    "/v1/metrics/dora?days={days}&lead_unit=commit",
    "/v1/metrics/dora/deployment-frequency?days={days}",
    "/v1/metrics/dora/lead-time?days={days}",
    "/v1/metrics/dora/change-fail-rate?days={days}",
    "/v1/metrics/dora/mttr?days={days}",
    "/v1/metrics/dora/rework-rate?days={days}",
    "/v1/metrics/dora/lead_time/explain?days={days}",
    "/v1/metrics/code-quality?days={days}",
    "/v1/deployments?days={days}&failed=true",
];

async fn of_the_api(servers: &Servers) -> Result<()> {
    let port = ports::free();
    let gateway = servers.em_agent("gateway", port).await?;
    let door = Door::new(port)?;
    for days in RANGES {
        let mut all = Vec::new();
        for call in CALLS {
            let path = call.replace("{days}", &days.to_string());
            let mut times = Vec::with_capacity(TIMES);
            for _ in 0..=TIMES {
                let begun = Instant::now();
                door.ask(&path).await?;
                times.push(begun.elapsed().as_secs_f64() * 1000.0);
            }
            all.push(counted(path, times));
        }
        tell(&format!("calls of the API, {days} days"), &mut all);
    }
    drop(gateway);
    Ok(())
}
