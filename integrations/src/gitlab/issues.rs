//! `issue` and `work_item`: every one is a ticket; one of the type incident, or with an incident label, is an incident
//! as well.
//!
//! It becomes an incident when it gets such a label and is none any more (`deleted`) when it loses the last one. Its key
//! is `group/project#n`: numbers alone collide between projects.

use chrono::{DateTime, Utc};
use domain::data::{Body, Common, Incident, Ticket};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{Changed, Label, Project, User, common, label_names, marks_incident};
use crate::drafts::{NAME, TITLE, URL, draft, text};
use crate::json::{self, Id, Text};

#[derive(Deserialize)]
pub(super) struct IssueEvent<'a> {
    #[serde(borrow)]
    object_attributes: Issue<'a>,
    #[serde(borrow)]
    project: Option<Project<'a>>,
    #[serde(borrow)]
    user: Option<User<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    assignees: Vec<User<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    labels: Vec<Label<'a>>,
    #[serde(borrow)]
    changes: Option<Changes<'a>>,
}

#[derive(Deserialize)]
struct Changes<'a> {
    #[serde(borrow)]
    labels: Option<Changed<Vec<Label<'a>>>>,
    /// 1: opened, 2: closed.
    state_id: Option<Changed<i64>>,
}

#[derive(Deserialize)]
struct Issue<'a> {
    /// The same in all projects.
    id: Id,
    iid: Option<Id>,
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    state: Option<Text<'a>>,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    /// Since 17.2.
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    severity: Option<Text<'a>>,
    weight: Option<f64>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    closed_at: Option<DateTime<Utc>>,
}

pub(super) fn drafts(event: IssueEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let issue = &event.object_attributes;
    let action = issue.action.as_deref().unwrap_or("update");
    let Some(kind) = ticket_kind(action) else { return Vec::new() };
    let mut base =
        common(event.project.as_ref().unwrap_or(&Project::default()), event.user.as_ref(), issue.updated_at, rules);
    let key = match (&base.repo, &issue.iid) {
        (Some(project), Some(iid)) => format!("{project}#{}", iid.0),
        // Epics belong to a group, which is not told.
        _ => issue.id.0.clone(),
    };
    let subject = format!("gitlab:{key}");
    base.labels = label_names(&event.labels);
    base.url = text(issue.url.as_ref(), URL);
    let at = match action {
        "open" => issue.created_at,
        "close" => issue.closed_at,
        _ => issue.updated_at,
    };
    let at = at.or(issue.updated_at);
    let scope = base.repo.clone().unwrap_or_default();
    let mut drafts = Vec::with_capacity(2);
    if let Some((kind, gone)) = incident_kind(action, &event, rules) {
        let base = Common { service: base.repo.clone(), ..base.clone() };
        drafts.push(draft(kind, &scope, subject.clone(), at, base, Body::Incident(issue.incident(&key, gone))));
    }
    let ticket = Ticket {
        assignee: event.assignees.first().map(|user| user.actor(rules)),
        from_status: event.changes.as_ref().and_then(Changes::state_before),
        ..issue.ticket(key)
    };
    drafts.push(draft(kind, &scope, subject, at, base, Body::Ticket(ticket)));
    drafts
}

fn ticket_kind(action: &str) -> Option<&'static str> {
    Some(match action {
        "open" => "ticket.created",
        "close" => "ticket.closed",
        // From closed back to open.
        "reopen" => "ticket.moved",
        "update" => "ticket.updated",
        _ => return None,
    })
}

/// What happened to the incident that the issue is, and whether it is one no longer.
fn incident_kind(action: &str, event: &IssueEvent<'_>, rules: &Rules) -> Option<(&'static str, bool)> {
    let by_type = event.object_attributes.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("incident"));
    let is = by_type || marks_incident(&event.labels, rules);
    let labels = event.changes.as_ref().and_then(|changes| changes.labels.as_ref());
    let labelled = labels.and_then(|labels| labels.previous.as_ref()).map(|labels| marks_incident(labels, rules));
    let was = by_type || labelled.unwrap_or(is);
    match (action, was, is) {
        ("update", true, false) => Some(("incident.updated", true)),
        (_, _, false) => None,
        ("open", ..) | ("update", false, true) => Some(("incident.opened", false)),
        ("close", ..) => Some(("incident.resolved", false)),
        ("reopen", ..) => Some(("incident.reopened", false)),
        _ => Some(("incident.updated", false)),
    }
}

impl Changes<'_> {
    fn state_before(&self) -> Option<String> {
        let word = match self.state_id.as_ref()?.previous? {
            1 => "opened",
            2 => "closed",
            _ => return None,
        };
        Some(word.to_owned())
    }
}

impl Issue<'_> {
    fn is_closed(&self) -> bool {
        self.state.as_deref() == Some("closed")
    }

    fn incident(&self, key: &str, gone: bool) -> Incident {
        Incident {
            incident_id: Some(key.to_owned()),
            title: text(self.title.as_ref(), TITLE),
            severity: text(self.severity.as_ref(), NAME).filter(|severity| severity != "unknown"),
            opened_at: self.created_at,
            resolved_at: self.closed_at.filter(|_| self.is_closed()),
            deleted: Some(gone),
            ..Incident::default()
        }
    }

    fn ticket(&self, key: String) -> Ticket {
        Ticket {
            key: Some(key),
            kind: text(self.kind.as_ref(), NAME),
            title: text(self.title.as_ref(), TITLE),
            status: text(self.state.as_ref(), NAME),
            status_category: self.is_closed().then(|| "done".to_owned()),
            estimate: self.weight,
            created_at: self.created_at,
            closed_at: self.closed_at.filter(|_| self.is_closed()),
            ..Ticket::default()
        }
    }
}
