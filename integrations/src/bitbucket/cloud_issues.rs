//! `issue:created` and `issue:updated` of the Cloud's own issues: tickets. They have no labels, so none is an incident.

use chrono::{DateTime, Utc};
use domain::data::{Body, Common, Ticket};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{Account, Links, Repository};
use crate::drafts::{NAME, TITLE, draft, text};
use crate::json::{Id, Text};

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
pub(super) fn ticket_kind(kind: &str) -> Option<&'static str> {
    match kind {
        "issue:created" => Some("ticket.created"),
        "issue:updated" => Some("ticket.updated"),
        _ => None,
    }
}

pub(super) fn drafts(kind: &'static str, event: IssueEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let issue = &event.issue;
    let moved = event.changes.as_ref().and_then(|changes| changes.status.as_ref());
    let from = moved.and_then(|status| status.old.as_ref());
    let is_done = is_done(issue.state.as_deref());
    let kind = match moved {
        None => kind,
        Some(_) if is_done && !self::is_done(from.map(|from| &**from)) => "ticket.closed",
        Some(_) => "ticket.moved",
    };
    let at = if kind == "ticket.created" { issue.created_on } else { issue.updated_on };
    let base = Common {
        repo: event.repository.name(),
        actor: event.actor.as_ref().map(|actor| actor.actor(rules)),
        url: issue.links.as_ref().and_then(Links::page),
        revision: issue.updated_on,
        ..Common::default()
    };
    let scope = base.repo.clone().unwrap_or_default();
    let key = format!("{scope}#{}", issue.id.0);
    let ticket = Ticket {
        kind: text(issue.kind.as_ref().or(issue.old_kind.as_ref()), NAME).filter(|kind| kind != "issue"),
        title: text(issue.title.as_ref(), TITLE),
        status: text(issue.state.as_ref(), NAME),
        status_category: is_done.then(|| "done".to_owned()),
        from_status: text(from, NAME),
        assignee: issue.assignee.as_ref().map(|user| user.actor(rules)),
        created_at: issue.created_on,
        closed_at: at.filter(|_| kind == "ticket.closed"),
        key: Some(key.clone()),
        ..Ticket::default()
    };
    vec![draft(kind, &scope, format!("bitbucket:{key}"), at, base, Body::Ticket(ticket))]
}

fn is_done(state: Option<&str>) -> bool {
    matches!(state, Some("resolved" | "closed" | "duplicate" | "invalid" | "wontfix"))
}
