//! Images and packages, with the commits that they were made of.

use diesel::sql_types::Text;
use domain::dora::artifacts::{ArtifactFacts, ArtifactKey};

use super::table::entity_table;

entity_table! {
    "artifacts": ArtifactKey => ArtifactFacts;
    keys |key| { "tenant_id" tenant = key.tenant, "digest" digest = key.digest }
    columns |facts| {
        "repo" repo: Text, &'a str = facts.made_of.as_ref().and_then(|made| made.value.0.as_deref()),
        "sha" sha: Text, &'a str = facts.made_of.as_ref().and_then(|made| made.value.1.as_deref()),
    }
}
