//! Events whose delivery retention has dropped: they cannot be normalized again.

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Nullable, Text, Uuid as SqlUuid};
use diesel::{ExpressionMethods, PgConnection, QueryDsl, RunQueryDsl};
use domain::ids::{DeliveryId, EventId, TenantId};
use uuid::Uuid;

use super::{Scope, first_id};
use crate::StoreError;
use crate::jobs::Replay;
use crate::schema::deliveries;

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
    let there: std::collections::HashSet<Uuid> = there.into_iter().collect();
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
