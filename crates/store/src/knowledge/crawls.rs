//! What is read elsewhere again and again: the definition of a crawl, how far it was read, and each of its runs.
//!
//! One worker runs a crawl at a time. The number of the attempt is the fencing token: a worker that lost its lease can
//! neither move the state nor end the run of the one that has it now.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{BigInt, Integer, Json, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{
    BoolExpressionMethods, Connection as _, ExpressionMethods, Insertable, OptionalExtension, PgConnection, QueryDsl,
    Queryable, QueryableByName, RunQueryDsl, Selectable, SelectableHelper, sql_query,
};
use domain::ids::TenantId;
use serde_json::Value;
use uuid::Uuid;

use crate::StoreError;
use crate::events::After;
use crate::schema::{crawl_runs as r, crawls as c};

/// A crawl as it is defined. Nothing secret stands in it: proofs come from the settings.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = c)]
pub struct Crawl {
    pub id: Uuid,
    pub kind: String,
    pub collection: String,
    pub params: Value,
    /// 0: it runs only when somebody asks.
    pub interval_s: i32,
    pub next_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
}

/// One run of a crawl.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = r)]
pub struct Run {
    pub id: Uuid,
    pub crawl_id: Uuid,
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    /// `running`, `succeeded`, `partial` (a limit was met; the next goes on), `failed` or `interrupted`.
    pub result: String,
    pub error: Option<String>,
    pub seen: i32,
    pub changed: i32,
    pub deleted: i32,
    pub requests: i32,
    pub bytes: i64,
}

/// A crawl that is ours until its lease runs out.
#[derive(Clone, Debug, PartialEq)]
pub struct Leased {
    pub tenant: TenantId,
    pub id: Uuid,
    pub kind: String,
    pub collection: String,
    pub params: Value,
    /// How far earlier runs came.
    pub state: Value,
    pub interval_s: i32,
    pub attempt: i64,
    pub run: Uuid,
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub seen: i32,
    pub changed: i32,
    pub deleted: i32,
    pub requests: i32,
    pub bytes: i64,
}

/// Defines a crawl.
pub fn add(conn: &mut PgConnection, tenant: &TenantId, crawl: &Crawl) -> Result<(), StoreError> {
    let row = (c::tenant_id.eq(tenant.as_str()), c::state.eq(Value::Object(serde_json::Map::new())), crawl);
    diesel::insert_into(c::table).values(row).execute(conn)?;
    Ok(())
}

/// The crawl of this kind with exactly these parameters.
pub fn same(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (kind, params): (&str, &Value),
) -> Result<Option<Uuid>, StoreError> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let found: Option<Id> =
        sql_query("select id from crawls where tenant_id = $1 and kind = $2 and params::jsonb = $3::jsonb limit 1")
            .bind::<Text, _>(tenant.as_str())
            .bind::<Text, _>(kind)
            .bind::<Json, _>(params)
            .get_result(conn)
            .optional()?;
    Ok(found.map(|row| row.id))
}

/// One crawl.
pub fn one(conn: &mut PgConnection, tenant: &TenantId, id: Uuid) -> Result<Option<Crawl>, StoreError> {
    let of = c::tenant_id.eq(tenant.as_str()).and(c::id.eq(id));
    Ok(c::table.filter(of).select(Crawl::as_select()).first(conn).optional()?)
}

/// Crawls, newest first, at most `limit`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Crawl>, StoreError> {
    let mut query = c::table.filter(c::tenant_id.eq(tenant.as_str())).into_boxed();
    if let Some(after) = after {
        query = query.filter(after.follows::<c::table>("(created_at, id) < ("));
    }
    let newest = query.order((c::created_at.desc(), c::id.desc())).limit(limit);
    Ok(newest.select(Crawl::as_select()).load(conn)?)
}

/// Ends a crawl; what it read stays, and nobody keeps it up to date. `false`: there was none.
pub fn remove(conn: &mut PgConnection, tenant: &TenantId, id: Uuid) -> Result<bool, StoreError> {
    let of = c::tenant_id.eq(tenant.as_str()).and(c::id.eq(id));
    Ok(diesel::delete(c::table.filter(of)).execute(conn)? == 1)
}

/// Has a crawl run as soon as a worker is free. `false`: there is no such crawl.
pub fn ask(conn: &mut PgConnection, tenant: &TenantId, id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let of = c::tenant_id.eq(tenant.as_str()).and(c::id.eq(id));
    Ok(diesel::update(c::table.filter(of)).set(c::next_at.eq(now)).execute(conn)? == 1)
}

