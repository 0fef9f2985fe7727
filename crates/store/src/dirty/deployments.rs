//! Deployments, and the artifacts that they ship: whose contents have to be reckoned anew.

use diesel::sql_types::{Array, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{PgConnection, RunQueryDsl};
use domain::dora::Entities;
use uuid::Uuid;

use super::Dirt;
use crate::StoreError;

crate::statement! {
    /// A deployment that has ended counts from its end, for whom it counts now; and what the facts hold of it is for
    /// whom it counted, from when they have it.
    pub(super) struct Deployments<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        integration: Array<Text> = Vec<&'a str>,
        deployment_id: Array<Text> = Vec<&'a str>,
        cause: Array<SqlUuid> = Vec<Uuid>,
    }
    returns (Text, Text, Timestamptz, SqlUuid);
    "with k as (select * from unnest(?, ?, ?, ?) as k (tenant_id, integration, deployment_id, cause))
     select tenant_id, counted_service, finished_at, cause from k join deployments using (tenant_id, integration, deployment_id)
     where outcome is not null and finished_at is not null and counted_service is not null
     union all
     select tenant_id, service, at, cause from k join dora_deployments using (tenant_id, integration, deployment_id)"
}

crate::statement! {
    /// Deployments that ship an image of this digest.
    pub(super) struct Artifacts<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        digest: Array<Text> = Vec<&'a str>,
        cause: Array<SqlUuid> = Vec<Uuid>,
    }
    returns (Text, Text, Timestamptz, SqlUuid);
    "select tenant_id, d.counted_service, min(d.finished_at), k.cause
     from unnest(?, ?, ?) as k (tenant_id, image_digest, cause) join deployment_images x using (tenant_id, image_digest)
     join deployments d using (tenant_id, integration, deployment_id)
     where d.outcome is not null and d.finished_at is not null and d.counted_service is not null
     group by 1, 2, 4"
}

pub(super) fn look(conn: &mut PgConnection, entities: &Entities, dirt: &mut Dirt) -> Result<(), StoreError> {
    let touched = &entities.touched;
    let deployments = &touched.deployments;
    if !deployments.is_empty() {
        let query = Deployments {
            tenant: deployments.iter().map(|(key, _)| key.tenant.as_str()).collect(),
            integration: deployments.iter().map(|(key, _)| key.integration.as_str()).collect(),
            deployment_id: deployments.iter().map(|(key, _)| key.deployment_id.as_str()).collect(),
            cause: deployments.iter().map(|(_, event)| event.0).collect(),
        };
        dirt.contents(query.load(conn)?);
    }
    let artifacts = &touched.artifacts;
    if !artifacts.is_empty() {
        let query = Artifacts {
            tenant: artifacts.iter().map(|(key, _)| key.tenant.as_str()).collect(),
            digest: artifacts.iter().map(|(key, _)| key.digest.as_str()).collect(),
            cause: artifacts.iter().map(|(_, event)| event.0).collect(),
        };
        dirt.contents(query.load(conn)?);
    }
    Ok(())
}
