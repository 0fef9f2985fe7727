//! Objectives and their key results. A deleted objective is gone with its key results; the rows stay.
//!
//! A key result holds the number that people told last, or says which metric it follows: measuring that is the gateway's.

use chrono::{DateTime, Utc};
use diesel::dsl::{Filter, Find, IsNull};
use diesel::{
    ExpressionMethods, Insertable, OptionalExtension, PgConnection, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper,
};
use domain::ids::TenantId;
use uuid::Uuid;

use crate::StoreError;
use crate::events::After;
use crate::schema::{key_results as k, objectives as o};

/// An objective that is there.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = o)]
pub struct Objective {
    pub id: Uuid,
    pub title: String,
    pub owner: Option<String>,
    pub period: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A key result, its fields in the order of the table.
#[derive(Clone, Debug, PartialEq, Queryable, Insertable)]
#[diesel(table_name = k)]
pub struct KeyResult {
    pub tenant_id: String,
    pub id: Uuid,
    pub objective_id: Uuid,
    pub title: String,
    /// Where it began.
    pub baseline: Option<f64>,
    pub target: Option<f64>,
    /// As people told it last; none while it follows a metric.
    pub current: Option<f64>,
    pub unit: Option<String>,
    /// `up`: more is better; `down`.
    pub direction: String,
    pub metric: Option<String>,
    pub service: Option<String>,
    pub team: Option<String>,
    pub percentile: Option<i16>,
    pub window_days: Option<i32>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What became of a number that somebody told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    Kept,
    /// Nobody tells it: it follows this metric.
    Follows(String),
    /// There is no such key result.
    Gone,
}

/// Makes an objective.
pub fn create(conn: &mut PgConnection, tenant: &TenantId, objective: &Objective) -> Result<(), StoreError> {
    diesel::insert_into(o::table)
        .values((
            o::tenant_id.eq(tenant.as_str()),
            o::id.eq(objective.id),
            o::title.eq(&objective.title),
            o::owner.eq(&objective.owner),
            o::period.eq(&objective.period),
            o::created_at.eq(objective.created_at),
            o::updated_at.eq(objective.updated_at),
        ))
        .execute(conn)?;
    Ok(())
}

type There<'a> = Filter<Find<o::table, (&'a str, Uuid)>, IsNull<o::deleted_at>>;

/// An objective that was not deleted.
fn there(tenant: &TenantId, id: Uuid) -> There<'_> {
    o::table.find((tenant.as_str(), id)).filter(o::deleted_at.is_null())
}

/// Deletes an objective. Whether it was there.
pub fn delete(conn: &mut PgConnection, tenant: &TenantId, id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
    Ok(diesel::update(there(tenant, id)).set((o::deleted_at.eq(now), o::updated_at.eq(now))).execute(conn)? > 0)
}

/// One objective of this tenant.
pub fn one(conn: &mut PgConnection, tenant: &TenantId, id: Uuid) -> Result<Option<Objective>, StoreError> {
    Ok(there(tenant, id).select(Objective::as_select()).first(conn).optional()?)
}

/// Objectives, newest first, at most `limit`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Objective>, StoreError> {
    let mut query = o::table.filter(o::tenant_id.eq(tenant.as_str())).select(Objective::as_select()).into_boxed();
    query = query.filter(o::deleted_at.is_null());
    if let Some(after) = after {
        query = query.filter(after.follows::<o::table>("(created_at, id) < ("));
    }
    Ok(query.order((o::created_at.desc(), o::id.desc())).limit(limit).load(conn)?)
}

/// Adds a key result. [`StoreError::NotFound`] without its objective. Must be called in a transaction.
pub fn add(conn: &mut PgConnection, tenant: &TenantId, result: &KeyResult) -> Result<(), StoreError> {
    there(tenant, result.objective_id).select(o::id).for_share().first::<Uuid>(conn)?;
    diesel::insert_into(k::table).values(result).execute(conn)?;
    Ok(())
}

/// The key results of an objective, newest first, at most `limit`.
pub fn results(
    conn: &mut PgConnection,
    tenant: &TenantId,
    objective: Uuid,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<KeyResult>, StoreError> {
    let mut query =
        k::table.filter(k::tenant_id.eq(tenant.as_str())).filter(k::objective_id.eq(objective)).into_boxed();
    if let Some(after) = after {
        query = query.filter(after.follows::<k::table>("(created_at, id) < ("));
    }
    Ok(query.order((k::created_at.desc(), k::id.desc())).limit(limit).load(conn)?)
}

/// One key result of an objective that is there.
pub fn result(conn: &mut PgConnection, tenant: &TenantId, id: Uuid) -> Result<Option<KeyResult>, StoreError> {
    let found: Option<KeyResult> = k::table.find((tenant.as_str(), id)).first(conn).optional()?;
    let Some(found) = found else { return Ok(None) };
    Ok(one(conn, tenant, found.objective_id)?.map(|_| found))
}

/// Keeps the number that somebody told.
pub fn tell(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: Uuid,
    current: f64,
    now: DateTime<Utc>,
) -> Result<Told, StoreError> {
    let Some(known) = result(conn, tenant, id)? else { return Ok(Told::Gone) };
    if let Some(metric) = known.metric {
        return Ok(Told::Follows(metric));
    }
    let told = (k::current.eq(current), k::updated_at.eq(now));
    diesel::update(k::table.find((tenant.as_str(), id))).set(told).execute(conn)?;
    Ok(Told::Kept)
}
