//! The benchmarks that the README quotes. `./dev bench <name>` builds everything in release mode and runs one.
//!
//! Each starts its own PostgreSQL and NATS with durable settings, sends traffic to loopback only, bounded in time, and
//! prints what it measured beside a baseline from the same run: on a shared machine ratios mean more than absolutes.

mod baseline;
mod bodies;
mod dora;
mod intake;
mod normalize;
mod processes;
mod servers;
mod wrk;

use anyhow::{Result, bail};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Runtime::new()?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["intake"] => runtime.block_on(intake::run(20)),
        ["intake", seconds] => runtime.block_on(intake::run(seconds.parse()?)),
        ["dora"] => runtime.block_on(dora::run(None, 1_000_000)),
        ["dora", part @ ("flow" | "rebuild" | "queries")] => runtime.block_on(dora::run(Some(part), 1_000_000)),
        ["dora", part @ ("flow" | "rebuild" | "queries"), facts] => {
            runtime.block_on(dora::run(Some(part), facts.parse()?))
        }
        ["normalize"] => normalize::run(None, chrono::Utc::now()),
        ["normalize", source] => normalize::run(Some(source), chrono::Utc::now()),
        ["baseline"] => runtime.block_on(baseline::serve()),
        _ => {
            bail!(
                "usage: ./dev bench intake [seconds of full load] | normalize [source] | dora [flow|rebuild|queries [facts]]"
            )
        }
    }
}
