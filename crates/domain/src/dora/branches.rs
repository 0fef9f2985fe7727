//! Which branches commits were seen on, by the pushes that list them.

use chrono::{DateTime, Utc};

use super::commits::is_real;
use super::registers::{Stamp, known, registers};
use super::{Entities, micros};
use crate::data::Commits;
use crate::event::Event;

/// Which commit on which branch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BranchCommitKey {
    pub tenant: String,
    pub repo: String,
    pub branch: String,
    pub sha: String,
}

registers! {
    /// When a commit was first seen on a branch, with where that push moved it to; and whether it is the default branch.
    BranchCommitFacts {
        latest { is_default: bool }
        earliest { seen: (DateTime<Utc>, String) }
    }
}

/// A push to a branch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Push {
    pub tenant: String,
    pub repo: String,
    pub branch: String,
    pub at: DateTime<Utc>,
}

impl Entities {
    /// The commits that a push brought to a branch: those it lists, and where it moved the branch to. A branch that is
    /// made at a commit that was there brings nothing.
    pub(super) fn add_branch(&mut self, event: &Event, repo: &str, stamp: Stamp, pushed: &Commits) {
        let Some(branch) = pushed.r#ref.as_deref().and_then(branch) else { return };
        let Some(after) = pushed.after.as_deref().filter(|after| is_real(after)) else { return };
        let at = micros(pushed.pushed_at.unwrap_or(event.time));
        let was_there = pushed.before.as_deref().is_some_and(is_real);
        let tip = Some(after).filter(|_| was_there || !pushed.commits.is_empty());
        let listed = pushed.commits.iter().filter_map(|commit| commit.sha.as_deref());
        let [tenant, repo, branch] = [event.tenant.as_str(), repo, branch].map(str::to_owned);
        for sha in listed.chain(tip).map(str::to_owned) {
            let [tenant, repo, branch] = [&tenant, &repo, &branch].map(Clone::clone);
            let facts = BranchCommitFacts {
                is_default: known(stamp, pushed.default_branch.as_ref().map(|default| *default == branch)),
                seen: Some((at, after.to_owned())),
            };
            self.branch_commits.entry(BranchCommitKey { tenant, repo, branch, sha }).or_default().merge(facts);
        }
        self.touched.pushes.insert((Push { tenant, repo, branch, at }, event.id));
    }
}

/// `main` of `refs/heads/main` or `main`; none of a tag.
fn branch(name: &str) -> Option<&str> {
    let branch = name.strip_prefix("refs/heads/").unwrap_or(name);
    (!branch.is_empty() && !branch.starts_with("refs/")).then_some(branch)
}

#[cfg(test)]
mod tests {
    use super::branch;

    #[test]
    fn only_branches_are_branches() {
        assert_eq!(branch("refs/heads/feature/a"), Some("feature/a"));
        assert_eq!(branch("main"), Some("main"));
        assert_eq!((branch("refs/tags/v1"), branch("")), (None, None));
    }
}
