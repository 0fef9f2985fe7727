//! The report of a walk: deliveries, events by type, and some examples of what would change.

use std::collections::BTreeMap;

use domain::event::Event;
use domain::ids::{DeliveryId, EventId};
use serde::Serialize;
use store::events::EventRow;

use super::differences::{Difference, differences};
use crate::reread::{Change, Reread};

/// What re-normalizing would change.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    pub deliveries: Deliveries,
    pub events: Counts,
    /// By type; of an event whose type changes, by the new one.
    pub types: BTreeMap<String, Counts>,
    pub examples: Vec<Example>,
    #[serde(skip)]
    examples_each: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Deliveries {
    /// Looked at, whatever mapping has read them.
    pub seen: u64,
    /// Read by another mapping than today's.
    pub of_another_mapping: u64,
    /// Of a source that is not ours any more: they stay as they are.
    pub of_unknown_source: u64,
    /// Read again for this report.
    pub read_again: u64,
    /// That would mean something else.
    pub changed: u64,
    /// Their raw bytes are gone: they stay as they are.
    pub not_readable: u64,
    /// The events of those.
    pub not_readable_events: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub added: u64,
    pub removed: u64,
    pub altered: u64,
    pub unchanged: u64,
}

/// What happens to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    Added,
    Removed,
    Altered,
}

/// One event that would change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Example {
    pub change: What,
    pub id: EventId,
    pub delivery: DeliveryId,
    #[serde(rename = "type")]
    pub kind: String,
    pub subject: String,
    /// Of altered events: the first fields that differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Difference>,
    /// How many more differ.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_fields: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.added += other.added;
        self.removed += other.removed;
        self.altered += other.altered;
        self.unchanged += other.unchanged;
    }

    fn of(change: What) -> Self {
        let one = |what| u64::from(change == what);
        Self { added: one(What::Added), removed: one(What::Removed), altered: one(What::Altered), unchanged: 0 }
    }
}

impl Report {
    pub(super) fn new(examples_each: usize) -> Self {
        Self { examples_each, ..Self::default() }
    }

    /// Examples of each kind of change to each type.
    pub(super) fn examples_each(&self) -> usize {
        self.examples_each
    }

    /// Whether applying would write anything, be it only which mapping has read a delivery.
    pub fn has_work(&self) -> bool {
        self.deliveries.changed > 0 || self.deliveries.of_another_mapping > 0
    }

    /// Adds a delivery that was looked at, and whether another mapping has read it; `None`: nobody knows its source.
    pub(super) fn add_seen(&mut self, of_another_mapping: Option<bool>) {
        self.deliveries.seen += 1;
        self.deliveries.of_another_mapping += u64::from(of_another_mapping == Some(true));
        self.deliveries.of_unknown_source += u64::from(of_another_mapping.is_none());
    }

    pub(super) fn add_unreadable(&mut self, deliveries: usize, events: usize) {
        self.deliveries.not_readable += deliveries as u64;
        self.deliveries.not_readable_events += events as u64;
    }

    pub(super) fn add_reread(&mut self, delivery: DeliveryId, reread: &Reread) {
        self.deliveries.read_again += 1;
        self.deliveries.changed += u64::from(!reread.is_same());
        for kind in &reread.unchanged {
            self.count(kind, Counts { unchanged: 1, ..Counts::default() });
        }
        for change in &reread.changes {
            let (what, kind) = named(change);
            self.count(kind, Counts::of(what));
            if self.wants_example(what, kind) {
                self.examples.push(example(delivery, change));
            }
        }
    }

    /// Adds what a later part of the walk has found.
    pub(super) fn add(&mut self, later: Report) {
        let (mine, theirs) = (&mut self.deliveries, later.deliveries);
        mine.seen += theirs.seen;
        mine.of_another_mapping += theirs.of_another_mapping;
        mine.of_unknown_source += theirs.of_unknown_source;
        mine.read_again += theirs.read_again;
        mine.changed += theirs.changed;
        mine.not_readable += theirs.not_readable;
        mine.not_readable_events += theirs.not_readable_events;
        for (kind, counts) in later.types {
            self.count(&kind, counts);
        }
        for example in later.examples {
            if self.wants_example(example.change, &example.kind) {
                self.examples.push(example);
            }
        }
    }

    fn count(&mut self, kind: &str, counts: Counts) {
        self.events.add(counts);
        match self.types.get_mut(kind) {
            Some(of_type) => of_type.add(counts),
            None => drop(self.types.insert(kind.to_owned(), counts)),
        }
    }

    fn wants_example(&self, what: What, kind: &str) -> bool {
        let alike = self.examples.iter().filter(|example| example.change == what && example.kind == kind);
        alike.count() < self.examples_each
    }
}

fn named(change: &Change) -> (What, &str) {
    match change {
        Change::Added(event) => (What::Added, event.kind.as_str()),
        Change::Removed(old) => (What::Removed, &old.kind),
        Change::Altered { new, .. } => (What::Altered, new.kind.as_str()),
    }
}

fn example(delivery: DeliveryId, change: &Change) -> Example {
    let (what, kind) = named(change);
    let of = |id, subject: &str| Example {
        change: what,
        id,
        delivery,
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        fields: Vec::new(),
        more_fields: 0,
    };
    match change {
        Change::Added(Event { id, subject, .. }) => of(*id, subject),
        Change::Removed(EventRow { id, subject, .. }) => of(EventId(*id), subject),
        Change::Altered { old, new } => {
            let (fields, more_fields) = differences(old, new);
            Example { fields, more_fields, ..of(new.id, &new.subject) }
        }
    }
}
