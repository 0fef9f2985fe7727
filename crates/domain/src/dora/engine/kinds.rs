//! What a success was beside those before it: forward, the same again, back, or what the source calls it.

use std::collections::{BTreeMap, BTreeSet};

use super::Ended;
use super::ancestry::{self, Oracle};
use super::history::{self, History, Node};
use super::streams::{Rank, Stream};
use crate::dora::facts::Kind;

/// A repository's commits beside those that were deployed of it before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Same,
    Forward,
    Back,
    /// Neither is known to come after the other.
    Aside,
}

/// The kind, and the earlier success that a rollback went back to (its place in the stream), if it was seen.
pub(super) fn kind(
    ended: &Ended,
    rank: Rank,
    history: &History<'_>,
    stream: &Stream<'_>,
    oracle: Oracle<'_>,
) -> (Kind, Option<usize>) {
    let heads = history::heads(ended);
    let seen = stream.with_heads(&heads);
    let kind = match ended.explicit_kind.as_deref().and_then(Kind::parse) {
        Some(said) => said,
        None => reckoned(steps(&heads, rank, history, stream, oracle), seen, stream),
    };
    (kind, seen.filter(|_| kind == Kind::Rollback))
}

fn reckoned(steps: Vec<Step>, seen: Option<usize>, stream: &Stream<'_>) -> Kind {
    let any = |step| steps.contains(&step);
    if steps.is_empty() || any(Step::Forward) {
        Kind::Forward
    } else if !any(Step::Back) && !any(Step::Aside) {
        Kind::Redeploy
    } else if (any(Step::Aside) && seen.is_none()) || is_release_again(seen, stream) {
        Kind::Forward
    } else {
        Kind::Rollback
    }
}

/// The last success went back, and these commits were deployed after what it went back to.
fn is_release_again(seen: Option<usize>, stream: &Stream<'_>) -> bool {
    let Some(last) = stream.last().filter(|last| last.kind == Kind::Rollback) else { return false };
    let target = last.target.and_then(|target| stream.place_of(target));
    seen.zip(target).is_some_and(|(seen, target)| seen > target)
}

fn steps(heads: &str, rank: Rank, history: &History<'_>, stream: &Stream<'_>, oracle: Oracle<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    for (repo, new) in by_repo(heads, history) {
        let last = stream.last_with_commit(repo).map(|last| by_repo(&last.heads, history));
        let old = last.and_then(|mut last| last.remove(repo));
        let is_news = new.iter().any(|node| !stream.was_live(*node, rank));
        // Each one is asked about, whatever the others are: what has to be asked must not depend on the answers.
        let mut all_reach = |from: &BTreeSet<Node>, to: &BTreeSet<Node>| {
            let mut reaches = |from| to.iter().any(|to| ancestry::reaches(history, stream, (from, *to), oracle));
            from.iter().filter(|from| !reaches(**from)).count() == 0
        };
        steps.push(match old {
            Some(old) if old == new => Step::Same,
            Some(old) if is_news || all_reach(&old, &new) => Step::Forward,
            Some(old) if all_reach(&new, &old) => Step::Back,
            Some(_) => Step::Aside,
            None => Step::Forward,
        });
    }
    steps
}

fn by_repo<'t>(heads: &'t str, history: &History<'_>) -> BTreeMap<&'t str, BTreeSet<Node>> {
    let mut all: BTreeMap<&str, BTreeSet<Node>> = BTreeMap::new();
    for (repo, sha) in history::heads_of(heads) {
        all.entry(repo).or_default().extend(history.find(repo, sha));
    }
    all
}
