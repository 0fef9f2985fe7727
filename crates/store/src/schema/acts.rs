//! What is done in other systems, as diesel sees the tables.

diesel::table! {
    effects (tenant_id, key) {
        tenant_id -> Text,
        key -> Text,
        job_id -> Uuid,
        kind -> Text,
        state -> Text,
        attempts -> Integer,
        first_tried_at -> Timestamptz,
        last_tried_at -> Timestamptz,
        lost_since -> Nullable<Timestamptz>,
        lost_last -> Nullable<Timestamptz>,
        result -> Json,
    }
}

diesel::table! {
    job_attempts (tenant_id, job_id, attempt) {
        tenant_id -> Text,
        job_id -> Uuid,
        attempt -> Integer,
        began_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        outcome -> Nullable<Text>,
        detail -> Nullable<Text>,
    }
}

diesel::table! {
    protections (tenant_id, repo, run_id, environment) {
        tenant_id -> Text,
        repo -> Text,
        run_id -> BigInt,
        environment -> Text,
        state -> Text,
        facts -> Json,
        approval_id -> Nullable<Uuid>,
        shown -> Integer,
        shown_text -> Nullable<Text>,
        due_at -> Timestamptz,
        requested_at -> Timestamptz,
    }
}
