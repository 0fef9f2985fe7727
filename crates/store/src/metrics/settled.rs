//! What is still to be reckoned before the facts know everything that the entities know.

use chrono::{DateTime, Utc};
use diesel::{ExpressionMethods, PgConnection, QueryDsl, RunQueryDsl};
use domain::ids::TenantId;

use crate::StoreError;
use crate::schema::dora_dirty;

/// Marks of services that are to be reckoned anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dirty {
    pub rows: i64,
    pub oldest: Option<DateTime<Utc>>,
}

/// Those of a tenant.
pub fn dirty(conn: &mut PgConnection, tenant: &TenantId) -> Result<Dirty, StoreError> {
    let marks = dora_dirty::table.filter(dora_dirty::tenant_id.eq(tenant.as_str()));
    let (rows, oldest) =
        marks.select((diesel::dsl::count_star(), diesel::dsl::min(dora_dirty::created_at))).first(conn)?;
    Ok(Dirty { rows, oldest })
}
