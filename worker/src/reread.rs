//! Reads one stored delivery again by today's code, and tells today's events from those that it has.
//!
//! All that is kept of an event is compared but the trace, which is the delivery's. The events of both readings are
//! matched by their ids: the same delivery and place give the same id. Nothing is written here.

use chrono::{DateTime, TimeDelta, Utc};
use domain::event::Event;
use domain::ids::{EventId, TenantId};
use domain::rules::Rules;
use integrations::{Headers, Integration, Sources};
use store::events::EventRow;
use store::replays::{Renewed, Stored};

/// What a delivery is read with: the sources there are, and the installation's rules.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    pub rules: Rules,
    pub sources: Sources,
}

/// What today's code makes of a delivery, beside what it has.
pub(crate) struct Reread {
    pub(crate) integration: &'static Integration,
    pub(crate) changes: Vec<Change>,
    /// Types of events that stay as they are.
    pub(crate) unchanged: Vec<String>,
    ids: Vec<EventId>,
    is_unmapped: bool,
}

/// One event that is not what it was.
pub(crate) enum Change {
    Added(Event),
    Removed(EventRow),
    Altered { old: Box<EventRow>, new: Event },
}

/// Whose events a job has every consumer process once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owe {
    All,
    Changed,
}

/// `None`: its source is not one of ours any more; its events stay.
pub(crate) fn reread(tenant: &TenantId, stored: &Stored, reading: &Reading) -> Option<Reread> {
    let Some(integration) = reading.sources.find(&stored.source) else {
        tracing::warn!(delivery = %stored.id, source = stored.source, "no such source any more: left as it is");
        return None;
    };
    let pairs: Vec<(String, String)> = serde_json::from_value(stored.headers.clone()).unwrap_or_default();
    let headers: Headers<'_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let drafts = integrations::normalize(integration, &stored.kind, &headers, &stored.body, &reading.rules);
    let today = Event::seal(drafts, integration.name, tenant, stored.id, stored.traceparent());
    Some(compare(integration, &stored.events, today))
}

fn compare(integration: &'static Integration, before: &[EventRow], today: Vec<Event>) -> Reread {
    let ids: Vec<EventId> = today.iter().map(|event| event.id).collect();
    let is_unmapped = today.iter().any(|event| event.kind.is_unmapped());
    let (mut changes, mut unchanged) = (Vec::new(), Vec::new());
    for new in today {
        match before.iter().find(|old| old.id == new.id.0) {
            None => changes.push(Change::Added(new)),
            Some(old) if is_same(old, &new) => unchanged.push(old.kind.clone()),
            Some(old) => changes.push(Change::Altered { old: Box::new(old.clone()), new }),
        }
    }
    let gone = before.iter().filter(|old| !ids.contains(&EventId(old.id)));
    changes.extend(gone.cloned().map(Change::Removed));
    Reread { integration, changes, unchanged, ids, is_unmapped }
}

impl Reread {
    pub(crate) fn is_same(&self) -> bool {
        self.changes.is_empty()
    }

    /// How its rows are to be written.
    pub(crate) fn renewed(self, stored: &Stored, owe: Owe) -> Renewed {
        let mut renewed = Renewed {
            delivery: stored.id,
            mapping_version: self.integration.mapping_version,
            event_count: self.ids.len(),
            is_unmapped: self.is_unmapped,
            added: Vec::new(),
            altered: Vec::new(),
            removed: Vec::new(),
            owed: Vec::new(),
        };
        for change in self.changes {
            match change {
                Change::Added(event) => renewed.added.push(event),
                Change::Altered { new, .. } => renewed.altered.push(new),
                Change::Removed(old) => renewed.removed.push(EventId(old.id)),
            }
        }
        renewed.owed = match owe {
            Owe::All => self.ids,
            Owe::Changed => renewed.added.iter().chain(&renewed.altered).map(|event| event.id).collect(),
        };
        renewed
    }
}

fn is_same(old: &EventRow, new: &Event) -> bool {
    let facets = (&old.repo, &old.service, &old.environment, &old.actor);
    let said = (&old.integration, &old.source, old.kind.as_str(), &old.subject);
    said == (&new.integration, &new.source, new.kind.as_str(), &new.subject)
        && facets == (&new.facets.repo, &new.facets.service, &new.facets.environment, &new.facets.actor)
        && is_same_time(old.time, new.time)
        && old.data.0.get() == new.data.get()
}

/// Whether the database keeps both times as the same one: microseconds from the beginning of its calendar.
pub(crate) fn is_same_time(kept: DateTime<Utc>, time: DateTime<Utc>) -> bool {
    let first_day = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(10_957);
    (kept - first_day).num_microseconds() == (time - first_day).num_microseconds()
}

#[cfg(test)]
mod tests {
    use super::is_same_time;

    #[test]
    fn times_are_the_same_when_the_database_keeps_them_so() {
        let at = |text: &str| text.parse().expect("a time");
        assert!(is_same_time(at("2026-11-20T18:44:07.123456Z"), at("2026-11-20T18:44:07.123456999Z")));
        assert!(!is_same_time(at("2026-11-20T18:44:07.123456Z"), at("2026-11-20T18:44:07.123457Z")));
        assert!(is_same_time(at("1999-12-31T23:59:59.999999Z"), at("1999-12-31T23:59:59.999998001Z")));
    }
}
