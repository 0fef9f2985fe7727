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
