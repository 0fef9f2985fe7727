//! `ms.vss-release.deployment-…-event`: a classic release goes to one of its stages. The service is the release's
//! definition; what it ships is known where the artifacts are told.

use chrono::{DateTime, Utc};
use domain::data::{Common, Component, Deployment};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{Envelope, Identity, Links, Named, outcome, short};
use crate::deployments::Told;
use crate::drafts::{NAME, TITLE, plain, sha, text};
use crate::json::{self, Id, Text};

#[derive(Deserialize)]
pub(super) struct Released<'a> {
    #[serde(borrow)]
    environment: Option<Stage<'a>>,
    #[serde(borrow)]
    project: Option<Named<'a>>,
    /// Not in the older form.
    #[serde(borrow)]
    deployment: Option<Run<'a>>,
}

#[derive(Deserialize)]
struct Stage<'a> {
    id: Option<Id>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(rename = "deploySteps", default, deserialize_with = "json::list")]
    steps: Vec<Step>,
    #[serde(borrow)]
    release: Option<Release<'a>>,
    #[serde(borrow, rename = "releaseDefinition")]
    definition: Option<Named<'a>>,
}

#[derive(Deserialize)]
struct Step {
    #[serde(rename = "deploymentId")]
    deployment_id: Option<Id>,
    attempt: Option<i64>,
}

#[derive(Deserialize)]
struct Release<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    artifacts: Vec<Artifact<'a>>,
    #[serde(borrow, rename = "_links")]
    links: Option<Links<'a>>,
}

#[derive(Deserialize)]
struct Run<'a> {
    id: Option<Id>,
    #[serde(borrow, rename = "deploymentStatus")]
    status: Option<Text<'a>>,
    #[serde(rename = "startedOn", default, deserialize_with = "time::lenient")]
    started: Option<DateTime<Utc>>,
    #[serde(rename = "completedOn", default, deserialize_with = "time::lenient")]
    completed: Option<DateTime<Utc>>,
    #[serde(borrow, rename = "requestedFor")]
    requested_for: Option<Identity<'a>>,
    #[serde(borrow, rename = "releaseDefinition")]
    definition: Option<Named<'a>>,
    #[serde(borrow)]
    release: Option<Release<'a>>,
}

#[derive(Deserialize)]
struct Artifact<'a> {
    #[serde(borrow, rename = "definitionReference")]
    reference: Option<Reference<'a>>,
}

/// What an artifact was made of: a build says the version of its source, a repository its own.
#[derive(Deserialize)]
struct Reference<'a> {
    #[serde(borrow)]
    project: Option<Named<'a>>,
    #[serde(borrow)]
    repository: Option<Named<'a>>,
    #[serde(borrow)]
    branch: Option<Value<'a>>,
    #[serde(borrow, rename = "sourceVersion")]
    source_version: Option<Value<'a>>,
    #[serde(borrow)]
    version: Option<Value<'a>>,
}

#[derive(Deserialize)]
struct Value<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
}

pub(super) fn started(event: Envelope<Released<'_>>, rules: &Rules) -> Vec<Draft> {
    let Some(released) = event.resource else { return Vec::new() };
    let at = released.deployment.as_ref().and_then(|run| run.started).or(event.created);
    let fact = Deployment { at, started_at: at, ..Deployment::default() };
    released.told(true, fact, event.created, rules)
}

pub(super) fn completed(event: Envelope<Released<'_>>, rules: &Rules) -> Vec<Draft> {
    let Some(released) = event.resource else { return Vec::new() };
    let run = released.deployment.as_ref();
    let at = run.and_then(|run| run.completed).or(event.created);
    let outcome = released.status().and_then(|status| outcome(status)).filter(|outcome| *outcome != "skipped");
    let fact = Deployment {
        at,
        started_at: run.and_then(|run| run.started),
        finished_at: at.filter(|_| outcome.is_some()),
        outcome: outcome.map(str::to_owned),
        ..Deployment::default()
    };
    released.told(false, fact, event.created, rules)
}

impl Released<'_> {
    fn status(&self) -> Option<&Text<'_>> {
        let run = self.deployment.as_ref().and_then(|run| run.status.as_ref());
        run.or_else(|| self.environment.as_ref()?.status.as_ref())
    }

    /// Every attempt is a deployment of its own.
    fn id(&self) -> Option<String> {
        let stage = self.environment.as_ref();
        let run = self.deployment.as_ref().and_then(|run| run.id.as_ref());
        let last = stage.and_then(|stage| stage.steps.iter().max_by_key(|step| step.attempt));
        let step = last.and_then(|step| step.deployment_id.as_ref());
        run.or(step).or_else(|| stage?.id.as_ref()).map(|id| id.0.clone())
    }

    fn told(&self, began: bool, fact: Deployment, told: Option<DateTime<Utc>>, rules: &Rules) -> Vec<Draft> {
        let (Some(id), Some(stage)) = (self.id(), &self.environment) else { return Vec::new() };
        let run = self.deployment.as_ref();
        let release = stage.release.as_ref();
        let definition = stage.definition.as_ref().or_else(|| run?.definition.as_ref());
        let project = self.project.as_ref().and_then(|project| text(project.name.as_ref(), NAME));
        let artifacts = run.and_then(|run| run.release.as_ref()).or(release).map(|release| &release.artifacts);
        let components: Vec<Component> = artifacts.into_iter().flatten().filter_map(Artifact::component).collect();
        let common = Common {
            service: definition.and_then(|definition| text(definition.name.as_ref(), NAME)).or_else(|| project.clone()),
            environment: text(stage.name.as_ref(), NAME),
            actor: run.and_then(|run| run.requested_for.as_ref()).map(|who| who.actor(rules)),
            repo: components.first().and_then(|component| component.repo.clone()),
            commit_sha: components.first().and_then(|component| component.sha.clone()),
            url: release.and_then(|release| release.links.as_ref()).and_then(Links::page),
            revision: told.max(fact.at),
            ..Common::default()
        };
        let fact = Deployment {
            // Numbers are a project's own.
            deployment_id: Some(project.as_ref().map_or_else(|| id.clone(), |project| format!("{project}/{id}"))),
            state: text(self.status(), NAME),
            title: release.and_then(|release| text(release.name.as_ref(), TITLE)),
            components,
            ..fact
        };
        vec![Told { scope: project.unwrap_or_default(), began, fact, common }.draft(rules)]
    }
}

impl Artifact<'_> {
    /// An artifact without a commit says nothing of what is shipped.
    fn component(&self) -> Option<Component> {
        let reference = self.reference.as_ref()?;
        let value = |value: Option<&Value<'_>>| sha(value?.id.as_deref());
        let sha = value(reference.source_version.as_ref()).or_else(|| value(reference.version.as_ref()))?;
        let name = |named: Option<&Named<'_>>| text(named?.name.as_ref(), NAME);
        let repo = name(reference.project.as_ref()).zip(name(reference.repository.as_ref()));
        let branch = reference.branch.as_ref().and_then(|branch| branch.id.as_deref());
        Some(Component {
            repo: repo.map(|(project, name)| format!("{project}/{name}")),
            sha: Some(sha),
            r#ref: plain(branch.map(short), NAME),
            ..Component::default()
        })
    }
}
