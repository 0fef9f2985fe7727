//! The loop of every consumer: a batch, one transaction, acknowledgements.
//!
//! 1. Pull a batch.
//! 2. Messages that came for the first time are settled together, in one transaction with their marks.
//! 3. Messages that came before are settled one by one, each with its try counted first: one of them may have killed the
//!    process.
//! 4. While the store does not answer, the batch is held (the bus is told so) and settled later; no try is counted.
//! 5. After the commit, who goes on from there is rung, and each message is answered.
//!
//! After the stop signal the transaction in hand is finished, the rest is given back at once.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, ConsumerSpec, Received};
use chrono::Utc;
use store::marks::{Message, Settling};
use store::{Store, StoreError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::consumers::ConsumerRow;
use crate::{answers, trace};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// So often a conflict with other transactions is nobody's fault.
const FORGIVEN_CONFLICTS: u32 = 5;

/// Consumes until `stop`. `store` works as [`store::Role::App`]; `committed` is rung after every commit.
pub async fn run(store: Store, bus: Bus, row: &'static ConsumerRow, committed: Arc<Notify>, stop: CancellationToken) {
    let mut consumer = bus.consume(ConsumerSpec { name: row.name, types: row.types, batch: row.batch });
    let work = Work { store, row, committed, stop };
    while !work.stop.is_cancelled() {
        let batch = consumer.next_batch(work.stop.cancelled()).await;
        if !batch.is_empty() {
            let span = trace::of_batch(row.name, &batch);
            work.process(batch).instrument(span).await;
        }
    }
}

struct Work {
    store: Store,
    row: &'static ConsumerRow,
    committed: Arc<Notify>,
    stop: CancellationToken,
}

impl Work {
    async fn process(&self, batch: Vec<Received>) {
        let (fresh, again): (Vec<_>, Vec<_>) = batch.into_iter().partition(|received| received.delivered <= 1);
        if !fresh.is_empty() {
            let messages = fresh.iter().map(message).collect();
            self.settle_and_answer(&fresh, messages).await;
        }
        for received in again {
            if self.stop.is_cancelled() {
                answers::give_back(&[received]).await;
                continue;
            }
            self.process_again(received).await;
        }
    }

    /// A message that was delivered before.
    async fn process_again(&self, received: Received) {
        let one = [received];
        let first = message(&one[0]);
        let begin = move |settling: Settling, conn: &mut store::Connection| {
            let mut message = first.clone();
            let nothing_to_try = settling.begin_attempt(conn, &mut message)?;
            Ok((message, nothing_to_try))
        };
        match self.persist("attempt_begin", &one, begin).await {
            Some((_, Some(settled))) => answers::answer(self.row.name, &one, &[settled]).await,
            Some((message, None)) => self.settle_and_answer(&one, vec![message]).await,
            None => answers::give_back(&one).await,
        }
    }

    async fn settle_and_answer(&self, received: &[Received], messages: Vec<Message>) {
        let messages = Arc::new(messages);
        let settle = move |settling: Settling, conn: &mut store::Connection| settling.settle(conn, &messages);
        match self.persist(self.row.name, received, settle).await {
            Some(settled) => {
                self.committed.notify_one();
                answers::answer(self.row.name, received, &settled).await;
            }
            None => answers::give_back(received).await,
        }
    }

    /// Tries until the store has done it; `None`: the stop signal came first.
    async fn persist<T: Send + 'static>(
        &self,
        query: &'static str,
        held: &[Received],
        work: impl Fn(Settling, &mut store::Connection) -> Result<T, StoreError> + Clone + Send + 'static,
    ) -> Option<T> {
        let mut pause = FIRST_PAUSE;
        let mut conflicts = 0;
        loop {
            let settling = Settling {
                consumer: self.row.name,
                max_attempts: self.row.max_attempts,
                handle: self.row.handle,
                forgive_conflicts: conflicts < FORGIVEN_CONFLICTS,
                now: Utc::now(),
            };
            let work = work.clone();
            let error = match self.store.call(query, move |conn| work(settling, conn)).await {
                Ok(done) => return Some(done),
                Err(error) => error,
            };
            tracing::warn!(consumer = self.row.name, error = &error as &dyn Error, "the batch is held and tried again");
            conflicts += u32::from(!error.is_unavailable());
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.stop.cancelled() => return None,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            answers::hold(held).await;
        }
    }
}

fn message(received: &Received) -> Message {
    Message { event: received.event.clone(), mark: received.mark, attempt: None }
}

#[cfg(test)]
mod tests;
