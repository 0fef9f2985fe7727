//! Everything that happens after the commit.
//!
//! - [`consumers`] lists who consumes the bus; [`consume`] is the loop that all of them run: pull a batch, one
//!   transaction of marks and effects, acknowledge.
//! - [`jobs`] does what a person asked for, chunk by chunk; [`replay`] has both kinds: all of them over stored deliveries.
//! - [`backfill`] fetches what webhooks never brought; a command runs it.
//! - [`renormalize`] tells beforehand what a job would change.
//! - [`dora`] reckons the facts of the metrics anew where something that decides about them has changed.
//! - [`maintenance`] keeps partitions ahead, drops what retention says, and measures.
//! - [`signals`] looks at signals by the clock, and starts what follows from them.
//! - [`approvals`] ends approvals in time and has people reminded; [`slack`] posts them and keeps what is posted true.
//! - [`protections`] asks about deployments that GitHub holds back until we answer.
//! - [`workflows`] does in other systems what jobs say, each once.
//! - [`subscriptions`] tells channels what happens to the services that they asked for.
//! - [`agents`] does the runs of agents that were asked for.
//! - [`budgets`] says how much of the budgets for models is used.
//! - [`schedules`] makes digests when they are due.
//! - [`rollups`] keeps the roll-ups of the facts.
//! - [`crawls`] reads documents where they are kept; [`vectors`] lets them be found by their meaning.
//! - [`rebuild`] makes derived rows anew from the events.
//! - [`tasks`] keeps all of them up; [`hold`] keeps a lease while one of them waits for the world.
//!
//! Everything a consumer writes is a function of the event log: any order and any number of deliveries give the same
//! rows. Nothing here may know HTTP, SQL or NATS: stores and buses do.

pub mod agents;
mod answers;
pub mod approvals;
pub mod backfill;
pub mod budgets;
pub mod consume;
pub mod consumers;
pub mod crawls;
pub mod dora;
mod entities;
mod hold;
pub mod jobs;
pub mod maintenance;
pub mod protections;
pub mod rebuild;
pub mod renormalize;
mod replay;
mod reread;
pub mod rollups;
pub mod schedules;
pub mod signals;
pub mod slack;
mod status;
pub mod subscriptions;
mod tasks;
mod trace;
pub mod vectors;
pub mod workflows;

use std::error::Error;
use std::sync::Arc;

