//! Answers of models that are given again: within the tenant and the model, for some days.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, RunQueryDsl};
use domain::ids::TenantId;
use serde_json::Value;

use crate::StoreError;
use crate::schema::model_cache as c;

/// Answers are kept for so long.
pub const KEPT_DAYS: i64 = 7;

/// The answer that was kept under this key, where it is not too old.
pub fn find(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (model, cache_key): (&str, &str),
    now: DateTime<Utc>,
) -> Result<Option<Value>, StoreError> {
    let one =
        c::table.find((tenant.as_str(), model, cache_key)).filter(c::created_at.gt(now - TimeDelta::days(KEPT_DAYS)));
    Ok(one.select(c::answer).first(conn).optional()?)
}

/// Keeps an answer; the newest of a key counts.
pub fn keep(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (model, cache_key): (&str, &str),
    answer: &Value,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let kept = (c::answer.eq(answer), c::created_at.eq(now));
    let row = (c::tenant_id.eq(tenant.as_str()), c::model.eq(model), c::cache_key.eq(cache_key), kept);
    let insert = diesel::insert_into(c::table).values(row);
    insert.on_conflict((c::tenant_id, c::model, c::cache_key)).do_update().set(kept).execute(conn)?;
    Ok(())
}

/// Deletes what was kept long enough.
pub fn sweep(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<usize, StoreError> {
    let old = c::created_at.le(now - TimeDelta::days(KEPT_DAYS));
    Ok(diesel::delete(c::table.filter(old)).execute(conn)?)
}
