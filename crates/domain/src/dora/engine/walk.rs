//! What a deployment contains that was not live before (rules L1, L3, L4, L7), repository by repository.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::Ended;
use super::ancestry::{self, Oracle};
use super::history::{History, Node};
use super::streams::{Rank, Stream};

/// A repository's part in a deployment.
pub(super) struct Part<'a> {
    pub(super) repo: &'a str,
    /// When its components had finished.
    pub(super) at: DateTime<Utc>,
    /// Commits of its components.
    pub(super) deployed: BTreeSet<Node>,
    /// Commits that the source says it contains, those of failed attempts too.
    pub(super) listed: BTreeSet<Node>,
    /// All its commits are known through images.
    pub(super) by_image: bool,
    /// Commits that became live with it.
    pub(super) news: Vec<Node>,
    /// Live commits that its new ones, or its heads, come right after.
    border: BTreeSet<Node>,
    /// No success before it had a commit of the repository (rule L3).
    pub(super) baseline: bool,
    /// What came before is not known to lead here (rule L4).
    pub(super) gap: bool,
}

impl Part<'_> {
    /// Whether a commit that became live is new to the environment, and not merely new to us.
    pub(super) fn ships(&self, node: Node) -> bool {
        match (self.baseline, self.gap) {
            (true, _) => self.listed.contains(&node),
            (false, true) => self.listed.contains(&node) || self.deployed.contains(&node),
            (false, false) => true,
        }
    }
}

/// The deployment's parts by repository; what is new in them becomes live.
pub(super) fn parts<'a>(
    ended: &'a Ended,
    rank: Rank,
    history: &History<'a>,
    stream: &mut Stream<'a>,
    oracle: Oracle<'_>,
) -> Vec<Part<'a>> {
    let mut parts: BTreeMap<&str, Part<'a>> = BTreeMap::new();
    for component in &ended.components {
        let part = parts.entry(&component.repo).or_insert_with(|| Part::empty(&component.repo, ended));
        part.deployed.extend(component.sha.as_ref().and_then(|sha| history.find(&component.repo, sha)));
    }
    let rolled = std::mem::take(&mut stream.rolled);
    for node in history.find_all(&ended.contains).into_iter().chain(rolled) {
        let (repo, _) = history.name(node);
        parts.entry(repo).or_insert_with(|| Part::empty(repo, ended)).listed.insert(node);
    }
    let mut parts: Vec<Part<'a>> = parts.into_values().collect();
    for part in &mut parts {
        part.baseline = stream.last_with_commit(part.repo).is_none();
        part.go(rank, history, stream);
        part.gap = !part.baseline && part.is_gap(history, stream, oracle);
    }
    parts
}

impl<'a> Part<'a> {
    fn empty(repo: &'a str, ended: &'a Ended) -> Self {
        let mine = || ended.components.iter().filter(|one| one.repo == repo);
        let mut with_commit = mine().filter(|one| one.sha.is_some()).peekable();
        Self {
            repo,
            at: mine().map(|one| one.finished_at.unwrap_or(ended.finished_at)).max().unwrap_or(ended.finished_at),
            deployed: BTreeSet::new(),
            listed: BTreeSet::new(),
            by_image: with_commit.peek().is_some() && with_commit.all(|one| one.by_image),
            news: Vec::new(),
            border: BTreeSet::new(),
            baseline: false,
            gap: false,
        }
    }

    fn go(&mut self, rank: Rank, history: &History<'_>, stream: &mut Stream<'_>) {
        let mut open: Vec<Node> = self.deployed.union(&self.listed).copied().collect();
        while let Some(node) = open.pop() {
            match stream.live.get(&node) {
                Some(since) if *since < rank => {
                    self.border.insert(node);
                }
                Some(_) => {}
                None => {
                    stream.live.insert(node, rank);
                    self.news.push(node);
                    open.extend(history.parents(node));
                }
            }
        }
    }

    /// Nothing is known of the commits before it, and they are not among the ancestors of this one's.
    fn is_gap(&self, history: &History<'_>, stream: &Stream<'_>, oracle: Oracle<'_>) -> bool {
        let Some(last) = stream.last_with_commit(self.repo) else { return false };
        if last.known.contains(self.repo) || self.deployed.is_empty() && self.listed.is_empty() {
            return false;
        }
        let mut old = last.shas.iter().filter(|node| history.name(**node).0 == self.repo);
        !old.any(|old| self.border.iter().any(|new| ancestry::reaches(history, stream, (*old, *new), oracle)))
    }
}
