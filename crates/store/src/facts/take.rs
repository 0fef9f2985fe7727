//! Who is to be reckoned: services with dirty rows, taken so that no other worker has them, and what others must keep to.
//!
//! A service is locked before its dirty rows are read, so whoever has it sees all that is known of it. What looks up
//! facts to find out whom an event concerns ([`look_up`]) cannot see those of a reckoning that has not committed: it
//! must count services with dirty rows as concerned, and the reckoning waits for those that looked before its rows were
//! there.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{PgConnection, RunQueryDsl};
use domain::ids::TenantId;
use uuid::Uuid;

use crate::StoreError;

/// A service of a tenant. The empty name stands for incidents that belong to no service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceOf {
    pub tenant: TenantId,
    pub service: String,
}

/// A service that is ours until the transaction ends.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub of: ServiceOf,
    /// The dirty rows that its reckoning settles.
    pub rows: Vec<i64>,
    /// Deployments that finished at or after it.
    pub contents_from: Option<DateTime<Utc>>,
    /// Incidents that began at or after it.
    pub incidents_from: Option<DateTime<Utc>>,
    /// The events that caused it, sorted.
    pub causes: Vec<Uuid>,
    /// When the rows were made, with their events.
    pub since: Vec<(DateTime<Utc>, Option<Uuid>)>,
}

/// How far back a stretch may begin: what is older may take long, and must not hold up the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Fresh ones before old ones.
    All,
    Fresh,
    Old,
}

/// From when on a stretch is old.
const OLD: TimeDelta = TimeDelta::days(90);
/// Of so many services as are wanted, those may be with other workers.
const SPARE: i64 = 4;

crate::statement! {
    struct Dirty<'a> {
        except_tenant: Array<Text> = Vec<&'a str>,
        except_service: Array<Text> = Vec<&'a str>,
        old_before: Timestamptz = DateTime<Utc>,
        lanes: Array<Bool> = Vec<bool>,
        order_before: Timestamptz = DateTime<Utc>,
        limit: BigInt = i64,
    }
    returns (Text, Text);
    "select tenant_id, service from dora_dirty d
     where not exists (select from unnest(?, ?) as e (tenant_id, service) where e.tenant_id = d.tenant_id and e.service = d.service)
     group by tenant_id, service
     having (min(least(contents_from, incidents_from)) < ?) = any(?)
     order by min(least(contents_from, incidents_from)) < ?, min(created_at), min(id)
     limit ?"
}

crate::statement! {
    struct TryLock<'a> { tenant: Array<Text> = Vec<&'a str>, service: Array<Text> = Vec<&'a str> }
    returns (Integer, Bool);
    "select place::integer, pg_try_advisory_xact_lock(hashtextextended(tenant_id || '/' || service, 4))
     from unnest(?, ?) with ordinality as k (tenant_id, service, place)"
}

crate::statement! {
    struct Rows<'a> { tenant: Array<Text> = Vec<&'a str>, service: Array<Text> = Vec<&'a str> }
    returns (Integer, BigInt, Nullable<Timestamptz>, Nullable<Timestamptz>, Nullable<SqlUuid>, Timestamptz);
    "select k.place::integer, d.id,
       case when d.contents_from is not null then greatest(d.contents_from, '0001-01-01 00:00:00+00') end,
       case when d.incidents_from is not null then greatest(d.incidents_from, '0001-01-01 00:00:00+00') end,
       d.cause, d.created_at
     from unnest(?, ?) with ordinality as k (tenant_id, service, place) join dora_dirty d using (tenant_id, service)
     order by d.id"
}

crate::statement! {
    struct Delete<'a> { tenant: Array<Text> = Vec<&'a str>, id: Array<BigInt> = Vec<i64> }
    returns ();
    "delete from dora_dirty d using unnest(?, ?) as k (tenant_id, id) where d.id = k.id and d.tenant_id = k.tenant_id"
}

crate::statement! {
    /// Waits until nobody holds it, and lets it go at once.
    struct Pass<'a> { tenant: Array<Text> = Vec<&'a str> }
    returns (Bool,);
    "with passed as materialized (select tenant_id, pg_advisory_lock(hashtextextended(tenant_id, 5)) as held from unnest(?) as k (tenant_id))
     select pg_advisory_unlock(hashtextextended(tenant_id, 5)) from passed where held is not null"
}

crate::statement! {
    struct Share<'a> { tenant: Array<Text> = Vec<&'a str> }
    returns (Bool,);
    "select pg_advisory_xact_lock_shared(hashtextextended(tenant_id, 5)) is null from unnest(?) as k (tenant_id)"
}

/// Who looks up facts, to find the services that an event concerns, says so first; it holds until the transaction ends.
/// Every service that has dirty rows after this call counts as concerned where the look-up cannot rule it out.
pub fn look_up(conn: &mut PgConnection, tenants: &BTreeSet<&str>) -> Result<(), StoreError> {
    Share { tenant: tenants.iter().copied().collect() }.load::<(bool,)>(conn)?;
    Ok(())
}

