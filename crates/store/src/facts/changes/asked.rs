//! Which changes are asked for, by what the stretches have so far. Of many services that ask for the same, one asks.

use std::collections::{BTreeMap, BTreeSet};

use domain::dora::engine::Stretch;

use super::Found;
use crate::facts::graph::Visited;
use crate::facts::stretch::Scope;

/// (tenant, repository, number, SHA or title), with the scopes that ask for it.
pub(super) type Asked = BTreeMap<(String, String, String), BTreeSet<usize>>;

fn ask(asked: &mut Asked, scopes: &[Scope], scope: usize, repo: &str, word: &str) {
    let key = (scopes[scope].of.tenant.to_string(), repo.to_owned(), word.to_owned());
    asked.entry(key).or_default().insert(scope);
}

/// The commits that changes may have landed as: those of the graph and of `contains`, those that were picked into it, and
/// those that a push which listed one moved the default branch to.
pub(super) fn landed(scopes: &[Scope], stretches: &[Stretch], visited: &Visited) -> Asked {
    let mut asked = Asked::new();
    for (scope, (stretch, visited)) in stretches.iter().zip(visited).enumerate() {
        let mut ask = |repo: &str, sha: &str| ask(&mut asked, scopes, scope, repo, sha);
        visited.iter().for_each(|(repo, sha)| ask(repo, sha));
        for ((repo, _), commit) in &stretch.graph.commits {
            commit.picked_from.iter().for_each(|sha| ask(repo, sha));
            commit.pushed_to_default.iter().for_each(|(_, after)| ask(repo, after));
        }
    }
    asked
}

/// What is taken back: by number, by commit, by title.
pub(super) fn reverted(scopes: &[Scope], stretches: &[Stretch], found: &Found) -> [Asked; 3] {
    let mut asked = [Asked::new(), Asked::new(), Asked::new()];
    for (scope, (stretch, found)) in stretches.iter().zip(found).enumerate() {
        for ((repo, _), commit) in &stretch.graph.commits {
            commit.reverts.iter().for_each(|sha| ask(&mut asked[1], scopes, scope, repo, sha));
        }
        for change in found.values() {
            if let Some(word) = &change.reverts {
                ask(&mut asked[0], scopes, scope, &change.repo, bare(word));
                ask(&mut asked[1], scopes, scope, &change.repo, word);
            }
            if let Some(title) = change.title.as_deref().and_then(reverted_title) {
                ask(&mut asked[2], scopes, scope, &change.repo, title);
            }
        }
    }
    asked
}

/// `#12` and `12` are one.
fn bare(word: &str) -> &str {
    word.strip_prefix('#').unwrap_or(word)
}

/// `X` of `Revert "X"`.
fn reverted_title(title: &str) -> Option<&str> {
    title.strip_prefix("Revert \"")?.strip_suffix('"')
}

/// (scope, repository, number or SHA): changes, and commits that are taken back.
pub(super) fn maybe_shipped(stretches: &[Stretch]) -> BTreeSet<(usize, String, String)> {
    let mut words = BTreeSet::new();
    for (scope, stretch) in stretches.iter().enumerate() {
        for change in &stretch.changes {
            words.insert((scope, change.repo.clone(), change.number.clone()));
            words.extend(change.reverts.iter().map(|word| (scope, change.repo.clone(), bare(word).to_owned())));
        }
        for ((repo, _), commit) in &stretch.graph.commits {
            words.extend(commit.reverts.iter().map(|sha| (scope, repo.clone(), sha.clone())));
        }
    }
    words
}
