//! `repo:refs_changed` of Data Center: every ref that one push moved. Newer versions add the five newest commits, newest
//! first, without saying of which ref: they are taken where only one moved.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Commit, Common};
use domain::event::Draft;
use domain::rules::Rules;
use domain::text::head_line;
use domain::time;
use serde::Deserialize;

use super::payloads::{Pointer, Repository, User};
use crate::drafts::{NAME, TITLE, sha, text};
use crate::json::{self, Text};
use crate::messages::trailers;
use crate::moves::Moved;

#[derive(Deserialize)]
pub(super) struct RefsChanged<'a> {
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    actor: Option<User<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    date: Option<DateTime<Utc>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    changes: Vec<RefChange<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    commits: Vec<PushedCommit<'a>>,
}

#[derive(Deserialize)]
struct RefChange<'a> {
    #[serde(borrow, rename = "refId")]
    name: Text<'a>,
    #[serde(borrow, rename = "fromHash")]
    from: Option<Text<'a>>,
    #[serde(borrow, rename = "toHash")]
    to: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct PushedCommit<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
    #[serde(borrow)]
    author: Option<Author<'a>>,
    #[serde(rename = "authorTimestamp", default, deserialize_with = "time::lenient")]
    authored: Option<DateTime<Utc>>,
    #[serde(rename = "committerTimestamp", default, deserialize_with = "time::lenient")]
    committed: Option<DateTime<Utc>>,
    #[serde(borrow)]
    parents: Option<Vec<Pointer<'a>>>,
}

#[derive(Deserialize)]
struct Author<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow, rename = "emailAddress")]
    email: Option<Text<'a>>,
}

pub(super) fn drafts(event: RefsChanged<'_>, rules: &Rules) -> Vec<Draft> {
    let base = Common {
        repo: event.repository.name(),
        actor: event.actor.as_ref().map(|actor| actor.actor(rules)),
        ..Common::default()
    };
    let mut commits: Vec<Commit> = Vec::new();
    if event.changes.len() == 1 {
        commits.extend(event.commits.into_iter().rev().filter_map(|commit| commit.fact(rules)));
    }
    let moved = |change: RefChange<'_>| {
        let (before, after) = (sha(change.from.as_deref()), sha(change.to.as_deref()));
        Moved {
            reference: change.name.clean(NAME),
            truncated: before.as_deref().is_some_and(|before| after.is_some() && !reaches(&commits, before)),
            commits: commits.clone(),
            before,
            after,
            pushed_at: event.date,
            common: base.clone(),
            ..Moved::default()
        }
    };
    event.changes.into_iter().map(moved).flat_map(Moved::drafts).collect()
}

/// Whether the list goes back to where the ref was: else it was cut, or the history was rewritten.
fn reaches(commits: &[Commit], before: &str) -> bool {
    commits.iter().flat_map(|commit| commit.parents.iter().flatten()).any(|parent| parent == before)
}

impl PushedCommit<'_> {
    /// A commit without its SHA is none: nothing could refer to it.
    fn fact(self, rules: &Rules) -> Option<Commit> {
        let message = self.message.as_deref().unwrap_or_default();
        let parents = |list: Vec<Pointer<'_>>| list.iter().filter_map(Pointer::sha).collect();
        Some(Commit {
            sha: Some(sha(self.id.as_deref())?),
            parents: self.parents.map(parents),
            authored_at: self.authored,
            committed_at: self.committed,
            author: self.author.map(|author| author.actor(rules)),
            message_head: Some(head_line(message, TITLE)).filter(|head| !head.is_empty()),
            trailers: trailers(message),
            files: None,
        })
    }
}

impl Author<'_> {
    fn actor(&self, rules: &Rules) -> Actor {
        let login = text(self.name.as_ref(), NAME);
        let bot = login.as_deref().is_some_and(|login| rules.is_bot(login, false));
        Actor { id: None, login, email: text(self.email.as_ref(), NAME), bot }
    }
}
