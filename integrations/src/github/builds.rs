//! `workflow_run`, `workflow_job` and `check_run`: builds.
//!
//! The action says what happened; without one the thing's own status does. A re-run keeps its id and counts its attempts, so a run is told by both: `<id>.<attempt>`.

use chrono::{DateTime, Utc};
use domain::data::{Body, Build};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{NAME, Repository, URL, User, common, draft, text};
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
    let (kind, at) = match event.action.as_deref().or(run.status.as_deref()) {
        Some("requested" | "queued" | "waiting" | "pending") => ("build.queued", run.created_at),
        Some("in_progress") => ("build.started", run.run_started_at),
        Some("completed") => ("build.finished", run.updated_at),
        _ => return Vec::new(),
    };
    let finished = kind == "build.finished";
    let build = Build {
        name: text(run.name.as_ref(), NAME),
        run_id: Some(run_id(&run.id, run.run_attempt)),
        number: run.run_number,
        attempt: run.run_attempt,
        outcome: run.conclusion.as_deref().filter(|_| finished).and_then(outcome),
        started_at: run.run_started_at.filter(|_| kind != "build.queued"),
        finished_at: run.updated_at.filter(|_| finished),
        parent_run: None,
        head_sha: text(run.head_sha.as_ref(), NAME),
        event: text(run.event.as_ref(), NAME),
    };
    let place = Place { branch: run.head_branch, url: run.html_url, revision: run.updated_at };
    vec![event_of(kind, at, build, place, &event.repository, event.sender.as_ref(), rules)]
}

pub(super) fn job_drafts(event: JobEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let kind = match event.action.as_deref().or(event.workflow_job.status.as_deref()) {
        Some("queued" | "waiting" | "pending") => "build.queued",
        Some("in_progress") => "build.started",
        Some("completed") => "build.finished",
        _ => return Vec::new(),
    };
    vec![event.workflow_job.event(kind, &event.repository, event.sender.as_ref(), rules)]
}

pub(super) fn check_drafts(event: CheckEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let kind = match (event.action.as_deref(), event.check_run.status.as_deref()) {
        (Some("completed"), _) | (Some("created") | None, Some("completed")) => "build.finished",
        (Some("created") | None, Some("in_progress")) => "build.started",
        // A check that is made without a status is queued: GitHub's own default.
        (Some("created"), _) | (None, Some("queued" | "waiting" | "pending")) => "build.queued",
        _ => return Vec::new(),
    };
    vec![event.check_run.event(kind, &event.repository, event.sender.as_ref(), rules)]
}

impl Job<'_> {
    fn event(self, kind: &'static str, repository: &Repository<'_>, sender: Option<&User<'_>>, rules: &Rules) -> Draft {
        let (started, finished) = (kind != "build.queued", kind == "build.finished");
        // GitHub fills started_at of a queued job with the time it was queued.
        let at = match kind {
            "build.finished" => self.completed_at,
            "build.started" => self.started_at,
            _ => self.created_at.or(self.started_at),
        };
        let build = Build {
            name: text(self.name.as_ref(), NAME),
            run_id: Some(self.id.0),
            number: None,
            attempt: self.run_attempt,
            outcome: self.conclusion.as_deref().filter(|_| finished).and_then(outcome),
            started_at: self.started_at.filter(|_| started),
            finished_at: self.completed_at.filter(|_| finished),
            parent_run: self.run_id.map(|id| run_id(&id, self.run_attempt)),
            head_sha: text(self.head_sha.as_ref(), NAME),
            event: None,
        };
        let branch = self.head_branch.or(self.check_suite.and_then(|suite| suite.head_branch));
        let place = Place { branch, url: self.html_url, revision: at };
        event_of(kind, at, build, place, repository, sender, rules)
    }
}

struct Place<'a> {
    branch: Option<Text<'a>>,
    url: Option<Text<'a>>,
    revision: Option<DateTime<Utc>>,
}

fn event_of(
    kind: &'static str,
    at: Option<DateTime<Utc>>,
    build: Build,
    place: Place<'_>,
    repository: &Repository<'_>,
    sender: Option<&User<'_>>,
    rules: &Rules,
) -> Draft {
    let mut base = common(repository, sender, rules);
    base.commit_sha = build.head_sha.clone();
    base.branch = text(place.branch.as_ref(), NAME);
    base.url = text(place.url.as_ref(), URL);
    base.revision = place.revision;
    let name = build.name.as_deref().unwrap_or_default();
    let subject = format!("{}!{name}/{}", repository.name(), build.run_id.as_deref().unwrap_or_default());
    draft(kind, subject, at, base, Body::Build(build))
}

fn run_id(id: &Id, attempt: Option<i64>) -> String {
    attempt.map_or_else(|| id.0.clone(), |attempt| format!("{}.{attempt}", id.0))
}

/// Our word for a conclusion. `action_required` is none: somebody still has to decide.
fn outcome(conclusion: &str) -> Option<String> {
    let word = match conclusion {
        "success" => "success",
        "failure" | "timed_out" => "failure",
        "cancelled" | "stale" => "cancelled",
        "skipped" | "neutral" => "skipped",
        "startup_failure" => "error",
        _ => return None,
    };
    Some(word.to_owned())
}
