//! Documents and where they are read, as diesel sees the tables. `chunk_vectors` is not always there: its statements name it.
//! (`chunks.tsv` is a `tsvector`, which diesel has no type for.)

diesel::table! {
    documents (tenant_id, collection, id) {
        tenant_id -> Text,
        collection -> Text,
        id -> Text,
        uid -> Uuid,
        source -> Text,
        url -> Nullable<Text>,
        title -> Text,
        language -> Text,
        content_hash -> Binary,
        revision -> Nullable<Text>,
        meta -> Json,
        bytes -> Integer,
        chunk_count -> Integer,
        crawl_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    chunks (tenant_id, document, n) {
        tenant_id -> Text,
        document -> Uuid,
        n -> Integer,
        collection -> Text,
        language -> Text,
        text -> Text,
    }
}

diesel::table! {
    crawls (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        kind -> Text,
        collection -> Text,
        params -> Json,
        state -> Json,
        interval_s -> Integer,
        next_at -> Nullable<Timestamptz>,
        attempt -> BigInt,
        leased_until -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        created_by -> Text,
    }
}

diesel::table! {
    crawl_runs (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        crawl_id -> Uuid,
        started_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        result -> Text,
        error -> Nullable<Text>,
        seen -> Integer,
        changed -> Integer,
        deleted -> Integer,
        requests -> Integer,
        bytes -> BigInt,
    }
}
