//! Messages that are about no approval: reports that people have posted, what subscribed channels are told, nudges. Each says
//! what it said when it was asked for, once for its key in its place.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Json, Nullable, Text, Timestamptz};
use diesel::{OptionalExtension, PgConnection, Queryable, RunQueryDsl};
use domain::ids::TenantId;
use serde_json::Value;

use crate::{StoreError, statement};

/// A message with content of its own.
pub const NOTE: &str = "note";

/// A note to be said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note<'a> {
    /// The same key in the same place of a tenant is said once.
    pub key: &'a str,
    /// `#name` or id of a channel, or the id of a person.
    pub place: &'a str,
    /// The message that it answers; then `place` is the id of its channel.
    pub thread_ts: Option<&'a str>,
    /// `text` and `blocks`, as Slack takes them.
    pub message: &'a Value,
}

/// What became of a note.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Said {
    /// `waiting`, `sending`, `sent`; `unknown`: nobody knows; `dropped`: it was refused.
    pub state: String,
    /// Of the last try.
    pub error: Option<String>,
    /// Where it stands, once it was sent.
    pub channel: Option<String>,
    pub ts: Option<String>,
}

statement! {
    struct Add<'a> {
        tenant: Text = &'a str,
        key: Text = &'a str,
        place: Text = &'a str,
        thread_ts: Nullable<Text> = Option<&'a str>,
        content: Json = &'a Value,
        due: Timestamptz = DateTime<Utc>,
        created: Timestamptz = DateTime<Utc>,
    }
    returns ();
    "insert into slack_messages (tenant_id, kind, key, place, thread_ts, content, state, tries, due_at, created_at)
     values (?, 'note', ?, ?, ?, ?, 'waiting', 0, ?, ?) on conflict do nothing"
}

statement! {
    struct Known<'a> { tenant: Text = &'a str, key: Text = &'a str, place: Text = &'a str }
    returns (Text, Nullable<Text>, Nullable<Text>, Nullable<Text>);
    "select state, error, channel, ts from slack_messages
     where tenant_id = ? and key = ? and place = ? and approval_id is null"
}

/// Asks for a note. `false`: it was asked for before.
pub fn say(conn: &mut PgConnection, tenant: &TenantId, note: Note<'_>, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let Note { key, place, thread_ts, message: content } = note;
    let add = Add { tenant: tenant.as_str(), key, place, thread_ts, content, due: now, created: now };
    Ok(add.execute(conn)? == 1)
}

/// What became of a note. `None`: nobody asked for it.
pub fn said(conn: &mut PgConnection, tenant: &TenantId, key: &str, place: &str) -> Result<Option<Said>, StoreError> {
    Ok(Known { tenant: tenant.as_str(), key, place }.get_result(conn).optional()?)
}
