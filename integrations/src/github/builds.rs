//! `workflow_run`, `workflow_job` and `check_run`: builds.
//!
//! The action says what happened; without one the thing's own status does. A re-run keeps its id and counts its attempts,
//! so a run is told by both: `<id>.<attempt>`.

use chrono::{DateTime, Utc};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{NAME, Repository, URL, User, text};
use crate::builds::{self, Phase};
use crate::json::{Id, Text};

#[derive(Deserialize)]
pub(super) struct RunEvent<'a> {
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    workflow_run: Run<'a>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    sender: Option<User<'a>>,
}

#[derive(Deserialize)]
struct Run<'a> {
    id: Id,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    event: Option<Text<'a>>,
    run_number: Option<i64>,
    run_attempt: Option<i64>,
    #[serde(borrow)]
    head_sha: Option<Text<'a>>,
    #[serde(borrow)]
    head_branch: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    conclusion: Option<Text<'a>>,
    #[serde(borrow)]
    html_url: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    run_started_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub(super) struct JobEvent<'a> {
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    workflow_job: Job<'a>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    sender: Option<User<'a>>,
}

#[derive(Deserialize)]
pub(super) struct CheckEvent<'a> {
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    check_run: Job<'a>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    sender: Option<User<'a>>,
}

/// A job of a workflow, or a check: nearly the same shape.
#[derive(Deserialize)]
struct Job<'a> {
    id: Id,
    run_id: Option<Id>,
    run_attempt: Option<i64>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    workflow_name: Option<Text<'a>>,
    #[serde(borrow)]
    head_sha: Option<Text<'a>>,
    #[serde(borrow)]
    head_branch: Option<Text<'a>>,
    #[serde(borrow)]
    check_suite: Option<Suite<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    conclusion: Option<Text<'a>>,
    #[serde(borrow)]
    html_url: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    started_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    completed_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Suite<'a> {
    #[serde(borrow)]
    head_branch: Option<Text<'a>>,
}

pub(super) fn run_drafts(event: RunEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let run = event.workflow_run;
    let phase = match event.action.as_deref().or(run.status.as_deref()) {
        Some("requested" | "queued" | "waiting" | "pending") => Phase::Queued,
        Some("in_progress") => Phase::Started,
        Some("completed") => Phase::Finished,
        _ => return Vec::new(),
    };
    let told = builds::Run {
        name: text(run.name.as_ref(), NAME).unwrap_or_default(),
        run_id: run_id(&run.id, run.run_attempt),
        number: run.run_number,
        attempt: run.run_attempt,
        event: text(run.event.as_ref(), NAME),
        phase,
        outcome: run.conclusion.as_deref().and_then(outcome),
        state: state(run.conclusion.as_ref(), run.status.as_ref()),
        // A later attempt keeps the time at which the first one was made.
        queued_at: run.run_started_at.or(run.created_at),
        started_at: run.run_started_at,
        finished_at: run.updated_at,
        at: run.updated_at,
        sha: text(run.head_sha.as_ref(), NAME),
        branch: text(run.head_branch.as_ref(), NAME),
        url: text(run.html_url.as_ref(), URL),
        ..in_repository(&event.repository, event.sender.as_ref(), rules)
    };
    told.drafts(rules)
}

pub(super) fn job_drafts(event: JobEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let phase = match event.action.as_deref().or(event.workflow_job.status.as_deref()) {
        Some("queued" | "waiting" | "pending") => Phase::Queued,
        Some("in_progress") => Phase::Started,
        Some("completed") => Phase::Finished,
        _ => return Vec::new(),
    };
    event.workflow_job.run(phase, in_repository(&event.repository, event.sender.as_ref(), rules)).drafts(rules)
}

pub(super) fn check_drafts(event: CheckEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let phase = match (event.action.as_deref(), event.check_run.status.as_deref()) {
        (Some("completed"), _) | (Some("created") | None, Some("completed")) => Phase::Finished,
        (Some("created") | None, Some("in_progress")) => Phase::Started,
        // A check that is made without a status is queued: GitHub's own default.
        (Some("created"), _) | (None, Some("queued" | "waiting" | "pending")) => Phase::Queued,
        _ => return Vec::new(),
    };
    // The check of an Actions job is that job, told once more: it is no second deployment.
    vec![event.check_run.run(phase, in_repository(&event.repository, event.sender.as_ref(), rules)).build()]
}

/// What all runs in a repository have in common. Deployments have events of their own; a run is one only by a pattern
/// that names GitHub.
pub(super) fn in_repository(repository: &Repository<'_>, sender: Option<&User<'_>>, rules: &Rules) -> builds::Run {
    builds::Run {
        source: "github",
        tells_deployments: true,
        repo: Some(repository.name()),
        default_branch: text(repository.default_branch.as_ref(), NAME),
        actor: sender.map(|user| user.actor(rules)),
        ..builds::Run::default()
    }
}

impl Job<'_> {
    fn run(self, phase: Phase, place: builds::Run) -> builds::Run {
        // GitHub fills started_at of a queued job with the time it was queued.
        let at = match phase {
            Phase::Finished => self.completed_at,
            Phase::Started => self.started_at,
            Phase::Queued => self.created_at.or(self.started_at),
        };
        let branch = self.head_branch.or(self.check_suite.and_then(|suite| suite.head_branch));
        builds::Run {
            name: text(self.name.as_ref(), NAME).unwrap_or_default(),
            around: text(self.workflow_name.as_ref(), NAME),
            run_id: self.id.0,
            attempt: self.run_attempt,
            parent_run: self.run_id.map(|id| run_id(&id, self.run_attempt)),
            phase,
            outcome: self.conclusion.as_deref().and_then(outcome),
            state: state(self.conclusion.as_ref(), self.status.as_ref()),
            queued_at: at,
            started_at: self.started_at,
            finished_at: self.completed_at,
            at,
            sha: text(self.head_sha.as_ref(), NAME),
            branch: text(branch.as_ref(), NAME),
            url: text(self.html_url.as_ref(), URL),
            ..place
        }
    }
}

/// The source's own word.
pub(super) fn state(conclusion: Option<&Text<'_>>, status: Option<&Text<'_>>) -> String {
    text(conclusion.or(status), NAME).unwrap_or_default()
}

fn run_id(id: &Id, attempt: Option<i64>) -> String {
    attempt.map_or_else(|| id.0.clone(), |attempt| format!("{}.{attempt}", id.0))
}

/// Our word for a conclusion. `action_required` is none: somebody still has to decide.
pub(super) fn outcome(conclusion: &str) -> Option<&'static str> {
    Some(match conclusion {
        "success" => "success",
        "failure" | "timed_out" => "failure",
        "cancelled" | "stale" => "cancelled",
        "skipped" | "neutral" => "skipped",
        "startup_failure" => "error",
        _ => return None,
    })
}
