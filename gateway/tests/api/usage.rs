//! What a tenant used of what it may.

use serde_json::json;

use crate::world::World;

/// A call of today.
fn call(tenant: &str, purpose: &str, micro_usd: i64) -> String {
    format!(
        "insert into llm_calls (tenant_id, id, created_at, purpose, model, provider, prompt, input_tokens, cached_tokens,
           output_tokens, reasoning_tokens, estimated, cost_micro_usd, price_version, latency_ms, tries, status)
         values ('{tenant}', gen_random_uuid(), now(), '{purpose}', 'm', 'openai', 'digest/1', 100, 0, 20, 0, false,
           {micro_usd}, '2026-11-22', 5, 1, 'ok');"
    )
}

#[tokio::test]
async fn what_was_used_today_is_told_to_whose_it_is() {
    let settings = [
        ("AGENT_BUDGETS", "tenant/day=10usd,purpose:digest/month=2000tokens"),
        ("MAX_DAILY_SLACK_POSTS", "7"),
        ("MAX_DAILY_RAG_SEARCHES", "9"),
    ];
    let world = World::with(&settings).await;
    let posts = "insert into daily_usage values ('default', (now() at time zone 'utc')::date, 'slack_posts', 3);";
    world.sql(
        &(call("default", "digest", 1_250_000) + &call("default", "answer", 1) + &call("acme", "digest", 9) + posts),
    );
    let usage = world.get("/v1/usage").await;
    assert_eq!(
        (&usage["slack_posts"], &usage["searches"]),
        (&json!({"used": 3, "limit": 7}), &json!({"used": 0, "limit": 9}))
    );
    let llm = &usage["llm"];
    assert_eq!((&llm["requests"], &llm["tokens"]), (&json!(2), &json!(240)));
    assert_eq!((llm["cost_usd"].as_f64(), llm["budget_usd"].as_f64()), (Some(1.250_001), Some(10.0)));
    assert_eq!(llm["by_purpose"][1]["purpose"], "digest");
    let scopes: Vec<&str> =
        llm["budgets"].as_array().expect("a list").iter().filter_map(|one| one["scope"].as_str()).collect();
    assert_eq!(scopes, ["day", "purpose", "tenant"]);
    let theirs = world.get_of("acme", "/v1/usage").await;
    assert_eq!((&theirs["llm"]["requests"], &theirs["slack_posts"]["used"]), (&json!(1), &json!(0)));

    let quotas = world.get("/v1/metrics/quotas").await;
    let limits = json!({"max_daily_slack_posts": 7, "max_daily_rag_searches": 9});
    assert_eq!(quotas, json!({"ok": true, "quota": {"slack_posts": 3, "rag_searches": 0, "limits": limits}}));
}
