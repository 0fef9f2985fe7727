//! What an environment of the service remembers while its deployments are walked in order: what is live, who deployed
//! what, which changes it has.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::history::{self, History, Node};
use super::{Earlier, Ended, Stretch};
use crate::dora::facts::{Kind, Outside};

/// How late a commit became live: 0 before the stretch, else the place of the deployment, counted from 1. An ancestor
/// never became live later than its descendants.
pub(super) type Rank = u32;

pub(super) const BEFORE: Rank = 0;

/// The order of deployments.
pub(super) type Place<'a> = (DateTime<Utc>, &'a str, &'a str);

pub(super) fn place(at: DateTime<Utc>, deployment: &Outside) -> Place<'_> {
    (at, &deployment.id, &deployment.integration)
}

/// A deployment that succeeded in the environment.
pub(super) struct Success<'a> {
    pub(super) deployment: &'a Outside,
    pub(super) at: DateTime<Utc>,
    pub(super) heads: String,
    pub(super) kind: Kind,
    pub(super) target: Option<&'a Outside>,
    /// Commits that it was said to deploy or to contain.
    pub(super) shas: Vec<Node>,
    /// Repositories of which the graph knows one of these.
    pub(super) known: BTreeSet<&'a str>,
    /// Repositories of components.
    pub(super) repos: BTreeSet<&'a str>,
}

/// The environment's memory. Places in `successes` are what the others point to.
#[derive(Default)]
pub(super) struct Stream<'a> {
    pub(super) successes: Vec<Success<'a>>,
    places: HashMap<&'a Outside, usize>,
    by_heads: HashMap<String, usize>,
    /// By repository: the last with a component there, the last with a commit there.
    last_there: HashMap<&'a str, usize>,
    last_with_commit: HashMap<&'a str, usize>,
    pub(super) live: HashMap<Node, Rank>,
    /// Contents of failed attempts since the last success (rule L7).
    pub(super) rolled: BTreeSet<Node>,
    /// Changes that became live, shipped or not: they never ship here again.
    pub(super) contained: HashSet<usize>,
    pub(super) shipped_changes: HashMap<usize, &'a Outside>,
    pub(super) shipped_commits: HashMap<Node, &'a Outside>,
}

impl<'a> Stream<'a> {
    /// Remembers a success; they come in order.
    pub(super) fn push(&mut self, success: Success<'a>, history: &History<'a>) {
        let at = self.successes.len();
        self.places.insert(success.deployment, at);
        self.last_there.extend(success.repos.iter().map(|repo| (*repo, at)));
        self.last_with_commit.extend(success.shas.iter().map(|node| (history.name(*node).0, at)));
        self.by_heads.insert(success.heads.clone(), at);
        self.successes.push(success);
    }

    pub(super) fn last(&self) -> Option<&Success<'a>> {
        self.successes.last()
    }

    /// The last with a component of the repository.
    pub(super) fn last_there(&self, repo: &str) -> Option<&Success<'a>> {
        self.last_there.get(repo).map(|at| &self.successes[*at])
    }

    /// The last with a commit of the repository, deployed or contained.
    pub(super) fn last_with_commit(&self, repo: &str) -> Option<&Success<'a>> {
        self.last_with_commit.get(repo).map(|at| &self.successes[*at])
    }

    /// The latest that deployed the very same commits.
    pub(super) fn with_heads(&self, heads: &str) -> Option<usize> {
        if heads.is_empty() { None } else { self.by_heads.get(heads).copied() }
    }

    pub(super) fn place_of(&self, deployment: &Outside) -> Option<usize> {
        self.places.get(deployment).copied()
    }

    /// Whether a commit was live before the deployment of that rank.
    pub(super) fn was_live(&self, node: Node, rank: Rank) -> bool {
        self.live.get(&node).is_some_and(|since| *since < rank)
    }
}

/// The streams of a stretch as they were before it, and the numbers of its changes.
pub(super) fn before<'a>(
    stretch: &'a Stretch,
    history: &History<'a>,
    numbers: &HashMap<(&'a str, &'a str), usize>,
) -> HashMap<&'a str, Stream<'a>> {
    let mut streams: HashMap<&str, Stream<'a>> = HashMap::new();
    let mut earlier: Vec<&Earlier> = stretch.before.deployments.iter().collect();
    earlier.sort_by_key(|one| place(one.at, &one.deployment));
    earlier.dedup_by_key(|one| &one.deployment);
    for one in earlier {
        let stream = streams.entry(&one.environment).or_default();
        let shas = history.find_all(&one.shas);
        stream.live.extend(shas.iter().map(|node| (*node, BEFORE)));
        stream.push(remembered(one, shas), history);
    }
    for (environment, (repo, sha)) in &stretch.before.live {
        let live = history.find(repo, sha).map(|node| (node, BEFORE));
        streams.entry(environment).or_default().live.extend(live);
    }
    for (environment, (repo, sha)) in &stretch.before.rolled {
        streams.entry(environment).or_default().rolled.extend(history.find(repo, sha));
    }
    for (environment, repo, number) in &stretch.before.contained {
        let change = numbers.get(&(repo.as_str(), number.as_str()));
        streams.entry(environment).or_default().contained.extend(change);
    }
    for ((environment, repo, number), deployment) in &stretch.before.shipped {
        let stream = streams.entry(environment).or_default();
        if let Some(change) = numbers.get(&(repo.as_str(), number.as_str())) {
            stream.contained.insert(*change);
            stream.shipped_changes.insert(*change, deployment);
        }
    }
    streams
}

fn remembered<'a>(one: &'a Earlier, shas: Vec<Node>) -> Success<'a> {
    Success {
        deployment: &one.deployment,
        at: one.at,
        heads: one.heads.clone(),
        kind: one.kind,
        target: one.target.as_ref(),
        shas,
        known: one.known.iter().map(String::as_str).collect(),
        repos: one.repos.iter().map(String::as_str).collect(),
    }
}

/// A success of the stretch as it will be remembered.
pub(super) fn succeeded<'a>(
    ended: &'a Ended,
    (kind, target): (Kind, Option<&'a Outside>),
    history: &History<'a>,
) -> Success<'a> {
    let deployed = ended.components.iter().filter_map(|one| history.find(&one.repo, one.sha.as_ref()?));
    let shas: Vec<Node> = deployed.chain(history.find_all(&ended.contains)).collect();
    Success {
        deployment: &ended.deployment,
        at: ended.finished_at,
        heads: history::heads(ended),
        kind,
        target,
        known: shas.iter().filter(|node| history.knows(**node)).map(|node| history.name(*node).0).collect(),
        shas,
        repos: ended.components.iter().map(|one| one.repo.as_str()).collect(),
    }
}
