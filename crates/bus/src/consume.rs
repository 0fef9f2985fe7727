//! Takes messages in batches through a durable pull consumer.
//!
//! A batch is what is there, up to the wanted size; when nothing is there, one message is waited for. Nothing is asked
//! for ahead, so no message grows old in a buffer. Whatever fails (no connection, the stream or the consumer is gone)
//! makes stream and consumer anew with growing pauses, for good. Attempts are counted by the caller, in Postgres:
//! JetStream delivers without limit.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::pull::{Batch, Config};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer};
use async_nats::jetstream::message::Acker;
use async_nats::jetstream::{AckKind, Message};
use domain::event::Event;
use domain::ids::Mark;
use domain::outages::Outage;
use futures::StreamExt;

use crate::connection::ANSWER;
use crate::{Bus, BusError, envelope};

/// How long the server may wait for an acknowledgement before it delivers again.
pub const ACK_WAIT: Duration = Duration::from_secs(30);
/// How long one request waits for a first message.
const PATIENCE: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A durable consumer.
#[derive(Clone, Debug)]
pub struct ConsumerSpec {
    /// Its durable name.
    pub name: &'static str,
    /// The types it takes, `deployment.*` or `change.merged`; none is all.
    pub types: &'static [&'static str],
    /// Messages of one batch at most.
    pub batch: usize,
}

/// One message, to be answered with [`Received::ack`] or [`Received::nak`].
pub struct Received {
    pub event: Event,
    pub mark: Mark,
    /// How often JetStream has delivered it to this consumer, this time included.
    pub delivered: i64,
    pub stream_seq: u64,
    acker: Acker,
}

impl Received {
    /// It is done with. A lost acknowledgement only means that it comes again.
    pub async fn ack(&self) -> Result<(), BusError> {
        self.answer(AckKind::Ack).await
    }

    /// It is to come again after `delay`.
    pub async fn nak(&self, delay: Option<Duration>) -> Result<(), BusError> {
        self.answer(AckKind::Nak(delay)).await
    }

    /// It is being worked on: the server's patience begins anew.
    pub async fn in_progress(&self) -> Result<(), BusError> {
        self.answer(AckKind::Progress).await
    }

    async fn answer(&self, kind: AckKind) -> Result<(), BusError> {
        self.acker.ack_with(kind).await.map_err(BusError::Send)
    }
}

/// A durable consumer at work. Make one with [`Bus::consume`].
pub struct Consumer {
    bus: Bus,
    spec: ConsumerSpec,
    pull: Option<PullConsumer>,
    pause: Duration,
    outage: Outage,
}

impl Bus {
    /// Begins to consume. Needs no connection yet.
    pub fn consume(&self, spec: ConsumerSpec) -> Consumer {
        Consumer { bus: self.clone(), spec, pull: None, pause: FIRST_PAUSE, outage: Outage::default() }
    }

    /// Messages that a consumer has not acknowledged: not delivered yet, and under way.
    pub async fn consumer_lag(&self, name: &str) -> Result<u64, BusError> {
        self.usable()?;
        let refused = |source| BusError::Consumer { consumer: name.to_owned(), source };
        let consumer: PullConsumer = self
            .jetstream
            .get_consumer_from_stream(name, &self.stream)
            .await
            .map_err(|error| refused(Box::new(error)))?;
        let info = consumer.cached_info();
        Ok(info.num_pending + info.num_ack_pending as u64)
    }
}

impl Consumer {
    /// The next batch, never larger than the spec says; empty when nothing came for a while or nothing could be had.
    /// `stop` ends the waiting, not the taking of messages that are under way.
    pub async fn next_batch(&mut self, stop: impl Future<Output = ()>) -> Vec<Received> {
        let mut stop = pin!(stop);
        match self.pull_batch(stop.as_mut()).await {
            Ok(batch) => {
                self.pause = FIRST_PAUSE;
                if self.outage.is_over() {
                    tracing::info!(consumer = self.spec.name, "events are consumed again");
                }
                batch
            }
            Err(error) => {
                self.pull = None;
                self.tell(&error);
                tokio::select! {
                    () = tokio::time::sleep(self.pause) => self.pause = (self.pause * 2).min(LONGEST_PAUSE),
                    () = stop => {}
                }
                Vec::new()
            }
        }
    }

