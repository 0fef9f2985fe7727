//! From facts through the door to numbers: what one worker reckons in a second, how soon a deployment is counted, how long
//! a rebuild of everything takes, and how long the queries of people take. The same facts in every run (a fixed seed).

mod flow;
mod queries;
mod story;
mod table;

use std::path::Path;

use anyhow::{Result, ensure};

use crate::servers::Servers;

/// Facts that wait when the worker starts.
const BACKLOG: usize = 60_000;
const FRESH_PER_SECOND: u32 = 500;
const FRESH_SECONDS: u32 = 20;

/// `part`: `flow` (through the door to numbers, then rebuilt), `rebuild` (that alone) or `queries`; all unless given. `facts`: how many facts are told
/// for the rebuild alone, and how many are asked about.
pub(crate) async fn run(part: Option<&str>, facts: usize) -> Result<()> {
    ensure!((1_000..=5_000_000).contains(&facts), "this is measured with 1 000 to 5 000 000 facts");
    let folder = std::env::temp_dir().join(format!("em-bench-dora-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = measure(&folder, part, facts).await;
    std::fs::remove_dir_all(&folder)?;
    result
}

async fn measure(folder: &Path, part: Option<&str>, facts: usize) -> Result<()> {
    println!("dora: facts of 300 services, seed fixed");
    if part.is_none_or(|part| part == "queries") {
        asked(&folder.join("queries"), facts).await?;
    }
    if part != Some("queries") {
        told(&folder.join("flow"), part, facts).await?;
    }
    Ok(())
}

async fn told(folder: &Path, part: Option<&str>, rebuilt: usize) -> Result<()> {
    let servers = Servers::start(folder).await?;
    if part != Some("rebuild") {
        flow::throughput(&servers, BACKLOG).await?;
        flow::freshness(&servers, FRESH_PER_SECOND, FRESH_SECONDS).await?;
    }
    flow::rebuild(&servers, rebuilt).await?;
    servers.stop().await;
    Ok(())
}

/// The queries have servers of their own: a million facts, none of them from events.
async fn asked(folder: &Path, facts: usize) -> Result<()> {
    let servers = Servers::start(folder).await?;
    queries::measure(&servers, u32::try_from(facts * 23 / 100)?).await?;
    servers.stop().await;
    Ok(())
}
