//! Which services have to be reckoned anew, from when, and because of which events.
//!
//! Written with the entities, in the same transaction: first for whom deployments and incidents count ([`counted`]),
//! then rows of `dora_dirty` by what was touched and what the facts hold now. Rows are only ever added; whoever has
//! reckoned deletes those that it read. Most events touch nothing that was shipped and make no row.
//!
//! Whoever asks the facts here and whoever writes them must not miss each other: the one holds the tenant's facts
//! still ([`hold_facts`]), the other has them for itself ([`take_facts`]), each until its transaction ends.

mod code;
mod counted;
mod deployments;
mod incidents;
#[cfg(test)]
mod plans;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{Connection, PgConnection, RunQueryDsl};
use domain::catalog::Catalog;
use domain::dora::Entities;
use domain::ids::TenantId;
use uuid::Uuid;

use crate::{StoreError, catalogs};

/// The catalogs of some tenants, held as they are until the transaction ends.
pub struct Catalogs(BTreeMap<String, Arc<Catalog>>);

impl Catalogs {
    /// Call it before any row is locked.
    pub fn hold(conn: &mut PgConnection, tenants: &BTreeSet<&str>) -> Result<Self, StoreError> {
        let mut held = BTreeMap::new();
        for name in tenants {
            let corrupt = |_| StoreError::Corrupt(format!("{name} is no tenant's name"));
            let tenant: TenantId = name.parse().map_err(corrupt)?;
            held.insert((*name).to_owned(), catalogs::current(conn, &tenant)?);
        }
        Ok(Self(held))
    }

    fn of(&self, tenant: &str) -> Option<&Catalog> {
        self.0.get(tenant).map(AsRef::as_ref)
    }
}

crate::statement! {
    struct Hold<'a> { tenant: Text = &'a str }
    returns ();
    "select pg_advisory_xact_lock_shared(hashtextextended('facts ' || ?, 0))"
}

crate::statement! {
    struct Take<'a> { tenant: Text = &'a str }
    returns ();
    "select pg_advisory_xact_lock(hashtextextended('facts ' || ?, 0))"
}

/// Keeps the tenant's facts as they are until the transaction ends. What is asked of them after it is what whoever
/// reckons next starts from; what was written before it is what they will read.
pub fn hold_facts(conn: &mut PgConnection, tenant: &str) -> Result<(), StoreError> {
    Hold { tenant }.execute(conn)?;
    Ok(())
}

/// Has the tenant's facts alone until the transaction ends. Call it after the catalog is held ([`catalogs::current`]: the
/// other way round waits in a circle with who applies one) and before anything is read that facts are made of.
pub fn take_facts(conn: &mut PgConnection, tenant: &str) -> Result<(), StoreError> {
    Take { tenant }.execute(conn)?;
    Ok(())
}

/// Whose facts, and which event is to blame.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Service {
    tenant: String,
    service: String,
    cause: Uuid,
}

/// From when on.
#[derive(Clone, Copy, Debug, Default)]
struct Since {
    contents: Option<DateTime<Utc>>,
    incidents: Option<DateTime<Utc>>,
}

/// What there is to be reckoned: one for each service and event.
#[derive(Default)]
struct Dirt(BTreeMap<Service, Since>);

/// A service's time: (tenant, service, from when, because of which event).
type Found = (String, String, DateTime<Utc>, Uuid);

impl Dirt {
    fn contents(&mut self, found: Vec<Found>) {
        self.add(found, |since| &mut since.contents);
    }

    fn incidents(&mut self, found: Vec<Found>) {
        self.add(found, |since| &mut since.incidents);
    }

    fn add(&mut self, found: Vec<Found>, which: impl Fn(&mut Since) -> &mut Option<DateTime<Utc>>) {
        for (tenant, service, at, cause) in found {
            let earliest = which(self.0.entry(Service { tenant, service, cause }).or_default());
            *earliest = Some(earliest.map_or(at, |before| before.min(at)));
        }
    }
}

crate::statement! {
    struct Insert<'a> {
        now: Timestamptz = DateTime<Utc>,
        tenant: Array<Text> = Vec<&'a str>,
        service: Array<Text> = Vec<&'a str>,
        contents_from: Array<Nullable<Timestamptz>> = Vec<Option<DateTime<Utc>>>,
        incidents_from: Array<Nullable<Timestamptz>> = Vec<Option<DateTime<Utc>>>,
        cause: Array<SqlUuid> = Vec<Uuid>,
    }
    returns ();
    "insert into dora_dirty (created_at, tenant_id, service, contents_from, incidents_from, cause)
     select ?, * from unnest(?, ?, ?, ?, ?)"
}

/// After `touched` was added: writes for whom its deployments and incidents count, and what has to be reckoned anew. In
/// the same transaction; `catalogs` are those of its tenants.
pub fn enqueue(
    conn: &mut PgConnection,
    entities: &Entities,
    catalogs: &Catalogs,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let touched = &entities.touched;
    counted::deployments(conn, &touched.deployments, catalogs)?;
    counted::incidents(conn, &touched.incidents, catalogs)?;
    for tenant in touched.tenants() {
        hold_facts(conn, tenant)?;
    }
    let mut dirt = Dirt::default();
    deployments::look(conn, entities, &mut dirt)?;
    code::look(conn, entities, &mut dirt)?;
    incidents::look(conn, touched, &mut dirt)?;
    if dirt.0.is_empty() {
        return Ok(());
    }
    Insert {
        now,
        tenant: dirt.0.keys().map(|of| of.tenant.as_str()).collect(),
        service: dirt.0.keys().map(|of| of.service.as_str()).collect(),
        contents_from: dirt.0.values().map(|since| since.contents).collect(),
        incidents_from: dirt.0.values().map(|since| since.incidents).collect(),
        cause: dirt.0.keys().map(|of| of.cause).collect(),
    }
    .execute(conn)?;
    Ok(())
}

crate::statement! {
    struct InsertAll<'a> { tenant: Text = &'a str, now: Timestamptz = DateTime<Utc> }
    returns ();
    "insert into dora_dirty (tenant_id, service, contents_from, incidents_from, created_at)
     select t.tenant_id, s.service, '-infinity', '-infinity', t.now
     from (values (?, ?::timestamptz)) as t (tenant_id, now)
     cross join lateral (
       select counted_service from deployments where tenant_id = t.tenant_id and counted_service is not null
       union select coalesce(counted_service, '') from incidents where tenant_id = t.tenant_id
       union select service from dora_deployments where tenant_id = t.tenant_id
       union select service from dora_commits where tenant_id = t.tenant_id
       union select service from dora_changes where tenant_id = t.tenant_id
       union select service from dora_remediations where tenant_id = t.tenant_id
       union select service from dora_failures where tenant_id = t.tenant_id
       union select coalesce(service, '') from dora_incidents where tenant_id = t.tenant_id
     ) as s (service)
     order by s.service"
}

/// Gives every deployment and incident of a tenant to whom it belongs by `catalog`, and has every service reckoned anew
/// from the beginning, those that facts still name too: any rule may have changed.
pub fn reassign(
    conn: &mut PgConnection,
    tenant: &TenantId,
    catalog: &Catalog,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    conn.transaction(|conn| {
        counted::all_deployments(conn, tenant, catalog)?;
        counted::all_incidents(conn, tenant, catalog)?;
        hold_facts(conn, tenant.as_str())?;
        InsertAll { tenant: tenant.as_str(), now }.execute(conn)?;
        Ok(())
    })
}
