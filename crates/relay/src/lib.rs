//! The relay: what is committed reaches the bus. At least once, soon, and without anybody waiting for it.
//!
//! 1. [`publish`] takes what a gateway has just committed, from memory, publishes it, awaits the acknowledgements and
//!    clears the outbox rows. A full queue drops the hand-over: the outbox row is still there.
//! 2. [`sweep`] leases outbox rows that were left behind by a crash, an outage or a full queue, and publishes them again.
//!    Every process runs it; the lease makes one of them do each row.
//! 3. [`watch`] looks at the stream: a new one, or one whose sequence went back, has lost messages, and what no consumer
//!    has seen is owed to the bus again.
//!
//! Publishing twice is harmless: same message id, and consumers mark what they have processed.

mod publish;
mod sweep;
mod watch;

use bus::Bus;
use store::Store;
use store::outbox::Committed;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Commits that may wait in memory for the bus; more are left to the sweep.
const HAND_OVER_COMMITS: usize = 1024;

/// The relay of one process. Cheap to clone.
#[derive(Clone)]
pub struct Relay {
    queue: mpsc::Sender<Committed>,
}

/// The relay's tasks, to be awaited at the end.
pub struct RelayTasks(Vec<JoinHandle<()>>);

impl Relay {
    /// Starts publishing, sweeping and watching. `store` works as [`store::Role::Relay`]. `stop` ends sweep and watch;
    /// publishing ends when every `Relay` is dropped and what they handed over was tried.
    pub fn start(
        store: Store,
        bus: Bus,
        consumers: &'static [&'static str],
        stop: CancellationToken,
    ) -> (Self, RelayTasks) {
        let (queue, committed) = mpsc::channel(HAND_OVER_COMMITS);
        metrics::counter!("bus_published_total").increment(0);
        metrics::counter!("relay_left_to_sweep_total").increment(0);
        let tasks = vec![
            tokio::spawn(publish::run(store.clone(), bus.clone(), committed)),
            tokio::spawn(sweep::run(store.clone(), bus.clone(), stop.clone())),
            tokio::spawn(watch::run(store, bus, consumers, stop)),
        ];
        (Self { queue }, RelayTasks(tasks))
    }

    /// Hands over what was just committed. Never waits.
    pub fn hand_over(&self, committed: Committed) {
        if self.queue.try_send(committed).is_err() {
            metrics::counter!("relay_left_to_sweep_total").increment(1);
        }
    }
}

impl RelayTasks {
    /// Waits until every task has ended.
    pub async fn ended(self) {
        for task in self.0 {
            if let Err(error) = task.await {
                tracing::error!(error = &error as &dyn std::error::Error, "a relay task failed");
            }
        }
    }
}
