//! Queues what is to be said while an approval waits: reminders into its threads, escalations to more people.

use chrono::{DateTime, Utc};
use store::approvals::{self, Approval, Reminder};
use store::slack_messages::{self, Ask, ESCALATION, REMINDER};
use store::{Connection, StoreError};

use super::Telling;
use crate::slack::people;

/// Takes what is due and queues it, in one transaction: each time is told once. Returns how many were due.
pub(super) fn queue(
    conn: &mut Connection,
    telling: Option<&Telling>,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<usize, StoreError> {
    store::transaction(conn, |conn| {
        let due = approvals::due_reminders(conn, now, limit)?;
        if let Some(telling) = telling {
            for one in &due {
                tell(conn, one, telling, now)?;
            }
        }
        Ok(due.len())
    })
}

fn tell(conn: &mut Connection, due: &Reminder, telling: &Telling, now: DateTime<Utc>) -> Result<(), StoreError> {
    if due.remind {
        remind(conn, &due.approval, now)?;
    }
    for to in &due.escalate_to {
        escalate(conn, &due.approval, to, telling, now)?;
    }
    Ok(())
}

/// Into the thread of every message about it. One that was not posted yet says by itself that it waits.
fn remind(conn: &mut Connection, approval: &Approval, now: DateTime<Utc>) -> Result<(), StoreError> {
    for post in approvals::posts(conn, &approval.tenant, approval.id)? {
        let key = format!("{REMINDER} {} {}", post.ts, now.timestamp_millis());
        let (place, thread_ts) = (post.channel.as_str(), Some(post.ts.as_str()));
        let ask = Ask { approval: approval.id, kind: REMINDER, key: &key, place, thread_ts };
        slack_messages::ask(conn, &approval.tenant, ask, now)?;
    }
    Ok(())
}

/// To whom it names. Where nobody knows them in Slack, the usual channel hears of it.
fn escalate(
    conn: &mut Connection,
    approval: &Approval,
    to: &str,
    telling: &Telling,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut places = people::places(conn, approval, to)?;
    if places.is_empty() {
        tracing::warn!(approval = %approval.id, to, "nobody in Slack is known by this name; map them with POST /v1/identities");
        places.extend(telling.default_channel.as_deref().map(people::channel));
    }
    let key = format!("{ESCALATION} {to}");
    for place in &places {
        let ask = Ask { approval: approval.id, kind: ESCALATION, key: &key, place, thread_ts: None };
        slack_messages::ask(conn, &approval.tenant, ask, now)?;
    }
    Ok(())
}
