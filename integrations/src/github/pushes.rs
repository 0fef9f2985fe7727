//! `push`: a branch moved (commits were pushed), or a branch or tag came or went.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Commit, Common};
use domain::event::Draft;
use domain::rules::Rules;
use domain::text::head_line;
use domain::time;
use serde::Deserialize;

use super::payloads::{NAME, Repository, TITLE, URL, User, common, text};
use crate::drafts::sha;
use crate::json::{self, Text};
use crate::messages::trailers;
use crate::moves::Moved;

/// A push lists no more commits than this; a full list may be cut.
const MOST_COMMITS: usize = 2048;
/// A commit with more files is not told by its files: which services it touches is then unknown.
const MOST_FILES: usize = 1000;

#[derive(Deserialize)]
pub(super) struct Push<'a> {
    #[serde(borrow)]
    r#ref: Text<'a>,
    #[serde(borrow)]
    before: Option<Text<'a>>,
    #[serde(borrow)]
    after: Option<Text<'a>>,
    created: Option<bool>,
    deleted: Option<bool>,
    forced: Option<bool>,
    #[serde(borrow)]
    compare: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    commits: Vec<PushedCommit<'a>>,
    /// The commit that the ref points to. For an annotated tag, `after` is the tag's own object.
    #[serde(borrow)]
    head_commit: Option<Tip<'a>>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    sender: Option<User<'a>>,
}

#[derive(Deserialize)]
struct Tip<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
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
    #[serde(borrow)]
    username: Option<Text<'a>>,
}

pub(super) fn drafts(push: Push<'_>, rules: &Rules) -> Vec<Draft> {
    let common = common(&push.repository, push.sender.as_ref(), rules);
    let moved = Moved {
        reference: push.r#ref.clean(NAME),
        before: sha(push.before.as_deref()),
        after: sha(push.after.as_deref()),
        created: Some(push.created.unwrap_or(is_zero(push.before.as_ref()))),
        deleted: Some(push.deleted.unwrap_or(is_zero(push.after.as_ref()))),
        tagged: push.head_commit.and_then(|commit| sha(commit.id.as_deref())),
        truncated: push.commits.len() >= MOST_COMMITS,
        commits: push.commits.into_iter().filter_map(|commit| commit.fact(rules)).collect(),
        forced: push.forced,
        pushed_at: push.repository.pushed_at,
        default_branch: text(push.repository.default_branch.as_ref(), NAME),
        common: Common { url: text(push.compare.as_ref(), URL), ..common },
    };
    moved.drafts()
}

fn is_zero(sha: Option<&Text<'_>>) -> bool {
    sha.is_some_and(|sha| sha.bytes().all(|c| c == b'0'))
}

impl PushedCommit<'_> {
    /// A commit without its SHA is none: nothing could refer to it.
    fn fact(self, rules: &Rules) -> Option<Commit> {
        let id = sha(self.id.as_deref())?;
        let message = self.message.as_deref().unwrap_or_default();
        let lists = [&self.added, &self.modified, &self.removed];
        let known = lists.iter().any(|list| list.is_some());
        let files = || lists.into_iter().flatten().flatten();
        Some(Commit {
            sha: Some(id),
            parents: None,
            authored_at: None,
            committed_at: self.timestamp,
            author: self.author.map(|author| author.actor(rules)),
            message_head: Some(head_line(message, TITLE)).filter(|head| !head.is_empty()),
            trailers: trailers(message),
            files: (known && files().nth(MOST_FILES).is_none()).then(|| files().map(|file| file.clean(500)).collect()),
        })
    }
}

impl Author<'_> {
    fn actor(&self, rules: &Rules) -> Actor {
        let named = self.username.as_ref().or(self.name.as_ref());
        Actor {
            id: None,
            login: text(self.username.as_ref(), NAME),
            email: text(self.email.as_ref(), NAME),
            bot: named.is_some_and(|name| rules.is_bot(name, false)),
        }
    }
}
