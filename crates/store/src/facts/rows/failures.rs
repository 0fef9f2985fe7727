//! Deployments that failed.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Double, Nullable, Text, Timestamptz};
use domain::dora::facts::FailureFact;

use super::fact;
use crate::facts::table::fact_table;

fact_table! {
    /// A deployment that failed, and how it recovered.
    Row of "dora_failures", since "t.service = k.service and t.failed_at >= k.since", owner "t.service = n.owner";
    keys { tenant_id, integration, deployment_id }
    columns {
        service: Text = String,
        team: Nullable<Text> = Option<String>,
        environment: Text = String,
        tier: Text = String,
        failed_at: Timestamptz = DateTime<Utc>,
        impact_at: Nullable<Timestamptz> = Option<DateTime<Utc>>,
        recovered_at: Nullable<Timestamptz> = Option<DateTime<Utc>>,
        rt_s: Nullable<Double> = Option<f64>,
        rt_impact_s: Nullable<Double> = Option<f64>,
    }
    lists { methods }
}

fact!(
    Row,
    Some("failure"),
    owner | row | Some(&row.service),
    told | row | format!("{}:{}", row.integration, row.deployment_id)
);

impl Row {
    pub(in crate::facts) fn new(tenant: &str, fact: FailureFact) -> Self {
        Self {
            tenant_id: tenant.to_owned(),
            integration: fact.deployment.integration,
            deployment_id: fact.deployment.id,
            service: fact.service,
            team: fact.team,
            environment: fact.environment,
            tier: fact.tier.as_str().to_owned(),
            failed_at: fact.failed_at,
            impact_at: fact.impact_at,
            recovered_at: fact.recovered_at,
            rt_s: fact.rt_s,
            rt_impact_s: fact.rt_impact_s,
            methods: fact.methods.join(","),
        }
    }
}
