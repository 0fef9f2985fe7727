//! The ledger of what is done in other systems: one row for each effect, so that it happens once.
//!
//! That a try begins is written, and committed, before anything is sent ([`begin`]); what became of it is written after
//! ([`end`]). A try of which nothing more was heard may have done it: the next one is told since when ([`Lost`]), so
//! that it looks first. What is done is never tried again. Nothing here calls anybody.

use chrono::{DateTime, Utc};
use diesel::{Connection, ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, RunQueryDsl};
use domain::ids::TenantId;
use serde_json::Value;
use uuid::Uuid;

use crate::schema::effects;
use crate::{StoreError, job_attempts};

/// Which effect, and which try of its job.
#[derive(Clone, Copy, Debug)]
pub struct Of<'a> {
    /// 32 hexadecimal digits: the same for the same action of the same job.
    pub key: &'a str,
    pub job: Uuid,
    /// The try's number in the job: its fencing token.
    pub attempt: i32,
    /// Of the action.
    pub kind: &'a str,
}

/// Tries of which nobody knows whether they did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// When the first of them began.
    pub since: DateTime<Utc>,
    /// When the last of them began.
    pub last: DateTime<Utc>,
}

/// A try that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    pub tenant: TenantId,
    key: String,
    job: Uuid,
    attempt: i32,
    number: i32,
    /// Tries before it whose end is not known.
    pub lost: Option<Lost>,
}

/// What the ledger says to a try.
#[derive(Clone, Debug, PartialEq)]
pub enum Begun {
    /// It was done before: what came of it.
    Done(Value),
    Try(Try),
}

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Done,
    /// A try before had done it.
    Found,
    /// Nothing was done, and never will be.
    Refused,
    /// Nothing was done: the other side wants to be left alone.
    Wait,
    /// Nothing was done.
    Unreachable,
    /// It may have been done.
    Unknown,
}

impl Ended {
    /// As the log has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Found => "found",
            Self::Refused => "refused",
            Self::Wait => "wait",
            Self::Unreachable => "unreachable",
            Self::Unknown => "unknown",
        }
    }
}

type Row = (String, i32, Option<DateTime<Utc>>, Option<DateTime<Utc>>, Value);

/// A try begins. Commit before anything is sent.
pub fn begin(conn: &mut PgConnection, tenant: &TenantId, of: Of<'_>, now: DateTime<Utc>) -> Result<Begun, StoreError> {
    conn.transaction(|conn| {
        open(conn, tenant, of, now)?;
        let row = effects::table.find((tenant.as_str(), of.key));
        let columns = (effects::state, effects::attempts, effects::lost_since, effects::lost_last, effects::result);
        let (state, attempts, since, last, result): Row = row.select(columns).for_update().first(conn)?;
        if state == "done" {
            return Ok(Begun::Done(result));
        }
        let number = attempts + 1;
        let begun = diesel::update(row).set((
            effects::state.eq("tried"),
            effects::attempts.eq(number),
            effects::last_tried_at.eq(now),
            effects::lost_since.eq(since.unwrap_or(now)),
            effects::lost_last.eq(now),
        ));
        begun.execute(conn)?;
        job_attempts::begin(conn, tenant, (of.job, of.attempt), now)?;
        let lost = since.zip(last).map(|(since, last)| Lost { since, last });
        let (tenant, key) = (tenant.clone(), of.key.to_owned());
        Ok(Begun::Try(Try { tenant, key, job: of.job, attempt: of.attempt, number, lost }))
    })
}

/// The row of an effect that was never tried.
fn open(conn: &mut PgConnection, tenant: &TenantId, of: Of<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
    let row = (
        effects::tenant_id.eq(tenant.as_str()),
        effects::key.eq(of.key),
        effects::job_id.eq(of.job),
        effects::kind.eq(of.kind),
        effects::state.eq("tried"),
        effects::attempts.eq(0),
        effects::first_tried_at.eq(now),
        effects::last_tried_at.eq(now),
    );
    diesel::insert_into(effects::table).values(row).on_conflict_do_nothing().execute(conn)?;
    Ok(())
}

/// A try has ended. That it is done counts whoever says it; anything else only from the last who began.
pub fn end(
    conn: &mut PgConnection,
    this: &Try,
    how: Ended,
    (detail, result): (&str, &Value),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    conn.transaction(|conn| {
        let row = effects::table.find((this.tenant.as_str(), this.key.as_str()));
        let none: Option<DateTime<Utc>> = None;
        let ours = effects::attempts.eq(this.number);
        match how {
            Ended::Done | Ended::Found => {
                let done = (effects::state.eq("done"), effects::result.eq(result));
                let known = (effects::lost_since.eq(none), effects::lost_last.eq(none));
                diesel::update(row.filter(effects::state.ne("done"))).set((done, known)).execute(conn)?;
            }
            Ended::Unknown => {
                let open = row.filter(ours).filter(effects::state.eq("tried"));
                diesel::update(open).set(effects::state.eq("unknown")).execute(conn)?;
            }
            Ended::Refused | Ended::Wait | Ended::Unreachable => {
                // This try did nothing: it is as uncertain as it was before.
                let state = if how == Ended::Refused { "refused" } else { "tried" };
                let since = effects::lost_since.eq(this.lost.map(|lost| lost.since));
                let last = effects::lost_last.eq(this.lost.map(|lost| lost.last));
                let open = row.filter(ours).filter(effects::state.eq("tried"));
                diesel::update(open).set((effects::state.eq(state), since, last)).execute(conn)?;
            }
        }
        job_attempts::end(conn, &this.tenant, (this.job, this.attempt), (how.as_str(), detail), now)
    })
}

/// The key that a job's effect was begun with. `None`: it never was.
pub fn key_of(conn: &mut PgConnection, tenant: &TenantId, job: Uuid) -> Result<Option<String>, StoreError> {
    let of_job = effects::table.filter(effects::tenant_id.eq(tenant.as_str())).filter(effects::job_id.eq(job));
    Ok(of_job.select(effects::key).first(conn).optional()?)
}

/// An effect as people look at it.
#[derive(Clone, Debug, PartialEq, diesel::Queryable)]
pub struct Effect {
    /// `tried`, `done`, `refused` or `unknown`.
    pub state: String,
    pub attempts: i32,
    pub first_tried_at: DateTime<Utc>,
    pub last_tried_at: DateTime<Utc>,
    pub result: Value,
}

/// One effect.
pub fn one(conn: &mut PgConnection, tenant: &TenantId, key: &str) -> Result<Option<Effect>, StoreError> {
    let columns = (effects::state, effects::attempts, effects::first_tried_at, effects::last_tried_at, effects::result);
    Ok(effects::table.find((tenant.as_str(), key)).select(columns).first(conn).optional()?)
}
