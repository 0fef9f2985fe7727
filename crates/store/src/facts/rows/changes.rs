//! Which deployment shipped a change.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Bool, Double, Nullable, Text, Timestamptz};
use domain::dora::facts::ChangeFact;

use super::fact;
use crate::facts::table::fact_table;

fact_table! {
    /// A change that a deployment shipped.
    Row of "dora_changes", since "t.service = k.service and t.deployed_at >= k.since", owner "t.service = n.owner";
    keys { tenant_id, service, environment, repo, number }
    columns {
        integration: Text = String,
        deployment_id: Text = String,
        tier: Text = String,
        team: Nullable<Text> = Option<String>,
        kind: Text = String,
        at: Timestamptz = DateTime<Utc>,
        deployed_at: Timestamptz = DateTime<Utc>,
        start_at: Timestamptz = DateTime<Utc>,
        first_commit_at: Nullable<Timestamptz> = Option<DateTime<Utc>>,
        opened_at: Nullable<Timestamptz> = Option<DateTime<Utc>>,
        first_review_at: Nullable<Timestamptz> = Option<DateTime<Utc>>,
        approved_at: Nullable<Timestamptz> = Option<DateTime<Utc>>,
        merged_at: Nullable<Timestamptz> = Option<DateTime<Utc>>,
        lead_s: Double = f64,
        coding_s: Nullable<Double> = Option<f64>,
        pickup_s: Nullable<Double> = Option<f64>,
        review_s: Nullable<Double> = Option<f64>,
        merge_s: Nullable<Double> = Option<f64>,
        deploy_s: Nullable<Double> = Option<f64>,
        is_bot: Bool = bool,
        is_revert: Bool = bool,
        is_hotfix: Bool = bool,
        link_method: Text = String,
        files_known: Bool = bool,
    }
    lists {}
}

fact!(
    Row,
    Some("change"),
    owner | row | Some(&row.service),
    told | row | format!("{} {} {} {}", row.service, row.environment, row.repo, row.number)
);

impl Row {
    pub(in crate::facts) fn new(tenant: &str, service: &str, fact: ChangeFact) -> Self {
        Self {
            tenant_id: tenant.to_owned(),
            service: service.to_owned(),
            environment: fact.environment,
            repo: fact.repo,
            number: fact.number,
            integration: fact.deployment.integration,
            deployment_id: fact.deployment.id,
            tier: fact.tier.as_str().to_owned(),
            team: fact.team,
            kind: fact.kind.as_str().to_owned(),
            at: fact.at,
            deployed_at: fact.deployed_at,
            start_at: fact.start_at,
            first_commit_at: fact.first_commit_at,
            opened_at: fact.opened_at,
            first_review_at: fact.first_review_at,
            approved_at: fact.approved_at,
            merged_at: fact.merged_at,
            lead_s: fact.lead_s,
            coding_s: fact.phases.coding_s,
            pickup_s: fact.phases.pickup_s,
            review_s: fact.phases.review_s,
            merge_s: fact.phases.merge_s,
            deploy_s: fact.phases.deploy_s,
            is_bot: fact.is_bot,
            is_revert: fact.is_revert,
            is_hotfix: fact.is_hotfix,
            link_method: fact.link_method.as_str().to_owned(),
            files_known: fact.files_known,
        }
    }
}
