//! `pullrequest:…` of the Cloud: the life of a change. Hashes are cut to 12 digits by Bitbucket.
//!
//! The end of a request has no time of its own; the request was then updated by it.

use chrono::{DateTime, Utc};
use domain::data::{Body, Change, Common};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{Account, Links, Pointer, Repository};
use crate::drafts::{NAME, TITLE, draft, text};
use crate::json::Text;
use crate::messages::{reverts, ticket_keys};

/// What happened to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Created,
    Updated,
    Approved,
    Unapproved,
    ChangesRequested,
    ChangesNoLongerRequested,
    Merged,
    Declined,
}

impl What {
    pub(super) fn of(kind: &str) -> Option<Self> {
        Some(match kind.strip_prefix("pullrequest:")? {
            "created" => Self::Created,
            "updated" => Self::Updated,
            "approved" => Self::Approved,
            "unapproved" => Self::Unapproved,
            "changes_request_created" => Self::ChangesRequested,
            "changes_request_removed" => Self::ChangesNoLongerRequested,
            "fulfilled" => Self::Merged,
            "rejected" => Self::Declined,
            _ => return None,
        })
    }

    fn event(self) -> &'static str {
        match self {
            Self::Created => "change.opened",
            Self::Updated | Self::Unapproved | Self::ChangesNoLongerRequested => "change.updated",
            Self::Approved => "change.approved",
            Self::ChangesRequested => "change.reviewed",
            Self::Merged => "change.merged",
            Self::Declined => "change.closed",
        }
    }

    fn review_state(self) -> Option<String> {
        let state = match self {
            Self::Approved => "approved",
            Self::Unapproved => "unapproved",
            Self::ChangesRequested => "changes_requested",
            Self::ChangesNoLongerRequested => "changes_no_longer_requested",
            Self::Created | Self::Updated | Self::Merged | Self::Declined => return None,
        };
        Some(state.to_owned())
    }
}

#[derive(Deserialize)]
pub(super) struct RequestEvent<'a> {
    #[serde(borrow)]
    pullrequest: Request<'a>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    actor: Option<Account<'a>>,
    #[serde(borrow)]
    approval: Option<Review<'a>>,
    #[serde(borrow)]
    changes_request: Option<Review<'a>>,
}

#[derive(Deserialize)]
struct Review<'a> {
    #[serde(default, deserialize_with = "time::lenient")]
    date: Option<DateTime<Utc>>,
    #[serde(borrow)]
    user: Option<Account<'a>>,
}

#[derive(Deserialize)]
struct Request<'a> {
    id: i64,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    author: Option<Account<'a>>,
    #[serde(borrow)]
    source: Option<Side<'a>>,
    #[serde(borrow)]
    destination: Option<Side<'a>>,
    #[serde(borrow)]
    merge_commit: Option<Pointer<'a>>,
    draft: Option<bool>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_on: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_on: Option<DateTime<Utc>>,
    #[serde(borrow)]
    links: Option<Links<'a>>,
}

#[derive(Deserialize)]
struct Side<'a> {
    #[serde(borrow)]
    branch: Option<Branch<'a>>,
    #[serde(borrow)]
    commit: Option<Pointer<'a>>,
}

#[derive(Deserialize)]
struct Branch<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

pub(super) fn drafts(what: What, event: RequestEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let request = &event.pullrequest;
    let review = event.approval.as_ref().or(event.changes_request.as_ref()).filter(|_| what.review_state().is_some());
    let reviewed_at = review.and_then(|review| review.date);
    let at = match what {
        What::Created => request.created_on,
        _ => reviewed_at.or(request.updated_on),
    };
    let mut change = request.change(rules);
    change.review_state = what.review_state();
    if change.review_state.is_some() {
        let reviewer = review.and_then(|review| review.user.as_ref()).or(event.actor.as_ref());
        change.reviewer = reviewer.map(|user| user.actor(rules));
    }
    match what {
        What::Created => change.ready_at = at.filter(|_| request.draft == Some(false)),
        What::Approved => change.approved_at = at,
        What::Merged => {
            change.merged_at = at;
            change.landed_sha = request.merge_commit.as_ref().and_then(Pointer::sha);
        }
        What::Declined => change.closed_at = at,
        _ => {}
    }
    let base = Common {
        repo: event.repository.name(),
        actor: event.actor.as_ref().map(|actor| actor.actor(rules)),
        commit_sha: change.landed_sha.clone().or_else(|| change.head_sha.clone()),
        branch: change.head.clone(),
        url: request.links.as_ref().and_then(Links::page),
        revision: request.updated_on.max(reviewed_at),
        ..Common::default()
    };
    let scope = base.repo.clone().unwrap_or_default();
    let subject = format!("{scope}#{}", request.id);
    vec![draft(what.event(), &scope, subject, at, base, Body::Change(Box::new(change)))]
}

impl Request<'_> {
    fn change(&self, rules: &Rules) -> Change {
        let branch = |side: Option<&Side<'_>>| text(side?.branch.as_ref()?.name.as_ref(), NAME);
        let head = branch(self.source.as_ref());
        let title = self.title.as_deref().unwrap_or_default();
        let name = head.as_deref().unwrap_or_default();
        Change {
            number: Some(self.id),
            title: text(self.title.as_ref(), TITLE),
            author: self.author.as_ref().map(|author| author.actor(rules)),
            base: branch(self.destination.as_ref()),
            head_sha: self.source.as_ref().and_then(|side| side.commit.as_ref()?.sha()),
            opened_at: self.created_on,
            draft: self.draft,
            reverts: reverts(title, name, self.description.as_deref().unwrap_or_default()),
            ticket_keys: ticket_keys(&[title, name]),
            head,
            ..Change::default()
        }
    }
}
