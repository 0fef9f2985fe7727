//! What events say about commits, ref moves, changes, deployments, artifacts, incidents and quality: facts that any order
//! and any repetition of the same events add up to in the same way.
//!
//! An entity's fields are registers ([`registers`]): the fact with the newest revision wins, ties are broken by the
//! content of the event, never by its arrival. What an event does not say stays as it was known. Sets (edges, statuses,
//! components, contents) only grow. [`Entities`] is such a sum; the store merges it into the rows it has.
//! [`engine`] makes the facts of the metrics of it. Nothing here may read the clock or depend on what came first.

pub mod artifacts;
pub mod branches;
pub mod changes;
pub mod commits;
pub mod deployments;
pub mod engine;
pub mod facts;
pub mod histogram;
pub mod incidents;
pub mod links;
pub mod quality;
pub mod registers;
pub mod touched;

#[cfg(test)]
mod order;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SubsecRound, Utc};
use serde::de::DeserializeOwned;

use crate::canonical;
use crate::data::Common;
use crate::event::Event;
use crate::ids::EventId;
use artifacts::{ArtifactFacts, ArtifactKey};
use branches::{BranchCommitFacts, BranchCommitKey};
use changes::{ChangeFacts, ChangeKey};
use commits::{CommitFacts, CommitKey, Edge, MoveFacts, MoveKey};
use deployments::{
    ComponentFacts, ComponentKey, Contained, DeploymentFacts, DeploymentKey, ImageFacts, ImageKey, Status,
};
use incidents::{IncidentFacts, IncidentKey};
use links::{LinkFacts, LinkKey};
use quality::Report;
use registers::Stamp;
use touched::Touched;

/// The types of events that say something about entities; a consumer needs no others.
pub const TYPES: &[&str] =
    &["artifact.*", "change.*", "commits.*", "coverage.*", "deployment.*", "incident.*", "link.*", "quality_gate.*"];

/// The sum of what some events say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entities {
    pub commits: BTreeMap<CommitKey, CommitFacts>,
    pub edges: BTreeSet<Edge>,
    pub moves: BTreeMap<MoveKey, MoveFacts>,
    pub branch_commits: BTreeMap<BranchCommitKey, BranchCommitFacts>,
    pub changes: BTreeMap<ChangeKey, ChangeFacts>,
    pub deployments: BTreeMap<DeploymentKey, DeploymentFacts>,
    pub statuses: BTreeMap<DeploymentKey, BTreeSet<Status>>,
    pub components: BTreeMap<ComponentKey, ComponentFacts>,
    pub images: BTreeMap<ImageKey, ImageFacts>,
    pub contents: BTreeSet<Contained>,
    pub artifacts: BTreeMap<ArtifactKey, ArtifactFacts>,
    pub incidents: BTreeMap<IncidentKey, IncidentFacts>,
    pub links: BTreeMap<LinkKey, LinkFacts>,
    pub quality: BTreeMap<EventId, Report>,
    pub touched: Touched,
}

/// The event's data has not the shape of its noun.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the data of event {event} cannot be read as {noun}: {why}")]
pub struct Unreadable {
    event: String,
    noun: String,
    why: String,
}

impl Entities {
    /// Adds what an event says. Types that say nothing about entities are passed over; an event that cannot be read
    /// adds nothing.
    pub fn add(&mut self, event: &Event) -> Result<(), Unreadable> {
        match event.kind.noun() {
            "artifact" => self.add_artifact(event, read(event)?, read(event)?),
            "change" => self.add_change(event, read(event)?, &read(event)?),
            "commits" => self.add_commits(event, read(event)?, &read(event)?),
            "coverage" => self.add_coverage(event, read(event)?, &read(event)?),
            "deployment" => self.add_deployment(event, read(event)?, &read(event)?),
            "incident" => self.add_incident(event, read(event)?, read(event)?),
            "link" => self.add_link(event, &read(event)?, read(event)?),
            "quality_gate" => self.add_quality_gate(event, read(event)?, read(event)?),
            _ => {}
        }
        Ok(())
    }

    /// The sum of all that can be read.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<Self, Unreadable> {
        let mut sum = Self::default();
        events.into_iter().try_for_each(|event| sum.add(event))?;
        Ok(sum)
    }
}

fn read<T: DeserializeOwned>(event: &Event) -> Result<T, Unreadable> {
    serde_json::from_str(event.data.get()).map_err(|error| Unreadable {
        event: event.id.to_string(),
        noun: event.kind.noun().to_owned(),
        why: error.to_string(),
    })
}

/// When a fact was so: the source's revision, else the latest of the times it names, else the event's time.
fn stamp(event: &Event, common: &Common, times: &[Option<DateTime<Utc>>]) -> Stamp {
    let latest = times.iter().flatten().max().copied();
    let at = common.revision.or(latest).unwrap_or(event.time);
    Stamp { at: micros(at), tie: canonical::tie(event) }
}

/// The precision that the database keeps: comparing finer times would give another winner before than after storing.
fn micros(time: DateTime<Utc>) -> DateTime<Utc> {
    time.trunc_subsecs(6)
}
