//! What moved a ref from where to where.

use chrono::{DateTime, Utc};
use diesel::sql_types::Timestamptz;
use domain::dora::commits::{MoveFacts, MoveKey};

use super::copied;
use super::table::entity_table;

entity_table! {
    "ref_moves": MoveKey => MoveFacts;
    keys |key| {
        "tenant_id" tenant = key.tenant, "repo" repo = key.repo, "ref" name = key.r#ref, "before_sha" before = key.before,
        "after_sha" after = key.after,
    }
    columns |facts| { "occurred_at" occurred_at: Timestamptz, DateTime<Utc> = copied(&facts.occurred_at) }
}
