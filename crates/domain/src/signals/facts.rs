//! What the rules look at, as the caller has read it: derived facts, never raw payloads.

use chrono::{DateTime, Utc};

/// Everything that a set of rules needs ([`super::Rules::needs`] says what); the rest may stay empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    pub changes: &'a [OpenChange],
    pub failures: &'a [FailedDeployment],
    pub incidents: &'a [IncidentSeen],
    pub runs: &'a [PipelineRun],
    pub sources: &'a [SourceSeen],
}

/// A pull or merge request that is neither merged nor closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenChange {
    /// `owner/name`.
    pub repo: String,
    pub number: String,
    pub title: Option<String>,
    pub author: Option<String>,
    pub is_bot: bool,
    pub draft: bool,
    /// The branch that it comes from.
    pub head: Option<String>,
    /// Keys of tickets that its title, branch or text names.
    pub ticket_keys: Vec<String>,
    pub url: Option<String>,
    pub opened_at: DateTime<Utc>,
    pub ready_at: Option<DateTime<Utc>>,
    pub first_review_at: Option<DateTime<Utc>>,
    pub approved_at: Option<DateTime<Utc>>,
    /// The teams that own what its repository is deployed as.
    pub teams: Vec<String>,
}

impl OpenChange {
    /// When somebody last moved it: opened, made ready, reviewed or approved.
    pub fn moved_at(&self) -> DateTime<Utc> {
        let steps = [self.ready_at, self.first_review_at, self.approved_at];
        steps.into_iter().flatten().fold(self.opened_at, DateTime::max)
    }

    /// Since when it can be reviewed.
    pub fn ready_since(&self) -> DateTime<Utc> {
        self.ready_at.unwrap_or(self.opened_at).max(self.opened_at)
    }

    pub fn is_reviewed(&self) -> bool {
        self.first_review_at.is_some() || self.approved_at.is_some()
    }
}

/// A deployment that failed in its environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedDeployment {
    pub integration: String,
    pub deployment_id: String,
    pub service: String,
    pub team: Option<String>,
    pub repo: Option<String>,
    pub environment: String,
    /// `production`, `staging`, …
    pub tier: String,
    pub title: Option<String>,
    pub url: Option<String>,
    pub failed_at: DateTime<Utc>,
    /// When a later deployment put it right, or the incident was resolved.
    pub recovered_at: Option<DateTime<Utc>>,
}

/// An incident, open or resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentSeen {
    pub integration: String,
    pub incident_id: String,
    pub title: Option<String>,
    pub service: Option<String>,
    pub team: Option<String>,
    pub severity: Option<String>,
    pub url: Option<String>,
    pub started_at: DateTime<Utc>,
    pub resolved_at: Option<DateTime<Utc>>,
    /// It counts for the metrics.
    pub qualifies: bool,
    /// A deployment is known to have caused it.
    pub attributed: bool,
}

/// A run of a pipeline that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineRun {
    pub repo: String,
    pub pipeline: String,
    pub sha: String,
    /// `success`, `failure`, `cancelled`, `skipped` or `error`.
    pub outcome: String,
    pub finished_at: DateTime<Utc>,
    pub url: Option<String>,
    pub teams: Vec<String>,
}

/// A source that is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSeen {
    pub source: String,
    /// None: it has never sent anything.
    pub last_delivery_at: Option<DateTime<Utc>>,
}
