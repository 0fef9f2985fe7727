//! One batch, one transaction: marks and effects together, or neither.
//!
//! 1. The whole batch is marked and handled in one savepoint.
//! 2. What the handler or the data refuses is rolled back and halved until the message that spoils it is alone; the
//!    others proceed.
//! 3. The one that is alone has its try counted; after the last it is a dead letter, marked in the same transaction.
//! 4. A transient failure ends it all without a trace: nothing is counted, the batch is to be settled again.
//!
//! A message that was delivered before may have killed the process: [`Settling::begin_attempt`] counts the try before it is made.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Utc};
use diesel::{Connection, PgConnection};
use domain::event::Event;
use domain::ids::Mark;

use super::{count_attempt, forget_attempts, insert, is_marked};
use crate::events::one;
use crate::{StoreError, dead_letters};

/// Why a handler could not process events.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("the database refused the effect")]
    Store(#[from] StoreError),
    /// The event itself: trying again gives the same.
    #[error("{0}")]
    Event(String),
    #[error("the handler panicked: {0}")]
    Panic(String),
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Failure {
    /// The whole story, for people.
    fn story(&self) -> String {
        let mut story = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(inner) = cause {
            story.push_str(": ");
            story.push_str(&inner.to_string());
            cause = inner.source();
        }
        story
    }
}

/// Fetches the data that was too large for the bus: such events come with `null`.
fn with_data<'a>(conn: &mut PgConnection, events: Vec<&'a Event>) -> Result<Vec<Cow<'a, Event>>, StoreError> {
    let mut whole = Vec::with_capacity(events.len());
    for event in events {
        let stored = if event.data.get() == "null" { one(conn, &event.tenant, event.id)? } else { None };
        whole.push(stored.map_or(Cow::Borrowed(event), Cow::Owned));
    }
    Ok(whole)
}

/// Has the effect of some events, inside the caller's transaction. The time is now.
pub type Handle = fn(&mut PgConnection, &[&Event], DateTime<Utc>) -> Result<(), Failure>;

/// A message to be settled.
#[derive(Clone, Debug)]
pub struct Message {
    pub event: Event,
    pub mark: Mark,
    /// This try's number, where [`Settling::begin_attempt`] has counted it.
    pub attempt: Option<i32>,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Its effect is there, now.
    Processed,
    /// Its effect was there before.
    Duplicate,
    /// It is to be tried again; so many tries were made.
    Failed { attempts: i32, error: String },
    /// It is a dead letter.
    Dead { error: String },
}

/// Who settles, and when it gives up.
#[derive(Clone, Copy, Debug)]
pub struct Settling {
    pub consumer: &'static str,
    pub max_attempts: i32,
    pub handle: Handle,
    /// A conflict with others (a deadlock, a statement that took too long) is transient. Once it has come back often
    /// enough it is the message's own: false.
    pub forgive_conflicts: bool,
    pub now: DateTime<Utc>,
}

impl Settling {
    /// Settles a batch; the outcomes are in its order. An error is transient: nothing happened.
    pub fn settle(&self, conn: &mut PgConnection, batch: &[Message]) -> Result<Vec<Settled>, StoreError> {
        conn.transaction(|conn| self.settle_or_halve(conn, batch))
    }

    fn settle_or_halve(&self, conn: &mut PgConnection, batch: &[Message]) -> Result<Vec<Settled>, StoreError> {
        match conn.transaction(|conn| self.process(conn, batch)) {
            Ok(settled) => Ok(settled),
            Err(Failure::Store(error)) if self.is_transient(&error) => Err(error),
            Err(failure) => match batch {
                [] => Ok(Vec::new()),
                [alone] => Ok(vec![self.fail(conn, alone, &failure)?]),
                _ => {
                    let (left, right) = batch.split_at(batch.len() / 2);
                    let mut settled = self.settle_or_halve(conn, left)?;
                    settled.extend(self.settle_or_halve(conn, right)?);
                    Ok(settled)
                }
            },
        }
    }

    fn is_transient(&self, error: &StoreError) -> bool {
        error.is_unavailable() || self.forgive_conflicts && error.is_transient()
    }

    fn process(&self, conn: &mut PgConnection, batch: &[Message]) -> Result<Vec<Settled>, Failure> {
        let mut new = insert(conn, self.consumer, batch.iter().map(|message| (&message.event.tenant, message.mark)))?;
        // A message that is in the batch twice is processed at its first place.
        let settled: Vec<Settled> = batch
            .iter()
            .map(|message| if new.remove(&message.mark) { Settled::Processed } else { Settled::Duplicate })
            .collect();
        let fresh = batch.iter().zip(&settled).filter(|(_, outcome)| **outcome == Settled::Processed);
        let events: Vec<&Event> = fresh.map(|(message, _)| &message.event).collect();
        if !events.is_empty() {
            let whole = with_data(conn, events)?;
            let events: Vec<&Event> = whole.iter().map(AsRef::as_ref).collect();
            let handled = catch_unwind(AssertUnwindSafe(|| (self.handle)(conn, &events, self.now)));
            handled.unwrap_or_else(|panic| Err(Failure::Panic(said(&*panic))))?;
        }
        for message in batch.iter().filter(|message| message.attempt.is_some()) {
            forget_attempts(conn, self.consumer, message.mark)?;
        }
        Ok(settled)
    }

    fn fail(&self, conn: &mut PgConnection, message: &Message, failure: &Failure) -> Result<Settled, StoreError> {
        let error = failure.story();
        let Message { event, mark, attempt } = message;
        let attempts = match attempt {
            Some(counted) => *counted,
            None => count_attempt(conn, &event.tenant, self.consumer, *mark, &error, self.now)?,
        };
        if attempts < self.max_attempts {
            return Ok(Settled::Failed { attempts, error });
        }
        bury(conn, self.consumer, message, attempts, &error, self.now)?;
        Ok(Settled::Dead { error })
    }
}

impl Settling {
    /// Counts the try of a message that was delivered before, before it is made. `Some`: there is nothing to try,
    /// because it was processed, or because all its tries ended with the process.
    pub fn begin_attempt(&self, conn: &mut PgConnection, message: &mut Message) -> Result<Option<Settled>, StoreError> {
        conn.transaction(|conn| {
            if is_marked(conn, self.consumer, message.mark)? {
                return Ok(Some(Settled::Duplicate));
            }
            let attempts = count_attempt(conn, &message.event.tenant, self.consumer, message.mark, "", self.now)?;
            if attempts <= self.max_attempts {
                message.attempt = Some(attempts);
                return Ok(None);
            }
            let error = "no try came to an end: the process ended while the message was processed".to_owned();
            bury(conn, self.consumer, message, self.max_attempts, &error, self.now)?;
            Ok(Some(Settled::Dead { error }))
        })
    }
}

/// Gives up on a message: it is kept with its error and counts as processed.
fn bury(
    conn: &mut PgConnection,
    consumer: &str,
    message: &Message,
    attempts: i32,
    error: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    dead_letters::insert(conn, &message.event.tenant, consumer, message.mark, attempts, error, now)?;
    insert(conn, consumer, std::iter::once((&message.event.tenant, message.mark)))?;
    forget_attempts(conn, consumer, message.mark)
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_owned())
}
