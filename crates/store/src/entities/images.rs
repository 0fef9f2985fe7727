//! What deployments ship that only its image names.

use chrono::{DateTime, Utc};
use diesel::sql_types::Timestamptz;
use domain::dora::deployments::{ImageFacts, ImageKey};

use super::copied;
use super::table::entity_table;

entity_table! {
    "deployment_images": ImageKey => ImageFacts;
    keys |key| {
        "tenant_id" tenant = key.deployment.tenant, "integration" integration = key.deployment.integration,
        "deployment_id" deployment_id = key.deployment.deployment_id, "image_digest" digest = key.digest,
    }
    columns |facts| { "finished_at" finished_at: Timestamptz, DateTime<Utc> = copied(&facts.finished_at) }
}
