//! Each provider is asked in its own words, and its answer is read.

use models::{Call, Finish, Message, Purpose, Said, Schema, Tokens, Tool, ToolCall, Unanswered};
use serde_json::json;
use testkit::models::{Behaviour, Used};

use crate::world::{World, call, said};

fn schema() -> Schema {
    let json = json!({"type": "object", "properties": {"headline": {"type": "string"}}, "required": ["headline"],
        "additionalProperties": false});
    Schema { name: "digest", json }
}

const USED: Used = Used { input: 1000, cached: 400, output: 50, reasoning: 20 };

#[tokio::test]
async fn openai_is_asked_and_answers() {
    let world = World::with(&[("AGENT_TEMPERATURE", "0.2")]).await;
    world.fake.behaves(Behaviour::Says("{\"headline\": \"Two deployments.\"}".to_owned()));
    world.fake.uses(USED);
    let reply = world.models.ask(Call { schema: Some(schema()), ..call("What happened?") }).await.expect("an answer");
    assert_eq!((reply.text.as_str(), reply.finish), ("{\"headline\": \"Two deployments.\"}", Finish::Done));
    assert_eq!(reply.tokens, Tokens { input: 1000, cached: 400, output: 50, reasoning: 20 });
    // 600 at 0.40, 400 at 0.10 and 50 at 1.60 dollars for a million.
    assert_eq!((reply.cost_micro_usd, reply.provider), (240 + 40 + 80, "openai"));
    let asked = &world.fake.asked()[0];
    assert_eq!(
        asked["messages"],
        json!([{"role": "system", "content": "You are terse."}, {"role": "user", "content": "What happened?"}])
    );
    assert_eq!(
        (&asked["max_tokens"], &asked["temperature"], &asked["model"]),
        (&json!(100), &json!(0.2), &json!("gpt-4.1-mini"))
    );
    assert_eq!(asked["response_format"]["json_schema"]["strict"], true);
    let request = &world.fake.requests()[0];
    assert_eq!(
        (request.line().as_str(), request.header("authorization")),
        ("POST /v1/chat/completions", "Bearer sk-very-secret")
    );
    let row = &world.calls().await[0];
    assert_eq!((row.cost_micro_usd, row.cached_tokens, row.status.as_str(), row.id), (360, 400, "ok", reply.call_id));
    assert_eq!((row.prompt.as_str(), row.price_version.as_str(), row.estimated), ("digest/1", "2026-11-22", false));
}

#[tokio::test]
async fn anthropic_is_asked_and_answers() {
    let world = World::with(&[("ANTHROPIC_API_KEY", "sk-ant"), ("OPENAI_MODEL", "claude-sonnet-4-5")]).await;
    world.fake.behaves(Behaviour::Says("fine".to_owned()));
    world.fake.uses(USED);
    let reply = world.models.ask(Call { schema: Some(schema()), ..call("What happened?") }).await.expect("an answer");
    assert_eq!(
        (reply.text.as_str(), reply.provider, reply.tokens.input, reply.tokens.cached),
        ("fine", "anthropic", 1000, 400)
    );
    let request = &world.fake.requests()[0];
    assert_eq!((request.line().as_str(), request.header("x-api-key")), ("POST /v1/messages", "sk-ant"));
    let asked = request.json();
    assert_eq!((&asked["max_tokens"], &asked["output_config"]["format"]["type"]), (&json!(100), &json!("json_schema")));
    assert!(asked["system"].to_string().contains("You are terse."), "{asked}");
}

#[tokio::test]
async fn gemini_is_asked_and_answers() {
    let world = World::with(&[("AGENT_GEMINI_API_KEY", "g-key"), ("OPENAI_MODEL", "gemini-2.5-flash")]).await;
    world.fake.uses(USED);
    let reply = world.models.ask(Call { schema: Some(schema()), ..call("What happened?") }).await.expect("an answer");
    assert_eq!((reply.text.as_str(), reply.provider), ("fine", "gemini"));
    assert_eq!(reply.tokens, Tokens { input: 1000, cached: 400, output: 50, reasoning: 20 });
    let request = &world.fake.requests()[0];
    assert_eq!(request.line(), "POST /v1/models/gemini-2.5-flash:generateContent");
    assert_eq!(request.header("x-goog-api-key"), "g-key");
    assert_eq!(request.json()["generationConfig"]["maxOutputTokens"], 100);
}

