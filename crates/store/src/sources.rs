//! What came from each source lately.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::ids::TenantId;

use crate::StoreError;

/// One source's deliveries.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct SourceActivity {
    #[diesel(sql_type = Text)]
    pub source: String,
    /// When the last delivery was taken that proved itself, however long ago.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_delivery_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    pub accepted: i64,
    #[diesel(sql_type = BigInt)]
    pub unmapped: i64,
    /// Of the sample that is kept of refused deliveries.
    #[diesel(sql_type = BigInt)]
    pub rejected: i64,
}

/// The activity of each of `sources`, with counts since `since`, in their order.
pub fn activity(
    conn: &mut PgConnection,
    tenant: &TenantId,
    sources: &[&str],
    since: DateTime<Utc>,
) -> Result<Vec<SourceActivity>, StoreError> {
    let rows = sql_query(ACTIVITY)
        .bind::<Text, _>(tenant.as_str())
        .bind::<Array<Text>, _>(sources)
        .bind::<Timestamptz, _>(since)
        .load(conn)?;
    Ok(rows)
}

const ACTIVITY: &str = "
with taken as (
  select source, count(*) filter (where result = 'accepted') as accepted,
         count(*) filter (where result = 'unmapped') as unmapped, max(received_at) filter (where scheme <> 'none') as last
  from deliveries where tenant_id = $1 and received_at >= $3 group by source
), refused as (
  select source, count(*) as rejected from rejected_samples
  where tenant_id = $1 and received_at >= $3 group by source
)
select s.source, coalesce(taken.accepted, 0) as accepted, coalesce(taken.unmapped, 0) as unmapped,
       coalesce(refused.rejected, 0) as rejected,
       coalesce(taken.last, (select d.received_at from deliveries d where d.tenant_id = $1 and d.source = s.source and d.scheme <> 'none'
                             order by d.received_at desc limit 1)) as last_delivery_at
from unnest($2) with ordinality as s(source, place)
left join taken using (source) left join refused using (source)
order by s.place";
