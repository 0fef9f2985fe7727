//! Tenants: the installation's separate worlds.

use diesel::dsl::exists;
use diesel::{ExpressionMethods, PgConnection, QueryDsl, RunQueryDsl, select};
use domain::ids::TenantId;

use crate::StoreError;
use crate::schema::tenants;

/// Whether there is a tenant of this name.
pub fn known(conn: &mut PgConnection, tenant: &TenantId) -> Result<bool, StoreError> {
    Ok(select(exists(tenants::table.filter(tenants::tenant_id.eq(tenant.as_str())))).get_result(conn)?)
}

/// Every tenant, by name.
pub(crate) fn all(conn: &mut PgConnection) -> Result<Vec<TenantId>, StoreError> {
    let names: Vec<String> = tenants::table.select(tenants::tenant_id).order(tenants::tenant_id).load(conn)?;
    let tenant = |name: String| name.parse().map_err(|_| StoreError::Corrupt(format!("{name} is no tenant's name")));
    names.into_iter().map(tenant).collect()
}
