//! Incidents: their own fields. For whom they count is written by [`crate::dirty`].

use chrono::{DateTime, Utc};
use diesel::sql_types::{Bool, Text, Timestamptz};
use domain::dora::incidents::{IncidentFacts, IncidentKey};

use super::table::entity_table;
use super::{copied, list, text};

entity_table! {
    "incidents": IncidentKey => IncidentFacts;
    keys |key| {
        "tenant_id" tenant = key.tenant, "integration" integration = key.integration, "incident_id" incident_id = key.incident_id,
    }
    columns |facts| {
        "title" title: Text, &'a str = text(&facts.title),
        "service" service: Text, &'a str = text(&facts.service),
        "repo" repo: Text, &'a str = text(&facts.repo),
        "environment" environment: Text, &'a str = text(&facts.environment),
        "tier" tier: Text, &'a str = text(&facts.tier),
        "severity" severity: Text, &'a str = text(&facts.severity),
        "labels" labels: Text as "text[]", String = list(&facts.labels),
        "opened_at" opened_at: Timestamptz, DateTime<Utc> = copied(&facts.opened_at),
        "started_at" started_at: Timestamptz, DateTime<Utc> = copied(&facts.started_at),
        "acked_at" acked_at: Timestamptz, DateTime<Utc> = copied(&facts.acked_at),
        "resolved_at" resolved_at: Timestamptz, DateTime<Utc> = copied(&facts.resolved_at).flatten(),
        "change_related" change_related: Bool, bool = copied(&facts.change_related),
        "caused_deployment" caused_deployment: Text, &'a str =
            facts.caused_by.as_ref().and_then(|cause| cause.value.0.as_deref()),
        "caused_sha" caused_sha: Text, &'a str = facts.caused_by.as_ref().and_then(|cause| cause.value.1.as_deref()),
        "deleted" deleted: Bool, bool = copied(&facts.deleted),
        "url" url: Text, &'a str = text(&facts.url),
        "subject" subject: Text, &'a str = text(&facts.subject),
    }
}
