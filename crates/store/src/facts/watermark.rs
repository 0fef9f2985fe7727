//! How far the facts are behind the entities.

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, min};
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz};
use diesel::{PgConnection, QueryDsl, RunQueryDsl};
use domain::ids::TenantId;

use crate::StoreError;
use crate::schema::dora_dirty;

/// What waits to be reckoned. With nothing dirty, facts are what the entities say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermark {
    pub dirty_count: i64,
    /// Since when the longest waiting waits.
    pub oldest: Option<DateTime<Utc>>,
}

impl Watermark {
    pub fn age_seconds(&self, now: DateTime<Utc>) -> f64 {
        self.oldest.map_or(0.0, |oldest| (now - oldest).as_seconds_f64().max(0.0))
    }
}

crate::statement! {
    struct OfTenant<'a> { tenant: Text = &'a str }
    returns (BigInt, Nullable<Timestamptz>);
    "select count(*), min(created_at) from dora_dirty where tenant_id = ?"
}

/// Of one tenant.
pub fn watermark(conn: &mut PgConnection, tenant: &TenantId) -> Result<Watermark, StoreError> {
    let (dirty_count, oldest) = OfTenant { tenant: tenant.as_str() }.get_result(conn)?;
    Ok(Watermark { dirty_count, oldest })
}

/// Of all tenants.
pub fn backlog(conn: &mut PgConnection) -> Result<Watermark, StoreError> {
    let (dirty_count, oldest) =
        dora_dirty::table.select((count_star(), min(dora_dirty::created_at))).get_result(conn)?;
    Ok(Watermark { dirty_count, oldest })
}
