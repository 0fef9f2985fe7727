//! `em-agent up`: everything in one process, with private servers where no URLs are set.
//!
//! In order: telemetry, private servers, migrations, gateway, worker, the one line that says where it is, the demo.
//! On the signal, or when a private server ends by itself, all of it backwards.

mod servers;

use std::sync::Arc;

use ::gateway::Parts;
use ::worker::WorkerHandle;
use boot::Settings;
use boot::settings::{Env, Unsigned};
use chrono::Utc;
use clap::Args;
use secrecy::SecretString;
use store::Role;

use crate::failure::Failure;
use crate::gateway::Serving;
use crate::serving::Process;
use crate::{connections, database, demo, settings, worker};
use servers::Servers;

/// Run everything on this machine: private PostgreSQL and NATS unless their URLs are set, gateway and worker
///
/// ENV is development unless set. Prints one line when it is ready. Ctrl-C or SIGTERM stops all of it in 10 seconds.
#[derive(Args)]
#[command(after_help = "Examples:\n  em-agent up --demo\n  DATABASE_URL=postgresql://… NATS_URL=nats://… em-agent up")]
pub(crate) struct Up {
    /// Also send a day of sample deliveries, really signed
    #[arg(long)]
    demo: bool,
}

impl Up {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let settings = settings::load(Env::Development)?;
        settings::documents(&settings)?;
        let mut process = Process::start(settings)?;
        let mut servers = Servers::start(&mut process.settings).await?;
        let served = self.serve(&mut process, &mut servers).await;
        // Also after a failure: the servers are ours to stop.
        let ended_by_itself = match served {
            Ok((serving, working, ended_by_itself)) => {
                let drain = async {
                    tokio::join!(serving.drain(), working.ended());
                };
                process.end(drain).await;
                ended_by_itself
            }
            Err(failure) => {
                servers.stop().await;
                return Err(failure);
            }
        };
        servers.stop().await;
        ended_by_itself.map_or(Ok(()), |server| {
            Err(anyhow::anyhow!("the private {server} ended by itself; its log is under DATA_DIR").into())
        })
    }

    /// Serves until the signal, or until a server of ours ends: then its name is told.
    async fn serve(
        &self,
        process: &mut Process,
        servers: &mut Servers,
    ) -> Result<(Serving, WorkerHandle, Option<&'static str>), Failure> {
        let database_url = prepare_database(&mut process.settings, servers).await?;
        let nats_url = settings::nats_url(&process.settings)?;
        let store = connections::store(&process.settings, &database_url, Role::App)?;
        database::watch(store.clone(), database_url, process.stop.clone());
        let bus = connections::bus(&process.settings, &nats_url).await?;
        // First what may find its port taken: a worker that has begun would be cut off.
        let serving = Serving::start(process, store.clone(), bus.clone())?;
        let working = worker::start(process, store.clone(), bus.clone()).await?;
        println!("em-agent is ready: http://{} ({}; docs at /docs)", serving.address(), mode(&process.settings));
        if self.demo {
            let settings = Arc::new(demo::own_settings(&process.settings)?);
            let parts = serving.parts(process, settings, store, bus);
            tokio::spawn(tell_demo(parts));
        }
        let ended_by_itself = tokio::select! {
            () = process.stop.cancelled() => None,
            server = servers.one_ended() => Some(server),
        };
        process.stop.cancel();
        Ok((serving, working, ended_by_itself))
    }
}

/// Makes our database where the server is ours, and brings its schema up to this version.
async fn prepare_database(settings: &mut Settings, servers: &Servers) -> Result<String, Failure> {
    let url = settings::database_url(settings)?;
    let ours = servers.own_database();
    let url = tokio::task::spawn_blocking(move || {
        let url = if ours { store::migrate::ensure_database(&url, "em_agent")? } else { url };
        store::migrate::prepare(&url, true, Utc::now()).map(|_| url)
    })
    .await??;
    if ours {
        tracing::info!(DATABASE_URL = url, "the private PostgreSQL has our database");
        settings.database_url = Some(SecretString::from(url.clone()));
    }
    Ok(url)
}

fn mode(settings: &Settings) -> String {
    let unsigned = match settings.sources.unsigned {
        Unsigned::None => "only signed deliveries accepted",
        Unsigned::All | Unsigned::Only(_) => "unsigned deliveries accepted",
    };
    format!("{}, {unsigned}", settings.env.as_str())
}

async fn tell_demo(parts: Parts) {
    match play_demo(parts).await {
        Ok(accepted) => tracing::info!(accepted, "the demo's day was sent"),
        Err(failure) => tracing::error!(%failure, "the demo's day was not sent"),
    }
}

/// Sends the demo's day to a gateway of its own, which knows the demo's secrets and ends with the day.
async fn play_demo(parts: Parts) -> Result<usize, Failure> {
    let (settings, stop) = (parts.settings.clone(), parts.stop.clone());
    let gateway = ::gateway::start(parts)?;
    let sent = tokio::select! {
        sent = demo::send_day(&settings, format!("http://{}", gateway.address)) => sent,
        () = stop.cancelled() => Ok(0),
    };
    gateway.drain().await?;
    sent
}
