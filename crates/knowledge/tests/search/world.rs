//! A knowledge of its own for a test.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use domain::knowledge::{Cut, DEFAULT_COLLECTION};
use knowledge::embed::Caught;
use knowledge::{Document, Hit, Knowledge, Query};
use serde_json::json;
use store::Role;
use testkit::database::Database;
use testkit::embeddings::Embeddings;

pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) knowledge: Knowledge,
}

pub(crate) fn tenant(name: &str) -> TenantId {
    name.parse().expect("a tenant")
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().expect("a time")
}

pub(crate) fn document(id: &str, text: &str) -> Document {
    Document {
        collection: DEFAULT_COLLECTION.to_owned(),
        id: id.to_owned(),
        source: "api".to_owned(),
        url: Some(format!("https://wiki.example.com/{id}")),
        title: None,
        text: text.to_owned(),
        language: None,
        revision: None,
        meta: json!({"id": id}),
        cut: Cut::USUAL,
        crawl: None,
    }
}

impl World {
    /// Documents are found by their words and by their meaning.
    pub(crate) fn of_vectors(embeddings: &Embeddings, model: &str) -> Self {
        Self::with_models(testkit::vectors::database(), embeddings, model)
    }

    pub(crate) fn with_models(database: Database, embeddings: &Embeddings, model: &str) -> Self {
        let set = [
            ("AGENT_LLM_ENABLED", "true"),
            ("OPENAI_API_KEY", "a-key-of-the-tests"),
            ("OPENAI_BASE_URL", &embeddings.url()),
            ("OPENAI_MODEL", "gpt-4o-mini"),
            ("OPENAI_EMBEDDING_MODEL", model),
        ];
        let variables = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let settings = boot::Settings::read(&variables, &[], boot::settings::Env::Development).expect("settings").0;
        let store = database.store(Role::App);
        let models = models::Models::of(&settings.models, store.clone(), Arc::new(Utc::now)).expect("models");
        let knowledge = Knowledge::of(store, models);
        Self { database, knowledge }
    }

    /// Gives every chunk its vector.
    pub(crate) async fn embed_all(&self) -> usize {
        let mut embedded = 0;
        loop {
            match self.knowledge.catch_up(now()).await.expect("a batch") {
                Caught::Up => return embedded,
                Caught::Some(more) => embedded += more,
                Caught::Waits(why) => panic!("{why}"),
            }
        }
    }

    /// Documents are found by their words.
    pub(crate) fn of_words() -> Self {
        let database = Database::fresh();
        let knowledge = Knowledge::of(database.store(Role::App), models::Models::off());
        Self { database, knowledge }
    }

    pub(crate) async fn index(&self, of: &TenantId, documents: &[(&str, &str)]) {
        let documents = documents.iter().map(|(id, text)| document(id, text)).collect();
        self.knowledge.index_bulk(of, documents, now()).await.expect("they are kept");
    }

    pub(crate) async fn search(&self, of: &TenantId, text: &str, top_k: usize) -> Vec<Hit> {
        let query = Query { text: text.to_owned(), top_k, collection: None };
        self.knowledge.search(of, &query).await.expect("an answer")
    }

    /// The documents that are found, the best first.
    pub(crate) async fn found(&self, of: &TenantId, text: &str) -> Vec<String> {
        self.search(of, text, 5).await.into_iter().map(|hit| hit.parent_id).collect()
    }
}

/// How many questions of the corpus have their document among the first so many, and those that have not.
pub(crate) async fn recall(world: &World, of: &TenantId, first: usize) -> (f64, Vec<String>) {
    let mut missed = Vec::new();
    for (question, answer) in crate::corpus::QUESTIONS {
        let found = world.found(of, question).await;
        if !found.iter().take(first).any(|id| id == answer) {
            missed.push(format!("{question}: {found:?}"));
        }
    }
    let all = crate::corpus::QUESTIONS.len();
    (f64::from(u32::try_from(all - missed.len()).expect("few")) / f64::from(u32::try_from(all).expect("few")), missed)
}
