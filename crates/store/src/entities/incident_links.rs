//! What people said about incidents and deployments.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Bool, Text, Timestamptz};
use domain::dora::links::{LinkFacts, LinkKey};

use super::copied;
use super::table::entity_table;

entity_table! {
    "incident_links": LinkKey => LinkFacts;
    keys |key| { "tenant_id" tenant = key.tenant, "incident" incident = key.incident, "deployment" deployment = key.deployment }
    columns |facts| {
        "removed" removed: Bool, bool = copied(&facts.removed),
        "said_at" said_at: Timestamptz, DateTime<Utc> = copied(&facts.said_at),
        "actor" actor: Text, &'a str = facts.actor.as_ref().and_then(|actor| actor.value.as_deref()),
    }
}
