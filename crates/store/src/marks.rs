//! What each consumer has processed, and how often it has tried what it could not.
//!
//! A mark is inserted in the transaction of the effect it stands for: what is marked is not processed again, however
//! often it comes. Attempts are counted only for messages that came before or failed, so the good path costs nothing.

mod settle;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{PgConnection, RunQueryDsl};
use domain::ids::{EventId, Mark, ReplayId, TenantId};
use uuid::Uuid;

pub use settle::{Failure, Handle, Message, Settled, Settling};

use crate::StoreError;

/// The replay of a message that belongs to none.
const NO_REPLAY: Uuid = Uuid::nil();

fn replay_of(mark: &Mark) -> Uuid {
    mark.replay.map_or(NO_REPLAY, |replay| replay.0)
}

crate::statement! {
    struct Insert<'a> {
        consumer: Text = &'a str,
        tenant: Array<Text> = Vec<&'a str>,
        event: Array<SqlUuid> = Vec<Uuid>,
        replay: Array<SqlUuid> = Vec<Uuid>,
        at: Array<Timestamptz> = Vec<DateTime<Utc>>,
    }
    returns (SqlUuid, SqlUuid);
    "insert into consumer_marks (consumer, tenant_id, event_id, replay_id, message_at)
     select ?, * from unnest(?, ?, ?, ?) as m (tenant_id, event_id, replay_id, message_at) order by event_id, replay_id
     on conflict do nothing returning event_id, replay_id"
}

/// Marks messages as processed by `consumer`; returns those that were not marked before.
pub fn insert<'a>(
    conn: &mut PgConnection,
    consumer: &str,
    marks: impl Iterator<Item = (&'a TenantId, Mark)> + Clone,
) -> Result<HashSet<Mark>, StoreError> {
    let inserted: Vec<(Uuid, Uuid)> = Insert {
        consumer,
        tenant: marks.clone().map(|(tenant, _)| tenant.as_str()).collect(),
        event: marks.clone().map(|(_, mark)| mark.event.0).collect(),
        replay: marks.clone().map(|(_, mark)| replay_of(&mark)).collect(),
        at: marks.map(|(_, mark)| mark.at()).collect(),
    }
    .load(conn)?;
    let mark =
        |(event, replay)| Mark { event: EventId(event), replay: (replay != NO_REPLAY).then_some(ReplayId(replay)) };
    Ok(inserted.into_iter().map(mark).collect())
}

crate::statement! {
    struct IsMarked<'a> {
        consumer: Text = &'a str,
        event: SqlUuid = Uuid,
        replay: SqlUuid = Uuid,
        at: Timestamptz = DateTime<Utc>,
    }
    returns (Text,);
    "select consumer from consumer_marks where consumer = ? and event_id = ? and replay_id = ? and message_at = ?"
}

/// Whether `consumer` has processed this message.
pub fn is_marked(conn: &mut PgConnection, consumer: &str, mark: Mark) -> Result<bool, StoreError> {
    let query = IsMarked { consumer, event: mark.event.0, replay: replay_of(&mark), at: mark.at() };
    Ok(!query.load::<(String,)>(conn)?.is_empty())
}

crate::statement! {
    struct CountAttempt<'a> {
        tenant: Text = &'a str,
        consumer: Text = &'a str,
        event: SqlUuid = Uuid,
        replay: SqlUuid = Uuid,
        error: Text = &'a str,
        now: Timestamptz = DateTime<Utc>,
    }
    returns (Integer,);
    "insert into consumer_attempts as a (tenant_id, consumer, event_id, replay_id, attempts, last_error, updated_at)
     values (?, ?, ?, ?, 1, ?, ?)
     on conflict (consumer, event_id, replay_id) do update set attempts = a.attempts + 1, updated_at = excluded.updated_at,
       last_error = case when excluded.last_error = '' then a.last_error else excluded.last_error end
     returning attempts"
}

/// Counts a try of one message; returns how many there were. `error` is empty before the outcome is known.
pub fn count_attempt(
    conn: &mut PgConnection,
    tenant: &TenantId,
    consumer: &str,
    mark: Mark,
    error: &str,
    now: DateTime<Utc>,
) -> Result<i32, StoreError> {
    let statement =
        CountAttempt { tenant: tenant.as_str(), consumer, event: mark.event.0, replay: replay_of(&mark), error, now };
    Ok(statement.get_result::<(i32,)>(conn)?.0)
}

crate::statement! {
    struct Forget<'a> { consumer: Text = &'a str, event: SqlUuid = Uuid, replay: SqlUuid = Uuid }
    returns ();
    "delete from consumer_attempts where consumer = ? and event_id = ? and replay_id = ?"
}

/// The message is done with, one way or the other: its attempts need not be known any more.
pub fn forget_attempts(conn: &mut PgConnection, consumer: &str, mark: Mark) -> Result<(), StoreError> {
    Forget { consumer, event: mark.event.0, replay: replay_of(&mark) }.execute(conn)?;
    Ok(())
}

crate::statement! {
    struct Scan<'a> {
        after: SqlUuid = Uuid,
        limit: BigInt = i64,
        consumers: Array<Text> = Vec<&'a str>,
        consumers_again: Array<Text> = Vec<&'a str>,
    }
    returns (Text, SqlUuid, Bool);
    "with page as materialized (select tenant_id, id from events where id > ? order by id limit ?),
          wanted as (select count(*) as consumers from unnest(?))
     select page.tenant_id, page.id, (
       select count(*) from consumer_marks m
       where m.consumer = any(?) and m.event_id = page.id and m.replay_id = '00000000-0000-0000-0000-000000000000'
         and m.message_at = to_timestamp(('x' || left(replace(page.id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)
     ) < wanted.consumers
     from page, wanted order by page.id"
}

/// A stretch of events, in the order of their ids.
#[derive(Debug)]
pub struct Scanned {
    /// Those that at least one of the consumers has not processed. An event that none of them takes is among them.
    pub unseen: Vec<(TenantId, EventId)>,
    /// Where the next stretch begins; `None`: there are no more events.
    pub last: Option<EventId>,
}

/// Looks at up to `limit` events received since `since`, after `after`: what a lost stream owes again. Bounded, so that
/// a long log is looked through in many short statements.
pub fn scan_unseen(
    conn: &mut PgConnection,
    consumers: &[&str],
    since: DateTime<Utc>,
    after: Option<EventId>,
    limit: i64,
) -> Result<Scanned, StoreError> {
    let first_of_time = ReplayId::new(since, [0; 16]).0;
    let page: Vec<(String, Uuid, bool)> = Scan {
        after: after.map_or(first_of_time, |event| event.0.max(first_of_time)),
        limit,
        consumers: consumers.to_vec(),
        consumers_again: consumers.to_vec(),
    }
    .load(conn)?;
    let last = page.last().map(|(_, id, _)| EventId(*id));
    let named = |(tenant, id, _): (String, Uuid, bool)| {
        let tenant = tenant.parse().map_err(|_| StoreError::Corrupt(format!("event {id} has no tenant")))?;
        Ok((tenant, EventId(id)))
    };
    let unseen = page.into_iter().filter(|(_, _, unseen)| *unseen).map(named).collect::<Result<_, StoreError>>()?;
    Ok(Scanned { unseen, last })
}