#[tokio::test]
async fn a_model_that_cannot_be_held_to_a_schema_is_told_of_it_and_a_fence_is_taken_off() {
    let world = World::with(&[("ANTHROPIC_API_KEY", "sk-ant"), ("OPENAI_MODEL", "claude-3-5-haiku-latest")]).await;
    world.fake.behaves(Behaviour::Says("```json\n{\"headline\": \"x\"}\n```".to_owned()));
    let reply = world.models.ask(Call { schema: Some(schema()), ..call("What happened?") }).await.expect("an answer");
    assert_eq!(reply.text, "{\"headline\": \"x\"}");
    let asked = &world.fake.asked()[0];
    assert!(asked["system"].to_string().contains("JSON Schema") && asked["output_config"].is_null(), "{asked}");
}

#[tokio::test]
async fn tools_are_offered_called_and_answered() {
    for (model, key) in [
        ("gpt-4.1-mini", "OPENAI_API_KEY"),
        ("claude-sonnet-4-5", "ANTHROPIC_API_KEY"),
        ("gemini-2.5-flash", "AGENT_GEMINI_API_KEY"),
    ] {
        let pairs = [("OPENAI_MODEL", model), (key, "a-key")];
        let world = World::with(&pairs).await;
        world.fake.next(Behaviour::CallsTool("dora".to_owned(), json!({"days": 7})));
        let tool = Tool {
            name: "dora",
            description: "Delivery metrics.",
            arguments: json!({"type": "object", "properties": {"days": {"type": "integer"}}}),
        };
        let first = Call { purpose: Purpose::Plan, tools: vec![tool], ..call("How are we doing?") };
        let reply = world.models.ask(first.clone()).await.expect("a call");
        assert_eq!(
            (reply.finish, reply.calls[0].name.as_str(), &reply.calls[0].arguments),
            (Finish::ToolCalls, "dora", &json!({"days": 7})),
            "{model}"
        );
        let mut messages = first.messages.clone();
        let calls: Vec<ToolCall> = reply.calls.clone();
        let call_id = Some(calls[0].id.clone());
        messages.push(Message { calls, ..said(Said::Assistant, "") });
        messages.push(Message { call_id, ..said(Said::Tool, "{\"deployments\": 3}") });
        let reply = world.models.ask(Call { messages, ..first }).await.expect("an answer");
        assert_eq!((reply.text.as_str(), reply.finish), ("fine", Finish::Done), "{model}");
        let asked = world.fake.asked()[1].to_string();
        assert!(asked.contains("deployments") && asked.contains("Delivery metrics."), "{asked}");
    }
}

#[tokio::test]
async fn texts_are_embedded_in_their_order() {
    let world = World::with(&[("OPENAI_EMBEDDING_MODEL", "text-embedding-3-small")]).await;
    assert!(world.models.can_embed());
    let texts: Vec<String> = (0..100).map(|number| format!("text number {number}")).collect();
    let tenant = domain::ids::TenantId::default();
    let vectors = world.models.embed(&tenant, texts.clone()).await.expect("vectors");
    assert_eq!((vectors.len(), world.fake.asked().len()), (100, 2));
    let again = world.models.embed(&tenant, texts[97..98].to_vec()).await.expect("vectors");
    assert_eq!(again[0], vectors[97]);
    assert!(world.calls().await.iter().all(|call| call.purpose == "embed" && call.cost_micro_usd > 0));
    let without = World::with(&[]).await;
    assert!(!without.models.can_embed());
    assert_eq!(without.models.embed(&tenant, texts).await, Err(Unanswered::Off));
}

#[tokio::test]
async fn the_end_of_a_name_is_part_of_it() {
    let world = World::with(&[("OPENAI_MODEL", "qwen-max"), ("AGENT_MODEL_PRICES", "qwen-max=0/0")]).await;
    world.models.ask(call("Hello")).await.expect("an answer");
    let asked = &world.fake.asked()[0];
    assert_eq!((&asked["model"], asked.get("reasoning_effort")), (&json!("qwen-max"), None));
}
