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
mod trace;
pub mod vectors;
pub mod workflows;

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

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
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use consumers::CONSUMER_NAMES;
pub use reread::Reading;

/// The pause before a task that failed is started again.
const PAUSE: Duration = Duration::from_secs(1);

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

/// The worker's tasks, to be awaited at the end.
pub struct WorkerHandle {
    tasks: Vec<(&'static str, JoinHandle<()>)>,
    stop: CancellationToken,
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
    let mut tasks = Vec::new();
    let committed = Arc::new(Notify::new());
    for consumer in &consumers::CONSUMERS {
        answers::count_from_zero(consumer.name);
        let work = (store.clone(), bus.clone(), committed.clone(), stop.clone());
        tasks.push(keep_up(consumer.name, stop.clone(), move || {
            consume::run(work.0.clone(), work.1.clone(), consumer, work.2.clone(), work.3.clone())
        }));
    }
    let window = rebuild::window(settings.incident_window);
    let work = (store.clone(), committed, stop.clone());
    let reckon = move || dora::run(work.0.clone(), window, work.1.clone(), work.2.clone());
    tasks.push(keep_up("dora", stop.clone(), reckon));
    let policies = Policies::read(settings)?;
    let looking = signals::Looking {
        policies: policies.clone(),
        sources: sources.clone(),
        settings: Arc::new(settings.sources.clone()),
        default_channel: settings.slack.default_channel.clone(),
        interval: settings.signals_interval,
    };
    let work = (store.clone(), looking, stop.clone());
    tasks.push(keep_up("signals", stop.clone(), move || signals::run(work.0.clone(), work.1.clone(), work.2.clone())));
    let names = sources.names().into_iter().map(str::to_owned).collect();
    let reading = Reading { rules: settings.rules.clone(), sources };
    let work = (store.clone(), reading, stop.clone());
    tasks.push(keep_up("jobs", stop.clone(), move || jobs::run(work.0.clone(), work.1.clone(), work.2.clone())));
    let work = (store.clone(), stop.clone());
    tasks.push(keep_up("rollups", stop.clone(), move || rollups::run(work.0.clone(), work.1.clone())));
    let models = Models::of(&settings.models, store.clone(), Arc::new(chrono::Utc::now))?;
    tasks.extend(learning(settings, &store, &models, &stop)?);
    tasks.push(agents(settings, &store, (models.clone(), policies.clone(), names), &stop));
    let work = (store.clone(), models.clone(), stop.clone());
    let make = move || schedules::run(work.0.clone(), work.1.clone(), work.2.clone());
    tasks.push(keep_up("schedules", stop.clone(), make));
    let work = (models, stop.clone());
    tasks.push(keep_up("budgets", stop.clone(), move || budgets::run(work.0.clone(), work.1.clone())));
    tasks.extend(people(settings, &store, &stop)?);
    tasks.extend(acting(settings, &store, policies, &stop)?);
    let days = settings.retention_days;
    let work = (store, bus, stop.clone());
    let maintain = move || maintenance::run(work.0.clone(), owner.clone(), work.1.clone(), days, work.2.clone());
    tasks.push(keep_up("maintenance", stop.clone(), maintain));
    Ok(WorkerHandle { tasks, stop })
}

/// The runs of agents.
fn agents(
    settings: &Settings,
    store: &Store,
    (models, policies, sources): (Models, Policies, Vec<String>),
    stop: &CancellationToken,
) -> (&'static str, JoinHandle<()>) {
    let knowledge = Knowledge::of(store.clone(), models.clone());
    let ask = Ask::of(store.clone(), models, knowledge, sources, (&settings.ask, &settings.models));
    let work = (agents::Agents { store: store.clone(), ask, policies }, stop.clone());
    keep_up("agents", stop.clone(), move || agents::run(work.0.clone(), work.1.clone()))
}

/// The tasks that people wait for: approvals in time, and Slack where it is set up.
fn people(
    settings: &Settings,
    store: &Store,
    stop: &CancellationToken,
) -> Result<Vec<(&'static str, JoinHandle<()>)>, StartError> {
    let slack = slack::Slack::of(&settings.slack)?;
    let telling = settings
        .slack
        .bot_token
        .is_some()
        .then(|| approvals::Telling { default_channel: settings.slack.default_channel.clone() });
    let work = (store.clone(), stop.clone());
    let sweep = move || approvals::run(work.0.clone(), telling.clone(), work.1.clone());
    let mut tasks = vec![keep_up("approvals", stop.clone(), sweep)];
    if let Some(slack) = slack {
        let work = (store.clone(), stop.clone());
        let post = move || slack::run(work.0.clone(), slack.clone(), work.1.clone());
        tasks.push(keep_up("slack", stop.clone(), post));
        let work = (store.clone(), stop.clone());
        let tell = move || subscriptions::run(work.0.clone(), work.1.clone());
        tasks.push(keep_up("subscriptions", stop.clone(), tell));
    }
    Ok(tasks)
}

/// The tasks that read documents elsewhere and let them be found.
fn learning(
    settings: &Settings,
    store: &Store,
    models: &Models,
    stop: &CancellationToken,
) -> Result<Vec<(&'static str, JoinHandle<()>)>, StartError> {
    let knowledge = Knowledge::of(store.clone(), models.clone());
    let crawler = Crawler::of(knowledge.clone(), settings, Limits::default()).map_err(StartError::Crawls)?;
    let work = (store.clone(), crawler, settings.clone(), stop.clone());
    let crawl = move || crawls::run(work.0.clone(), work.1.clone(), work.2.clone(), work.3.clone());
    let work = (store.clone(), knowledge, stop.clone());
    let embed = move || vectors::run(work.0.clone(), work.1.clone(), work.2.clone());
    Ok(vec![keep_up("crawls", stop.clone(), crawl), keep_up("vectors", stop.clone(), embed)])
}

/// The tasks that act in other systems: a job that is slow holds up neither the other family nor replays.
fn acting(
    settings: &Settings,
    store: &Store,
    policies: Policies,
    stop: &CancellationToken,
) -> Result<Vec<(&'static str, JoinHandle<()>)>, StartError> {
    let calling = workflows::Calling::of(settings)?;
    let clock: workflows::Clock = Arc::new(chrono::Utc::now);
    let workflows = workflows::Workflows::new(store.clone(), calling, clock);
    let family = |name, family| {
        let work = (workflows.clone(), stop.clone());
        keep_up(name, stop.clone(), move || workflows::run(work.0.clone(), family, work.1.clone()))
    };
    let work = (store.clone(), policies, settings.public_url.clone(), stop.clone());
    let protect = move || protections::run_until(work.0.clone(), work.1.clone(), work.2.clone(), work.3.clone());
    Ok(vec![
        family("workflows", workflows::Family::Jobs),
        family("effects", workflows::Family::Effects),
        keep_up("protections", stop.clone(), protect),
    ])
}

impl WorkerHandle {
    /// Waits until every task has ended, but not longer than the drain after the stop signal; `false`: some were cut
    /// short, and what they had in hand comes again.
    pub async fn ended(self) -> bool {
        let mut in_time = true;
        for (name, mut task) in self.tasks {
            if boot::stop::drained(&self.stop, &mut task).await.is_none() {
                tracing::warn!(task = name, "did not end in time; what it had in hand comes again");
                task.abort();
                in_time = false;
            }
        }
        in_time
    }
}

/// Runs a task, and again when it failed: a mistake in one room must not stop the others for good.
fn keep_up<F>(
    name: &'static str,
    stop: CancellationToken,
    mut task: impl FnMut() -> F + Send + 'static,
) -> (&'static str, JoinHandle<()>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let watched = async move {
        while let Err(error) = tokio::spawn(task()).await {
            tracing::error!(
                task = name,
                error = &error as &dyn Error,
                "a task of the worker failed and is started again"
            );
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = stop.cancelled() => return,
            }
        }
    };
    (name, tokio::spawn(watched))
}
