//! Which language models are asked, with whose keys, and how much they may cost.
//!
//! A model's name chooses who is asked ([`ModelName`]). Amounts are whole millionths of a US dollar from here on
//! ([`amounts`]); caps on what is spent are read by [`caps`].

mod amounts;
mod caps;

use std::time::Duration;

use secrecy::SecretString;

use super::reader::Reader;
use super::{SlackSettings, addresses};

pub use amounts::{Price, micro_usd, usd};
pub use caps::{Cap, Period, Unit, Whose};

/// What a call can be for, as settings, rows and metrics name it.
pub const PURPOSES: [&str; 6] = ["digest", "extract", "answer", "plan", "summarize", "embed"];

const OPENAI_URL: &str = "https://api.openai.com/v1";
const ANTHROPIC_URL: &str = "https://api.anthropic.com/v1";
const GEMINI_URL: &str = "https://generativelanguage.googleapis.com/v1beta";
const URL: &str = "http://… or https://…";

/// Whose protocol a model is asked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provider {
    /// OpenAI, and whoever speaks as it does.
    OpenAi,
    Anthropic,
    Gemini,
}

impl Provider {
    pub const ALL: [Self; 3] = [Self::OpenAi, Self::Anthropic, Self::Gemini];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
        }
    }
}

/// A model, and whom to ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelName {
    pub provider: Provider,
    /// As the provider calls it.
    pub name: String,
}

impl ModelName {
    /// `claude-…` is Anthropic's, `gemini-…` is Gemini's, `openai/…`, `anthropic/…` and `gemini/…` say it; else OpenAI.
    pub fn read(text: &str) -> Option<Self> {
        let said = text.split_once('/').and_then(|(first, rest)| {
            Provider::ALL.into_iter().find(|provider| provider.as_str() == first).map(|provider| (provider, rest))
        });
        let (provider, name) = said.unwrap_or_else(|| match text {
            text if text.starts_with("claude-") => (Provider::Anthropic, text),
            text if text.starts_with("gemini-") => (Provider::Gemini, text),
            text => (Provider::OpenAi, text),
        });
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@+".contains(c);
        let fits = !name.is_empty() && name.len() <= 120 && name.chars().all(plain);
        fits.then(|| Self { provider, name: name.to_owned() })
    }
}

/// How one provider is reached.
#[derive(Clone, Debug)]
pub struct ProviderSettings {
    pub key: Option<SecretString>,
    /// Without a slash at its end.
    pub url: String,
    /// Whether it can be asked: there is a key, or the address is one of one's own.
    pub is_usable: bool,
}

/// Everything about models.
#[derive(Clone, Debug)]
pub struct ModelSettings {
    pub enabled: bool,
    pub openai: ProviderSettings,
    pub anthropic: ProviderSettings,
    pub gemini: ProviderSettings,
    /// None: no model is set up.
    pub model: Option<ModelName>,
    /// None: the same as `model`.
    pub low_cost_model: Option<ModelName>,
    pub failover_model: Option<ModelName>,
    /// None: nothing is embedded.
    pub embedding_model: Option<ModelName>,
    /// None: the provider's own.
    pub temperature: Option<f64>,
    /// What a conversation is trimmed to.
    pub token_budget: u32,
    pub session_budget_micro_usd: i64,
    pub daily_budget_micro_usd: i64,
    pub prices: Vec<Price>,
    pub caps: Vec<Cap>,
    /// For a whole call, with every try.
    pub timeout: Duration,
    /// Tries after the first, of one model.
    pub retries: u32,
    /// What a model takes that is not in the table of models.
    pub context_tokens: u32,
    /// Traces hold what was asked and answered.
    pub capture_content: bool,
    /// Where it is told that a budget is used up.
    pub told_in: Option<String>,
}

