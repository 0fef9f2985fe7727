//! Whether the process lives, whether it can take deliveries, and its metrics.
//!
//! Health never fails because a dependency is down: restarting this process would not bring it back. Readiness asks
//! only for what a delivery needs: the database and room in the queue, not the bus.

use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use chrono::Utc;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::state::{Shared, State};

/// Who asks gives up after some seconds; an answer that comes too late is none.
const PATIENCE: Duration = Duration::from_secs(4);

/// How one part is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Part {
    ok: bool,
    details: String,
}

/// How the process is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`, or `degraded` while a part is down.
    status: &'static str,
    version: &'static str,
    /// `open` when anybody may do anything (development), else `required`.
    access: &'static str,
    db: Part,
    bus: Part,
}

/// Whether deliveries are taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    db_roundtrip_ms: Option<f64>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Whether the process lives, and how its parts are.
#[utoipa::path(get, path = "/health", tag = "operations", responses((status = 200, body = Health)))]
pub(crate) async fn health(state: Shared) -> HttpResponse {
    let db = match db_roundtrip_ms(&state).await {
        Ok(ms) => Part { ok: true, details: format!("answers in {ms:.1} ms") },
        Err(why) => Part { ok: false, details: why },
    };
    let bus = state.bus.health();
    let bus = Part { ok: bus.ok, details: bus.details };
    let status = if db.ok && bus.ok { "ok" } else { "degraded" };
    let access = if state.access.is_open() { "open" } else { "required" };
    HttpResponse::Ok().json(Health { status, version: env!("CARGO_PKG_VERSION"), access, db, bus })
}

/// Whether deliveries are taken now.
#[utoipa::path(get, path = "/ready", tag = "operations", responses(
    (status = 200, body = Readiness), (status = 503, body = Readiness)
))]
pub(crate) async fn ready(state: Shared) -> HttpResponse {
    let no = |reason: &str| {
        let body = Readiness { ready: false, db_roundtrip_ms: None, reason: Some(reason.to_owned()) };
        HttpResponse::ServiceUnavailable().json(body)
    };
    if state.is_draining() {
        return no("the process is stopping");
    }
    let ms = match db_roundtrip_ms(&state).await {
        Ok(ms) => ms,
        Err(why) => return no(&why),
    };
    if !state.intake.can_keep() {
        return no("deliveries cannot be kept: the queue is full or its database connection is down");
    }
    HttpResponse::Ok().json(Readiness { ready: true, db_roundtrip_ms: Some(ms), reason: None })
}

/// Metrics for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn metrics(state: Shared) -> Result<HttpResponse, Problem> {
    let gauges = state.store.gauges();
    metrics::gauge!("db_connection_pool_size").set(gauges.size as f64);
    metrics::gauge!("db_connection_pool_in_use").set(gauges.in_use as f64);
    metrics::gauge!("db_connection_pool_waiting").set(gauges.waiting as f64);
    state.door.set_gauges();
    // The worker measures these too; but what is owed to the bus must show while no worker runs.
    if let Ok(owed) = state.store.call("outbox_backlog", store::outbox::backlog).await {
        metrics::gauge!("outbox_rows").set(owed.rows as f64);
        metrics::gauge!("outbox_oldest_seconds").set(owed.age_seconds(Utc::now()));
    }
    // As is what models may still cost. Where it is not known, the last that was known stands.
    if let Err(error) = state.models.measure().await {
        tracing::debug!(error = &error as &dyn std::error::Error, "budgets for models are not measured");
    }
    Ok(HttpResponse::Ok().content_type(ContentType::plaintext()).body(state.metrics.render()))
}

/// Or the sentence that says why not and what to do; its cause, which names hosts and users, is for the log only.
async fn db_roundtrip_ms(state: &State) -> Result<f64, String> {
    let started = Instant::now();
    // Taking a connection asks the server whether it is there.
    let asked = tokio::time::timeout(PATIENCE, state.store.call("ping", store::readiness::takes_writes)).await;
    match asked {
        Ok(Ok(())) => Ok(started.elapsed().as_secs_f64() * 1000.0),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("PostgreSQL does not answer in time; check the server and the network between".to_owned()),
    }
}
