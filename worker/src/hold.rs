//! Holds a lease while something takes its time: it is renewed beside the work, so that a worker that is gone loses it soon
//! and one that is slow does not.
//!
//! For work whose end is written behind a fence alone: when a renewal fails the work goes on. Who acts in other systems stops
//! instead (`workflows`).

use std::error::Error;
use std::future::Future;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use store::StoreError;
use uuid::Uuid;

/// Renewals in the time of a lease.
const BEATS: u32 = 3;

/// What is held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hold {
    /// For the log.
    pub(crate) of: Uuid,
    pub(crate) since: DateTime<Utc>,
    /// One lease.
    pub(crate) lasts: TimeDelta,
}

/// Waits for `work`, and has `renew` lease what is held until a later time. `None`: it is another's now, and nobody waits
/// any more.
pub(crate) async fn while_held<T, R>(
    hold: Hold,
    work: impl Future<Output = T>,
    renew: impl Fn(DateTime<Utc>) -> R,
) -> Option<T>
where
    R: Future<Output = Result<bool, StoreError>>,
{
    let (began, pace) = (Instant::now(), hold.lasts.to_std().unwrap_or_default() / BEATS);
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Some(done),
            () = tokio::time::sleep(pace) => {}
        }
        let passed = TimeDelta::from_std(began.elapsed()).unwrap_or_default();
        match renew(hold.since + passed + hold.lasts).await {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => {
                tracing::warn!(of = %hold.of, error = &error as &dyn Error, "a lease was not renewed; it is tried again");
            }
        }
    }
}
