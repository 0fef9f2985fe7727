//! Which deployment first contained a commit.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Bool, Double, Nullable, Text, Timestamptz};
use domain::dora::facts::CommitFact;

use super::fact;
use crate::facts::table::fact_table;

fact_table! {
    /// A commit that a deployment was the first to contain.
    Row of "dora_commits", since "t.service = k.service and t.deployed_at >= k.since", owner "t.service = n.owner";
    keys { tenant_id, service, environment, repo, sha }
    columns {
        integration: Text = String,
        deployment_id: Text = String,
        at: Timestamptz = DateTime<Utc>,
        deployed_at: Timestamptz = DateTime<Utc>,
        tier: Text = String,
        team: Nullable<Text> = Option<String>,
        shipped: Bool = bool,
        in_scope: Bool = bool,
        lead_s: Nullable<Double> = Option<f64>,
        is_merge: Bool = bool,
        is_bot: Bool = bool,
    }
    lists {}
}

fact!(
    Row,
    None,
    owner | row | Some(&row.service),
    told | row | format!("{} {} {} {}", row.service, row.environment, row.repo, row.sha)
);

impl Row {
    pub(in crate::facts) fn new(tenant: &str, service: &str, fact: CommitFact) -> Self {
        Self {
            tenant_id: tenant.to_owned(),
            service: service.to_owned(),
            environment: fact.environment,
            repo: fact.repo,
            sha: fact.sha,
            integration: fact.deployment.integration,
            deployment_id: fact.deployment.id,
            at: fact.at,
            deployed_at: fact.deployed_at,
            tier: fact.tier.as_str().to_owned(),
            team: fact.team,
            shipped: fact.shipped,
            in_scope: fact.in_scope,
            lead_s: fact.lead_s,
            is_merge: fact.is_merge,
            is_bot: fact.is_bot,
        }
    }
}
