//! Commits, their parents, and what moved a ref from where to where.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::registers::{known, registers};
use super::{Entities, micros, stamp};
use crate::data::{Actor, Commit, Commits, Common};
use crate::event::Event;

/// Which commit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommitKey {
    pub tenant: String,
    pub repo: String,
    pub sha: String,
}

registers! {
    /// What is known of a commit.
    CommitFacts {
        latest { authored_at: DateTime<Utc>, committed_at: DateTime<Utc>, author: String, is_bot: bool }
        earliest {}
    }
}

/// How it is known that one commit comes after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The source names the parents.
    Payload,
    /// The ref moved from one over the others: an ancestor, not always a parent.
    Reflog,
}

impl Origin {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Payload => "payload",
            Self::Reflog => "reflog",
        }
    }
}

/// A commit's parent. Edges are never taken back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    pub commit: CommitKey,
    pub parent_sha: String,
    pub origin: Origin,
}

/// A ref that moved from one commit to another. Moving there and back and there again is one row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MoveKey {
    pub tenant: String,
    pub repo: String,
    pub r#ref: String,
    /// All zeros where the ref was made.
    pub before: String,
    /// All zeros where the ref was deleted.
    pub after: String,
}

registers! {
    /// What is known of a ref's move.
    MoveFacts {
        latest { occurred_at: DateTime<Utc>, forced: bool }
        earliest {}
    }
}

impl Entities {
    /// A push. Without a repository there is nothing to key its commits by.
    pub(super) fn add_commits(&mut self, event: &Event, common: Common, pushed: &Commits) {
        let Some(repo) = &common.repo else { return };
        let mut times: Vec<_> = pushed.commits.iter().flat_map(|one| [one.authored_at, one.committed_at]).collect();
        times.push(pushed.pushed_at);
        let stamp = stamp(event, &common, &times);
        let key = |sha: &str| CommitKey { tenant: event.tenant.to_string(), repo: repo.clone(), sha: sha.to_owned() };

        for commit in &pushed.commits {
            let Some(sha) = &commit.sha else { continue };
            let facts = CommitFacts {
                authored_at: known(stamp, commit.authored_at.map(micros)),
                committed_at: known(stamp, commit.committed_at.map(micros)),
                author: known(stamp, commit.author.as_ref().and_then(name)),
                is_bot: known(stamp, commit.author.as_ref().map(|author| author.bot)),
            };
            self.commits.entry(key(sha)).or_default().merge(facts);
            for parent in commit.parents.iter().flatten().filter(|parent| *parent != sha) {
                self.edges.insert(Edge { commit: key(sha), parent_sha: parent.clone(), origin: Origin::Payload });
            }
        }
        for (sha, parent) in chain(pushed) {
            self.edges.insert(Edge { commit: key(sha), parent_sha: parent.to_owned(), origin: Origin::Reflog });
        }
        if let (Some(r#ref), Some(before), Some(after)) = (&pushed.r#ref, &pushed.before, &pushed.after) {
            let [tenant, repo, r#ref, before, after] =
                [event.tenant.as_str(), repo, r#ref, before, after].map(str::to_owned);
            let facts = MoveFacts {
                occurred_at: known(stamp, Some(micros(pushed.pushed_at.unwrap_or(event.time)))),
                forced: known(stamp, pushed.forced),
            };
            self.moves.entry(MoveKey { tenant, repo, r#ref, before, after }).or_default().merge(facts);
        }
    }
}

/// `before → commits in order → after`, as (commit, the one before it). A forced push leaves `before` behind, a new ref
/// has none, a deleted one no `after`. Nothing is inferred for a commit whose parents are told.
fn chain(pushed: &Commits) -> Vec<(&str, &str)> {
    let real = |sha: &&str| !sha.is_empty() && sha.bytes().any(|c| c != b'0');
    let before = pushed.before.as_deref().filter(|_| pushed.forced != Some(true));
    let listed = pushed.commits.iter().filter_map(|commit: &Commit| commit.sha.as_deref());
    let mut line: Vec<&str> = before.into_iter().chain(listed).chain(pushed.after.as_deref()).filter(real).collect();
    line.dedup();
    let told: BTreeSet<&str> =
        pushed.commits.iter().filter(|one| one.parents.is_some()).filter_map(|one| one.sha.as_deref()).collect();
    line.windows(2).filter(|pair| !told.contains(pair[1])).map(|pair| (pair[1], pair[0])).collect()
}

/// The name that an author is shown by.
pub(super) fn name(actor: &Actor) -> Option<String> {
    actor.login.clone().or_else(|| actor.email.clone()).or_else(|| actor.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(before: &str, shas: &[&str], after: &str, forced: bool) -> Commits {
        let commit = |sha: &&str| Commit { sha: Some((*sha).to_owned()), ..Commit::default() };
        Commits {
            before: Some(before.to_owned()),
            after: Some(after.to_owned()),
            forced: Some(forced),
            commits: shas.iter().map(commit).collect(),
            ..Commits::default()
        }
    }

    #[test]
    fn the_ref_log_links_what_the_ref_moved_over() {
        assert_eq!(chain(&push("a", &["b", "c"], "c", false)), [("b", "a"), ("c", "b")]);
        assert_eq!(chain(&push("a", &[], "c", false)), [("c", "a")], "forward to commits that were known");
        assert_eq!(chain(&push("a", &["b"], "d", false)), [("b", "a"), ("d", "b")], "a list that was cut short");
    }

    #[test]
    fn a_commit_whose_parents_are_told_follows_those_and_no_other() {
        let mut merged = push("a", &["b", "c", "m"], "m", false);
        merged.commits[2].parents = Some(vec!["b".to_owned(), "c".to_owned()]);
        assert_eq!(chain(&merged), [("b", "a"), ("c", "b")]);
        merged.commits.iter_mut().for_each(|commit| commit.parents = Some(Vec::new()));
        assert_eq!(chain(&merged), []);
    }

    #[test]
    fn a_forced_push_a_new_ref_and_a_deleted_one_link_nothing_over_the_gap() {
        assert_eq!(chain(&push("a", &["b", "c"], "c", true)), [("c", "b")]);
        assert_eq!(chain(&push("0000", &["b", "c"], "c", false)), [("c", "b")]);
        assert_eq!(chain(&push("a", &[], "0000", false)), []);
        assert_eq!(chain(&push("a", &[], "a", false)), []);
    }
}
