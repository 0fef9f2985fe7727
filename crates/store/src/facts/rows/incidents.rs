//! Incidents as they are counted. Of those that belong to no service the empty name is the owner.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Bool, Double, Nullable, Text, Timestamptz};
use domain::dora::facts::IncidentFact;

use super::fact;
use crate::facts::table::fact_table;

fact_table! {
    /// An incident as it is counted.
    Row of "dora_incidents",
    lateral "select i.* from dora_incidents i
          where i.tenant_id = k.tenant_id and i.service = k.service and i.start_at >= k.since
        union all select i.* from dora_incidents i
          where i.tenant_id = k.tenant_id and i.service is null and i.start_at >= k.since and k.service = ''",
    owner "t.service is not distinct from n.owner";
    keys { tenant_id, integration, incident_id }
    columns {
        service: Nullable<Text> = Option<String>,
        team: Nullable<Text> = Option<String>,
        environment: Nullable<Text> = Option<String>,
        tier: Text = String,
        severity: Nullable<Text> = Option<String>,
        start_at: Timestamptz = DateTime<Utc>,
        resolved_at: Nullable<Timestamptz> = Option<DateTime<Utc>>,
        restore_s: Nullable<Double> = Option<f64>,
        qualifies: Bool = bool,
        attributed: Bool = bool,
    }
    lists {}
}

fact!(
    Row,
    Some("incident"),
    owner | row | row.service.as_deref(),
    told | row | format!("{}:{}", row.integration, row.incident_id)
);

impl Row {
    pub(in crate::facts) fn new(tenant: &str, fact: IncidentFact) -> Self {
        Self {
            tenant_id: tenant.to_owned(),
            integration: fact.incident.integration,
            incident_id: fact.incident.id,
            service: fact.service,
            team: fact.team,
            environment: fact.environment,
            tier: fact.tier.as_str().to_owned(),
            severity: fact.severity,
            start_at: fact.start_at,
            resolved_at: fact.resolved_at,
            restore_s: fact.restore_s,
            qualifies: fact.qualifies,
            attributed: fact.attributed,
        }
    }
}
