//! The worker's own pages on `METRICS_ADDR`: metrics, health, and whether it can work.

use std::net::SocketAddr;
use std::sync::Arc;

use boot::metrics::Metrics;
use boot::status::{Pages, Readiness, serve};
use bus::Bus;
use serde_json::json;
use store::Store;
use tokio_util::sync::CancellationToken;

use crate::StartError;

pub(crate) async fn listen(
    addr: SocketAddr,
    store: Store,
    bus: Bus,
    stop: CancellationToken,
) -> Result<(), StartError> {
    let recorded = Metrics::install().map_err(|error| StartError::Metrics(Box::new(error)))?;
    let ready = move || {
        let (store, bus) = (store.clone(), bus.clone());
        Box::pin(async move { readiness(&store, &bus).await }) as _
    };
    let pages = Pages { metrics: Arc::new(move || recorded.render()), ready: Arc::new(ready) };
    let bound = serve(addr, pages, stop).await.map_err(StartError::Listen)?;
    tracing::info!(%bound, "metrics, health and readiness are shown");
    Ok(())
}

async fn readiness(store: &Store, bus: &Bus) -> Readiness {
    let database = store.call("ready", store::outbox::backlog).await.map_err(|error| error.to_string());
    let bus = bus.health();
    let body = json!({
        "status": if database.is_ok() && bus.ok { "ready" } else { "not ready" },
        "database": database.as_ref().map_or_else(String::as_str, |_| "ok"),
        "bus": bus.details,
    });
    Readiness { ok: database.is_ok() && bus.ok, body }
}