    /// Without a connection all consumers fail: that is told once, by who keeps the connection.
    fn tell(&mut self, error: &BusError) {
        let consumer = self.spec.name;
        let is_known = matches!(error, BusError::Disconnected);
        if self.outage.goes_on(&error.to_string(), Instant::now()) && !is_known {
            let error = error as &dyn std::error::Error;
            tracing::warn!(consumer, error, "no events are consumed; it is tried again");
        } else {
            tracing::debug!(consumer, %error, "consuming is tried again");
        }
    }

    async fn pull_batch(&mut self, stop: Pin<&mut impl Future<Output = ()>>) -> Result<Vec<Received>, BusError> {
        self.bus.usable()?;
        let pull = match self.pull.take() {
            Some(pull) => pull,
            None => self.make().await?,
        };
        let size = self.spec.batch;
        let mut received = Vec::new();
        self.take_what_is_there(&pull, size, &mut received).await?;
        if received.is_empty() {
            let first = pull.batch().max_messages(1).expires(PATIENCE).messages().await;
            let first = first.map_err(|error| self.refused(Box::new(error)))?;
            tokio::select! {
                gathered = self.gather(first, &mut received) => gathered?,
                () = stop => {}
            }
            if !received.is_empty() && size > 1 {
                self.take_what_is_there(&pull, size - 1, &mut received).await?;
            }
        }
        self.pull = Some(pull);
        Ok(received)
    }

    /// The server says itself when there is no more; only one that has gone away is waited for in vain.
    async fn take_what_is_there(
        &self,
        pull: &PullConsumer,
        size: usize,
        received: &mut Vec<Received>,
    ) -> Result<(), BusError> {
        let batch = pull.fetch().max_messages(size).messages().await;
        let batch = batch.map_err(|error| self.refused(Box::new(error)))?;
        match tokio::time::timeout(ANSWER, self.gather(batch, received)).await {
            Ok(gathered) => gathered,
            Err(_) if received.is_empty() => Err(BusError::Disconnected),
            Err(_) => Ok(()),
        }
    }

    /// Takes what comes. An error after some messages is left to the next pull: these are good.
    async fn gather(&self, mut batch: Batch, received: &mut Vec<Received>) -> Result<(), BusError> {
        while let Some(message) = batch.next().await {
            match message {
                Ok(message) => received.extend(self.open(message).await),
                Err(error) if received.is_empty() => return Err(self.refused(error)),
                Err(_) => break,
            }
        }
        Ok(())
    }

    /// A message that somebody else put on our subjects is said so in the log and ended: it has no event to count
    /// attempts by, and coming again would not make it readable.
    async fn open(&self, message: Message) -> Option<Received> {
        let (delivered, stream_seq) =
            message.info().map(|info| (info.delivered, info.stream_sequence)).unwrap_or((1, 0));
        let (message, acker) = message.split();
        match envelope::open(message.headers.as_ref(), &message.payload) {
            Ok((event, mark)) => Some(Received { event, mark, delivered, stream_seq, acker }),
            Err(error) => {
                tracing::error!(subject = %message.subject, stream_seq, %error, "a message is ended unprocessed");
                // Comes again when this is lost, and is ended then.
                drop(acker.ack_with(AckKind::Term).await);
                None
            }
        }
    }

    async fn make(&self) -> Result<PullConsumer, BusError> {
        self.bus.ensure_stream().await?;
        let spec = &self.spec;
        let mut subjects: Vec<String> = spec.types.iter().map(|types| self.bus.subject_of_type(types)).collect();
        if subjects.is_empty() {
            subjects.push(self.bus.all_subjects());
        }
        let config = Config {
            durable_name: Some(spec.name.to_owned()),
            description: Some(format!("EM Agent worker: {}", spec.name)),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: ACK_WAIT,
            max_deliver: -1,
            // Enough for several workers that each have a batch in hand.
            max_ack_pending: i64::try_from(spec.batch * 16).unwrap_or(i64::MAX),
            filter_subjects: subjects,
            ..Config::default()
        };
        let made = self.bus.jetstream.create_consumer_on_stream(config, &self.bus.stream).await;
        made.map_err(|error| self.refused(Box::new(error)))
    }

    fn refused(&self, source: Box<dyn std::error::Error + Send + Sync>) -> BusError {
        BusError::Consumer { consumer: self.spec.name.to_owned(), source }
    }
}
