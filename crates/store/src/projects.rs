//! Projects: a key and a name. What is deleted is gone for everybody and its key is free again; the row stays.

use chrono::{DateTime, Utc};
use diesel::dsl::{Filter, Find, IsNull};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::{
    ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper,
};
use domain::ids::TenantId;
use uuid::Uuid;

use crate::StoreError;
use crate::events::After;
use crate::schema::projects as p;

/// A project that is there.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = p)]
pub struct Project {
    pub id: Uuid,
    pub key: String,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    To(Project),
    /// Another project has the key.
    Taken,
    /// There is no such project.
    Gone,
}

/// Makes a project; none when another has the key.
pub fn create(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: Uuid,
    (key, name): (&str, &str),
    now: DateTime<Utc>,
) -> Result<Option<Project>, StoreError> {
    let row = (
        p::tenant_id.eq(tenant.as_str()),
        p::id.eq(id),
        p::key.eq(key),
        p::name.eq(name),
        p::created_at.eq(now),
        p::updated_at.eq(now),
    );
    let made = diesel::insert_into(p::table).values(row).on_conflict_do_nothing().returning(Project::as_returning());
    Ok(made.get_result(conn).optional()?)
}

type There<'a> = Filter<Find<p::table, (&'a str, Uuid)>, IsNull<p::deleted_at>>;

/// A project that was not deleted.
fn there(tenant: &TenantId, id: Uuid) -> There<'_> {
    p::table.find((tenant.as_str(), id)).filter(p::deleted_at.is_null())
}

/// Changes what is given.
pub fn change(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: Uuid,
    (key, name): (Option<&str>, Option<&str>),
    now: DateTime<Utc>,
) -> Result<Changed, StoreError> {
    let given = (key.map(|key| p::key.eq(key)), name.map(|name| p::name.eq(name)), p::updated_at.eq(now));
    match diesel::update(there(tenant, id)).set(given).returning(Project::as_returning()).get_result(conn) {
        Ok(project) => Ok(Changed::To(project)),
        Err(DieselError::NotFound) => Ok(Changed::Gone),
        Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(Changed::Taken),
        Err(error) => Err(error.into()),
    }
}

/// Deletes a project. Whether it was there.
pub fn delete(conn: &mut PgConnection, tenant: &TenantId, id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
    Ok(diesel::update(there(tenant, id)).set((p::deleted_at.eq(now), p::updated_at.eq(now))).execute(conn)? > 0)
}

/// One project of this tenant.
pub fn one(conn: &mut PgConnection, tenant: &TenantId, id: Uuid) -> Result<Option<Project>, StoreError> {
    Ok(there(tenant, id).select(Project::as_select()).first(conn).optional()?)
}

/// Projects, newest first, at most `limit`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Project>, StoreError> {
    let mut query = p::table.filter(p::tenant_id.eq(tenant.as_str())).select(Project::as_select()).into_boxed();
    query = query.filter(p::deleted_at.is_null());
    if let Some(after) = after {
        query = query.filter(after.follows::<p::table>("(created_at, id) < ("));
    }
    Ok(query.order((p::created_at.desc(), p::id.desc())).limit(limit).load(conn)?)
}
