//! What time does to approvals: it ends them, and reminds people before. Any number of processes may sweep; what one
//! works on the others pass over.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::sql_types::Bool;
use diesel::{Connection, ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, RunQueryDsl, SelectableHelper};
use domain::approvals::Command;
use domain::ids::TenantId;
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
    let late = approvals::table.filter(waiting()).filter(approvals::expires_at.le(now));
    let late = late.order((approvals::expires_at, approvals::id)).limit(limit);
    let late: Vec<(String, Uuid)> = late.select((approvals::tenant_id, approvals::id)).load(conn)?;
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
    let row = approvals::table.find((tenant, id)).filter(waiting());
    let row = row.select(ApprovalRow::as_select()).for_update().skip_locked();
    let Some(row) = row.first(conn).optional()? else { return Ok(None) };
    let Some(approval) = read(conn, row)? else { return Ok(None) };
    let answer = decide::give(conn, &approval, &Command::Expire, None, now)?;
    Ok(answer.done.is_ok().then_some(answer.approval))
}

/// Approvals whose people are to be told now, at most `limit`. Call it in the transaction that queues what is said: each
/// time is told once.
pub fn due_reminders(conn: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Result<Vec<Reminder>, StoreError> {
    conn.transaction(|conn| {
        let due = approvals::table.filter(waiting()).filter(approvals::next_reminder_at.le(now));
        let due = due.order((approvals::next_reminder_at, approvals::id)).limit(limit);
        let rows: Vec<ApprovalRow> =
            due.select(ApprovalRow::as_select()).for_update().skip_locked().load(conn)?;
        let mut reminders = Vec::new();
        for row in rows {
            let key = (row.tenant_id.clone(), row.id);
            let approval = match read(conn, row) {
                Ok(approval) => approval,
                Err(error @ StoreError::Corrupt(_)) => {
                    tracing::error!(approval = %key.1, %error, "an approval cannot be read and reminds nobody; mend its row");
                    None
                }
                Err(error) => return Err(error),
            };
            let next = approval.as_ref().and_then(|approval| approval.terms.next_reminder(now));
            diesel::update(approvals::table.find(key)).set(approvals::next_reminder_at.eq(next)).execute(conn)?;
            reminders.extend(approval.filter(|approval| now < approval.expires_at).map(|one| reminder(one, now)));
        }
        Ok(reminders)
    })
}

/// As the indexes say it, letter by letter: a bound value would not use them.
fn waiting() -> SqlLiteral<Bool> {
    sql("approvals.status = 'pending'")
}

fn reminder(approval: Approval, now: DateTime<Utc>) -> Reminder {
    let since = approval.next_reminder_at.unwrap_or(now);
    let is_due = |at: DateTime<Utc>| since <= at && at <= now;
    let remind = approval.terms.remind_at.iter().any(|at| is_due(*at));
    let escalate_to = approval.terms.escalate.iter().filter(|one| is_due(one.at)).map(|one| one.to.clone()).collect();
    Reminder { approval, remind, escalate_to }
}

fn read(conn: &mut PgConnection, row: ApprovalRow) -> Result<Option<Approval>, StoreError> {
    let tenant: TenantId =
        row.tenant_id.parse().map_err(|_| StoreError::Corrupt(format!("approval {} has no tenant", row.id)))?;
    Ok(whole(conn, &tenant, vec![row])?.pop())
}
