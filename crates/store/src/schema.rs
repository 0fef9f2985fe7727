//! The tables as diesel sees them. Kept beside `migrations/`: a test compares both.
//! (`events.committed_by` is an `xid8`, which diesel has no type for: the stream's statements name it in SQL.)

mod acts;
mod entities;
mod facts;
mod knowledge;
mod models;
mod people;
mod posts;
mod rooms;
mod signals;
mod summaries;
mod talks;

pub use acts::*;
pub use entities::*;
pub use facts::*;
pub use knowledge::*;
pub use models::*;
pub use people::*;
pub use posts::*;
pub use rooms::*;
pub use signals::*;
pub use summaries::*;
pub use talks::*;

diesel::table! {
    tenants (tenant_id) {
        tenant_id -> Text,
        name -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    delivery_ledger (tenant_id, key_hash, body_hash) {
        tenant_id -> Text,
        key_hash -> Binary,
        body_hash -> Binary,
        delivery_id -> Uuid,
    }
}

diesel::table! {
    deliveries (tenant_id, received_at, id) {
        tenant_id -> Text,
        id -> Uuid,
        received_at -> Timestamptz,
        source -> Text,
        kind -> Text,
        key -> Text,
        key_hash -> Binary,
        result -> Text,
        scheme -> Text,
        secret -> Text,
        mapping_version -> Integer,
        event_count -> Integer,
        headers -> Json,
        body -> Binary,
        body_encoding -> SmallInt,
        body_bytes -> Integer,
    }
}

diesel::table! {
    rejected_samples (id) {
        tenant_id -> Text,
        id -> Uuid,
        received_at -> Timestamptz,
        source -> Text,
        reason -> Text,
        headers -> Json,
        body_hash -> Binary,
        body_head -> Binary,
        body_bytes -> BigInt,
    }
}

diesel::table! {
    events (id) {
        tenant_id -> Text,
        id -> Uuid,
        delivery_id -> Uuid,
        integration -> Text,
        source -> Text,
        #[sql_name = "type"]
        kind -> Text,
        subject -> Text,
        time -> Timestamptz,
        repo -> Nullable<Text>,
        service -> Nullable<Text>,
        environment -> Nullable<Text>,
        actor -> Nullable<Text>,
        traceparent -> Nullable<Text>,
        data -> Json,
    }
}

diesel::table! {
    outbox (id) {
        tenant_id -> Text,
        id -> Uuid,
        event_ids -> Array<Uuid>,
        replay_id -> Nullable<Uuid>,
        again -> SmallInt,
        created_at -> Timestamptz,
        leased_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    consumer_marks (consumer, event_id, replay_id, message_at) {
        tenant_id -> Text,
        consumer -> Text,
        event_id -> Uuid,
        replay_id -> Uuid,
        message_at -> Timestamptz,
    }
}

diesel::table! {
    consumer_attempts (consumer, event_id, replay_id) {
        tenant_id -> Text,
        consumer -> Text,
        event_id -> Uuid,
        replay_id -> Uuid,
        attempts -> Integer,
        last_error -> Text,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    dead_letters (id) {
        tenant_id -> Text,
        id -> Uuid,
        consumer -> Text,
        event_id -> Uuid,
        replay_id -> Uuid,
        attempts -> Integer,
        error -> Text,
        created_at -> Timestamptz,
        replayed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    jobs (id) {
        tenant_id -> Text,
        id -> Uuid,
        kind -> Text,
        params -> Json,
        status -> Text,
        progress -> Json,
        error -> Nullable<Text>,
        attempts -> Integer,
        created_at -> Timestamptz,
        started_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
        leased_until -> Nullable<Timestamptz>,
        due_at -> Nullable<Timestamptz>,
        waits -> Integer,
    }
}

diesel::table! {
    idempotent_answers (tenant_id, caller, route, key) {
        tenant_id -> Text,
        caller -> Text,
        route -> Text,
        key -> Text,
        fingerprint -> Binary,
        status -> SmallInt,
        body -> Json,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    stream_watermarks (stream) {
        tenant_id -> Text,
        stream -> Text,
        created_at -> Timestamptz,
        last_seq -> BigInt,
        seen_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    tenants,
    delivery_ledger,
    deliveries,
    rejected_samples,
    events,
    outbox,
    consumer_marks,
    consumer_attempts,
    dead_letters,
    jobs,
    idempotent_answers,
    stream_watermarks,
    commits,
    commit_edges,
    ref_moves,
    changes,
    deployments,
    deployment_statuses,
    deployment_components,
    branch_commits,
    deployment_contents,
    deployment_images,
    artifacts,
    incidents,
    incident_links,
    quality_reports,
    catalogs,
    dora_deployments,
    dora_commits,
    dora_changes,
    dora_remediations,
    dora_incidents,
    dora_links,
    dora_failures,
    dora_dirty,
    dora_audit,
    dora_slots,
    dora_lead_days,
    dora_rollup_dirty,
    dora_benchmarks
);
