//! Does what a person asked for: leases the next job, works on it chunk by chunk, gives it back when told to stop.

use std::error::Error;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use store::job_leases::{self, Leased};
use store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

use crate::replay::{self, Ended};
use crate::reread::Reading;

const KINDS: [&str; 2] = [store::jobs::REPLAY, store::jobs::RENORMALIZE];
/// How often new jobs are looked for.
const PAUSE: Duration = Duration::from_secs(1);
/// Longer than any chunk takes: a worker that is gone is not waited for longer than this.
pub(crate) const LEASE: TimeDelta = TimeDelta::seconds(60);

/// Works on jobs until `stop`. `store` works as [`store::Role::App`].
pub async fn run(store: Store, reading: Reading, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match work_once(&store, &reading, &stop).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(error = &error as &dyn Error, "jobs wait"),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Works on the next job; `false`: there is none. An error is transient: the job's lease runs out and it is resumed.
pub async fn work_once(store: &Store, reading: &Reading, stop: &CancellationToken) -> Result<bool, StoreError> {
    let now = Utc::now();
    let leased = store.call("job_lease", move |conn| job_leases::lease_next(conn, &KINDS, now, LEASE)).await?;
    let Some(job) = leased else { return Ok(false) };
    tracing::info!(job = %job.id, kind = job.kind, attempt = job.attempt, "a job is worked on");
    match replay::run(store, reading, &job, stop).await {
        Ok(Ended::Done) => finish(store, job, None).await.map(|()| true),
        Ok(Ended::Stopped) => release(store, job).await.map(|()| true),
        Ok(Ended::Lost) => Ok(true),
        Ok(Ended::Refused(why)) => finish(store, job, Some(why)).await.map(|()| true),
        Err(error) if error.is_transient() => release(store, job).await.and(Err(error)),
        Err(error) => finish(store, job, Some(story(&error))).await.map(|()| true),
    }
}

/// Anybody may go on with it.
async fn release(store: &Store, job: Leased) -> Result<(), StoreError> {
    store.call("job_release", move |conn| job_leases::release(conn, &job)).await
}

async fn finish(store: &Store, job: Leased, error: Option<String>) -> Result<(), StoreError> {
    match &error {
        None => tracing::info!(job = %job.id, "the job is done"),
        Some(error) => tracing::error!(job = %job.id, error, "the job failed"),
    }
    let now = Utc::now();
    store.call("job_finish", move |conn| job_leases::finish(conn, &job, error.as_deref(), now)).await
}

fn story(error: &StoreError) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}
