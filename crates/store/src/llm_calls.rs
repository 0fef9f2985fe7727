//! Every call to a model: what it was for, what it used and what it cost. Added, read and swept, never changed.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::{count_star, sql};
use diesel::sql_types::BigInt;
use diesel::{
    ExpressionMethods, Insertable, PgConnection, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper,
};
use domain::ids::TenantId;
use uuid::Uuid;

use crate::StoreError;
use crate::schema::llm_calls as c;

/// Calls are kept for so long.
pub const KEPT_DAYS: i64 = 400;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = c)]
pub struct LlmCall {
    pub id: Uuid,
    pub created_at: DateTime<Utc>,
    pub purpose: String,
    /// As the settings name it.
    pub model: String,
    pub provider: String,
    /// `digest/3`.
    pub prompt: String,
    pub session: Option<String>,
    /// With those that were cached.
    pub input_tokens: i64,
    pub cached_tokens: i64,
    /// With those of reasoning.
    pub output_tokens: i64,
    pub reasoning_tokens: i64,
    /// The provider did not say what was used.
    pub estimated: bool,
    pub cost_micro_usd: i64,
    /// The day of the table of prices, or `setting`.
    pub price_version: String,
    pub latency_ms: i64,
    pub tries: i32,
    /// `ok`, `cut_off`, `refused`, `cached`, or why there was no answer.
    pub status: String,
    pub cache_key: Option<String>,
    pub trace_id: Option<String>,
}

/// What was used for one purpose.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Used {
    pub purpose: String,
    pub requests: i64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cost_micro_usd: i64,
}

pub fn add(conn: &mut PgConnection, tenant: &TenantId, call: &LlmCall) -> Result<(), StoreError> {
    diesel::insert_into(c::table).values((c::tenant_id.eq(tenant.as_str()), call)).execute(conn)?;
    Ok(())
}

/// The newest calls, at most `limit`.
pub fn latest(conn: &mut PgConnection, tenant: &TenantId, limit: i64) -> Result<Vec<LlmCall>, StoreError> {
    let of = c::table.filter(c::tenant_id.eq(tenant.as_str())).order((c::created_at.desc(), c::id.desc()));
    Ok(of.limit(limit).select(LlmCall::as_select()).load(conn)?)
}

/// What was used from one moment to the one before another, by purpose.
pub fn used(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Used>, StoreError> {
    let of = c::table.filter(c::tenant_id.eq(tenant.as_str()));
    let rows = of
        .filter(c::created_at.ge(from))
        .filter(c::created_at.lt(until))
        .group_by(c::purpose)
        .order(c::purpose)
        .select((
            c::purpose,
            count_star(),
            sql::<BigInt>("sum(input_tokens)::bigint"),
            sql::<BigInt>("sum(output_tokens)::bigint"),
            sql::<BigInt>("sum(cost_micro_usd)::bigint"),
        ));
    Ok(rows.load(conn)?)
}

/// Deletes what was kept long enough.
pub fn sweep(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<usize, StoreError> {
    let old = c::created_at.lt(now - TimeDelta::days(KEPT_DAYS));
    Ok(diesel::delete(c::table.filter(old)).execute(conn)?)
}
