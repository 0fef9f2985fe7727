//! `push`: a branch moved (commits were pushed), or a branch or tag came or went.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Body, Commit, Commits, RefFact};
use domain::event::Draft;
use domain::rules::Rules;
use domain::text::{clean, head_line};
use domain::time;
use serde::Deserialize;

use super::payloads::{NAME, Repository, TITLE, URL, User, common, draft, text};
use crate::json::{self, Text};
use crate::messages::trailers;

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
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    sender: Option<User<'a>>,
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
    let branch = push.r#ref.strip_prefix("refs/heads/");
    let mut base = common(&push.repository, push.sender.as_ref(), rules);
    let at = push.repository.pushed_at.or_else(|| push.commits.iter().filter_map(|commit| commit.timestamp).max());
    base.branch = branch.map(|branch| clean(branch, NAME));
    let (before, after) = (sha(push.before.as_ref()), sha(push.after.as_ref()));
    let created = push.created.unwrap_or(is_zero(push.before.as_ref()));
    let deleted = push.deleted.unwrap_or(is_zero(push.after.as_ref()));
    base.commit_sha = after.clone();
    base.url = text(push.compare.as_ref(), URL);
    base.revision = at;
    let reference = push.r#ref.clean(NAME);
    let subject = format!("{}@{reference}", push.repository.name());
    let came_or_went = match (branch.is_some(), push.r#ref.starts_with("refs/tags/")) {
        (true, _) if deleted => Some("branch.deleted"),
        (true, _) if created => Some("branch.created"),
        (true, _) => None,
        (_, true) if deleted => Some("tag.deleted"),
        // A tag that was moved is a tag made anew.
        (_, true) => Some("tag.created"),
        _ => return Vec::new(),
    };
    let mut drafts = Vec::with_capacity(2);
    if let Some(kind) = came_or_went {
        let was = if deleted { before.clone() } else { after.clone() };
        let fact = RefFact { r#ref: Some(reference.clone()), sha: was };
        drafts.push(draft(kind, subject.clone(), at, base.clone(), Body::Ref(fact)));
    }
    if branch.is_some() && !deleted {
        let commits = Commits {
            r#ref: Some(reference),
            before,
            after,
            forced: push.forced,
            truncated: (push.commits.len() >= MOST_COMMITS).then_some(true),
            pushed_at: push.repository.pushed_at,
            default_branch: text(push.repository.default_branch.as_ref(), NAME),
            commits: push.commits.into_iter().filter_map(|commit| commit.fact(rules)).collect(),
        };
        drafts.push(draft("commits.pushed", subject, at, base, Body::Commits(commits)));
    }
    drafts
}

/// A SHA; all zeros stand for "there was none".
fn sha(sha: Option<&Text<'_>>) -> Option<String> {
    text(sha, NAME).filter(|_| !is_zero(sha))
}

fn is_zero(sha: Option<&Text<'_>>) -> bool {
    sha.is_some_and(|sha| sha.bytes().all(|c| c == b'0'))
}

impl PushedCommit<'_> {
    /// A commit without its SHA is none: nothing could refer to it.
    fn fact(self, rules: &Rules) -> Option<Commit> {
        let id = text(self.id.as_ref(), NAME)?;
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
