//! `push` and `tag_push`: a branch moved, or a branch or tag came or went.
//!
//! A push has no time of its own: its commits may be days old, so the received time stands in. It lists the newest
//! twenty commits and says how many there are.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Commit};
use domain::event::Draft;
use domain::rules::Rules;
use domain::text::head_line;
use domain::time;
use serde::Deserialize;

use super::payloads::{Project, User, common, email};
use crate::drafts::{NAME, TITLE, sha, text};
use crate::json::{self, Id, Text};
use crate::messages::trailers;
use crate::moves::Moved;

#[derive(Deserialize)]
pub(super) struct Push<'a> {
    #[serde(borrow)]
    r#ref: Text<'a>,
    #[serde(borrow)]
    before: Option<Text<'a>>,
    #[serde(borrow)]
    after: Option<Text<'a>>,
    /// The commit; of an annotated tag, `after` is the tag's own object.
    #[serde(borrow)]
    checkout_sha: Option<Text<'a>>,
    user_id: Option<Id>,
    #[serde(borrow)]
    user_username: Option<Text<'a>>,
    #[serde(borrow)]
    user_email: Option<Text<'a>>,
    #[serde(borrow)]
    project: Option<Project<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    commits: Vec<PushedCommit<'a>>,
    total_commits_count: Option<u64>,
}

#[derive(Deserialize)]
struct PushedCommit<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    timestamp: Option<DateTime<Utc>>,
    #[serde(borrow)]
    author: Option<Author<'a>>,
    #[serde(borrow)]
    added: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    modified: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    removed: Option<Vec<Text<'a>>>,
}

#[derive(Deserialize)]
struct Author<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    email: Option<Text<'a>>,
}

pub(super) fn drafts(push: Push<'_>, rules: &Rules) -> Vec<Draft> {
    let project = push.project.unwrap_or_default();
    let user = User { id: push.user_id, username: push.user_username, email: push.user_email };
    let (before, after) = (sha(push.before.as_deref()), sha(push.after.as_deref()));
    let listed = push.commits.len() as u64;
    let moved = Moved {
        reference: push.r#ref.clean(NAME),
        tagged: sha(push.checkout_sha.as_deref()).filter(|_| after.is_some()),
        before,
        after,
        truncated: push.total_commits_count.is_some_and(|total| total > listed),
        commits: push.commits.into_iter().filter_map(|commit| commit.fact(rules)).collect(),
        default_branch: project.default_branch(),
        common: common(&project, Some(&user), None, rules),
        ..Moved::default()
    };
    moved.drafts()
}

impl PushedCommit<'_> {
    /// A commit without its SHA is none: nothing could refer to it.
    fn fact(self, rules: &Rules) -> Option<Commit> {
        let sha = sha(self.id.as_deref())?;
        let message = self.message.as_deref().unwrap_or_default();
        let lists = [&self.added, &self.modified, &self.removed];
        let known = lists.iter().any(|list| list.is_some());
        let files = || lists.into_iter().flatten().flatten();
        Some(Commit {
            sha: Some(sha),
            committed_at: self.timestamp,
            author: self.author.map(|author| author.actor(rules)),
            message_head: Some(head_line(message, TITLE)).filter(|head| !head.is_empty()),
            trailers: trailers(message),
            files: known.then(|| files().map(|file| file.clean(500)).collect()),
            ..Commit::default()
        })
    }
}

impl Author<'_> {
    fn actor(&self, rules: &Rules) -> Actor {
        let bot = text(self.name.as_ref(), NAME).is_some_and(|name| rules.is_bot(&name, false));
        Actor { email: email(self.email.as_ref()), bot, ..Actor::default() }
    }
}
