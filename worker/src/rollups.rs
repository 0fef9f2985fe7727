//! Keeps the roll-ups of the facts: takes what the engine marked and makes those slots and days anew.
//!
//! Every worker does it; the store lets one at a time. Nothing waits for it: dashboards of long ranges read a little later
//! what those of short ones read at once.

use std::error::Error;
use std::time::Duration;

use store::{Store, StoreError, rollups};
use tokio_util::sync::CancellationToken;

/// A day that is busy is made anew once in this time, not with each of its deployments.
const PAUSE: Duration = Duration::from_secs(5);
/// Rows that one transaction takes.
const ROWS: i64 = 20_000;

/// Settles until `stop`. `store` works as [`store::Role::App`].
pub async fn run(store: Store, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = settle_once(&store).await {
            tracing::warn!(error = &error as &dyn Error, "roll-ups wait");
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Makes anew what is dirty, once; returns how many slots. 0: nothing is, or another worker is at it.
pub async fn settle_once(store: &Store) -> Result<usize, StoreError> {
    store.call("rollups_settle", |conn| rollups::settle(conn, ROWS)).await
}
