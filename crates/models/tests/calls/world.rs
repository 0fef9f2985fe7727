//! A world for one test: a model server, a database, and models that ask the one and write to the other.

use std::sync::{Arc, Mutex, PoisonError};

use boot::settings::Env;
use boot::{ModelSettings, Settings};
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::TenantId;
use models::{Call, Message, Models, Purpose, Said};
use store::llm_calls::LlmCall;
use store::{Role, Store};
use testkit::database::Database;
use testkit::models::FakeModels;

pub(crate) struct World {
    pub(crate) fake: FakeModels,
    pub(crate) models: Models,
    pub(crate) store: Store,
    pub(crate) settings: ModelSettings,
    now: Arc<Mutex<DateTime<Utc>>>,
    _database: Database,
}

/// Settings as an operator writes them.
pub(crate) fn settings(pairs: &[(&str, &str)]) -> ModelSettings {
    let variables = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Settings::read(&variables, &[], Env::Development).expect("good settings").0.models
}

impl World {
    /// The model is `gpt-4.1-mini` unless the settings say otherwise.
    pub(crate) async fn with(pairs: &[(&str, &str)]) -> Self {
        let fake = FakeModels::start().await;
        let url = fake.url();
        let mut all = vec![
            ("AGENT_LLM_ENABLED", "true"),
            ("OPENAI_API_KEY", "sk-very-secret"),
            ("OPENAI_BASE_URL", url.as_str()),
            ("ANTHROPIC_BASE_URL", url.as_str()),
            ("AGENT_GEMINI_BASE_URL", url.as_str()),
            ("OPENAI_MODEL", "gpt-4.1-mini"),
        ];
        all.extend_from_slice(pairs);
        let settings = settings(&all);
        let database = Database::fresh();
        let store = database.store(Role::App);
        let now = Arc::new(Mutex::new("2026-11-22T12:00:00Z".parse().expect("a time")));
        let read = now.clone();
        let clock = Arc::new(move || *read.lock().unwrap_or_else(PoisonError::into_inner));
        let models = Models::of(&settings, store.clone(), clock).expect("models");
        Self { fake, models, store, settings, now, _database: database }
    }

    pub(crate) async fn calls(&self) -> Vec<LlmCall> {
        self.store.call("test", |conn| store::llm_calls::latest(conn, &TenantId::default(), 200)).await.expect("calls")
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn later(&self, time: TimeDelta) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += time;
    }
}

pub(crate) fn said(by: Said, text: &str) -> Message {
    Message { by, text: text.to_owned(), calls: Vec::new(), call_id: None }
}

pub(crate) fn call(text: &str) -> Call {
    Call {
        tenant: TenantId::default(),
        purpose: Purpose::Digest,
        session: None,
        prompt: "digest/1",
        system: "You are terse.".to_owned(),
        messages: vec![said(Said::User, text)],
        schema: None,
        tools: Vec::new(),
        most_output_tokens: 100,
        cache_key: None,
    }
}
