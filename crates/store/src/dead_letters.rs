//! Messages that a consumer gave up on, with the error of the last try. They are kept until somebody replays them.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{BoolExpressionMethods, ExpressionMethods, PgConnection, QueryDsl, Queryable, RunQueryDsl};
use domain::ids::{EventId, Mark, ReplayId, TenantId};
use uuid::Uuid;

use crate::StoreError;
use crate::schema::dead_letters;

/// Longer errors are cut: the first lines say it.
const ERROR_CHARS: usize = 4000;

/// A message that a consumer gave up on.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct DeadLetter {
    pub id: Uuid,
    pub consumer: String,
    pub event_id: Uuid,
    /// The nil id: the message belonged to no replay.
    pub replay_id: Uuid,
    pub attempts: i32,
    pub error: String,
    pub created_at: DateTime<Utc>,
    pub replayed_at: Option<DateTime<Utc>>,
}

crate::statement! {
    struct Insert<'a> {
        tenant: Text = &'a str,
        id: SqlUuid = Uuid,
        consumer: Text = &'a str,
        event: SqlUuid = Uuid,
        replay: SqlUuid = Uuid,
        attempts: Integer = i32,
        error: Text = &'a str,
        now: Timestamptz = DateTime<Utc>,
    }
    returns ();
    "insert into dead_letters (tenant_id, id, consumer, event_id, replay_id, attempts, error, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (consumer, event_id, replay_id) do nothing"
}

/// Keeps a message that failed for the last time.
pub fn insert(
    conn: &mut PgConnection,
    tenant: &TenantId,
    consumer: &str,
    mark: Mark,
    attempts: i32,
    error: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    // NUL is the one character that Postgres' text cannot hold.
    let error: String = error.chars().filter(|c| *c != '\0').take(ERROR_CHARS).collect();
    let replay = mark.replay.map_or(Uuid::nil(), |replay| replay.0);
    let id = letter_id(consumer, &mark, now);
    Insert { tenant: tenant.as_str(), id, consumer, event: mark.event.0, replay, attempts, error: &error, now }
        .execute(conn)?;
    Ok(())
}

/// The same message of the same consumer has the same id, sorted by the time it was given up on.
fn letter_id(consumer: &str, mark: &Mark, now: DateTime<Utc>) -> Uuid {
    ReplayId::new(now, crate::intake::hash16(&[consumer.as_bytes(), mark.to_string().as_bytes()])).0
}

/// Dead letters, newest first, at most `limit`; `before` is the last of the page before.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<DeadLetter>, StoreError> {
    let mut query = dead_letters::table.filter(dead_letters::tenant_id.eq(tenant.as_str())).into_boxed();
    if let Some((at, id)) = before {
        let same_time = dead_letters::created_at.eq(at).and(dead_letters::id.lt(id));
        query = query.filter(dead_letters::created_at.lt(at).or(same_time));
    }
    let columns = (
        dead_letters::id,
        dead_letters::consumer,
        dead_letters::event_id,
        dead_letters::replay_id,
        dead_letters::attempts,
        dead_letters::error,
        dead_letters::created_at,
        dead_letters::replayed_at,
    );
    Ok(query
        .order((dead_letters::created_at.desc(), dead_letters::id.desc()))
        .limit(limit)
        .select(columns)
        .load(conn)?)
}

/// How many wait for somebody.
pub fn count(conn: &mut PgConnection, tenant: &TenantId) -> Result<i64, StoreError> {
    let waiting = dead_letters::table.filter(dead_letters::tenant_id.eq(tenant.as_str()));
    Ok(waiting.filter(dead_letters::replayed_at.is_null()).count().get_result(conn)?)
}

/// A replay has taken up these events: their letters are answered.
pub fn mark_replayed(
    conn: &mut PgConnection,
    tenant: &TenantId,
    events: &[EventId],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = events.iter().map(|event| event.0).collect();
    let answered = dead_letters::table
        .filter(dead_letters::tenant_id.eq(tenant.as_str()))
        .filter(dead_letters::event_id.eq_any(ids))
        .filter(dead_letters::replayed_at.is_null());
    diesel::update(answered).set(dead_letters::replayed_at.eq(now)).execute(conn)?;
    Ok(())
}
