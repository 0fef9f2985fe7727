//! The intake writer: one thread that commits whatever has arrived while its last commit was running.
//!
//! No timer and no waiting when idle: the batch grows by itself under load. Each caller gets its own answer, after the
//! commit. The queue is bounded in rows and bytes; what does not fit is told when to come again, from the measured pace.
//! Nothing here parses, verifies or publishes.

mod pace;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use domain::ids::DeliveryId;
use domain::outages::Outage;
use relay::Relay;
use store::intake::{Accepted, Keep, Outcome, accept};
use store::outbox::Committed;
use store::{Role, Store, StoreError};
use tokio::sync::oneshot;

use pace::Pace;

/// Rows of one commit: more gains nothing, less costs the database more per row.
const BATCH_ROWS: usize = 256;
/// Packed bytes of one commit.
const BATCH_BYTES: usize = 4 << 20;
/// Deliveries that may wait for their commit.
const QUEUE_ROWS: usize = 4096;
/// Packed bytes that may wait for their commit.
const QUEUE_BYTES: usize = 128 << 20;
/// How often a database that is down is looked for.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// Senders give up after 5 to 30 s: a caller that has waited this long is told to come again.
const PATIENCE: Duration = Duration::from_secs(8);

/// The front of the writer, shared by all handlers.
#[derive(Clone)]
pub(crate) struct Intake {
    queue: SyncSender<Ask>,
    state: Arc<State>,
}

/// A delivery is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    New,
    /// Taken before, as this delivery.
    Duplicate(DeliveryId),
}

/// A delivery is not kept, as far as we know.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotKept {
    /// Too many deliveries wait; the queue will have room after this many seconds.
    Full { retry_after_seconds: u64 },
    /// The database does not answer, or not in time.
    Down { retry_after_seconds: u64 },
    /// The database refuses this delivery by itself.
    Refused,
}

#[derive(Default)]
struct State {
    rows: AtomicUsize,
    bytes: AtomicUsize,
    down: AtomicBool,
    pace: Pace,
}

struct Ask {
    keep: Keep,
    answer: oneshot::Sender<Result<Kept, NotKept>>,
}

impl Intake {
    /// Starts the writer's thread. It ends when every `Intake` is gone and the queue is empty: the drain.
    pub(crate) fn start(store: Store, relay: Relay) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (queue, asks) = sync_channel(QUEUE_ROWS);
        let state = Arc::new(State::default());
        let mut writer = Writer { store, relay, conn: None, state: state.clone(), outage: Outage::default() };
        let thread = std::thread::Builder::new().name("intake-writer".into()).spawn(move || writer.run(&asks))?;
        Ok((Self { queue, state }, thread))
    }

    /// Keeps a delivery; returns after the commit that holds it.
    pub(crate) async fn keep(&self, keep: Keep) -> Result<Kept, NotKept> {
        let bytes = keep.body.bytes.len();
        let waiting = self.state.bytes.fetch_add(bytes, Ordering::Relaxed);
        if waiting > 0 && waiting + bytes > QUEUE_BYTES {
            self.state.bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(self.full());
        }
        let (answer, answered) = oneshot::channel();
        self.state.rows.fetch_add(1, Ordering::Relaxed);
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = self.queue.try_send(Ask { keep, answer }) {
            self.state.leave(1, bytes);
            return Err(self.full());
        }
        let down = NotKept::Down { retry_after_seconds: self.retry_after_seconds() };
        tokio::time::timeout(PATIENCE, answered)
            .await
            .map_or_else(|_| Err(down), |kept| kept.unwrap_or(Err(self.full())))
    }

    /// Whether a delivery would be kept now: for readiness.
    pub(crate) fn can_keep(&self) -> bool {
        !self.state.down.load(Ordering::Relaxed)
            && self.state.rows.load(Ordering::Relaxed) < QUEUE_ROWS
            && self.state.bytes.load(Ordering::Relaxed) < QUEUE_BYTES
    }

    fn full(&self) -> NotKept {
        NotKept::Full { retry_after_seconds: self.retry_after_seconds() }
    }

    fn retry_after_seconds(&self) -> u64 {
        self.state.pace.seconds_for(self.state.rows.load(Ordering::Relaxed))
    }
}

