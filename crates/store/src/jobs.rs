//! Work that a person asked for and the worker does step by step: what was asked, and how far it is.
//!
//! Asking and looking is here; taking a job and doing it is `job_leases`'s.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, min};
use diesel::pg::Pg;
use diesel::{
    ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper,
};
use domain::ids::{DeliveryId, ReplayId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::StoreError;
use crate::events::After;
use crate::schema::jobs;

/// The kind of a job that normalizes and processes stored deliveries again.
pub const REPLAY: &str = "replay";
/// The kind of a job that normalizes stored deliveries again and changes only what they mean otherwise now.
pub const RENORMALIZE: &str = "renormalize";

/// The kind of a job that fetches history, worked on by the command that asks for it.
pub const BACKFILL: &str = "backfill";

/// The kind of a job that acts, as a policy let it.
pub const WORKFLOW: &str = "workflow";

/// What is to be done: the `params` of a [`WORKFLOW`] job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// What the policy was asked about.
    pub kind: String,
    pub subject: String,
    pub action: String,
    pub payload: Value,
}

/// What history is to be fetched: the `params` of a [`BACKFILL`] job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backfill {
    pub source: String,
    /// `owner/name`.
    pub repo: String,
    pub since: DateTime<Utc>,
}

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

/// What is to be normalized again: the `params` of a [`RENORMALIZE`] job. Deliveries received in `[from, to)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renormalize {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// Also deliveries that were read by today's mapping: the rules of the installation may have changed.
    #[serde(default)]
    pub all: bool,
    /// Today's mapping of each source in question, as the one who asks knows it.
    pub mappings: BTreeMap<String, i32>,
}

impl Renormalize {
    /// The deliveries in question, whatever read them.
    pub fn range(&self) -> Replay {
        Replay::Range { source: self.source.clone(), r#type: None, from: self.from, to: self.to }
    }

    /// Whether a delivery that was read by this version of its mapping is to be read again.
    pub fn wants(&self, source: &str, mapping_version: i32) -> bool {
        self.mappings.get(source).is_some_and(|today| self.all || *today != mapping_version)
    }
}

/// A job as people see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = jobs)]
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
    /// When it is tried next, if it was put off.
    pub due_at: Option<DateTime<Utc>>,
}

/// Work that may be asked for: the `params` of a job, and what they are called.
pub trait Work: Serialize {
    const KIND: &'static str;
}

impl Work for Replay {
    const KIND: &'static str = REPLAY;
}

impl Work for Renormalize {
    const KIND: &'static str = RENORMALIZE;
}

impl Work for Backfill {
    const KIND: &'static str = BACKFILL;
}

impl Work for Workflow {
    const KIND: &'static str = WORKFLOW;
}

/// Queues work under `id`.
pub fn ask<W: Work>(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: ReplayId,
    work: &W,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    queue(conn, tenant, (id, W::KIND), work, now)
}

pub(crate) fn queue(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (id, kind): (ReplayId, &str),
    params: &impl Serialize,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let params = crate::json(params)?;
    diesel::insert_into(jobs::table)
        .values((
            jobs::tenant_id.eq(tenant.as_str()),
            jobs::id.eq(id.0),
            jobs::kind.eq(kind),
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
    Ok(of_tenant.select(Job::as_select()).first(conn).optional()?)
}

/// Jobs, newest first, at most `limit`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    status: Option<&str>,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Job>, StoreError> {
    Ok(page(tenant, status, after, limit).select(Job::as_select()).load(conn)?)
}

/// Jobs of these kinds, newest first, at most `limit`.
pub fn of_kinds(
    conn: &mut PgConnection,
    tenant: &TenantId,
    kinds: &[&str],
    status: Option<&str>,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Job>, StoreError> {
    let of_kinds = page(tenant, status, after, limit).filter(jobs::kind.eq_any(kinds));
    Ok(of_kinds.select(Job::as_select()).load(conn)?)
}

fn page<'a>(
    tenant: &'a TenantId,
    status: Option<&'a str>,
    after: Option<After>,
    limit: i64,
) -> jobs::BoxedQuery<'a, Pg> {
    let mut query = jobs::table.filter(jobs::tenant_id.eq(tenant.as_str())).into_boxed();
    if let Some(status) = status {
        query = query.filter(jobs::status.eq(status));
    }
    if let Some(after) = after {
        query = query.filter(after.follows::<jobs::table>("(created_at, id) < ("));
    }
    query.order((jobs::created_at.desc(), jobs::id.desc())).limit(limit)
}

/// Jobs that act and are not over: how many, and since when the oldest of them waits.
pub fn acting(conn: &mut PgConnection) -> Result<(i64, Option<DateTime<Utc>>), StoreError> {
    let kinds = [WORKFLOW, crate::approvals::EFFECT_JOB];
    let open = jobs::table.filter(jobs::kind.eq_any(kinds)).filter(jobs::status.eq_any(["queued", "running"]));
    Ok(open.select((count_star(), min(jobs::created_at))).first(conn)?)
}
