//! `repo:push` of the Cloud: every ref that one push moved, with at most five commits each, newest first.
//!
//! A push has no time of its own: its commits may be days old, so the received time stands in.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Commit, Common};
use domain::event::Draft;
use domain::rules::Rules;
use domain::text::head_line;
use domain::time;
use serde::Deserialize;

use super::payloads::{Account, Links, Pointer, Repository};
use crate::drafts::{NAME, TITLE, plain, sha};
use crate::json::{self, Text};
use crate::messages::trailers;
use crate::moves::Moved;

#[derive(Deserialize)]
pub(super) struct PushEvent<'a> {
    #[serde(borrow)]
    push: Push<'a>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    actor: Option<Account<'a>>,
}

#[derive(Deserialize)]
struct Push<'a> {
    #[serde(borrow, default, deserialize_with = "json::list")]
    changes: Vec<RefChange<'a>>,
}

#[derive(Deserialize)]
struct RefChange<'a> {
    #[serde(borrow)]
    new: Option<Ref<'a>>,
    #[serde(borrow)]
    old: Option<Ref<'a>>,
    forced: Option<bool>,
    truncated: Option<bool>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    commits: Vec<PushedCommit<'a>>,
    #[serde(borrow)]
    links: Option<Links<'a>>,
}

#[derive(Deserialize)]
struct Ref<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    target: Option<Pointer<'a>>,
}

#[derive(Deserialize)]
struct PushedCommit<'a> {
    #[serde(borrow)]
    hash: Option<Text<'a>>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    date: Option<DateTime<Utc>>,
    #[serde(borrow)]
    author: Option<Author<'a>>,
    #[serde(borrow)]
    parents: Option<Vec<Pointer<'a>>>,
}

#[derive(Deserialize)]
struct Author<'a> {
    /// `Ada <ada@acme.example>`.
    #[serde(borrow)]
    raw: Option<Text<'a>>,
    #[serde(borrow)]
    user: Option<Account<'a>>,
}

pub(super) fn drafts(event: PushEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let base = Common {
        repo: event.repository.name(),
        actor: event.actor.as_ref().map(|actor| actor.actor(rules)),
        ..Common::default()
    };
    let moved = |change: RefChange<'_>| change.moved(base.clone(), rules);
    event.push.changes.into_iter().filter_map(moved).flat_map(Moved::drafts).collect()
}

impl RefChange<'_> {
    fn moved(self, base: Common, rules: &Rules) -> Option<Moved> {
        let hash = |side: Option<&Ref<'_>>| side?.target.as_ref()?.sha();
        Some(Moved {
            reference: self.new.as_ref().or(self.old.as_ref())?.whole_name(),
            created: Some(self.old.is_none()),
            deleted: Some(self.new.is_none()),
            before: hash(self.old.as_ref()),
            after: hash(self.new.as_ref()),
            forced: self.forced,
            truncated: self.truncated == Some(true),
            commits: self.commits.into_iter().rev().filter_map(|commit| commit.fact(rules)).collect(),
            common: Common { url: self.links.as_ref().and_then(Links::page), ..base },
            ..Moved::default()
        })
    }
}

impl Ref<'_> {
    fn whole_name(&self) -> String {
        let is_tag = self.kind.as_deref().is_some_and(|kind| kind.ends_with("tag"));
        format!("refs/{}/{}", if is_tag { "tags" } else { "heads" }, self.name.clean(NAME))
    }
}

impl PushedCommit<'_> {
    /// A commit without its SHA is none: nothing could refer to it.
    fn fact(self, rules: &Rules) -> Option<Commit> {
        let message = self.message.as_deref().unwrap_or_default();
        let parents = |list: Vec<Pointer<'_>>| list.iter().filter_map(Pointer::sha).collect();
        Some(Commit {
            sha: Some(sha(self.hash.as_deref())?),
            parents: self.parents.map(parents),
            committed_at: self.date,
            author: self.author.map(|author| author.actor(rules)),
            message_head: Some(head_line(message, TITLE)).filter(|head| !head.is_empty()),
            trailers: trailers(message),
            ..Commit::default()
        })
    }
}

impl Author<'_> {
    fn actor(&self, rules: &Rules) -> Actor {
        let known = self.user.as_ref().map(|user| user.actor(rules)).unwrap_or_default();
        let (name, address) = self.raw.as_deref().and_then(|raw| raw.split_once('<')).unwrap_or_default();
        let email = plain(address.trim().strip_suffix('>').filter(|address| address.contains('@')), NAME);
        Actor { email, bot: known.bot || rules.is_bot(name.trim(), false), ..known }
    }
}
