//! Writes a chunk of a replay: renewed events, what is owed to the bus, and the job's progress, in one transaction.

use chrono::{DateTime, Days, Utc};
use diesel::sql_types::{Array, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{Connection, ExpressionMethods, PgConnection, QueryDsl, RunQueryDsl};
use domain::event::Event;
use domain::ids::{DeliveryId, EventId, Mark, ReplayId};
use serde_json::Value;
use uuid::Uuid;

use crate::job_leases::{Leased, note_progress};
use crate::retention::MARKS_DAYS;
use crate::schema::events;
use crate::{StoreError, dead_letters, marks, outbox};

/// What a delivery means now, and what that changes.
#[derive(Clone, Debug)]
pub struct Renewed {
    pub delivery: DeliveryId,
    pub mapping_version: i32,
    /// How many events it has now.
    pub event_count: usize,
    pub is_unmapped: bool,
    /// Events that it did not have.
    pub added: Vec<Event>,
    /// Events that say something else now.
    pub altered: Vec<Event>,
    /// Events that it has no more.
    pub removed: Vec<EventId>,
    /// What every consumer is to process once more.
    pub owed: Vec<EventId>,
}

/// Writes what changed in a chunk and owes what is owed to the bus. `false`: the job is not ours any more, nothing was
/// written. `consumers` are all that there are: none of them processes what was on its way and says something else now.
pub fn renew(
    conn: &mut PgConnection,
    job: &Leased,
    chunk: &[Renewed],
    consumers: &[&str],
    progress: &Value,
    (now, leased_until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, StoreError> {
    conn.transaction(|conn| {
        if !note_progress(conn, job, progress, leased_until)? {
            return Ok(false);
        }
        let gone: Vec<EventId> = chunk.iter().flat_map(|renewed| &renewed.removed).copied().collect();
        let altered = chunk.iter().flat_map(|renewed| renewed.altered.iter().map(|event| event.id));
        supersede(conn, job, consumers, altered.chain(gone.iter().copied()), now)?;
        let of_tenant = events::table.filter(events::tenant_id.eq(job.tenant.as_str()));
        diesel::delete(of_tenant.filter(events::id.eq_any(gone.iter().map(|id| id.0)))).execute(conn)?;
        let written: Vec<&Event> =
            chunk.iter().flat_map(|renewed| renewed.added.iter().chain(&renewed.altered)).collect();
        if !written.is_empty() {
            upsert(&written).execute(conn)?;
        }
        note_deliveries(job, chunk).execute(conn)?;
        let owed: Vec<EventId> = chunk.iter().flat_map(|renewed| &renewed.owed).copied().collect();
        outbox::insert_replay(conn, &job.tenant, &owed, ReplayId(job.id), now)?;
        let answered: Vec<EventId> = owed.into_iter().chain(gone).collect();
        dead_letters::mark_replayed(conn, &job.tenant, &answered, now)?;
        Ok(true)
    })
}

/// A message that is still on its way says what its event said before: it counts as processed. A consumer that has it
/// in hand is waited for, because its mark is there first. Messages without a mark of ours are older than the stream.
fn supersede(
    conn: &mut PgConnection,
    job: &Leased,
    consumers: &[&str],
    ids: impl Iterator<Item = EventId>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let oldest = now - Days::new(u64::from(MARKS_DAYS));
    let mut marks: Vec<Mark> =
        ids.filter(|id| id.received_at() > oldest).map(|event| Mark { event, replay: None }).collect();
    marks.sort_unstable();
    if !marks.is_empty() {
        for consumer in consumers {
            marks::insert(conn, consumer, marks.iter().map(|mark| (&job.tenant, *mark)))?;
        }
    }
    Ok(())
}

/// Owes stored events to the bus as they are. `false`: the job is not ours any more, nothing was written.
pub fn owe(
    conn: &mut PgConnection,
    job: &Leased,
    ids: &[EventId],
    progress: &Value,
    (now, leased_until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, StoreError> {
    conn.transaction(|conn| {
        if !note_progress(conn, job, progress, leased_until)? {
            return Ok(false);
        }
        outbox::insert_replay(conn, &job.tenant, ids, ReplayId(job.id), now)?;
        dead_letters::mark_replayed(conn, &job.tenant, ids, now)?;
        Ok(true)
    })
}

crate::statement! {
    struct Upsert<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        id: Array<SqlUuid> = Vec<Uuid>,
        delivery: Array<SqlUuid> = Vec<Uuid>,
        integration: Array<Text> = Vec<&'a str>,
        source: Array<Text> = Vec<&'a str>,
        kind: Array<Text> = Vec<&'a str>,
        subject: Array<Text> = Vec<&'a str>,
        time: Array<Timestamptz> = Vec<DateTime<Utc>>,
        repo: Array<Nullable<Text>> = Vec<Option<&'a str>>,
        service: Array<Nullable<Text>> = Vec<Option<&'a str>>,
        environment: Array<Nullable<Text>> = Vec<Option<&'a str>>,
        actor: Array<Nullable<Text>> = Vec<Option<&'a str>>,
        traceparent: Array<Nullable<Text>> = Vec<Option<&'a str>>,
        data: Array<Text> = Vec<&'a str>,
    }
    returns ();
    "insert into events (tenant_id, id, delivery_id, integration, source, type, subject, time, repo, service, environment,
                         actor, traceparent, data)
     select tenant_id, id, delivery_id, integration, source, type, subject, time, repo, service, environment, actor,
            traceparent, data::json
     from unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       as n (tenant_id, id, delivery_id, integration, source, type, subject, time, repo, service, environment, actor,
             traceparent, data)
     order by id
     on conflict (id) do update set integration = excluded.integration, source = excluded.source, type = excluded.type,
       subject = excluded.subject, time = excluded.time, repo = excluded.repo, service = excluded.service,
       environment = excluded.environment, actor = excluded.actor, data = excluded.data"
}

fn upsert<'a>(events: &[&'a Event]) -> Upsert<'a> {
    Upsert {
        tenant: events.iter().map(|event| event.tenant.as_str()).collect(),
        id: events.iter().map(|event| event.id.0).collect(),
        delivery: events.iter().map(|event| event.delivery.0).collect(),
        integration: events.iter().map(|event| event.integration.as_str()).collect(),
        source: events.iter().map(|event| event.source.as_str()).collect(),
        kind: events.iter().map(|event| event.kind.as_str()).collect(),
        subject: events.iter().map(|event| event.subject.as_str()).collect(),
        time: events.iter().map(|event| event.time).collect(),
        repo: events.iter().map(|event| event.facets.repo.as_deref()).collect(),
        service: events.iter().map(|event| event.facets.service.as_deref()).collect(),
        environment: events.iter().map(|event| event.facets.environment.as_deref()).collect(),
        actor: events.iter().map(|event| event.facets.actor.as_deref()).collect(),
        traceparent: events.iter().map(|event| event.traceparent.as_deref()).collect(),
        data: events.iter().map(|event| event.data.get()).collect(),
    }
}

