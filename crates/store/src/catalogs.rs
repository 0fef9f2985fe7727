//! The catalog of each tenant, with every version that it had.
//!
//! The highest version is in force. Whoever writes what follows from it calls [`current`] first in its transaction and
//! so keeps it from changing until the end: a new version and what it moves ([`apply`]) are one transaction, and no
//! row is written by the old one after it.

mod effects;
mod versions;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Json, Text, Timestamptz};
use diesel::{Connection, ExpressionMethods, OptionalExtension, PgConnection, RunQueryDsl};
use domain::catalog::Catalog;
use domain::ids::TenantId;
use serde_json::Value;

use crate::schema::catalogs;
use crate::statement;
use crate::{StoreError, dirty};

pub(crate) use effects::{Deployment, Incident};
pub use effects::{Effects, effects};
pub use versions::{Version, history, latest, version};

/// What became of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The version in force now.
    pub version: i64,
    /// False: the document said what was in force already.
    pub changed: bool,
}

/// What one version of one database's tenant was read as.
struct Read {
    version: i64,
    applied_at: DateTime<Utc>,
    catalog: Arc<Catalog>,
}

/// The last version that was read, by database and tenant: a document is read once, not for each batch.
static READ: LazyLock<Mutex<HashMap<(String, String), Read>>> = LazyLock::new(Mutex::default);

statement! {
    /// Keeps the tenant's catalog from changing until the transaction ends.
    struct Hold<'a> { tenant: Text = &'a str }
    returns ();
    "select pg_advisory_xact_lock_shared(hashtextextended('catalog ' || ?, 0))"
}

statement! {
    /// Waits for everybody who holds the tenant's catalog, and keeps others from it until the transaction ends.
    struct Take<'a> { tenant: Text = &'a str }
    returns ();
    "select pg_advisory_xact_lock(hashtextextended('catalog ' || ?, 0))"
}

statement! {
    /// Which version is in force, and in which database.
    struct InForce<'a> { tenant: Text = &'a str }
    returns (Text, BigInt, Timestamptz);
    "select current_database()::text, version, applied_at from catalogs where tenant_id = ? order by version desc limit 1"
}

statement! {
    /// A version's document.
    struct DocumentOf<'a> { tenant: Text = &'a str, version: BigInt = i64 }
    returns (Json,);
    "select document from catalogs where tenant_id = ? and version = ?"
}

/// The catalog in force, held as it is until the caller's transaction ends. Call it before locking rows. Without a
/// document it is [`Catalog::default`].
pub fn current(conn: &mut PgConnection, tenant: &TenantId) -> Result<Arc<Catalog>, StoreError> {
    // Two statements: what is in force is looked up after the wait, not as it was before.
    Hold { tenant: tenant.as_str() }.execute(conn)?;
    let found: Option<(String, i64, DateTime<Utc>)> =
        InForce { tenant: tenant.as_str() }.get_result(conn).optional()?;
    let Some((database, version, applied_at)) = found else { return Ok(Arc::default()) };
    let key = (database, tenant.as_str().to_owned());
    if let Some(read) = READ.lock().unwrap_or_else(PoisonError::into_inner).get(&key)
        && (read.version, read.applied_at) == (version, applied_at)
    {
        return Ok(read.catalog.clone());
    }
    let (document,): (Value,) = DocumentOf { tenant: tenant.as_str(), version }.get_result(conn)?;
    let catalog = Arc::new(parsed(&document, version)?);
    let read = Read { version, applied_at, catalog: catalog.clone() };
    READ.lock().unwrap_or_else(PoisonError::into_inner).insert(key, read);
    Ok(catalog)
}

/// Puts a document in force and gives every deployment and incident to whom it belongs now, all or nothing. One that
/// says what is in force already changes nothing. Not for a transaction that has called [`current`]: two of them would wait for
/// each other.
pub fn apply(
    conn: &mut PgConnection,
    tenant: &TenantId,
    catalog: &Catalog,
    by: &str,
    now: DateTime<Utc>,
) -> Result<Applied, StoreError> {
    conn.transaction(|conn| {
        Take { tenant: tenant.as_str() }.execute(conn)?;
        put(conn, tenant, catalog, by, now)
    })
}

/// As [`apply`], where `over` is still the version in force (0: there is none). None: it is not.
pub fn apply_over(
    conn: &mut PgConnection,
    tenant: &TenantId,
    over: i64,
    catalog: &Catalog,
    by: &str,
    now: DateTime<Utc>,
) -> Result<Option<Applied>, StoreError> {
    conn.transaction(|conn| {
        Take { tenant: tenant.as_str() }.execute(conn)?;
        let in_force = latest(conn, tenant)?.map_or(0, |latest| latest.version);
        if in_force == over { put(conn, tenant, catalog, by, now).map(Some) } else { Ok(None) }
    })
}

fn put(
    conn: &mut PgConnection,
    tenant: &TenantId,
    catalog: &Catalog,
    by: &str,
    now: DateTime<Utc>,
) -> Result<Applied, StoreError> {
    let document = catalog.document();
    let before = latest(conn, tenant)?;
    if let Some(before) = before.as_ref().filter(|before| before.document == document) {
        return Ok(Applied { version: before.version, changed: false });
    }
    let version = before.map_or(0, |before| before.version) + 1;
    diesel::insert_into(catalogs::table)
        .values((
            catalogs::tenant_id.eq(tenant.as_str()),
            catalogs::version.eq(version),
            catalogs::document.eq(&document),
            catalogs::applied_at.eq(now),
            catalogs::applied_by.eq(by),
        ))
        .execute(conn)?;
    dirty::reassign(conn, tenant, catalog, now)?;
    Ok(Applied { version, changed: true })
}

fn parsed(document: &Value, version: i64) -> Result<Catalog, StoreError> {
    let why = |faults: Vec<domain::catalog::Fault>| {
        let first = faults.first().map(|fault| format!("{}: {}", fault.pointer, fault.detail)).unwrap_or_default();
        StoreError::Corrupt(format!("version {version} of the catalog: {first}"))
    };
    Catalog::parse(document).map_err(why)
}
