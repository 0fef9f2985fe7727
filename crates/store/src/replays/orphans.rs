//! Events whose delivery retention has dropped: they cannot be normalized again.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{PgConnection, RunQueryDsl};
use domain::ids::{DeliveryId, EventId, TenantId};
use uuid::Uuid;

use super::{Scope, first_id};
use crate::StoreError;
use crate::jobs::Replay;

/// A page of events in a replay's scope, and those of them whose delivery is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Orphans {
    /// The last event that was looked at; `None`: there are no more.
    pub last: Option<EventId>,
    pub events: Vec<(EventId, DeliveryId)>,
}

/// Looks at the next events of a replay's scope, at most `limit`.
pub fn next_orphans(
    conn: &mut PgConnection,
    tenant: &TenantId,
    replay: &Replay,
    after: Option<EventId>,
    limit: i64,
) -> Result<Orphans, StoreError> {
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
    let of_events: Vec<DeliveryId> = page.iter().map(|(_, delivery)| DeliveryId(*delivery)).collect();
    let there: Vec<(Uuid,)> = There {
        id: of_events.iter().map(|id| id.0).collect(),
        received_at: of_events.iter().map(DeliveryId::received_at).collect(),
        tenant: tenant.as_str(),
    }
    .load(conn)?;
    let there: HashSet<Uuid> = there.into_iter().map(|(id,)| id).collect();
    let last = page.last().map(|(id, _)| EventId(*id));
    let orphans = page.into_iter().filter(|(_, delivery)| !there.contains(delivery));
    Ok(Orphans { last, events: orphans.map(|(id, delivery)| (EventId(id), DeliveryId(delivery))).collect() })
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

crate::statement! {
    struct There<'a> {
        id: Array<SqlUuid> = Vec<Uuid>,
        received_at: Array<Timestamptz> = Vec<DateTime<Utc>>,
        tenant: Text = &'a str,
    }
    returns (SqlUuid,);
    "select d.id
     from (select distinct id, received_at from unnest(?, ?) as k (id, received_at)) k
     join deliveries d on d.received_at = k.received_at and d.id = k.id
     where d.tenant_id = ?"
}
