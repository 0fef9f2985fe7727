//! The one statement that keeps a batch, and the look-up of what was there before.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Binary, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{PgConnection, RunQueryDsl};
use domain::event::Event;
use domain::ids::{DeliveryId, TenantId};
use uuid::Uuid;

use super::{Keep, key_hash};
use crate::StoreError;
use crate::outbox::outbox_rows;

crate::statement! {
    /// Inserts the deliveries that the ledger does not know, with all that belongs to them; returns their ids.
    struct KeepBatch<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        id: Array<SqlUuid> = Vec<Uuid>,
        key_hash: Array<Binary> = Vec<&'a [u8]>,
        body_hash: Array<Binary> = Vec<&'a [u8]>,
        received_at: Array<Timestamptz> = Vec<DateTime<Utc>>,
        source: Array<Text> = Vec<&'a str>,
        kind: Array<Text> = Vec<&'a str>,
        key: Array<Text> = Vec<&'a str>,
        result: Array<Text> = Vec<&'a str>,
        scheme: Array<Text> = Vec<&'a str>,
        secret: Array<Text> = Vec<&'a str>,
        mapping_version: Array<Integer> = Vec<i32>,
        event_count: Array<Integer> = Vec<i32>,
        headers: Array<Text> = Vec<&'a str>,
        body: Array<Binary> = Vec<&'a [u8]>,
        body_encoding: Array<SmallInt> = Vec<i16>,
        body_bytes: Array<Integer> = Vec<i32>,
        event_tenant: Array<Text> = Vec<&'a str>,
        event_id: Array<SqlUuid> = Vec<Uuid>,
        event_delivery: Array<SqlUuid> = Vec<Uuid>,
        event_integration: Array<Text> = Vec<&'a str>,
        event_source: Array<Text> = Vec<&'a str>,
        event_type: Array<Text> = Vec<&'a str>,
        event_subject: Array<Text> = Vec<&'a str>,
        event_time: Array<Timestamptz> = Vec<DateTime<Utc>>,
        event_repo: Array<Nullable<Text>> = Vec<Option<&'a str>>,
        event_service: Array<Nullable<Text>> = Vec<Option<&'a str>>,
        event_environment: Array<Nullable<Text>> = Vec<Option<&'a str>>,
        event_actor: Array<Nullable<Text>> = Vec<Option<&'a str>>,
        event_traceparent: Array<Nullable<Text>> = Vec<Option<&'a str>>,
        event_data: Array<Text> = Vec<&'a str>,
        outbox_tenant: Array<Text> = Vec<&'a str>,
        outbox_id: Array<SqlUuid> = Vec<Uuid>,
    }
    returns (SqlUuid,);
    "with d as materialized (
       select * from unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         as d (tenant_id, id, key_hash, body_hash, received_at, source, kind, key, result, scheme, secret,
               mapping_version, event_count, headers, body, body_encoding, body_bytes)
     ), fresh as (
       insert into delivery_ledger (tenant_id, key_hash, body_hash, delivery_id)
       select tenant_id, key_hash, body_hash, id from d order by tenant_id, key_hash, body_hash
       on conflict do nothing returning delivery_id
     ), kept as (
       insert into deliveries (tenant_id, id, received_at, source, kind, key, key_hash, result, scheme, secret,
                               mapping_version, event_count, headers, body, body_encoding, body_bytes)
       select d.tenant_id, d.id, d.received_at, d.source, d.kind, d.key, d.key_hash, d.result, d.scheme, d.secret,
              d.mapping_version, d.event_count, d.headers::json, d.body, d.body_encoding, d.body_bytes
       from d join fresh on fresh.delivery_id = d.id
     ), told as (
       insert into events (tenant_id, id, delivery_id, integration, source, type, subject, time, repo, service,
                           environment, actor, traceparent, data)
       select e.tenant_id, e.id, e.delivery_id, e.integration, e.source, e.type, e.subject, e.time, e.repo, e.service,
              e.environment, e.actor, e.traceparent, e.data::json
       from unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         as e (tenant_id, id, delivery_id, integration, source, type, subject, time, repo, service, environment, actor,
               traceparent, data)
       join fresh on fresh.delivery_id = e.delivery_id
       returning tenant_id, id
     ), owed as (
       insert into outbox (tenant_id, id, event_ids)
       select o.tenant_id, o.id, array_agg(told.id)
       from unnest(?, ?) as o (tenant_id, id) join told on told.tenant_id = o.tenant_id
       group by o.tenant_id, o.id
     )
     select delivery_id from fresh"
}

crate::statement! {
    /// Which delivery came first with these keys and bytes.
    struct FirstIds<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        key_hash: Array<Binary> = Vec<&'a [u8]>,
        body_hash: Array<Binary> = Vec<&'a [u8]>,
        id: Array<SqlUuid> = Vec<Uuid>,
    }
    returns (SqlUuid, SqlUuid);
    "select asked.id, ledger.delivery_id
     from unnest(?, ?, ?, ?) as asked (tenant_id, key_hash, body_hash, id)
     join delivery_ledger ledger using (tenant_id, key_hash, body_hash)"
}

crate::statement! {
    /// Which of these keys the ledger knows, with whatever bytes.
    struct KnownKeys<'a> {
        tenant: Text = &'a str,
        key_hash: Array<Binary> = Vec<&'a [u8]>,
    }
    returns (Binary,);
    "select distinct key_hash from delivery_ledger where tenant_id = ? and key_hash = any(?)"
}

