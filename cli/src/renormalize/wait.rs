//! Queues the job and waits for its end. A database that is away for a moment is waited for too.

use std::time::{Duration, Instant};

use chrono::Utc;
use domain::ids::{ReplayId, TenantId};
use serde_json::Value;
use store::jobs::{self, Job, Renormalize};
use store::{Store, StoreError};
use uuid::Uuid;

use crate::failure::Failure;

pub(super) const SUCCEEDED: &str = "succeeded";

const PAUSE: Duration = Duration::from_millis(250);
const WORD_EVERY: Duration = Duration::from_secs(5);

/// The job at its end, however that is.
pub(super) async fn apply(store: &Store, tenant: &TenantId, asked: &Renormalize) -> Result<Job, Failure> {
    let now = Utc::now();
    let id = ReplayId::new(now, Uuid::new_v4().into_bytes());
    let (owner, params) = (tenant.clone(), asked.clone());
    store.call("renormalize_ask", move |conn| jobs::ask(conn, &owner, id, &params, now)).await?;
    eprintln!("em-agent: job {id} is queued; it goes on when this command is ended");
    let mut last_word = Instant::now();
    loop {
        tokio::time::sleep(PAUSE).await;
        let job = match look(store, tenant, id).await {
            Ok(job) => job,
            Err(error) if error.is_transient() => continue,
            Err(error) => return Err(error.into()),
        };
        if !matches!(job.status.as_str(), "queued" | "running") {
            return Ok(job);
        }
        if last_word.elapsed() >= WORD_EVERY {
            last_word = Instant::now();
            eprintln!("em-agent: {}", so_far(&job));
        }
    }
}

async fn look(store: &Store, tenant: &TenantId, id: ReplayId) -> Result<Job, StoreError> {
    let tenant = tenant.clone();
    let one = store.call("job_one", move |conn| jobs::one(conn, &tenant, id.0)).await?;
    one.ok_or(StoreError::NotFound)
}

/// Deliveries that stay as they were because the database refuses their new events.
pub(super) fn refused(job: &Job) -> u64 {
    job.progress.get("refused").and_then(Value::as_u64).unwrap_or(0)
}

fn so_far(job: &Job) -> String {
    if job.attempts == 0 {
        return "no worker has taken the job yet; is one running (em-agent worker)?".to_owned();
    }
    let count = |name: &str| job.progress.get(name).and_then(Value::as_u64).unwrap_or(0);
    let changed = count("added") + count("removed") + count("altered");
    format!("{} deliveries read again, {changed} events changed", count("deliveries"))
}
