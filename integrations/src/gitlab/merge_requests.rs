//! `merge_request`, and the comments (`note`) of others on one: the life of a change.
//!
//! The times of merging and closing are often left out; the request was then updated by it. An approval does not touch
//! the request: it has no time here. Only ids of authors are told: the author is known where somebody named in the same
//! payload has that id.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Body, Change, Common};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{Changed, Label, Project, User, common, label_names};
use crate::drafts::{NAME, TITLE, URL, draft, sha, text};
use crate::history::Known;
use crate::json::{self, Id, Text};
use crate::messages::{reverts, ticket_keys};

#[derive(Deserialize)]
pub(super) struct RequestEvent<'a> {
    #[serde(borrow)]
    object_attributes: Request<'a>,
    #[serde(borrow)]
    project: Option<Project<'a>>,
    #[serde(borrow)]
    user: Option<User<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    labels: Vec<Label<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    assignees: Vec<User<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    reviewers: Vec<User<'a>>,
    changes: Option<Changes>,
    em_agent: Option<Known>,
}

#[derive(Deserialize)]
struct Changes {
    draft: Option<Changed<bool>>,
}

#[derive(Deserialize)]
pub(super) struct NoteEvent<'a> {
    #[serde(borrow)]
    object_attributes: Note<'a>,
    #[serde(borrow)]
    merge_request: Option<Request<'a>>,
    #[serde(borrow)]
    project: Option<Project<'a>>,
    #[serde(borrow)]
    user: Option<User<'a>>,
}

#[derive(Deserialize)]
struct Note<'a> {
    author_id: Option<Id>,
    #[serde(borrow)]
    action: Option<Text<'a>>,
    /// Written by GitLab itself: somebody pushed, assigned, merged.
    system: Option<bool>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Request<'a> {
    iid: i64,
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    state: Option<Text<'a>>,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    source_branch: Option<Text<'a>>,
    #[serde(borrow)]
    target_branch: Option<Text<'a>>,
    author_id: Option<Id>,
    #[serde(borrow)]
    last_commit: Option<LastCommit<'a>>,
    #[serde(borrow)]
    merge_commit_sha: Option<Text<'a>>,
    #[serde(borrow)]
    squash_commit_sha: Option<Text<'a>>,
    draft: Option<bool>,
    /// What drafts were called.
    work_in_progress: Option<bool>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    merged_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    closed_at: Option<DateTime<Utc>>,
    /// In the form that comes with a comment.
    #[serde(borrow, default, deserialize_with = "json::list")]
    labels: Vec<Label<'a>>,
}

#[derive(Deserialize)]
struct LastCommit<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
}

pub(super) fn drafts(event: RequestEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let request = &event.object_attributes;
    let people = event.user.iter().chain(&event.assignees).chain(&event.reviewers);
    let author = author(request.author_id.as_ref(), people, rules);
    let known = event.em_agent.unwrap_or_default();
    let mut change = request.change(author);
    change.first_commit_at = known.first_commit_at;
    let is_ready = event.changes.and_then(|changes| changes.draft).is_some_and(|draft| draft.current == Some(false));
    let (kind, at) = match request.action.as_deref() {
        Some("open") => ("change.opened", request.created_at),
        Some("merge") => ("change.merged", request.merged_at.or(request.updated_at)),
        Some("close") => ("change.closed", request.closed_at.or(request.updated_at)),
        Some("reopen") => ("change.reopened", request.updated_at),
        // The last approval that was needed, and one of several.
        Some("approved") => ("change.approved", known.happened_at),
        Some("approval") => ("change.reviewed", known.happened_at),
        Some("unapproved" | "unapproval") => ("change.updated", known.happened_at),
        _ if is_ready => ("change.ready", request.updated_at),
        _ => ("change.updated", request.updated_at),
    };
    change.review_state = match request.action.as_deref() {
        Some("approved" | "approval") => Some("approved".to_owned()),
        Some("unapproved" | "unapproval") => Some("unapproved".to_owned()),
        _ => None,
    };
    change.reviewer = event.user.as_ref().filter(|_| change.review_state.is_some()).map(|user| user.actor(rules));
    change.ready_at = match kind {
        "change.ready" => at,
        "change.opened" if change.draft == Some(false) => at,
        _ => None,
    };
    match kind {
        "change.merged" => change.merged_at = at,
        "change.closed" => change.closed_at = at,
        _ => {}
    }
    let labels = if event.labels.is_empty() { &request.labels } else { &event.labels };
    let project = event.project.unwrap_or_default();
    let mut base = common(&project, event.user.as_ref(), request.updated_at, rules);
    base.labels = label_names(labels);
    vec![request.event(kind, at, base, change)]
}

