//! Facts as callers see them: one row each, with the events that it came from.

use chrono::{DateTime, Utc};
use serde::Serialize;
use store::metrics::rows::changes::{ChangeRow, CommitRow};
use store::metrics::rows::deployments::DeploymentRow;
use store::metrics::rows::failures::FailureRow;
use store::metrics::rows::incidents::IncidentRow;
use utoipa::ToSchema;
use uuid::Uuid;

use super::facts::Fact;
use super::figures::Phases;
use super::lists::Known;

/// A deployment that ended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deployment {
    /// `integration:deployment_id`.
    deployment: String,
    integration: String,
    deployment_id: String,
    service: String,
    /// The service's owner when it finished.
    team: Option<String>,
    repo: Option<String>,
    environment: String,
    tier: String,
    outcome: String,
    started_at: Option<DateTime<Utc>>,
    finished_at: DateTime<Utc>,
    sha: Option<String>,
    /// `repo@sha` of each component.
    heads: Vec<String>,
    /// `forward`, `redeploy`, `rollback` or `hotfix`; null unless it succeeded.
    kind: Option<String>,
    /// Of a rollback: the deployment that it went back to.
    target: Option<String>,
    /// The success before it.
    predecessor: Option<String>,
    /// How many changes it ships.
    changes: i32,
    rework: bool,
    failed: bool,
    /// How that is known: `explicit`, `caused_by`, `window`, `rollback`, `revert`, `hotfix`, `fixes`.
    failed_by: Vec<String>,
    ancestry_gap: bool,
    /// Until then an incident may still be attributed to it.
    provisional_until: DateTime<Utc>,
    title: Option<String>,
    url: Option<String>,
    #[schema(value_type = Vec<String>)]
    events: Vec<Uuid>,
}

impl Deployment {
    pub(super) fn of(row: DeploymentRow, known: &Known) -> Self {
        Self {
            events: known.events(row.subjects()),
            deployment: format!("{}:{}", row.integration, row.deployment_id),
            integration: row.integration,
            deployment_id: row.deployment_id,
            service: row.service,
            team: row.team,
            repo: row.repo,
            environment: row.environment,
            tier: row.tier,
            outcome: row.outcome,
            started_at: row.started_at,
            finished_at: row.at,
            sha: row.sha,
            heads: row.heads.lines().map(str::to_owned).collect(),
            kind: row.kind,
            target: row.target,
            predecessor: row.predecessor,
            changes: row.changes,
            rework: row.rework,
            failed: row.failed,
            failed_by: row.failed_by.unwrap_or_default(),
            ancestry_gap: row.ancestry_gap,
            provisional_until: row.provisional_until,
            title: row.title,
            url: row.url,
        }
    }
}

/// A change that was shipped.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Shipped {
    service: String,
    environment: String,
    team: Option<String>,
    repo: String,
    /// Of a direct push: the commit's SHA.
    number: String,
    /// `change`, or `direct`: a push to the default branch without a pull request.
    kind: String,
    title: Option<String>,
    author: Option<String>,
    url: Option<String>,
    landed_sha: Option<String>,
    /// `integration:deployment_id` of the deployment that shipped it.
    deployment: String,
    deployed_at: DateTime<Utc>,
    /// Where its clock starts: the earliest of first commit, opened and merged.
    start_at: DateTime<Utc>,
    first_commit_at: Option<DateTime<Utc>>,
    opened_at: Option<DateTime<Utc>>,
    first_review_at: Option<DateTime<Utc>>,
    approved_at: Option<DateTime<Utc>>,
    merged_at: Option<DateTime<Utc>>,
    lead_s: f64,
    #[serde(flatten)]
    phases: Phases,
    is_bot: bool,
    is_revert: bool,
    is_hotfix: bool,
    /// `graph`, `exact`, `cherry_pick`, `contains`, `image`, `promotion` or `time`.
    link_method: String,
    /// What that means.
    why: &'static str,
    /// Whether the service's path rules could be applied.
    files_known: bool,
    #[schema(value_type = Vec<String>)]
    events: Vec<Uuid>,
}

