//! Who is to be reckoned: services with dirty rows, taken so that no other worker has them.
//!
//! A service is locked, and its tenant's facts are had alone ([`dirty::take_facts`]), before its dirty rows are read: so
//! whoever has it sees all that is known of it, and whoever looks up facts meanwhile waits for what is written here.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{PgConnection, RunQueryDsl, sql_query};
use domain::ids::TenantId;
use uuid::Uuid;

use super::{Catalogs, Step};
use crate::{StoreError, catalogs, dirty};

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

/// From when on a stretch is old: it may take long, and must not hold up the others.
const OLD: TimeDelta = TimeDelta::days(90);
/// Of old stretches, so many at a time.
const FEW: usize = 4;
/// Of so many services as are wanted, those may be with other workers.
const SPARE: i64 = 4;

crate::statement! {
    struct Dirty<'a> {
        old_before: Timestamptz = DateTime<Utc>,
        except_tenant: Array<Text> = Vec<&'a str>,
        except_service: Array<Text> = Vec<&'a str>,
        limit: BigInt = i64,
    }
    returns (Text, Text, Bool);
    "select tenant_id, service, coalesce(min(least(contents_from, incidents_from)) < ?, false) as old
     from dora_dirty d
     where not exists (select from unnest(?, ?) as e (tenant_id, service) where e.tenant_id = d.tenant_id and e.service = d.service)
     group by tenant_id, service
     order by 3, min(created_at), min(id)
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

/// Every service that is dirty from the beginning on, of tenants all of whose incidents belong to such services.
const WHOLE: &str = "with whole as materialized (
    select distinct tenant_id, service from dora_dirty where contents_from = '-infinity' and incidents_from = '-infinity'
  ), others as (
    select tenant_id, coalesce(counted_service, '') as service from incidents
    union select tenant_id, coalesce(service, '') from dora_incidents
    except select tenant_id, service from whole
  )
  select tenant_id, service from whole where tenant_id not in (select tenant_id from others) order by tenant_id, service";

#[derive(diesel::QueryableByName)]
struct Whole {
    #[diesel(sql_type = Text)]
    tenant_id: String,
    #[diesel(sql_type = Text)]
    service: String,
}

crate::statement! {
    struct Delete<'a> { tenant: Array<Text> = Vec<&'a str>, id: Array<BigInt> = Vec<i64> }
    returns ();
    "delete from dora_dirty d using unnest(?, ?) as k (tenant_id, id) where d.id = k.id and d.tenant_id = k.tenant_id"
}

/// Takes up to `limit` services for this transaction: fresh stretches before old ones, then those that wait
/// longest. Services that another worker has, and those that are excepted, are passed over.
pub(super) fn take(conn: &mut PgConnection, step: &Step) -> Result<(Vec<Taken>, Catalogs), StoreError> {
    let statement = Dirty {
        old_before: step.now - OLD,
        except_tenant: step.except.iter().map(|one| one.tenant.as_str()).collect(),
        except_service: step.except.iter().map(|one| one.service.as_str()).collect(),
        limit: step.limit.saturating_mul(SPARE),
    };
    let dirty: Vec<(String, String, bool)> = statement.load(conn)?;
    // Old ones are not mixed with fresh ones.
    let is_old = dirty.first().is_some_and(|(.., old)| *old);
    let dirty: Vec<(String, String)> =
        dirty.into_iter().filter(|(.., old)| *old == is_old).map(|(tenant, service, _)| (tenant, service)).collect();
    let wanted = usize::try_from(step.limit).unwrap_or_default().min(if is_old { FEW } else { usize::MAX });
    let mut ours: Vec<&(String, String)> = Vec::new();
    let mut rest = dirty.as_slice();
    while ours.len() < wanted && !rest.is_empty() {
        let (some, later) = rest.split_at(rest.len().min(wanted - ours.len()));
        ours.extend(lock(conn, some)?);
        rest = later;
    }
    if ours.is_empty() {
        return Ok(Default::default());
    }
    let catalogs = alone(conn, &ours)?;
    Ok((read(conn, &ours)?, catalogs))
}

/// Takes every service that is dirty from the beginning on, of tenants of whom nobody's incidents are left out then:
/// what their incidents say can be told at the end, for all at once. Waits for whoever has their facts.
pub(super) fn take_all(conn: &mut PgConnection) -> Result<(Vec<Taken>, Catalogs), StoreError> {
    let whole: Vec<Whole> = sql_query(WHOLE).load(conn)?;
    let whole: Vec<(String, String)> = whole.into_iter().map(|one| (one.tenant_id, one.service)).collect();
    let whole: Vec<&(String, String)> = whole.iter().collect();
    let catalogs = alone(conn, &whole)?;
    Ok((read(conn, &whole)?.into_iter().filter(is_whole).collect(), catalogs))
}

fn is_whole(one: &Taken) -> bool {
    (one.contents_from, one.incidents_from) == (Some(beginning()), Some(beginning()))
}

/// Has the facts of the services' tenants alone, with the catalogs that hold meanwhile.
fn alone(conn: &mut PgConnection, services: &[&(String, String)]) -> Result<Catalogs, StoreError> {
    let tenants: BTreeSet<&str> = services.iter().map(|(tenant, _)| tenant.as_str()).collect();
    let mut catalogs = Catalogs::default();
    for tenant in &tenants {
        catalogs.0.insert((*tenant).to_owned(), catalogs::current(conn, &named(tenant)?)?);
    }
    // After the catalogs, as everybody does who holds both.
    for tenant in tenants {
        dirty::take_facts(conn, tenant)?;
    }
    Ok(catalogs)
}

fn named(tenant: &str) -> Result<TenantId, StoreError> {
    tenant.parse().map_err(|_| StoreError::Corrupt(format!("a dirty row names the tenant {tenant}")))
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
        let mut one = Taken {
            of: ServiceOf { tenant: named(tenant)?, service: service.clone() },
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
    Ok(taken)
}

/// What `-infinity` is read as: before everything that there is.
pub(super) fn beginning() -> DateTime<Utc> {
    DateTime::from_timestamp(-62_135_596_800, 0).unwrap_or_default()
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
