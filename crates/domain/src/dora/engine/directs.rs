//! Pushes to the default branch that belong to no change: each commit counts as one.

use super::history::Node;
use super::shipping::{self, Rules};
use super::walk::Part;
use super::{Change, Commit, Ended, leads};
use crate::dora::facts::{ChangeFact, ChangeKind};

/// The facts of the part's direct pushes. Commits outside the service's paths are none of its.
pub(super) fn facts(rules: &Rules<'_>, ended: &Ended, part: &Part<'_>) -> Vec<ChangeFact> {
    let shipped = part.news.iter().filter(|node| part.ships(**node));
    shipped.filter_map(|node| fact(rules, ended, part, *node)).collect()
}

fn fact(rules: &Rules<'_>, ended: &Ended, part: &Part<'_>, node: Node) -> Option<ChangeFact> {
    let commit = rules.history.commit(node)?;
    let (pushed_at, pushed_to) = commit.pushed_to_default.as_ref()?;
    if !commit.branches.is_empty() || belongs_to_a_change(rules, node, pushed_to) {
        return None;
    }
    let touch = rules.scope.touch(part.repo, commit.files.as_deref());
    let change = as_change(rules, node, commit, *pushed_at);
    let start_at = leads::start(&change, None)?;
    (touch != super::scope::Touch::Outside).then(|| ChangeFact {
        environment: ended.environment.clone(),
        deployment: ended.deployment.clone(),
        tier: ended.tier,
        team: None,
        kind: ChangeKind::Direct,
        at: part.at,
        deployed_at: ended.finished_at,
        start_at,
        first_commit_at: change.first_commit_at,
        opened_at: None,
        first_review_at: None,
        approved_at: None,
        merged_at: change.merged_at,
        lead_s: leads::seconds(start_at, part.at),
        phases: leads::phases(&change, start_at, part.at),
        is_bot: commit.is_bot,
        is_revert: rules.changes.is_revert(&change, Some(commit)),
        is_hotfix: rules.changes.is_hotfix(&change),
        link_method: shipping::method(rules, part, node, false),
        files_known: touch != super::scope::Touch::Unknown,
        repo: change.repo,
        number: change.number,
    })
}

/// It landed as one, was picked from one, or is one of several that a change was rebased to: then the push that lists it
/// moved the branch to where a change landed.
fn belongs_to_a_change(rules: &Rules<'_>, node: Node, pushed_to: &str) -> bool {
    let (repo, _) = rules.history.name(node);
    let pushed_to = rules.history.find(repo, pushed_to);
    let all = [Some(node), shipping::source_of(rules, node), pushed_to];
    all.into_iter().flatten().any(|node| !rules.changes.landed_at(node).is_empty())
}

fn as_change(rules: &Rules<'_>, node: Node, commit: &Commit, pushed_at: chrono::DateTime<chrono::Utc>) -> Change {
    let (repo, sha) = rules.history.name(node);
    Change {
        repo: repo.to_owned(),
        number: sha.to_owned(),
        title: commit.message_head.clone(),
        first_commit_at: leads::written(commit),
        merged_at: Some(pushed_at),
        ..Change::default()
    }
}
