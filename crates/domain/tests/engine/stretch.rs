//! The second half of a world, with only that told of the first half which the engine says it needs: what the store
//! has to load, written down in the plainest way.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::dora::engine::contents::{Reckoned, pairs};
use domain::dora::engine::{Before, Change, Earlier, Ended, Graph, RepoSha, Stretch};
use domain::dora::facts::{DeploymentFact, Kind, Outside};

use crate::world::{World, named};

/// What is known of the time before a time: facts.
pub(crate) struct Past<'w> {
    world: &'w World,
    whole: &'w Reckoned,
    from: DateTime<Utc>,
    late: Vec<&'w Ended>,
}

pub(crate) fn since(world: &World, whole: &Reckoned, from: DateTime<Utc>) -> Stretch {
    let late: Vec<&Ended> = world.deployments.iter().filter(|one| one.finished_at >= from).collect();
    let past = Past { world, whole, from, late };
    let rolled = past.rolled();
    let mut graph = past.graph(&rolled);
    let changes = past.changes(&graph, &rolled);
    for landed in changes.iter().filter_map(landed) {
        graph.commits.extend(world.graph.commits.get(&landed).map(|commit| (landed.clone(), commit.clone())));
    }
    let mut stretch = Stretch {
        service: "shop".to_owned(),
        rules: world.rules.clone(),
        deployments: past.late.iter().map(|one| (*one).clone()).collect(),
        before: Before {
            deployments: past.deployments(),
            live: past.live(&graph, &rolled),
            contained: past.contained(&changes),
            shipped: past.shipped(&changes, &graph),
            rolled,
            ..Before::default()
        },
        graph,
        changes,
    };
    stretch.before.ancestors = pairs(&stretch)
        .into_iter()
        .map(|pair| {
            let (repo, old, new) = &pair;
            let is_ancestor = ancestors(&world.graph, &named(repo, new)).contains(&named(repo, old));
            (pair, is_ancestor)
        })
        .collect();
    stretch
}

/// Everything that a commit contains, itself too.
pub(crate) fn ancestors(graph: &Graph, head: &RepoSha) -> BTreeSet<RepoSha> {
    let mut seen = BTreeSet::from([head.clone()]);
    let mut open = vec![head.clone()];
    while let Some(commit) = open.pop() {
        for parent in graph.parents.get(&commit).into_iter().flatten() {
            let parent = named(&commit.0, parent);
            if seen.insert(parent.clone()) {
                open.push(parent);
            }
        }
    }
    seen
}

/// Parents that nobody pushed are reached too, and may be where a change landed.
fn visited(graph: &Graph) -> BTreeSet<RepoSha> {
    let parents = graph.parents.iter().flat_map(|((repo, _), all)| all.iter().map(|sha| named(repo, sha)));
    graph.commits.keys().chain(graph.parents.keys()).cloned().chain(parents).collect()
}

pub(crate) fn landed(change: &Change) -> Option<RepoSha> {
    Some((change.repo.clone(), change.landed_sha.clone()?))
}

/// What it is said to deploy or to contain.
pub(crate) fn shas(ended: &Ended) -> BTreeSet<RepoSha> {
    let deployed = ended.components.iter().filter_map(|one| Some((one.repo.clone(), one.sha.clone()?)));
    deployed.chain(ended.contains.iter().cloned()).collect()
}

