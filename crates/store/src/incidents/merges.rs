//! Which incidents of several tools are one. A merge has two floors: what others are merged into is merged into nothing.

use chrono::{DateTime, Utc};
use diesel::sql_types::Text;
use diesel::{ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, RunQueryDsl};
use domain::dora::facts::Outside;
use domain::ids::TenantId;

use crate::schema::incident_merges as m;
use crate::{StoreError, statement};

/// How a merge ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// Into this one: the one that was named, or the one that that is merged into itself.
    Into(Outside),
    /// They are one already, the other way round.
    Circular,
}

statement! {
    struct Hold<'a> { tenant: Text = &'a str }
    returns ();
    "select pg_advisory_xact_lock(hashtextextended('incident merges ' || ?, 0))"
}

/// Shows `other` in the timeline of `main`, with all that is merged into it. Must be called in a transaction.
pub fn merge(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (main, other): (&Outside, &Outside),
    by: &str,
    now: DateTime<Utc>,
) -> Result<Merged, StoreError> {
    Hold { tenant: tenant.as_str() }.execute(conn)?;
    let root = into(conn, tenant, main)?.unwrap_or_else(|| main.clone());
    if root == *other {
        return Ok(Merged::Circular);
    }
    let target = (m::into_integration.eq(&root.integration), m::into_id.eq(&root.id));
    diesel::insert_into(m::table)
        .values((
            m::tenant_id.eq(tenant.as_str()),
            m::integration.eq(&other.integration),
            m::incident_id.eq(&other.id),
            target,
            m::said_at.eq(now),
            m::said_by.eq(by),
        ))
        .on_conflict((m::tenant_id, m::integration, m::incident_id))
        .do_update()
        .set((target, m::said_at.eq(now), m::said_by.eq(by)))
        .execute(conn)?;
    let below = m::table
        .filter(m::tenant_id.eq(tenant.as_str()))
        .filter(m::into_integration.eq(&other.integration))
        .filter(m::into_id.eq(&other.id));
    diesel::update(below).set(target).execute(conn)?;
    Ok(Merged::Into(root))
}

/// Takes a merge back. Whether there was one.
pub fn part(conn: &mut PgConnection, tenant: &TenantId, main: &Outside, other: &Outside) -> Result<bool, StoreError> {
    let merged = m::table
        .find((tenant.as_str(), &other.integration, &other.id))
        .filter(m::into_integration.eq(&main.integration))
        .filter(m::into_id.eq(&main.id));
    Ok(diesel::delete(merged).execute(conn)? > 0)
}

/// What an incident is merged into.
pub fn into(conn: &mut PgConnection, tenant: &TenantId, name: &Outside) -> Result<Option<Outside>, StoreError> {
    let row = m::table.find((tenant.as_str(), &name.integration, &name.id)).select((m::into_integration, m::into_id));
    let found: Option<(String, String)> = row.first(conn).optional()?;
    Ok(found.map(|(integration, id)| Outside { integration, id }))
}

/// What is merged into an incident, in order.
pub fn of(conn: &mut PgConnection, tenant: &TenantId, main: &Outside) -> Result<Vec<Outside>, StoreError> {
    let rows: Vec<(String, String)> = m::table
        .filter(m::tenant_id.eq(tenant.as_str()))
        .filter(m::into_integration.eq(&main.integration))
        .filter(m::into_id.eq(&main.id))
        .order((m::integration, m::incident_id))
        .select((m::integration, m::incident_id))
        .load(conn)?;
    Ok(rows.into_iter().map(|(integration, id)| Outside { integration, id }).collect())
}
