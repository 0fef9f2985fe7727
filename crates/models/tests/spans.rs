//! Traces of calls: the names of the conventions, and nothing of what was said. One process has one telemetry, so this stands by
//! itself.

use std::sync::Arc;

use boot::Settings;
use boot::settings::Env;
use boot::telemetry::Telemetry;
use chrono::Utc;
use models::{Call, Message, Models, Purpose, Said};
use store::Role;
use testkit::collector::Collector;
use testkit::database::Database;
use testkit::models::{Behaviour, FakeModels, Used};

fn call() -> Call {
    Call {
        tenant: "default".parse().expect("a tenant"),
        purpose: Purpose::Digest,
        session: Some("conversation-1".to_owned()),
        prompt: "digest/1",
        system: "whispered orders".to_owned(),
        messages: vec![Message {
            by: Said::User,
            text: "a whispered question".to_owned(),
            calls: Vec::new(),
            call_id: None,
        }],
        schema: None,
        tools: Vec::new(),
        most_output_tokens: 100,
        cache_key: None,
    }
}

#[tokio::test]
async fn a_try_is_a_span_with_the_names_of_the_conventions_and_without_what_is_said() {
    let (fake, collector, database) = (FakeModels::start().await, Collector::start().await, Database::fresh());
    let (url, endpoint) = (fake.url(), collector.endpoint());
    let pairs = [
        ("AGENT_LLM_ENABLED", "true"),
        ("OPENAI_API_KEY", "sk-very-secret"),
        ("OPENAI_BASE_URL", url.as_str()),
        ("OPENAI_MODEL", "gpt-4.1-mini"),
        ("AGENT_TEMPERATURE", "0.5"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
    ];
    let variables = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (settings, _) = Settings::read(&variables, &[], Env::Development).expect("good settings");
    let telemetry = Telemetry::start(&settings).expect("telemetry");
    let models = Models::of(&settings.models, database.store(Role::App), Arc::new(Utc::now)).expect("models");
    fake.uses(Used { input: 90, cached: 40, output: 12, reasoning: 5 });
    fake.next(Behaviour::Errors(500));
    fake.behaves(Behaviour::Says("a whispered answer".to_owned()));
    let reply = models.ask(call()).await.expect("an answer");
    assert_eq!(reply.text, "a whispered answer");
    tokio::task::spawn_blocking(move || telemetry.stop()).await.expect("the spans are sent");

    let spans = collector.spans();
    let tries: Vec<_> = spans.iter().filter(|span| span.name == "chat gpt-4.1-mini").collect();
    assert_eq!(tries.len(), 2, "{spans:?}");
    let answered = tries.iter().find(|span| !span.attributes.contains_key("error.type")).expect("the second try");
    let wanted = [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "openai"),
        ("gen_ai.request.model", "gpt-4.1-mini"),
        ("gen_ai.response.model", "gpt-4.1-mini"),
        ("gen_ai.request.max_tokens", "100"),
        ("gen_ai.request.temperature", "0.5"),
        ("gen_ai.output.type", "text"),
        ("gen_ai.conversation.id", "conversation-1"),
        ("gen_ai.response.finish_reasons", "stop"),
        ("gen_ai.usage.input_tokens", "90"),
        ("gen_ai.usage.cache_read.input_tokens", "40"),
        ("gen_ai.usage.output_tokens", "12"),
        ("gen_ai.usage.reasoning.output_tokens", "5"),
        ("server.address", "127.0.0.1"),
        ("em_agent.llm.purpose", "digest"),
    ];
    for (name, value) in wanted {
        assert_eq!(answered.attributes.get(name).map(String::as_str), Some(value), "{name}");
    }
    let failed = tries.iter().find(|span| span.attributes.contains_key("error.type")).expect("the first try");
    assert_eq!(failed.attributes["error.type"], "failed");
    let all = format!("{spans:?}");
    assert!(!all.contains("whispered") && !all.contains("very-secret"), "what is said stays here");
}
