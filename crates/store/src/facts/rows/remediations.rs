//! Which deployment mends which.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Text, Timestamptz};
use domain::dora::facts::Remediation;

use super::fact;
use crate::facts::table::fact_table;

fact_table! {
    /// A deployment says that an earlier one was broken.
    Row of "dora_remediations", since "t.service = k.service and t.at >= k.since", owner "t.service = n.owner";
    keys { tenant_id, integration, deployment_id, culprit_integration, culprit_id, method }
    columns { service: Text = String, at: Timestamptz = DateTime<Utc> }
    lists {}
}

fact!(
    Row,
    Some("remediation"),
    owner | row | Some(&row.service),
    told | row | {
        let Row { integration, deployment_id, culprit_integration, culprit_id, method, .. } = row;
        format!("{integration}:{deployment_id} {culprit_integration}:{culprit_id} {method}")
    }
);

impl Row {
    pub(in crate::facts) fn new(tenant: &str, service: &str, fact: Remediation) -> Self {
        Self {
            tenant_id: tenant.to_owned(),
            integration: fact.deployment.integration,
            deployment_id: fact.deployment.id,
            culprit_integration: fact.culprit.integration,
            culprit_id: fact.culprit.id,
            method: fact.method.as_str().to_owned(),
            service: service.to_owned(),
            at: fact.at,
        }
    }
}
