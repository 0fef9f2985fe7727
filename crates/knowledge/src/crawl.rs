//! Reading documents where they are kept: one step after the other, each kept before the next begins.
//!
//! A step is what one source gives at once: documents that are new or changed, and those that are gone. What was read is
//! known from the documents' own revisions and from the crawl's state, so that a run that was cut short goes on where it was.
//! Requests and bytes of a run are bounded; addresses and proofs come from the settings, never from a crawl's definition.

mod confluence;
mod fetch;
mod github;
mod linear;
mod markup;
mod pagerduty;
mod plans;
mod shortcut;

use std::collections::HashMap;

use boot::Settings;
use chrono::{DateTime, Utc};
use domain::knowledge::Cut;
use serde_json::Value;
use store::knowledge::crawls::{self, Leased, Tally};
use store::{Connection, StoreError};

use crate::{Document, Knowledge, KnowledgeError};

pub use fetch::{CrawlError, Fetch, Limits};
pub use plans::{Plan, Unfit};

/// A lease lasts longer than any step.
const LEASE: chrono::TimeDelta = chrono::TimeDelta::minutes(10);

/// A document as a source has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    pub id: String,
    pub url: Option<String>,
    pub title: Option<String>,
    pub text: String,
    pub revision: Option<String>,
    pub meta: Value,
}

/// What a source gave at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// Documents that were looked at, whether they changed or not.
    pub seen: i32,
    pub read: Vec<Read>,
    /// Ids of documents that are no more.
    pub gone: Vec<String>,
    pub done: bool,
}

/// What is known of the documents that a crawl keeps: ids and revisions.
pub type Known = HashMap<String, Option<String>>;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// `succeeded`, `partial` or `failed`.
    pub result: &'static str,
    pub error: Option<String>,
    pub tally: Tally,
    /// It was ours to the end.
    pub is_ours: bool,
}

/// Runs crawls. Cheap to clone.
#[derive(Clone)]
pub struct Crawler {
    knowledge: Knowledge,
    fetch: Fetch,
}

impl Crawler {
    pub fn of(knowledge: Knowledge, settings: &Settings, limits: Limits) -> Result<Self, outbound::OutboundError> {
        Ok(Self { knowledge, fetch: Fetch::of(settings, limits)? })
    }

    /// Runs a crawl that is leased until it is done, a limit is met, or it is ours no more. `clock` says what time it is.
    pub async fn run(&self, leased: &Leased, clock: impl Fn() -> DateTime<Utc> + Send) -> Result<Ended, StoreError> {
        let mut fetch = self.fetch.begin();
        let mut tally = Tally::default();
        let mut state = leased.state.clone();
        let ended = |result, error, tally, is_ours| Ended { result, error, tally, is_ours };
        let plan = match Plan::read(&leased.kind, &leased.params) {
            Ok(plan) => plan,
            Err(unfit) => return Ok(ended("failed", Some(unfit.to_string()), tally, true)),
        };
        let mut known = self.known(leased).await?;
        loop {
            let step = plan.step(&mut fetch, &mut state, &known).await;
            (tally.requests, tally.bytes) = fetch.used();
            let step = match step {
                Ok(step) => step,
                Err(error) => {
                    let result = if error.is_limit() { "partial" } else { "failed" };
                    return Ok(ended(result, Some(error.to_string()), tally, true));
                }
            };
            let done = step.done;
            self.keep(leased, step, (&mut known, &mut tally), clock()).await?;
            if !self.note(leased, &state, &tally, clock()).await? {
                return Ok(ended("failed", None, tally, false));
            }
            if done {
                return Ok(ended("succeeded", None, tally, true));
            }
        }
    }

    async fn known(&self, leased: &Leased) -> Result<Known, StoreError> {
        let (tenant, id) = (leased.tenant.clone(), leased.id);
        let read = move |conn: &mut Connection| store::knowledge::of_crawl(conn, &tenant, id);
        Ok(self.knowledge.store.call("crawl_known", read).await?.into_iter().collect())
    }

    async fn keep(
        &self,
        leased: &Leased,
        step: Step,
        (known, tally): (&mut Known, &mut Tally),
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        tally.seen += step.seen;
        for read in step.read {
            let (id, revision) = (read.id.clone(), read.revision.clone());
            match self.knowledge.index(&leased.tenant, document(leased, read), now).await {
                Ok(indexed) => tally.changed += i32::from(indexed.kept != crate::Kept::Same),
                Err(KnowledgeError::Store(error)) => return Err(error),
                // One page that is empty or too large does not stop the others.
                Err(unfit) => tracing::info!(crawl = %leased.id, document = id, %unfit, "a document is not kept"),
            }
            known.insert(id, revision);
        }
        if !step.gone.is_empty() {
            let (tenant, id, gone) = (leased.tenant.clone(), leased.id, step.gone);
            gone.iter().for_each(|id| _ = known.remove(id));
            let forget = move |conn: &mut Connection| store::knowledge::remove_gone(conn, &tenant, id, &gone);
            let forgotten = self.knowledge.store.call("crawl_gone", forget).await?;
            tally.deleted += i32::try_from(forgotten).unwrap_or(i32::MAX);
        }
        Ok(())
    }

    async fn note(
        &self,
        leased: &Leased,
        state: &Value,
        tally: &Tally,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (leased, state, tally) = (leased.clone(), state.clone(), tally.clone());
        let note = move |conn: &mut Connection| crawls::note(conn, &leased, (&state, &tally), now + LEASE);
        self.knowledge.store.call("crawl_note", note).await
    }
}

fn document(leased: &Leased, read: Read) -> Document {
    let Read { id, url, title, text, revision, meta } = read;
    Document {
        collection: leased.collection.clone(),
        id,
        source: leased.kind.clone(),
        url,
        title,
        text,
        language: None,
        revision,
        meta,
        cut: Cut::USUAL,
        crawl: Some(leased.id),
    }
}
