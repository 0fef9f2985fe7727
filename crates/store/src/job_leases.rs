//! Taking a job and doing it: one worker at a time, resumed by another when its lease runs out.
//!
//! The number of tries is the fencing token: a worker that lost its lease to another cannot write over its work.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::{Eq, Filter};
use diesel::sql_types::{Array, Integer, Json, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, QueryableByName, RunQueryDsl, sql_query};
use domain::ids::TenantId;
use serde_json::Value;
use uuid::Uuid;

use crate::StoreError;
use crate::schema::jobs;

/// A job that is ours until its lease runs out.
#[derive(Clone, Debug, PartialEq)]
pub struct Leased {
    pub tenant: TenantId,
    pub id: Uuid,
    pub kind: String,
    pub params: Value,
    /// How far an earlier worker came.
    pub progress: Value,
    /// This try's number, from 1: the fencing token.
    pub attempt: i32,
    /// Tries before it that the other side put off: they do not count.
    pub waits: i32,
    pub created_at: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct LeasedRow {
    #[diesel(sql_type = Text)]
    tenant_id: String,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Json)]
    params: Value,
    #[diesel(sql_type = Json)]
    progress: Value,
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = Integer)]
    waits: i32,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

impl LeasedRow {
    fn leased(self) -> Result<Leased, StoreError> {
        let Self { tenant_id, id, kind, params, progress, attempts, waits, created_at } = self;
        let tenant = tenant_id.parse().map_err(|_| StoreError::Corrupt(format!("job {id} has no tenant")))?;
        Ok(Leased { tenant, id, kind, params, progress, attempt: attempts, waits, created_at })
    }
}

#[derive(QueryableByName)]
struct HeldRow {
    #[diesel(sql_type = Timestamptz)]
    leased_until: DateTime<Utc>,
}

/// Leases the oldest job that fits. `fits` knows what time it is as $1; the lease ends at $2.
fn taking(fits: &str) -> String {
    format!(
        "update jobs set status = 'running', started_at = coalesce(started_at, $1), attempts = attempts + 1, leased_until = $2
         where id = (select id from jobs where {fits} order by created_at, id limit 1 for update skip locked)
         returning tenant_id, id, kind, params, progress, attempts, waits, created_at"
    )
}

/// Leases the oldest job of these kinds that is queued and due, or was left by a worker that is gone.
pub fn lease_next(
    conn: &mut PgConnection,
    kinds: &[&str],
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> Result<Option<Leased>, StoreError> {
    let row: Option<LeasedRow> = sql_query(taking(
        "kind = any($3)
         and (status = 'queued' and coalesce(due_at <= $1, true) or status = 'running' and leased_until < $1)",
    ))
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now + lease)
    .bind::<Array<Text>, _>(kinds)
    .get_result(conn)
    .optional()?;
    row.map(LeasedRow::leased).transpose()
}

/// Leases the open job that asks for exactly this, where nobody works on it.
pub fn lease_same(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (kind, params): (&str, &Value),
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> Result<Option<Leased>, StoreError> {
    let row: Option<LeasedRow> = sql_query(taking(
        "tenant_id = $3 and kind = $4 and params::jsonb = $5::jsonb
         and (status = 'queued' or status = 'running' and leased_until < $1)",
    ))
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now + lease)
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(kind)
    .bind::<Json, _>(params)
    .get_result(conn)
    .optional()?;
    row.map(LeasedRow::leased).transpose()
}

/// Until when somebody else works on exactly this; `None`: nobody does.
pub fn held_until(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (kind, params): (&str, &Value),
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let row: Option<HeldRow> = sql_query(
        "select leased_until from jobs
         where tenant_id = $1 and kind = $2 and params::jsonb = $3::jsonb and status = 'running' and leased_until >= $4
         order by leased_until desc limit 1",
    )
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(kind)
    .bind::<Json, _>(params)
    .bind::<Timestamptz, _>(now)
    .get_result(conn)
    .optional()?;
    Ok(row.map(|row| row.leased_until))
}

type Ours =
    Filter<Filter<Filter<jobs::table, Eq<jobs::id, Uuid>>, Eq<jobs::attempts, i32>>, Eq<jobs::status, &'static str>>;

/// The job as long as nobody else has it.
fn ours(job: &Leased) -> Ours {
    jobs::table.filter(jobs::id.eq(job.id)).filter(jobs::attempts.eq(job.attempt)).filter(jobs::status.eq("running"))
}

/// Notes how far the job is and keeps the lease. `false`: it is ours no more (cancelled, or another worker has it).
pub fn note_progress(
    conn: &mut PgConnection,
    job: &Leased,
    progress: &Value,
    leased_until: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let noted = diesel::update(ours(job)).set((jobs::progress.eq(progress), jobs::leased_until.eq(leased_until)));
    Ok(noted.execute(conn)? == 1)
}

/// Keeps the lease for a step that takes longer than others. `false`: it is ours no more.
pub fn keep(conn: &mut PgConnection, job: &Leased, leased_until: DateTime<Utc>) -> Result<bool, StoreError> {
    let kept = diesel::update(ours(job)).set(jobs::leased_until.eq(leased_until));
    Ok(kept.execute(conn)? == 1)
}

/// The job is over: it succeeded, or failed with an error for people.
pub fn finish(
    conn: &mut PgConnection,
    job: &Leased,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let status = if error.is_none() { "succeeded" } else { "failed" };
    let over = (jobs::status.eq(status), jobs::error.eq(error), jobs::finished_at.eq(now));
    diesel::update(ours(job)).set(over).execute(conn)?;
    Ok(())
}

/// Gives a job back unfinished: the next worker goes on at once.
pub fn release(conn: &mut PgConnection, job: &Leased) -> Result<(), StoreError> {
    diesel::update(ours(job)).set(jobs::status.eq("queued")).execute(conn)?;
    Ok(())
}

/// The job is over, with what came of it. `false`: it was ours no more, and is as it was.
pub fn end(
    conn: &mut PgConnection,
    job: &Leased,
    (error, result): (Option<&str>, &Value),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if !note_progress(conn, job, result, now)? {
        return Ok(false);
    }
    finish(conn, job, error, now)?;
    Ok(true)
}

/// Gives a job back until `due`, and says why; a try that does not count is one that the other side put off. `false`: it
/// was ours no more.
pub fn put_off(
    conn: &mut PgConnection,
    job: &Leased,
    (why, counts): (&str, bool),
    due: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let later = (jobs::status.eq("queued"), jobs::due_at.eq(due), jobs::error.eq(why));
    let waits = jobs::waits.eq(job.waits + i32::from(!counts));
    Ok(diesel::update(ours(job)).set((later, waits)).execute(conn)? == 1)
}
