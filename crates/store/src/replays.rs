//! Stored deliveries, to be normalized again, and what takes the place of their events.
//!
//! The same delivery gives the same event ids: events that changed are written over ([`renew`]), those that are not
//! produced any more go, and all are owed to the bus under the replay's id, in one transaction with the job's progress.
//! Where retention has dropped what was sent, the stored events are all there is: they are owed as they are
//! ([`next_orphans`], [`owe`]).

mod renew;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Nullable, Text, Uuid as SqlUuid};
use diesel::{ExpressionMethods, PgConnection, QueryDsl, RunQueryDsl};
use domain::ids::{DeliveryId, EventId, ReplayId, TenantId};
use serde_json::Value;
use uuid::Uuid;

pub use renew::{Renewed, owe, renew};

use crate::StoreError;
use crate::intake::unpack;
use crate::jobs::Replay;
use crate::schema::deliveries;

/// A delivery as it was stored, with the ids of its events.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    pub id: DeliveryId,
    pub source: String,
    pub kind: String,
    /// `[[name, value], …]`.
    pub headers: Value,
    pub body: Vec<u8>,
    pub traceparent: Option<String>,
    pub events: Vec<EventId>,
    /// The types of its events.
    pub kinds: Vec<String>,
}

impl Stored {
    /// Whether a replay wants it, by the types of its events. Asked after loading, so that every chunk moves on.
    pub fn is_wanted(&self, replay: &Replay) -> bool {
        Scope::of(replay).kind.is_none_or(|prefix| self.kinds.iter().any(|kind| kind.starts_with(prefix)))
    }
}

type Row = (Uuid, String, String, Value, Vec<u8>, i16, i32);

/// The next deliveries of a replay by id, at most `limit`; `after` is the last of the chunk before.
pub fn next_deliveries(
    conn: &mut PgConnection,
    tenant: &TenantId,
    replay: &Replay,
    after: Option<DeliveryId>,
    limit: i64,
) -> Result<Vec<Stored>, StoreError> {
    use deliveries as d;
    let scope = Scope::of(replay);
    let mut query = d::table
        .filter(d::tenant_id.eq(tenant.as_str()))
        .filter(d::received_at.ge(after.map_or(scope.from, |after| after.received_at().max(scope.from))))
        .filter(d::received_at.lt(scope.to))
        .filter(d::id.gt(after.map_or(Uuid::nil(), |after| after.0)))
        .into_boxed();
    if let Some(delivery) = scope.delivery {
        query = query.filter(d::id.eq(delivery.0));
    }
    if let Some(source) = scope.source {
        query = query.filter(d::source.eq(source));
    }
    let columns = (d::id, d::source, d::kind, d::headers, d::body, d::body_encoding, d::body_bytes);
    let rows: Vec<Row> = query.order((d::received_at, d::id)).limit(limit).select(columns).load(conn)?;
    let ids: Vec<DeliveryId> = rows.iter().map(|row| DeliveryId(row.0)).collect();
    let told = events_of(conn, tenant, &ids)?;
    let mut stored = Vec::with_capacity(rows.len());
    for (id, source, kind, headers, body, encoding, length) in rows {
        let mine = || told.iter().filter(|told| told.delivery == id);
        stored.push(Stored {
            id: DeliveryId(id),
            source,
            kind,
            headers,
            body: unpack(body, encoding, length)?,
            traceparent: mine().find_map(|told| told.traceparent.clone()),
            events: mine().map(|told| EventId(told.id)).collect(),
            kinds: mine().map(|told| told.kind.clone()).collect(),
        });
    }
    Ok(stored)
}

/// A page of events in a replay's scope, and those of them whose delivery retention has dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Orphans {
    /// The last event that was looked at; `None`: there are no more.
    pub last: Option<EventId>,
    pub events: Vec<EventId>,
}