/// A comment on another's merge request is a review. What authors answer on their own is none.
pub(super) fn note_drafts(event: NoteEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let note = &event.object_attributes;
    let Some(request) = &event.merge_request else { return Vec::new() };
    let own = note.author_id.is_some() && note.author_id == request.author_id;
    let edited = note.action.as_deref().is_some_and(|action| action != "create");
    if own || edited || note.system == Some(true) {
        return Vec::new();
    }
    let mut change = request.change(None);
    change.review_state = Some("commented".to_owned());
    change.reviewer = event.user.as_ref().map(|user| user.actor(rules));
    let project = event.project.unwrap_or_default();
    let mut base = common(&project, event.user.as_ref(), request.updated_at.max(note.created_at), rules);
    base.labels = label_names(&request.labels);
    let mut draft = request.event("change.reviewed", note.created_at, base, change);
    draft.data.common.url = text(note.url.as_ref(), URL).or(draft.data.common.url);
    vec![draft]
}

fn author<'p, 'a: 'p>(id: Option<&Id>, mut people: impl Iterator<Item = &'p User<'a>>, rules: &Rules) -> Option<Actor> {
    let id = id?;
    people.find(|user| user.id.as_ref() == Some(id)).map(|user| user.actor(rules))
}

impl Request<'_> {
    fn is_merged(&self) -> bool {
        self.state.as_deref() == Some("merged") || self.action.as_deref() == Some("merge")
    }

    fn change(&self, author: Option<Actor>) -> Change {
        let title = self.title.as_deref().unwrap_or_default();
        let head = self.source_branch.as_deref().unwrap_or_default();
        let description = self.description.as_deref().unwrap_or_default();
        // Squashed without a merge commit, the squash is what landed.
        let landed = sha(self.merge_commit_sha.as_deref()).or_else(|| sha(self.squash_commit_sha.as_deref()));
        Change {
            number: Some(self.iid),
            title: text(self.title.as_ref(), TITLE),
            author,
            base: text(self.target_branch.as_ref(), NAME),
            head: text(self.source_branch.as_ref(), NAME),
            head_sha: self.last_commit.as_ref().and_then(|commit| sha(commit.id.as_deref())),
            landed_sha: landed.filter(|_| self.is_merged()),
            opened_at: self.created_at,
            merged_at: self.merged_at.filter(|_| self.is_merged()),
            closed_at: self.closed_at,
            draft: self.draft.or(self.work_in_progress),
            reverts: reverts(title, head, description).or_else(|| reverted_request(description)),
            ticket_keys: ticket_keys(&[title, head]),
            ..Change::default()
        }
    }

    /// `base` has the project, the actor and the labels.
    fn event(&self, kind: &'static str, at: Option<DateTime<Utc>>, mut base: Common, change: Change) -> Draft {
        base.commit_sha = change.landed_sha.clone().or_else(|| change.head_sha.clone());
        base.branch = change.head.clone();
        base.url = text(self.url.as_ref(), URL);
        let scope = base.repo.clone().unwrap_or_default();
        let subject = format!("{scope}#{}", self.iid);
        draft(kind, &scope, subject, at, base, Body::Change(Box::new(change)))
    }
}

/// The button "Revert" of a merge request writes its number.
fn reverted_request(description: &str) -> Option<String> {
    let (_, rest) = description.split_once("This reverts merge request !")?;
    let number: String = rest.chars().take_while(char::is_ascii_digit).take(10).collect();
    (!number.is_empty()).then(|| format!("#{number}"))
}
