//! What follows from an end: leased, done elsewhere, noted. It never changes how the approval ended.
//!
//! Each owed effect is also a job that people can follow. The job's state is kept here alone: nobody leases jobs of this
//! kind from `job_leases`. The number of tries is the fencing token: who lost a lease cannot note anything. Writing down where
//! it stands is `notes`'s.

mod notes;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{BigInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{ExpressionMethods, PgConnection, QueryDsl, RunQueryDsl};
use domain::approvals::{Effect, Status, TRIES, Tried};
use domain::ids::{ApprovalId, ReplayId, TenantId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Approval, decide, lock, retry};
use crate::schema::approvals;
use crate::{StoreError, jobs, statement};

/// The kind of a job that does what follows from an approval's end.
pub const EFFECT_JOB: &str = "effect";

/// What is noted of an effect whose process died in its last try.
const LOST: &str = "its last try never came back";

/// Queues the job of an end that owes one, in the transaction of the end.
pub(super) fn queue(
    conn: &mut PgConnection,
    approval: &Approval,
    status: Status,
    now: DateTime<Utc>,
) -> Result<Uuid, StoreError> {
    let job = approval.id.effect_job();
    let params = json!({"approval_id": approval.id, "status": status, "kind": approval.kind,
        "subject": approval.subject, "action": approval.action, "payload": approval.payload});
    jobs::queue(conn, &approval.tenant, (ReplayId(job), EFFECT_JOB), &params, now)?;
    Ok(job)
}

statement! {
    /// Leases effects that are due: never tried, to be tried again, or left by a process that is gone.
    pub(super) struct Take<'a> {
        now: Timestamptz = DateTime<Utc>,
        limit: BigInt = i64,
        until: Timestamptz = DateTime<Utc>,
        started: Timestamptz = DateTime<Utc>,
        leased: Timestamptz = DateTime<Utc>,
        running: Text = &'a str,
    }
    returns (Text, SqlUuid);
    "with due as (
       select tenant_id, id from approvals where effect in ('pending', 'failed') and effect_at <= ?
       order by effect_at, id limit ? for update skip locked),
     taken as (
       update approvals a set effect_attempts = a.effect_attempts + 1, effect_at = ? from due
       where a.tenant_id = due.tenant_id and a.id = due.id
       returning a.tenant_id, a.id, a.job_id, a.effect_attempts),
     started as (
       update jobs j set started_at = coalesce(j.started_at, ?), leased_until = ?, status = ?, attempts = taken.effect_attempts
       from taken where j.id = taken.job_id)
     select tenant_id, id from taken order by id"
}

