//! `issues`: every issue is a ticket; one with an incident label or type is an incident as well.
//!
//! A delivery names the label or type that came or went, beside those that the issue has now. One that moves to another
//! repository is deleted here, and opened there by a delivery of its own. Its key is `owner/repo#n`: numbers alone collide
//! between repositories.

use chrono::{DateTime, Utc};
use domain::data::{Common, Ticket};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{Label, NAME, Repository, TITLE, URL, User, after, common, label_names, text};
use crate::json::{self, Text};
use crate::tickets::{DONE, Happened, Ticketed, is_incident_type};

#[derive(Deserialize)]
pub(super) struct IssueEvent<'a> {
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    issue: Issue<'a>,
    /// The label that was put on or taken off.
    #[serde(borrow)]
    label: Option<Label<'a>>,
    /// The type that was set or taken away.
    #[serde(borrow, rename = "type")]
    kind: Option<Label<'a>>,
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
    let action = event.action.as_deref().unwrap_or_default();
    let happened = match action {
        "opened" => Happened::Created,
        "closed" => Happened::Closed,
        "reopened" => Happened::Reopened,
        "deleted" | "transferred" => Happened::Deleted,
        _ => Happened::Updated,
    };
    let at = match happened {
        Happened::Created => issue.created_at.or(issue.updated_at),
        Happened::Closed => issue.closed_at.or(issue.updated_at),
        // When is not told: the received time stands in.
        Happened::Deleted => None,
        _ => issue.updated_at,
    };
    let (is_incident, was_incident) = event.incident(action, rules);
    let common = common(&event.repository, event.sender.as_ref(), rules);
    let told = Ticketed {
        source: "github",
        scope: event.repository.name(),
        key: format!("{}#{}", event.repository.name(), issue.number),
        happened,
        at,
        ticket: issue.ticket(rules),
        is_incident,
        was_incident: was_incident && happened != Happened::Created,
        severity: None,
        common: Common {
            service: common.repo.clone().filter(|_| is_incident || was_incident),
            labels: label_names(&issue.labels),
            url: text(issue.html_url.as_ref(), URL),
            revision: if happened == Happened::Deleted { after(issue.updated_at) } else { issue.updated_at },
            ..common
        },
    };
    told.drafts()
}

impl IssueEvent<'_> {
    /// Whether the issue is an incident, and whether it was one before this.
    fn incident(&self, action: &str, rules: &Rules) -> (bool, bool) {
        let issue = &self.issue;
        let typed = |kind: Option<&Label<'_>>| {
            kind.and_then(|kind| kind.name.as_deref()).is_some_and(|name| is_incident_type(name, rules))
        };
        let (labelled, touched) = (
            issue.labels.iter().filter(|label| label.marks_incident(rules)).count(),
            self.label.as_ref().is_some_and(|label| label.marks_incident(rules)),
        );
        let by_type = typed(issue.kind.as_ref());
        let is = by_type || labelled > 0;
        let was = match action {
            "labeled" if touched => by_type || labelled > 1,
            "unlabeled" if touched => true,
            // What it was before is not told. That it is no incident now is true whatever it was.
            "typed" => labelled > 0 || !is,
            "untyped" => labelled > 0 || typed(self.kind.as_ref()),
            _ => is,
        };
        (is, was)
    }
}

impl Issue<'_> {
    fn ticket(&self, rules: &Rules) -> Ticket {
        let is_closed = self.state.as_deref() == Some("closed");
        Ticket {
            kind: self.kind.as_ref().and_then(|kind| text(kind.name.as_ref(), NAME)),
            title: text(self.title.as_ref(), TITLE),
            status: text(self.state.as_ref(), NAME),
            status_category: is_closed.then(|| DONE.to_owned()),
            assignee: self.assignee.as_ref().map(|user| user.actor(rules)),
            created_at: self.created_at,
            closed_at: self.closed_at.filter(|_| is_closed),
            ..Ticket::default()
        }
    }
}
