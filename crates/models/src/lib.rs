//! Asking language models: whom, for how much, and what it cost. The only crate with a client of theirs.
//!
//! A caller says what it is for ([`Call`]); which model answers, how often it is tried, whether there is money left and
//! what is written down about it is decided here. Whoever gets [`Unanswered`] goes on by rule.
//!
//! Pure: [`prompts`], [`windows`], `levels` (budgets), `table` (prices), `estimate`, `breaker`. With the world: `targets` (whom), `asking`
//! (a call from end to end), `tries`, `provider` (one try), `books` (what is written down), `telemetry`.

mod asking;
mod books;
mod breaker;
mod call;
mod estimate;
mod levels;
mod naming;
pub mod prompts;
mod provider;
mod table;
mod targets;
mod telemetry;
mod tries;
mod troubles;
mod usage;
pub mod windows;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use boot::ModelSettings;
use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use genai::Client;
use store::{Store, StoreError};
use tracing::Instrument;

pub use call::{Call, Finish, Message, Purpose, Reply, Said, Schema, Tokens, Tool, ToolCall, Unanswered};
pub use estimate::tokens as estimated_tokens;
pub use targets::{Routed, routing};
pub use usage::{Budget, Usage, usage};

use asking::{Brought, Job};
use breaker::Breaker;
use provider::Ask;
use targets::Targets;

/// Texts that are embedded with one request.
const TEXTS_AT_ONCE: usize = 96;

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
    /// By provider and model.
    breakers: Mutex<BTreeMap<(&'static str, String), Breaker>>,
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
        let set_up = SetUp { settings: settings.clone(), targets, client, store, clock, breakers: Mutex::default() };
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

    /// Asks. Nobody waits longer than the deadline of the settings. What was begun is done to its end, also where nobody waits for
    /// it any more: it is paid for, so it is written down.
    pub async fn ask(&self, call: Call) -> Result<Reply, Unanswered> {
        let set_up = self.set_up.clone().ok_or(Unanswered::Off)?;
        let work = async move {
            let job = Job {
                tenant: &call.tenant,
                purpose: call.purpose,
                session: call.session.as_deref(),
                prompt: call.prompt,
                ask: Ask::Chat(&call),
                input: estimate::input(&call),
                most_output: call.most_output_tokens,
                cache_key: call.cache_key.as_deref(),
            };
            set_up.answer(&job).await
        };
        Ok(to_its_end(work).await?.reply)
    }

    /// Embeds texts, in their order. What was begun is done to its end.
    pub async fn embed(&self, tenant: &TenantId, texts: Vec<String>) -> Result<Vec<Vec<f32>>, Unanswered> {
        let mut vectors = Vec::with_capacity(texts.len());
        for texts in texts.chunks(TEXTS_AT_ONCE) {
            let set_up = self.set_up.clone().ok_or(Unanswered::Off)?;
            let (tenant, texts) = (tenant.clone(), texts.to_vec());
            let work = async move {
                let job = Job {
                    tenant: &tenant,
                    purpose: Purpose::Embed,
                    session: None,
                    prompt: "",
                    ask: Ask::Texts(&texts),
                    input: estimate::texts(&texts),
                    most_output: 0,
                    cache_key: None,
                };
                set_up.answer(&job).await
            };
            vectors.extend(to_its_end(work).await?.vectors);
        }
        Ok(vectors)
    }

    /// Tells the metrics how much of the budgets is used.
    pub async fn measure(&self) -> Result<(), StoreError> {
        match &self.set_up {
            Some(set_up) => usage::measure(&set_up.settings, &set_up.store, (set_up.clock)()).await,
            None => Ok(()),
        }
    }
}

/// Does the work by itself, so that it ends when whoever waits for it is gone.
async fn to_its_end(
    work: impl Future<Output = Result<Brought, Unanswered>> + Send + 'static,
) -> Result<Brought, Unanswered> {
    let done = tokio::spawn(Box::pin(work.in_current_span())).await;
    done.unwrap_or_else(|_| Err(Unanswered::Failed { why: "the call was cut short".to_owned() }))
}
