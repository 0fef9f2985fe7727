//! Whether the process lives, whether it can take deliveries, and its metrics.
//!
//! Health never fails because a dependency is down: restarting this process would not bring it back. Readiness asks
//! only for what a delivery needs: the database and room in the queue, not the bus.

use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use chrono::Utc;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::state::{Shared, State};

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
    reason: Option<&'static str>,
}

/// Whether the process lives, and how its parts are.
#[utoipa::path(get, path = "/health", tag = "operations", responses((status = 200, body = Health)))]
pub(crate) async fn health(state: Shared) -> HttpResponse {
    let db = match db_roundtrip_ms(&state).await {
        Some(ms) => Part { ok: true, details: format!("answers in {ms:.1} ms") },
        None => Part { ok: false, details: "does not answer".to_owned() },
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
    let no = |reason| {
        let body = Readiness { ready: false, db_roundtrip_ms: None, reason: Some(reason) };
        HttpResponse::ServiceUnavailable().json(body)
    };
    if state.is_draining() {
        return no("the process is stopping");
    }
    let Some(ms) = db_roundtrip_ms(&state).await else { return no("the database does not answer") };
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

async fn db_roundtrip_ms(state: &State) -> Option<f64> {
    let started = Instant::now();
    // Taking a connection asks the server whether it is there.
    let asked = state.store.call("ping", |_| Ok(())).await;
    asked.ok().map(|()| started.elapsed().as_secs_f64() * 1000.0)
}
