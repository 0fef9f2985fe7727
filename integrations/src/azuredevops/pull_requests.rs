//! `git.pullrequest.…`: the life of a change. What an update was is told in prose only, so the status decides: completed
//! is merged, abandoned is closed. Who voted when is not told.

use chrono::{DateTime, Utc};
use domain::data::{Body, Change, Common};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{Envelope, Identity, Links, Named, Repository, short};
use crate::drafts::{NAME, TITLE, draft, labels, plain, sha, text};
use crate::json::{self, Text};
use crate::messages::{reverts, ticket_keys};

#[derive(Deserialize)]
pub(super) struct Request<'a> {
    #[serde(rename = "pullRequestId")]
    number: Option<i64>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    repository: Option<Repository<'a>>,
    #[serde(borrow, rename = "createdBy")]
    created_by: Option<Identity<'a>>,
    #[serde(borrow, rename = "closedBy")]
    closed_by: Option<Identity<'a>>,
    #[serde(rename = "creationDate", default, deserialize_with = "time::lenient")]
    created: Option<DateTime<Utc>>,
    #[serde(rename = "closedDate", default, deserialize_with = "time::lenient")]
    closed: Option<DateTime<Utc>>,
    #[serde(borrow, rename = "sourceRefName")]
    source: Option<Text<'a>>,
    #[serde(borrow, rename = "targetRefName")]
    target: Option<Text<'a>>,
    #[serde(borrow, rename = "lastMergeSourceCommit")]
    head: Option<Pointer<'a>>,
    /// Of an open request: of a merge that was only tried.
    #[serde(borrow, rename = "lastMergeCommit")]
    merge: Option<Pointer<'a>>,
    #[serde(borrow, rename = "completionOptions")]
    options: Option<Options<'a>>,
    #[serde(rename = "isDraft")]
    draft: Option<bool>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    labels: Vec<Named<'a>>,
    #[serde(borrow, rename = "_links")]
    links: Option<Links<'a>>,
}

#[derive(Deserialize)]
struct Pointer<'a> {
    #[serde(borrow, rename = "commitId")]
    id: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Options<'a> {
    #[serde(borrow, rename = "mergeStrategy")]
    strategy: Option<Text<'a>>,
}

pub(super) fn created(event: Envelope<Request<'_>>, rules: &Rules) -> Vec<Draft> {
    let Some(request) = event.resource else { return Vec::new() };
    let at = request.created.or(event.created);
    let mut change = request.change(rules);
    change.ready_at = at.filter(|_| request.draft == Some(false));
    let actor = request.created_by.as_ref();
    request.event("change.opened", at, event.created, actor, change, rules)
}

pub(super) fn updated(event: Envelope<Request<'_>>, rules: &Rules) -> Vec<Draft> {
    let Some(request) = event.resource else { return Vec::new() };
    let ended = request.closed.or(event.created);
    let (kind, at) = match request.status.as_deref() {
        Some("completed") => ("change.merged", ended),
        Some("abandoned") => ("change.closed", ended),
        _ => ("change.updated", event.created),
    };
    let mut change = request.change(rules);
    match kind {
        "change.merged" => change.merged_at = at,
        "change.closed" => change.closed_at = at,
        _ => {}
    }
    let actor = request.closed_by.as_ref().filter(|_| kind != "change.updated");
    request.event(kind, at, event.created, actor, change, rules)
}

impl Request<'_> {
    fn change(&self, rules: &Rules) -> Change {
        let pointer = |commit: Option<&Pointer<'_>>| sha(commit?.id.as_deref());
        let title = self.title.as_deref().unwrap_or_default();
        let head = self.source.as_deref().map(short);
        let name = head.unwrap_or_default();
        let completed = self.status.as_deref() == Some("completed");
        Change {
            number: self.number,
            title: text(self.title.as_ref(), TITLE),
            author: self.created_by.as_ref().map(|who| who.actor(rules)),
            base: plain(self.target.as_deref().map(short), NAME),
            head: plain(head, NAME),
            head_sha: pointer(self.head.as_ref()),
            landed_sha: pointer(self.merge.as_ref()).filter(|_| completed),
            merge_method: self.options.as_ref().and_then(|options| text(options.strategy.as_ref(), NAME)),
            opened_at: self.created,
            draft: self.draft,
            reverts: reverts(title, name, self.description.as_deref().unwrap_or_default()),
            ticket_keys: ticket_keys(&[title, name]),
            ..Change::default()
        }
    }

    fn event(
        &self,
        kind: &'static str,
        at: Option<DateTime<Utc>>,
        told: Option<DateTime<Utc>>,
        actor: Option<&Identity<'_>>,
        change: Change,
        rules: &Rules,
    ) -> Vec<Draft> {
        let Some(number) = self.number else { return Vec::new() };
        let base = Common {
            repo: self.repository.as_ref().and_then(Repository::name),
            actor: actor.map(|who| who.actor(rules)),
            commit_sha: change.landed_sha.clone().or_else(|| change.head_sha.clone()),
            branch: change.head.clone(),
            url: self.links.as_ref().and_then(Links::page),
            labels: labels(self.labels.iter().filter_map(|label| label.name.as_deref())),
            revision: told.max(at),
            ..Common::default()
        };
        let scope = base.repo.clone().unwrap_or_default();
        vec![draft(kind, &scope, format!("{scope}#{number}"), at, base, Body::Change(Box::new(change)))]
    }
}
