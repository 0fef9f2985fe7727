//! `workitem.…`: every work item is a ticket; one with an incident label among its tags, or of such a type, is an
//! incident as well.
//!
//! States are an organization's own words: only the usual words for an end close a ticket. Ids are the organization's.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Common, Ticket};
use domain::event::Draft;
use domain::rules::Rules;
use serde::Deserialize;

use super::payloads::{Envelope, Identity, Links};
use super::work_item_fields::{Changes, Fields, is_done, tags};
use crate::drafts::{NAME, TITLE, labels, text};
use crate::json::{Id, Text};
use crate::tickets::{DONE, Happened, Ticketed, is_incident_type};

/// What happened to the work item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Created,
    Updated,
    Deleted,
    Restored,
}

impl What {
    pub(super) fn of(kind: &str) -> Option<Self> {
        Some(match kind.strip_prefix("workitem.")? {
            "created" => Self::Created,
            "commented" => Self::Updated,
            "deleted" => Self::Deleted,
            "restored" => Self::Restored,
            _ => return None,
        })
    }
}

/// Of every event but an update.
#[derive(Deserialize)]
pub(super) struct Item<'a> {
    id: Option<Id>,
    #[serde(borrow)]
    fields: Option<Fields<'a>>,
    #[serde(borrow, rename = "_links")]
    links: Option<Links<'a>>,
}

/// Its `id` is that of the update, and `revisedDate` of the newest one is the year 9999.
#[derive(Deserialize)]
pub(super) struct Update<'a> {
    #[serde(rename = "workItemId")]
    id: Option<Id>,
    /// Those that changed.
    #[serde(borrow)]
    fields: Option<Changes<'a>>,
    /// The item as the update left it.
    #[serde(borrow)]
    revision: Option<Revision<'a>>,
    #[serde(borrow, rename = "revisedBy")]
    revised_by: Option<Identity<'a>>,
    #[serde(borrow, rename = "_links")]
    links: Option<Links<'a>>,
}

#[derive(Deserialize)]
struct Revision<'a> {
    #[serde(borrow)]
    fields: Option<Fields<'a>>,
}

/// What is now, and what was before this event, where it changed.
#[derive(Default)]
struct Moment<'a> {
    is: Fields<'a>,
    was_state: Option<Text<'a>>,
    was_tags: Option<Text<'a>>,
    url: Option<String>,
    actor: Option<Actor>,
    /// When the event was made.
    told: Option<DateTime<Utc>>,
}

pub(super) fn drafts(what: What, event: Envelope<Item<'_>>, rules: &Rules) -> Vec<Draft> {
    let Some(item) = event.resource else { return Vec::new() };
    let Some(id) = item.id else { return Vec::new() };
    let moment = Moment {
        is: item.fields.unwrap_or_default(),
        url: item.links.as_ref().and_then(Links::page),
        told: event.created,
        ..Moment::default()
    };
    moment.drafts(what, id.0, rules)
}

pub(super) fn update_drafts(event: Envelope<Update<'_>>, rules: &Rules) -> Vec<Draft> {
    let Some(update) = event.resource else { return Vec::new() };
    let Some(id) = update.id else { return Vec::new() };
    let mut is = update.revision.and_then(|revision| revision.fields).unwrap_or_default();
    let (state, tags) = update.fields.map(|changes| (changes.state, changes.tags)).unwrap_or_default();
    let (was_state, now) = state.map(|state| (state.old, state.new)).unwrap_or_default();
    is.state = now.or(is.state);
    let moment = Moment {
        is,
        was_state,
        // An item without tags has no such field.
        was_tags: tags.map(|tags| tags.old.unwrap_or_default()),
        url: update.links.as_ref().and_then(Links::page),
        actor: update.revised_by.as_ref().map(|who| who.actor(rules)),
        told: event.created,
    };
    moment.drafts(What::Updated, id.0, rules)
}

impl Moment<'_> {
    fn drafts(self, what: What, id: String, rules: &Rules) -> Vec<Draft> {
        let fields = &self.is;
        let at = match what {
            What::Created => fields.created.or(self.told),
            // Deleting and restoring do not always count as changes.
            What::Deleted | What::Restored => self.told,
            What::Updated => fields.changed.or(self.told),
        };
        let (was_incident, is_incident) = self.incident(rules);
        let ticketed = Ticketed {
            source: "azuredevops",
            scope: text(fields.project.as_ref(), NAME).unwrap_or_default(),
            key: id,
            happened: self.happened(what),
            at,
            ticket: self.ticket(at, rules),
            is_incident,
            was_incident,
            severity: text(fields.severity.as_ref(), NAME),
            common: Common {
                actor: self.actor.clone().or_else(|| fields.changed_by.as_ref()?.actor(rules)),
                url: self.url.clone(),
                labels: labels(tags(fields.tags.as_deref().unwrap_or_default())),
                revision: fields.changed.max(at),
                ..Common::default()
            },
        };
        ticketed.drafts()
    }

    fn is_done(&self) -> bool {
        self.is.state.as_deref().is_some_and(is_done)
    }

    fn was_done(&self) -> bool {
        self.was_state.as_deref().is_some_and(is_done)
    }

    fn happened(&self, what: What) -> Happened {
        match (what, &self.was_state) {
            (What::Created, _) => Happened::Created,
            (What::Deleted, _) => Happened::Deleted,
            (_, None) => Happened::Updated,
            _ => match (self.was_done(), self.is_done()) {
                (false, true) => Happened::Closed,
                (true, false) => Happened::Reopened,
                _ => Happened::Moved,
            },
        }
    }

    /// Whether it was an incident before this event, and is one after it.
    fn incident(&self, rules: &Rules) -> (bool, bool) {
        let by_type = self.is.kind.as_deref().is_some_and(|kind| is_incident_type(kind, rules));
        let marked = |list: &str| tags(list).any(|tag| rules.is_incident_label(tag));
        let is = by_type || self.is.tags.as_deref().is_some_and(marked);
        (by_type || self.was_tags.as_deref().map_or(is, marked), is)
    }

    /// When it ended, while it is so: its own time, or that of the event that ended it.
    fn ended(&self, at: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        let now = at.filter(|_| self.was_state.is_some() && !self.was_done());
        self.is.closed.or(now).filter(|_| self.is_done())
    }

    fn ticket(&self, at: Option<DateTime<Utc>>, rules: &Rules) -> Ticket {
        let fields = &self.is;
        Ticket {
            kind: text(fields.kind.as_ref(), NAME),
            title: text(fields.title.as_ref(), TITLE),
            status: text(fields.state.as_ref(), NAME),
            status_category: self.is_done().then(|| DONE.to_owned()),
            from_status: text(self.was_state.as_ref(), NAME),
            assignee: fields.assigned_to.as_ref().and_then(|who| who.actor(rules)),
            sprint: text(fields.iteration.as_ref(), NAME),
            estimate: fields.points,
            parent: fields.parent.as_ref().map(|parent| parent.0.clone()),
            created_at: fields.created,
            closed_at: self.ended(at),
            ..Ticket::default()
        }
    }
}
