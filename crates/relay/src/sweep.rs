//! Publishes what was left behind: outbox rows of a crash, an outage, a full queue, and of replays.

use std::time::Duration;

use bus::Bus;
use chrono::{TimeDelta, Utc};
use store::Store;
use store::outbox::{self, Owed};
use tokio_util::sync::CancellationToken;

use crate::publish::publish_all;

const PAUSE: Duration = Duration::from_millis(500);
/// Younger rows are on their way from memory.
const LEFT_BEHIND: TimeDelta = TimeDelta::seconds(2);
/// How long one process has for what it leased.
const LEASE: TimeDelta = TimeDelta::seconds(30);
const LEASE_ROWS: i64 = 32;

pub(crate) async fn run(store: Store, bus: Bus, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let published = if bus.health().ok { sweep_once(&store, &bus).await } else { Ok(0) };
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
async fn sweep_once(store: &Store, bus: &Bus) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
    let now = Utc::now();
    let owed =
        store.call("outbox_lease", move |conn| outbox::lease(conn, now - LEFT_BEHIND, now, LEASE, LEASE_ROWS)).await?;
    let rows = owed.len();
    for row in owed {
        let id = row.outbox_id;
        match publish_row(store, bus, row).await {
            Ok(()) => store.call("outbox_clear", move |conn| outbox::clear(conn, &[id])).await?,
            Err(error) => {
                store.call("outbox_release", move |conn| outbox::release(conn, id)).await?;
                return Err(error);
            }
        }
    }
    Ok(rows)
}

async fn publish_row(store: &Store, bus: &Bus, row: Owed) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (replay, again) = (row.replay, row.again);
    let events = store.call("outbox_events", move |conn| outbox::events_of(conn, &row)).await?;
    publish_all(bus, &events, replay, again).await?;
    Ok(())
}
