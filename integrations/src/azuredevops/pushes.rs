//! `git.push`: every ref that one push moved, and its commits, newest first, without saying of which ref: they are taken
//! where only one moved.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Commit, Common};
use domain::event::Draft;
use domain::rules::Rules;
use domain::text::head_line;
use domain::time;
use serde::Deserialize;

use super::payloads::{Envelope, Identity, Repository};
use crate::drafts::{NAME, TITLE, sha, text};
use crate::json::{self, Text};
use crate::messages::trailers;
use crate::moves::Moved;

#[derive(Deserialize)]
pub(super) struct Push<'a> {
    #[serde(borrow, rename = "refUpdates", default, deserialize_with = "json::list")]
    updates: Vec<RefUpdate<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    commits: Vec<PushedCommit<'a>>,
    #[serde(borrow)]
    repository: Option<Repository<'a>>,
    #[serde(borrow, rename = "pushedBy")]
    pushed_by: Option<Identity<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    date: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct RefUpdate<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, rename = "oldObjectId")]
    before: Option<Text<'a>>,
    #[serde(borrow, rename = "newObjectId")]
    after: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct PushedCommit<'a> {
    #[serde(borrow, rename = "commitId")]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    comment: Option<Text<'a>>,
    #[serde(borrow)]
    author: Option<Person<'a>>,
    #[serde(borrow)]
    committer: Option<Person<'a>>,
}

#[derive(Deserialize)]
struct Person<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    email: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    date: Option<DateTime<Utc>>,
}

pub(super) fn drafts(event: Envelope<Push<'_>>, rules: &Rules) -> Vec<Draft> {
    let Some(push) = event.resource else { return Vec::new() };
    let base = Common {
        repo: push.repository.as_ref().and_then(Repository::name),
        actor: push.pushed_by.as_ref().map(|who| who.actor(rules)),
        ..Common::default()
    };
    let mut commits: Vec<Commit> = Vec::new();
    if push.updates.len() == 1 {
        commits.extend(push.commits.into_iter().rev().filter_map(|commit| commit.fact(rules)));
    }
    let moved = |update: RefUpdate<'_>| {
        let (before, after) = (sha(update.before.as_deref()), sha(update.after.as_deref()));
        Moved {
            reference: update.name.clean(NAME),
            truncated: before.is_some() && after.is_some() && commits.is_empty(),
            commits: commits.clone(),
            before,
            after,
            pushed_at: push.date.or(event.created),
            default_branch: push.repository.as_ref().and_then(Repository::default_branch),
            common: base.clone(),
            ..Moved::default()
        }
    };
    push.updates.into_iter().map(moved).flat_map(Moved::drafts).collect()
}

impl PushedCommit<'_> {
    /// A commit without its SHA is none: nothing could refer to it.
    fn fact(self, rules: &Rules) -> Option<Commit> {
        let message = self.comment.as_deref().unwrap_or_default();
        Some(Commit {
            sha: Some(sha(self.id.as_deref())?),
            authored_at: self.author.as_ref().and_then(|author| author.date),
            committed_at: self.committer.as_ref().and_then(|committer| committer.date),
            author: self.author.map(|author| author.actor(rules)),
            message_head: Some(head_line(message, TITLE)).filter(|head| !head.is_empty()),
            trailers: trailers(message),
            ..Commit::default()
        })
    }
}

impl Person<'_> {
    fn actor(&self, rules: &Rules) -> Actor {
        let bot = self.name.as_deref().is_some_and(|name| rules.is_bot(name, false));
        Actor { email: text(self.email.as_ref(), NAME), bot, ..Actor::default() }
    }
}
