//! What the handlers share: one value per process, made by `server`.

use std::sync::Arc;

use actix_web::web;
use ask::Ask;
use boot::Settings;
use bus::Bus;
use integrations::Sources;
use knowledge::Knowledge;
use models::Models;
use outbound::OutboundError;
use policies::Policies;
use relay::Relay;
use store::Store;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::api::people::counted;
use crate::body::Memory;
use crate::certificates::Certificates;
use crate::intake::Door;
use crate::limits::Limits;
use crate::rejects::Rejects;
use crate::server::Parts;
use crate::slack::Voice;
use crate::tenants::Tenants;
use crate::writer::Intake;

/// Event streams that one process serves at the same time: each asks the database a few times a second.
pub(crate) const MOST_STREAMS: usize = 64;

/// As handlers take it.
pub(crate) type Shared = web::Data<State>;

pub(crate) struct State {
    pub(crate) settings: Arc<Settings>,
    pub(crate) sources: Sources,
    /// Works as the application: rows of tenants.
    pub(crate) store: Store,
    pub(crate) bus: Bus,
    pub(crate) intake: Intake,
    /// Publishes what handlers commit themselves.
    pub(crate) relay: Relay,
    /// What the intake handlers share.
    pub(crate) door: Door,
    pub(crate) certificates: Certificates,
    /// How Slack is spoken to.
    pub(crate) slack: Voice,
    pub(crate) access: Access,
    /// The policy and the rules for signals in force.
    pub(crate) policies: Policies,
    /// Answers questions.
    pub(crate) ask: Ask,
    /// Language models, where they are set up.
    pub(crate) models: Models,
    /// What was read, and the searches in it.
    pub(crate) knowledge: Knowledge,
    pub(crate) limits: Limits,
    /// What bodies that are on their way may hold.
    pub(crate) memory: Memory,
    /// Places for event streams.
    pub(crate) streams: Arc<Semaphore>,
    /// Cancelled when the process begins to drain.
    pub(crate) stop: CancellationToken,
    /// Whether traces leave the process.
    pub(crate) traced: bool,
    pub(crate) metrics: boot::metrics::Metrics,
}

impl State {
    /// Must be called inside the runtime: the sample of refusals is written in the background.
    pub(crate) fn new(parts: Parts, intake: Intake, policies: Policies, models: Models) -> Result<Self, OutboundError> {
        let Parts { settings, sources, store, bus, relay, metrics, stop } = parts;
        let rejects = Rejects::start(store.clone());
        counted::begin();
        let knowledge = Knowledge::of(store.clone(), models.clone());
        Ok(Self {
            access: Access::new(&settings.auth),
            policies,
            ask: Ask::of(
                store.clone(),
                models.clone(),
                knowledge.clone(),
                sources.names().into_iter().map(str::to_owned),
            ),
            models,
            knowledge,
            limits: Limits::new(&settings.limits),
            memory: Memory::default(),
            streams: Arc::new(Semaphore::new(MOST_STREAMS)),
            traced: settings.otel.endpoint.is_some(),
            certificates: Certificates::new()?,
            slack: Voice::new(&settings.slack)?,
            door: Door::new(settings.clone(), &sources, Tenants::new(store.clone()), rejects),
            sources,
            settings,
            store,
            bus,
            intake,
            relay,
            stop,
            metrics,
        })
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.stop.is_cancelled()
    }
}
