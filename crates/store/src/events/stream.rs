//! Events in the order of their commits, so that a reader that comes back misses none and sees none twice.
//!
//! Neither sequences nor UUIDv7 follow commit order: a reader that walks by id skips what commits late. Every event
//! carries its transaction's number; below `pg_snapshot_xmin` all transactions are over, so that the rows there are
//! final and (transaction, id) is an order that never changes in hindsight.

use std::fmt;
use std::str::FromStr;

use diesel::dsl::{IntoBoxed, Select, sql};
use diesel::expression::SqlLiteral;
use diesel::pg::Pg;
use diesel::sql_types::{BigInt, Bool, Text, Uuid as SqlUuid};
use diesel::{PgConnection, QueryDsl, QueryableByName, RunQueryDsl, Table, sql_query};
use domain::event::Event;
use domain::ids::TenantId;
use uuid::Uuid;

use super::{EventFilter, EventRow, matching};
use crate::StoreError;
use crate::schema::events;

/// What a row of the stream is read from: the event, and its transaction's number.
type Columns = (<events::table as Table>::AllColumns, SqlLiteral<Text>);

/// A place in commit order: everything up to and including it has been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub transaction: u64,
    pub id: Uuid,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.transaction, self.id)
    }
}

/// The text is no position.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a position is the `id` of an event of the stream, like 734.01938f5e-3f0a-7c11-9d4e-2f0a6b1c7e55")]
pub struct NotAPosition;

impl FromStr for Position {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let (transaction, id) = text.split_once('.').ok_or(NotAPosition)?;
        let transaction = transaction.parse().map_err(|_| NotAPosition)?;
        Ok(Self { transaction, id: Uuid::try_parse(id).map_err(|_| NotAPosition)? })
    }
}

/// One step along the stream.
#[derive(Debug, Default)]
pub struct Step {
    pub events: Vec<(Position, Event)>,
    /// Where the next step begins; `None`: nothing new is final.
    pub reached: Option<Position>,
    /// There is more already.
    pub more: bool,
}

#[derive(QueryableByName)]
struct Edge {
    #[diesel(sql_type = Text)]
    transaction: String,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Bool)]
    more: bool,
}

impl Edge {
    fn position(&self) -> Result<Position, StoreError> {
        let transaction = self.transaction.parse().map_err(|_| StoreError::Corrupt("a transaction number".into()))?;
        Ok(Position { transaction, id: self.id })
    }
}

/// What was committed when a reader began. Its first position may lie before some of that, because a transaction older
/// than they are was still open; the reader is not told of them all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past(String);

#[derive(QueryableByName)]
struct Snapshot {
    #[diesel(sql_type = Text)]
    snapshot: String,
}

/// The present: what is committed from now on comes after the position and is not in the past.
pub fn now(conn: &mut PgConnection) -> Result<(Position, Past), StoreError> {
    let Snapshot { snapshot } = sql_query("select pg_current_snapshot()::text as snapshot").get_result(conn)?;
    // `xmin:xmax:…`: all transactions below the first number are over.
    let oldest_open = snapshot.split(':').next().and_then(|xmin| xmin.parse().ok());
    let transaction = oldest_open.ok_or_else(|| StoreError::Corrupt("a snapshot".into()))?;
    Ok((Position { transaction, id: Uuid::nil() }, Past(snapshot)))
}

/// The next events after `after` that are not of the `past`, looking at no more than `most` rows of all tenants.
pub fn step(
    conn: &mut PgConnection,
    tenant: &TenantId,
    filter: &EventFilter,
    (after, past): (Position, Option<&Past>),
    most: i64,
) -> Result<Step, StoreError> {
    let edge: Edge = sql_query(EDGE)
        .bind::<Text, _>(after.transaction.to_string())
        .bind::<SqlUuid, _>(after.id)
        .bind::<BigInt, _>(most.max(1) - 1)
        .get_result(conn)?;
    let (reached, more) = (edge.position()?, edge.more);
    if reached <= after {
        return Ok(Step::default());
    }
    let mut rows = between(tenant, filter, after, reached);
    if let Some(Past(snapshot)) = past {
        let later = sql::<Bool>("not pg_visible_in_snapshot(committed_by, ").bind::<Text, _>(snapshot.clone());
        rows = rows.filter(later.sql("::pg_snapshot)"));
    }
    let rows = rows.load::<(EventRow, String)>(conn)?;
    let events = rows.into_iter().map(placed).collect::<Result<_, _>>()?;
    Ok(Step { events, reached: Some(reached), more })
}

/// The last of the next rows, or the beginning of what is not final yet.
pub(super) const EDGE: &str = "
with bound as (select pg_snapshot_xmin(pg_current_snapshot()) as xmin)
select coalesce(last.committed_by, bound.xmin)::text as transaction,
       coalesce(last.id, '00000000-0000-0000-0000-000000000000'::uuid) as id,
       last.id is not null as more
from bound left join lateral (
  select committed_by, id from events
  where (committed_by, id) > ($1::xid8, $2) and committed_by < bound.xmin
  order by committed_by, id offset $3 limit 1) last on true";

fn placed((row, transaction): (EventRow, String)) -> Result<(Position, Event), StoreError> {
    let transaction = transaction.parse().map_err(|_| StoreError::Corrupt("a transaction number".into()))?;
    Ok((Position { transaction, id: row.id }, row.try_into()?))
}

/// The rows that a filter lets through between two positions, in commit order.
pub(super) fn between(
    tenant: &TenantId,
    filter: &EventFilter,
    after: Position,
    until: Position,
) -> IntoBoxed<'static, Select<events::table, Columns>, Pg> {
    let beyond = |sign: &'static str, position: Position| {
        sql::<Bool>(sign)
            .bind::<Text, _>(position.transaction.to_string())
            .sql("::xid8, ")
            .bind::<SqlUuid, _>(position.id)
            .sql(")")
    };
    matching(tenant, filter)
        .filter(beyond("(committed_by, id) > (", after))
        .filter(beyond("(committed_by, id) <= (", until))
        .order((sql::<Text>("committed_by"), events::id))
        .select((events::all_columns, sql::<Text>("committed_by::text")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_read_back_what_they_print() {
        let position = Position { transaction: u64::MAX, id: Uuid::from_u128(7) };
        assert_eq!(position.to_string().parse(), Ok(position));
        for bad in ["", "7", "7.", ".x", "-1.00000000-0000-0000-0000-000000000000", "7.x"] {
            assert_eq!(bad.parse::<Position>(), Err(NotAPosition), "{bad}");
        }
    }
}
