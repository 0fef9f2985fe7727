//! The tables of conversations, as diesel sees them.

diesel::table! {
    conversations (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        person -> Text,
        channel -> Nullable<Text>,
        title -> Text,
        messages -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    conversation_messages (tenant_id, conversation_id, position) {
        tenant_id -> Text,
        conversation_id -> Uuid,
        position -> Integer,
        said_by -> Text,
        text -> Text,
        detail -> Nullable<Json>,
        at -> Timestamptz,
    }
}
