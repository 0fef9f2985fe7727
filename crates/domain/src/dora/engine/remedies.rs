//! Which earlier deployments a success says were broken (rule I4): what it rolled back, reverted, fixed in haste, or names.

use std::collections::BTreeSet;

use super::shipping::Rules;
use super::streams::{Stream, Success};
use super::{Change, Ended, Stretch, changes, history};
use crate::dora::facts::{Kind, Outside, Remediation, Remedy};

/// A success with what is known of it.
pub(super) struct Remedial<'d, 'a> {
    pub(super) ended: &'a Ended,
    pub(super) kind: Kind,
    /// Of a rollback: where it went back to, if that was seen.
    pub(super) target: Option<usize>,
    pub(super) changes: &'d [usize],
    pub(super) has_hotfix: bool,
    /// Commits that its own commits take back: (repository, SHA).
    pub(super) reverts: &'d BTreeSet<(&'a str, &'a str)>,
    /// Successes of the service before it, in any environment, in their order.
    pub(super) earlier: &'d [&'a Outside],
}

/// Its remediations. The stream does not hold it yet.
pub(super) fn of(
    stretch: &Stretch,
    rules: &Rules<'_>,
    stream: &Stream<'_>,
    one: &Remedial<'_, '_>,
) -> Vec<Remediation> {
    let mut culprits: BTreeSet<(Outside, Remedy)> = BTreeSet::new();
    let last = stream.last().map(|last| last.deployment);
    if one.kind == Kind::Rollback {
        let undone = one.target.and_then(|target| undone(stream, target));
        culprits.extend(undone.or(last).map(|culprit| (culprit.clone(), Remedy::Rollback)));
    }
    if one.kind == Kind::Hotfix || one.has_hotfix {
        culprits.extend(last.map(|culprit| (culprit.clone(), Remedy::Hotfix)));
    }
    let environment = one.ended.environment.as_str();
    let finder = Finder { stretch, rules, stream, environment };
    let by_change = one.changes.iter().filter_map(|change| finder.of_change(&rules.changes.all[*change]));
    let by_commit = one.reverts.iter().filter_map(|(repo, sha)| finder.of_commit(repo, sha));
    for culprit in by_change.chain(by_commit).filter(|culprit| **culprit != one.ended.deployment) {
        culprits.insert((culprit.clone(), Remedy::Revert));
    }
    for word in &one.ended.fixes {
        let named = one.earlier.iter().filter(|earlier| earlier.is_named(word)).min();
        culprits.extend(named.map(|culprit| ((*culprit).clone(), Remedy::Fixes)));
    }
    let at = one.ended.finished_at;
    let remediation = |(culprit, method)| Remediation { deployment: one.ended.deployment.clone(), culprit, method, at };
    culprits.into_iter().map(remediation).collect()
}

/// The first success after the target of a rollback that was no rollback itself and deployed of the same repositories.
fn undone<'a>(stream: &Stream<'a>, target: usize) -> Option<&'a Outside> {
    fn repos<'s>(success: &'s Success<'_>) -> BTreeSet<&'s str> {
        history::heads_of(&success.heads).map(|(repo, _)| repo).collect()
    }
    let same = repos(&stream.successes[target]);
    let mut after = stream.successes[target + 1..].iter();
    let broken = after.find(|one| one.kind != Kind::Rollback && !same.is_disjoint(&repos(one)));
    broken.map(|one| one.deployment)
}

struct Finder<'f, 'a> {
    stretch: &'f Stretch,
    rules: &'f Rules<'a>,
    stream: &'f Stream<'a>,
    environment: &'f str,
}

impl<'f> Finder<'f, '_> {
    /// Who shipped what the change takes back: by a number, an id or a SHA, else by the title that it quotes.
    fn of_change(&self, change: &Change) -> Option<&'f Outside> {
        if let Some(word) = &change.reverts {
            let number = word.trim_start_matches('#');
            return self.of_number(&change.repo, number).or_else(|| self.of_commit(&change.repo, word));
        }
        let title = changes::taken_back(change.title.as_deref()?)?;
        let reverted = self.rules.changes.titled_before(&change.repo, title, change.merged_at?)?;
        self.of_number(&change.repo, &self.rules.changes.all[reverted].number)
    }

    fn of_number(&self, repo: &str, number: &str) -> Option<&'f Outside> {
        let change = self.rules.changes.numbers.get(&(repo, number));
        let here = change.and_then(|change| self.stream.shipped_changes.get(change).copied());
        here.or_else(|| self.earlier(repo, number))
    }

    fn of_commit(&self, repo: &str, sha: &str) -> Option<&'f Outside> {
        let node = self.rules.history.find(repo, sha);
        let here = node.and_then(|node| self.stream.shipped_commits.get(&node).copied());
        here.or_else(|| self.earlier(repo, sha)).or_else(|| {
            let landed = self.rules.changes.landed_at(node?);
            landed.iter().find_map(|change| self.of_number(repo, &self.rules.changes.all[*change].number))
        })
    }

    fn earlier(&self, repo: &str, word: &str) -> Option<&'f Outside> {
        let key = (self.environment.to_owned(), repo.to_owned(), word.to_owned());
        self.stretch.before.shipped.get(&key)
    }
}
