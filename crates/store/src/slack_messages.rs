//! Messages that are owed to Slack: asked for once, leased, said elsewhere, recorded.
//!
//! Those about approvals ([`ask`]) are made of the approval when they are said; [`notes`] say what they said when they
//! were asked for. Both wait in one queue, and keep one pace and one limit.
//!
//! A message is said at most once. Whoever says it takes it here and then tells what became of it; where nobody knows
//! whether it stands there (a lost answer, a process that died), it is not said again. Messages that are there already are
//! not owed: [`crate::approvals::stale_posts`] says which of them are to be written anew.

pub mod notes;
mod paces;
#[cfg(test)]
mod plans;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use diesel::sql_types::{BigInt, Integer, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{Connection, PgConnection, RunQueryDsl};
use domain::ids::{ApprovalId, TenantId};
use serde_json::Value;
use uuid::Uuid;

use crate::approvals::{Posted, add_post};
use crate::{StoreError, statement, usage};

pub use notes::{NOTE, Note, Said, said, say};
pub use paces::{POST, UPDATE, rest, update_turn};

/// Asks people to decide.
pub const REQUEST: &str = "request";
/// Says in the thread that it still waits.
pub const REMINDER: &str = "reminder";
/// Asks more people to decide.
pub const ESCALATION: &str = "escalation";
/// Says in the thread how it ended.
pub const CONCLUSION: &str = "conclusion";

/// A message to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask<'a> {
    pub approval: ApprovalId,
    pub kind: &'a str,
    /// Which of its kind: the same in the same place is said once.
    pub key: &'a str,
    /// `#name` or id of a channel, or the id of a person.
    pub place: &'a str,
    /// The message that it answers.
    pub thread_ts: Option<&'a str>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matter {
    /// How this approval stands.
    Approval(ApprovalId),
    /// This, in Slack's own form.
    Note(Value),
}

/// A message that is ours to say now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub tenant: TenantId,
    id: i64,
    pub matter: Matter,
    pub kind: String,
    pub key: String,
    pub place: String,
    /// Whose pace it keeps: the id of the place, as it was when something was said there last.
    pub channel: String,
    pub thread_ts: Option<String>,
    /// How often it was tried before.
    pub tries: i32,
    pub asked_at: DateTime<Utc>,
    /// The day that it is counted on.
    day: NaiveDate,
}

/// What there is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    Nothing,
    Say(Box<Message>),
    /// This tenant's day is used up: its messages wait for the next.
    UsedUp(TenantId),
}

statement! {
    struct AskNew<'a> {
        place: Text = &'a str,
        due: Timestamptz = DateTime<Utc>,
        created: Timestamptz = DateTime<Utc>,
        now: Timestamptz = DateTime<Utc>,
        limit: BigInt = i64,
    }
    returns ();
    "insert into slack_messages (tenant_id, approval_id, kind, key, place, state, tries, due_at, created_at)
     select a.tenant_id, a.id, 'request', 'request', ?, 'waiting', 0, ?, ? from approvals a
     where a.status = 'pending' and a.expires_at > ? and not exists (
       select from slack_messages m where m.tenant_id = a.tenant_id and m.approval_id = a.id and m.key = 'request')
     order by a.created_at, a.id limit ?
     on conflict do nothing"
}

statement! {
    struct Add<'a> {
        tenant: Text = &'a str,
        approval: SqlUuid = Uuid,
        kind: Text = &'a str,
        key: Text = &'a str,
        place: Text = &'a str,
        thread_ts: Nullable<Text> = Option<&'a str>,
        due: Timestamptz = DateTime<Utc>,
        created: Timestamptz = DateTime<Utc>,
    }
    returns ();
    "insert into slack_messages (tenant_id, approval_id, kind, key, place, thread_ts, state, tries, due_at, created_at)
     values (?, ?, ?, ?, ?, ?, 'waiting', 0, ?, ?) on conflict do nothing"
}

/// Asks for a message to `place` about every approval that waits for people and was never asked about; returns how many.
pub fn ask_new(conn: &mut PgConnection, place: &str, now: DateTime<Utc>, limit: i64) -> Result<usize, StoreError> {
    Ok(AskNew { place, due: now, created: now, now, limit }.execute(conn)?)
}

/// Asks for a message. `false`: it was asked for before.
pub fn ask(conn: &mut PgConnection, tenant: &TenantId, ask: Ask<'_>, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let Ask { approval, kind, key, place, thread_ts } = ask;
    let tenant = tenant.as_str();
    let add = Add { tenant, approval: approval.0, kind, key, place, thread_ts, due: now, created: now };
    Ok(add.execute(conn)? == 1)
}

statement! {
    /// The first that is due and whose channel and method do not rest.
    struct Next<'a> { method: Text = &'a str, now: Timestamptz = DateTime<Utc>, due: Timestamptz = DateTime<Utc> }
    returns (Text, BigInt, Nullable<SqlUuid>, Nullable<Json>, Text, Text, Text, Text, Nullable<Text>, Integer, Timestamptz);
    "select m.tenant_id, m.id, m.approval_id, m.content, m.kind, m.key, m.place, coalesce(known.channel, m.place), m.thread_ts,
       m.tries, m.created_at
     from slack_messages m left join slack_paces known on known.tenant_id = '*' and known.what = m.place
     where m.state = 'waiting' and not exists (
       select from slack_paces pace where pace.tenant_id = '*' and pace.what in (?, coalesce(known.channel, m.place)) and pace.until > ?)
     and m.due_at <= ?
     order by m.due_at, m.id limit 1 for update of m skip locked"
}

type Row =
    (String, i64, Option<Uuid>, Option<Value>, String, String, String, String, Option<String>, i32, DateTime<Utc>);

