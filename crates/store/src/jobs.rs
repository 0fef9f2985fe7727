//! Work that a person asked for and the worker does step by step: what was asked, and how far it is.
//!
//! Asking and looking is here; taking a job and doing it is `job_leases`'s.

use chrono::{DateTime, Utc};
use diesel::{ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, Queryable, RunQueryDsl};
use domain::ids::{DeliveryId, ReplayId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::StoreError;
use crate::events::After;
use crate::schema::jobs;

/// The kind of a job that normalizes and processes stored deliveries again.
pub const REPLAY: &str = "replay";

/// What is to be replayed: the `params` of a [`REPLAY`] job, whose id is the [`ReplayId`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Replay {
    One {
        delivery: DeliveryId,
    },
    /// Deliveries received in `[from, to)`; with a type, only those that made an event whose type begins so.
    Range {
        #[serde(skip_serializing_if = "Option::is_none")]
        source: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        r#type: Option<String>,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    },
}

/// A job as people see it.
#[derive(Clone, Debug, Queryable)]
pub struct Job {
    pub id: Uuid,
    pub kind: String,
    pub params: Value,
    /// `queued`, `running`, `succeeded`, `failed` or `cancelled`.
    pub status: String,
    pub progress: Value,
    pub error: Option<String>,
    pub attempts: i32,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
}

type Columns = (
    jobs::id,
    jobs::kind,
    jobs::params,
    jobs::status,
    jobs::progress,
    jobs::error,
    jobs::attempts,
    jobs::created_at,
    jobs::started_at,
    jobs::finished_at,
);
const COLUMNS: Columns = (
    jobs::id,
    jobs::kind,
    jobs::params,
    jobs::status,
    jobs::progress,
    jobs::error,
    jobs::attempts,
    jobs::created_at,
    jobs::started_at,
    jobs::finished_at,
);

/// Queues a replay under `id`.
pub fn ask_replay(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: ReplayId,
    replay: &Replay,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let params = serde_json::to_value(replay).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    diesel::insert_into(jobs::table)
        .values((
            jobs::tenant_id.eq(tenant.as_str()),
            jobs::id.eq(id.0),
            jobs::kind.eq(REPLAY),
            jobs::params.eq(params),
            jobs::status.eq("queued"),
            jobs::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// One job of this tenant.
pub fn one(conn: &mut PgConnection, tenant: &TenantId, id: Uuid) -> Result<Option<Job>, StoreError> {
    let of_tenant = jobs::table.filter(jobs::tenant_id.eq(tenant.as_str())).filter(jobs::id.eq(id));
    Ok(of_tenant.select(COLUMNS).first(conn).optional()?)
}

/// Jobs, newest first, at most `limit`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    status: Option<&str>,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Job>, StoreError> {
    let mut query = jobs::table.filter(jobs::tenant_id.eq(tenant.as_str())).select(COLUMNS).into_boxed();
    if let Some(status) = status {
        query = query.filter(jobs::status.eq(status));
    }
    if let Some(after) = after {
        query = query.filter(after.follows::<jobs::table>("(created_at, id) < ("));
    }
    Ok(query.order((jobs::created_at.desc(), jobs::id.desc())).limit(limit).load(conn)?)
}
