//! Deployments: their own fields. How they ended is written by [`super::statuses`], for whom they count by
//! [`crate::dirty`].

use chrono::{DateTime, Utc};
use diesel::sql_types::{Bool, Text, Timestamptz};
use domain::dora::deployments::{DeploymentFacts, DeploymentKey};

use super::table::entity_table;
use super::{copied, list, text};

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
        "explicit_kind" explicit_kind: Text, &'a str = text(&facts.explicit_kind),
        "unplanned" unplanned: Bool, bool = copied(&facts.unplanned),
        "fixes" fixes: Text as "text[]", String = list(&facts.fixes),
        "title" title: Text, &'a str = text(&facts.title),
        "url" url: Text, &'a str = text(&facts.url),
        "subject" subject: Text, &'a str = text(&facts.subject),
    }
}
