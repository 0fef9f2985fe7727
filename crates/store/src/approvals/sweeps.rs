//! What time does to approvals: it ends them, and reminds people before. Any number of processes may sweep; what one
//! works on the others pass over.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::pg::Pg;
use diesel::sql_types::Bool;
use diesel::{Connection, ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, RunQueryDsl, SelectableHelper};
use domain::approvals::Command;
use uuid::Uuid;

use super::rows::ApprovalRow;
use super::{Approval, decide, retry, whole};
use crate::StoreError;
use crate::schema::approvals;

/// People to be told that an approval waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Reminder {
    pub approval: Approval,
    /// Who was asked before is reminded.
    pub remind: bool,
    /// Who else is told now.
    pub escalate_to: Vec<String>,
}

/// Ends up to `limit` approvals whose time is up, each in a transaction of its own; returns those that ended. One that
/// cannot be read is told in the log and holds up no other.
pub fn expire_due(conn: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Result<Vec<Approval>, StoreError> {
    let late: Vec<Key> = late(now, limit).select(KEY).load(conn)?;
    let mut ended = Vec::new();
    for (tenant, id) in late {
        match retry::retried(conn, |conn| expire(conn, &tenant, id, now)) {
            Ok(approval) => ended.extend(approval),
            Err(error @ StoreError::Corrupt(_)) => {
                tracing::error!(approval = %id, %error, "an approval cannot be read and does not expire; mend its row");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(ended)
}

/// `None`: somebody else is at it, or was.
fn expire(conn: &mut PgConnection, tenant: &str, id: Uuid, now: DateTime<Utc>) -> Result<Option<Approval>, StoreError> {
    let Some(approval) = take(conn, tenant, id)? else { return Ok(None) };
    let answer = decide::give(conn, &approval, &Command::Expire, None, now)?;
    Ok(answer.done.is_ok().then_some(answer.approval))
}

/// Approvals whose people are to be told now, at most `limit`. Call it in the transaction that queues what is said: each
/// time is told once.
pub fn due_reminders(conn: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Result<Vec<Reminder>, StoreError> {
    conn.transaction(|conn| {
        let due: Vec<Key> = due(now, limit).select(KEY).load(conn)?;
        let mut reminders = Vec::new();
        for (tenant, id) in due {
            match take(conn, &tenant, id) {
                Ok(Some(approval)) => {
                    next(conn, (&tenant, id), approval.terms.next_reminder(now))?;
                    reminders.extend(reminder(approval, now));
                }
                Ok(None) => {}
                Err(error @ StoreError::Corrupt(_)) => {
                    tracing::error!(approval = %id, %error, "an approval cannot be read and reminds nobody; mend its row");
                    next(conn, (&tenant, id), None)?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(reminders)
    })
}

type Key = (String, Uuid);
const KEY: (approvals::tenant_id, approvals::id) = (approvals::tenant_id, approvals::id);

/// Approvals whose time is up.
pub(super) fn late(now: DateTime<Utc>, limit: i64) -> approvals::BoxedQuery<'static, Pg> {
    let late = approvals::table.filter(waiting()).filter(approvals::expires_at.le(now));
    late.order((approvals::expires_at, approvals::id)).limit(limit).into_boxed()
}

/// Approvals whose people are to be told.
pub(super) fn due(now: DateTime<Utc>, limit: i64) -> approvals::BoxedQuery<'static, Pg> {
    let due = approvals::table.filter(waiting()).filter(approvals::next_reminder_at.le(now));
    due.order((approvals::next_reminder_at, approvals::id)).limit(limit).into_boxed()
}

/// The approval under a lock, where it is pending still and nobody else has it.
fn take(conn: &mut PgConnection, tenant: &str, id: Uuid) -> Result<Option<Approval>, StoreError> {
    let row = approvals::table.find((tenant, id)).filter(waiting());
    let row: Option<ApprovalRow> =
        row.select(ApprovalRow::as_select()).for_update().skip_locked().first(conn).optional()?;
    let Some(row) = row else { return Ok(None) };
    let tenant = tenant.parse().map_err(|_| StoreError::Corrupt(format!("approval {id} has no tenant")))?;
    Ok(whole(conn, &tenant, vec![row])?.pop())
}

fn next(conn: &mut PgConnection, key: (&str, Uuid), at: Option<DateTime<Utc>>) -> Result<(), StoreError> {
    diesel::update(approvals::table.find(key)).set(approvals::next_reminder_at.eq(at)).execute(conn)?;
    Ok(())
}

/// As the indexes say it, letter by letter: a bound value would not use them.
fn waiting() -> SqlLiteral<Bool> {
    sql("approvals.status = 'pending'")
}

/// What is told now: all that came due since it was last told. `None`: another has told it, or it is over.
fn reminder(approval: Approval, now: DateTime<Utc>) -> Option<Reminder> {
    let since = approval.next_reminder_at.filter(|at| *at <= now && now < approval.expires_at)?;
    let is_due = |at: DateTime<Utc>| since <= at && at <= now;
    let remind = approval.terms.remind_at.iter().any(|at| is_due(*at));
    let escalate_to = approval.terms.escalate.iter().filter(|one| is_due(one.at)).map(|one| one.to.clone()).collect();
    Some(Reminder { approval, remind, escalate_to })
}
