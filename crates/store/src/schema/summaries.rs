//! Digests that were made, and when more are to be made.

diesel::table! {
    digests (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        kind -> Text,
        subject -> Nullable<Text>,
        from_at -> Timestamptz,
        to_at -> Timestamptz,
        digest -> Json,
        links -> Json,
        events -> Integer,
        generated_by -> Text,
        why -> Nullable<Text>,
        model -> Nullable<Text>,
        prompt -> Nullable<Text>,
        input_tokens -> BigInt,
        output_tokens -> BigInt,
        cost_micro_usd -> BigInt,
        made_at -> Timestamptz,
        made_by -> Text,
        schedule_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    digest_feedback (tenant_id, digest_id, said_by) {
        tenant_id -> Text,
        digest_id -> Uuid,
        said_by -> Text,
        verdict -> Text,
        comment -> Nullable<Text>,
        prompt -> Nullable<Text>,
        said_at -> Timestamptz,
    }
}

diesel::table! {
    digest_schedules (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        kind -> Text,
        subject -> Nullable<Text>,
        cron -> Text,
        timezone -> Text,
        deliver -> Json,
        enabled -> Bool,
        next_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        created_by -> Text,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    digest_runs (tenant_id, schedule_id, due_at) {
        tenant_id -> Text,
        schedule_id -> Uuid,
        due_at -> Timestamptz,
        id -> Uuid,
        state -> Text,
        number -> Integer,
        leased_until -> Nullable<Timestamptz>,
        digest_id -> Nullable<Uuid>,
        error -> Nullable<Text>,
        began_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
    }
}
