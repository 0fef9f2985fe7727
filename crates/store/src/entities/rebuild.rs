//! Makes the tables anew from the events.
//!
//! Events are summed up by a thread of its own, one chunk ahead of what is written. Where the tables hold rows already,
//! the sums are written beside them ([`beside`]) and only what differs is taken over: what is right costs no write.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};
use domain::dora::Entities;
use domain::event::Event;
use uuid::Uuid;

use super::{add, beside};
use crate::events::EventRow;
use crate::{StoreError, catalogs, dirty, tenants};

/// Events that are summed up at a time: the longer, the more of what belongs together is written once.
const CHUNK: i64 = 10_000;
/// Chunks that are on their way: one is summed up while the one before it is written.
const AHEAD: usize = 2;

/// Sums up all events again, in one transaction: readers see the old rows until it ends, consumers wait. Events that
/// cannot be read are passed over, as consumers do. All facts are then to be reckoned anew. Returns how many events
/// there were.
pub fn rebuild(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<u64, StoreError> {
    conn.transaction(|conn| {
        let tenants = tenants::all(conn)?;
        let held = tenants.iter().map(|tenant| catalogs::current(conn, tenant)).collect::<Result<Vec<_>, _>>()?;
        conn.batch_execute("set local statement_timeout = 0")?;
        let beside = beside::begin(conn)?;
        let count = refill(conn)?;
        beside.settle(conn)?;
        for (tenant, catalog) in tenants.iter().zip(&held) {
            dirty::reassign(conn, tenant, catalog, now)?;
        }
        Ok(count)
    })
}

/// Adds the sums of all events to the tables.
fn refill(conn: &mut PgConnection) -> Result<u64, StoreError> {
    thread::scope(|scope| {
        let (to_sum, chunks) = sync_channel(AHEAD);
        let (to_add, sums) = sync_channel(AHEAD);
        scope.spawn(move || sum_up(&chunks, &to_add));
        read_and_add(conn, &to_sum, &sums)
    })
}

fn read_and_add(
    conn: &mut PgConnection,
    to_sum: &SyncSender<Vec<EventRow>>,
    sums: &Receiver<Result<Entities, StoreError>>,
) -> Result<u64, StoreError> {
    let gone = || StoreError::Corrupt("whoever sums up the events is gone".to_owned());
    let (mut after, mut count, mut ahead) = (Uuid::nil(), 0, 0);
    loop {
        let rows = next(conn, after)?;
        let ended = rows.is_empty();
        if let Some(last) = rows.last() {
            after = last.id;
            count += rows.len() as u64;
            ahead += 1;
            to_sum.send(rows).map_err(|_| gone())?;
        }
        while ahead == AHEAD || (ended && ahead > 0) {
            add(conn, &sums.recv().map_err(|_| gone())??)?;
            ahead -= 1;
        }
        if ended {
            return Ok(count);
        }
    }
}

fn next(conn: &mut PgConnection, after: Uuid) -> Result<Vec<EventRow>, StoreError> {
    let rows = sql_query("select * from events where id > $1 order by id limit $2")
        .bind::<SqlUuid, _>(after)
        .bind::<BigInt, _>(CHUNK)
        .load(conn)?;
    Ok(rows)
}

/// Sums up chunk by chunk, until there are no more or nobody wants the sums.
fn sum_up(chunks: &Receiver<Vec<EventRow>>, to_add: &SyncSender<Result<Entities, StoreError>>) {
    for rows in chunks {
        if to_add.send(sum(rows)).is_err() {
            return;
        }
    }
}

fn sum(rows: Vec<EventRow>) -> Result<Entities, StoreError> {
    let mut sum = Entities::default();
    for row in rows {
        if let Err(error) = sum.add(&Event::try_from(row)?) {
            tracing::warn!(%error, "an event is passed over");
        }
    }
    Ok(sum)
}
