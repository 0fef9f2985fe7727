//! Deployments, the states they went through, what they ship, and how they ended (rules D1 to D4 of the metrics).

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::registers::{Stamp, known, registers};
use super::{Entities, micros, stamp};
use crate::canonical::Tie;
use crate::data::{Common, Component, Deployment};
use crate::event::Event;

/// Which deployment: the source's own id (rule D1), so that a status never makes a second one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeploymentKey {
    pub tenant: String,
    pub integration: String,
    pub deployment_id: String,
}

registers! {
    /// What is known of a deployment, beside how it ended.
    DeploymentFacts {
        latest {
            repo: String, service: String, environment: String, tier: String, sha: String, started_at: DateTime<Utc>,
            explicit_kind: String, unplanned: bool, fixes: Vec<String>, title: String, url: String, subject: String,
        }
        earliest {}
    }
}

impl DeploymentFacts {
    /// The service it belongs to: its own, else its repository.
    pub fn service(&self) -> Option<&str> {
        self.service.as_ref().or(self.repo.as_ref()).map(|register| register.value.as_str())
    }
}

/// A state that a deployment was in. Ordered as rule D2 needs it: time, severity, then content.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Status {
    pub at: DateTime<Utc>,
    severity: u8,
    pub tie: Tie,
    /// The source's own word.
    pub state: String,
    /// Only of a terminal state: `success`, `cancelled`, `error` or `failure`.
    pub outcome: Option<String>,
}

impl Status {
    pub fn new(at: DateTime<Utc>, state: String, outcome: Option<String>, tie: Tie) -> Self {
        let severity = match outcome.as_deref() {
            None | Some("success") => 0,
            Some("cancelled") => 1,
            Some("error") => 2,
            Some(_) => 3,
        };
        Self { at, severity, tie, state, outcome }
    }
}

/// How a deployment ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub outcome: String,
    pub finished_at: DateTime<Utc>,
}

/// Rule D2: the outcome of the latest terminal status, worse ones last among equals; finished when the trailing run
/// of that outcome began, so that a success that is said twice does not move it.
pub fn ended(statuses: &BTreeSet<Status>) -> Option<Ended> {
    let mut backwards = statuses.iter().rev().filter_map(|status| Some((status.outcome.as_ref()?, status.at)));
    let (outcome, last_at) = backwards.next()?;
    let run = backwards.take_while(|(earlier, _)| *earlier == outcome);
    let finished_at = run.map(|(_, at)| at).last().unwrap_or(last_at);
    Some(Ended { outcome: outcome.clone(), finished_at })
}

/// Which thing of a deployment. Where the source names only its branch, `sha` is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ComponentKey {
    pub deployment: DeploymentKey,
    pub repo: String,
    pub sha: String,
}

registers! {
    /// What is known of a thing that a deployment ships.
    ComponentFacts {
        latest { r#ref: String, image_digest: String, finished_at: DateTime<Utc> }
        earliest {}
    }
}

/// A thing that only its image names; an artifact may tell the commit that it was made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageKey {
    pub deployment: DeploymentKey,
    pub digest: String,
}

registers! {
    /// What is known of an image that a deployment ships.
    ImageFacts {
        latest { finished_at: DateTime<Utc> }
        earliest {}
    }
}

/// A commit that the source itself says a deployment ships. Never taken back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contained {
    pub deployment: DeploymentKey,
    pub repo: String,
    pub sha: String,
}

impl Entities {
    /// One state of a deployment. Without the source's id there is nothing to key it by.
    pub(super) fn add_deployment(&mut self, event: &Event, common: Common, said: &Deployment) {
        let Some(deployment_id) = said.deployment_id.clone() else { return };
        let key =
            DeploymentKey { tenant: event.tenant.to_string(), integration: event.integration.clone(), deployment_id };
        let mut times = vec![said.at, said.started_at, said.finished_at];
        times.extend(said.components.iter().map(|component| component.finished_at));
        let stamp = stamp(event, &common, &times);

        let at = said.at.or(said.finished_at.filter(|_| said.outcome.is_some())).unwrap_or(event.time);
        let state = said.state.clone().unwrap_or_else(|| event.kind.verb().to_owned());
        let status = Status::new(micros(at), state, said.outcome.clone(), stamp.tie);
        self.statuses.entry(key.clone()).or_default().insert(status);

        self.add_components(&key, &common, said, stamp);
        for (repo, sha) in said.contains.iter().cloned() {
            self.contents.insert(Contained { deployment: key.clone(), repo, sha });
        }
        self.touched.deployments.insert((key.clone(), event.id));
        let sha = common.commit_sha.or_else(|| said.components.first()?.sha.clone());
        let facts = DeploymentFacts {
            repo: known(stamp, common.repo),
            service: known(stamp, common.service),
            environment: known(stamp, common.environment),
            tier: known(stamp, common.environment_tier.map(|tier| tier.as_str().to_owned())),
            sha: known(stamp, sha),
            started_at: known(stamp, said.started_at.map(micros)),
            explicit_kind: known(stamp, said.explicit_kind.clone()),
            unplanned: known(stamp, said.unplanned),
            fixes: known(stamp, Some(said.fixes.clone()).filter(|fixes| !fixes.is_empty())),
            title: known(stamp, said.title.clone()),
            url: known(stamp, common.url),
            subject: known(stamp, Some(event.subject.clone())),
        };
        self.deployments.entry(key).or_default().merge(facts);
    }

