//! A fake model's ways of wording a digest: it reads the data of its prompt as a real one would, and is honest or not.

use std::collections::BTreeMap;
use std::sync::Arc;

use boot::Settings;
use boot::settings::Env;
use chrono::{TimeZone, Utc};
use domain::digests::Material;
use models::Models;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use store::Role;
use summaries::Made;
use testkit::database::Database;
use testkit::models::{Behaviour, FakeModels};

/// A fake model server, and our side of it.
pub struct World {
    pub fake: FakeModels,
    pub models: Models,
    _database: Database,
}

impl World {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With more settings.
    pub async fn with(more: &[(&str, &str)]) -> Self {
        let fake = FakeModels::start().await;
        let url = fake.url();
        let pairs =
            [("AGENT_LLM_ENABLED", "true"), ("OPENAI_BASE_URL", url.as_str()), ("OPENAI_MODEL", "gpt-4.1-mini")];
        let all = pairs.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let variables: BTreeMap<String, String> = all.collect();
        let variables = variables.into_iter().collect();
        let (settings, _) = Settings::read(&variables, &[], Env::Development).expect("good settings");
        let database = Database::fresh();
        let clock = Arc::new(|| Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).single().expect("a time"));
        let models = Models::of(&settings.models, database.store(Role::App), clock).expect("models");
        Self { fake, models, _database: database }
    }

    pub async fn compose(&self, material: &Material) -> Made {
        let mut random = StdRng::seed_from_u64(7);
        let tenant = "default".parse().expect("a tenant");
        summaries::compose(&self.models, &tenant, material, None, &mut random).await
    }
}

/// A behaviour that makes its answer of the lines of data in the prompt.
pub fn answers(make: impl Fn(&[Value]) -> Value + Send + Sync + 'static) -> Behaviour {
    Behaviour::Answers(Arc::new(move |body| make(&data(body)).to_string()))
}

/// The lines of data between the marks.
pub fn data(body: &Value) -> Vec<Value> {
    let text = body["messages"][1]["content"].as_str().unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Says each thing in the words of the rules, as an honest model with no words of its own would.
pub fn honest(lines: &[Value]) -> Value {
    worded(lines, |text| text.to_owned())
}

/// Each thing, worded by `word`.
pub fn worded(lines: &[Value], word: impl Fn(&str) -> String) -> Value {
    let mut sections: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line["text"].is_string()) {
        let text = word(line["text"].as_str().expect("a text"));
        let short: String = domain::digests::said(&text, 240);
        let section = sections.entry(line["section"].as_str().expect("a section").to_owned()).or_default();
        if section.len() < 12 {
            section.push(json!({"text": short, "event_ids": line["event_ids"], "severity": "info"}));
        }
    }
    let sections: Vec<Value> =
        sections.into_iter().map(|(kind, items)| json!({"kind": kind, "items": items})).collect();
    let count = lines.iter().filter(|line| line["text"].is_string()).count();
    json!({"headline": format!("{count} events"), "sections": sections})
}
