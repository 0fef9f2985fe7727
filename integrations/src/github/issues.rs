//! `issues`: every issue is a ticket; one with an incident label is an incident as well.
//!
//! An issue becomes an incident when it is opened with such a label or gets one, and is none any more (`deleted`)
//! when it loses the last one, is deleted, or moves to another repository. Its key is `owner/repo#n`: numbers alone
//! collide between repositories.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Body, Common, Incident, Ticket};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{Label, NAME, Repository, TITLE, URL, User, common, draft, label_names, text};
use crate::json::{self, Text};

#[derive(Deserialize)]
pub(super) struct IssueEvent<'a> {
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    issue: Issue<'a>,
    /// The label that was put on or taken off.
    #[serde(borrow)]
    label: Option<Label<'a>>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    sender: Option<User<'a>>,
}

#[derive(Deserialize)]
struct Issue<'a> {
    number: i64,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    state: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    labels: Vec<Label<'a>>,
    #[serde(borrow)]
    assignee: Option<User<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Label<'a>>,
    #[serde(borrow)]
    html_url: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    closed_at: Option<DateTime<Utc>>,
}

pub(super) fn drafts(event: IssueEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let issue = &event.issue;
    let key = format!("{}#{}", event.repository.name(), issue.number);
    let subject = format!("github:{key}");
    let mut base = common(&event.repository, event.sender.as_ref(), rules);
    base.labels = label_names(&issue.labels);
    base.url = text(issue.html_url.as_ref(), URL);
    base.revision = issue.updated_at;
    let action = event.action.as_deref().unwrap_or_default();
    let at = match action {
        "opened" => issue.created_at,
        "closed" => issue.closed_at,
        _ => issue.updated_at,
    };
    let at = at.or(issue.updated_at);
    let mut drafts = Vec::with_capacity(2);
    if let Some((kind, gone)) = incident_kind(action, &event, rules) {
        let base = Common { service: base.repo.clone(), ..base.clone() };
        let fact = Body::Incident(issue.incident(&key, gone));
        drafts.push(draft(kind, subject.clone(), at, base, fact));
    }
    let assignee = issue.assignee.as_ref().map(|user| user.actor(rules));
    drafts.push(draft(ticket_kind(action), subject, at, base, Body::Ticket(issue.ticket(key, assignee))));
    drafts
}

fn ticket_kind(action: &str) -> &'static str {
    match action {
        "opened" => "ticket.created",
        "closed" => "ticket.closed",
        // From closed back to open.
        "reopened" => "ticket.moved",
        "deleted" | "transferred" => "ticket.deleted",
        _ => "ticket.updated",
    }
}

/// What happened to the incident that the issue is, and whether it is one no longer.
fn incident_kind(action: &str, event: &IssueEvent<'_>, rules: &Rules) -> Option<(&'static str, bool)> {
    let marked = event.issue.labels.iter().any(|label| label.marks_incident(rules));
    let touched = event.label.as_ref().is_some_and(|label| label.marks_incident(rules));
    match (action, marked) {
        ("unlabeled", false) if touched => Some(("incident.updated", true)),
        (_, false) => None,
        ("opened", _) => Some(("incident.opened", false)),
        ("labeled", _) if touched => Some(("incident.opened", false)),
        ("closed", _) => Some(("incident.resolved", false)),
        ("reopened", _) => Some(("incident.reopened", false)),
        ("deleted" | "transferred", _) => Some(("incident.updated", true)),
        _ => Some(("incident.updated", false)),
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
            opened_at: self.created_at,
            resolved_at: self.closed_at.filter(|_| self.is_closed()),
            deleted: Some(gone),
            ..Incident::default()
        }
    }

    fn ticket(&self, key: String, assignee: Option<Actor>) -> Ticket {
        Ticket {
            key: Some(key),
            kind: self.kind.as_ref().and_then(|kind| text(kind.name.as_ref(), NAME)),
            title: text(self.title.as_ref(), TITLE),
            status: text(self.state.as_ref(), NAME),
            status_category: self.is_closed().then(|| "done".to_owned()),
            assignee,
            created_at: self.created_at,
            closed_at: self.closed_at.filter(|_| self.is_closed()),
            ..Ticket::default()
        }
    }
}
