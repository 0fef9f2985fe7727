//! Signals from one look to the next, as diesel sees the tables.

diesel::table! {
    signal_states (tenant_id, rule, subject) {
        tenant_id -> Text,
        id -> Uuid,
        rule -> Text,
        kind -> Text,
        subject -> Text,
        since -> Timestamptz,
        facts -> Json,
        opened_at -> Timestamptz,
        last_seen_at -> Timestamptz,
        closed_at -> Nullable<Timestamptz>,
        last_fired_at -> Nullable<Timestamptz>,
        fired -> Integer,
        action -> Nullable<Text>,
        reason -> Nullable<Text>,
        policy -> Nullable<Text>,
        job_id -> Nullable<Uuid>,
        approval_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    signal_looks (tenant_id) {
        tenant_id -> Text,
        number -> BigInt,
        leased_until -> Nullable<Timestamptz>,
        next_at -> Timestamptz,
        ended_at -> Timestamptz,
    }
}
