//! Whether one commit comes after another, where both were live before: the graph answers for what became live within
//! the stretch, whoever called for the rest.

use std::collections::HashSet;

use super::history::{History, Node};
use super::streams::{BEFORE, Stream};

/// Answers (repository, may be the ancestor, of this commit).
pub(super) type Oracle<'o> = &'o mut dyn FnMut(&(String, String, String)) -> bool;

/// Whether `old` is `new` or an ancestor of it. Commits that became live earlier than `old` lead nowhere.
pub(super) fn reaches(
    history: &History<'_>,
    stream: &Stream<'_>,
    (old, new): (Node, Node),
    oracle: Oracle<'_>,
) -> bool {
    let Some(sought) = stream.live.get(&old).copied() else { return old == new };
    let mut seen = HashSet::from([new]);
    let mut open = vec![new];
    while let Some(node) = open.pop() {
        if node == old {
            return true;
        }
        match stream.live.get(&node).copied() {
            Some(BEFORE) if sought == BEFORE && oracle(&question(history, old, node)) => return true,
            Some(since) if since != BEFORE && since >= sought => {
                open.extend(history.parents(node).iter().filter(|parent| seen.insert(**parent)));
            }
            _ => {}
        }
    }
    false
}

fn question(history: &History<'_>, old: Node, new: Node) -> (String, String, String) {
    let (repo, old) = history.name(old);
    (repo.to_owned(), old.to_owned(), history.name(new).1.to_owned())
}
