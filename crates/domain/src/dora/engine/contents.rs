//! What each deployment ships, what it was, and what it mends (rules L1 to L7, kind, I4, I7).
//!
//! The deployments of a service are walked in their order, each in the stream of its environment: its parts become live,
//! what they carry ships, its kind and what it mends follow from those before it, and then it is remembered itself.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::ancestry::Oracle;
use super::changes::Changes;
use super::history::{self, History};
use super::remedies::{self, Remedial};
use super::scope::{Scope, Touch};
use super::shipping::{self, Rules};
use super::streams::{self, Rank, Stream};
use super::walk::{self, Part};
use super::{Ended, Stretch, directs, kinds, leads, promotions};
use crate::dora::facts::{ChangeFact, CommitFact, DeploymentFact, Kind, Outside, Remediation};

const SUCCESS: &str = "success";

/// The facts of a stretch, each list in the order of its key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reckoned {
    pub deployments: Vec<DeploymentFact>,
    pub commits: Vec<CommitFact>,
    pub changes: Vec<ChangeFact>,
    pub remediations: Vec<Remediation>,
}

/// Whose ancestry has to be known beside the graph: (repository, may be the ancestor, of this commit). Only pairs of
/// consecutive deployments whose commits were live before.
pub fn pairs(stretch: &Stretch) -> BTreeSet<(String, String, String)> {
    let mut asked = BTreeSet::new();
    if !stretch.before.live.is_empty() || !stretch.before.deployments.is_empty() {
        walk(stretch, &mut |question| {
            asked.insert(question.clone());
            false
        });
    }
    asked
}

/// Reckons a stretch. `before.ancestors` answers every one of [`pairs`].
pub fn reckon(stretch: &Stretch) -> Reckoned {
    walk(stretch, &mut |question| stretch.before.ancestors.get(question).copied().unwrap_or(false))
}

fn walk(stretch: &Stretch, oracle: Oracle<'_>) -> Reckoned {
    let history = History::of(stretch);
    let changes = Changes::of(stretch, &history);
    let mut streams = streams::before(stretch, &history, &changes.numbers);
    let rules = Rules { history, changes, scope: Scope::of(&stretch.rules.paths) };
    let mut walker = Walker { stretch, rules, earlier: Vec::new(), reckoned: Reckoned::default() };
    let mut known: Vec<_> = stretch.before.deployments.iter().collect();
    known.sort_by_key(|one| streams::place(one.at, &one.deployment));
    walker.earlier.extend(known.into_iter().map(|one| &one.deployment));
    let mut ordered: Vec<&Ended> = stretch.deployments.iter().collect();
    ordered.sort_by_key(|one| streams::place(one.finished_at, &one.deployment));
    for (ended, rank) in ordered.into_iter().zip(1..) {
        let stream = streams.entry(&ended.environment).or_default();
        if ended.outcome == SUCCESS {
            walker.success(ended, rank, stream, oracle);
        } else {
            walker.attempt(ended, stream);
        }
    }
    walker.reckoned.sorted()
}

/// Who walks, with what was found on the way.
struct Walker<'a> {
    stretch: &'a Stretch,
    rules: Rules<'a>,
    /// Successes of the service, in any environment.
    earlier: Vec<&'a Outside>,
    reckoned: Reckoned,
}

impl<'a> Walker<'a> {
    /// An attempt that failed ships nothing; what it was said to contain rolls on into the next success.
    fn attempt(&mut self, ended: &'a Ended, stream: &mut Stream<'a>) {
        stream.rolled.extend(self.rules.history.find_all(&ended.contains));
        let fact = self.deployment(ended, stream);
        self.reckoned.deployments.push(fact);
    }

    fn success(&mut self, ended: &'a Ended, rank: Rank, stream: &mut Stream<'a>, oracle: Oracle<'_>) {
        let parts = walk::parts(ended, rank, &self.rules.history, stream, oracle);
        let (kind, target) = kinds::kind(ended, rank, &self.rules.history, stream, oracle);
        let shipment = self.ship(ended, &parts, stream);
        let remedial = Remedial {
            ended,
            kind,
            target,
            changes: &shipment.changes,
            has_hotfix: shipment.has_hotfix,
            reverts: &shipment.reverts,
            earlier: &self.earlier,
        };
        let remedies = remedies::of(self.stretch, &self.rules, stream, &remedial);
        let target = target.map(|place| stream.successes[place].deployment);
        let is_remedy = kind == Kind::Rollback || kind == Kind::Hotfix || !remedies.is_empty();
        let fact = DeploymentFact {
            kind: Some(kind),
            target: target.cloned(),
            changes: shipment.count,
            rework: is_remedy || !ended.fixes.is_empty() || ended.unplanned,
            ancestry_gap: parts.iter().any(|part| part.gap),
            ..self.deployment(ended, stream)
        };
        self.reckoned.deployments.push(fact);
        self.reckoned.remediations.extend(remedies);
        self.earlier.push(&ended.deployment);
        stream.push(streams::succeeded(ended, (kind, target), &self.rules.history), &self.rules.history);
    }

