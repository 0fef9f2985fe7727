//! The job of one backfill: asked for or found where it was left, held while it is worked on, given back or ended.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{ReplayId, TenantId};
use serde_json::Value;
use store::job_leases::{self, Leased};
use store::jobs::{self, BACKFILL, Backfill};
use store::{Store, StoreError};
use uuid::Uuid;

use super::clock::Clock;
use super::halt::{BackfillError, Halt};

/// Longer than a request with all its tries: a process that is gone is not waited for longer than this.
const LEASE: TimeDelta = TimeDelta::minutes(5);

/// A job that is ours.
#[derive(Clone)]
pub(super) struct Tenure {
    store: Store,
    job: Leased,
    clock: Arc<dyn Clock>,
}

impl Tenure {
    /// Goes on with the same job that was left unfinished, or begins one.
    pub(super) async fn take(
        store: &Store,
        tenant: &TenantId,
        asked: &Backfill,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BackfillError> {
        let params = serde_json::to_value(asked).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let (tenant, asked, now) = (tenant.clone(), asked.clone(), clock.now());
        let id = ReplayId::new(now, Uuid::new_v4().into_bytes());
        let taken = store.call("backfill_take", move |conn| {
            let same = (BACKFILL, &params);
            if let Some(left) = job_leases::lease_same(conn, &tenant, same, now, LEASE)? {
                return Ok(Ok(left));
            }
            if let Some(until) = job_leases::held_until(conn, &tenant, same, now)? {
                return Ok(Err(until));
            }
            jobs::ask(conn, &tenant, id, &asked, now)?;
            let begun = job_leases::lease_same(conn, &tenant, same, now, LEASE)?;
            begun.map(Ok).ok_or_else(|| StoreError::Corrupt("a job that was just asked for is gone".to_owned()))
        });
        match taken.await? {
            Ok(job) => Ok(Self { store: store.clone(), job, clock }),
            Err(until) => Err(BackfillError::Held { until: domain::event::rfc3339(until) }),
        }
    }

    pub(super) fn id(&self) -> Uuid {
        self.job.id
    }

    /// How far an earlier run came.
    pub(super) fn progress(&self) -> &Value {
        &self.job.progress
    }

    fn until(&self) -> DateTime<Utc> {
        self.clock.now() + LEASE
    }

    /// Notes how far it is, and holds it.
    pub(super) async fn note(&self, progress: Value) -> Result<(), Halt> {
        let (job, until) = (self.job.clone(), self.until());
        let note = move |conn: &mut _| job_leases::note_progress(conn, &job, &progress, until);
        if self.store.call("backfill_note", note).await? { Ok(()) } else { Err(Halt::Lost) }
    }

    /// Holds it through a pause.
    pub(super) async fn hold(&self) -> Result<(), StoreError> {
        let (job, until) = (self.job.clone(), self.until());
        self.store.call("backfill_hold", move |conn| job_leases::keep(conn, &job, until)).await.map(drop)
    }

    /// Gives it back unfinished: the next run goes on at once.
    pub(super) async fn release(&self) -> Result<(), StoreError> {
        let job = self.job.clone();
        self.store.call("backfill_release", move |conn| job_leases::release(conn, &job)).await
    }

    /// It is over, with an error for people or without one.
    pub(super) async fn finish(&self, error: Option<String>) -> Result<(), StoreError> {
        let (job, now) = (self.job.clone(), self.clock.now());
        self.store.call("backfill_finish", move |conn| job_leases::finish(conn, &job, error.as_deref(), now)).await
    }
}
