//! A small world to ask the engine about: one service, one shared clock in minutes, short names.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::data::Tier;
use domain::dora::engine::contents::{Reckoned, reckon};
use domain::dora::engine::failures::{Candidate, Incident, Linked, Suspect, attribute, judge};
use domain::dora::engine::{Before, Change, Commit, Component, Ended, Graph, RepoSha, ServiceRules, Stretch};
use domain::dora::facts::{ChangeFact, DeploymentFact, FailureFact, Kind, LinkFact, Outside};

pub(crate) const REPO: &str = "acme/shop";
pub(crate) const MINUTES_A_DAY: i64 = 24 * 60;

pub(crate) fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + minute * 60, 0).expect("a time")
}

pub(crate) fn outside(id: &str) -> Outside {
    Outside::new("ci", id)
}

pub(crate) fn named(repo: &str, sha: &str) -> RepoSha {
    (repo.to_owned(), sha.to_owned())
}

pub(crate) fn component(repo: &str, sha: Option<&str>) -> Component {
    let sha = sha.map(str::to_owned);
    Component { repo: repo.to_owned(), sha, branch: None, finished_at: None, by_image: false }
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) rules: ServiceRules,
    pub(crate) graph: Graph,
    pub(crate) changes: Vec<Change>,
    pub(crate) deployments: Vec<Ended>,
    pub(crate) incidents: Vec<(Incident, Option<DateTime<Utc>>)>,
}

impl World {
    pub(crate) fn new() -> Self {
        let rules = ServiceRules {
            incident_window: TimeDelta::days(1),
            paths: BTreeMap::new(),
            severities: Vec::new(),
            owners: Vec::new(),
            hotfix_words: vec!["hotfix".to_owned()],
        };
        let graph = Graph::default();
        Self { rules, graph, changes: Vec::new(), deployments: Vec::new(), incidents: Vec::new() }
    }

    /// A line of commits, each written ten minutes after the one before; the first has no parent.
    pub(crate) fn line(&mut self, shas: &[&str]) {
        for (place, sha) in shas.iter().enumerate() {
            let parent: Vec<&str> = if place == 0 { Vec::new() } else { vec![shas[place - 1]] };
            self.commit(sha, &parent, place as i64 * 10);
        }
    }

    pub(crate) fn commit(&mut self, sha: &str, parents: &[&str], minute: i64) -> &mut Commit {
        self.commit_of(REPO, sha, parents, minute)
    }

    pub(crate) fn commit_of(&mut self, repo: &str, sha: &str, parents: &[&str], minute: i64) -> &mut Commit {
        let key = named(repo, sha);
        if !parents.is_empty() {
            let parents = parents.iter().map(|sha| (*sha).to_owned());
            self.graph.parents.entry(key.clone()).or_default().extend(parents);
        }
        let commit = self.graph.commits.entry(key).or_default();
        commit.authored_at = Some(at(minute));
        commit
    }

    /// A change, opened when its commit was written at the latest, merged at that minute.
    pub(crate) fn change(&mut self, number: &str, landed: &str, opened: i64, merged: i64) -> &mut Change {
        self.changes.push(Change {
            repo: REPO.to_owned(),
            number: number.to_owned(),
            landed_sha: Some(landed.to_owned()).filter(|sha| !sha.is_empty()),
            opened_at: Some(at(opened)),
            merged_at: Some(at(merged)),
            ..Change::default()
        });
        self.changes.last_mut().expect("one was pushed")
    }

    /// A success in production.
    pub(crate) fn deploy(&mut self, id: &str, minute: i64, sha: &str) -> &mut Ended {
        self.deploy_parts(id, minute, vec![component(REPO, Some(sha))])
    }

    pub(crate) fn deploy_parts(&mut self, id: &str, minute: i64, components: Vec<Component>) -> &mut Ended {
        self.deployments.push(Ended {
            deployment: outside(id),
            environment: "production".to_owned(),
            tier: Tier::Production,
            outcome: "success".to_owned(),
            started_at: Some(at(minute - 5)),
            finished_at: at(minute),
            repo: None,
            sha: None,
            components,
            contains: BTreeSet::new(),
            explicit_kind: None,
            fixes: Vec::new(),
            unplanned: false,
        });
        self.deployments.last_mut().expect("one was pushed")
    }

    /// An incident of the service that began at that minute, and when it ended.
    pub(crate) fn incident(&mut self, id: &str, start: i64, end: Option<i64>) -> &mut Incident {
        let incident = Incident {
            incident: outside(id),
            service: Some("shop".to_owned()),
            environment: None,
            tier: None,
            start_at: at(start),
            change_related: None,
            qualifies: true,
            explicit: Vec::new(),
            unlinked: false,
            caused_by: None,
        };
        self.incidents.push((incident, end.map(at)));
        &mut self.incidents.last_mut().expect("one was pushed").0
    }

