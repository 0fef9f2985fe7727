//! Walks over stored deliveries by id: looks at many without their bytes, loads those that are wanted, with their events.
//!
//! A chunk is bounded by deliveries looked at, by deliveries loaded and by bytes: neither a long table nor large bodies
//! make a statement long or a process large.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Binary, Integer, Json, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{ExpressionMethods, PgConnection, QueryDsl, Queryable, RunQueryDsl, sql_query};
use domain::ids::{DeliveryId, TenantId};
use serde_json::Value;
use uuid::Uuid;

use super::{Scope, first_id};
use crate::StoreError;
use crate::events::EventRow;
use crate::intake::unpack;
use crate::jobs::Replay;
use crate::schema::deliveries;

/// Deliveries of a chunk that are looked at.
const MOST_SEEN: i64 = 2048;
/// Deliveries of a chunk that are loaded.
const MOST_LOADED: usize = 256;
/// Bytes of their bodies together; one that is larger comes alone.
const MOST_BYTES: i64 = 32 << 20;

/// A delivery before its bytes are loaded.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Seen {
    pub id: Uuid,
    pub source: String,
    /// The version of the mapping that read it.
    pub mapping_version: i32,
    pub body_bytes: i32,
}

/// A delivery as it was stored, with its events.
#[derive(Clone, Debug)]
pub struct Stored {
    pub id: DeliveryId,
    pub source: String,
    pub kind: String,
    /// The version of the mapping that read it.
    pub mapping_version: i32,
    /// `[[name, value], …]`.
    pub headers: Value,
    pub body: Vec<u8>,
    /// As they stand in their rows, by id.
    pub events: Vec<EventRow>,
}

impl Stored {
    /// Whether a replay wants it, by the types of its events. Asked after loading, so that every chunk moves on.
    pub fn is_wanted(&self, replay: &Replay) -> bool {
        Scope::of(replay).kind.is_none_or(|prefix| self.events.iter().any(|event| event.kind.starts_with(prefix)))
    }

    /// The trace that its events belong to.
    pub fn traceparent(&self) -> Option<&str> {
        self.events.iter().find_map(|event| event.traceparent.as_deref())
    }
}

/// Some steps of a walk.
#[derive(Debug)]
pub struct Chunk {
    /// Those that were looked at, by id.
    pub seen: Vec<Seen>,
    /// Those of them that were wanted.
    pub stored: Vec<Stored>,
    /// There are no more.
    pub done: bool,
}

impl Chunk {
    /// The last one that was looked at.
    pub fn last(&self) -> Option<DeliveryId> {
        self.seen.last().map(|seen| DeliveryId(seen.id))
    }
}

/// The next deliveries of a replay by id; `after` is the last of the chunk before. Only those that `wants` are loaded.
pub fn next_deliveries(
    conn: &mut PgConnection,
    tenant: &TenantId,
    replay: &Replay,
    after: Option<DeliveryId>,
    wants: impl Fn(&Seen) -> bool,
) -> Result<Chunk, StoreError> {
    let mut seen = look(conn, tenant, replay, after)?;
    let (mut passed, mut bytes) = (0, 0);
    let mut wanted = Vec::new();
    for one in &seen {
        if wants(one) {
            bytes += i64::from(one.body_bytes);
            if wanted.len() == MOST_LOADED || !wanted.is_empty() && bytes > MOST_BYTES {
                break;
            }
            wanted.push(DeliveryId(one.id));
        }
        passed += 1;
    }
    let done = passed == seen.len() && seen.len() < MOST_SEEN as usize;
    seen.truncate(passed);
    Ok(Chunk { stored: load(conn, tenant, &wanted)?, seen, done })
}

fn look(
    conn: &mut PgConnection,
    tenant: &TenantId,
    replay: &Replay,
    after: Option<DeliveryId>,
) -> Result<Vec<Seen>, StoreError> {
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
    let columns = (d::id, d::source, d::mapping_version, d::body_bytes);
    Ok(query.order((d::received_at, d::id)).limit(MOST_SEEN).select(columns).load(conn)?)
}

type Row = (Uuid, String, String, i32, Value, Vec<u8>, i16, i32);

crate::statement! {
    struct Load<'a> {
        id: Array<SqlUuid> = Vec<Uuid>,
        received_at: Array<Timestamptz> = Vec<DateTime<Utc>>,
        tenant: Text = &'a str,
    }
    returns (SqlUuid, Text, Text, Integer, Json, Binary, SmallInt, Integer);
    "select d.id, d.source, d.kind, d.mapping_version, d.headers, d.body, d.body_encoding, d.body_bytes
     from unnest(?, ?) as k (id, received_at)
     join deliveries d on d.received_at = k.received_at and d.id = k.id
     where d.tenant_id = ? order by d.received_at, d.id"
}

/// Loads deliveries whole, by id.
fn load(conn: &mut PgConnection, tenant: &TenantId, ids: &[DeliveryId]) -> Result<Vec<Stored>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = Load {
        id: ids.iter().map(|id| id.0).collect(),
        received_at: ids.iter().map(DeliveryId::received_at).collect(),
        tenant: tenant.as_str(),
    }
    .load(conn)?;
    let mut told = events_of(conn, tenant, ids)?;
    let mut stored = Vec::with_capacity(rows.len());
    for (id, source, kind, mapping_version, headers, body, encoding, length) in rows {
        stored.push(Stored {
            id: DeliveryId(id),
            source,
            kind,
            mapping_version,
            headers,
            body: unpack(body, encoding, length)?,
            events: told.extract_if(.., |event| event.delivery_id == id).collect(),
        });
    }
    Ok(stored)
}

/// The events of some deliveries. Their ids begin with the deliveries' times: that finds them without an index.
fn events_of(conn: &mut PgConnection, tenant: &TenantId, ids: &[DeliveryId]) -> Result<Vec<EventRow>, StoreError> {
    let first: Vec<Uuid> = ids.iter().map(|id| first_id(id.received_at())).collect();
    let end: Vec<Uuid> = ids.iter().map(|id| first_id(id.received_at() + chrono::TimeDelta::milliseconds(1))).collect();
    let told = sql_query(
        "select e.*
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