impl<'w> Past<'w> {
    fn successes(&self) -> Vec<&'w DeploymentFact> {
        let ended = self.whole.deployments.iter().filter(|one| one.at < self.from && one.outcome == "success");
        let mut all: Vec<&DeploymentFact> = ended.collect();
        all.sort_by_key(|one| (one.at, &one.deployment.id, &one.deployment.integration));
        all
    }

    fn entity(&self, deployment: &Outside) -> &'w Ended {
        self.world.deployments.iter().find(|one| one.deployment == *deployment).expect("its entity")
    }

    fn was_live(&self, environment: &str, commit: &RepoSha) -> bool {
        let mut all = self.whole.commits.iter().filter(|one| one.deployed_at < self.from);
        all.any(|one| one.environment == environment && one.repo == commit.0 && one.sha == commit.1)
    }

    fn environments(&self) -> BTreeSet<&'w str> {
        self.world.deployments.iter().map(|one| one.environment.as_str()).collect()
    }

    fn rolled(&self) -> BTreeSet<(String, RepoSha)> {
        let mut rolled = BTreeSet::new();
        for environment in self.environments() {
            let last = self.successes().into_iter().rfind(|one| one.environment == environment);
            let order = |one: &'w Ended| (one.finished_at, &one.deployment.id, &one.deployment.integration);
            let attempts = self.world.deployments.iter().filter(|one| {
                one.environment == environment
                    && one.finished_at < self.from
                    && one.outcome != "success"
                    && last.is_none_or(|last| order(one) > (last.at, &last.deployment.id, &last.deployment.integration))
            });
            rolled
                .extend(attempts.flat_map(|one| &one.contains).map(|commit| (environment.to_owned(), commit.clone())));
        }
        rolled
    }

    fn heads(&self, environment: &str, rolled: &BTreeSet<(String, RepoSha)>) -> BTreeSet<RepoSha> {
        let late = self.late.iter().filter(|one| one.environment == environment).flat_map(|one| shas(one));
        let rolled = rolled.iter().filter(|(there, _)| there == environment).map(|(_, commit)| commit.clone());
        late.chain(rolled).collect()
    }

    fn graph(&self, rolled: &BTreeSet<(String, RepoSha)>) -> Graph {
        let mut graph = Graph::default();
        let all = &self.world.graph;
        for environment in self.environments() {
            let heads = self.heads(environment, rolled);
            let mut open: Vec<RepoSha> = heads.iter().cloned().collect();
            let mut seen = heads.clone();
            while let Some(commit) = open.pop() {
                let live = self.was_live(environment, &commit);
                if live && !heads.contains(&commit) {
                    continue;
                }
                graph.commits.extend(all.commits.get(&commit).map(|known| (commit.clone(), known.clone())));
                let Some(parents) = all.parents.get(&commit) else { continue };
                graph.parents.insert(commit.clone(), parents.clone());
                let parents = parents.iter().map(|sha| named(&commit.0, sha));
                open.extend(parents.filter(|parent| !live && seen.insert(parent.clone())));
            }
        }
        graph
    }

    fn changes(&self, graph: &Graph, rolled: &BTreeSet<(String, RepoSha)>) -> Vec<Change> {
        let mut commits = visited(graph);
        commits.extend(self.environments().into_iter().flat_map(|environment| self.heads(environment, rolled)));
        for ((repo, _), commit) in &graph.commits {
            let pushed_to = commit.pushed_to_default.as_ref().map(|(_, after)| after);
            let words = [commit.picked_from.as_ref(), commit.reverts.as_ref(), pushed_to];
            commits.extend(words.into_iter().flatten().map(|sha| named(repo, sha)));
        }
        let all = &self.world.changes;
        let mut found: BTreeSet<usize> = self.by_branch();
        found.extend((0..all.len()).filter(|place| landed(&all[*place]).is_some_and(|one| commits.contains(&one))));
        let reverted: Vec<usize> = found.iter().flat_map(|place| self.reverted(&all[*place])).collect();
        found.extend(reverted);
        found.into_iter().map(|place| all[place].clone()).collect()
    }

    /// Merged in the thirty days before a deployment of a branch, into it or into what was merged into it.
    fn by_branch(&self) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        for ended in &self.late {
            let known = |repo: &str, sha: &String| {
                let commit = named(repo, sha);
                let graph = &self.world.graph;
                graph.commits.contains_key(&commit) || graph.parents.contains_key(&commit)
            };
            for part in &ended.components {
                let Some(branch) = part.branch.clone() else { continue };
                if part.sha.as_ref().is_some_and(|sha| known(&part.repo, sha)) {
                    continue;
                }
                let mut open = vec![branch];
                while let Some(base) = open.pop() {
                    for (place, change) in self.world.changes.iter().enumerate() {
                        let is_there = change.repo == part.repo && change.base.as_ref() == Some(&base);
                        let in_time = change.merged_at.is_some_and(|merged_at| {
                            merged_at <= ended.finished_at && merged_at >= ended.finished_at - TimeDelta::days(30)
                        });
                        if is_there && in_time && found.insert(place) {
                            open.extend(change.head.clone());
                        }
                    }
                }
            }
        }
        found
    }

    fn reverted(&self, change: &Change) -> Vec<usize> {
        let word = change.reverts.as_deref().map(|word| word.trim_start_matches('#'));
        let title = change.title.as_deref().and_then(|title| title.strip_prefix("Revert \"")?.strip_suffix('"'));
        let mut latest: Option<usize> = None;
        let mut found = Vec::new();
        for (place, other) in self.world.changes.iter().enumerate().filter(|(_, other)| other.repo == change.repo) {
            if word.is_some_and(|word| other.number == word || other.landed_sha.as_deref() == Some(word)) {
                found.push(place);
            }
            let before = other.merged_at.is_some() && other.merged_at < change.merged_at;
            if title.is_some() && other.title.as_deref() == title && before {
                let order = |place: usize| (self.world.changes[place].merged_at, &self.world.changes[place].number);
                latest = latest.filter(|one| order(*one) > order(place)).or(Some(place));
            }
        }
        found.extend(latest);
        found
    }

    fn deployments(&self) -> Vec<Earlier> {
        let all = self.successes();
        let mut found: BTreeSet<&Outside> = BTreeSet::new();
        for environment in self.environments() {
            let here: Vec<&DeploymentFact> = all.iter().copied().filter(|one| one.environment == environment).collect();
            found.extend(here.last().map(|one| &one.deployment));
            found.extend(here.last().and_then(|one| one.target.as_ref()));
            for repo in self.repos() {
                let with_part = |one: &&&DeploymentFact| self.parts(one).contains(repo);
                let with_commit = |one: &&&DeploymentFact| self.shas(one).iter().any(|(there, _)| there == repo);
                found.extend(here.iter().rfind(with_part).map(|one| &one.deployment));
                found.extend(here.iter().rfind(with_commit).map(|one| &one.deployment));
            }
            for heads in self.late.iter().filter(|one| one.environment == environment).map(|one| heads(one)) {
                let Some(place) = here.iter().rposition(|one| one.heads == heads) else { continue };
                let repos: BTreeSet<&str> = heads.lines().filter_map(|line| Some(line.rsplit_once('@')?.0)).collect();
                let is_next = |one: &&&DeploymentFact| {
                    one.kind != Some(Kind::Rollback)
                        && one
                            .heads
                            .lines()
                            .any(|line| line.rsplit_once('@').is_some_and(|(repo, _)| repos.contains(repo)))
                };
                found.insert(&here[place].deployment);
                found.extend(here[place + 1..].iter().find(is_next).map(|one| &one.deployment));
            }
        }
        for word in self.late.iter().flat_map(|one| &one.fixes) {
            found.extend(all.iter().map(|one| &one.deployment).filter(|one| one.is_named(word)));
        }
        all.into_iter().filter(|one| found.contains(&one.deployment)).map(|one| self.earlier(one)).collect()
    }

    fn repos(&self) -> BTreeSet<&'w str> {
        let all = self.world.deployments.iter();
        all.flat_map(|one| {
            one.components.iter().map(|part| &part.repo).chain(one.contains.iter().map(|(repo, _)| repo))
        })
        .map(String::as_str)
        .collect()
    }

    fn parts(&self, one: &DeploymentFact) -> BTreeSet<String> {
        self.entity(&one.deployment).components.iter().map(|part| part.repo.clone()).collect()
    }

    fn shas(&self, one: &DeploymentFact) -> BTreeSet<RepoSha> {
        shas(self.entity(&one.deployment))
    }

    fn earlier(&self, one: &DeploymentFact) -> Earlier {
        let graph = &self.world.graph;
        let is_known = |commit: &&RepoSha| {
            graph.commits.contains_key(*commit) || graph.parents.get(*commit).is_some_and(|parents| !parents.is_empty())
        };
        let shas = self.shas(one);
        Earlier {
            deployment: one.deployment.clone(),
            environment: one.environment.clone(),
            at: one.at,
            heads: one.heads.clone(),
            repos: self.parts(one),
            known: shas.iter().filter(is_known).map(|(repo, _)| repo.clone()).collect(),
            shas,
            kind: one.kind.expect("it succeeded"),
            target: one.target.clone(),
        }
    }

    fn live(&self, graph: &Graph, rolled: &BTreeSet<(String, RepoSha)>) -> BTreeSet<(String, RepoSha)> {
        let mut named = visited(graph);
        named.extend(self.environments().into_iter().flat_map(|environment| self.heads(environment, rolled)));
        let both = |environment: &'w str| named.iter().map(move |commit| (environment.to_owned(), commit.clone()));
        self.environments().into_iter().flat_map(both).filter(|(there, commit)| self.was_live(there, commit)).collect()
    }

    fn contained(&self, changes: &[Change]) -> BTreeSet<(String, String, String)> {
        let mut contained = BTreeSet::new();
        for environment in self.environments() {
            for change in changes {
                let Some(landed) = landed(change) else { continue };
                let picks = self
                    .world
                    .graph
                    .commits
                    .iter()
                    .filter(|((repo, _), commit)| *repo == change.repo && commit.picked_from == change.landed_sha);
                let mut all = picks.map(|(commit, _)| commit).chain([&landed]);
                if all.any(|commit| self.was_live(environment, commit)) {
                    contained.insert((environment.to_owned(), change.repo.clone(), change.number.clone()));
                }
            }
        }
        contained
    }

    fn shipped(
        &self,
        changes: &[Change],
        graph: &Graph,
    ) -> std::collections::BTreeMap<(String, String, String), Outside> {
        let known: BTreeSet<RepoSha> = changes.iter().map(|one| (one.repo.clone(), one.number.clone())).collect();
        let by_change = changes.iter().filter_map(|one| Some((one.repo.clone(), one.reverts.clone()?)));
        let by_commit = graph.commits.iter().filter_map(|((repo, _), one)| Some((repo.clone(), one.reverts.clone()?)));
        let reverted: BTreeSet<RepoSha> = by_change.chain(by_commit).collect();
        let changes = self.whole.changes.iter().filter(|one| one.deployed_at < self.from).filter_map(|one| {
            let key = (one.repo.clone(), one.number.clone());
            known.contains(&key).then(|| ((one.environment.clone(), key.0, key.1), one.deployment.clone()))
        });
        let commits =
            self.whole.commits.iter().filter(|one| one.deployed_at < self.from && one.shipped && one.in_scope);
        let commits = commits.filter_map(|one| {
            let key = (one.repo.clone(), one.sha.clone());
            reverted.contains(&key).then(|| ((one.environment.clone(), key.0, key.1), one.deployment.clone()))
        });
        changes.chain(commits).collect()
    }
}

fn heads(ended: &Ended) -> String {
    let heads: BTreeSet<String> =
        ended.components.iter().filter_map(|one| Some(format!("{}@{}", one.repo, one.sha.as_ref()?))).collect();
    heads.into_iter().collect::<Vec<_>>().join("\n")
}
