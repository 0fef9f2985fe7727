//! Two kinds of job over stored deliveries, which are normalized again by today's code.
//!
//! - A replay has every consumer process all of their events once more, and those whose delivery retention has dropped.
//! - A re-normalization has them process only the events that are not what they were.
//!
//! Each chunk is one transaction of new events, outbox row and progress, so that a crash resumes after the last chunk.
//! When events changed, the entities are rebuilt at the end: registers never forget what an event once said.

mod write;

use chrono::{TimeDelta, Utc};
use domain::ids::EventId;
use integrations::Sources;
use store::job_leases::{self, Leased};
use store::jobs::{self, Renormalize, Replay};
use store::replays::{self, Renewed, Seen, Stored};
use store::{Connection, Store, StoreError};
use tokio_util::sync::CancellationToken;

use crate::jobs::LEASE;
use crate::rebuild;
use crate::reread::{Owe, Reading, reread};
use write::Progress;

/// Events without a delivery of one transaction.
const ORPHANS: i64 = 256;
/// A rebuild reads every event there is: nobody is to begin a second one meanwhile.
const REBUILD_LEASE: TimeDelta = TimeDelta::hours(1);

/// How working on a job ended.
pub(crate) enum Ended {
    Done,
    /// Told to stop: the job is to be given back.
    Stopped,
    /// The job is not ours any more.
    Lost,
    /// It cannot be done, and why.
    Refused(String),
}

/// What was asked for.
#[derive(Clone)]
enum Asked {
    Replay(Replay),
    Renormalize { range: Replay, renormalize: Renormalize },
}

enum Step {
    More(Progress),
    Done { changed: bool },
    Lost,
}

pub(crate) async fn run(
    store: &Store,
    reading: &Reading,
    job: &Leased,
    stop: &CancellationToken,
) -> Result<Ended, StoreError> {
    let asked = match Asked::of(job, &reading.sources) {
        Ok(asked) => asked,
        Err(why) => return Ok(Ended::Refused(why)),
    };
    let mut progress: Progress = serde_json::from_value(job.progress.clone()).unwrap_or_default();
    while !stop.is_cancelled() {
        let (leased, asked, reading) = (job.clone(), asked.clone(), reading.clone());
        let step = store.call("replay_chunk", move |conn| step(conn, &leased, &asked, &reading, progress));
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
    tracing::info!(events, "the job changed events: the entities were rebuilt");
    Ok(())
}

fn step(
    conn: &mut Connection,
    job: &Leased,
    asked: &Asked,
    reading: &Reading,
    progress: Progress,
) -> Result<Step, StoreError> {
    match asked {
        _ if !progress.deliveries_done => step_deliveries(conn, job, asked, reading, progress),
        Asked::Replay(replay) => step_orphans(conn, job, replay, progress),
        Asked::Renormalize { .. } => Ok(Step::Done { changed: progress.changed }),
    }
}

fn step_deliveries(
    conn: &mut Connection,
    job: &Leased,
    asked: &Asked,
    reading: &Reading,
    progress: Progress,
) -> Result<Step, StoreError> {
    let wants = |seen: &Seen| asked.wants(seen);
    let chunk = replays::next_deliveries(conn, &job.tenant, asked.range(), progress.last_delivery, wants)?;
    let wanted = chunk.stored.iter().filter(|stored| stored.is_wanted(asked.range()));
    let renew = |stored: &Stored| Some(reread(&job.tenant, stored, reading)?.renewed(stored, asked.owes()));
    let renewed: Vec<Renewed> = wanted.filter_map(renew).collect();
    write::chunk(conn, job, &renewed, progress, (chunk.last(), chunk.done))
}

fn step_orphans(
    conn: &mut Connection,
    job: &Leased,
    replay: &Replay,
    mut progress: Progress,
) -> Result<Step, StoreError> {
    let page = replays::next_orphans(conn, &job.tenant, replay, progress.last_event, ORPHANS)?;
    if page.last.is_none() {
        return Ok(Step::Done { changed: progress.changed });
    }
    let orphans: Vec<EventId> = page.events.iter().map(|(event, _)| *event).collect();
    progress.last_event = page.last;
    progress.events += orphans.len() as u64;
    let now = Utc::now();
    let ours = replays::owe(conn, job, &orphans, &progress.to_json()?, (now, now + LEASE))?;
    Ok(if ours { Step::More(progress) } else { Step::Lost })
}

impl Asked {
    /// What a job's row asks for, or why it cannot be done.
    fn of(job: &Leased, sources: &Sources) -> Result<Self, String> {
        let unreadable = |_| "the job's parameters cannot be read; ask for it again".to_owned();
        if job.kind == jobs::RENORMALIZE {
            let renormalize: Renormalize = serde_json::from_value(job.params.clone()).map_err(unreadable)?;
            has_same_mappings(&renormalize, sources)?;
            return Ok(Self::Renormalize { range: renormalize.range(), renormalize });
        }
        Ok(Self::Replay(serde_json::from_value(job.params.clone()).map_err(unreadable)?))
    }

    fn range(&self) -> &Replay {
        match self {
            Self::Replay(range) | Self::Renormalize { range, .. } => range,
        }
    }

    fn wants(&self, seen: &Seen) -> bool {
        match self {
            Self::Replay(_) => true,
            Self::Renormalize { renormalize, .. } => renormalize.wants(&seen.source, seen.mapping_version),
        }
    }

    fn owes(&self) -> Owe {
        match self {
            Self::Replay(_) => Owe::All,
            Self::Renormalize { .. } => Owe::Changed,
        }
    }
}

/// A worker of another version would not do what was shown to the one who asked.
fn has_same_mappings(renormalize: &Renormalize, sources: &Sources) -> Result<(), String> {
    for (source, asked) in &renormalize.mappings {
        let ours = sources.find(source).map_or(0, |integration| integration.mapping_version);
        if ours != *asked {
            return Err(format!(
                "this worker reads {source} by mapping {ours}, asked for was mapping {asked}: bring all workers to one version and ask again"
            ));
        }
    }
    Ok(())
}
