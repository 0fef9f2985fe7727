//! A ticket at one time, in whatever source: what happened to it, and to the incident that it is where its type or a
//! label says that it is one.
//!
//! A ticket becomes an incident when it is made as one or gets the label or type, and is none any more (`deleted`) when
//! it loses them, or is deleted. What is not told of a ticket is absent: sources often send only what changed.

use chrono::{DateTime, Utc};
use domain::data::{Body, Common, Incident, Ticket};
use domain::event::Draft;
use domain::rules::Rules;

use crate::drafts::draft;

/// What happened to a ticket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Happened {
    Created,
    #[default]
    Updated,
    /// From one status to another, which is not the end.
    Moved,
    /// To a status that is the end: done, or given up.
    Closed,
    /// From such a status to another.
    Reopened,
    Deleted,
}

/// Where a status stands, in words of ours for every source.
pub(crate) const NEW: &str = "new";
pub(crate) const UNDERWAY: &str = "indeterminate";
pub(crate) const DONE: &str = "done";

/// One ticket at one time. All texts are cleaned already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ticketed {
    pub(crate) source: &'static str,
    /// The project, team or workspace in the source.
    pub(crate) scope: String,
    pub(crate) key: String,
    pub(crate) happened: Happened,
    /// The source's time of this fact.
    pub(crate) at: Option<DateTime<Utc>>,
    /// Its key is set here.
    pub(crate) ticket: Ticket,
    pub(crate) is_incident: bool,
    /// It was one before this.
    pub(crate) was_incident: bool,
    /// Of the incident.
    pub(crate) severity: Option<String>,
    /// Labels, actor, url, service, revision.
    pub(crate) common: Common,
}

impl Ticketed {
    /// The incident if it is or was one, and the ticket.
    pub(crate) fn drafts(self) -> Vec<Draft> {
        let subject = format!("{}:{}", self.source, self.key);
        let mut drafts = Vec::with_capacity(2);
        if let Some((kind, gone)) = self.incident_kind() {
            let fact = Body::Incident(self.incident(gone));
            drafts.push(draft(kind, &self.scope, subject.clone(), self.at, self.common.clone(), fact));
        }
        let kind = match self.happened {
            Happened::Created => "ticket.created",
            Happened::Updated => "ticket.updated",
            Happened::Moved | Happened::Reopened => "ticket.moved",
            Happened::Closed => "ticket.closed",
            Happened::Deleted => "ticket.deleted",
        };
        let ticket = Ticket { key: Some(self.key), ..self.ticket };
        drafts.push(draft(kind, &self.scope, subject, self.at, self.common, Body::Ticket(ticket)));
        drafts
    }

    /// What happened to the incident, and whether it is one no longer.
    fn incident_kind(&self) -> Option<(&'static str, bool)> {
        match (self.was_incident, self.is_incident, self.happened) {
            (false, false, _) => None,
            (true, false, _) | (_, _, Happened::Deleted) => Some(("incident.updated", true)),
            (false, true, _) | (_, _, Happened::Created) => Some(("incident.opened", false)),
            (_, _, Happened::Closed) => Some(("incident.resolved", false)),
            (_, _, Happened::Reopened) => Some(("incident.reopened", false)),
            (_, _, Happened::Updated | Happened::Moved) => Some(("incident.updated", false)),
        }
    }

    fn incident(&self, gone: bool) -> Incident {
        Incident {
            incident_id: Some(self.key.clone()),
            title: self.ticket.title.clone(),
            severity: self.severity.clone(),
            opened_at: self.ticket.created_at,
            resolved_at: self.ticket.closed_at,
            deleted: Some(gone),
            ..Incident::default()
        }
    }
}

/// Whether the name of a ticket's type says incident: as a word of it, `[System] Incident`.
pub(crate) fn is_incident_type(name: &str, rules: &Rules) -> bool {
    name.split(|c: char| !c.is_alphanumeric()).any(|word| rules.is_incident_label(word))
        || rules.is_incident_label(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_says_incident_as_a_whole_word() {
        let rules = Rules::default();
        for (name, expected) in [
            ("Incident", true),
            ("[System] Incident", true),
            ("Production incident", true),
            ("Incidental", false),
            ("Bug", false),
            ("", false),
        ] {
            assert_eq!(is_incident_type(name, &rules), expected, "{name}");
        }
    }
}
