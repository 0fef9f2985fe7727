//! `issue` and `work_item`: every one is a ticket; one of the type incident, or with an incident label, is an incident
//! as well.
//!
//! It becomes an incident when it gets such a label and is none any more (`deleted`) when it loses the last one. Its key
//! is `group/project#n`: numbers alone collide between projects.

use chrono::{DateTime, Utc};
use domain::data::{Common, Ticket};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{Changed, Label, Project, User, label_names, marks_incident};
use crate::drafts::{NAME, TITLE, URL, text};
use crate::json::{self, Id, Text};
use crate::tickets::{DONE, Happened, Ticketed, is_incident_type};

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
    let (happened, at) = match issue.action.as_deref() {
        Some("open") => (Happened::Created, issue.created_at),
        Some("close") => (Happened::Closed, issue.closed_at),
        Some("reopen") => (Happened::Reopened, issue.updated_at),
        Some("update") | None => (Happened::Updated, issue.updated_at),
        Some(_) => return Vec::new(),
    };
    let project = event.project.as_ref().unwrap_or(&Project::default()).name();
    let key = match (&project, &issue.iid) {
        (Some(project), Some(iid)) => format!("{project}#{}", iid.0),
        // Epics belong to a group, which is not told.
        _ => issue.id.0.clone(),
    };
    let (was_incident, is_incident) = event.incident(rules);
    let ticketed = Ticketed {
        source: "gitlab",
        scope: project.clone().unwrap_or_default(),
        key,
        happened,
        at: at.or(issue.updated_at),
        ticket: Ticket {
            assignee: event.assignees.first().map(|user| user.actor(rules)),
            from_status: event.changes.as_ref().and_then(Changes::state_before),
            ..issue.ticket()
        },
        is_incident,
        was_incident,
        severity: text(issue.severity.as_ref(), NAME).filter(|severity| severity != "unknown"),
        common: Common {
            service: project.clone().filter(|_| is_incident || was_incident),
            repo: project,
            actor: event.user.as_ref().map(|user| user.actor(rules)),
            labels: label_names(&event.labels),
            url: text(issue.url.as_ref(), URL),
            revision: issue.updated_at,
            ..Common::default()
        },
    };
    ticketed.drafts()
}

impl IssueEvent<'_> {
    /// Whether it was an incident before this event, and is one after it.
    fn incident(&self, rules: &Rules) -> (bool, bool) {
        let by_type = self.object_attributes.kind.as_deref().is_some_and(|kind| is_incident_type(kind, rules));
        let is = by_type || marks_incident(&self.labels, rules);
        let labels = self.changes.as_ref().and_then(|changes| changes.labels.as_ref()?.previous.as_ref());
        (by_type || labels.map_or(is, |labels| marks_incident(labels, rules)), is)
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

    fn ticket(&self) -> Ticket {
        Ticket {
            kind: text(self.kind.as_ref(), NAME),
            title: text(self.title.as_ref(), TITLE),
            status: text(self.state.as_ref(), NAME),
            status_category: self.is_closed().then(|| DONE.to_owned()),
            estimate: self.weight,
            created_at: self.created_at,
            closed_at: self.closed_at.filter(|_| self.is_closed()),
            ..Ticket::default()
        }
    }
}
