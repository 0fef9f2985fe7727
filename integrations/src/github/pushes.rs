//! `push`: a branch moved (commits were pushed), or a branch or tag came or went.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Body, Commit, Commits, RefFact};
use domain::event::Draft;
use domain::rules::Rules;
use domain::text::{clean, head_line};
use domain::time;
use serde::Deserialize;

use super::messages::trailers;
use super::payloads::{NAME, Repository, TITLE, URL, User, common, draft, text};
use crate::json::Text;

/// A push lists no more commits than this; a full list may be cut.
const MOST_COMMITS: usize = 2048;
/// A commit with more files is not told by its files: which services it touches is then unknown.
const MOST_FILES: usize = 1000;

#[derive(Deserialize)]
pub(super) struct Push<'a> {
    #[serde(borrow)]
    r#ref: Text<'a>,
    #[serde(borrow)]
    before: Text<'a>,
    #[serde(borrow)]
    after: Text<'a>,
    #[serde(default)]
    created: bool,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    forced: Option<bool>,
    #[serde(borrow, default)]
    compare: Option<Text<'a>>,
    #[serde(borrow, default)]
    commits: Vec<PushedCommit<'a>>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow, default)]
    sender: Option<User<'a>>,
}

#[derive(Deserialize)]
struct PushedCommit<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, default)]
    message: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    timestamp: Option<DateTime<Utc>>,
    #[serde(borrow, default)]
    author: Option<Author<'a>>,
    #[serde(borrow, default)]
    added: Vec<Text<'a>>,
    #[serde(borrow, default)]
    modified: Vec<Text<'a>>,
    #[serde(borrow, default)]
    removed: Vec<Text<'a>>,
}

#[derive(Deserialize)]
struct Author<'a> {
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    email: Option<Text<'a>>,
    #[serde(borrow, default)]
    username: Option<Text<'a>>,
}

pub(super) fn drafts(push: Push<'_>, rules: &Rules) -> Vec<Draft> {
    let branch = push.r#ref.strip_prefix("refs/heads/");
    let mut base = common(&push.repository, push.sender.as_ref(), rules);
    let at = push.repository.pushed_at.or_else(|| push.commits.iter().filter_map(|commit| commit.timestamp).max());
    base.branch = branch.map(|branch| clean(branch, NAME));
    base.commit_sha = sha(&push.after);
    base.url = text(push.compare.as_ref(), URL);
    base.revision = at;
    let reference = push.r#ref.clean(NAME);
    let subject = format!("{}@{reference}", push.repository.name());
    let came_or_went = match (branch.is_some(), push.r#ref.starts_with("refs/tags/")) {
        (true, _) if push.deleted => Some("branch.deleted"),
        (true, _) if push.created => Some("branch.created"),
        (true, _) => None,
        (_, true) if push.deleted => Some("tag.deleted"),
        // A tag that was moved is a tag made anew.
        (_, true) => Some("tag.created"),
        _ => return Vec::new(),
    };
    let mut drafts = Vec::with_capacity(2);
    if let Some(kind) = came_or_went {
        let was = if push.deleted { sha(&push.before) } else { sha(&push.after) };
        let fact = RefFact { r#ref: Some(reference.clone()), sha: was };
        drafts.push(draft(kind, subject.clone(), at, base.clone(), Body::Ref(fact)));
    }
    if branch.is_some() && !push.deleted {
        let commits = Commits {
            r#ref: Some(reference),
            before: sha(&push.before),
            after: sha(&push.after),
            forced: push.forced,
            truncated: (push.commits.len() >= MOST_COMMITS).then_some(true),
            pushed_at: push.repository.pushed_at,
            default_branch: text(push.repository.default_branch.as_ref(), NAME),
            commits: push.commits.into_iter().map(|commit| commit.fact(rules)).collect(),
        };
        drafts.push(draft("commits.pushed", subject, at, base, Body::Commits(commits)));
    }
    drafts
}

/// A SHA; all zeros stand for "there was none".
fn sha(text: &str) -> Option<String> {
    (!text.bytes().all(|c| c == b'0')).then(|| clean(text, NAME))
}

impl PushedCommit<'_> {
    fn fact(self, rules: &Rules) -> Commit {
        let message = self.message.as_deref().unwrap_or_default();
        let count = self.added.len() + self.modified.len() + self.removed.len();
        let files = || [&self.added, &self.modified, &self.removed].into_iter().flatten();
        Commit {
            sha: Some(self.id.clean(NAME)),
            parents: None,
            authored_at: None,
            committed_at: self.timestamp,
            author: self.author.map(|author| author.actor(rules)),
            message_head: Some(head_line(message, TITLE)).filter(|head| !head.is_empty()),
            trailers: trailers(message),
            files: (count <= MOST_FILES).then(|| files().map(|file| file.clean(500)).collect()),
        }
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