/// Runs of a crawl, newest first, at most `limit`.
pub fn runs(
    conn: &mut PgConnection,
    tenant: &TenantId,
    crawl: Uuid,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Run>, StoreError> {
    let mut query = r::table.filter(r::tenant_id.eq(tenant.as_str())).filter(r::crawl_id.eq(crawl)).into_boxed();
    if let Some(after) = after {
        query = query.filter(after.follows::<r::table>("(started_at, id) < ("));
    }
    let newest = query.order((r::started_at.desc(), r::id.desc())).limit(limit);
    Ok(newest.select(Run::as_select()).load(conn)?)
}

#[derive(QueryableByName)]
struct LeasedRow {
    #[diesel(sql_type = Text)]
    tenant_id: String,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    collection: String,
    #[diesel(sql_type = Json)]
    params: Value,
    #[diesel(sql_type = Json)]
    state: Value,
    #[diesel(sql_type = Integer)]
    interval_s: i32,
    #[diesel(sql_type = BigInt)]
    attempt: i64,
}

/// Leases the crawl that is due for longest, or was left by a worker that is gone, and begins a run of it.
pub fn lease_next(
    conn: &mut PgConnection,
    run: Uuid,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> Result<Option<Leased>, StoreError> {
    conn.transaction(|conn| {
        let row: Option<LeasedRow> = sql_query(
            "update crawls set leased_until = $2, attempt = attempt + 1
             where (tenant_id, id) = (
               select tenant_id, id from crawls
               where next_at <= $1 and (leased_until is null or leased_until < $1)
               order by next_at, id limit 1 for update skip locked)
             returning tenant_id, id, kind, collection, params, state, interval_s, attempt",
        )
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(now + lease)
        .get_result(conn)
        .optional()?;
        let Some(row) = row else { return Ok(None) };
        let LeasedRow { tenant_id, id, kind, collection, params, state, interval_s, attempt } = row;
        let left = r::tenant_id.eq(&tenant_id).and(r::crawl_id.eq(id)).and(r::result.eq("running"));
        diesel::update(r::table.filter(left)).set((r::result.eq("interrupted"), r::ended_at.eq(now))).execute(conn)?;
        let begun = (r::tenant_id.eq(&tenant_id), r::id.eq(run), r::crawl_id.eq(id), r::started_at.eq(now));
        diesel::insert_into(r::table).values((begun, r::result.eq("running"))).execute(conn)?;
        let tenant = tenant_id.parse().map_err(|_| StoreError::Corrupt(format!("crawl {id} has no tenant")))?;
        Ok(Some(Leased { tenant, id, kind, collection, params, state, interval_s, attempt, run }))
    })
}

/// Notes how far the run is and keeps the lease. `false`: it is ours no more.
pub fn note(
    conn: &mut PgConnection,
    leased: &Leased,
    (state, tally): (&Value, &Tally),
    until: DateTime<Utc>,
) -> Result<bool, StoreError> {
    conn.transaction(|conn| {
        let ours = c::tenant_id.eq(leased.tenant.as_str()).and(c::id.eq(leased.id)).and(c::attempt.eq(leased.attempt));
        let noted = diesel::update(c::table.filter(ours)).set((c::state.eq(state), c::leased_until.eq(until)));
        if noted.execute(conn)? == 0 {
            return Ok(false);
        }
        count(conn, leased, tally)?;
        Ok(true)
    })
}

fn count(conn: &mut PgConnection, leased: &Leased, tally: &Tally) -> Result<(), StoreError> {
    let of = r::tenant_id.eq(leased.tenant.as_str()).and(r::id.eq(leased.run));
    let Tally { seen, changed, deleted, requests, bytes } = tally;
    let counted = (
        r::seen.eq(seen),
        r::changed.eq(changed),
        r::deleted.eq(deleted),
        r::requests.eq(requests),
        r::bytes.eq(bytes),
    );
    diesel::update(r::table.filter(of)).set(counted).execute(conn)?;
    Ok(())
}

/// Ends the run; `next_at` is when the next is due. `false`: it was ours no more.
pub fn end(
    conn: &mut PgConnection,
    leased: &Leased,
    (result, error): (&str, Option<&str>),
    next_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    conn.transaction(|conn| {
        let ours = c::tenant_id.eq(leased.tenant.as_str()).and(c::id.eq(leased.id)).and(c::attempt.eq(leased.attempt));
        let free = (c::leased_until.eq(None::<DateTime<Utc>>), c::next_at.eq(next_at));
        if diesel::update(c::table.filter(ours)).set(free).execute(conn)? == 0 {
            return Ok(false);
        }
        let of = r::tenant_id.eq(leased.tenant.as_str()).and(r::id.eq(leased.run));
        let over = (r::result.eq(result), r::error.eq(error), r::ended_at.eq(now));
        diesel::update(r::table.filter(of)).set(over).execute(conn)?;
        Ok(true)
    })
}
