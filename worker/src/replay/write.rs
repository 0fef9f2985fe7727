//! Writes what a chunk changes, with the job's progress. What the database refuses is left as it is, alone.

use std::error::Error;
use std::slice;

use chrono::Utc;
use domain::ids::{DeliveryId, EventId};
use serde::{Deserialize, Serialize};
use store::job_leases::Leased;
use store::replays::{self, Renewed};
use store::{Connection, StoreError};

use super::Step;
use crate::CONSUMER_NAMES;
use crate::jobs::LEASE;

/// How far a job is; what `GET /v1/jobs` shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Progress {
    /// Read again.
    deliveries: u64,
    /// To be processed once more.
    pub(super) events: u64,
    added: u64,
    removed: u64,
    altered: u64,
    /// Deliveries whose new events the database refuses: they stay as they are, and the log says why.
    refused: u64,
    pub(super) last_delivery: Option<DeliveryId>,
    pub(super) deliveries_done: bool,
    pub(super) last_event: Option<EventId>,
    /// An event is not what it was.
    pub(super) changed: bool,
}

impl Progress {
    fn with(mut self, written: &[Renewed]) -> Self {
        let sum = |count: fn(&Renewed) -> usize| written.iter().map(count).sum::<usize>() as u64;
        self.deliveries += written.len() as u64;
        self.events += sum(|renewed| renewed.owed.len());
        self.added += sum(|renewed| renewed.added.len());
        self.removed += sum(|renewed| renewed.removed.len());
        self.altered += sum(|renewed| renewed.altered.len());
        self.changed |= self.added + self.removed + self.altered > 0;
        self
    }

    pub(super) fn to_json(&self) -> Result<serde_json::Value, StoreError> {
        serde_json::to_value(self).map_err(|error| StoreError::Corrupt(error.to_string()))
    }
}

/// Writes a chunk that ends with `last`; `done`: it is the last one.
pub(super) fn chunk(
    conn: &mut Connection,
    job: &Leased,
    renewed: &[Renewed],
    before: Progress,
    (last, done): (Option<DeliveryId>, bool),
) -> Result<Step, StoreError> {
    let at_end = |progress: Progress| Progress {
        last_delivery: last.or(progress.last_delivery),
        deliveries_done: done,
        ..progress
    };
    match step(conn, job, renewed, at_end(before.clone().with(renewed))) {
        Err(error) if !error.is_transient() && !renewed.is_empty() => {}
        written => return written,
    }
    let mut progress = before;
    for one in renewed {
        progress.last_delivery = Some(one.delivery);
        let alone = slice::from_ref(one);
        match step(conn, job, alone, progress.clone().with(alone)) {
            Ok(Step::More(after)) => progress = after,
            Ok(other) => return Ok(other),
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => {
                progress.refused += 1;
                let error = &error as &dyn Error;
                tracing::error!(delivery = %one.delivery, error, "the database refuses its new events: left as it is");
            }
        }
    }
    step(conn, job, &[], at_end(progress))
}

fn step(conn: &mut Connection, job: &Leased, renewed: &[Renewed], progress: Progress) -> Result<Step, StoreError> {
    let now = Utc::now();
    let ours = replays::renew(conn, job, renewed, &CONSUMER_NAMES, &progress.to_json()?, (now, now + LEASE))?;
    Ok(if ours { Step::More(progress) } else { Step::Lost })
}