impl State {
    fn leave(&self, rows: usize, bytes: usize) {
        self.rows.fetch_sub(rows, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

struct Writer {
    store: Store,
    relay: Relay,
    conn: Option<store::Connection>,
    state: Arc<State>,
    outage: Outage,
}

impl Writer {
    fn run(&mut self, asks: &Receiver<Ask>) {
        while let Some(first) = self.next(asks) {
            let (keeps, answers) = gather(first, asks);
            let bytes = keeps.iter().map(|keep| keep.body.bytes.len()).sum();
            let started = Instant::now();
            let accepted = self.commit(&keeps);
            self.state.leave(keeps.len(), bytes);
            metrics::histogram!("intake_batch_size").record(keeps.len() as f64);
            metrics::histogram!("intake_commit_duration_seconds").record(started.elapsed());
            match accepted {
                Ok(accepted) => self.answer(answers, accepted, started),
                Err(error) => self.refuse(answers, &error),
            }
        }
    }

    /// The next delivery. While the database is down it is looked for also without one: a gateway that is not ready gets
    /// none, and must become ready again by itself.
    fn next(&mut self, asks: &Receiver<Ask>) -> Option<Ask> {
        while self.state.down.load(Ordering::Relaxed) {
            match asks.recv_timeout(BETWEEN_LOOKS) {
                Ok(ask) => return Some(ask),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    if let Ok(conn) = self.store.open(Role::Ingest) {
                        self.conn = Some(conn);
                        // Whether it takes deliveries again shows with the next one: it may be full.
                        self.state.down.store(false, Ordering::Relaxed);
                    }
                }
            }
        }
        asks.recv().ok()
    }

    fn note_up(&mut self) {
        self.state.down.store(false, Ordering::Relaxed);
        if self.outage.is_over() {
            tracing::info!("deliveries are kept again");
        }
    }

    /// Commits a batch; once more on a new connection when the old one was lost. A lost answer to a commit that
    /// was done is no harm: the second try finds its own rows.
    fn commit(&mut self, keeps: &[Keep]) -> Result<Accepted, StoreError> {
        let had_connection = self.conn.is_some();
        match self.try_commit(keeps) {
            Err(error) if error.is_unavailable() && had_connection => self.try_commit(keeps),
            result => result,
        }
    }

    fn try_commit(&mut self, keeps: &[Keep]) -> Result<Accepted, StoreError> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.store.open(Role::Ingest)?,
        };
        let result = accept(&mut conn, keeps);
        if !result.as_ref().is_err_and(StoreError::is_unavailable) {
            self.conn = Some(conn);
        }
        result
    }

    fn answer(&mut self, answers: Vec<Answer>, accepted: Accepted, started: Instant) {
        self.note_up();
        self.state.pace.note(accepted.outcomes.len(), started.elapsed());
        for (answer, outcome) in answers.into_iter().zip(accepted.outcomes) {
            let kept = match outcome {
                Outcome::New => Ok(Kept::New),
                Outcome::Duplicate(first) => Ok(Kept::Duplicate(first)),
                Outcome::Refused(reason) => {
                    tracing::error!(reason, "the database refuses a delivery; it is not kept");
                    Err(NotKept::Refused)
                }
            };
            // A caller that has gone away needs no answer: its delivery is kept all the same.
            let _ = answer.send(kept);
        }
        accepted.committed.into_iter().for_each(|committed: Committed| self.relay.hand_over(committed));
    }

    fn refuse(&mut self, answers: Vec<Answer>, error: &StoreError) {
        self.state.down.store(true, Ordering::Relaxed);
        if self.outage.goes_on(&error.to_string(), Instant::now()) {
            tracing::error!(error = error as &dyn std::error::Error, "deliveries cannot be kept: senders get 503");
        }
        for answer in answers {
            let _ = answer.send(Err(NotKept::Down { retry_after_seconds: pace::WHEN_DOWN_SECONDS }));
        }
    }
}

type Answer = oneshot::Sender<Result<Kept, NotKept>>;

/// The first delivery and what else is there already, up to the size of a batch.
fn gather(first: Ask, asks: &Receiver<Ask>) -> (Vec<Keep>, Vec<Answer>) {
    let (mut keeps, mut answers) = (Vec::with_capacity(BATCH_ROWS), Vec::with_capacity(BATCH_ROWS));
    let mut bytes = 0;
    let mut next = Some(first);
    while let Some(ask) = next {
        bytes += ask.keep.body.bytes.len();
        keeps.push(ask.keep);
        answers.push(ask.answer);
        next = if keeps.len() < BATCH_ROWS && bytes < BATCH_BYTES { asks.try_recv().ok() } else { None };
    }
    (keeps, answers)
}
