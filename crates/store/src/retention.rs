//! Drops what has been kept long enough: whole days of raw deliveries and of consumers' marks, and old answers.
//!
//! Events, facts and the ledger stay: a delivery that comes again after its raw bytes are gone is still a duplicate.

use chrono::{DateTime, Days, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::sql_types::Timestamptz;
use diesel::{Connection, ExpressionMethods, PgConnection, QueryDsl, RunQueryDsl, sql_query};

use crate::StoreError;
use crate::partitions::{CONSUMER_MARKS, DELIVERIES, Day, Partitioned, days};
use crate::schema::idempotent_answers;

/// Marks outlive the stream's messages (14 days), so that no redelivery finds its mark gone.
pub const MARKS_DAYS: u32 = 35;

/// Answers to requests with an `Idempotency-Key` are repeated for this long.
pub const ANSWERS_HOURS: i64 = 24;

/// What a table's retention would drop, or has dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    pub table: &'static str,
    pub days: Vec<Day>,
}

/// The days that are over: their last moment is at least the kept number of days ago. `delivery_days` 0 keeps raw
/// deliveries for good. This is the dry run.
pub fn plan(conn: &mut PgConnection, now: DateTime<Utc>, delivery_days: u32) -> Result<Vec<Dropped>, StoreError> {
    let mut plan = Vec::new();
    for (parent, keep_days) in [(DELIVERIES, delivery_days), (CONSUMER_MARKS, MARKS_DAYS)] {
        plan.push(Dropped { table: parent.table, days: over(conn, parent, now, keep_days)? });
    }
    Ok(plan)
}

fn over(
    conn: &mut PgConnection,
    parent: Partitioned,
    now: DateTime<Utc>,
    keep_days: u32,
) -> Result<Vec<Day>, StoreError> {
    if keep_days == 0 {
        return Ok(Vec::new());
    }
    let cutoff = now.date_naive() - Days::new(u64::from(keep_days));
    Ok(days(conn, parent)?.into_iter().filter(|day| day.day < cutoff).collect())
}

/// Drops what [`plan`] names, day by day, each in a transaction that waits two seconds at most for its lock.
/// Needs [`Role::Owner`](crate::Role::Owner).
pub fn apply(conn: &mut PgConnection, now: DateTime<Utc>, delivery_days: u32) -> Result<Vec<Dropped>, StoreError> {
    let plan = plan(conn, now, delivery_days)?;
    for day in plan.iter().flat_map(|dropped| &dropped.days) {
        conn.transaction(|conn| {
            conn.batch_execute(&format!("set local lock_timeout = '2s'; drop table {}", day.partition))
        })?;
    }
    if delivery_days > 0 {
        sql_query("delete from deliveries_default where received_at < $1")
            .bind::<Timestamptz, _>(now - Days::new(u64::from(delivery_days)))
            .execute(conn)?;
    }
    let answers_end = now - TimeDelta::hours(ANSWERS_HOURS);
    diesel::delete(idempotent_answers::table.filter(idempotent_answers::created_at.lt(answers_end))).execute(conn)?;
    Ok(plan)
}
