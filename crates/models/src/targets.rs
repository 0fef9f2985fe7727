//! Which models there are to ask, and which of them for what.

use boot::ModelSettings;
use boot::settings::{ModelName, Provider};
use genai::adapter::AdapterKind;
use genai::resolver::{AuthData, Endpoint};
use genai::{ModelIden, ServiceTarget};
use secrecy::ExposeSecret;

use crate::Purpose;
use crate::table::{self, Abilities, Prices};

/// Where a prompt leaves less for an answer, it is too long.
const SHORTEST_ANSWER: u32 = 256;

/// A model that can be asked.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) model: ModelName,
    /// None: it is not asked.
    pub(crate) prices: Option<Prices>,
    /// Where its price comes from: the day of the table, or `setting`.
    pub(crate) price_version: &'static str,
    pub(crate) abilities: Abilities,
    pub(crate) service: ServiceTarget,
    /// Host and port of its address.
    pub(crate) server: (String, u16),
}

impl Target {
    fn of(model: &ModelName, settings: &ModelSettings) -> Self {
        let at = settings.provider(model.provider);
        // genai asks for a key where the server may want none.
        let key = at.key.as_ref().map_or("none", |key| key.expose_secret());
        let kind = match model.provider {
            Provider::OpenAi => AdapterKind::OpenAI,
            Provider::Anthropic => AdapterKind::Anthropic,
            Provider::Gemini => AdapterKind::Gemini,
        };
        Self {
            prices: table::prices(&model.name, &settings.prices),
            price_version: table::price_version(&model.name, &settings.prices),
            abilities: table::abilities(&model.name, settings.context_tokens),
            service: ServiceTarget {
                // Without a slash at its end the last part of the path would be lost.
                endpoint: Endpoint::from_owned(format!("{}/", at.url)),
                auth: AuthData::from_single(key),
                model: ModelIden::new(kind, model.name.clone()),
            },
            server: server(&at.url),
            model: model.clone(),
        }
    }

    /// An answer is not asked for that is longer than the model's longest, or than what a prompt of so many tokens leaves of
    /// what the model takes at once; not shorter than [`SHORTEST_ANSWER`].
    pub(crate) fn most_output(&self, wanted: u32, prompt: i64) -> u32 {
        let most = if self.abilities.answer == 0 { wanted } else { wanted.min(self.abilities.answer) };
        let left = u32::try_from(i64::from(self.abilities.context) - prompt).unwrap_or(0);
        most.min(left.max(SHORTEST_ANSWER))
    }

    pub(crate) fn provider(&self) -> &'static str {
        self.model.provider.as_str()
    }
}

fn server(url: &str) -> (String, u16) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let host = rest.split('/').next().unwrap_or_default();
    let usual = if scheme == "http" { 80 } else { 443 };
    match host.rsplit_once(':') {
        Some((name, port)) => (name.to_owned(), port.parse().unwrap_or(usual)),
        None => (host.to_owned(), usual),
    }
}

/// The models of an installation. None of them means that nobody is asked.
#[derive(Clone, Debug)]
pub(crate) struct Targets {
    usual: Target,
    low_cost: Option<Target>,
    failover: Option<Target>,
    embedding: Option<Target>,
}

impl Targets {
    /// None: no model is set up.
    pub(crate) fn of(settings: &ModelSettings) -> Option<Self> {
        let target = |model: &ModelName| Target::of(model, settings);
        let usual = settings.model.as_ref().filter(|_| settings.enabled)?;
        Some(Self {
            usual: target(usual),
            low_cost: settings.low_cost_model.as_ref().map(target),
            failover: settings.failover_model.as_ref().map(target),
            embedding: settings.embedding_model.as_ref().map(target),
        })
    }

    /// Whom to ask, one after the other.
    pub(crate) fn route(&self, purpose: Purpose) -> Vec<&Target> {
        let first = match purpose {
            Purpose::Digest | Purpose::Answer | Purpose::Plan => Some(&self.usual),
            Purpose::Extract | Purpose::Summarize => Some(self.low_cost.as_ref().unwrap_or(&self.usual)),
            Purpose::Embed => self.embedding.as_ref(),
        };
        // Vectors of another model are of another space.
        let failover = self.failover.as_ref().filter(|_| purpose != Purpose::Embed);
        let mut route: Vec<&Target> = first.into_iter().collect();
        route.extend(failover.filter(|other| route.iter().all(|target| target.model != other.model)));
        route
    }

    pub(crate) fn embeds(&self) -> bool {
        self.embedding.is_some()
    }
}

/// Whom a purpose is for, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routed {
    pub purpose: Purpose,
    /// `openai/gpt-4.1-mini`.
    pub models: Vec<String>,
    /// Those of them that are not asked, because nobody knows what they cost.
    pub without_price: Vec<String>,
}

/// Who is asked for what, as the settings say. Nobody is asked for it.
pub fn routing(settings: &ModelSettings) -> Vec<Routed> {
    let Some(targets) = Targets::of(settings) else { return Vec::new() };
    let routed = |purpose| {
        let route = targets.route(purpose);
        let unknown = route.iter().filter(|target| target.prices.is_none());
        Routed {
            purpose,
            models: route.iter().map(|target| format!("{}/{}", target.provider(), target.model.name)).collect(),
            without_price: unknown.map(|target| target.model.name.clone()).collect(),
        }
    };
    Purpose::ALL.into_iter().map(routed).collect()
}
