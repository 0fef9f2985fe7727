//! People and what they are asked to allow, as diesel sees the tables.

diesel::table! {
    identities (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        external_type -> Text,
        external_id -> Text,
        person_id -> Text,
        display_name -> Nullable<Text>,
        roles -> Array<Text>,
        is_bot -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    approvals (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        subject -> Text,
        action -> Text,
        kind -> Nullable<Text>,
        payload -> Json,
        content_hash -> Text,
        reason -> Nullable<Text>,
        status -> Text,
        version -> Integer,
        terms -> Json,
        requested_by -> Nullable<Text>,
        authors -> Array<Text>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        decided_at -> Nullable<Timestamptz>,
        decided_by -> Nullable<Text>,
        decision_reason -> Nullable<Text>,
        overridden -> Bool,
        effect -> Text,
        effect_attempts -> Integer,
        effect_error -> Nullable<Text>,
        effect_at -> Nullable<Timestamptz>,
        job_id -> Nullable<Uuid>,
        next_reminder_at -> Nullable<Timestamptz>,
        again_of -> Nullable<Uuid>,
        effect_waits -> Integer,
    }
}

diesel::table! {
    approval_votes (tenant_id, approval_id, person, content_hash) {
        tenant_id -> Text,
        id -> BigInt,
        approval_id -> Uuid,
        person -> Text,
        vote -> Text,
        via -> Text,
        content_hash -> Text,
        at -> Timestamptz,
        reason -> Nullable<Text>,
        voter -> Json,
    }
}

diesel::table! {
    approval_posts (tenant_id, approval_id, channel, ts) {
        tenant_id -> Text,
        approval_id -> Uuid,
        channel -> Text,
        ts -> Text,
        kind -> Text,
        posted_at -> Timestamptz,
        stale -> Bool,
    }
}

diesel::table! {
    audit_log (tenant_id, seq) {
        tenant_id -> Text,
        seq -> BigInt,
        at -> Timestamptz,
        actor -> Text,
        action -> Text,
        subject -> Text,
        detail -> Json,
        prev_hash -> Binary,
        hash -> Binary,
    }
}

diesel::table! {
    audit_heads (tenant_id) {
        tenant_id -> Text,
        seq -> BigInt,
        hash -> Binary,
    }
}