crate::statement! {
    struct NoteDeliveries<'a> {
        id: Array<SqlUuid> = Vec<Uuid>,
        received_at: Array<Timestamptz> = Vec<DateTime<Utc>>,
        mapping_version: Array<Integer> = Vec<i32>,
        event_count: Array<Integer> = Vec<i32>,
        result: Array<Text> = Vec<&'a str>,
        tenant: Text = &'a str,
    }
    returns ();
    "update deliveries d set mapping_version = n.mapping_version, event_count = n.event_count, result = n.result
     from unnest(?, ?, ?, ?, ?) as n (id, received_at, mapping_version, event_count, result)
     where d.received_at = n.received_at and d.id = n.id and d.tenant_id = ?
       and (d.mapping_version, d.event_count, d.result) is distinct from (n.mapping_version, n.event_count, n.result)"
}

fn note_deliveries<'a>(job: &'a Leased, chunk: &[Renewed]) -> NoteDeliveries<'a> {
    NoteDeliveries {
        id: chunk.iter().map(|renewed| renewed.delivery.0).collect(),
        received_at: chunk.iter().map(|renewed| renewed.delivery.received_at()).collect(),
        mapping_version: chunk.iter().map(|renewed| renewed.mapping_version).collect(),
        event_count: chunk.iter().map(|renewed| i32::try_from(renewed.event_count).unwrap_or(i32::MAX)).collect(),
        result: chunk.iter().map(result).collect(),
        tenant: job.tenant.as_str(),
    }
}

fn result(renewed: &Renewed) -> &'static str {
    if renewed.is_unmapped { "unmapped" } else { "accepted" }
}
