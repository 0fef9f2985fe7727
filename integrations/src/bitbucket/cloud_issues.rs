//! `issue:created` and `issue:updated` of the Cloud's own issues: tickets. They have no labels, so none is an incident.

use chrono::{DateTime, Utc};
use domain::data::{Common, Ticket};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{Account, Links, Repository};
use crate::drafts::{NAME, TITLE, text};
use crate::json::{Id, Text};
use crate::tickets::{DONE, Happened, Ticketed};

#[derive(Deserialize)]
pub(super) struct IssueEvent<'a> {
    #[serde(borrow)]
    issue: Issue<'a>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    actor: Option<Account<'a>>,
    #[serde(borrow)]
    changes: Option<Changes<'a>>,
}

#[derive(Deserialize)]
struct Changes<'a> {
    #[serde(borrow)]
    status: Option<StatusChange<'a>>,
}

#[derive(Deserialize)]
struct StatusChange<'a> {
    #[serde(borrow)]
    old: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Issue<'a> {
    id: Id,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    state: Option<Text<'a>>,
    #[serde(borrow)]
    kind: Option<Text<'a>>,
    /// What `kind` was called; now always `issue`.
    #[serde(borrow, rename = "type")]
    old_kind: Option<Text<'a>>,
    #[serde(borrow)]
    assignee: Option<Account<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_on: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_on: Option<DateTime<Utc>>,
    #[serde(borrow)]
    links: Option<Links<'a>>,
}

/// What the kind says by itself.
pub(super) fn happened(kind: &str) -> Option<Happened> {
    match kind {
        "issue:created" => Some(Happened::Created),
        "issue:updated" => Some(Happened::Updated),
        _ => None,
    }
}

pub(super) fn drafts(happened: Happened, event: IssueEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let issue = &event.issue;
    let moved = event.changes.as_ref().and_then(|changes| changes.status.as_ref());
    let from = moved.and_then(|status| status.old.as_ref());
    let is_done = is_done(issue.state.as_deref());
    let happened = match (moved, self::is_done(from.map(|from| &**from)), is_done) {
        (None, ..) => happened,
        (_, false, true) => Happened::Closed,
        (_, true, false) => Happened::Reopened,
        _ => Happened::Moved,
    };
    let at = if happened == Happened::Created { issue.created_on } else { issue.updated_on };
    let repo = event.repository.name();
    let scope = repo.clone().unwrap_or_default();
    let ticketed = Ticketed {
        source: "bitbucket",
        key: format!("{scope}#{}", issue.id.0),
        scope,
        happened,
        at,
        ticket: Ticket {
            kind: text(issue.kind.as_ref().or(issue.old_kind.as_ref()), NAME).filter(|kind| kind != "issue"),
            title: text(issue.title.as_ref(), TITLE),
            status: text(issue.state.as_ref(), NAME),
            status_category: is_done.then(|| DONE.to_owned()),
            from_status: text(from, NAME),
            assignee: issue.assignee.as_ref().map(|user| user.actor(rules)),
            created_at: issue.created_on,
            closed_at: at.filter(|_| happened == Happened::Closed),
            ..Ticket::default()
        },
        common: Common {
            repo,
            actor: event.actor.as_ref().map(|actor| actor.actor(rules)),
            url: issue.links.as_ref().and_then(Links::page),
            revision: issue.updated_on,
            ..Common::default()
        },
        ..Ticketed::default()
    };
    ticketed.drafts()
}

fn is_done(state: Option<&str>) -> bool {
    matches!(state, Some("resolved" | "closed" | "duplicate" | "invalid" | "wontfix"))
}
