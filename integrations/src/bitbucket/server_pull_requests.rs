//! `pr:…` of Data Center: the life of a change. A reviewer's word does not touch the request: the delivery's date says
//! when it was given.

use chrono::{DateTime, Utc};
use domain::data::{Body, Change, Common};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{Pointer, Repository, ServerLinks, User};
use crate::drafts::{NAME, TITLE, draft, sha, text};
use crate::json::Text;
use crate::messages::{reverts, ticket_keys};

/// What happened to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Opened,
    Updated,
    Approved,
    Unapproved,
    NeedsWork,
    Merged,
    Declined,
    Deleted,
}

impl What {
    pub(super) fn of(kind: &str) -> Option<Self> {
        Some(match kind.strip_prefix("pr:")? {
            "opened" => Self::Opened,
            "from_ref_updated" | "to_ref_updated" | "modified" | "reviewer:updated" => Self::Updated,
            "reviewer:approved" => Self::Approved,
            "reviewer:unapproved" => Self::Unapproved,
            "reviewer:needs_work" | "reviewer:changes_requested" => Self::NeedsWork,
            "merged" => Self::Merged,
            "declined" => Self::Declined,
            "deleted" => Self::Deleted,
            _ => return None,
        })
    }

    fn review_state(self) -> Option<String> {
        let state = match self {
            Self::Approved => "approved",
            Self::Unapproved => "unapproved",
            Self::NeedsWork => "changes_requested",
            _ => return None,
        };
        Some(state.to_owned())
    }
}

#[derive(Deserialize)]
pub(super) struct RequestEvent<'a> {
    #[serde(default, deserialize_with = "time::lenient")]
    date: Option<DateTime<Utc>>,
    #[serde(borrow)]
    actor: Option<User<'a>>,
    #[serde(borrow, rename = "pullRequest")]
    request: Request<'a>,
    #[serde(borrow)]
    participant: Option<Participant<'a>>,
}

#[derive(Deserialize)]
struct Participant<'a> {
    #[serde(borrow)]
    user: Option<User<'a>>,
}

#[derive(Deserialize)]
struct Request<'a> {
    id: i64,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    state: Option<Text<'a>>,
    draft: Option<bool>,
    #[serde(rename = "createdDate", default, deserialize_with = "time::lenient")]
    created: Option<DateTime<Utc>>,
    #[serde(rename = "updatedDate", default, deserialize_with = "time::lenient")]
    updated: Option<DateTime<Utc>>,
    #[serde(rename = "closedDate", default, deserialize_with = "time::lenient")]
    closed: Option<DateTime<Utc>>,
    #[serde(borrow, rename = "fromRef")]
    from: Option<Side<'a>>,
    #[serde(borrow, rename = "toRef")]
    to: Option<Side<'a>>,
    #[serde(borrow)]
    author: Option<Participant<'a>>,
    #[serde(borrow)]
    properties: Option<Properties<'a>>,
    #[serde(borrow)]
    links: Option<ServerLinks<'a>>,
}

#[derive(Deserialize)]
struct Side<'a> {
    #[serde(borrow, rename = "displayId")]
    name: Option<Text<'a>>,
    #[serde(borrow, rename = "latestCommit")]
    commit: Option<Text<'a>>,
    #[serde(borrow)]
    repository: Option<Repository<'a>>,
}

#[derive(Deserialize)]
struct Properties<'a> {
    #[serde(borrow, rename = "mergeCommit")]
    merge_commit: Option<Pointer<'a>>,
}

pub(super) fn drafts(what: What, event: RequestEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let request = &event.request;
    let ended = request.closed.or(event.date);
    let (kind, at) = match what {
        What::Opened => ("change.opened", request.created.or(event.date)),
        What::Approved => ("change.approved", event.date),
        What::NeedsWork => ("change.reviewed", event.date),
        What::Merged => ("change.merged", ended),
        What::Declined => ("change.closed", ended),
        // One that was open is no more; one that had ended keeps its end.
        What::Deleted if request.state.as_deref() == Some("OPEN") => ("change.closed", event.date),
        What::Updated | What::Unapproved | What::Deleted => ("change.updated", event.date),
    };
    let mut change = request.change(rules);
    change.review_state = what.review_state();
    if change.review_state.is_some() {
        let reviewer = event.participant.as_ref().and_then(|one| one.user.as_ref()).or(event.actor.as_ref());
        change.reviewer = reviewer.map(|user| user.actor(rules));
    }
    match kind {
        "change.opened" => change.ready_at = at.filter(|_| request.draft == Some(false)),
        "change.approved" => change.approved_at = at,
        "change.merged" => change.merged_at = at,
        "change.closed" => change.closed_at = at,
        _ => {}
    }
    let base = Common {
        repo: request.to.as_ref().and_then(|side| side.repository.as_ref()?.name()),
        actor: event.actor.as_ref().map(|actor| actor.actor(rules)),
        commit_sha: change.landed_sha.clone().or_else(|| change.head_sha.clone()),
        branch: change.head.clone(),
        url: request.links.as_ref().and_then(ServerLinks::page),
        revision: request.updated.max(event.date),
        ..Common::default()
    };
    let scope = base.repo.clone().unwrap_or_default();
    let subject = format!("{scope}#{}", request.id);
    vec![draft(kind, &scope, subject, at, base, Body::Change(Box::new(change)))]
}

impl Request<'_> {
    fn change(&self, rules: &Rules) -> Change {
        let branch = |side: Option<&Side<'_>>| text(side?.name.as_ref(), NAME);
        let head = branch(self.from.as_ref());
        let title = self.title.as_deref().unwrap_or_default();
        let name = head.as_deref().unwrap_or_default();
        let merged = self.state.as_deref() == Some("MERGED");
        let merge = self.properties.as_ref().and_then(|properties| properties.merge_commit.as_ref());
        Change {
            number: Some(self.id),
            title: text(self.title.as_ref(), TITLE),
            author: self.author.as_ref().and_then(|author| author.user.as_ref()).map(|user| user.actor(rules)),
            base: branch(self.to.as_ref()),
            head_sha: self.from.as_ref().and_then(|side| sha(side.commit.as_deref())),
            landed_sha: merge.filter(|_| merged).and_then(Pointer::sha),
            opened_at: self.created,
            merged_at: self.closed.filter(|_| merged),
            closed_at: self.closed.filter(|_| !merged),
            draft: self.draft,
            reverts: reverts(title, name, self.description.as_deref().unwrap_or_default()),
            ticket_keys: ticket_keys(&[title, name]),
            head,
            ..Change::default()
        }
    }
}
