//! The tables as diesel sees them. Kept beside `migrations/`: a test compares both.
//! (`events.committed_by` is an `xid8`, which diesel has no type for: the stream's statements name it in SQL.)

mod acts;
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

diesel::table! {
    commits (tenant_id, repo, sha) {
        tenant_id -> Text,
        repo -> Text,
        sha -> Text,
        authored_at -> Nullable<Timestamptz>,
        committed_at -> Nullable<Timestamptz>,
        author -> Nullable<Text>,
        is_bot -> Nullable<Bool>,
        registers -> Json,
        message_head -> Nullable<Text>,
        is_merge -> Nullable<Bool>,
        picked_from -> Nullable<Text>,
        reverts -> Nullable<Text>,
        files -> Nullable<Array<Text>>,
    }
}

diesel::table! {
    commit_edges (tenant_id, repo, sha, parent_sha, origin) {
        tenant_id -> Text,
        repo -> Text,
        sha -> Text,
        parent_sha -> Text,
        origin -> Text,
    }
}

diesel::table! {
    ref_moves (tenant_id, repo, ref_name, before_sha, after_sha) {
        tenant_id -> Text,
        repo -> Text,
        #[sql_name = "ref"]
        ref_name -> Text,
        before_sha -> Text,
        after_sha -> Text,
        occurred_at -> Timestamptz,
        registers -> Json,
    }
}

diesel::table! {
    changes (tenant_id, repo, number) {
        tenant_id -> Text,
        repo -> Text,
        number -> Text,
        title -> Nullable<Text>,
        author -> Nullable<Text>,
        is_bot -> Nullable<Bool>,
        base -> Nullable<Text>,
        head -> Nullable<Text>,
        head_sha -> Nullable<Text>,
        landed_sha -> Nullable<Text>,
        opened_at -> Nullable<Timestamptz>,
        ready_at -> Nullable<Timestamptz>,
        first_commit_at -> Nullable<Timestamptz>,
        first_review_at -> Nullable<Timestamptz>,
        approved_at -> Nullable<Timestamptz>,
        merged_at -> Nullable<Timestamptz>,
        closed_at -> Nullable<Timestamptz>,
        registers -> Json,
        labels -> Nullable<Array<Text>>,
        merge_method -> Nullable<Text>,
        reverts -> Nullable<Text>,
        draft -> Nullable<Bool>,
        additions -> Nullable<BigInt>,
        deletions -> Nullable<BigInt>,
        files_changed -> Nullable<BigInt>,
        ticket_keys -> Nullable<Array<Text>>,
        url -> Nullable<Text>,
        subject -> Nullable<Text>,
    }
}

diesel::table! {
    deployments (tenant_id, integration, deployment_id) {
        tenant_id -> Text,
        integration -> Text,
        deployment_id -> Text,
        repo -> Nullable<Text>,
        service -> Nullable<Text>,
        environment -> Nullable<Text>,
        tier -> Text,
        outcome -> Nullable<Text>,
        started_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
        sha -> Nullable<Text>,
        registers -> Json,
        explicit_kind -> Nullable<Text>,
        unplanned -> Nullable<Bool>,
        fixes -> Nullable<Array<Text>>,
        title -> Nullable<Text>,
        url -> Nullable<Text>,
        subject -> Nullable<Text>,
        counted_service -> Nullable<Text>,
        counted_tier -> Nullable<Text>,
    }
}

diesel::table! {
    deployment_statuses (tenant_id, integration, deployment_id, at, state, tie) {
        tenant_id -> Text,
        integration -> Text,
        deployment_id -> Text,
        at -> Timestamptz,
        state -> Text,
        outcome -> Nullable<Text>,
        tie -> Binary,
    }
}

diesel::table! {
    deployment_components (tenant_id, integration, deployment_id, repo, sha) {
        tenant_id -> Text,
        integration -> Text,
        deployment_id -> Text,
        repo -> Text,
        sha -> Text,
        registers -> Json,
        #[sql_name = "ref"]
        ref_ -> Nullable<Text>,
        image_digest -> Nullable<Text>,
        finished_at -> Nullable<Timestamptz>,
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
