//! How far each stream was when we last looked: a stream that is younger or shorter than that has lost messages.

use chrono::{DateTime, Utc};
use diesel::{Connection, ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, RunQueryDsl};

use crate::StoreError;
use crate::schema::stream_watermarks;

/// What a look at a stream shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nobody has looked before.
    First,
    /// It went on from where it was.
    Same,
    /// It was made anew, or its sequence went back: what it had at `last_seen_at` may be gone. Only one caller of many
    /// is told so: the work that follows belongs into the same transaction.
    Lost { last_seen_at: DateTime<Utc> },
}

/// Notes the stream's state and compares it with the last one. `now` is from before the look.
pub fn observe(
    conn: &mut PgConnection,
    stream: &str,
    created_at: DateTime<Utc>,
    last_seq: u64,
    now: DateTime<Utc>,
) -> Result<Seen, StoreError> {
    use stream_watermarks as seen;
    let last_seq = i64::try_from(last_seq).unwrap_or(i64::MAX);
    conn.transaction(|conn| {
        let row = (
            seen::stream.eq(stream),
            seen::created_at.eq(created_at),
            seen::last_seq.eq(last_seq),
            seen::seen_at.eq(now),
        );
        let made = diesel::insert_into(seen::table).values(row).on_conflict_do_nothing().execute(conn)?;
        if made == 1 {
            return Ok(Seen::First);
        }
        let known: Option<(DateTime<Utc>, i64, DateTime<Utc>)> = seen::table
            .filter(seen::stream.eq(stream))
            .select((seen::created_at, seen::last_seq, seen::seen_at))
            .for_update()
            .first(conn)
            .optional()?;
        let Some((known_created_at, known_last_seq, last_seen_at)) = known else { return Ok(Seen::First) };
        if last_seen_at > now {
            // A slower caller with an older look: the row knows better.
            return Ok(Seen::Same);
        }
        let lost = known_created_at != created_at || last_seq < known_last_seq;
        let ours = seen::table.filter(seen::stream.eq(stream));
        let row = (seen::created_at.eq(created_at), seen::last_seq.eq(last_seq), seen::seen_at.eq(now));
        diesel::update(ours).set(row).execute(conn)?;
        Ok(if lost { Seen::Lost { last_seen_at } } else { Seen::Same })
    })
}