    fn deployment(&self, ended: &Ended, stream: &Stream<'_>) -> DeploymentFact {
        DeploymentFact {
            deployment: ended.deployment.clone(),
            service: self.stretch.service.clone(),
            team: self.team_at(ended.finished_at),
            repo: ended.repo.clone(),
            environment: ended.environment.clone(),
            tier: ended.tier,
            outcome: ended.outcome.clone(),
            started_at: ended.started_at,
            at: ended.finished_at,
            sha: ended.sha.clone(),
            heads: history::heads(ended),
            kind: None,
            target: None,
            predecessor: stream.last().map(|last| last.deployment.clone()),
            changes: 0,
            rework: false,
            ancestry_gap: false,
            provisional_until: ended.finished_at + self.stretch.rules.incident_window,
        }
    }

    /// The service's owner (rule T1).
    fn team_at(&self, at: DateTime<Utc>) -> Option<String> {
        let owners = &self.stretch.rules.owners;
        let owner =
            owners.iter().rfind(|one| one.from.is_none_or(|from| from <= at) && one.to.is_none_or(|to| at < to));
        owner.map(|owner| owner.team.clone())
    }

    /// Writes down the commits and changes of the parts.
    fn ship(&mut self, ended: &'a Ended, parts: &[Part<'a>], stream: &mut Stream<'a>) -> Shipment<'a> {
        let mut shipment = Shipment::default();
        let mut facts = Vec::new();
        let carried: Vec<_> = parts.iter().map(|part| shipping::carried(&self.rules, part, stream)).collect();
        for (part, mut shipped) in parts.iter().zip(carried) {
            self.commits(ended, part, stream, &mut shipment);
            shipped.extend(promotions::shipped(&self.rules, ended, part, stream));
            for one in &shipped {
                let Some(fact) = shipping::fact(&self.rules, ended, part, one) else { continue };
                stream.shipped_changes.insert(one.change, &ended.deployment);
                shipment.changes.push(one.change);
                facts.push(fact);
            }
            facts.extend(directs::facts(&self.rules, ended, part));
        }
        shipment.has_hotfix = facts.iter().any(|fact| fact.is_hotfix);
        shipment.count = i32::try_from(facts.len()).unwrap_or(i32::MAX);
        let team = self.team_at(ended.finished_at);
        facts.iter_mut().for_each(|fact| fact.team.clone_from(&team));
        self.reckoned.changes.extend(facts);
        shipment
    }

    fn commits(&mut self, ended: &'a Ended, part: &Part<'a>, stream: &mut Stream<'a>, shipment: &mut Shipment<'a>) {
        let team = self.team_at(ended.finished_at);
        for node in &part.news {
            let (repo, sha) = self.rules.history.name(*node);
            let commit = self.rules.history.commit(*node);
            let shipped = part.ships(*node);
            let files = commit.and_then(|commit| commit.files.as_deref());
            let in_scope = self.rules.scope.touch(repo, files) != Touch::Outside;
            if shipped && in_scope {
                stream.shipped_commits.insert(*node, &ended.deployment);
                shipment.reverts.extend(commit.and_then(|commit| Some((repo, commit.reverts.as_deref()?))));
            }
            let written = commit.filter(|_| shipped).and_then(leads::written);
            self.reckoned.commits.push(CommitFact {
                environment: ended.environment.clone(),
                repo: repo.to_owned(),
                sha: sha.to_owned(),
                deployment: ended.deployment.clone(),
                at: part.at,
                deployed_at: ended.finished_at,
                tier: ended.tier,
                team: team.clone(),
                shipped,
                in_scope,
                lead_s: written.map(|written| leads::seconds(written, part.at)),
                is_merge: commit.is_some_and(|commit| commit.is_merge),
                is_bot: commit.is_some_and(|commit| commit.is_bot),
            });
        }
    }
}

/// What a deployment ships.
#[derive(Default)]
struct Shipment<'a> {
    changes: Vec<usize>,
    count: i32,
    has_hotfix: bool,
    reverts: BTreeSet<(&'a str, &'a str)>,
}

impl Reckoned {
    fn sorted(mut self) -> Self {
        self.deployments.sort_by(|one, other| one.deployment.cmp(&other.deployment));
        self.commits.sort_by(|one, other| key(one).cmp(&key(other)));
        self.changes.sort_by(|one, other| {
            (&one.environment, &one.repo, &one.number).cmp(&(&other.environment, &other.repo, &other.number))
        });
        self.remediations.sort();
        self
    }
}

fn key(fact: &CommitFact) -> (&str, &str, &str) {
    (&fact.environment, &fact.repo, &fact.sha)
}
