//! The log of a job: each try, when it began, and how it ended. Only for people: nothing decides by it.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{ExpressionMethods, PgConnection, QueryDsl, RunQueryDsl};
use domain::ids::TenantId;
use uuid::Uuid;

use crate::schema::job_attempts;
use crate::{StoreError, statement};

/// The outcome of a try that sent nothing and was not to.
pub const PLANNED: &str = "planned";

/// One try.
#[derive(Clone, Debug, PartialEq, Eq, diesel::Queryable)]
pub struct Attempt {
    pub attempt: i32,
    pub began_at: DateTime<Utc>,
    /// None: it runs, or nobody has heard of it since.
    pub ended_at: Option<DateTime<Utc>>,
    /// `done`, `found`, `planned`, `refused`, `wait`, `unreachable` or `unknown`.
    pub outcome: Option<String>,
    pub detail: Option<String>,
}

/// A try begins.
pub(crate) fn begin(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (job, attempt): (Uuid, i32),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row = (
        job_attempts::tenant_id.eq(tenant.as_str()),
        job_attempts::job_id.eq(job),
        job_attempts::attempt.eq(attempt),
        job_attempts::began_at.eq(now),
    );
    diesel::insert_into(job_attempts::table).values(row).on_conflict_do_nothing().execute(conn)?;
    Ok(())
}

statement! {
    struct End<'a> {
        tenant: Text = &'a str,
        job: SqlUuid = Uuid,
        attempt: Integer = i32,
        began: Timestamptz = DateTime<Utc>,
        ended: Timestamptz = DateTime<Utc>,
        outcome: Text = &'a str,
        detail: Text = &'a str,
    }
    returns ();
    "insert into job_attempts (tenant_id, job_id, attempt, began_at, ended_at, outcome, detail)
     values (?, ?, ?, ?, ?, ?, ?)
     on conflict (tenant_id, job_id, attempt) do update
     set ended_at = excluded.ended_at, outcome = excluded.outcome, detail = excluded.detail
     where job_attempts.outcome is null"
}

/// A try has ended, also one that never began to send.
pub fn end(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (job, attempt): (Uuid, i32),
    (outcome, detail): (&str, &str),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    End { tenant: tenant.as_str(), job, attempt, began: now, ended: now, outcome, detail }.execute(conn)?;
    Ok(())
}

/// The last tries of a job, at most `limit`, in their order.
pub fn list(conn: &mut PgConnection, tenant: &TenantId, job: Uuid, limit: i64) -> Result<Vec<Attempt>, StoreError> {
    let of_job =
        job_attempts::table.filter(job_attempts::tenant_id.eq(tenant.as_str())).filter(job_attempts::job_id.eq(job));
    let columns = (
        job_attempts::attempt,
        job_attempts::began_at,
        job_attempts::ended_at,
        job_attempts::outcome,
        job_attempts::detail,
    );
    let newest = of_job.select(columns).order(job_attempts::attempt.desc()).limit(limit);
    let mut attempts: Vec<Attempt> = newest.load(conn)?;
    attempts.reverse();
    Ok(attempts)
}
