//! The pace of what we say to Slack, for all processes together: a channel takes one message a second, and a method that
//! Slack wants to rest rests.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{Bool, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};

use crate::{StoreError, statement};

/// Between two messages of one channel.
const BETWEEN: TimeDelta = TimeDelta::seconds(1);
/// New messages.
pub const POST: &str = "chat.postMessage";
/// Messages that are written anew.
pub const UPDATE: &str = "chat.update";

statement! {
    /// Takes the turn, unless it is another's still.
    struct Turn<'a> { what: Text = &'a str, until: Timestamptz = DateTime<Utc>, now: Timestamptz = DateTime<Utc> }
    returns ();
    "insert into slack_paces as pace (tenant_id, what, until) values ('*', ?, ?)
     on conflict (tenant_id, what) do update set until = excluded.until where pace.until <= ?"
}

statement! {
    struct Rest<'a> { what: Text = &'a str, until: Timestamptz = DateTime<Utc> }
    returns ();
    "insert into slack_paces as pace (tenant_id, what, until) values ('*', ?, ?)
     on conflict (tenant_id, what) do update set until = greatest(pace.until, excluded.until)"
}

statement! {
    struct Rests<'a> { what: Text = &'a str, now: Timestamptz = DateTime<Utc> }
    returns (Bool,);
    "select exists (select from slack_paces where tenant_id = '*' and what = ? and until > ?)"
}

statement! {
    /// A channel's name stands for this id from now on.
    struct Known<'a> { name: Text = &'a str, until: Timestamptz = DateTime<Utc>, channel: Text = &'a str }
    returns ();
    "insert into slack_paces as pace (tenant_id, what, until, channel) values ('*', ?, ?, ?)
     on conflict (tenant_id, what) do update set channel = excluded.channel where pace.channel is distinct from excluded.channel"
}

/// Takes the turn to say something in a channel; `false`: the channel still rests from the last time.
pub(super) fn turn(conn: &mut PgConnection, channel: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
    Ok(Turn { what: channel, until: now + BETWEEN, now }.execute(conn)? == 1)
}

/// Takes the turn to write a message of this channel anew; `false`: not now.
pub fn update_turn(conn: &mut PgConnection, channel: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let (rests,): (bool,) = Rests { what: UPDATE, now }.get_result(conn)?;
    if rests { Ok(false) } else { turn(conn, &format!("{UPDATE} {channel}"), now) }
}

/// Lets a method or a channel rest.
pub fn rest(conn: &mut PgConnection, what: &str, until: DateTime<Utc>) -> Result<(), StoreError> {
    Rest { what, until }.execute(conn)?;
    Ok(())
}

/// Something was said at a place, and this is its channel: both have had their turn.
pub(super) fn said(conn: &mut PgConnection, place: &str, channel: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    if place != channel {
        Known { name: place, until: now, channel }.execute(conn)?;
        rest(conn, channel, now + BETWEEN)?;
    }
    Ok(())
}
