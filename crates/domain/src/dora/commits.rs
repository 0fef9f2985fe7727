//! Commits, their parents, and what moved a ref from where to where.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::registers::{Stamp, known, registers};
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
        latest {
            authored_at: DateTime<Utc>, committed_at: DateTime<Utc>, author: String, is_bot: bool, message_head: String,
            is_merge: bool, picked_from: String, reverts: String, files: Vec<String>,
        }
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
            self.touched.commits.insert((key(sha), event.id));
            self.commits.entry(key(sha)).or_default().merge(facts(stamp, commit));
            for parent in commit.parents.iter().flatten().filter(|parent| *parent != sha) {
                self.edges.insert(Edge { commit: key(sha), parent_sha: parent.clone(), origin: Origin::Payload });
            }
        }
        for (sha, parent) in chain(pushed) {
            self.touched.commits.insert((key(sha), event.id));
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
        self.add_branch(event, repo, stamp, pushed);
    }
}

fn facts(stamp: Stamp, commit: &Commit) -> CommitFacts {
    CommitFacts {
        authored_at: known(stamp, commit.authored_at.map(micros)),
        committed_at: known(stamp, commit.committed_at.map(micros)),
        author: known(stamp, commit.author.as_ref().and_then(name)),
        is_bot: known(stamp, commit.author.as_ref().map(|author| author.bot)),
        message_head: known(stamp, commit.message_head.clone()),
        is_merge: known(stamp, is_merge(commit)),
        picked_from: known(stamp, named_in(&commit.trailers, "(cherry picked from commit ")),
        reverts: known(stamp, named_in(&commit.trailers, "This reverts commit ")),
        files: known(stamp, commit.files.clone()),
    }
}

/// By its parents where the source names them, else by the words that git and the forges begin the message of a merge with.
fn is_merge(commit: &Commit) -> Option<bool> {
    const WORDS: [&str; 4] = ["Merge pull request ", "Merge branch ", "Merge remote-tracking branch ", "Merged in "];
    let parents = commit.parents.as_ref().filter(|parents| !parents.is_empty()).map(|parents| parents.len() > 1);
    parents
        .or_else(|| Some(WORDS.iter().any(|word| commit.message_head.as_ref().is_some_and(|m| m.starts_with(word)))))
        .filter(|_| commit.parents.is_some() || commit.message_head.is_some())
}

/// The commit that the first trailer with this beginning names. Of several picks in a row the first line names the first.
/// Facts of the generic source may call commits what they like: only git's own names are put into small letters.
fn named_in(trailers: &[String], beginning: &str) -> Option<String> {
    let rest = trailers.iter().find_map(|trailer| trailer.strip_prefix(beginning))?;
    let name: String = rest.chars().take_while(|one| one.is_ascii_alphanumeric() || "-_".contains(*one)).collect();
    let is_sha = name.len() >= 7 && name.bytes().all(|one| one.is_ascii_hexdigit());
    (1..=64).contains(&name.len()).then(|| if is_sha { name.to_ascii_lowercase() } else { name })
}

/// `before → commits in order → after`, as (commit, the one before it). A forced push leaves `before` behind, a new ref
/// has none, a deleted one no `after`. Nothing is inferred for a commit whose parents are told.
fn chain(pushed: &Commits) -> Vec<(&str, &str)> {
    let before = pushed.before.as_deref().filter(|_| pushed.forced != Some(true));
    let listed = pushed.commits.iter().filter_map(|commit: &Commit| commit.sha.as_deref());
    let mut line: Vec<&str> =
        before.into_iter().chain(listed).chain(pushed.after.as_deref()).filter(|sha| is_real(sha)).collect();
    line.dedup();
    let told: BTreeSet<&str> =
        pushed.commits.iter().filter(|one| one.parents.is_some()).filter_map(|one| one.sha.as_deref()).collect();
    line.windows(2).filter(|pair| !told.contains(pair[1])).map(|pair| (pair[1], pair[0])).collect()
}

/// Not the zeros that stand for a ref that is not there.
pub(super) fn is_real(sha: &str) -> bool {
    sha.bytes().any(|c| c != b'0')
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
    fn a_merge_is_known_by_its_parents_else_by_its_message() {
        let commit = |parents: Option<&[&str]>, message: Option<&str>| Commit {
            parents: parents.map(|all| all.iter().map(|sha| (*sha).to_owned()).collect()),
            message_head: message.map(str::to_owned),
            ..Commit::default()
        };
        assert_eq!(is_merge(&commit(Some(&["a", "b"]), Some("Ship it"))), Some(true));
        assert_eq!(is_merge(&commit(Some(&["a"]), Some("Merge branch 'x'"))), Some(false), "squashed");
        assert_eq!(is_merge(&commit(None, Some("Merge pull request #1 from acme/x"))), Some(true));
        assert_eq!(is_merge(&commit(None, Some("Merged the lists"))), Some(false));
        assert_eq!(is_merge(&commit(None, None)), None);
    }

    #[test]
    fn a_commit_names_what_it_was_picked_from_and_what_it_takes_back() {
        let trailers = [
            "Signed-off-by: Ada <ada@example.org>",
            "(cherry picked from commit 0A1B2C3D4E)",
            "This reverts commit 51de2b8.",
        ]
        .map(str::to_owned);
        assert_eq!(named_in(&trailers, "(cherry picked from commit ").as_deref(), Some("0a1b2c3d4e"));
        assert_eq!(named_in(&trailers, "This reverts commit ").as_deref(), Some("51de2b8"));
        let named = |trailer: &str| named_in(&[trailer.to_owned()], "(cherry picked from commit ");
        assert_eq!(named("(cherry picked from commit Fix-1)").as_deref(), Some("Fix-1"));
        assert_eq!(named("(cherry picked from commit )"), None);
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
