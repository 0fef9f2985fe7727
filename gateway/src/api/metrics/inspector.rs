//! One deployment from all sides, put together from its facts.

use chrono::{DateTime, Utc};
use domain::dora::facts::Outside;
use domain::ids::TenantId;
use serde::Serialize;
use serde_json::Value;
use store::metrics::inspect::{self, AuditRow, FailureOf, RemedyRow};
use store::metrics::rows::{changes, deployments, incidents};
use store::{Connection, StoreError};
use utoipa::ToSchema;
use uuid::Uuid;

use super::facts::Fact;
use super::lists::Known;
use super::views::{Deployment, Incident, Shipped};

/// A deployment with what it consists of, ships, broke and mended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Inspected {
    #[serde(flatten)]
    deployment: Deployment,
    components: Vec<Component>,
    /// What it ships, each with why.
    contents: Vec<Shipped>,
    /// Commits that it was the first to contain, up to 500.
    commits: Vec<Commit>,
    incidents: Vec<Incident>,
    /// Null unless it failed.
    failure: Option<FailureTimes>,
    /// What it mends.
    mends: Vec<Remedy>,
    /// What mends it.
    mended_by: Vec<Remedy>,
    /// How its facts and those of its changes and incidents changed, newest first, up to 500.
    audit: Vec<Audit>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeploymentComponent)]
struct Component {
    repo: String,
    sha: Option<String>,
    branch: Option<String>,
    finished_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeploymentCommit)]
struct Commit {
    repo: String,
    sha: String,
    /// False: live before, as far as is known.
    shipped: bool,
    in_scope: bool,
    is_merge: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct FailureTimes {
    failed_at: DateTime<Utc>,
    impact_at: Option<DateTime<Utc>>,
    recovered_at: Option<DateTime<Utc>>,
    recovery_s: Option<f64>,
    methods: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Remedy {
    /// `integration:deployment_id` of the other deployment.
    deployment: String,
    /// `rollback`, `revert`, `hotfix` or `fixes`.
    method: String,
    /// When the remedy finished.
    at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Audit {
    at: DateTime<Utc>,
    /// `deployment`, `failure`, `change` or `incident`.
    fact: String,
    /// Which one.
    key: String,
    /// Null: there was none.
    before: Option<Value>,
    /// Null: there is none any more.
    after: Option<Value>,
    /// The events that caused it; none: the catalog, or a rebuild.
    #[schema(value_type = Vec<String>)]
    events: Vec<Uuid>,
}

impl Inspected {
    pub(super) fn of(
        conn: &mut Connection,
        tenant: &TenantId,
        deployment: &Outside,
    ) -> Result<Option<Self>, StoreError> {
        let Some(row) = deployments::one(conn, tenant, deployment)? else { return Ok(None) };
        let parts = inspect::parts(conn, tenant, deployment, &row.service, row.at)?;
        let contents = changes::of_deployment(conn, tenant, deployment)?;
        let incidents = incidents::of_deployment(conn, tenant, deployment)?;
        let audit = inspect::audit(conn, tenant, &audited(deployment, &contents, &incidents))?;
        let subjects = row.subjects().chain(contents.iter().filter_map(|change| change.subject.as_ref()));
        let subjects = subjects.chain(incidents.iter().flat_map(Fact::subjects));
        let known = Known::of(conn, tenant, subjects)?;
        let (mends, mended_by) = parts.remedies.into_iter().partition(|remedy| is_by(remedy, deployment));
        Ok(Some(Self {
            deployment: Deployment::of(row, &known),
            components: parts.components.into_iter().map(Component::from).collect(),
            contents: contents.into_iter().map(|change| Shipped::of(change, &known)).collect(),
            commits: parts.commits.into_iter().map(Commit::from).collect(),
            incidents: incidents.into_iter().map(|incident| Incident::of(incident, &known)).collect(),
            failure: parts.failure.map(FailureTimes::from),
            mends: remedies(mends, |remedy| format!("{}:{}", remedy.culprit_integration, remedy.culprit_id)),
            mended_by: remedies(mended_by, |remedy| format!("{}:{}", remedy.integration, remedy.deployment_id)),
            audit: audit.into_iter().map(Audit::from).collect(),
        }))
    }
}

/// Its own facts and those of what it ships and broke, as the audit names them.
fn audited(
    deployment: &Outside,
    contents: &[changes::ChangeRow],
    incidents: &[incidents::IncidentRow],
) -> Vec<(&'static str, String)> {
    let own = [("deployment", deployment.to_string()), ("failure", deployment.to_string())];
    let of_changes = contents.iter().map(|row| {
        let key = format!("{} {} {} {}", row.service, row.environment, row.repo, row.number);
        ("change", key)
    });
    let of_incidents = incidents.iter().map(|row| ("incident", format!("{}:{}", row.integration, row.incident_id)));
    own.into_iter().chain(of_changes).chain(of_incidents).collect()
}

fn is_by(remedy: &RemedyRow, deployment: &Outside) -> bool {
    (&remedy.integration, &remedy.deployment_id) == (&deployment.integration, &deployment.id)
}

fn remedies(rows: Vec<RemedyRow>, other: impl Fn(&RemedyRow) -> String) -> Vec<Remedy> {
    rows.into_iter().map(|row| Remedy { deployment: other(&row), method: row.method, at: row.at }).collect()
}

impl From<inspect::ComponentRow> for Component {
    fn from(row: inspect::ComponentRow) -> Self {
        Self { repo: row.repo, sha: row.sha, branch: row.branch, finished_at: row.finished_at }
    }
}

impl From<inspect::CommitOf> for Commit {
    fn from(row: inspect::CommitOf) -> Self {
        let inspect::CommitOf { repo, sha, shipped, in_scope, is_merge } = row;
        Self { repo, sha, shipped, in_scope, is_merge }
    }
}

impl From<FailureOf> for FailureTimes {
    fn from(row: FailureOf) -> Self {
        let FailureOf { failed_at, impact_at, recovered_at, rt_s, methods } = row;
        Self { failed_at, impact_at, recovered_at, recovery_s: rt_s, methods }
    }
}

impl From<AuditRow> for Audit {
    fn from(row: AuditRow) -> Self {
        Self { at: row.at, fact: row.fact, key: row.key, before: row.before, after: row.after, events: row.causes }
    }
}
