//! Deployments: their own fields, and what their statuses add up to. Statuses are only ever added.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Text, Timestamptz};
use domain::dora::deployments::{DeploymentFacts, DeploymentKey};

use super::table::entity_table;
use super::{copied, text};

entity_table! {
    "deployments": DeploymentKey => DeploymentFacts;
    keys |key| {
        "tenant_id" tenant = key.tenant, "integration" integration = key.integration,
        "deployment_id" deployment_id = key.deployment_id,
    }
    columns |facts| {
        "repo" repo: Text, &'a str = text(&facts.repo),
        "service" service: Text, &'a str = facts.service(),
        "environment" environment: Text, &'a str = text(&facts.environment),
        "tier" tier: Text, &'a str = Some(text(&facts.tier).unwrap_or("other")),
        "sha" sha: Text, &'a str = text(&facts.sha),
        "started_at" started_at: Timestamptz, DateTime<Utc> = copied(&facts.started_at),
    }
}
