//! Does in other systems what jobs say: those that a policy let through, and those that follow from an approval's end.
//!
//! In order: [`taken`] leases the work of both families and writes how it stands; [`wanted`] reads what it asks for;
//! [`acting`] makes one try of it: the ledger is told, the other side is called, the ledger is told again; [`clients`] are
//! those whom we can call, [`nudges`] the one who tells people in Slack. What a job does happens once, whatever dies and
//! however often it comes: `store::effects` has the ledger. Every worker does it, several jobs at once; none of them
//! holds up replays.

mod acting;
mod clients;
mod nudges;
mod taken;
mod wanted;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use store::{Store, StoreError};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

pub use clients::{Calling, ClientError};
pub use taken::Family;

/// How often is looked for what is due.
const PAUSE: Duration = Duration::from_millis(500);
/// A worker that is gone is not waited for longer than this; who works keeps it up.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// Jobs of one family at once.
const AT_ONCE: usize = 8;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What acting takes.
#[derive(Clone)]
pub struct Workflows {
    store: Store,
    calling: Calling,
    clock: Clock,
}

impl Workflows {
    /// `store` works as [`store::Role::App`].
    pub fn new(store: Store, calling: Calling, clock: Clock) -> Self {
        Self { store, calling, clock }
    }

    fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// Works on what is due of a family, one after the other, until nothing is; returns how many tries that were.
    pub async fn work_through(&self, family: Family) -> Result<usize, StoreError> {
        let mut tries = 0;
        loop {
            let taken = taken::take(&self.store, family, AT_ONCE, self.now()).await?;
            if taken.is_empty() {
                return Ok(tries);
            }
            for one in taken {
                acting::act(self, one).await?;
                tries += 1;
            }
        }
    }
}

/// Works on jobs of a family until `stop`; those in hand are finished.
pub async fn run(workflows: Workflows, family: Family, stop: CancellationToken) {
    acting::count_from_zero();
    let mut at_work = JoinSet::new();
    while !stop.is_cancelled() {
        let free = AT_ONCE - at_work.len();
        match taken::take(&workflows.store, family, free, workflows.now()).await {
            Ok(taken) => {
                for one in taken {
                    let workflows = workflows.clone();
                    at_work.spawn(async move { acting::act(&workflows, one).await });
                }
            }
            Err(error) => tracing::warn!(error = &error as &dyn Error, "jobs that act wait"),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            Some(ended) = at_work.join_next() => tell(ended),
            () = stop.cancelled() => {}
        }
    }
    while let Some(ended) = at_work.join_next().await {
        tell(ended);
    }
}

/// What is not written down comes again when the lease runs out; the ledger knows that a try began.
fn tell(ended: Result<Result<(), StoreError>, JoinError>) {
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn Error, "what became of a job is not written; it comes again")
        }
        Err(error) => tracing::error!(error = &error as &dyn Error, "a job broke off; it comes again"),
    }
}
