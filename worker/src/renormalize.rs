//! What re-normalizing stored deliveries would change: a walk that writes nothing.
//!
//! 1. Deliveries, chunk by chunk: those that another mapping has read are read again and compared with what is kept.
//! 2. Events whose delivery retention has dropped: they are only counted.
//!
//! Each step sees the database of one moment and is bounded; all that grows with the walk is counts by type. Doing
//! what the report says is a job's business ([`crate::jobs`]).

mod differences;
mod report;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::ids::{DeliveryId, EventId, TenantId};
use integrations::Sources;
use store::jobs::Renormalize;
use store::replays::{self, Chunk, Orphans, Seen};
use store::{Connection, Store, StoreError};

pub use differences::Difference;
pub use report::{Counts, Deliveries, Example, Report, What};

use crate::reread::{Reading, reread};

/// Events that are looked at in one step, for those whose delivery is gone.
const ORPHANS: i64 = 4096;

/// Re-normalizing deliveries of this source, or of every source, by the mappings of this build.
pub fn ask(sources: &Sources, source: Option<&str>, from: DateTime<Utc>, to: DateTime<Utc>, all: bool) -> Renormalize {
    let all_sources = sources.all();
    let of_source = all_sources.iter().filter(|one| source.is_none_or(|name| name == one.name));
    let mappings: BTreeMap<String, i32> = of_source.map(|one| (one.name.to_owned(), one.mapping_version)).collect();
    Renormalize { source: source.map(str::to_owned), from, to, all, mappings }
}

/// A walk and what it has found so far.
pub struct Survey {
    tenant: TenantId,
    reading: Reading,
    asked: Renormalize,
    report: Report,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Deliveries(Option<DeliveryId>),
    /// With the deliveries of the last event's millisecond, which may go on in the next step.
    Orphans(Option<EventId>, Vec<DeliveryId>),
    End,
}

impl Survey {
    /// Begins a walk that keeps up to `examples` examples of each kind of change to each type.
    pub fn new(tenant: TenantId, reading: Reading, asked: Renormalize, examples: usize) -> Self {
        Self { tenant, reading, asked, report: Report::new(examples), place: Place::Deliveries(None) }
    }

    /// What was found so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    pub fn into_report(self) -> Report {
        self.report
    }

    /// Goes on for a chunk; `false`: the walk is over. After an error the same step may be tried again.
    pub async fn step(&mut self, store: &Store) -> Result<bool, StoreError> {
        self.place = match self.place.clone() {
            Place::Deliveries(after) => self.step_deliveries(store, after).await?,
            Place::Orphans(after, open) => self.step_orphans(store, after, &open).await?,
            Place::End => return Ok(false),
        };
        Ok(!matches!(self.place, Place::End))
    }

    async fn step_deliveries(&mut self, store: &Store, after: Option<DeliveryId>) -> Result<Place, StoreError> {
        let (tenant, reading, asked) = (self.tenant.clone(), self.reading.clone(), self.asked.clone());
        let examples = self.report.examples_each();
        let work = move |conn: &mut Connection| {
            let wants = |seen: &Seen| asked.wants(&seen.source, seen.mapping_version);
            let chunk = replays::next_deliveries(conn, &tenant, &asked.range(), after, wants)?;
            Ok(((chunk.last(), chunk.done), read_again(&chunk, &tenant, &reading, &asked, examples)))
        };
        let ((last, done), found) = store.look("renormalize_look", work).await?;
        self.report.add(found);
        Ok(if done { Place::Orphans(None, Vec::new()) } else { Place::Deliveries(last.or(after)) })
    }

    async fn step_orphans(
        &mut self,
        store: &Store,
        after: Option<EventId>,
        open: &[DeliveryId],
    ) -> Result<Place, StoreError> {
        let (tenant, range) = (self.tenant.clone(), self.asked.range());
        let look = move |conn: &mut Connection| replays::next_orphans(conn, &tenant, &range, after, ORPHANS);
        let Orphans { last, events } = store.look("renormalize_orphans", look).await?;
        let Some(last) = last else { return Ok(Place::End) };
        let mut deliveries: Vec<DeliveryId> = events.iter().map(|(_, delivery)| *delivery).collect();
        deliveries.sort_unstable();
        deliveries.dedup();
        let new = deliveries.iter().filter(|delivery| !open.contains(delivery)).count();
        self.report.add_unreadable(new, events.len());
        deliveries.extend_from_slice(open);
        deliveries.retain(|delivery| delivery.received_at() == last.received_at());
        Ok(Place::Orphans(Some(last), deliveries))
    }
}

fn read_again(chunk: &Chunk, tenant: &TenantId, reading: &Reading, asked: &Renormalize, examples: usize) -> Report {
    let mut found = Report::new(examples);
    for seen in &chunk.seen {
        found.add_seen(asked.mappings.get(&seen.source).map(|today| *today != seen.mapping_version));
    }
    for stored in &chunk.stored {
        if let Some(reread) = reread(tenant, stored, reading) {
            found.add_reread(stored.id, &reread);
        }
    }
    found
}