impl ModelSettings {
    pub(super) fn read(reader: &mut Reader<'_>, slack: &SlackSettings) -> Self {
        let enabled = reader.flag("AGENT_LLM_ENABLED", false);
        let default_model = model(reader, "OPENAI_DEFAULT_MODEL");
        let posts = slack.bot_token.is_some() || slack.webhook_url.is_some();
        let mut settings = Self {
            enabled,
            openai: provider(reader, "OPENAI_API_KEY", "OPENAI_BASE_URL", OPENAI_URL),
            anthropic: provider(reader, "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", ANTHROPIC_URL),
            gemini: provider(reader, "AGENT_GEMINI_API_KEY", "AGENT_GEMINI_BASE_URL", GEMINI_URL),
            model: model(reader, "OPENAI_MODEL").or(default_model),
            low_cost_model: model(reader, "OPENAI_LOW_COST_MODEL"),
            failover_model: model(reader, "OPENAI_FAILOVER_MODEL"),
            embedding_model: model(reader, "OPENAI_EMBEDDING_MODEL"),
            temperature: reader.parsed("AGENT_TEMPERATURE", "a number from 0 to 2", temperature),
            token_budget: reader.number("AGENT_TOKEN_BUDGET", 500..=10_000_000, 800_000),
            session_budget_micro_usd: budget(reader, "AGENT_SESSION_BUDGET_USD", 750_000),
            daily_budget_micro_usd: budget(reader, "AGENT_DAILY_BUDGET_USD", 50_000_000),
            prices: reader
                .parsed("AGENT_MODEL_PRICES", "name=input/output or name=input/output/cached, in USD", amounts::prices)
                .unwrap_or_default(),
            caps: reader.parsed("AGENT_BUDGETS", caps::TAKES, caps::read).unwrap_or_default(),
            timeout: Duration::from_secs(reader.number("AGENT_LLM_TIMEOUT_SECONDS", 1..=600, 60)),
            retries: reader.number("AGENT_LLM_RETRIES", 0..=10, 2),
            context_tokens: reader.number("AGENT_LLM_CONTEXT_TOKENS", 1000..=10_000_000, 32_768),
            capture_content: reader.flag("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", false),
            told_in: slack.default_channel.clone().filter(|_| posts),
        };
        settings.complete();
        if settings.enabled {
            settings.refuse(reader);
        }
        settings
    }

    pub fn provider(&self, provider: Provider) -> &ProviderSettings {
        match provider {
            Provider::OpenAi => &self.openai,
            Provider::Anthropic => &self.anthropic,
            Provider::Gemini => &self.gemini,
        }
    }

    /// The model of whoever has a key, where none is named.
    fn complete(&mut self) {
        let usual = |provider, name: &str| Some(ModelName { provider, name: name.to_owned() });
        let at_openai = self.openai.key.is_some() && self.openai.url == OPENAI_URL;
        if self.model.is_none() {
            self.model = match (at_openai, self.anthropic.is_usable, self.gemini.is_usable) {
                (true, ..) => usual(Provider::OpenAi, "gpt-4.1-mini"),
                (_, true, _) => usual(Provider::Anthropic, "claude-sonnet-4-5"),
                (.., true) => usual(Provider::Gemini, "gemini-2.5-flash"),
                _ => None,
            };
        }
        if self.embedding_model.is_none() && at_openai {
            self.embedding_model = usual(Provider::OpenAi, "text-embedding-3-small");
        }
    }

    /// A model that is named must be one that can be asked.
    fn refuse(&self, reader: &mut Reader<'_>) {
        if self.model.is_none() {
            let takes = "a provider beside it: OPENAI_API_KEY, ANTHROPIC_API_KEY or AGENT_GEMINI_API_KEY, or OPENAI_BASE_URL with OPENAI_MODEL";
            reader.refuse("AGENT_LLM_ENABLED", "'true' without a model that can be asked", takes);
        }
        let named = [
            ("OPENAI_MODEL", &self.model),
            ("OPENAI_LOW_COST_MODEL", &self.low_cost_model),
            ("OPENAI_FAILOVER_MODEL", &self.failover_model),
            ("OPENAI_EMBEDDING_MODEL", &self.embedding_model),
        ];
        for (name, model) in named {
            if let Some(model) = model
                && !self.provider(model.provider).is_usable
            {
                reader.refuse(name, format!("'{}' without its provider's key", model.name), needed(model.provider));
            }
        }
        if self.embedding_model.as_ref().is_some_and(|model| model.provider == Provider::Anthropic) {
            reader.refuse("OPENAI_EMBEDDING_MODEL", "a model of Anthropic, which embeds nothing", "another provider's");
        }
    }
}

fn needed(provider: Provider) -> &'static str {
    match provider {
        Provider::OpenAi => "OPENAI_API_KEY or OPENAI_BASE_URL beside it",
        Provider::Anthropic => "ANTHROPIC_API_KEY beside it, or openai/… where OPENAI_BASE_URL has it",
        Provider::Gemini => "AGENT_GEMINI_API_KEY beside it, or openai/… where OPENAI_BASE_URL has it",
    }
}

fn provider(reader: &mut Reader<'_>, key: &str, url: &str, usual: &str) -> ProviderSettings {
    let key = reader.token(key);
    let named = reader.parsed(url, URL, addresses::http_url);
    let is_usable = key.is_some() || named.is_some();
    ProviderSettings { key, url: named.unwrap_or(usual.to_owned()), is_usable }
}

fn model(reader: &mut Reader<'_>, name: &str) -> Option<ModelName> {
    reader.parsed(
        name,
        "a model's name, with openai/, anthropic/ or gemini/ before it where it does not tell",
        ModelName::read,
    )
}

fn budget(reader: &mut Reader<'_>, name: &str, usual: i64) -> i64 {
    reader.parsed(name, "US dollars, like 0.75; 0 is no spending", micro_usd).unwrap_or(usual)
}

fn temperature(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value| (0.0..=2.0).contains(value))
}

#[cfg(test)]
mod tests;
