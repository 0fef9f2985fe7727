//! What models were asked, what it cost and what is kept of it, as diesel sees the tables.

diesel::table! {
    llm_calls (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        created_at -> Timestamptz,
        purpose -> Text,
        model -> Text,
        provider -> Text,
        prompt -> Text,
        session -> Nullable<Text>,
        input_tokens -> BigInt,
        cached_tokens -> BigInt,
        output_tokens -> BigInt,
        reasoning_tokens -> BigInt,
        estimated -> Bool,
        cost_micro_usd -> BigInt,
        price_version -> Text,
        latency_ms -> BigInt,
        tries -> Integer,
        status -> Text,
        cache_key -> Nullable<Text>,
        trace_id -> Nullable<Text>,
    }
}

diesel::table! {
    budgets (tenant_id, scope, period, unit) {
        tenant_id -> Text,
        scope -> Text,
        period -> Text,
        unit -> Text,
        spent -> BigInt,
        told -> Integer,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    budget_holds (tenant_id, scope, period, unit, call_id) {
        tenant_id -> Text,
        scope -> Text,
        period -> Text,
        unit -> Text,
        call_id -> Uuid,
        amount -> BigInt,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    model_cache (tenant_id, model, cache_key) {
        tenant_id -> Text,
        model -> Text,
        cache_key -> Text,
        answer -> Json,
        created_at -> Timestamptz,
    }
}
