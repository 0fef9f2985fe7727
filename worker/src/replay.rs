//! A replay: stored deliveries are normalized again by today's code, and processed once more by every consumer.
//!
//! First the deliveries, then the events whose delivery retention has dropped: those are sent as they are. Each chunk is
//! one transaction of new events, outbox row and progress, so that a crash resumes after the last chunk. When today's
//! code made other events, the entities are rebuilt at the end: registers never forget what an event once said.

use chrono::{TimeDelta, Utc};
use domain::event::Event;
use domain::ids::{DeliveryId, EventId};
use domain::rules::Rules;
use integrations::Headers;
use serde::{Deserialize, Serialize};
use store::job_leases::{self, Leased};
use store::jobs::Replay;
use store::replays::{self, Renewed, Stored};
use store::{Connection, Store, StoreError};
use tokio_util::sync::CancellationToken;

use crate::jobs::LEASE;
use crate::rebuild;

/// Deliveries or events of one transaction.
const CHUNK: i64 = 256;
/// A rebuild reads every event there is: nobody is to begin a second one meanwhile.
const REBUILD_LEASE: TimeDelta = TimeDelta::hours(1);

/// How working on a replay ended.
pub(crate) enum Ended {
    Done,
    /// Told to stop: the job is to be given back.
    Stopped,
    /// The job is not ours any more.
    Lost,
}

/// How far a replay is; what `GET /v1/jobs` shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Progress {
    deliveries: u64,
    events: u64,
    last_delivery: Option<DeliveryId>,
    deliveries_done: bool,
    last_event: Option<EventId>,
    /// An event is not what it was, in this chunk or an earlier one.
    changed: bool,
}

enum Step {
    More(Progress),
    Done { changed: bool },
    Lost,
}

pub(crate) async fn run(
    store: &Store,
    rules: &Rules,
    job: &Leased,
    stop: &CancellationToken,
) -> Result<Ended, StoreError> {
    let replay: Replay = serde_json::from_value(job.params.clone())
        .map_err(|_| StoreError::Corrupt("the job's parameters are no replay; ask for it again".to_owned()))?;
    let mut progress: Progress = serde_json::from_value(job.progress.clone()).unwrap_or_default();
    while !stop.is_cancelled() {
        let (leased, replay, rules) = (job.clone(), replay.clone(), rules.clone());
        let step = store.call("replay_chunk", move |conn| {
            if progress.deliveries_done {
                step_orphans(conn, &leased, &replay, progress)
            } else {
                step_deliveries(conn, &leased, &replay, &rules, progress)
            }
        });
        match step.await? {
            Step::More(after) => progress = after,
            Step::Done { changed } => {
                if changed {
                    rebuild_entities(store, job.clone()).await?;
                }
                return Ok(Ended::Done);
            }
            Step::Lost => return Ok(Ended::Lost),
        }
    }
    Ok(Ended::Stopped)
}

async fn rebuild_entities(store: &Store, job: Leased) -> Result<(), StoreError> {
    let until = Utc::now() + REBUILD_LEASE;
    store.call("job_keep", move |conn| job_leases::keep(conn, &job, until)).await?;
    let events = rebuild::entities(store).await?;
    tracing::info!(events, "the replay changed events: the entities were rebuilt");
    Ok(())
}

fn step_deliveries(
    conn: &mut Connection,
    job: &Leased,
    replay: &Replay,
    rules: &Rules,
    mut progress: Progress,
) -> Result<Step, StoreError> {
    let chunk = replays::next_deliveries(conn, &job.tenant, replay, progress.last_delivery, CHUNK)?;
    let renewed: Vec<Renewed> =
        chunk.iter().filter(|stored| stored.is_wanted(replay)).filter_map(|stored| renew(job, stored, rules)).collect();
    progress.last_delivery = chunk.last().map(|stored| stored.id).or(progress.last_delivery);
    progress.deliveries_done = chunk.len() < CHUNK as usize;
    progress.deliveries += renewed.len() as u64;
    progress.events += renewed.iter().map(|renewed| renewed.events.len() as u64).sum::<u64>();
    let now = Utc::now();
    let after = |changed: u64| Progress { changed: progress.changed || changed > 0, ..progress.clone() };
    let changed = replays::renew(conn, job, &renewed, |changed| to_json(&after(changed)), (now, now + LEASE))?;
    Ok(changed.map_or(Step::Lost, |changed| Step::More(after(changed))))
}

fn step_orphans(
    conn: &mut Connection,
    job: &Leased,
    replay: &Replay,
    mut progress: Progress,
) -> Result<Step, StoreError> {
    let page = replays::next_orphans(conn, &job.tenant, replay, progress.last_event, CHUNK)?;
    if page.last.is_none() {
        return Ok(Step::Done { changed: progress.changed });
    }
    progress.last_event = page.last;
    progress.events += page.events.len() as u64;
    let now = Utc::now();
    let ours = replays::owe(conn, job, &page.events, &to_json(&progress)?, (now, now + LEASE))?;
    Ok(if ours { Step::More(progress) } else { Step::Lost })
}

/// Normalizes a stored delivery by today's code. `None`: its source is not one of ours any more; its events stay.
fn renew(job: &Leased, stored: &Stored, rules: &Rules) -> Option<Renewed> {
    let Some(integration) = integrations::find(&stored.source) else {
        tracing::warn!(delivery = %stored.id, source = stored.source, "no such source any more: left as it is");
        return None;
    };
    let pairs: Vec<(String, String)> = serde_json::from_value(stored.headers.clone()).unwrap_or_default();
    let headers: Headers<'_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let drafts = integrations::normalize(integration, &stored.kind, &headers, &stored.body, rules);
    Some(Renewed {
        delivery: stored.id,
        mapping_version: integration.mapping_version,
        before: stored.events.clone(),
        events: Event::seal(drafts, integration.name, &job.tenant, stored.id, stored.traceparent.as_deref()),
    })
}

fn to_json(progress: &Progress) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(progress).map_err(|error| StoreError::Corrupt(error.to_string()))
}
