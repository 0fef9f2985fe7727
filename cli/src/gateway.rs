//! `em-agent gateway`: takes deliveries and serves the API. Any number of them may run side by side.

use std::net::SocketAddr;
use std::sync::Arc;

use ::gateway::{Parts, Running};
use boot::Settings;
use boot::settings::Env;
use bus::Bus;
use clap::Args;
use store::{Role, Store};

use crate::failure::Failure;
use crate::relaying::Relaying;
use crate::serving::Process;
use crate::{connections, database, settings};

/// Take deliveries and serve the API (DATABASE_URL and NATS_URL are required)
#[derive(Args)]
#[command(after_help = "Example:\n  DATABASE_URL=postgresql://… NATS_URL=nats://… em-agent gateway")]
pub(crate) struct Gateway {}

impl Gateway {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let settings = settings::load(Env::Production)?;
        let (database_url, nats_url) = (settings::database_url(&settings)?, settings::nats_url(&settings)?);
        settings::documents(&settings)?;
        let process = Process::start(settings)?;
        let store = connections::store(&process.settings, &database_url, Role::App)?;
        database::watch(store.clone(), database_url, process.stop.clone());
        let bus = connections::bus(&process.settings, &nats_url).await?;
        let serving = Serving::start(&process, store, bus)?;
        tracing::info!(address = %serving.address(), version = env!("CARGO_PKG_VERSION"), "the gateway listens");
        process.stop.cancelled().await;
        process.end(serving.drain()).await;
        Ok(())
    }
}

/// A gateway that serves, with the relay that publishes what it keeps.
pub(crate) struct Serving {
    running: Running,
    relaying: Relaying,
}

impl Serving {
    pub(crate) fn start(process: &Process, store: Store, bus: Bus) -> Result<Self, Failure> {
        let relaying = Relaying::start(&store, &bus)?;
        let settings = Arc::new(process.settings.clone());
        let running = ::gateway::start(parts(process, settings, &relaying, store, bus))?;
        Ok(Self { running, relaying })
    }

    /// What another gateway of this process is made of: the same but for its settings.
    pub(crate) fn parts(&self, process: &Process, settings: Arc<Settings>, store: Store, bus: Bus) -> Parts {
        parts(process, settings, &self.relaying, store, bus)
    }

    /// The real address, also when the port was left to the system.
    pub(crate) fn address(&self) -> SocketAddr {
        self.running.address
    }

    /// Requests first, then what they committed.
    pub(crate) async fn drain(self) {
        if let Err(error) = self.running.drain().await {
            tracing::error!(error = &error as &dyn std::error::Error, "the gateway did not stop in order");
        }
        self.relaying.drain().await;
    }
}

fn parts(process: &Process, settings: Arc<Settings>, relaying: &Relaying, store: Store, bus: Bus) -> Parts {
    let (metrics, stop) = (process.metrics.clone(), process.stop.clone());
    let sources = process.sources.clone();
    Parts { settings, sources, store, bus, relay: relaying.relay.clone(), metrics, stop }
}
