//! `em-agent worker`: everything that happens after the commit. Any number of them may run side by side.

use ::worker::WorkerHandle;
use boot::settings::Env;
use bus::Bus;
use clap::Args;
use store::{Role, Store};

use crate::failure::Failure;
use crate::relaying::Relaying;
use crate::serving::Process;
use crate::{connections, database, settings};

/// Process events: keep the tables that metrics are made from (DATABASE_URL and NATS_URL are required)
#[derive(Args)]
#[command(after_help = "Example:\n  DATABASE_URL=postgresql://… NATS_URL=nats://… METRICS_ADDR=:9100 em-agent worker")]
pub(crate) struct Worker {}

impl Worker {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let settings = settings::load(Env::Production)?;
        let (database_url, nats_url) = (settings::database_url(&settings)?, settings::nats_url(&settings)?);
        settings::documents(&settings)?;
        let process = Process::start(settings)?;
        let store = connections::store(&process.settings, &database_url, Role::App)?;
        database::watch(store.clone(), database_url, process.stop.clone());
        let bus = connections::bus(&process.settings, &nats_url).await?;
        // Workers sweep too: what a gateway left behind is published also while no gateway runs.
        let relaying = Relaying::start(&store, &bus)?;
        let working = start(&process, store, bus).await?;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "the worker works");
        process.stop.cancelled().await;
        let drain = async {
            working.ended().await;
            relaying.drain().await;
        };
        process.end(drain).await;
        Ok(())
    }
}

/// Starts the work of this process.
pub(crate) async fn start(process: &Process, store: Store, bus: Bus) -> Result<WorkerHandle, Failure> {
    Ok(::worker::start(&process.settings, process.sources.clone(), store, bus, process.stop.clone()).await?)
}
