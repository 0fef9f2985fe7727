//! The bounded sample of refused deliveries: why a source's deliveries do not come through. Never events, never secrets.

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Text};
use diesel::{ExpressionMethods, PgConnection, RunQueryDsl, sql_query};
use domain::ids::{DeliveryId, TenantId};

use crate::StoreError;
use crate::schema::rejected_samples;

/// One refused delivery, as far as it is safe to keep.
#[derive(Clone, Debug)]
pub struct Rejected {
    pub tenant: TenantId,
    pub id: DeliveryId,
    pub source: String,
    /// The result of `webhook_deliveries_total` that it was counted under, and the fault: `rejected_signature: wrong`.
    pub reason: String,
    /// `[[name, value], …]` without credentials.
    pub headers: serde_json::Value,
    pub body_hash: [u8; 16],
    /// The first bytes of the body.
    pub body_head: Vec<u8>,
    pub body_bytes: i64,
}

/// Adds one sample and keeps only the newest `limit` of its tenant.
pub fn add(conn: &mut PgConnection, rejected: &Rejected, limit: i64) -> Result<(), StoreError> {
    let received_at: DateTime<Utc> = rejected.id.received_at();
    diesel::insert_into(rejected_samples::table)
        .values((
            rejected_samples::tenant_id.eq(rejected.tenant.as_str()),
            rejected_samples::id.eq(rejected.id.0),
            rejected_samples::received_at.eq(received_at),
            rejected_samples::source.eq(&rejected.source),
            rejected_samples::reason.eq(&rejected.reason),
            rejected_samples::headers.eq(&rejected.headers),
            rejected_samples::body_hash.eq(rejected.body_hash.as_slice()),
            rejected_samples::body_head.eq(&rejected.body_head),
            rejected_samples::body_bytes.eq(rejected.body_bytes),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    sql_query(
        "delete from rejected_samples where tenant_id = $1 and id in (
           select id from rejected_samples where tenant_id = $1 order by received_at desc, id desc offset $2)",
    )
    .bind::<Text, _>(rejected.tenant.as_str())
    .bind::<BigInt, _>(limit)
    .execute(conn)?;
    Ok(())
}