/// Takes effects that are due, each for `lease`: do them and note how it went, with the approval as it is given here.
/// One that cannot be read is told in the log and holds up no other.
pub fn take_effects(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    lease: TimeDelta,
    limit: i64,
) -> Result<Vec<Approval>, StoreError> {
    retry::retried(conn, |conn| {
        let until = now + lease;
        let take = Take { now, limit, until, started: now, leased: until, running: "running" };
        let rows: Vec<(String, Uuid)> = take.load(conn)?;
        let mut taken = Vec::new();
        for (tenant, id) in rows {
            match begun(conn, &tenant, id, now) {
                Ok(approval) => taken.extend(approval),
                Err(error @ StoreError::Corrupt(_)) => {
                    tracing::error!(approval = %id, %error, "an approval cannot be read and has no effect; mend its row");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    })
}

/// `None`: its tries are used up, by processes that died over it.
fn begun(conn: &mut PgConnection, tenant: &str, id: Uuid, now: DateTime<Utc>) -> Result<Option<Approval>, StoreError> {
    let tenant = tenant.parse().map_err(|_| StoreError::Corrupt(format!("approval {id} has no tenant")))?;
    let approval = lock(conn, &tenant, ApprovalId(id))?;
    if tries(&approval) <= TRIES {
        return Ok(Some(approval));
    }
    notes::note(conn, &approval, Effect::Dead, (Some(LOST), &Value::Null), now)?;
    Ok(None)
}

/// It is done. `false`: the lease was lost to another, whose word counts.
pub fn effect_delivered(
    conn: &mut PgConnection,
    taken: &Approval,
    result: &Value,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(tried(conn, taken, Tried::Delivered, (None, result), now)?.is_some())
}

/// It was tried in vain: for good, or it is tried again later unless that was the last time. Returns where it stands;
/// `None`: the lease was lost to another, whose word counts.
pub fn effect_failed(
    conn: &mut PgConnection,
    taken: &Approval,
    (error, for_good): (&str, bool),
    now: DateTime<Utc>,
) -> Result<Option<Effect>, StoreError> {
    let how = if for_good { Tried::Refused } else { Tried::Failed };
    tried(conn, taken, how, (Some(error), &Value::Null), now)
}

/// It was refused for good: what was said is kept with the job. `false`: the lease was lost to another.
pub fn effect_refused(
    conn: &mut PgConnection,
    taken: &Approval,
    (error, result): (&str, &Value),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(tried(conn, taken, Tried::Refused, (Some(error), result), now)?.is_some())
}

/// The other side wants to be left alone until then: a try that does not count. `false`: the lease was lost to another.
pub fn effect_put_off(
    conn: &mut PgConnection,
    taken: &Approval,
    error: &str,
    until: DateTime<Utc>,
) -> Result<bool, StoreError> {
    retry::retried(conn, |conn| {
        let approval = lock(conn, &taken.tenant, taken.id)?;
        if !is_ours(&approval, taken) {
            return Ok(false);
        }
        let later = diesel::update(approvals::table.find((approval.tenant.as_str(), approval.id.0))).set((
            approvals::effect.eq(Effect::Failed.as_str()),
            approvals::effect_at.eq(until),
            approvals::effect_error.eq(error),
            approvals::effect_waits.eq(approval.effect_waits + 1),
        ));
        later.execute(conn)?;
        notes::follow(conn, &approval, ("queued", Some(error)), &Value::Null, (None, Some(until)))?;
        let told = approval.effect == Effect::Failed && approval.effect_error.as_deref() == Some(error);
        if !told {
            decide::turn(conn, &approval)?;
        }
        Ok(true)
    })
}

/// Keeps the lease for a try that takes long. `false`: it was lost to another.
pub fn keep_effect(conn: &mut PgConnection, taken: &Approval, until: DateTime<Utc>) -> Result<bool, StoreError> {
    let row = approvals::table.find((taken.tenant.as_str(), taken.id.0));
    let ours = row
        .filter(approvals::effect_attempts.eq(taken.effect_attempts))
        .filter(approvals::effect.eq_any([Effect::Pending.as_str(), Effect::Failed.as_str()]));
    Ok(diesel::update(ours).set(approvals::effect_at.eq(until)).execute(conn)? == 1)
}

/// Has what was given up tried anew. `false`: it was not given up.
pub fn revive_effect(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: ApprovalId,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    retry::retried(conn, |conn| {
        let approval = lock(conn, tenant, id)?;
        let Some(effect) = approval.effect.revived() else { return Ok(false) };
        let row = approvals::table.find((tenant.as_str(), id.0));
        // The numbers of tries go on, so that none is used twice; those so far count no more.
        let again = (
            approvals::effect.eq(effect.as_str()),
            approvals::effect_at.eq(now),
            approvals::effect_waits.eq(approval.effect_attempts),
        );
        diesel::update(row).set(again).execute(conn)?;
        notes::follow(conn, &approval, ("queued", None), &Value::Null, (None, None))?;
        decide::turn(conn, &approval)?;
        notes::tell(conn, &approval, (actor, "effect_revived"), &Value::Null, now)?;
        Ok(true)
    })
}

fn tried(
    conn: &mut PgConnection,
    taken: &Approval,
    how: Tried,
    (error, result): (Option<&str>, &Value),
    now: DateTime<Utc>,
) -> Result<Option<Effect>, StoreError> {
    retry::retried(conn, |conn| {
        let approval = lock(conn, &taken.tenant, taken.id)?;
        if !is_ours(&approval, taken) {
            return Ok(None);
        }
        let effect = approval.effect.after(how, tries(&approval), now);
        notes::note(conn, &approval, effect, (error, result), now)?;
        Ok(Some(effect))
    })
}

fn is_ours(approval: &Approval, taken: &Approval) -> bool {
    approval.effect.is_open() && approval.effect_attempts == taken.effect_attempts
}

/// The tries that count.
fn tries(approval: &Approval) -> u32 {
    u32::try_from(approval.effect_attempts - approval.effect_waits).unwrap_or(0)
}
