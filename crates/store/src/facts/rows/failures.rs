//! Rows of the second stage: incidents, their links, failures. A module for each table.

pub(in crate::facts) mod incidents {
    use chrono::{DateTime, Utc};
    use diesel::sql_types::{Bool, Double, Nullable, Text, Timestamptz};
    use domain::dora::facts::IncidentFact;

    use super::super::fact;
    use crate::facts::table::fact_table;

    fact_table! {
        /// An incident as it is counted.
        Row of "dora_incidents",
        since "(t.service = k.service or (t.service is null and k.service = '')) and t.start_at >= k.since",
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

    fact!(Row, Some("incident"), owner |row| row.service.as_deref(), told |row| format!("{}:{}", row.integration, row.incident_id));

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
}

pub(in crate::facts) mod links {
    use diesel::sql_types::Text;
    use domain::dora::facts::LinkFact;

    use super::super::fact;
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

    fact!(Row, Some("link"), owner |_row| None, told |row| {
        let Row { integration, incident_id, deployment_integration, deployment_id, .. } = row;
        format!("{integration}:{incident_id} {deployment_integration}:{deployment_id}")
    });

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
}

pub(in crate::facts) mod failures {
    use chrono::{DateTime, Utc};
    use diesel::sql_types::{Double, Nullable, Text, Timestamptz};
    use domain::dora::facts::FailureFact;

    use super::super::fact;
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

    fact!(Row, Some("failure"), owner |row| Some(&row.service), told |row| format!("{}:{}", row.integration, row.deployment_id));

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
}