/// For each key of a tenant's source, whether a delivery with it was taken before, whatever its bytes were.
pub fn known(
    conn: &mut PgConnection,
    tenant: &TenantId,
    source: &str,
    keys: &[String],
) -> Result<Vec<bool>, StoreError> {
    let hashes: Vec<[u8; 16]> = keys.iter().map(|key| key_hash(source, key)).collect();
    let asked = KnownKeys { tenant: tenant.as_str(), key_hash: hashes.iter().map(|hash| hash.as_slice()).collect() };
    let found: Vec<(Vec<u8>,)> = asked.load(conn)?;
    Ok(hashes.iter().map(|hash| found.iter().any(|(known,)| known == hash)).collect())
}

/// Keeps distinct deliveries and returns, for those that the ledger knew already, the id that came first.
pub(super) fn keep(conn: &mut PgConnection, keeps: &[&Keep]) -> Result<HashMap<Uuid, DeliveryId>, StoreError> {
    let key_hashes: Vec<[u8; 16]> = keeps.iter().map(|keep| key_hash(&keep.source, &keep.key)).collect();
    let fresh: Vec<(Uuid,)> = statement(keeps, &key_hashes).load(conn)?;
    let known = if fresh.len() == keeps.len() {
        Vec::new()
    } else {
        let fresh: std::collections::HashSet<Uuid> = fresh.into_iter().map(|(id,)| id).collect();
        keeps.iter().zip(&key_hashes).filter(|(keep, _)| !fresh.contains(&keep.id.0)).collect()
    };
    if known.is_empty() {
        return Ok(HashMap::new());
    }
    let first_ids: Vec<(Uuid, Uuid)> = FirstIds {
        tenant: known.iter().map(|(keep, _)| keep.tenant.as_str()).collect(),
        key_hash: known.iter().map(|(_, hash)| hash.as_slice()).collect(),
        body_hash: known.iter().map(|(keep, _)| keep.body.hash.as_slice()).collect(),
        id: known.iter().map(|(keep, _)| keep.id.0).collect(),
    }
    .load(conn)?;
    Ok(first_ids.into_iter().map(|(asked, first)| (asked, DeliveryId(first))).collect())
}

fn statement<'a>(keeps: &[&'a Keep], key_hashes: &'a [[u8; 16]]) -> KeepBatch<'a> {
    let events: Vec<&Event> = keeps.iter().flat_map(|keep| &keep.events).collect();
    let outbox = outbox_rows(keeps);
    KeepBatch {
        tenant: keeps.iter().map(|keep| keep.tenant.as_str()).collect(),
        id: keeps.iter().map(|keep| keep.id.0).collect(),
        key_hash: key_hashes.iter().map(|hash| hash.as_slice()).collect(),
        body_hash: keeps.iter().map(|keep| keep.body.hash.as_slice()).collect(),
        received_at: keeps.iter().map(|keep| keep.id.received_at()).collect(),
        source: keeps.iter().map(|keep| keep.source.as_str()).collect(),
        kind: keeps.iter().map(|keep| keep.kind.as_str()).collect(),
        key: keeps.iter().map(|keep| keep.key.as_str()).collect(),
        result: keeps.iter().map(|keep| keep.result()).collect(),
        scheme: keeps.iter().map(|keep| keep.scheme).collect(),
        secret: keeps.iter().map(|keep| keep.secret).collect(),
        mapping_version: keeps.iter().map(|keep| keep.mapping_version).collect(),
        event_count: keeps.iter().map(|keep| i32::try_from(keep.events.len()).unwrap_or(i32::MAX)).collect(),
        headers: keeps.iter().map(|keep| keep.headers.as_str()).collect(),
        body: keeps.iter().map(|keep| keep.body.bytes.as_slice()).collect(),
        body_encoding: keeps.iter().map(|keep| keep.body.encoding).collect(),
        body_bytes: keeps.iter().map(|keep| keep.body.length).collect(),
        event_tenant: events.iter().map(|event| event.tenant.as_str()).collect(),
        event_id: events.iter().map(|event| event.id.0).collect(),
        event_delivery: events.iter().map(|event| event.delivery.0).collect(),
        event_integration: events.iter().map(|event| event.integration.as_str()).collect(),
        event_source: events.iter().map(|event| event.source.as_str()).collect(),
        event_type: events.iter().map(|event| event.kind.as_str()).collect(),
        event_subject: events.iter().map(|event| event.subject.as_str()).collect(),
        event_time: events.iter().map(|event| event.time).collect(),
        event_repo: events.iter().map(|event| event.facets.repo.as_deref()).collect(),
        event_service: events.iter().map(|event| event.facets.service.as_deref()).collect(),
        event_environment: events.iter().map(|event| event.facets.environment.as_deref()).collect(),
        event_actor: events.iter().map(|event| event.facets.actor.as_deref()).collect(),
        event_traceparent: events.iter().map(|event| event.traceparent.as_deref()).collect(),
        event_data: events.iter().map(|event| event.data.get()).collect(),
        outbox_tenant: outbox.iter().map(|(tenant, _)| *tenant).collect(),
        outbox_id: outbox.iter().map(|(_, id)| *id).collect(),
    }
}
