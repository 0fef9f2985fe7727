//! Looks at the stream: JetStream acknowledges before it syncs, and disks and operators lose streams.
//!
//! A stream that is new, or whose sequence went back, has lost messages. Then every event that some consumer has not
//! marked is owed to the bus again, under message ids of their own: the stream may still remember the old ids and
//! would swallow them. Marks make the second coming of an event that was processed a no-op.

use std::time::Duration;

use bus::{Bus, StreamState};
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::EventId;
use store::marks::Scanned;
use store::watermarks::{self, Seen};
use store::{Connection, Store, StoreError, marks, outbox};
use tokio_util::sync::CancellationToken;

const PAUSE: Duration = Duration::from_secs(2);
/// As long as a stream keeps messages: older events that nobody has marked were not lost with it.
const LOOK_BACK: TimeDelta = TimeDelta::days(14);
/// A commit's way from memory to the stream, or to the sweep, is shorter than this.
const ON_ITS_WAY: TimeDelta = TimeDelta::seconds(10);
/// Events of one outbox row.
const ROW_EVENTS: usize = 256;
/// Events that are looked at by one statement.
const SCAN_EVENTS: i64 = 10_000;

pub(crate) async fn run(store: Store, bus: Bus, consumers: &'static [&'static str], stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = look(&store, &bus, consumers).await {
            tracing::debug!(error = &*error, "the stream could not be looked at");
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn look(
    store: &Store,
    bus: &Bus,
    consumers: &'static [&'static str],
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // Taken before the look, so that a slower look never passes for a newer one.
    let now = Utc::now();
    let state = bus.ensure_stream().await?;
    let stream = bus.stream_name().to_owned();
    let owed = store.call("stream_watch", move |conn| compare(conn, &stream, state, consumers, now)).await?;
    if owed > 0 {
        tracing::warn!(events = owed, "the stream was lost: events that were not processed are published again");
    }
    Ok(())
}

/// Notes the stream's state and owes what it lost, in one transaction; returns how many events that were.
fn compare(
    conn: &mut Connection,
    stream: &str,
    state: StreamState,
    consumers: &[&str],
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    store::transaction(conn, |conn| match watermarks::observe(conn, stream, state.created_at, state.last_seq, now)? {
        Seen::Same => Ok(0),
        // What came just now is on its way from memory, to this very stream.
        Seen::First => owe_unseen(conn, consumers, (now - LOOK_BACK, now - ON_ITS_WAY), now),
        Seen::Lost { last_seen_at } => owe_unseen(conn, consumers, (last_seen_at - LOOK_BACK, now), now),
    })
}

fn owe_unseen(
    conn: &mut Connection,
    consumers: &[&str],
    (since, until): (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let again = loss_number(now);
    let (mut after, mut owed) = (None, 0);
    loop {
        let Scanned { mut unseen, last } = marks::scan_unseen(conn, consumers, since, after, SCAN_EVENTS)?;
        let Some(last) = last else { return Ok(owed) };
        after = Some(last);
        unseen.retain(|(_, id)| id.received_at() <= until);
        owed += unseen.len();
        for of_tenant in unseen.chunk_by(|(one, _), (next, _)| one == next) {
            for row in of_tenant.chunks(ROW_EVENTS) {
                let ids: Vec<EventId> = row.iter().map(|(_, id)| *id).collect();
                outbox::insert_again(conn, &row[0].0, &ids, again, now)?;
            }
        }
    }
}

/// Tells this loss from others within the stream's duplicate window: above 0, another each second.
fn loss_number(now: DateTime<Utc>) -> i16 {
    1 + i16::try_from(now.timestamp().rem_euclid(30_000)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use store::Role;
    use store::intake::accept;
    use testkit::database::Database;
    use testkit::world::{delivery_of, event, minute};

    use super::*;

    #[test]
    fn a_new_installation_owes_nothing_twice_and_a_lost_stream_everything_unseen() {
        let database = Database::fresh();
        let store = database.store(Role::App);
        let [earlier, just_now] = [1, 5].map(|at| event("deployment.finished", at, &serde_json::json!({})));
        let keeps = [earlier, just_now].map(delivery_of);
        accept(&mut store.open(Role::Ingest).expect("a connection"), &keeps).expect("kept");
        let mut conn = store.open(Role::Relay).expect("a connection");
        let mut look = |created_at, now| {
            let state = StreamState { created_at, first_seq: 0, last_seq: 0 };
            compare(&mut conn, "S", state, &["one"], now).expect("looked at")
        };
        let soon = minute(5) + TimeDelta::seconds(1);
        assert_eq!(look(minute(0), soon), 1, "the one that just came is on its way from memory");
        assert_eq!(look(minute(0), minute(6)), 0, "nothing was lost");
        assert_eq!(look(minute(7), minute(8)), 2, "another stream: nobody has processed either");
    }
}
