//! The commits that a push lists, in the shape that GitHub began and GitLab took over.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Commit};
use domain::rules::Rules;
use domain::text::head_line;
use domain::time;
use serde::Deserialize;

use crate::drafts::{NAME, TITLE, sha, text};
use crate::json::Text;
use crate::messages::trailers;

/// A commit with more files is not told by its files: which services it touches is then unknown.
const MOST_FILES: usize = 1000;
const MOST_PARENTS: usize = 100;

#[derive(Deserialize)]
pub(crate) struct PushedCommit<'a> {
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
    #[serde(borrow)]
    em_agent: Option<Recalled<'a>>,
}

/// What only history knows of a commit (`crate::history`): no webhook sends it.
#[derive(Deserialize)]
struct Recalled<'a> {
    #[serde(borrow)]
    parents: Option<Vec<Text<'a>>>,
    #[serde(default, deserialize_with = "time::lenient")]
    authored_at: Option<DateTime<Utc>>,
}

impl Recalled<'_> {
    fn parents(&self) -> Option<Vec<String>> {
        let listed = self.parents.as_ref()?;
        Some(listed.iter().filter_map(|parent| sha(Some(parent))).take(MOST_PARENTS).collect())
    }
}

#[derive(Deserialize)]
struct Author<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    email: Option<Text<'a>>,
    /// The login, where the source knows whose commit it is.
    #[serde(borrow)]
    username: Option<Text<'a>>,
}

impl PushedCommit<'_> {
    /// A commit without its SHA is none: nothing could refer to it.
    pub(crate) fn fact(self, rules: &Rules) -> Option<Commit> {
        let sha = sha(self.id.as_deref())?;
        let message = self.message.as_deref().unwrap_or_default();
        let lists = [&self.added, &self.modified, &self.removed];
        let known = lists.iter().any(|list| list.is_some());
        let files = || lists.into_iter().flatten().flatten();
        Some(Commit {
            sha: Some(sha),
            parents: self.em_agent.as_ref().and_then(Recalled::parents),
            authored_at: self.em_agent.as_ref().and_then(|recalled| recalled.authored_at),
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
            login: text(self.username.as_ref(), NAME),
            // What GitLab hides is no address: `[REDACTED]`.
            email: text(self.email.as_ref(), NAME).filter(|email| email.contains('@')),
            bot: named.is_some_and(|name| rules.is_bot(name, false)),
            ..Actor::default()
        }
    }
}