/// Takes the next message for `lease`, within the pace and the daily limit of its tenant.
pub fn take(
    conn: &mut PgConnection,
    daily_limit: i64,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> Result<Turn, StoreError> {
    conn.transaction(|conn| {
        let Some(row) = Next { method: POST, now, due: now }.load::<Row>(conn)?.pop() else { return Ok(Turn::Nothing) };
        let message = message(row, now)?;
        // Another process had the same idea in this second.
        if !paces::turn(conn, &message.channel, now)? {
            return Ok(Turn::Nothing);
        }
        if !usage::take(conn, &message.tenant, (message.day, usage::SLACK_POSTS), daily_limit)? {
            let tomorrow = (message.day + Days::new(1)).and_time(NaiveTime::MIN).and_utc();
            PutOff { until: tomorrow, tenant: message.tenant.as_str(), before: tomorrow }.execute(conn)?;
            return Ok(Turn::UsedUp(message.tenant));
        }
        mark(conn, &message, ("sending", now + lease), None)?;
        Ok(Turn::Say(Box::new(message)))
    })
}

fn message(row: Row, now: DateTime<Utc>) -> Result<Message, StoreError> {
    let (tenant, id, approval, content, kind, key, place, channel, thread_ts, tries, asked_at) = row;
    let corrupt = |what: &str| StoreError::Corrupt(format!("message {id} for Slack has no {what}"));
    let tenant = tenant.parse().map_err(|_| corrupt("tenant"))?;
    let matter = match (approval, content) {
        (Some(approval), _) => Matter::Approval(ApprovalId(approval)),
        (None, content) => Matter::Note(content.ok_or_else(|| corrupt("content"))?),
    };
    Ok(Message { tenant, id, matter, kind, key, place, channel, thread_ts, tries, asked_at, day: now.date_naive() })
}

statement! {
    struct PutOff<'a> { until: Timestamptz = DateTime<Utc>, tenant: Text = &'a str, before: Timestamptz = DateTime<Utc> }
    returns ();
    "update slack_messages set due_at = ? where tenant_id = ? and state = 'waiting' and due_at < ?"
}

statement! {
    struct Mark<'a> {
        state: Text = &'a str,
        due: Timestamptz = DateTime<Utc>,
        tries: Integer = i32,
        error: Nullable<Text> = Option<&'a str>,
        tenant: Text = &'a str,
        id: BigInt = i64,
    }
    returns ();
    "update slack_messages set state = ?, due_at = ?, tries = ?, error = ? where tenant_id = ? and id = ?"
}

statement! {
    struct Stands<'a> { channel: Text = &'a str, ts: Text = &'a str, tenant: Text = &'a str, id: BigInt = i64 }
    returns ();
    "update slack_messages set channel = ?, ts = nullif(?, '') where tenant_id = ? and id = ?"
}

fn mark(
    conn: &mut PgConnection,
    message: &Message,
    (state, due): (&str, DateTime<Utc>),
    error: Option<&str>,
) -> Result<(), StoreError> {
    let (tenant, id, tries) = (message.tenant.as_str(), message.id, message.tries + 1);
    Mark { state, due, tries, error, tenant, id }.execute(conn)?;
    Ok(())
}

/// It stands there, as `ts` in `channel` (empty: a webhook does not say it), and shows this version of the approval that it is about.
pub fn sent(
    conn: &mut PgConnection,
    message: &Message,
    (channel, ts): (&str, &str),
    version: i32,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    conn.transaction(|conn| {
        mark(conn, message, ("sent", now), None)?;
        Stands { channel, ts, tenant: message.tenant.as_str(), id: message.id }.execute(conn)?;
        paces::said(conn, &message.place, channel, now)?;
        match message.matter {
            // Lines in a thread say how it was; only messages of their own are kept up to date.
            Matter::Approval(approval) if message.thread_ts.is_none() => {
                let posted = Posted { channel, ts, kind: &message.kind, version };
                add_post(conn, &message.tenant, approval, posted, now)
            }
            _ => Ok(()),
        }
    })
}

/// It was not said, and is tried again then.
pub fn put_off(
    conn: &mut PgConnection,
    message: &Message,
    until: DateTime<Utc>,
    error: &str,
) -> Result<(), StoreError> {
    conn.transaction(|conn| {
        mark(conn, message, ("waiting", until), Some(error))?;
        usage::give_back(conn, &message.tenant, (message.day, usage::SLACK_POSTS))
    })
}

/// It was not said and need not be.
pub fn dropped(conn: &mut PgConnection, message: &Message, why: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    conn.transaction(|conn| {
        mark(conn, message, ("dropped", now), Some(why))?;
        usage::give_back(conn, &message.tenant, (message.day, usage::SLACK_POSTS))
    })
}

/// Nobody knows whether it stands there: it is not said again.
pub fn uncertain(conn: &mut PgConnection, message: &Message, why: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    mark(conn, message, ("unknown", now), Some(why))
}

statement! {
    struct Abandon<'a> { error: Text = &'a str, now: Timestamptz = DateTime<Utc> }
    returns (Nullable<SqlUuid>, Text);
    "update slack_messages set state = 'unknown', error = ? where state = 'sending' and due_at <= ? returning approval_id, key"
}

/// A message of which nobody knows whether it was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    pub approval: Option<ApprovalId>,
    pub key: String,
}

/// Gives up messages whose process died while it said them; returns which.
pub fn abandon(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<Lost>, StoreError> {
    let lost: Vec<(Option<Uuid>, String)> = Abandon { error: "who said it never came back", now }.load(conn)?;
    Ok(lost.into_iter().map(|(approval, key)| Lost { approval: approval.map(ApprovalId), key }).collect())
}
