//! What is committed and not yet acknowledged by the bus: one row per commit and tenant.
//!
//! A row names the events of one commit. It is deleted when the bus has acknowledged all of them; a row left behind by
//! a crash or an outage is leased by the sweep, one process at a time, and published again. Publishing twice is
//! harmless (same message ids, consumers' marks), publishing never is not.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{Array, BigInt, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{ExpressionMethods, PgConnection, QueryDsl, QueryableByName, RunQueryDsl, sql_query};
use domain::event::Event;
use domain::ids::{EventId, ReplayId, TenantId};
use uuid::Uuid;

use crate::StoreError;
use crate::events::EventRow;
use crate::intake::Keep;
use crate::schema::{events, outbox};

/// Events of one commit and tenant, with the outbox row that owes them to the bus.
#[derive(Clone, Debug)]
pub struct Committed {
    pub outbox_id: Uuid,
    pub events: Vec<Event>,
}

impl Committed {
    /// What a batch owes, as the batch statement wrote it: the events of those deliveries that were new.
    pub(crate) fn by_tenant(batch: &[&Keep], is_new: impl Fn(&Keep) -> bool) -> Vec<Committed> {
        let mut of_tenant: BTreeMap<&str, Vec<Event>> = BTreeMap::new();
        for keep in batch.iter().filter(|keep| !keep.events.is_empty() && is_new(keep)) {
            of_tenant.entry(keep.tenant.as_str()).or_default().extend(keep.events.iter().cloned());
        }
        let rows = outbox_rows(batch);
        let with_id =
            |(tenant, outbox_id): (&str, Uuid)| Some(Committed { outbox_id, events: of_tenant.remove(tenant)? });
        rows.into_iter().filter_map(with_id).collect()
    }
}

/// The outbox rows of a batch: one per tenant, with an id that follows from the tenant's last delivery in it.
pub(crate) fn outbox_rows<'a>(keeps: &[&'a Keep]) -> Vec<(&'a str, Uuid)> {
    let last_of: BTreeMap<&str, Uuid> =
        keeps.iter().map(|keep| (keep.tenant.as_str(), keep.id.event(usize::MAX).0)).collect();
    last_of.into_iter().collect()
}

/// A row that was left behind, leased to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    pub outbox_id: Uuid,
    pub tenant: TenantId,
    pub event_ids: Vec<EventId>,
    pub replay: Option<ReplayId>,
    /// Above 0 when the stream lost these messages: they go out under other message ids.
    pub again: i16,
}

#[derive(QueryableByName)]
struct OwedRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    tenant_id: String,
    #[diesel(sql_type = Array<SqlUuid>)]
    event_ids: Vec<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    replay_id: Option<Uuid>,
    #[diesel(sql_type = SmallInt)]
    again: i16,
}

/// Leases up to `limit` of the oldest rows that are older than `older_than` and leased to nobody.
pub fn lease(
    conn: &mut PgConnection,
    older_than: DateTime<Utc>,
    now: DateTime<Utc>,
    lease: TimeDelta,
    limit: i64,
) -> Result<Vec<Owed>, StoreError> {
    let rows: Vec<OwedRow> = sql_query(
        "update outbox set leased_until = $1 where id in (
           select id from outbox where created_at <= $2 and (leased_until is null or leased_until < $3)
           order by created_at limit $4 for update skip locked)
         returning id, tenant_id, event_ids, replay_id, again",
    )
    .bind::<Timestamptz, _>(now + lease)
    .bind::<Timestamptz, _>(older_than)
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(limit)
    .load(conn)?;
    rows.into_iter().map(owed).collect()
}

fn owed(row: OwedRow) -> Result<Owed, StoreError> {
    let tenant = row.tenant_id.parse().map_err(|_| StoreError::Corrupt("an outbox row of no tenant".into()))?;
    Ok(Owed {
        outbox_id: row.id,
        tenant,
        event_ids: row.event_ids.into_iter().map(EventId).collect(),
        replay: row.replay_id.map(ReplayId),
        again: row.again,
    })
}

/// The events that a row owes, as they are now: a replay may have changed or removed some.
pub fn events_of(conn: &mut PgConnection, owed: &Owed) -> Result<Vec<Event>, StoreError> {
    let ids: Vec<Uuid> = owed.event_ids.iter().map(|id| id.0).collect();
    let rows: Vec<EventRow> = events::table
        .filter(events::tenant_id.eq(owed.tenant.as_str()))
        .filter(events::id.eq_any(ids))
        .order(events::id)
        .load(conn)?;
    rows.into_iter().map(Event::try_from).collect()
}

crate::statement! {
    /// Deletes rows whose events the bus has.
    struct Clear<'a> { ids: Array<SqlUuid> = &'a [Uuid] }
    returns ();
    "delete from outbox where id = any(?)"
}

/// The bus has these: nothing is owed any more.
pub fn clear(conn: &mut PgConnection, ids: &[Uuid]) -> Result<(), StoreError> {
    Clear { ids }.execute(conn)?;
    Ok(())
}

/// The leases were of no use (the bus does not answer): anybody may try again.
pub fn release(conn: &mut PgConnection, ids: &[Uuid]) -> Result<(), StoreError> {
    let none: Option<DateTime<Utc>> = None;
    diesel::update(outbox::table.filter(outbox::id.eq_any(ids))).set(outbox::leased_until.eq(none)).execute(conn)?;
    Ok(())
}

/// Owes events to the bus once more, as part of a replay.
pub fn insert_replay(
    conn: &mut PgConnection,
    tenant: &TenantId,
    events: &[EventId],
    replay: ReplayId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    insert(conn, tenant, events, Some(replay), 0, now)
}

/// Owes events to the bus again because the stream lost them; `again` tells this loss from earlier ones.
pub fn insert_again(
    conn: &mut PgConnection,
    tenant: &TenantId,
    events: &[EventId],
    again: i16,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    insert(conn, tenant, events, None, again, now)
}

fn insert(
    conn: &mut PgConnection,
    tenant: &TenantId,
    events: &[EventId],
    replay: Option<ReplayId>,
    again: i16,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = events.iter().map(|event| event.0).collect();
    diesel::insert_into(outbox::table)
        .values((
            outbox::tenant_id.eq(tenant.as_str()),
            outbox::event_ids.eq(ids),
            outbox::replay_id.eq(replay.map(|replay| replay.0)),
            outbox::again.eq(again),
            outbox::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// What is owed: rows, and the age of the oldest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backlog {
    pub rows: i64,
    pub oldest: Option<DateTime<Utc>>,
}

impl Backlog {
    /// How long the oldest row has waited; 0 when nothing is owed.
    pub fn age_seconds(&self, now: DateTime<Utc>) -> f64 {
        let waited = self.oldest.map_or(0, |oldest| (now - oldest).num_milliseconds().max(0));
        waited as f64 / 1000.0
    }
}

/// For the gauges `outbox_rows` and `outbox_oldest_seconds`.
pub fn backlog(conn: &mut PgConnection) -> Result<Backlog, StoreError> {
    let (rows, oldest) =
        outbox::table.select((diesel::dsl::count_star(), diesel::dsl::min(outbox::created_at))).first(conn)?;
    Ok(Backlog { rows, oldest })
}
