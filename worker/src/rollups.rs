//! Keeps the roll-ups of the facts: takes what the engine marked and makes those slots and days anew.
//!
//! Every worker does it; the store lets one at a time. Nothing waits for it: dashboards of long ranges read a little later
//! what those of short ones read at once.

use std::error::Error;
use std::time::Duration;

use store::{Store, StoreError, rollups};
use tokio_util::sync::CancellationToken;

/// How often is looked for slots that are dirty.
const PAUSE: Duration = Duration::from_secs(1);
/// Rows that one transaction takes.
const ROWS: i64 = 2_000;

/// Settles until `stop`. `store` works as [`store::Role::App`].
pub async fn run(store: Store, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if settled_some(&store).await {
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Whether there was something to do: there may be more.
async fn settled_some(store: &Store) -> bool {
    match settle_once(store).await {
        Ok(slots) => slots > 0,
        Err(error) => {
            tracing::warn!(error = &error as &dyn Error, "roll-ups wait");
            false
        }
    }
}

/// Makes anew what is dirty, once; returns how many slots. 0: nothing is, or another worker is at it.
pub async fn settle_once(store: &Store) -> Result<usize, StoreError> {
    store.call("rollups_settle", |conn| rollups::settle(conn, ROWS)).await
}
