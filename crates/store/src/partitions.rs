//! Day partitions of the tables that grow by time: made a week ahead, and read off the catalogue for retention.
//!
//! A day's table is made beside its parent and attached: that takes no lock that intake would wait for. Rows that
//! a missing day had sent to the default partition are moved along, so a late start mends itself; while they move
//! nobody reads the table, because a reader that knows the old partitions only would find them in none.

use chrono::{DateTime, Days, NaiveDate, Utc};
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};

use crate::StoreError;

/// A partitioned table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partitioned {
    pub table: &'static str,
    /// The time column it is partitioned by.
    by: &'static str,
    /// Storage settings of each day's table.
    with: &'static str,
}

/// Raw deliveries: rows are a few kilobytes of compressed bytes, better kept in line than in TOAST.
pub const DELIVERIES: Partitioned =
    Partitioned { table: "deliveries", by: "received_at", with: "toast_tuple_target = 8160" };
/// Consumers' marks: narrow, only ever added to.
pub const CONSUMER_MARKS: Partitioned =
    Partitioned { table: "consumer_marks", by: "message_at", with: "fillfactor = 100" };

/// Days that are made ahead: a week without maintenance does no harm.
pub const DAYS_AHEAD: u64 = 7;

/// Every partitioned table.
pub const PARTITIONED: [Partitioned; 2] = [DELIVERIES, CONSUMER_MARKS];

/// One process makes partitions at a time; the number is arbitrary and ours.
const PARTITION_LOCK: i64 = 0x656d_6167_656e_7402;

/// One day's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    pub partition: String,
    pub day: NaiveDate,
    pub bytes: i64,
}

#[derive(QueryableByName)]
struct DayRow {
    #[diesel(sql_type = Text)]
    partition: String,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

/// Makes the days from yesterday to `days_ahead` from `now` where they are missing; returns what was made.
/// Needs [`Role::Owner`](crate::Role::Owner).
pub fn ensure(conn: &mut PgConnection, now: DateTime<Utc>, days_ahead: u64) -> Result<Vec<String>, StoreError> {
    conn.transaction(|conn| {
        conn.batch_execute(&format!("set local lock_timeout = '2s'; select pg_advisory_xact_lock({PARTITION_LOCK})"))?;
        let mut made = Vec::new();
        for parent in PARTITIONED {
            let there = days(conn, parent)?;
            let first = now.date_naive() - Days::new(1);
            let wanted = (0..=days_ahead + 1).map(|ahead| first + Days::new(ahead));
            let missing: Vec<NaiveDate> = wanted.filter(|day| there.iter().all(|have| have.day != *day)).collect();
            if missing.iter().any(|day| *day <= now.date_naive()) {
                conn.batch_execute(&format!("lock table {} in access exclusive mode", parent.table))?;
            }
            for day in missing {
                made.push(make(conn, parent, day)?);
            }
        }
        Ok(made)
    })
}

fn make(conn: &mut PgConnection, parent: Partitioned, day: NaiveDate) -> Result<String, StoreError> {
    let Partitioned { table, by, with } = parent;
    let name = format!("{table}_p{}", day.format("%Y%m%d"));
    let (from, to) = (format!("{day}T00:00:00Z"), format!("{}T00:00:00Z", day + Days::new(1)));
    conn.batch_execute(&format!(
        "create table {name} (like {table} including all) with ({with});
         with late as (delete from {table}_default where {by} >= '{from}' and {by} < '{to}' returning *)
           insert into {name} select * from late;
         alter table {table} attach partition {name} for values from ('{from}') to ('{to}');"
    ))?;
    Ok(name)
}

/// The days that a table has, oldest first.
pub fn days(conn: &mut PgConnection, parent: Partitioned) -> Result<Vec<Day>, StoreError> {
    let rows: Vec<DayRow> = sql_query(
        "select child.relname::text as partition, pg_total_relation_size(child.oid) as bytes
         from pg_inherits join pg_class child on child.oid = inhrelid
         where inhparent = $1::regclass order by child.relname",
    )
    .bind::<Text, _>(parent.table)
    .load(conn)?;
    let prefix = format!("{}_p", parent.table);
    let day = |row: DayRow| {
        let day = NaiveDate::parse_from_str(row.partition.strip_prefix(&prefix)?, "%Y%m%d").ok()?;
        Some(Day { partition: row.partition, day, bytes: row.bytes })
    };
    Ok(rows.into_iter().filter_map(day).collect())
}
