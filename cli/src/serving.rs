//! What a serving process has in common: telemetry first, work until the signal, then the drain.

use std::future::Future;

use boot::Settings;
use boot::metrics::Metrics;
use boot::stop::{self, CancellationToken};
use boot::telemetry::Telemetry;
use integrations::Sources;

use crate::failure::Failure;
use crate::plugins;

/// A process that is about to serve.
pub(crate) struct Process {
    pub(crate) settings: Settings,
    /// What deliveries are taken from.
    pub(crate) sources: Sources,
    pub(crate) metrics: Metrics,
    pub(crate) stop: CancellationToken,
    telemetry: Telemetry,
}

impl Process {
    pub(crate) fn start(settings: Settings) -> Result<Self, Failure> {
        let telemetry = Telemetry::start(&settings)?;
        let (metrics, stop) = (Metrics::install()?, stop::on_signals()?);
        let (sources, folder) = plugins::load(&settings);
        tokio::spawn(boot::plugins::watch(folder, sources.clone(), stop.clone()));
        Ok(Self { settings, sources, metrics, stop, telemetry })
    }

    /// Waits for the drain that begins with the signal; then sends the last traces. What hangs is left behind: it is
    /// kept already, or was never acknowledged.
    pub(crate) async fn end(self, drain: impl Future<Output = ()>) {
        if stop::drained(&self.stop, drain).await.is_none() {
            tracing::warn!("not everything was finished in time");
        }
        let telemetry = self.telemetry;
        // Who could be told that the last traces were lost was told already.
        let _ = tokio::task::spawn_blocking(|| telemetry.stop()).await;
    }
}
