//! Publishes what was left behind: outbox rows of a crash, an outage, a full queue, and of replays.

use std::error::Error;
use std::time::Duration;

use bus::{Bus, BusError};
use chrono::{TimeDelta, Utc};
use store::outbox::{self, Owed};
use store::{Store, StoreError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::publish::publish_all;

const PAUSE: Duration = Duration::from_millis(500);
/// Younger rows are on their way from memory.
const LEFT_BEHIND: TimeDelta = TimeDelta::seconds(2);
/// How long one process has for what it leased.
const LEASE: TimeDelta = TimeDelta::seconds(30);
const LEASE_ROWS: i64 = 32;

pub(crate) async fn run(store: Store, bus: Bus, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let published = if bus.is_connected() { sweep_once(&store, &bus).await } else { Ok(0) };
        match published {
            Ok(rows) if rows == LEASE_ROWS as usize => continue,
            Ok(_) => {}
            Err(error) => tracing::debug!(error = &*error, "the sweep waits"),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Publishes one lease of rows; returns how many there were.
async fn sweep_once(store: &Store, bus: &Bus) -> Result<usize, Failure> {
    let now = Utc::now();
    let owed =
        store.call("outbox_lease", move |conn| outbox::lease(conn, now - LEFT_BEHIND, now, LEASE, LEASE_ROWS)).await?;
    let rows = owed.len();
    let ids: Vec<Uuid> = owed.iter().map(|row| row.outbox_id).collect();
    for (place, row) in owed.into_iter().enumerate() {
        let id = row.outbox_id;
        match publish_row(store, bus, row).await {
            Ok(()) => store.call("outbox_clear", move |conn| outbox::clear(conn, &[id])).await?,
            Err(error) if may_pass(&*error) => {
                let rest = ids[place..].to_vec();
                store.call("outbox_release", move |conn| outbox::release(conn, &rest)).await?;
                return Err(error);
            }
            // It must not keep the others back; it is tried again when its lease is over.
            Err(error) => tracing::error!(error = &*error, outbox = %id, "a commit cannot be published"),
        }
    }
    Ok(rows)
}

type Failure = Box<dyn Error + Send + Sync>;

async fn publish_row(store: &Store, bus: &Bus, row: Owed) -> Result<(), Failure> {
    let (replay, again) = (row.replay, row.again);
    let events = store.call("outbox_events", move |conn| outbox::events_of(conn, &row)).await?;
    publish_all(bus, &events, replay, again).await?;
    Ok(())
}

/// Whether the others would fail in the same way now, and all may go well later.
fn may_pass(error: &(dyn Error + Send + Sync + 'static)) -> bool {
    let of_store = error.downcast_ref::<StoreError>().map(StoreError::is_transient);
    of_store.or_else(|| error.downcast_ref::<BusError>().map(BusError::is_transient)).unwrap_or(true)
}
