//! Asking language models: whom, for how much, and what it cost. The only crate with a client of theirs.
//!
//! A caller says what it is for ([`Call`]); which model answers, how often it is tried, whether there is money left and
//! what is written down about it is decided here. Whoever gets [`Unanswered`] goes on by rule.

#![expect(dead_code, reason = "budgets and tries come with the next commit")]

mod call;
mod estimate;
mod provider;
mod table;
mod targets;
mod troubles;

use std::fmt;
use std::sync::Arc;

use boot::ModelSettings;
use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use genai::Client;
use store::Store;
use uuid::Uuid;

pub use call::{Call, Finish, Message, Purpose, Reply, Said, Schema, Tokens, Tool, ToolCall, Unanswered};
pub use estimate::tokens as estimated_tokens;

use targets::Targets;

/// What time it is.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Models cannot be asked at all.
#[derive(Debug, thiserror::Error)]
pub enum ModelsError {
    #[error("the client for models cannot be set up")]
    Client(#[from] outbound::OutboundError),
    #[error("the client for models cannot be set up")]
    Library(#[source] genai::Error),
}

/// The models of an installation. Cheap to clone.
#[derive(Clone, Default)]
pub struct Models {
    set_up: Option<Arc<SetUp>>,
}

struct SetUp {
    settings: ModelSettings,
    targets: Targets,
    client: Client,
    store: Store,
    clock: Clock,
}

impl fmt::Debug for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Models").field("is_on", &self.is_on()).finish()
    }
}

impl Models {
    /// None at all: every call is [`Unanswered::Off`].
    pub fn off() -> Self {
        Self::default()
    }

    /// As the settings say. What is used is written to `store`.
    pub fn of(settings: &ModelSettings, store: Store, clock: Clock) -> Result<Self, ModelsError> {
        let Some(targets) = Targets::of(settings) else { return Ok(Self::off()) };
        let client = Client::builder().with_reqwest(outbound::bare(settings.timeout)?).build();
        let client = client.map_err(ModelsError::Library)?;
        let set_up = SetUp { settings: settings.clone(), targets, client, store, clock };
        Ok(Self { set_up: Some(Arc::new(set_up)) })
    }

    /// Whether there is any model to ask.
    pub fn is_on(&self) -> bool {
        self.set_up.is_some()
    }

    /// Whether texts can be embedded.
    pub fn can_embed(&self) -> bool {
        self.set_up.as_ref().is_some_and(|set_up| set_up.targets.embeds())
    }

    /// Tokens that a prompt for this purpose may have, the answer not counted: compare with [`estimated_tokens`].
    pub fn room(&self, purpose: Purpose) -> u32 {
        let Some(set_up) = &self.set_up else { return 0 };
        let route = set_up.targets.route(purpose);
        route.first().map_or(0, |target| target.abilities.context - target.abilities.context / 4)
    }

    /// Asks. Nobody waits longer than the deadlines of the settings allow.
    pub async fn ask(&self, call: Call) -> Result<Reply, Unanswered> {
        let set_up = self.set_up.as_ref().ok_or(Unanswered::Off)?;
        let route = set_up.targets.route(call.purpose);
        let target = route.first().ok_or(Unanswered::Off)?;
        let prices = target.prices.ok_or_else(|| Unanswered::NoPrice { model: target.model.name.clone() })?;
        let answer = provider::ask(&set_up.client, target, &call, set_up.settings.temperature).await;
        let answer = answer.map_err(|trouble| Unanswered::Failed { why: trouble.words() })?;
        let tokens = answer.tokens.unwrap_or_default();
        Ok(Reply {
            text: answer.text,
            calls: answer.calls,
            finish: answer.finish,
            model: answer.model,
            provider: target.provider(),
            tokens,
            cost_micro_usd: prices.cost(tokens),
            cached: false,
            call_id: Uuid::now_v7(),
        })
    }

    /// Tells the metrics how much of the budgets is used.
    pub async fn measure(&self) -> Result<(), store::StoreError> {
        Ok(())
    }

    /// Embeds texts, in their order.
    pub async fn embed(&self, tenant: &TenantId, texts: Vec<String>) -> Result<Vec<Vec<f32>>, Unanswered> {
        let set_up = self.set_up.as_ref().ok_or(Unanswered::Off)?;
        tracing::debug!(tenant = tenant.as_str(), texts = texts.len(), "texts are embedded");
        let route = set_up.targets.route(Purpose::Embed);
        let target = route.first().ok_or(Unanswered::Off)?;
        let vectors = provider::embed(&set_up.client, target, texts).await;
        Ok(vectors.map_err(|trouble| Unanswered::Failed { why: trouble.words() })?.vectors)
    }
}
