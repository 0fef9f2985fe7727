//! Postgres, and the only crate that knows it: a file per table family, free functions named after the business
//! fact, the tenant always first.
//!
//! [`Store::call`](pool::Store::call) is the only door to a pooled connection. Transactions are opened here and never
//! wait on the world. Nothing here may know HTTP or NATS, or read the environment or the clock.

mod address;
pub mod agent_runs;
pub mod approvals;
pub mod audit;
pub mod budgets;
pub mod catalogs;
pub mod conversations;
pub mod dead_letters;
pub mod deliveries;
pub mod digests;
pub mod dirty;
pub mod effects;
pub mod entities;
pub mod error;
pub mod events;
pub mod facts;
pub mod growth;
pub mod history;
pub mod idempotency;
pub mod identities;
pub mod incidents;
pub mod intake;
pub mod job_attempts;
pub mod job_leases;
pub mod jobs;
pub mod knowledge;
pub mod llm_calls;
pub mod marks;
pub mod metrics;
pub mod migrate;
pub mod model_cache;
pub mod named;
pub mod objectives;
pub mod onboarding;
pub mod outbox;
pub mod partitions;
pub mod pool;
pub mod projects;
pub mod protections;
pub mod readiness;
pub mod rejected;
pub mod replays;
pub mod reports;
pub mod retention;
pub mod rollups;
pub mod schedules;
pub mod schema;
pub mod services;
pub mod signals;
pub mod slack_messages;
pub mod sources;
pub mod standing;
pub mod statement;
pub mod statistics;
pub mod subscriptions;
pub mod tenants;
pub mod usage;
pub mod watermarks;
pub mod workflows;

/// A connection of one's own, for those who keep one ([`Store::open`]).
pub use diesel::PgConnection as Connection;
pub use error::StoreError;
pub use pool::{Role, Store, StoreOptions};

/// Runs `work` in one transaction: all of it or nothing. For those who put several table families together.
pub fn transaction<T>(
    conn: &mut Connection,
    work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    diesel::Connection::transaction(conn, work)
}

/// A value of ours as JSON for a row.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}
