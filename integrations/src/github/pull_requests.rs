//! `pull_request` and `pull_request_review`: the life of a change.
//!
//! A change is merged when it was closed with `merged: true`; only then is its merge commit what landed.

use chrono::{DateTime, Utc};
use domain::data::{Body, Change};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{Label, NAME, Repository, TITLE, URL, User, common, draft, label_names, text};
use crate::history::Known;
use crate::json::{self, Text};
use crate::messages::{reverts, ticket_keys};

#[derive(Deserialize)]
pub(super) struct PullRequestEvent<'a> {
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    pull_request: PullRequest<'a>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    sender: Option<User<'a>>,
    em_agent: Option<Known>,
}

#[derive(Deserialize)]
pub(super) struct ReviewEvent<'a> {
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    review: Review<'a>,
    #[serde(borrow)]
    pull_request: PullRequest<'a>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    sender: Option<User<'a>>,
}

#[derive(Deserialize)]
struct Review<'a> {
    #[serde(borrow)]
    state: Text<'a>,
    #[serde(default, deserialize_with = "time::lenient")]
    submitted_at: Option<DateTime<Utc>>,
    #[serde(borrow)]
    user: Option<User<'a>>,
    #[serde(borrow)]
    html_url: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct PullRequest<'a> {
    number: i64,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    body: Option<Text<'a>>,
    draft: Option<bool>,
    /// Not in the shorter form that comes with a review.
    merged: Option<bool>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    closed_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    merged_at: Option<DateTime<Utc>>,
    #[serde(borrow)]
    merge_commit_sha: Option<Text<'a>>,
    #[serde(borrow)]
    head: Option<Tip<'a>>,
    #[serde(borrow)]
    base: Option<Tip<'a>>,
    #[serde(borrow)]
    user: Option<User<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    labels: Vec<Label<'a>>,
    additions: Option<i64>,
    deletions: Option<i64>,
    changed_files: Option<i64>,
    #[serde(borrow)]
    html_url: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Tip<'a> {
    #[serde(borrow, rename = "ref")]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    sha: Option<Text<'a>>,
}

pub(super) fn drafts(event: PullRequestEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let request = &event.pull_request;
    let mut change = request.change(rules);
    change.first_commit_at = event.em_agent.as_ref().and_then(|known| known.first_commit_at);
    let (kind, at) = match event.action.as_deref() {
        Some("opened") => ("change.opened", request.created_at),
        Some("ready_for_review") => ("change.ready", request.updated_at),
        Some("closed") if request.is_merged() => ("change.merged", request.merged_at.or(request.closed_at)),
        Some("closed") => ("change.closed", request.closed_at),
        Some("reopened") => ("change.reopened", request.updated_at),
        _ => ("change.updated", request.updated_at),
    };
    change.ready_at = match kind {
        "change.ready" => request.updated_at,
        "change.opened" if request.draft == Some(false) => request.created_at,
        _ => None,
    };
    vec![event_of(kind, at.or(request.updated_at), request, &event.repository, event.sender.as_ref(), change, rules)]
}

pub(super) fn review_drafts(event: ReviewEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let (request, review) = (&event.pull_request, &event.review);
    let mut change = request.change(rules);
    change.review_state = text(Some(&review.state), NAME);
    change.reviewer = review.user.as_ref().map(|user| user.actor(rules));
    let submitted = event.action.as_deref() == Some("submitted");
    let kind = match &*review.state {
        "approved" if submitted => "change.approved",
        _ if submitted => "change.reviewed",
        _ => "change.updated",
    };
    change.approved_at = review.submitted_at.filter(|_| kind == "change.approved");
    let at = review.submitted_at.filter(|_| submitted).or(request.updated_at);
    let sender = event.sender.as_ref().or(review.user.as_ref());
    let mut draft = event_of(kind, at, request, &event.repository, sender, change, rules);
    draft.data.common.url = text(review.html_url.as_ref(), URL).or(draft.data.common.url);
    draft.data.common.revision = draft.data.common.revision.max(at);
    vec![draft]
}

fn event_of(
    kind: &'static str,
    at: Option<DateTime<Utc>>,
    request: &PullRequest<'_>,
    repository: &Repository<'_>,
    sender: Option<&User<'_>>,
    change: Change,
    rules: &Rules,
) -> Draft {
    let mut base = common(repository, sender, rules);
    base.commit_sha = change.landed_sha.clone().or_else(|| change.head_sha.clone());
    base.branch = change.head.clone();
    base.url = text(request.html_url.as_ref(), URL);
    base.labels = label_names(&request.labels);
    base.revision = request.updated_at;
    let subject = format!("{}#{}", repository.name(), request.number);
    draft(kind, subject, at, base, Body::Change(Box::new(change)))
}

impl PullRequest<'_> {
    fn is_merged(&self) -> bool {
        self.merged.unwrap_or(self.merged_at.is_some())
    }

    fn change(&self, rules: &Rules) -> Change {
        let title = self.title.as_deref().unwrap_or_default();
        let head = self.head.as_ref().and_then(|head| head.name.as_deref()).unwrap_or_default();
        let body = self.body.as_deref().unwrap_or_default();
        Change {
            number: Some(self.number),
            title: text(self.title.as_ref(), TITLE),
            author: self.user.as_ref().map(|user| user.actor(rules)),
            base: self.base.as_ref().and_then(|base| text(base.name.as_ref(), NAME)),
            head: self.head.as_ref().and_then(|head| text(head.name.as_ref(), NAME)),
            head_sha: self.head.as_ref().and_then(|head| text(head.sha.as_ref(), NAME)),
            landed_sha: text(self.merge_commit_sha.as_ref(), NAME).filter(|_| self.is_merged()),
            opened_at: self.created_at,
            merged_at: self.merged_at.filter(|_| self.is_merged()),
            closed_at: self.closed_at,
            draft: self.draft,
            additions: self.additions,
            deletions: self.deletions,
            files: self.changed_files,
            reverts: reverts(title, head, body),
            ticket_keys: ticket_keys(&[title, head]),
            ..Change::default()
        }
    }
}