impl Shipped {
    pub(super) fn of(row: ChangeRow, known: &Known) -> Self {
        Self {
            events: known.events(row.subjects()),
            why: super::reasons::link(&row.link_method),
            deployment: format!("{}:{}", row.integration, row.deployment_id),
            phases: phases(&row),
            service: row.service,
            environment: row.environment,
            team: row.team,
            repo: row.repo,
            number: row.number,
            kind: row.kind,
            title: row.title,
            author: row.author,
            url: row.url,
            landed_sha: row.landed_sha,
            deployed_at: row.at,
            start_at: row.start_at,
            first_commit_at: row.first_commit_at,
            opened_at: row.opened_at,
            first_review_at: row.first_review_at,
            approved_at: row.approved_at,
            merged_at: row.merged_at,
            lead_s: row.lead_s,
            is_bot: row.is_bot,
            is_revert: row.is_revert,
            is_hotfix: row.is_hotfix,
            link_method: row.link_method,
            files_known: row.files_known,
        }
    }
}

pub(super) fn phases(row: &ChangeRow) -> Phases {
    Phases {
        coding_s: row.coding_s,
        pickup_s: row.pickup_s,
        review_s: row.review_s,
        merge_s: row.merge_s,
        deploy_s: row.deploy_s,
    }
}

/// A commit that was shipped.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShippedCommit {
    service: String,
    environment: String,
    repo: String,
    sha: String,
    deployment: String,
    deployed_at: DateTime<Utc>,
    committed_at: Option<DateTime<Utc>>,
    lead_s: Option<f64>,
    is_merge: bool,
    is_bot: bool,
    #[schema(value_type = Vec<String>)]
    events: Vec<Uuid>,
}

impl ShippedCommit {
    pub(super) fn of(row: CommitRow, known: &Known) -> Self {
        Self {
            events: known.events(row.subjects()),
            deployment: format!("{}:{}", row.integration, row.deployment_id),
            service: row.service,
            environment: row.environment,
            repo: row.repo,
            sha: row.sha,
            deployed_at: row.at,
            committed_at: row.committed_at,
            lead_s: row.lead_s,
            is_merge: row.is_merge,
            is_bot: row.is_bot,
        }
    }
}

/// A failed deployment that recovered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Failure {
    deployment: String,
    service: String,
    team: Option<String>,
    environment: String,
    failed_at: DateTime<Utc>,
    /// The first linked incident's start.
    impact_at: Option<DateTime<Utc>>,
    recovered_at: Option<DateTime<Utc>>,
    recovery_s: Option<f64>,
    recovery_from_impact_s: Option<f64>,
    /// How it is known that it failed.
    methods: Vec<String>,
    #[schema(value_type = Vec<String>)]
    events: Vec<Uuid>,
}

impl Failure {
    pub(super) fn of(row: FailureRow, known: &Known) -> Self {
        Self {
            events: known.events(row.subjects()),
            deployment: format!("{}:{}", row.integration, row.deployment_id),
            service: row.service,
            team: row.team,
            environment: row.environment,
            failed_at: row.failed_at,
            impact_at: row.impact_at,
            recovered_at: row.recovered_at,
            recovery_s: row.rt_s,
            recovery_from_impact_s: row.rt_impact_s,
            methods: row.methods,
        }
    }
}

/// An incident, by EM Agent's names and more.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Incident {
    incident_id: String,
    source: String,
    title: Option<String>,
    triggered_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
    mttr_hours: Option<f64>,
    mttr_minutes: Option<f64>,
    /// The deployment that it is put to, of the first where there are several; null: to none.
    deployment_id: Option<String>,
    /// `integration:deployment_id` of all of them.
    deployments: Vec<String>,
    /// How each is known: `explicit`, `caused_by` or `window`.
    methods: Vec<String>,
    service: Option<String>,
    team: Option<String>,
    environment: Option<String>,
    severity: Option<String>,
    url: Option<String>,
    #[schema(value_type = Vec<String>)]
    events: Vec<Uuid>,
}

impl Incident {
    pub(super) fn of(row: IncidentRow, known: &Known) -> Self {
        let first = row.deployments.first().and_then(|name| name.split_once(':'));
        Self {
            events: known.events(row.subjects()),
            deployment_id: first.map(|(_, id)| id.to_owned()),
            incident_id: row.incident_id,
            source: row.integration,
            title: row.title,
            triggered_at: row.start_at,
            resolved_at: row.resolved_at,
            mttr_hours: row.restore_s.map(super::lists::hours),
            mttr_minutes: row.restore_s.map(|seconds| seconds / 60.0),
            deployments: row.deployments,
            methods: row.methods,
            service: row.service,
            team: row.team,
            environment: row.environment,
            severity: row.severity,
            url: row.url,
        }
    }
}
