//! Versions of the catalog, to be shown.

use chrono::{DateTime, Utc};
use diesel::{
    ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper,
};
use domain::ids::TenantId;
use serde_json::Value;

use crate::StoreError;
use crate::schema::catalogs;

/// One version.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = catalogs)]
pub struct Version {
    pub version: i64,
    pub applied_at: DateTime<Utc>,
    pub applied_by: String,
    pub document: Value,
}

/// The version in force.
pub fn latest(conn: &mut PgConnection, tenant: &TenantId) -> Result<Option<Version>, StoreError> {
    Ok(history(conn, tenant, i64::MAX, 1)?.pop())
}

/// One version.
pub fn version(conn: &mut PgConnection, tenant: &TenantId, version: i64) -> Result<Option<Version>, StoreError> {
    Ok(catalogs::table.find((tenant.as_str(), version)).select(Version::as_select()).first(conn).optional()?)
}

/// The versions below `before`, newest first.
pub fn history(
    conn: &mut PgConnection,
    tenant: &TenantId,
    before: i64,
    limit: i64,
) -> Result<Vec<Version>, StoreError> {
    let of_tenant = catalogs::table.filter(catalogs::tenant_id.eq(tenant.as_str()));
    let below = of_tenant.filter(catalogs::version.lt(before)).order(catalogs::version.desc()).limit(limit);
    Ok(below.select(Version::as_select()).load(conn)?)
}
