//! `ms.vss-pipelines.…-state-changed-event`: runs of pipelines, their stages and their jobs.
//!
//! A stage is a deployment where its own name says so (rule D5). The run around it and the jobs in it are builds only,
//! unless a pattern names this source: one deployment would be told three times.

use chrono::{DateTime, Utc};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{Envelope, Links, Named, branch_and_tag, outcome};
use crate::builds::{Phase, Run};
use crate::drafts::{NAME, plain, sha, text};
use crate::json::{self, Id, Text};

#[derive(Deserialize)]
pub(super) struct Pipeline<'a> {
    #[serde(borrow)]
    run: Option<PipelineRun<'a>>,
    #[serde(borrow)]
    stage: Option<Part<'a>>,
    #[serde(borrow)]
    job: Option<Part<'a>>,
    #[serde(borrow)]
    pipeline: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    repositories: Vec<Repository<'a>>,
}

#[derive(Deserialize)]
struct PipelineRun<'a> {
    id: Option<Id>,
    #[serde(borrow)]
    state: Option<Text<'a>>,
    #[serde(borrow)]
    result: Option<Text<'a>>,
    #[serde(rename = "createdDate", default, deserialize_with = "time::lenient")]
    created: Option<DateTime<Utc>>,
    #[serde(rename = "finishedDate", default, deserialize_with = "time::lenient")]
    finished: Option<DateTime<Utc>>,
    #[serde(borrow)]
    resources: Option<Resources<'a>>,
    #[serde(borrow, rename = "_links")]
    links: Option<Links<'a>>,
}

#[derive(Deserialize)]
struct Resources<'a> {
    #[serde(borrow)]
    repositories: Option<Own<'a>>,
}

#[derive(Deserialize)]
struct Own<'a> {
    #[serde(borrow, rename = "self")]
    own: Option<Checkout<'a>>,
}

#[derive(Deserialize)]
struct Checkout<'a> {
    #[serde(borrow, rename = "refName")]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    version: Option<Text<'a>>,
}

/// A stage or a job.
#[derive(Deserialize)]
struct Part<'a> {
    id: Option<Id>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow, rename = "displayName")]
    display_name: Option<Text<'a>>,
    attempt: Option<i64>,
    #[serde(borrow)]
    state: Option<Text<'a>>,
    #[serde(borrow)]
    result: Option<Text<'a>>,
    #[serde(rename = "startTime", default, deserialize_with = "time::lenient")]
    started: Option<DateTime<Utc>>,
    #[serde(rename = "finishTime", default, deserialize_with = "time::lenient")]
    finished: Option<DateTime<Utc>>,
    #[serde(borrow, rename = "_links")]
    links: Option<Links<'a>>,
}

#[derive(Deserialize)]
struct Repository<'a> {
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(borrow)]
    change: Option<RepositoryChange<'a>>,
}

#[derive(Deserialize)]
struct RepositoryChange<'a> {
    #[serde(borrow)]
    version: Option<Text<'a>>,
}

pub(super) fn run_drafts(event: Envelope<Pipeline<'_>>, rules: &Rules) -> Vec<Draft> {
    let Some(resource) = event.resource else { return Vec::new() };
    let Some(around) = resource.around(event.created) else { return Vec::new() };
    let Some(run) = &resource.run else { return Vec::new() };
    let Some(phase) = run.state.as_deref().and_then(phase) else { return Vec::new() };
    let run = Run {
        tells_deployments: true,
        name: around.project.clone().unwrap_or_default(),
        phase,
        outcome: run.result.as_deref().and_then(outcome),
        state: text(run.result.as_ref().or(run.state.as_ref()), NAME).unwrap_or_default(),
        queued_at: run.created,
        finished_at: run.finished,
        ..around
    };
    run.drafts(rules)
}

pub(super) fn stage_drafts(event: Envelope<Pipeline<'_>>, rules: &Rules) -> Vec<Draft> {
    let Some(resource) = event.resource else { return Vec::new() };
    let (Some(around), Some(stage)) = (resource.around(event.created), &resource.stage) else { return Vec::new() };
    stage.run(around, "stage").map(|run| run.drafts(rules)).unwrap_or_default()
}

pub(super) fn job_drafts(event: Envelope<Pipeline<'_>>, rules: &Rules) -> Vec<Draft> {
    let Some(resource) = event.resource else { return Vec::new() };
    let (Some(around), Some(job)) = (resource.around(event.created), &resource.job) else { return Vec::new() };
    let run = job.run(around, "job").map(|run| Run { tells_deployments: true, ..run });
    run.map(|run| run.drafts(rules)).unwrap_or_default()
}

impl Pipeline<'_> {
    /// What a run, its stages and its jobs have in common. The pipeline's name is its project. Nothing without the id of
    /// the run.
    fn around(&self, told: Option<DateTime<Utc>>) -> Option<Run> {
        let run = self.run.as_ref()?;
        let checkout = run.resources.as_ref().and_then(|all| all.repositories.as_ref()?.own.as_ref());
        let repository = self.repositories.first();
        let version = repository.and_then(|repository| repository.change.as_ref()?.version.as_deref());
        let (branch, tag) = branch_and_tag(checkout.and_then(|own| own.name.as_deref()));
        Some(Run {
            source: "azuredevops",
            repo: repository.and_then(Repository::name),
            project: self.pipeline.as_ref().and_then(|pipeline| text(pipeline.name.as_ref(), NAME)),
            run_id: run.id.as_ref()?.0.clone(),
            at: told,
            sha: sha(checkout.and_then(|own| own.version.as_deref()).or(version)),
            branch,
            tag,
            url: run.links.as_ref().and_then(Links::page),
            ..Run::default()
        })
    }
}

impl Part<'_> {
    /// Run again, a stage or job keeps its name and counts its attempts.
    fn run(&self, around: Run, what: &str) -> Option<Run> {
        let phase = phase(self.state.as_deref()?)?;
        let own = text(self.name.as_ref(), NAME).or_else(|| Some(self.id.as_ref()?.0.clone()))?;
        let attempt = self.attempt.map(|attempt| format!(".{attempt}")).unwrap_or_default();
        Some(Run {
            name: text(self.display_name.as_ref(), NAME).unwrap_or_else(|| own.clone()),
            run_id: format!("{}.{what}.{own}{attempt}", around.run_id),
            parent_run: Some(around.run_id.clone()),
            attempt: self.attempt,
            phase,
            outcome: self.result.as_deref().and_then(outcome),
            state: text(self.result.as_ref().or(self.state.as_ref()), NAME).unwrap_or_default(),
            started_at: self.started,
            finished_at: self.finished,
            url: self.links.as_ref().and_then(Links::page).or(around.url.clone()),
            ..around
        })
    }
}

impl Repository<'_> {
    /// The end of its URL: `…/project/_git/name`, or `owner/name` elsewhere.
    fn name(&self) -> Option<String> {
        let url = self.url.as_deref()?.trim_end_matches('/');
        let (project, name) = match url.split_once("/_git/") {
            Some((before, name)) => (before.rsplit('/').next()?, name),
            None => {
                let (before, name) = url.rsplit_once('/')?;
                (before.rsplit('/').next()?, name.trim_end_matches(".git"))
            }
        };
        plain(Some(&format!("{project}/{name}").replace("%20", " ")), NAME)
    }
}

fn phase(state: &str) -> Option<Phase> {
    match state {
        "notStarted" | "pending" | "waiting" | "queued" => Some(Phase::Queued),
        "inProgress" | "running" | "canceling" => Some(Phase::Started),
        "completed" => Some(Phase::Finished),
        _ => None,
    }
}
