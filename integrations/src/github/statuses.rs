//! `status` and `check_suite`: what builders outside of Actions say of a commit.
//!
//! A status is known by its commit and its context: built again, it goes back to pending, as a newer fact of the same run.
//! A suite sums up the checks of one app, which are told one by one as well.

use chrono::{DateTime, Utc};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::builds::{in_repository, outcome, state};
use super::payloads::{NAME, Repository, URL, User, text};
use crate::builds::{Phase, Run};
use crate::drafts::sha;
use crate::json::{self, Id, Text};

#[derive(Deserialize)]
pub(super) struct StatusEvent<'a> {
    #[serde(borrow)]
    sha: Text<'a>,
    #[serde(borrow)]
    context: Option<Text<'a>>,
    #[serde(borrow)]
    state: Text<'a>,
    #[serde(borrow)]
    target_url: Option<Text<'a>>,
    /// Those that have the commit at their end, or whose history holds it.
    #[serde(borrow, default, deserialize_with = "json::list")]
    branches: Vec<Branch<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_at: Option<DateTime<Utc>>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    sender: Option<User<'a>>,
}

#[derive(Deserialize)]
struct Branch<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct SuiteEvent<'a> {
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    check_suite: Suite<'a>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    sender: Option<User<'a>>,
}

#[derive(Deserialize)]
struct Suite<'a> {
    id: Id,
    #[serde(borrow)]
    head_sha: Option<Text<'a>>,
    #[serde(borrow)]
    head_branch: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    conclusion: Option<Text<'a>>,
    #[serde(borrow)]
    app: Option<Branch<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_at: Option<DateTime<Utc>>,
}

pub(super) fn drafts(event: StatusEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let (phase, outcome) = match &*event.state {
        "pending" => (Phase::Started, None),
        "success" => (Phase::Finished, Some("success")),
        "failure" => (Phase::Finished, Some("failure")),
        "error" => (Phase::Finished, Some("error")),
        _ => return Vec::new(),
    };
    let Some(sha) = sha(Some(&event.sha)) else { return Vec::new() };
    // GitHub's own name for a status without one.
    let context = text(event.context.as_ref(), NAME).unwrap_or_else(|| "default".to_owned());
    // Of several nobody knows which one it was built for.
    let branch = match &event.branches[..] {
        [only] => text(only.name.as_ref(), NAME),
        _ => None,
    };
    let run = Run {
        run_id: format!("{context}@{sha}"),
        name: context,
        phase,
        outcome,
        state: event.state.clean(NAME),
        started_at: event.updated_at.filter(|_| phase == Phase::Started),
        finished_at: event.updated_at.filter(|_| phase == Phase::Finished),
        at: event.updated_at,
        sha: Some(sha),
        branch,
        url: text(event.target_url.as_ref(), URL),
        ..in_repository(&event.repository, event.sender.as_ref(), rules)
    };
    run.drafts(rules)
}

pub(super) fn suite_drafts(event: SuiteEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let suite = &event.check_suite;
    if event.action.as_deref() != Some("completed") {
        return Vec::new();
    }
    let run = Run {
        name: suite.app.as_ref().and_then(|app| text(app.name.as_ref(), NAME)).unwrap_or_default(),
        run_id: suite.id.0.clone(),
        phase: Phase::Finished,
        outcome: suite.conclusion.as_deref().and_then(outcome),
        state: state(suite.conclusion.as_ref(), suite.status.as_ref()),
        finished_at: suite.updated_at,
        at: suite.updated_at,
        sha: sha(suite.head_sha.as_deref()),
        branch: text(suite.head_branch.as_ref(), NAME),
        ..in_repository(&event.repository, event.sender.as_ref(), rules)
    };
    vec![run.build()]
}
