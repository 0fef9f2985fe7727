//! Deployments that ended.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Bool, Integer, Nullable, Text, Timestamptz};
use domain::dora::facts::DeploymentFact;

use super::fact;
use crate::facts::table::fact_table;

fact_table! {
    /// A deployment that ended.
    Row of "dora_deployments", since "t.service = k.service and t.at >= k.since", owner "t.service = n.owner";
    keys { tenant_id, integration, deployment_id }
    columns {
        service: Text = String,
        team: Nullable<Text> = Option<String>,
        repo: Nullable<Text> = Option<String>,
        environment: Text = String,
        tier: Text = String,
        outcome: Text = String,
        started_at: Nullable<Timestamptz> = Option<DateTime<Utc>>,
        at: Timestamptz = DateTime<Utc>,
        sha: Nullable<Text> = Option<String>,
        heads: Text = String,
        kind: Nullable<Text> = Option<String>,
        target: Nullable<Text> = Option<String>,
        predecessor: Nullable<Text> = Option<String>,
        changes: Integer = i32,
        rework: Bool = bool,
        failed: Bool = bool,
        ancestry_gap: Bool = bool,
        provisional_until: Timestamptz = DateTime<Utc>,
    }
    lists {}
}

fact!(
    Row,
    Some("deployment"),
    owner | row | Some(&row.service),
    told | row | format!("{}:{}", row.integration, row.deployment_id)
);

impl Row {
    /// Whether it failed is told by the second stage.
    pub(in crate::facts) fn new(tenant: &str, fact: DeploymentFact, failed: bool) -> Self {
        Self {
            tenant_id: tenant.to_owned(),
            integration: fact.deployment.integration,
            deployment_id: fact.deployment.id,
            service: fact.service,
            team: fact.team,
            repo: fact.repo,
            environment: fact.environment,
            tier: fact.tier.as_str().to_owned(),
            outcome: fact.outcome,
            started_at: fact.started_at,
            at: fact.at,
            sha: fact.sha,
            heads: fact.heads,
            kind: fact.kind.map(|kind| kind.as_str().to_owned()),
            target: fact.target.map(|target| target.to_string()),
            predecessor: fact.predecessor.map(|predecessor| predecessor.to_string()),
            changes: fact.changes,
            rework: fact.rework,
            failed,
            ancestry_gap: fact.ancestry_gap,
            provisional_until: fact.provisional_until,
        }
    }
}
