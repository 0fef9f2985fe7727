//! Where an effect stands, written down: on its approval, on its job and in the audit, in the caller's transaction.

use chrono::{DateTime, Utc};
use diesel::{ExpressionMethods, PgConnection, QueryDsl, RunQueryDsl};
use domain::approvals::{Effect, next_try};
use serde_json::{Value, json};

use super::super::{Approval, decide};
use super::tries;
use crate::StoreError;
use crate::audit::{self, Entry};
use crate::schema::{approvals, jobs};

/// Writes where the effect stands now, on the approval and on its job.
pub(super) fn note(
    conn: &mut PgConnection,
    approval: &Approval,
    effect: Effect,
    (error, result): (Option<&str>, &Value),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let again_at = if effect.is_open() { next_try(tries(approval), now) } else { None };
    let row = approvals::table.find((approval.tenant.as_str(), approval.id.0));
    let noted = diesel::update(row).set((
        approvals::effect.eq(effect.as_str()),
        approvals::effect_at.eq(again_at),
        approvals::effect_error.eq(error),
    ));
    noted.execute(conn)?;
    let (status, finished) = match effect {
        Effect::Delivered => ("succeeded", Some(now)),
        Effect::Dead | Effect::None => ("failed", Some(now)),
        Effect::Pending | Effect::Failed => ("queued", None),
    };
    follow(conn, approval, (status, error), result, (finished, again_at))?;
    decide::turn(conn, approval)?;
    let detail = json!({"error": error, "result": result, "attempts": approval.effect_attempts});
    if effect.is_open() {
        Ok(())
    } else {
        tell(conn, approval, (decide::SYSTEM, &format!("effect_{effect}")), &detail, now)
    }
}

/// The job shows what the effect shows.
pub(super) fn follow(
    conn: &mut PgConnection,
    approval: &Approval,
    (status, error): (&str, Option<&str>),
    result: &Value,
    (finished, due): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
) -> Result<(), StoreError> {
    let Some(job) = approval.job_id else { return Ok(()) };
    let progress = if result.is_null() { json!({}) } else { result.clone() };
    let followed = diesel::update(jobs::table.find(job)).set((
        jobs::status.eq(status),
        jobs::error.eq(error),
        jobs::progress.eq(progress),
        jobs::finished_at.eq(finished),
        jobs::due_at.eq(due),
        jobs::leased_until.eq(None::<DateTime<Utc>>),
    ));
    followed.execute(conn)?;
    Ok(())
}

pub(super) fn tell(
    conn: &mut PgConnection,
    approval: &Approval,
    (actor, what): (&str, &str),
    detail: &Value,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let entry = Entry {
        at: now,
        actor: actor.to_owned(),
        action: format!("approval.{what}"),
        subject: decide::audited(approval.id),
        detail: detail.clone(),
    };
    audit::append(conn, &approval.tenant, &[entry]).map(|_| ())
}
