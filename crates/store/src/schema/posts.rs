//! What is owed to Slack and what was used of the day, as diesel sees the tables.

diesel::table! {
    slack_messages (tenant_id, id) {
        tenant_id -> Text,
        id -> BigInt,
        approval_id -> Nullable<Uuid>,
        kind -> Text,
        key -> Text,
        place -> Text,
        thread_ts -> Nullable<Text>,
        state -> Text,
        tries -> Integer,
        due_at -> Timestamptz,
        created_at -> Timestamptz,
        error -> Nullable<Text>,
        content -> Nullable<Json>,
        channel -> Nullable<Text>,
        ts -> Nullable<Text>,
    }
}

diesel::table! {
    channel_subscriptions (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        service -> Text,
        channel -> Text,
        created_at -> Timestamptz,
        created_by -> Text,
    }
}

diesel::table! {
    slack_paces (tenant_id, what) {
        tenant_id -> Text,
        what -> Text,
        until -> Timestamptz,
        channel -> Nullable<Text>,
    }
}

diesel::table! {
    daily_usage (tenant_id, day, what) {
        tenant_id -> Text,
        day -> Date,
        what -> Text,
        used -> BigInt,
    }
}
