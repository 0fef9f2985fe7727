//! Workflows that are started, and deployments that wait for us.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{GitHub, Made, Permission, encoded, made};
use crate::outcome::Outcome;
use crate::protection;
use crate::target::Repository;

/// GitHub's clock may be behind ours.
const CLOCKS_DIFFER_SECONDS: i64 = 60;

/// A workflow to be started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dispatch<'a> {
    /// The name of its file, or its number.
    pub workflow: &'a str,
    /// Branch or tag.
    pub reference: &'a str,
    pub inputs: Map<String, Value>,
}

/// How a waiting deployment is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Approved,
    Rejected,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    pub fn verb(self) -> &'static str {
        match self {
            Self::Approved => "approve",
            Self::Rejected => "reject",
        }
    }
}

/// A run of a workflow since a try whose answer was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run {
    /// Its name carries the key.
    Ours(Made),
    /// It may be ours or somebody else's.
    Perhaps(Made),
}

impl GitHub {
    pub async fn dispatch(&self, repo: &Repository, what: &Dispatch<'_>, now: DateTime<Utc>) -> Outcome<Made> {
        let path = format!("/repos/{repo}/actions/workflows/{}/dispatches", encoded(what.workflow));
        let body = json!({"ref": what.reference, "inputs": what.inputs});
        self.post(path, body, (repo, Permission::ACTIONS), now).await.map(|answer| made(&answer.json()))
    }

    /// A run that a lost try has started: ours for certain, or else one that may be.
    pub async fn find_run(
        &self,
        repo: &Repository,
        what: &Dispatch<'_>,
        key: &str,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Outcome<Option<Run>> {
        let since = (since - TimeDelta::seconds(CLOCKS_DIFFER_SECONDS)).to_rfc3339_opts(SecondsFormat::Secs, true);
        let (workflow, since) = (encoded(what.workflow), encoded(&format!(">={since}")));
        let path = format!("/repos/{repo}/actions/workflows/{workflow}/runs?event=workflow_dispatch&created={since}");
        let mut perhaps = None;
        let look = |run: &Value| {
            let is_named = |member: &str| run[member].as_str().is_some_and(|text| text.contains(key));
            if is_named("display_title") || is_named("name") {
                return Some(made(run));
            }
            let branch = what.reference.trim_start_matches("refs/heads/").trim_start_matches("refs/tags/");
            if run["head_branch"] == branch {
                perhaps = Some(made(run));
            }
            None
        };
        let found = self.walk((path, Some("workflow_runs")), (repo, Permission::ACTIONS), look, now).await;
        found.map(|ours| ours.map(Run::Ours).or(perhaps.map(Run::Perhaps)))
    }

    /// Decides a waiting deployment, or without a verdict only says how it stands: ten times for one deployment at
    /// most, with 1,024 characters of Markdown.
    pub async fn review_deployment(
        &self,
        (repo, run_id): (&Repository, u64),
        environment: &str,
        verdict: Option<Verdict>,
        comment: &str,
        now: DateTime<Utc>,
    ) -> Outcome<Made> {
        let mut body = json!({"environment_name": environment, "comment": comment});
        if let Some(verdict) = verdict {
            body["state"] = json!(verdict.as_str());
        }
        let path = protection::path(repo, run_id);
        self.post(path, body, (repo, Permission::DEPLOYMENTS), now).await.map(|_| Made::default())
    }

    /// Whether a run's history has that decision for an environment.
    pub async fn is_reviewed(
        &self,
        (repo, run_id): (&Repository, u64),
        environment: &str,
        verdict: Verdict,
        now: DateTime<Utc>,
    ) -> Outcome<bool> {
        let path = format!("/repos/{repo}/actions/runs/{run_id}/approvals");
        self.get(path, (repo, Permission::ACTIONS_READ), now).await.map(|answer| {
            let body = answer.json();
            body.as_array().into_iter().flatten().any(|review| {
                let mut environments = review["environments"].as_array().into_iter().flatten();
                review["state"] == verdict.as_str() && environments.any(|one| one["name"] == environment)
            })
        })
    }
}