/// Takes up to `limit` services for this transaction: fresh stretches before old ones, then those that wait
/// longest. Services that another worker has, and those of `except`, are passed over.
pub(super) fn take(
    conn: &mut PgConnection,
    limit: i64,
    lane: Lane,
    except: &HashSet<ServiceOf>,
    now: DateTime<Utc>,
) -> Result<Vec<Taken>, StoreError> {
    let dirty = Dirty {
        except_tenant: except.iter().map(|one| one.tenant.as_str()).collect(),
        except_service: except.iter().map(|one| one.service.as_str()).collect(),
        old_before: now - OLD,
        lanes: match lane {
            Lane::All => vec![false, true],
            Lane::Fresh => vec![false],
            Lane::Old => vec![true],
        },
        order_before: now - OLD,
        limit: limit.saturating_mul(SPARE),
    };
    let dirty: Vec<(String, String)> = dirty.load(conn)?;
    let wanted = usize::try_from(limit).unwrap_or_default();
    let mut ours: Vec<&(String, String)> = Vec::new();
    let mut rest = dirty.as_slice();
    while ours.len() < wanted && !rest.is_empty() {
        let (some, later) = rest.split_at(rest.len().min(wanted - ours.len()));
        ours.extend(lock(conn, some)?);
        rest = later;
    }
    if ours.is_empty() { Ok(Vec::new()) } else { read(conn, &ours) }
}

fn lock<'a>(conn: &mut PgConnection, some: &'a [(String, String)]) -> Result<Vec<&'a (String, String)>, StoreError> {
    let locked: Vec<(i32, bool)> = TryLock {
        tenant: some.iter().map(|(tenant, _)| tenant.as_str()).collect(),
        service: some.iter().map(|(_, service)| service.as_str()).collect(),
    }
    .load(conn)?;
    let got: HashSet<i32> = locked.into_iter().filter_map(|(place, got)| got.then_some(place)).collect();
    Ok((1..).zip(some).filter(|(place, _)| got.contains(place)).map(|(_, one)| one).collect())
}

type Row = (i32, i64, Option<DateTime<Utc>>, Option<DateTime<Utc>>, Option<Uuid>, DateTime<Utc>);

/// The dirty rows of services that are locked; those whose rows another worker has just settled are left out.
fn read(conn: &mut PgConnection, ours: &[&(String, String)]) -> Result<Vec<Taken>, StoreError> {
    let rows: Vec<Row> = Rows {
        tenant: ours.iter().map(|(tenant, _)| tenant.as_str()).collect(),
        service: ours.iter().map(|(_, service)| service.as_str()).collect(),
    }
    .load(conn)?;
    let mut taken = Vec::with_capacity(ours.len());
    for (place, (tenant, service)) in (1..).zip(ours) {
        let tenant = tenant.parse().map_err(|_| StoreError::Corrupt(format!("a dirty row names the tenant {tenant}")))?;
        let mut one = Taken {
            of: ServiceOf { tenant, service: service.clone() },
            rows: Vec::new(),
            contents_from: None,
            incidents_from: None,
            causes: Vec::new(),
            since: Vec::new(),
        };
        for (_, id, contents_from, incidents_from, cause, created_at) in rows.iter().filter(|row| row.0 == place) {
            one.rows.push(*id);
            one.contents_from = least(one.contents_from, *contents_from);
            one.incidents_from = least(one.incidents_from, *incidents_from);
            one.causes.extend(*cause);
            one.since.push((*created_at, *cause));
        }
        one.causes.sort_unstable();
        one.causes.dedup();
        taken.push(one);
    }
    taken.retain(|one| !one.rows.is_empty());
    let tenants: BTreeSet<&str> = taken.iter().map(|one| one.of.tenant.as_str()).collect();
    Pass { tenant: tenants.into_iter().collect() }.load::<(bool,)>(conn)?;
    Ok(taken)
}

/// The earlier of two times, of which none says nothing.
pub(super) fn least(one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    one.into_iter().chain(other).min()
}

/// These are done: what came meanwhile stays.
pub(super) fn settle(conn: &mut PgConnection, done: &[Taken]) -> Result<usize, StoreError> {
    let rows = || done.iter().flat_map(|one| one.rows.iter().map(|id| (one.of.tenant.as_str(), *id)));
    let delete = Delete { tenant: rows().map(|(tenant, _)| tenant).collect(), id: rows().map(|(_, id)| id).collect() };
    Ok(delete.execute(conn)?)
}

crate::statement! {
    struct Enqueue<'a> {
        now: Timestamptz = DateTime<Utc>,
        tenant: Array<Text> = Vec<&'a str>,
        service: Array<Text> = Vec<&'a str>,
        contents_from: Array<Nullable<Timestamptz>> = Vec<Option<DateTime<Utc>>>,
        incidents_from: Array<Nullable<Timestamptz>> = Vec<Option<DateTime<Utc>>>,
        cause: Array<Nullable<SqlUuid>> = Vec<Option<Uuid>>,
    }
    returns ();
    "insert into dora_dirty (tenant_id, service, contents_from, incidents_from, cause, created_at)
     select n.*, t.now from (select ?::timestamptz as now) t, unnest(?, ?, ?, ?, ?) as n (tenant_id, service, contents_from, incidents_from, cause)"
}

/// Another service that a reckoning found to be concerned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Concerned {
    pub of: ServiceOf,
    pub contents_from: Option<DateTime<Utc>>,
    pub incidents_from: Option<DateTime<Utc>>,
    pub cause: Option<Uuid>,
}

pub(super) fn enqueue(
    conn: &mut PgConnection,
    concerned: &BTreeSet<Concerned>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if concerned.is_empty() {
        return Ok(());
    }
    Enqueue {
        tenant: concerned.iter().map(|one| one.of.tenant.as_str()).collect(),
        service: concerned.iter().map(|one| one.of.service.as_str()).collect(),
        contents_from: concerned.iter().map(|one| one.contents_from).collect(),
        incidents_from: concerned.iter().map(|one| one.incidents_from).collect(),
        cause: concerned.iter().map(|one| one.cause).collect(),
        now,
    }
    .execute(conn)?;
    Ok(())
}
