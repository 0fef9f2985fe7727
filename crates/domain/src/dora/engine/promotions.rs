//! What ships with a deployment that names a branch and no commit that is known (the last two of rule L6): changes that
//! were merged into the branch since the deployment before, and those that such a merge promoted from another branch.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::Ended;
use super::shipping::{self, Rules, Shipped};
use super::streams::Stream;
use super::walk::Part;
use crate::dora::engine::scope::Touch;
use crate::dora::facts::LinkMethod;

/// Older merges are not believed to have waited for this deployment.
const FURTHEST: TimeDelta = TimeDelta::days(30);

/// The changes that the part's branches ship and no deployment of the environment shipped before.
pub(super) fn shipped<'a>(
    rules: &Rules<'a>,
    ended: &'a Ended,
    part: &Part<'a>,
    stream: &mut Stream<'a>,
) -> Vec<Shipped> {
    let Some(last) = stream.last_there(part.repo).map(|last| last.at) else { return Vec::new() };
    let furthest = ended.finished_at - FURTHEST - TimeDelta::microseconds(1);
    let mut found = Vec::new();
    for branch in branches(rules, ended, part) {
        for (merged_at, change) in rules.changes.merged(part.repo, branch, (last.max(furthest), ended.finished_at)) {
            take(rules, stream, (change, LinkMethod::Time), &mut found);
            let mut promoting = vec![(merged_at, change)];
            while let Some((merged_at, change)) = promoting.pop() {
                for (merged_at, change) in promoted(rules, (merged_at, change), furthest) {
                    if take(rules, stream, (change, LinkMethod::Promotion), &mut found) {
                        promoting.push((merged_at, change));
                    }
                }
            }
        }
    }
    found
}

/// Branches of components whose commit is not told, or means nothing to the graph.
fn branches<'a>(rules: &Rules<'a>, ended: &'a Ended, part: &Part<'a>) -> Vec<&'a str> {
    let is_known = |sha: &String| rules.history.find(part.repo, sha).is_some_and(|node| rules.history.knows(node));
    let bare = ended.components.iter().filter(|one| one.repo == part.repo && !one.sha.as_ref().is_some_and(is_known));
    let mut branches: Vec<&str> = bare.filter_map(|one| one.branch.as_deref()).collect();
    branches.sort_unstable();
    branches.dedup();
    branches
}

/// What a merge carried over: merged into its own branch since the merge before it of the same two branches.
fn promoted(
    rules: &Rules<'_>,
    (merged_at, change): (DateTime<Utc>, usize),
    furthest: DateTime<Utc>,
) -> Vec<(DateTime<Utc>, usize)> {
    let carrier = &rules.changes.all[change];
    let (Some(head), Some(base)) = (&carrier.head, &carrier.base) else { return Vec::new() };
    if head == base {
        return Vec::new();
    }
    let mut carried = rules.changes.merged(&carrier.repo, head, (furthest, merged_at));
    if carried.is_empty() {
        return carried;
    }
    let mut earlier = rules.changes.merged(&carrier.repo, base, (furthest, merged_at)).into_iter();
    let before = earlier.rfind(|(at, place)| *at < merged_at && rules.changes.all[*place].head.as_ref() == Some(head));
    let since = before.map_or(furthest, |(at, _)| at);
    carried.retain(|(at, place)| *at > since && *place != change);
    carried
}

/// Whether the change had not shipped before.
fn take<'a>(
    rules: &Rules<'a>,
    stream: &mut Stream<'a>,
    (change, method): (usize, LinkMethod),
    found: &mut Vec<Shipped>,
) -> bool {
    if !stream.contained.insert(change) {
        return false;
    }
    let touch = shipping::touch(rules, &rules.changes.all[change], None, &HashMap::new());
    if touch != Touch::Outside {
        found.push(Shipped { change, method, touch });
    }
    true
}
