//! Each provider is asked in its own words, and its answer is read.

use std::sync::Arc;

use boot::Settings;
use boot::settings::Env;
use chrono::Utc;
use models::{Call, Finish, Message, Models, Purpose, Said};
use store::Role;
use testkit::database::Database;
use testkit::models::{Behaviour, FakeModels};

fn call(text: &str) -> Call {
    Call {
        tenant: "default".parse().expect("a tenant"),
        purpose: Purpose::Digest,
        session: None,
        prompt: "digest/1",
        system: "You are terse.".to_owned(),
        messages: vec![Message { by: Said::User, text: text.to_owned(), calls: Vec::new(), call_id: None }],
        schema: None,
        tools: Vec::new(),
        most_output_tokens: 100,
        cache_key: None,
    }
}

#[tokio::test]
async fn openai_is_asked_and_answers() {
    let fake = FakeModels::start().await;
    fake.behaves(Behaviour::Says("Two deployments.".to_owned()));
    let pairs = [("AGENT_LLM_ENABLED", "true"), ("OPENAI_BASE_URL", &fake.url()), ("OPENAI_MODEL", "gpt-4.1-mini")];
    let variables = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (settings, _) = Settings::read(&variables, &[], Env::Development).expect("good settings");
    let database = Database::fresh();
    let models = Models::of(&settings.models, database.store(Role::App), Arc::new(Utc::now)).expect("models");
    let reply = models.ask(call("What happened?")).await.expect("an answer");
    assert_eq!((reply.text.as_str(), reply.finish), ("Two deployments.", Finish::Done));
    let asked = fake.asked();
    assert_eq!(asked[0]["messages"][1]["content"], "What happened?");
    assert_eq!(asked[0]["max_tokens"], 100);
}
