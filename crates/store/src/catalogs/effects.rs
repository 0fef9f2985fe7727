//! What another catalog would change, told before it is applied: whose deployments and incidents would be whose.

use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel::{PgConnection, Queryable, RunQueryDsl};
use domain::catalog::{Catalog, DeploymentNamed, IncidentNamed};
use domain::data::Tier;
use domain::ids::TenantId;

use crate::StoreError;
use crate::statement;

/// Rows that are looked at together.
const CHUNK: i64 = 5_000;

/// How many things would be another's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Deployments that are counted for another service or tier, or not any more, or now at last.
    pub deployments: i64,
    /// Incidents that are another service's, or nobody's any more, or somebody's at last.
    pub incidents: i64,
}

/// What `new` would change where `old` is in force. Looks at every deployment and incident; writes nothing.
pub fn effects(
    conn: &mut PgConnection,
    tenant: &TenantId,
    old: &Catalog,
    new: &Catalog,
) -> Result<Effects, StoreError> {
    let mut sum = Effects::default();
    let mut after = (String::new(), String::new());
    loop {
        let (integration, id) = (after.0.as_str(), after.1.as_str());
        let rows: Vec<Deployment> =
            SomeDeployments { tenant: tenant.as_str(), integration, id, limit: CHUNK }.load(conn)?;
        sum.deployments += count(&rows, |row| old.deployment(&row.named()) != new.deployment(&row.named()));
        let Some(last) = rows.into_iter().last() else { break };
        after = (last.integration, last.id);
    }
    after = (String::new(), String::new());
    loop {
        let (integration, id) = (after.0.as_str(), after.1.as_str());
        let rows: Vec<Incident> =
            SomeIncidents { tenant: tenant.as_str(), integration, id, limit: CHUNK }.load(conn)?;
        sum.incidents += count(&rows, |row| old.incident(&row.named()) != new.incident(&row.named()));
        let Some(last) = rows.into_iter().last() else { return Ok(sum) };
        after = (last.integration, last.id);
    }
}

fn count<T>(rows: &[T], differs: impl Fn(&&T) -> bool) -> i64 {
    i64::try_from(rows.iter().filter(differs).count()).unwrap_or(i64::MAX)
}

statement! {
    /// Deployments after one, in the order of their key.
    struct SomeDeployments<'a> { tenant: Text = &'a str, integration: Text = &'a str, id: Text = &'a str, limit: BigInt = i64 }
    returns (Text, Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, Text, Nullable<Text>);
    "select integration, deployment_id, service, repo, environment, tier, title from deployments
     where tenant_id = ? and (integration, deployment_id) > (?, ?) order by integration, deployment_id limit ?"
}

statement! {
    /// Incidents after one, in the order of their key.
    struct SomeIncidents<'a> { tenant: Text = &'a str, integration: Text = &'a str, id: Text = &'a str, limit: BigInt = i64 }
    returns (Text, Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, Nullable<Text>, Nullable<Text>, Array<Text>);
    "select integration, incident_id, service, repo, title, severity, environment, coalesce(labels, '{}') from incidents
     where tenant_id = ? and (integration, incident_id) > (?, ?) order by integration, incident_id limit ?"
}

/// A deployment by what a catalog knows it by, in the order of the statement's columns.
#[derive(Queryable)]
pub(crate) struct Deployment {
    pub(crate) integration: String,
    pub(crate) id: String,
    service: Option<String>,
    repo: Option<String>,
    environment: Option<String>,
    tier: String,
    title: Option<String>,
}

impl Deployment {
    pub(crate) fn named(&self) -> DeploymentNamed<'_> {
        DeploymentNamed {
            integration: &self.integration,
            service: self.service.as_deref(),
            repo: self.repo.as_deref(),
            environment: self.environment.as_deref(),
            tier: Tier::parse(&self.tier),
            title: self.title.as_deref(),
        }
    }
}

/// An incident by what a catalog knows it by, in the order of the statement's columns.
#[derive(Queryable)]
pub(crate) struct Incident {
    pub(crate) integration: String,
    pub(crate) id: String,
    service: Option<String>,
    repo: Option<String>,
    title: Option<String>,
    severity: Option<String>,
    environment: Option<String>,
    labels: Vec<String>,
}

impl Incident {
    pub(crate) fn named(&self) -> IncidentNamed<'_> {
        IncidentNamed {
            integration: &self.integration,
            id: &self.id,
            service: self.service.as_deref(),
            repo: self.repo.as_deref(),
            title: self.title.as_deref(),
            severity: self.severity.as_deref(),
            environment: self.environment.as_deref(),
            labels: &self.labels,
        }
    }
}
