//! `pipeline` and `build` (a job): builds. Deployments have events of their own, so a run is one only where a pattern
//! names GitLab.
//!
//! A pipeline whose jobs are run again keeps its id: its next end is a newer fact. A job that is run again is another.

use chrono::{DateTime, Utc};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{Project, User};
use crate::builds::{Phase, Run};
use crate::drafts::{NAME, URL, sha, text};
use crate::json::{Id, Text};

#[derive(Deserialize)]
pub(super) struct PipelineEvent<'a> {
    #[serde(borrow)]
    object_attributes: Pipeline<'a>,
    #[serde(borrow)]
    project: Option<Project<'a>>,
    #[serde(borrow)]
    user: Option<User<'a>>,
    source_pipeline: Option<SourcePipeline>,
}

#[derive(Deserialize)]
struct Pipeline<'a> {
    id: Id,
    iid: Option<i64>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    r#ref: Option<Text<'a>>,
    tag: Option<bool>,
    #[serde(borrow)]
    sha: Option<Text<'a>>,
    #[serde(borrow)]
    source: Option<Text<'a>>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    finished_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct SourcePipeline {
    pipeline_id: Option<Id>,
}

#[derive(Deserialize)]
pub(super) struct JobEvent<'a> {
    build_id: Id,
    #[serde(borrow)]
    build_name: Option<Text<'a>>,
    #[serde(borrow)]
    build_stage: Option<Text<'a>>,
    #[serde(borrow)]
    build_status: Text<'a>,
    #[serde(borrow)]
    build_failure_reason: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    build_created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    build_started_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    build_finished_at: Option<DateTime<Utc>>,
    pipeline_id: Option<Id>,
    #[serde(borrow)]
    r#ref: Option<Text<'a>>,
    tag: Option<bool>,
    #[serde(borrow)]
    sha: Option<Text<'a>>,
    #[serde(borrow)]
    environment: Option<Environment<'a>>,
    #[serde(borrow)]
    project: Option<Project<'a>>,
    #[serde(borrow)]
    repository: Option<Repository<'a>>,
    #[serde(borrow)]
    user: Option<User<'a>>,
}

#[derive(Deserialize)]
struct Environment<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Repository<'a> {
    #[serde(borrow)]
    homepage: Option<Text<'a>>,
}

pub(super) fn pipeline_drafts(event: PipelineEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let pipeline = event.object_attributes;
    let Some((phase, outcome)) = progress(&pipeline.status, None) else { return Vec::new() };
    let project = event.project.unwrap_or_default();
    let place = Place::new(pipeline.r#ref.as_ref(), pipeline.tag);
    let run = Run {
        source: "gitlab",
        tells_deployments: true,
        repo: project.name(),
        // A pipeline's own name is made for each run: it would tell every run apart from the others.
        name: "pipeline".to_owned(),
        outer_name: text(pipeline.name.as_ref(), NAME),
        run_id: pipeline_run(&pipeline.id),
        number: pipeline.iid,
        parent_run: event.source_pipeline.and_then(|source| source.pipeline_id).map(|id| pipeline_run(&id)),
        event: text(pipeline.source.as_ref(), NAME),
        phase,
        outcome,
        state: pipeline.status.clean(NAME),
        queued_at: pipeline.created_at,
        finished_at: pipeline.finished_at,
        sha: sha(pipeline.sha.as_deref()),
        branch: place.branch,
        tag: place.tag,
        default_branch: project.default_branch(),
        url: text(pipeline.url.as_ref(), URL),
        actor: event.user.as_ref().map(|user| user.actor(rules)),
        ..Run::default()
    };
    run.drafts(rules)
}

pub(super) fn job_drafts(event: JobEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let Some((phase, outcome)) = progress(&event.build_status, event.build_failure_reason.as_deref()) else {
        return Vec::new();
    };
    let repo = event.project.as_ref().and_then(Project::name).or_else(|| event.repository.as_ref()?.name());
    let place = Place::new(event.r#ref.as_ref(), event.tag);
    let run = Run {
        source: "gitlab",
        tells_deployments: true,
        repo,
        name: text(event.build_name.as_ref(), NAME).unwrap_or_default(),
        outer_name: text(event.build_stage.as_ref(), NAME),
        run_id: format!("job:{}", event.build_id.0),
        parent_run: event.pipeline_id.as_ref().map(pipeline_run),
        phase,
        outcome,
        state: event.build_status.clean(NAME),
        queued_at: event.build_created_at,
        started_at: event.build_started_at,
        finished_at: event.build_finished_at,
        sha: sha(event.sha.as_deref()),
        branch: place.branch,
        tag: place.tag,
        default_branch: event.project.as_ref().and_then(Project::default_branch),
        environment: event.environment.and_then(|environment| text(environment.name.as_ref(), NAME)),
        actor: event.user.as_ref().map(|user| user.actor(rules)),
        ..Run::default()
    };
    run.drafts(rules)
}

/// Pipelines, jobs and deployments are counted apart: their numbers alone would meet.
fn pipeline_run(id: &Id) -> String {
    format!("pipeline:{}", id.0)
}

struct Place {
    branch: Option<String>,
    tag: Option<String>,
}

impl Place {
    fn new(name: Option<&Text<'_>>, is_tag: Option<bool>) -> Self {
        let name = text(name, NAME);
        if is_tag == Some(true) { Self { branch: None, tag: name } } else { Self { branch: name, tag: None } }
    }
}

impl Repository<'_> {
    /// Older instances send no project with a job: its path is that of its page.
    fn name(&self) -> Option<String> {
        let (_, rest) = self.homepage.as_deref()?.split_once("://")?;
        let (_, path) = rest.split_once('/')?;
        text(Some(&Text(path.trim_end_matches('/').into())), NAME)
    }
}

/// How far a status is, and how it ended. One that waits for a person is queued.
fn progress(status: &str, failure_reason: Option<&str>) -> Option<(Phase, Option<&'static str>)> {
    Some(match status {
        "created"
        | "waiting_for_resource"
        | "waiting_for_callback"
        | "preparing"
        | "pending"
        | "scheduled"
        | "manual" => (Phase::Queued, None),
        "running" | "canceling" => (Phase::Started, None),
        "success" => (Phase::Finished, Some("success")),
        "failed" if failure_reason.is_some_and(is_of_the_system) => (Phase::Finished, Some("error")),
        "failed" => (Phase::Finished, Some("failure")),
        "canceled" => (Phase::Finished, Some("cancelled")),
        "skipped" => (Phase::Finished, Some("skipped")),
        _ => return None,
    })
}

/// The job failed without having said anything of the code.
fn is_of_the_system(reason: &str) -> bool {
    ["runner_system_failure", "scheduler_failure", "data_integrity_failure", "runner_unsupported", "api_failure"]
        .contains(&reason)
}
