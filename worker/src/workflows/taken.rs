//! Work that is ours until its lease runs out, of both families: jobs, and what approvals' ends owe. Each family keeps its
//! own state; here they are taken, kept and noted in the same words.

use chrono::{DateTime, TimeDelta, Utc};
use domain::approvals::{Effect, next_try};
use domain::ids::TenantId;
use serde_json::Value;
use store::approvals::{self, Approval};
use store::job_leases::{self, Leased};
use store::{Connection, Store, StoreError, jobs};
use uuid::Uuid;

use super::LEASE;

/// Which jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// What a policy let through.
    Jobs,
    /// What follows from an approval's end.
    Effects,
}

/// One piece of work.
#[derive(Clone, Debug)]
pub(super) enum Taken {
    Job(Box<Leased>),
    Effect(Box<Approval>),
}

/// How a try leaves the work.
#[derive(Clone, Debug)]
pub(super) enum Left {
    Done(Value),
    /// For good, with what is to be kept with it.
    Failed(String, Value),
    /// Tried again then; a try that does not count was put off by the other side.
    Again {
        why: String,
        at: DateTime<Utc>,
        counts: bool,
    },
}

/// Takes at most so many that are due.
pub(super) async fn take(
    store: &Store,
    family: Family,
    most: usize,
    now: DateTime<Utc>,
) -> Result<Vec<Taken>, StoreError> {
    match family {
        Family::Jobs => store.call("workflow_take", move |conn| take_jobs(conn, most, now)).await,
        Family::Effects => {
            let limit = i64::try_from(most).unwrap_or(1);
            let take = move |conn: &mut Connection| approvals::take_effects(conn, now, LEASE, limit);
            let taken = store.call("effect_take", take).await?;
            Ok(taken.into_iter().map(|one| Taken::Effect(Box::new(one))).collect())
        }
    }
}

fn take_jobs(conn: &mut Connection, most: usize, now: DateTime<Utc>) -> Result<Vec<Taken>, StoreError> {
    let mut taken = Vec::new();
    while taken.len() < most {
        let Some(job) = job_leases::lease_next(conn, &[jobs::WORKFLOW], now, LEASE)? else { break };
        taken.push(Taken::Job(Box::new(job)));
    }
    Ok(taken)
}

impl Taken {
    pub(super) fn tenant(&self) -> &TenantId {
        match self {
            Self::Job(job) => &job.tenant,
            Self::Effect(approval) => &approval.tenant,
        }
    }

    /// The job that people follow.
    pub(super) fn job(&self) -> Uuid {
        match self {
            Self::Job(job) => job.id,
            Self::Effect(approval) => approval.job_id.unwrap_or(approval.id.effect_job()),
        }
    }

    /// This try's number: the fencing token.
    pub(super) fn attempt(&self) -> i32 {
        match self {
            Self::Job(job) => job.attempt,
            Self::Effect(approval) => approval.effect_attempts,
        }
    }

    /// Tries that count, this one among them.
    pub(super) fn tries(&self) -> u32 {
        let waits = match self {
            Self::Job(job) => job.waits,
            Self::Effect(approval) => approval.effect_waits,
        };
        u32::try_from(self.attempt() - waits).unwrap_or(0)
    }

    /// Since when it waits to be done.
    pub(super) fn since(&self) -> DateTime<Utc> {
        match self {
            Self::Job(job) => job.created_at,
            Self::Effect(approval) => approval.decided_at.unwrap_or(approval.created_at),
        }
    }

    /// `false`: it is ours no more.
    pub(super) fn keep(&self, conn: &mut Connection, now: DateTime<Utc>) -> Result<bool, StoreError> {
        match self {
            Self::Job(job) => job_leases::keep(conn, job, now + LEASE),
            Self::Effect(approval) => approvals::keep_effect(conn, approval, now + LEASE),
        }
    }

    /// Writes how it stands. `false`: it is ours no more, and nothing is written.
    pub(super) fn leave(&self, conn: &mut Connection, left: &Left, now: DateTime<Utc>) -> Result<bool, StoreError> {
        match self {
            Self::Job(job) => match left {
                Left::Done(result) => job_leases::end(conn, job, (None, result), now),
                Left::Failed(error, result) => job_leases::end(conn, job, (Some(error), result), now),
                Left::Again { why, at, counts } => job_leases::put_off(conn, job, (why, *counts), *at),
            },
            Self::Effect(approval) => match left {
                Left::Done(result) => approvals::effect_delivered(conn, approval, result, now),
                Left::Failed(error, result) => approvals::effect_refused(conn, approval, (error, result), now),
                Left::Again { why, at, counts: false } => approvals::effect_put_off(conn, approval, why, *at),
                Left::Again { why, .. } => {
                    let failed = approvals::effect_failed(conn, approval, (why, false), now)?;
                    Ok(failed.is_some_and(Effect::is_open))
                }
            },
        }
    }

    /// When it is tried again after this try in vain; none: it was the last.
    pub(super) fn next(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        next_try(self.tries(), now)
    }

    /// The pause before the next look at somebody who wants to be left alone: longer, the longer it goes on.
    pub(super) fn rest(&self, now: DateTime<Utc>) -> TimeDelta {
        ((now - self.since()) / 20).clamp(TimeDelta::seconds(1), TimeDelta::minutes(10))
    }
}
