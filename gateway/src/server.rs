//! Starts the HTTP server and hands back its address and the way to stop it.
//!
//! Signals are the command line's business: it cancels `Parts::stop`, then calls [`Running::drain`].

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::ServerHandle;
use actix_web::http::Method;
use actix_web::http::header::HeaderName;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use boot::Settings;
use boot::settings::CorsSettings;
use bus::Bus;
use integrations::Sources;
use models::Models;
use policies::{Policies, PolicyError};
use relay::Relay;
use store::Store;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::observe::observe;
use crate::routes;
use crate::state::State;
use crate::writer::Intake;

const MOST_THREADS: usize = 4;
const BACKLOG: u32 = 4096;
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// For the head of a request; bodies have a deadline of their own (`body`).
const HEAD_DEADLINE: Duration = Duration::from_secs(5);
const DRAIN_SECONDS: u64 = 5;

/// What the gateway is made of.
pub struct Parts {
    pub settings: Arc<Settings>,
    pub sources: Sources,
    /// Works as [`store::Role::App`].
    pub store: Store,
    pub bus: Bus,
    /// Publishes what intake has committed.
    pub relay: Relay,
    pub metrics: boot::metrics::Metrics,
    /// Cancelled when the process begins to drain: `/ready` says no and event streams end.
    pub stop: CancellationToken,
}

/// The gateway could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address}; set HOST and PORT to a free address")]
    Listen { address: String, source: io::Error },
    #[error("cannot set up the HTTP client")]
    Outbound(#[from] outbound::OutboundError),
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error(transparent)]
    Models(#[from] models::ModelsError),
    #[error("cannot start the intake writer's thread")]
    Writer(#[source] io::Error),
}

/// A gateway that serves.
pub struct Running {
    /// The real address, also where the port was left to the system.
    pub address: SocketAddr,
    handle: ServerHandle,
    serving: JoinHandle<io::Result<()>>,
    writer: std::thread::JoinHandle<()>,
}

impl Running {
    /// Takes no new connections, lets open requests finish, and returns when they have and what they gave is kept.
    pub async fn drain(self) -> io::Result<()> {
        self.handle.stop(true).await;
        let served = self.serving.await.unwrap_or_else(|gone| Err(io::Error::other(gone)));
        // The writer ends when the last handler is gone and its queue is empty.
        let written = tokio::task::spawn_blocking(move || self.writer.join()).await;
        served.and(written.map_err(io::Error::other)?.map_err(|_| io::Error::other("the intake writer panicked")))
    }
}

/// Binds and serves. Returns as soon as connections are taken.
pub fn start(parts: Parts) -> Result<Running, StartError> {
    let address = format!("{}:{}", bracketed(&parts.settings.host), parts.settings.port);
    let failed = |source| StartError::Listen { address: address.clone(), source };
    let policies = Policies::read(&parts.settings)?;
    let cors_settings = parts.settings.cors.clone();
    let models = Models::of(&parts.settings.models, parts.store.clone(), Arc::new(chrono::Utc::now))?;
    let (intake, writer) = Intake::start(parts.store.clone(), parts.relay.clone()).map_err(StartError::Writer)?;
    let state = web::Data::new(State::new(parts, intake, policies, models)?);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .wrap(cors(&cors_settings))
            .wrap(from_fn(observe))
            .configure(routes::configure)
    })
    .workers(std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST_THREADS)))
    .backlog(BACKLOG)
    .keep_alive(KEEP_ALIVE)
    .client_request_timeout(HEAD_DEADLINE)
    .shutdown_timeout(DRAIN_SECONDS)
    .disable_signals()
    .bind(&address)
    .map_err(failed)?;
    let address = server.addrs().first().copied().ok_or_else(|| failed(io::ErrorKind::AddrNotAvailable.into()))?;
    let server = server.run();
    let handle = server.handle();
    Ok(Running { address, handle, serving: tokio::spawn(server), writer })
}

/// An IPv6 address as it stands before a port.
fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() }
}

/// Which pages of other origins may call the API. Without settings: none.
fn cors(settings: &CorsSettings) -> Cors {
    let mut cors = Cors::default().max_age(settings.max_age_seconds as usize).block_on_origin_mismatch(false);
    cors = cors.expose_headers(["x-request-id", "retry-after", "ratelimit", "ratelimit-policy"]);
    cors = if settings.allow_origins.iter().any(|origin| origin == "*") {
        cors.allow_any_origin().send_wildcard()
    } else {
        settings.allow_origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
    };
    cors = if settings.allow_headers.iter().any(|name| name == "*") {
        cors.allow_any_header()
    } else {
        cors.allowed_headers(settings.allow_headers.iter().filter_map(|name| HeaderName::try_from(name.as_str()).ok()))
    };
    cors = if settings.allow_methods.iter().any(|name| name == "*") {
        cors.allow_any_method()
    } else {
        cors.allowed_methods(settings.allow_methods.iter().filter_map(|name| Method::try_from(name.as_str()).ok()))
    };
    if settings.allow_credentials { cors.supports_credentials() } else { cors }
}