use ask::Ask;
use boot::Settings;
use bus::Bus;
use integrations::Sources;
use knowledge::Knowledge;
use knowledge::crawl::{Crawler, Limits};
use models::Models;
use policies::Policies;
use store::{Role, Store, StoreError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use consumers::CONSUMER_NAMES;
pub use reread::Reading;
pub use tasks::WorkerHandle;

/// The worker could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("METRICS_ADDR cannot be listened on; choose another address or port")]
    Listen(#[source] std::io::Error),
    #[error("the metrics recorder could not be set up")]
    Metrics(#[source] Box<dyn Error + Send + Sync>),
    #[error(transparent)]
    Policy(#[from] policies::PolicyError),
    #[error("no client for Slack")]
    Slack(#[from] outbound::OutboundError),
    #[error("no client for what is read elsewhere")]
    Crawls(#[source] outbound::OutboundError),
    #[error("jobs cannot act with these settings")]
    Actions(#[from] workflows::ClientError),
    #[error(transparent)]
    Models(#[from] models::ModelsError),
    #[error("no store for maintenance")]
    Store(#[from] StoreError),
}

/// Starts every consumer, the jobs and the maintenance. `store` works as [`Role::App`]. All of it ends after `stop`.
pub async fn start(
    settings: &Settings,
    sources: Sources,
    store: Store,
    bus: Bus,
    stop: CancellationToken,
) -> Result<WorkerHandle, StartError> {
    if let Some(addr) = settings.metrics_addr {
        status::listen(addr, store.clone(), bus.clone(), stop.clone()).await?;
    }
    let owner = store.working_as(Role::Owner, 1)?;
    let policies = Policies::read(settings)?;
    let models = Models::of(&settings.models, store.clone(), Arc::new(chrono::Utc::now))?;
    let mut tasks = WorkerHandle::until(stop);
    derive(&mut tasks, settings, &store, &bus);
    look(&mut tasks, settings, (&store, &sources, &policies));
    wording(&mut tasks, settings, (&store, &models, &policies), &sources);
    learn(&mut tasks, settings, (&store, &models))?;
    tell(&mut tasks, settings, &store)?;
    act(&mut tasks, settings, (&store, &policies))?;
    let reading = Reading { rules: settings.rules.clone(), sources };
    tasks.start("jobs", (store.clone(), reading), |(store, reading), stop| jobs::run(store, reading, stop));
    let days = settings.retention_days;
    tasks.start("maintenance", (store, owner, bus), move |(store, owner, bus), stop| {
        maintenance::run(store, owner, bus, days, stop)
    });
    Ok(tasks)
}

/// The tasks that sum events up: consumers, the facts of the metrics, and their roll-ups.
fn derive(tasks: &mut WorkerHandle, settings: &Settings, store: &Store, bus: &Bus) {
    let committed = Arc::new(Notify::new());
    for consumer in consumers::CONSUMERS {
        answers::count_from_zero(consumer.name);
        let taken = (store.clone(), bus.clone(), committed.clone());
        tasks.start(consumer.name, taken, move |(store, bus, committed), stop| {
            consume::run(store, bus, consumer, committed, stop)
        });
    }
    let window = rebuild::window(settings.incident_window);
    tasks.start("dora", (store.clone(), committed), move |(store, committed), stop| {
        dora::run(store, window, committed, stop)
    });
    tasks.start("rollups", store.clone(), rollups::run);
}

/// The task that looks at signals by the clock.
fn look(tasks: &mut WorkerHandle, settings: &Settings, (store, sources, policies): (&Store, &Sources, &Policies)) {
    let looking = signals::Looking {
        policies: policies.clone(),
        sources: sources.clone(),
        settings: Arc::new(settings.sources.clone()),
        default_channel: settings.slack.default_channel.clone(),
        interval: settings.signals_interval,
    };
    tasks.start("signals", (store.clone(), looking), |(store, looking), stop| signals::run(store, looking, stop));
}

/// The tasks that may ask models for words: runs of agents, digests that are due, and what is left of the budgets.
fn wording(
    tasks: &mut WorkerHandle,
    settings: &Settings,
    (store, models, policies): (&Store, &Models, &Policies),
    sources: &Sources,
) {
    let knowledge = Knowledge::of(store.clone(), models.clone());
    let names: Vec<String> = sources.names().into_iter().map(str::to_owned).collect();
    let ask = Ask::of(store.clone(), models.clone(), knowledge, names, (&settings.ask, &settings.models));
    let (store, policies, lease) = (store.clone(), policies.clone(), agents::LEASE);
    tasks.start("agents", agents::Agents { store: store.clone(), ask, policies, lease }, agents::run);
    tasks.start("schedules", (store, models.clone()), |(store, models), stop| schedules::run(store, models, stop));
    tasks.start("budgets", models.clone(), budgets::run);
}

/// The tasks that read documents elsewhere and let them be found.
fn learn(tasks: &mut WorkerHandle, settings: &Settings, (store, models): (&Store, &Models)) -> Result<(), StartError> {
    let knowledge = Knowledge::of(store.clone(), models.clone());
    let crawler = Crawler::of(knowledge.clone(), settings, Limits::default()).map_err(StartError::Crawls)?;
    let taken = (store.clone(), crawler, settings.clone());
    tasks.start("crawls", taken, |(store, crawler, settings), stop| crawls::run(store, crawler, settings, stop));
    let taken = (store.clone(), knowledge);
    tasks.start("vectors", taken, |(store, knowledge), stop| vectors::run(store, knowledge, stop));
    Ok(())
}

/// The tasks that people wait for: approvals in time, and Slack where it is set up.
fn tell(tasks: &mut WorkerHandle, settings: &Settings, store: &Store) -> Result<(), StartError> {
    let default_channel = settings.slack.default_channel.clone();
    let telling = settings.slack.bot_token.is_some().then_some(approvals::Telling { default_channel });
    tasks.start("approvals", (store.clone(), telling), |(store, telling), stop| approvals::run(store, telling, stop));
    if let Some(slack) = slack::Slack::of(&settings.slack)? {
        tasks.start("slack", (store.clone(), slack), |(store, slack), stop| slack::run(store, slack, stop));
        tasks.start("subscriptions", store.clone(), subscriptions::run);
    }
    Ok(())
}

/// The tasks that act in other systems: a job that is slow holds up neither the other family nor replays.
fn act(
    tasks: &mut WorkerHandle,
    settings: &Settings,
    (store, policies): (&Store, &Policies),
) -> Result<(), StartError> {
    let calling = workflows::Calling::of(settings)?;
    let clock: workflows::Clock = Arc::new(chrono::Utc::now);
    let workflows = workflows::Workflows::new(store.clone(), calling, clock);
    for (name, family) in [("workflows", workflows::Family::Jobs), ("effects", workflows::Family::Effects)] {
        tasks.start(name, workflows.clone(), move |workflows, stop| workflows::run(workflows, family, stop));
    }
    let taken = (store.clone(), policies.clone(), settings.public_url.clone());
    tasks
        .start("protections", taken, |(store, policies, url), stop| protections::run_until(store, policies, url, stop));
    Ok(())
}