    /// By their commits, else by their images, else by their branches.
    fn add_components(&mut self, of: &DeploymentKey, common: &Common, said: &Deployment, stamp: Stamp) {
        for (repo, component) in components(common, said) {
            let deployment = of.clone();
            let finished_at = known(stamp, component.finished_at.map(micros));
            match (repo, component.sha, component.image_digest, component.r#ref) {
                (Some(repo), Some(sha), digest, r#ref) => {
                    let facts =
                        ComponentFacts { r#ref: known(stamp, r#ref), image_digest: known(stamp, digest), finished_at };
                    self.components.entry(ComponentKey { deployment, repo, sha }).or_default().merge(facts);
                }
                (_, None, Some(digest), _) | (None, Some(_), Some(digest), _) => {
                    self.images.entry(ImageKey { deployment, digest }).or_default().merge(ImageFacts { finished_at });
                }
                (Some(repo), None, None, Some(branch)) => {
                    let facts = ComponentFacts { r#ref: known(stamp, Some(branch)), image_digest: None, finished_at };
                    let key = ComponentKey { deployment, repo, sha: String::new() };
                    self.components.entry(key).or_default().merge(facts);
                }
                _ => {}
            }
        }
    }
}

/// What it ships, with the repository each belongs to; a deployment that lists nothing ships its own commit.
fn components(common: &Common, said: &Deployment) -> Vec<(Option<String>, Component)> {
    let own = Component { sha: common.commit_sha.clone(), ..Component::default() };
    let listed = if said.components.is_empty() { vec![own] } else { said.components.clone() };
    let with_repo = |component: Component| (component.repo.clone().or_else(|| common.repo.clone()), component);
    listed.into_iter().map(with_repo).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60, 0).expect("a time")
    }

    /// (minute, outcome): an empty outcome is a state that is not terminal.
    fn outcome(statuses: &[(i64, &str)]) -> Option<(String, i64)> {
        let status = |(place, (minute, outcome)): (usize, &(i64, &str))| {
            let terminal = Some((*outcome).to_owned()).filter(|outcome| !outcome.is_empty());
            Status::new(at(*minute), "state".to_owned(), terminal, [place as u8; 16])
        };
        let ended = ended(&statuses.iter().enumerate().map(status).collect())?;
        Some((ended.outcome, ended.finished_at.timestamp() / 60))
    }

    fn ended_as(outcome: &str, minute: i64) -> Option<(String, i64)> {
        Some((outcome.to_owned(), minute))
    }

    #[test]
    fn a_deployment_ends_with_its_latest_terminal_status() {
        assert_eq!(outcome(&[(1, ""), (2, "success")]), ended_as("success", 2));
        assert_eq!(outcome(&[(2, "failure"), (5, "success")]), ended_as("success", 5), "a retry");
        assert_eq!(outcome(&[(2, "success"), (5, "failure")]), ended_as("failure", 5), "a failed verification");
        assert_eq!(outcome(&[(2, "success"), (9, "")]), ended_as("success", 2), "inactive ends nothing");
        assert_eq!(outcome(&[(1, ""), (3, "")]), None);
        assert_eq!(outcome(&[]), None);
    }

    #[test]
    fn a_success_that_is_repeated_does_not_move_the_end() {
        assert_eq!(outcome(&[(2, "success"), (5, "success"), (7, "success")]), ended_as("success", 2));
        assert_eq!(outcome(&[(2, "success"), (5, ""), (7, "success")]), ended_as("success", 2));
        assert_eq!(outcome(&[(1, "success"), (2, "failure"), (5, "success"), (7, "success")]), ended_as("success", 5));
    }

    #[test]
    fn of_two_ends_at_the_same_time_the_worse_counts() {
        assert_eq!(outcome(&[(2, "failure"), (2, "success")]), ended_as("failure", 2));
        assert_eq!(outcome(&[(2, "success"), (2, "cancelled")]), ended_as("cancelled", 2));
    }
}