    /// All of it, from the beginning.
    pub(crate) fn whole(&self) -> Stretch {
        Stretch {
            service: "shop".to_owned(),
            rules: self.rules.clone(),
            deployments: self.deployments.clone(),
            before: Before::default(),
            graph: self.graph.clone(),
            changes: self.changes.clone(),
        }
    }

    pub(crate) fn reckon(&self) -> Facts {
        let reckoned = reckon(&self.whole());
        let links = self.links();
        let failures = self.failures(&reckoned, &links);
        Facts { reckoned, links, failures }
    }

    fn links(&self) -> Vec<LinkFact> {
        let succeeded = self.deployments.iter().filter(|one| one.outcome == "success");
        let candidates: Vec<Candidate> = succeeded
            .map(|one| Candidate {
                deployment: one.deployment.clone(),
                environment: one.environment.clone(),
                tier: one.tier,
                started_at: one.started_at,
                finished_at: one.finished_at,
            })
            .collect();
        self.incidents.iter().flat_map(|(one, _)| attribute(one, self.rules.incident_window, &candidates)).collect()
    }

    fn failures(&self, reckoned: &Reckoned, links: &[LinkFact]) -> BTreeMap<String, FailureFact> {
        let suspect = |fact: &DeploymentFact| Suspect {
            deployment: fact.deployment.clone(),
            service: fact.service.clone(),
            team: fact.team.clone(),
            environment: fact.environment.clone(),
            tier: fact.tier,
            finished_at: fact.at,
            is_rollback: fact.kind == Some(Kind::Rollback),
            links: links
                .iter()
                .filter(|link| link.deployment == fact.deployment)
                .map(|link| self.linked(link))
                .collect(),
            remediations: reckoned.remediations.iter().filter(|one| one.culprit == fact.deployment).cloned().collect(),
        };
        let succeeded = reckoned.deployments.iter().filter(|fact| fact.outcome == "success");
        succeeded.filter_map(|fact| Some((fact.deployment.id.clone(), judge(&suspect(fact))?))).collect()
    }

    fn linked(&self, link: &LinkFact) -> Linked {
        let (incident, end) =
            self.incidents.iter().find(|(one, _)| one.incident == link.incident).expect("an incident");
        Linked { link: link.clone(), start_at: incident.start_at, resolved_at: *end }
    }
}

/// What followed, in short words.
pub(crate) struct Facts {
    pub(crate) reckoned: Reckoned,
    pub(crate) links: Vec<LinkFact>,
    pub(crate) failures: BTreeMap<String, FailureFact>,
}

impl Facts {
    pub(crate) fn deployment(&self, id: &str) -> &DeploymentFact {
        self.reckoned.deployments.iter().find(|one| one.deployment.id == id).expect("a deployment of that name")
    }

    pub(crate) fn kinds(&self) -> Vec<&str> {
        let mut all: Vec<&DeploymentFact> = self.reckoned.deployments.iter().collect();
        all.sort_by_key(|one| (one.at, &one.deployment.id));
        all.iter().map(|one| one.kind.map_or("none", Kind::as_str)).collect()
    }

    /// Numbers of the changes that shipped with it, with how that is known.
    pub(crate) fn shipped(&self, id: &str) -> Vec<(&str, &str)> {
        let mine = self.reckoned.changes.iter().filter(|one| one.deployment.id == id);
        mine.map(|one| (one.number.as_str(), one.link_method.as_str())).collect()
    }

    pub(crate) fn change(&self, number: &str) -> &ChangeFact {
        self.reckoned.changes.iter().find(|one| one.number == number).expect("a change that shipped")
    }

    /// SHAs of the commits that shipped with it.
    pub(crate) fn commits(&self, id: &str) -> Vec<&str> {
        let mine = self.reckoned.commits.iter().filter(|one| one.deployment.id == id && one.shipped);
        mine.map(|one| one.sha.as_str()).collect()
    }

    /// (remedy, culprit, how).
    pub(crate) fn remedies(&self) -> Vec<(&str, &str, &str)> {
        let words = self.reckoned.remediations.iter();
        words.map(|one| (one.deployment.id.as_str(), one.culprit.id.as_str(), one.method.as_str())).collect()
    }

    pub(crate) fn failed(&self) -> Vec<&str> {
        self.failures.keys().map(String::as_str).collect()
    }

    pub(crate) fn links(&self) -> Vec<(&str, &str, &str)> {
        let words = self.links.iter();
        words.map(|one| (one.incident.id.as_str(), one.deployment.id.as_str(), one.method.as_str())).collect()
    }

    pub(crate) fn reworked(&self) -> Vec<&str> {
        let all = self.reckoned.deployments.iter().filter(|one| one.rework);
        all.map(|one| one.deployment.id.as_str()).collect()
    }
}
