//! Which deployment an incident comes from. A link belongs to the incident's service.

use diesel::sql_types::Text;
use domain::dora::facts::LinkFact;

use super::fact;
use crate::facts::table::fact_table;

fact_table! {
    /// An incident comes from a deployment. It belongs to the incident's service.
    Row of "dora_links",
    since "exists (select from dora_incidents i where i.tenant_id = t.tenant_id and i.integration = t.integration
        and i.incident_id = t.incident_id and i.start_at >= k.since
        and (i.service = k.service or (i.service is null and k.service = '')))",
    owner "n.owner is null";
    keys { tenant_id, integration, incident_id, deployment_integration, deployment_id }
    columns { method: Text = String }
    lists {}
}

fact!(
    Row,
    Some("link"),
    owner | _row | None,
    told | row | {
        let Row { integration, incident_id, deployment_integration, deployment_id, .. } = row;
        format!("{integration}:{incident_id} {deployment_integration}:{deployment_id}")
    }
);

impl Row {
    pub(in crate::facts) fn new(tenant: &str, fact: LinkFact) -> Self {
        Self {
            tenant_id: tenant.to_owned(),
            integration: fact.incident.integration,
            incident_id: fact.incident.id,
            deployment_integration: fact.deployment.integration,
            deployment_id: fact.deployment.id,
            method: fact.method.as_str().to_owned(),
        }
    }
}