/// Looks at the next events of a replay's scope, at most `limit`.
pub fn next_orphans(
    conn: &mut PgConnection,
    tenant: &TenantId,
    replay: &Replay,
    after: Option<EventId>,
    limit: i64,
) -> Result<Orphans, StoreError> {
    use deliveries as d;
    let scope = Scope::of(replay);
    let page: Vec<(Uuid, Uuid)> = Page {
        tenant: tenant.as_str(),
        first: first_id(scope.from),
        end: first_id(scope.to),
        after: after.map_or(Uuid::nil(), |after| after.0),
        source: scope.source,
        source_again: scope.source,
        kind: scope.kind,
        kind_again: scope.kind,
        delivery: scope.delivery.map(|delivery| delivery.0),
        delivery_again: scope.delivery.map(|delivery| delivery.0),
        limit,
    }
    .load(conn)?;
    let of_events: Vec<Uuid> = page.iter().map(|(_, delivery)| *delivery).collect();
    let times: Vec<DateTime<Utc>> = of_events.iter().map(|id| DeliveryId(*id).received_at()).collect();
    let there: Vec<Uuid> = d::table
        .filter(d::tenant_id.eq(tenant.as_str()))
        .filter(d::received_at.eq_any(times))
        .filter(d::id.eq_any(of_events))
        .select(d::id)
        .load(conn)?;
    let orphans = page.iter().filter(|(_, delivery)| !there.contains(delivery)).map(|(id, _)| EventId(*id)).collect();
    Ok(Orphans { last: page.last().map(|(id, _)| EventId(*id)), events: orphans })
}

crate::statement! {
    struct Page<'a> {
        tenant: Text = &'a str,
        first: SqlUuid = Uuid,
        end: SqlUuid = Uuid,
        after: SqlUuid = Uuid,
        source: Nullable<Text> = Option<&'a str>,
        source_again: Nullable<Text> = Option<&'a str>,
        kind: Nullable<Text> = Option<&'a str>,
        kind_again: Nullable<Text> = Option<&'a str>,
        delivery: Nullable<SqlUuid> = Option<Uuid>,
        delivery_again: Nullable<SqlUuid> = Option<Uuid>,
        limit: BigInt = i64,
    }
    returns (SqlUuid, SqlUuid);
    "select id, delivery_id from events
     where tenant_id = ? and id >= ? and id < ? and id > ? and (? is null or integration = ?)
       and (? is null or starts_with(type, ?)) and (? is null or delivery_id = ?)
     order by id limit ?"
}

/// A replay's bounds, whichever way it was asked for.
struct Scope<'a> {
    delivery: Option<DeliveryId>,
    source: Option<&'a str>,
    kind: Option<&'a str>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl<'a> Scope<'a> {
    fn of(replay: &'a Replay) -> Self {
        match replay {
            Replay::One { delivery } => {
                let from = delivery.received_at();
                let to = from + chrono::TimeDelta::milliseconds(1);
                Self { delivery: Some(*delivery), source: None, kind: None, from, to }
            }
            Replay::Range { source, r#type, from, to } => {
                Self { delivery: None, source: source.as_deref(), kind: r#type.as_deref(), from: *from, to: *to }
            }
        }
    }
}

/// The lowest id of a time.
fn first_id(time: DateTime<Utc>) -> Uuid {
    ReplayId::new(time, [0; 16]).0
}

#[derive(diesel::QueryableByName)]
struct Told {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    delivery: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    traceparent: Option<String>,
}

/// The events of some deliveries. Their ids begin with the deliveries' times: that finds them without an index.
fn events_of(conn: &mut PgConnection, tenant: &TenantId, ids: &[DeliveryId]) -> Result<Vec<Told>, StoreError> {
    let first: Vec<Uuid> = ids.iter().map(|id| first_id(id.received_at())).collect();
    let end: Vec<Uuid> = ids.iter().map(|id| first_id(id.received_at() + chrono::TimeDelta::milliseconds(1))).collect();
    let told = diesel::sql_query(
        "select e.id, e.delivery_id as delivery, e.type as kind, e.traceparent
         from unnest($1, $2, $3) as k (delivery_id, first, past)
         join events e on e.id >= k.first and e.id < k.past and e.delivery_id = k.delivery_id
         where e.tenant_id = $4 order by e.id",
    )
    .bind::<Array<SqlUuid>, _>(ids.iter().map(|id| id.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(first)
    .bind::<Array<SqlUuid>, _>(end)
    .bind::<Text, _>(tenant.as_str())
    .load(conn)?;
    Ok(told)
}
