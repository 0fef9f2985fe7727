//! What deployments ship.

use domain::dora::deployments::{ComponentFacts, ComponentKey};

use super::table::entity_table;

entity_table! {
    "deployment_components": ComponentKey => ComponentFacts;
    keys |key| {
        "tenant_id" tenant = key.deployment.tenant, "integration" integration = key.deployment.integration,
        "deployment_id" deployment_id = key.deployment.deployment_id, "repo" repo = key.repo, "sha" sha = key.sha,
    }
    columns |_facts| {}
}
