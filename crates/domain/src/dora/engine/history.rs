//! The commits of a stretch by number, so that walks compare numbers and not names.
//!
//! Every commit that anything in the stretch names has a number, whether the graph knows it or not.

use std::collections::{BTreeSet, HashMap};

use super::{Change, Commit, Ended, RepoSha, Stretch};

/// A commit of a stretch.
pub(super) type Node = u32;

pub(super) struct History<'a> {
    numbers: HashMap<(&'a str, &'a str), Node>,
    names: Vec<(&'a str, &'a str)>,
    parents: Vec<Vec<Node>>,
    commits: Vec<Option<&'a Commit>>,
}

impl<'a> History<'a> {
    pub(super) fn of(stretch: &'a Stretch) -> Self {
        let mut all = Self { numbers: HashMap::new(), names: Vec::new(), parents: Vec::new(), commits: Vec::new() };
        for ((repo, sha), parents) in &stretch.graph.parents {
            let child = all.number(repo, sha);
            for parent in parents {
                let parent = all.number(repo, parent);
                all.parents[child as usize].push(parent);
            }
        }
        for ((repo, sha), commit) in &stretch.graph.commits {
            let node = all.number(repo, sha);
            all.commits[node as usize] = Some(commit);
        }
        stretch.deployments.iter().for_each(|ended| all.name_ended(ended));
        stretch.changes.iter().for_each(|change| all.name_change(change));
        let before = &stretch.before;
        let live = before.live.iter().chain(&before.rolled).map(|(_, commit)| commit);
        for (repo, sha) in live.chain(before.deployments.iter().flat_map(|earlier| &earlier.shas)) {
            all.number(repo, sha);
        }
        for (repo, sha) in before.deployments.iter().flat_map(|earlier| heads_of(&earlier.heads)) {
            all.number(repo, sha);
        }
        all
    }

    fn name_ended(&mut self, ended: &'a Ended) {
        for component in &ended.components {
            component.sha.as_ref().map(|sha| self.number(&component.repo, sha));
        }
        for (repo, sha) in &ended.contains {
            self.number(repo, sha);
        }
    }

    fn name_change(&mut self, change: &'a Change) {
        change.landed_sha.as_ref().map(|sha| self.number(&change.repo, sha));
    }

    fn number(&mut self, repo: &'a str, sha: &'a str) -> Node {
        *self.numbers.entry((repo, sha)).or_insert_with(|| {
            self.names.push((repo, sha));
            self.parents.push(Vec::new());
            self.commits.push(None);
            (self.names.len() - 1) as Node
        })
    }

    pub(super) fn find(&self, repo: &str, sha: &str) -> Option<Node> {
        self.numbers.get(&(repo, sha)).copied()
    }

    pub(super) fn find_all<'b>(&self, commits: impl IntoIterator<Item = &'b RepoSha>) -> Vec<Node> {
        commits.into_iter().filter_map(|(repo, sha)| self.find(repo, sha)).collect()
    }

    /// Repository and SHA.
    pub(super) fn name(&self, node: Node) -> (&'a str, &'a str) {
        self.names[node as usize]
    }

    pub(super) fn parents(&self, node: Node) -> &[Node] {
        &self.parents[node as usize]
    }

    pub(super) fn commit(&self, node: Node) -> Option<&'a Commit> {
        self.commits[node as usize]
    }

    /// Whether it was pushed, or has parents; else it is a name that a deployment or a child told.
    pub(super) fn knows(&self, node: Node) -> bool {
        self.commits[node as usize].is_some() || !self.parents[node as usize].is_empty()
    }
}

/// `repo@sha` of each component with a commit, sorted, one a line.
pub(super) fn heads(ended: &Ended) -> String {
    let named = |sha: &String, repo: &String| format!("{repo}@{sha}");
    let heads: BTreeSet<String> =
        ended.components.iter().filter_map(|one| Some(named(one.sha.as_ref()?, &one.repo))).collect();
    heads.into_iter().collect::<Vec<_>>().join("\n")
}

/// The commits that such a text names.
pub(super) fn heads_of(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| line.rsplit_once('@'))
}
