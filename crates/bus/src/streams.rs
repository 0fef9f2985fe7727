//! The stream: made where it is missing, left as it is where an operator made it otherwise.

use std::time::Duration;

use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType};
use async_nats::jetstream::{self, ErrorCode};
use chrono::{DateTime, SubsecRound, Utc};

use crate::{Bus, BusError};

/// How long the stream keeps messages. Consumers' marks are kept longer (`store::retention`).
const MAX_AGE: Duration = Duration::from_secs(14 * 24 * 3600);
/// Within this time JetStream itself drops a message with a known `Nats-Msg-Id`.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);

/// What tells a stream that was lost from the one we knew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamState {
    /// In whole microseconds, as Postgres keeps it.
    pub created_at: DateTime<Utc>,
    pub first_seq: u64,
    pub last_seq: u64,
}

impl Bus {
    /// Makes the stream where it is missing, and tells its state. What is wrong with it is remembered for the health.
    pub async fn ensure_stream(&self) -> Result<StreamState, BusError> {
        self.usable()?;
        let ensured = self.ensured().await;
        // A connection that is gone is told by itself.
        if self.usable().is_ok() {
            self.troubles.note_stream(ensured.as_ref().err().map(|error| error as _));
        }
        ensured
    }

    /// Looks at the stream and makes none: what is wrong with it is part of the health afterwards.
    pub async fn look_at_stream(&self) -> Result<(), BusError> {
        self.usable()?;
        let found = self.found().await;
        self.troubles.note_stream(found.as_ref().err().map(|error| error as _));
        found.map(drop)
    }

    /// What is there, when it can be used.
    async fn found(&self) -> Result<Option<Info>, BusError> {
        match self.jetstream.get_stream(&self.stream).await {
            Ok(stream) => {
                self.check(&stream.cached_info().config)?;
                Ok(Some(stream.cached_info().clone()))
            }
            Err(error) if is_missing(&error.kind()) => Ok(None),
            Err(error) => Err(BusError::Stream(Box::new(error))),
        }
    }

    async fn ensured(&self) -> Result<StreamState, BusError> {
        let info = match self.found().await? {
            Some(info) => info,
            None => {
                let made = self
                    .jetstream
                    .create_stream(self.config())
                    .await
                    .map_err(|error| BusError::Stream(Box::new(error)))?;
                tracing::info!(stream = self.stream, "the stream was made");
                made.cached_info().clone()
            }
        };
        Ok(state(&info))
    }

    fn config(&self) -> Config {
        Config {
            name: self.stream.clone(),
            description: Some("Normalized events of EM Agent".to_owned()),
            subjects: vec![self.all_subjects()],
            storage: StorageType::File,
            retention: RetentionPolicy::Limits,
            // Refuse rather than drop: what is refused stays in the outbox.
            discard: DiscardPolicy::New,
            max_age: MAX_AGE,
            duplicate_window: DUPLICATE_WINDOW,
            allow_direct: true,
            num_replicas: 1,
            ..Config::default()
        }
    }

    /// A stream that an operator made may have other limits, but it must take our messages and keep them for
    /// every consumer.
    fn check(&self, config: &Config) -> Result<(), BusError> {
        let unusable = |why: &str| Err(BusError::Unusable { stream: self.stream.clone(), why: why.to_owned() });
        let ours = self.all_subjects();
        if !config.subjects.iter().any(|subject| *subject == ours || subject == ">") {
            return unusable(&format!("its subjects do not hold {ours}"));
        }
        if config.retention != RetentionPolicy::Limits {
            return unusable(
                "its retention is not 'limits', so one consumer's acknowledgement would take messages from the others",
            );
        }
        if config.no_ack || config.sealed {
            return unusable("it acknowledges nothing or takes nothing (no_ack, sealed)");
        }
        Ok(())
    }
}

pub(crate) fn is_missing(kind: &GetStreamErrorKind) -> bool {
    matches!(kind, GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

fn state(info: &Info) -> StreamState {
    let jetstream::stream::State { first_sequence, last_sequence, .. } = info.state;
    StreamState { created_at: info.created.trunc_subsecs(6), first_seq: first_sequence, last_seq: last_sequence }
}
