//! From facts through the door to numbers: what one worker reckons in a second, how soon a deployment is counted, and how
//! long a rebuild of everything takes. The same facts in every run (a fixed seed).

mod flow;
mod story;
mod table;

use anyhow::{Result, ensure};

use crate::servers::Servers;

/// Facts that wait when the worker starts.
const BACKLOG: usize = 60_000;
const FRESH_PER_SECOND: u32 = 500;
const FRESH_SECONDS: u32 = 20;

/// `rebuilt`: how many facts are told for the rebuild alone.
pub(crate) async fn run(rebuilt: usize) -> Result<()> {
    ensure!((1_000..=5_000_000).contains(&rebuilt), "a rebuild is measured for 1 000 to 5 000 000 facts");
    let folder = std::env::temp_dir().join(format!("em-bench-dora-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = measure(&folder, rebuilt).await;
    std::fs::remove_dir_all(&folder)?;
    result
}

async fn measure(folder: &std::path::Path, rebuilt: usize) -> Result<()> {
    let servers = Servers::start(folder).await?;
    println!("dora: facts of 300 services, seed fixed");
    flow::throughput(&servers, BACKLOG).await?;
    flow::freshness(&servers, FRESH_PER_SECOND, FRESH_SECONDS).await?;
    flow::rebuild(&servers, rebuilt).await?;
    servers.stop().await;
    Ok(())
}
