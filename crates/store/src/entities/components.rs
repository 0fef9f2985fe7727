//! What deployments ship.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Text, Timestamptz};
use domain::dora::deployments::{ComponentFacts, ComponentKey};

use super::table::entity_table;
use super::{copied, text};

entity_table! {
    "deployment_components": ComponentKey => ComponentFacts;
    keys |key| {
        "tenant_id" tenant = key.deployment.tenant, "integration" integration = key.deployment.integration,
        "deployment_id" deployment_id = key.deployment.deployment_id, "repo" repo = key.repo, "sha" sha = key.sha,
    }
    columns |facts| {
        "ref" branch: Text, &'a str = text(&facts.r#ref),
        "image_digest" image_digest: Text, &'a str = text(&facts.image_digest),
        "finished_at" finished_at: Timestamptz, DateTime<Utc> = copied(&facts.finished_at),
    }
}
